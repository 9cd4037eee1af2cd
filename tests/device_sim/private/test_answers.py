"""Private requests on a sample phone in a real encrypted state: what is told, what is changed, and what is not."""

import threading
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from device_sim.hybrid.private import PrivateAnswers
from device_sim.hybrid.private.said import PrivateAnswer
from device_sim.personal.mentions import Certainty, People, mentioned, variants
from device_sim.personal.records import Contact
from tests.support.private_phone import NOW, Phone

# Question, what the answer holds, what it does not hold.
QUESTIONS: list[tuple[str, list[str], list[str]]] = [
    ("我下周四有什么安排", ["1 个", "12月3日", "14:00–17:30 海雀发布会", "西岸艺仓一号厅"], ["彩排"]),
    ("我明天有什么安排？", ["1 个", "和海峰吃饭", "18:30"], ["洗牙"]),
    ("今天还有什么会", ["2 个", "洗牙", "合同条款沟通"], []),
    ("我这周末有空吗", ["2 个", "车辆保养", "爸妈结婚纪念日聚餐"], ["青鸾"]),
    ("下一个会是什么时候", ["洗牙", "12:30"], ["合同"]),
    ("下一个和李文博的会是什么时候", ["青鸾计划周会", "11月27日"], ["12月4日"]),
    ("周四晚上有空吗", ["和海峰吃饭", "20:30–22:00"], []),
    ("明天下午3点有空吗", ["有空", "没有安排"], []),
    ("现在有空吗", ["有空"], []),
    ("下午有空吗", ["2 个", "13:30–15:00"], []),
    ("海雀发布会在哪里", ["西岸艺仓一号厅"], ["彩排"]),
    ("海雀发布会是几点", ["14:00"], ["13:30"]),
    ("家长会什么时候", ["12月2日", "18:00"], []),
    ("12月3号有什么安排", ["海雀发布会"], []),
    ("下周有几个会", ["7 个", "家长会", "物业"], ["洗牙"]),
    ("这周还有多少安排", ["6 个"], ["白桦"]),
    ("12月8号到10号有什么行程", ["2 个", "恒岳工厂走访", "麦芒行动启动会"], []),
    ("我什么时候洗牙", ["11月25日", "12:30"], []),
    ("跟赵律师的会在什么时候", ["合同条款沟通", "港信尽调沟通"], ["洗牙"]),
    ("李文博下周有哪些会要参加", ["1 个", "青鸾计划周会"], []),
    ("王总和李工都参加的会有哪些", ["恒岳工厂走访", "年终总结汇报"], ["青鸾"]),
    ("周五之前我还有什么会", ["洗牙", "和海峰吃饭"], ["青鸾"]),
    ("在德明汽修有什么安排", ["车辆保养"], []),
    ("上次见Emily是什么时候", ["11月23日", "Nightjar"], []),
    ("中秋有什么安排", ["2027年9月15日", "没有"], []),
    ("后天有安排吗", ["青鸾计划周会"], []),
    ("王总邮箱", ["wangjy@hengyue-jm.example"], ["siqi"]),
    ("老王的电话", ["13801274419", "010-65118820"], ["18616302745"]),
    ("王建业电话多少", ["13801274419"], []),
    ("小张的手机号是多少", ["15201883076"], ["64371825"]),
    ("妈妈的电话", ["13507318826"], []),
    ("李老师的联系方式", ["13764092218", "青禾路小学", "limuqing"], []),
    ("姓王的电话", ["3 位", "王建业", "王思琪", "王桂兰"], ["李"]),
    ("王姐的电话", ["3 位", "王思琪", "王桂兰"], []),
    ("小陈和陈总的电话", ["17721930648", "13602749915"], []),
    ("kevin的电话", ["15618402297"], []),
    ("查一下郑凯文和Emily的邮箱", ["kevin.zheng@", "emily.carter@"], []),
    ("刘雨桐的电话", ["没有存电话"], []),
    ("司马云飞在哪家公司", ["拓谱数据"], []),
    ("谁在云杉智联上班", ["2 位", "李文博", "张天佑"], []),
    ("远帆有谁", ["陈海峰", "陈小曼"], []),
    ("我认识谁在Brightwell", ["Emily Carter", "郑凯文"], []),
    ("13817046623是谁的电话", ["赵倩"], []),
    ("上次和王总开会说了什么", ["11月23日", "和王总开会", "115万元", "分项报价"], ["白桦"]),
    ("之前司马云飞说了什么", ["白桦项目评审纪要", "砍掉报表模块"], []),
    ("妈妈复查医生怎么说的", ["血压药", "腌菜"], []),
    ("关于夏令营的笔记", ["山雀", "蓝鲸"], []),
    ("白桦项目评审的纪要", ["只有六成"], []),
    ("我有多少联系人", ["25"], []),
    ("白桦的拓谱数据清洗进度是多少", ["只有六成"], ["违约金"]),
    ("锐光自动化在报价吗", ["锐光自动化也在报价"], ["培训费"]),
    ("Brightwell有几个人在我通讯录里", ["2 位", "Emily Carter"], ["25"]),
    ("现在到十二月底还有几个周会", ["3 个"], ["洗牙"]),
    ("我有几条笔记", ["25"], []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "held", "absent"), QUESTIONS, ids=[text for text, *_ in QUESTIONS])
