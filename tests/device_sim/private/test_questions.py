"""Questions about the calendar and the address book, worded in many ways."""

import pytest

from tests.support.private_phone import Phone

# Question, what the answer holds, what it does not hold. It is Wednesday, 25 November 2026, 9:00.
ASKED: list[tuple[str, list[str], list[str]]] = [
    ("我有几个姓王的联系人", ["3 位", "王建业", "王思琪", "王桂兰"], ["25"]),
    ("我通讯录里姓陈的有几个", ["2 位", "陈海峰", "陈小曼"], []),
    ("查查孙经理的座机", ["021-54820199"], []),
    ("把孙经理的座机念给我听", ["021-54820199"], []),
    ("吴姐是哪个单位的", ["沐白文化"], []),
    ("谁在安禾物业上班", ["孙怡"], []),
    ("有几个人是远帆的", ["2 位", "陈海峰", "陈小曼"], []),
    ("18917305526这个号是谁", ["吴佩珊"], []),
    ("尾号5526的是谁的手机", ["吴佩珊", "18917305526"], []),
    ("通讯录里有没有叫裴小米的", ["没有「裴小米」", "邀请蒋一诺"], []),
    ("我存过李文博的电话没有", ["存了", "15928817360"], []),
    ("小张和张天佑是不是同一个人", ["是同一位"], []),
    ("张天佑和张丽娟是一个人吗", ["不是"], []),
    ("张天佑和张丽娟哪个是医生", ["张丽娟写着「医生」"], []),
    ("下周三晚上我在哪", ["家长会", "青禾路小学"], []),
    ("12月10号之后我和海峰还有会吗", ["没有和海峰的安排"], []),
    ("下周我哪天晚上没事", ["晚上没有安排的有 6 天", "12月1日"], []),
    ("12月第二周我有哪几天是空的", ["12月7日", "12月13日", "有 1 天"], []),
    ("年终汇报离现在还有多少天", ["还有 23 天", "年终总结汇报"], []),
    ("考级和生日会隔了几天", ["隔 8 天"], []),
    ("海雀发布会跟彩排差几天", ["隔 3 天"], []),
    ("后天最早的一个安排是几点", ["10:00", "青鸾计划周会"], []),
    ("12月8号和9号有没有冲突", ["没有时间冲突"], []),
    ("我的日历里有没有撞车的安排", ["没有时间冲突", "23 个"], []),
    ("明天和后天有什么安排", ["2 个", "和海峰吃饭", "青鸾计划周会"], ["车辆保养"]),
    ("下个月有没有全天的安排", ["没有"], ["发布会"]),
    ("下周有没有和拓谱的会", ["没有与「拓谱」"], ["笔记"]),
    ("林小姐和赵律师一起的那个会开多久", ["港信尽调沟通", "2 小时"], []),
    ("下次跟林小姐那边开会大概什么时候", ["12月14日 周一 15:00"], []),
    ("我下周四下午和谁有约", ["吴佩珊", "海雀发布会"], []),
    ("生日会那天都有谁来", ["王桂兰", "陈小曼"], []),
    ("列出最近三条笔记", ["3 条", "白桦项目评审纪要", "桐桐夏令营想法"], ["洗牙"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "held", "absent"), ASKED, ids=[text for text, *_ in ASKED])
def test_a_question_is_answered(untouched: Phone, text: str, held: list[str], absent: list[str]) -> None:
    answer = untouched.ask(text)
    assert answer.understood, answer.text
    assert not answer.changed
    assert [part for part in held if part not in answer.text] == [], answer.text
    assert [part for part in absent if part in answer.text] == [], answer.text


# What can't be known is named, not a general excuse.
REFUSED = [
    ("最近三天我漏接了谁的电话", "通话"),
    ("今天走了多少步", "步数"),
    ("标记完成：交停车费", "待办"),
    ("这个会分享给谁看过", "分享"),
    ("尾号1508的是谁的手机", "1508"),
    ("周德明的修车店叫什么", "德明汽修"),
    ("后天的飞机是几点的", "那时候有"),
]


@pytest.mark.parametrize(("text", "said"), REFUSED, ids=[text for text, _ in REFUSED])
def test_what_can_not_be_known_is_named(untouched: Phone, text: str, said: str) -> None:
    answer = untouched.ask(text)
    assert not answer.understood
    assert said in answer.text, answer.text


def test_events_that_overlap_are_found(phone: Phone) -> None:
    phone.ask("帮我记一下12月3号下午三点和张伟开会")
    answer = phone.ask("下周有没有时间冲突")
    assert "1 处冲突" in answer.text
    assert "海雀发布会" in answer.text


def test_accounts_are_told_one_by_one(phone: Phone) -> None:
    phone.ask("记账：买菜花了86块")
    phone.ask("今天早饭花了18块，记一笔")
    answer = phone.ask("今天花了多少钱")
    assert "86块" in answer.text
    assert "18块" in answer.text
    assert "104" not in answer.text
