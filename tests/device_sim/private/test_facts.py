"""Questions about what notes and events hold: the right sentences are quoted, or nothing is."""

from dataclasses import replace

import pytest

from tests.support.private_phone import Phone

# Question, what is quoted for it, what is not.
QUOTED: list[tuple[str, list[str], list[str]]] = [
    ("智齿拔一颗大概要多少钱", ["《洗牙》", "900元"], []),
    ("桐桐元旦节目演什么角色", ["演小海豹"], ["口算"]),
    ("楼上漏水的事孙经理怎么说的", ["孙怡说物业可以先垫付"], []),
    ("何教练让我深蹲降到多重", ["六十公斤"], []),
    ("舒望这一轮要融多少", ["本轮要300万元"], []),
    ("麦芒行动的冷库跟谁合作", ["湘北鲜达"], []),
    ("Mike那边运费一个柜子多少", ["SGD 1,940"], []),
    ("海雀的样机怎么发", ["顺丰到付"], []),
    ("港信的代持人是哪个", ["王桂松"], []),
    ("保密期最后改成几年了", ["五年缩到三年"], []),
    ("爸妈明年几月去喀什", ["明年五月"], ["身份证"]),
    ("蛋糕是在哪家店订的", ["米粒烘焙"], []),
    ("生日会请了哪几个小朋友", ["蒋一诺、裴小米、尹乐天", "没有提到「小朋友」"], []),
    ("就诊卡号多少", ["LJ30028817"], []),
    ("妈复查一共花了多少医药费", ["734.5元"], ["班费"]),
    ("拓谱这次报了多少", ["97万元"], []),
    ("Nanyang的报价有效期到哪天", ["valid until 2026-12-31"], ["Demurrage"]),
    ("Kessler赔我们几片镜片", ["420 pieces"], []),
    ("老李的房子一年租金多少", ["年租金5万元"], []),
    ("直播为什么断了", ["上行带宽不够"], []),
    ("刹车片还能用多久", ["一万公里"], []),
    ("张天佑明年想干什么", ["想转产品经理"], []),
    ("培训费拆不拆，当时怎么定的", ["培训费拆出来"], ["锐光"]),
    ("恒岳厂长姓什么", ["邢铁山"], ["独家"]),
    ("Halden那家公司有提过吗", ["Halden Ventures"], []),
    ("楼上那户是几零几", ["1702"], []),
    ("主持人是谁", ["许念慈"], []),
    ("Emily一月份会来哪里", ["Shanghai"], []),
    ("夏令营什么时候报名打折", ["三月前报名打九折"], []),
    ("班费每个人要交多少", ["150元"], []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "held", "absent"), QUOTED, ids=[text for text, *_ in QUOTED])
def test_a_fact_is_quoted(untouched: Phone, text: str, held: list[str], absent: list[str]) -> None:
    answer = untouched.ask(text)
    assert answer.understood, answer.text
    assert not answer.changed
    assert answer.sources
    assert [part for part in held if part not in answer.text] == [], answer.text
    assert [part for part in absent if part in answer.text] == [], answer.text


# Nothing of the phone's is about it, though some of its words are there.
NOT_HELD = [
    "我的驾照什么时候到期",
    "王建业的生日是哪天",
    "豆包多大了",
    "北京明天会下雨吗",
    "崔护士的排班怎么排的",
    "房贷还剩多少没还",
    "我血型是什么",
    "赵倩喜欢吃什么",
]


@pytest.mark.parametrize("text", NOT_HELD)
def test_what_nothing_holds_is_not_guessed(untouched: Phone, text: str) -> None:
    answer = untouched.ask(text)
    assert not answer.understood, answer.text


def test_a_quotation_names_its_note_and_its_day(untouched: Phone) -> None:
    answer = untouched.ask("白桦项目延期一天要扣多少违约金")
    assert "笔记《白桦项目评审纪要》（11月24日 周二）里写着：" in answer.text
    assert "· 延期违约金按每天3000元计，先不启动。" in answer.text
    assert [one.title for one in answer.sources] == ["白桦项目评审纪要"]


def test_what_a_quotation_lacks_is_said(untouched: Phone) -> None:
    answer = untouched.ask("恒岳工厂走访住的酒店多少钱")
    assert "没有提到「" in answer.text or not answer.understood


def test_a_note_that_is_changed_is_quoted_as_it_is(phone: Phone) -> None:
    (note,) = [one for one in phone.store.notes() if one.title == "洗牙"]
    phone.store.change_note(replace(note, body="拔牙费涨到1100元。"))
    answer = phone.ask("拔牙要多少钱")
    assert "1100元" in answer.text
    assert "900" not in answer.text