def test_a_question(untouched: Phone, text: str, held: list[str], absent: list[str]) -> None:
    answer = untouched.ask(text)
    assert answer.understood
    assert not answer.changed
    assert [part for part in held if part not in answer.text] == []
    assert [part for part in absent if part in answer.text] == []


# What can't be answered from the phone: said plainly, with what would help.
UNANSWERED = [
    ("下周和王总的会是几点", "没有找到"),
    ("张伟的电话是多少", "通讯录里没有「张伟」"),
    ("谁在字节跳动上班", "字节跳动"),
    ("二月三十号有什么安排", "二月三十号"),
    ("明天25点有什么会", "25点"),
    ("每周五有什么会", "重复"),
    ("农历八月十五有什么安排", "农历"),
    ("上次和赵律师谈了什么", "没有找到这样的笔记"),
    ("上周和王总聊了什么", "没有记下"),
    ("今天天气怎么样", "答不了"),
    ("明天北京会下雨吗", "答不了"),
    ("帮我写一首诗", "答不了"),
    ("你好", "答不了"),
    ("王建业的生日是哪天", "没有找到"),
    ("我12月有哪些出差", "没有找到"),
    ("13900001111是谁的电话", "没有"),
    ("", "答不了"),
    ("？？？", "答不了"),
]


@pytest.mark.parametrize(("text", "said"), UNANSWERED, ids=[text for text, _ in UNANSWERED])
def test_what_is_not_known_is_said_so(untouched: Phone, text: str, said: str) -> None:
    before = untouched.everything()
    answer = untouched.ask(text)
    assert not answer.understood
    assert not answer.changed
    assert said in answer.text
    assert untouched.everything() == before


# Command, then the one event that it makes or moves: title, start, end, place, people.
WRITTEN = [
    ("帮我记一下明天下午三点和张伟在星巴克开会", "和张伟开会", "11-26 15:00", "11-26 16:00", "星巴克", ("张伟",)),
    ("下周一上午十点和王总开会，帮我记一下", "和王总开会", "11-30 10:00", "11-30 11:00", None, ("王建业",)),
    ("提醒我周五下午四点给妈妈打电话", "给妈妈打电话", "11-27 16:00", "11-27 17:00", None, ("王桂兰",)),
    ("安排一个12月5日早上7点的晨跑", "晨跑", "12-05 07:00", "12-05 08:00", None, ()),
    ("下周三全天团建，记一下", "团建", "12-02 00:00", "12-03 00:00", None, ()),
    ("帮我记一下周五上午十点到十二点在3号楼培训", "培训", "11-27 10:00", "11-27 12:00", "3号楼", ()),
    ("约张伟明天下午三点喝咖啡", "约张伟喝咖啡", "11-26 15:00", "11-26 16:00", None, ("张伟",)),
    ("后天上午十点半到十二点和欧阳主任在医院见面，帮我记一下",
     "和欧阳主任见面", "11-27 10:30", "11-27 12:00", "医院", ("欧阳静",)),
    ("帮我安排下周二晚上七点和Emily、Kevin的电话会",
     "和Emily、Kevin的电话会", "12-01 19:00", "12-01 20:00", None, ("Emily Carter", "郑凯文")),
    ("明晚八点提醒我给古丽打电话", "给古丽打电话", "11-26 20:00", "11-26 21:00", None, ("阿依古丽·买买提",)),
    ("星期天早上七点叫我起床", "起床", "11-29 07:00", "11-29 08:00", None, ()),
    ("添加日程：12月20日 15:30 拍照，一共半小时", "拍照", "12-20 15:30", "12-20 16:00", None, ()),
    ("把周五的青鸾计划周会改到周五下午三点",
     "青鸾计划周会", "11-27 15:00", "11-27 16:00", "云杉智联三楼会议室", ("李文博", "张天佑")),
    ("把明天和海峰吃饭推迟到七点", "和海峰吃饭", "11-26 19:00", "11-26 21:00", "梧桐里湘菜馆", ("陈海峰", "陈小曼")),
    ("把12月10号的麦芒行动启动会提前半小时",
     "麦芒行动启动会", "12-10 08:30", "12-10 10:00", "远帆供应链总部", ("陈海峰", "陈小曼", "司马云飞")),
    ("把飞香港改到12月15号早上8点15", "飞香港", "12-15 08:15", "12-15 11:20", "虹桥T2", ()),
    ("12月18日的汇报提前到下午1点",
     "年终总结汇报", "12-18 13:00", "12-18 15:30", "云杉智联一号报告厅", ("李文博", "张天佑", "王建业")),
    ("把家长会改到12月3号", "家长会", "12-03 18:00", "12-03 19:30", "青禾路小学三年级二班", ("李沐晴",)),
    ("把海雀发布会往后推一周",
     "海雀发布会", "12-10 14:00", "12-10 17:30", "西岸艺仓一号厅", ("吴佩珊", "王思琪", "陈海峰")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "title", "start", "end", "place", "people"), WRITTEN, ids=[text for text, *_ in WRITTEN]
)
def test_an_entry_is_written(
    phone: Phone, text: str, title: str, start: str, end: str, place: str | None, people: tuple[str, ...]
) -> None:
    before = phone.store.events()
    answer = phone.ask(text)
    assert answer.changed, answer.text
    assert answer.understood
    assert answer.undo
    (event,) = [one for one in phone.store.events() if one not in before]
    assert (event.title, f"{event.start:%m-%d %H:%M}", f"{event.end:%m-%d %H:%M}") == (title, start, end)
    assert (event.place, event.people) == (place, people)
    assert answer.sources[0].id == event.id
    assert len(phone.store.events()) - len(before) in (0, 1)


CANCELLED = [
    ("取消周六的车辆保养", "车辆保养"),
    ("取消海雀发布会", "海雀发布会"),
    ("把老李钓鱼取消掉", "老李钓鱼"),
    ("取消今天和赵律师的会", "合同条款沟通"),
    ("周日的聚餐不去了", "爸妈结婚纪念日聚餐"),
    ("删除12月14日上午的飞香港", "飞香港"),
]


@pytest.mark.parametrize(("text", "title"), CANCELLED, ids=[text for text, _ in CANCELLED])
def test_an_event_is_cancelled(phone: Phone, text: str, title: str) -> None:
    before = phone.store.events()
    answer = phone.ask(text)
    assert answer.changed, answer.text
    (gone,) = [one for one in before if one not in phone.store.events()]
    assert gone.title == title


# Nothing is changed where it is not certain what is meant.
REFUSED = [
    ("取消青鸾计划周会", "3 个都对得上"),
    ("把青鸾计划周会改到下周三", "3 个都对得上"),
    ("取消和马云的会", "没有找到"),
    ("取消麦芒启动会", "是不是"),
    ("取消北京出差", "没有找到"),
    ("取消", "哪个日程"),
    ("取消会议", "哪个日程"),
    ("取消2月30号的会", "2月30号"),
    ("帮我记一下明天下午和赵律师开会", "几点"),
    ("帮我记一下每周一上午开会", "几点"),
    ("帮我记一下2月30号开会", "2月30号"),
    ("帮我记一下中午25点吃饭", "25点"),
    ("帮我记一下明天三点开会后天四点面试", "不止一个时间"),
    ("把家长会改到以后", "不清楚"),
    ("把家长会改到下周", "几点"),
    ("帮我记一下下个月出差", "哪一天"),
    ("明天下午三点和张伟在星巴克开会", "帮我记一下"),
    ("删除联系人张伟", "没有"),
    ("删掉那条体检的笔记", "没有找到"),
    ("把小李的电话存为13500000000", "3 位"),
]


@pytest.mark.parametrize(("text", "said"), REFUSED, ids=[text for text, _ in REFUSED])
def test_nothing_is_changed_on_a_guess(untouched: Phone, text: str, said: str) -> None:
    before = untouched.everything()
    answer = untouched.ask(text)
    assert said in answer.text
    assert not answer.changed
    assert untouched.everything() == before


def test_the_same_command_twice_adds_once(phone: Phone) -> None:
    first = phone.ask("帮我记一下明天下午三点和张伟在星巴克开会")
    phone.clock.moment = NOW.replace(second=40)
    second = phone.ask("帮我记一下明天下午三点和张伟在星巴克开会")
    assert (first.changed, second.changed, second.understood) == (True, False, True)
    assert "已经有了" in second.text
    assert len(phone.titled("和张伟开会")) == 1


def test_the_same_note_may_be_kept_again_later_only(phone: Phone) -> None:
    before = len(phone.store.notes())
    said = [phone.ask("记个笔记：吃药了。饭后半小时").changed for _ in range(2)]
    phone.clock.moment = NOW.replace(hour=20)
    said.append(phone.ask("记个笔记：吃药了。饭后半小时").changed)
    assert said == [True, False, True]
    assert len(phone.store.notes()) == before + 2


def test_the_same_command_from_many_threads_adds_once(phone: Phone) -> None:
    answers: list[PrivateAnswer] = []
    threads = [
        threading.Thread(target=lambda: answers.append(phone.ask("提醒我周五下午四点给妈妈打电话"))) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(answer.changed for answer in answers) == 1
    assert len(phone.titled("给妈妈打电话")) == 1


def test_a_command_without_a_time_is_kept_as_a_note(phone: Phone) -> None:
    assert phone.ask("帮我记一下冰箱密码是8866").changed
    (note,) = phone.store.notes(NOW, NOW.replace(minute=1))
    assert note.body == "冰箱密码是8866"
    assert "8866" in phone.ask("关于冰箱密码的笔记").text


def test_a_note_keeps_all_its_lines_as_they_were_typed(phone: Phone) -> None:
    body = "采购清单：\n1. Ａ４纸，两箱\n2. 墨盒（黑）"
    assert phone.ask(f"记个笔记：{body}").changed
    (note,) = phone.store.notes(NOW, NOW.replace(minute=1))
    assert note.body == body
    assert note.title == "采购清单："


def test_conflicts_are_told(phone: Phone) -> None:
    answer = phone.ask("帮我记一下今天下午三点半面试")
    assert answer.changed
    assert "冲突" in answer.text
    assert "合同条款沟通" in answer.text
    assert "冲突" not in phone.ask("帮我记一下今天下午五点健身").text


def test_what_is_over_is_said_to_be_over(phone: Phone) -> None:
    assert "已经过去" in phone.ask("帮我记一下昨天下午三点和张伟开会").text


@pytest.mark.parametrize(
    ("text", "name", "phones", "emails"),
    [
        ("把李娜的电话存为13812345678", "李娜", ("13812345678",), ()),
        ("存一下周杰的手机号：137 0000 0000", "周杰", ("137 0000 0000",), ()),
        ("新建联系人 钱多多 13700000001", "钱多多", ("13700000001",), ()),
        ("把王总的电话改为13900000000",
     "王建业", ("13900000000", "13801274419", "010-65118820"), ("wangjy@hengyue-jm.example",)),
        ("给何俊杰加个邮箱 coach@x.example", "何俊杰", ("13661930574",), ("coach@x.example",)),
        ("把老李的邮箱改成laoli@x.example", "李振华", ("13911057203",), ("laoli@x.example",)),
    ],
)  # fmt: skip
def test_a_detail_of_a_contact_is_kept(
    phone: Phone, text: str, name: str, phones: tuple[str, ...], emails: tuple[str, ...]
) -> None:
    assert phone.ask(text).changed
    (contact,) = [one for one in phone.store.contacts() if one.name == name]
    assert (contact.phones, contact.emails) == (phones, emails)
    assert not phone.ask(text).changed


def test_a_new_contact_is_known_at_once(phone: Phone) -> None:
    assert "没有" in phone.ask("李娜的电话").text
    phone.ask("把李娜的电话存为13812345678")
    assert "13812345678" in phone.ask("李娜的电话").text


def test_several_people_of_one_name_are_all_listed(phone: Phone) -> None:
    phone.store.add_contact(Contact(0, "赵倩", (), ("13700000009",), (), "另一家公司"))
    answer = phone.ask("赵倩的电话")
    assert "13817046623" in answer.text
    assert "13700000009" in answer.text
    refused = phone.ask("把赵倩的电话存为13600000000")
    assert not refused.changed


def test_what_does_not_fit_into_a_calendar_is_said(phone: Phone) -> None:
    assert not phone.ask("帮我记一下3000年1月1日开会").changed
    assert not phone.ask(f"帮我记一下明天三点{'开会' * 2_000}").changed


def test_answers_follow_the_zone(sample: Path, untouched: Phone) -> None:
    del sample
    there = PrivateAnswers(untouched.store, untouched.clock, ZoneInfo("America/New_York"))
    assert there.answer("你好").changed is False


def test_a_part_of_a_name_is_nobody(untouched: Phone) -> None:
    (contact,) = [one for one in untouched.store.contacts() if one.name == "司马云飞"]
    people = People([contact])
    assert people.find("马云来了") == ()
    assert [(one.begin, one.stop) for one in people.find("云飞和司马总")] == [(0, 2), (3, 6)]


def test_variants_of_a_name() -> None:
    wang = Contact(1, "王建国", ("老大",), (), (), None)
    assert variants(wang)[:3] == ("王建国", "老大", "建国")
    assert {"王总", "老王", "小王", "王工", "王老师", "建国哥"} <= set(variants(wang))
    assert "小时" not in variants(Contact(1, "时光", (), (), (), None))


def test_mentions_prefer_who_is_called_so() -> None:
    first, second = Contact(1, "王建国", ("王总",), (), (), None), Contact(2, "王芳", (), (), (), None)
    (mention,) = mentioned("问王总", [first, second])
    assert (mention.contacts, mention.certainty) == ((first,), Certainty.NAMED)
    (mention,) = mentioned("问王姐", [first, second])
    assert mention.contacts == (first, second)
    assert (mention.begin, mention.stop) == (1, 3)
    latin = Contact(3, "David Chen", (), (), (), None)
    assert [one.begin for one in mentioned("Davidson and ＤＡＶＩＤ", [latin])] == [13]
    assert mentioned("小李", [replace(second, name="李四")])[0].stop == 2


@pytest.mark.parametrize("piece", ["，", "把", "把王总的电话", "1", "a@b.c", "在", "和李", "明天", "取消"])
def test_a_long_request_is_answered(untouched: Phone, piece: str) -> None:
    """Within a second each; were the work to grow with the square, it would be minutes."""
    before = untouched.everything()
    for beginning in ("", "取消", "把"):
        assert not untouched.ask((beginning + piece * 10_000)[:10_000]).changed
    assert untouched.everything() == before


def test_times_that_no_calendar_holds_are_told(untouched: Phone) -> None:
    for text in ("推迟家长会999999周", "2500年我有什么安排", "五百年后下一个会", "把家长会改到9000年1月1日"):
        assert not untouched.ask(text).changed
    assert "超出" in untouched.ask("2500年我有什么安排").text
