"""Commands on notes, contacts and events: what is changed, and that nothing is where it is not certain."""

import pytest

from device_sim.personal.records import Contact, Event, Note
from tests.support.private_phone import Phone

NOTES = [
    ("把和赵律师的通话记录写进笔记，她说先不签", "和赵律师的通话记录：她说先不签"),
    ("家里燃气费这个月120，记到账本", "家里燃气费这个月120"),
    ("记账：请客花了300，微信付的", "请客花了300，微信付的"),
    ("今天早饭花了18块，记一笔", "今天早饭花了18块"),
    ("帮我记下体重六十七点二公斤", "体重六十七点二公斤"),
    ("给备忘录加一行：钥匙在门卫那", "钥匙在门卫那"),
    ("把今天的午饭写进日记，吃的云南菜", "今天的午饭：吃的云南菜"),
    ("记一条：老许欠我4600，春节前还", "老许欠我4600，春节前还"),
    ("今天见了温先生，他想租车位，每月700，先记着", "今天见了温先生，他想租车位，每月700"),
    ("新家地址存一下，长宁路1277弄6号", "新家地址：长宁路1277弄6号"),
    ("把小李的生日记成四月十八", "小李的生日：四月十八"),
    ("给张医生的备注里加上智齿要拔", "张丽娟：智齿要拔"),
    ("给12月14号的港信尽调沟通加条备注：带身份证", "12月14日 周一 15:00–17:00 港信尽调沟通：带身份证"),
    ("把会员卡号62223333存进保险箱笔记", "会员卡号62223333"),
]


@pytest.mark.parametrize(("text", "body"), NOTES, ids=[text for text, _ in NOTES])
def test_a_note_is_kept(phone: Phone, text: str, body: str) -> None:
    before = phone.store.notes()
    answer = phone.ask(text)
    assert answer.changed, answer.text
    (note,) = [one for one in phone.store.notes() if one not in before]
    assert note.body == body


def _note(phone: Phone, title: str) -> Note | None:
    return next((one for one in phone.store.notes() if one.title == title), None)


def test_a_line_is_appended_to_the_note_that_is_named(phone: Phone) -> None:
    for text in ("护照号E1234567，记到旅行那条里", "在爸妈旅行里补充：高铁票我来买", "给《爸妈旅行》加一句：带保温杯"):
        assert phone.ask(text).changed
    note = _note(phone, "爸妈旅行")
    assert note is not None
    assert note.body.splitlines()[1:] == ["护照号E1234567", "高铁票我来买", "带保温杯"]


def test_a_note_is_renamed(phone: Phone) -> None:
    assert phone.ask("把妈妈复查结果改名为体检结果").changed
    assert _note(phone, "体检结果") is not None
    phone.ask("记个笔记：新的风险")
    assert phone.ask("把刚才那条笔记改名叫风险清单").changed
    renamed = _note(phone, "风险清单")
    assert renamed is not None
    assert renamed.body == "新的风险"


def test_a_deleted_note_is_told_in_full(phone: Phone) -> None:
    note = _note(phone, "石榴籽投资备忘")
    assert note is not None
    answer = phone.ask("帮我把石榴籽那条笔记删掉")
    assert answer.changed
    assert note.body in answer.text
    assert _note(phone, "石榴籽投资备忘") is None


def _contact(phone: Phone, name: str) -> Contact:
    return next(one for one in phone.store.contacts() if one.name == name)


def test_contacts_are_changed_by_a_sentence(phone: Phone) -> None:
    for text in (
        "帮我把海峰的公司电话补上：0755-83317720",
        "老王换号了，新号是13911112222",
        "再给Emily存个手机号 +44 7700 900123",
        "把古丽的名字改成阿依古丽",
        "把小王的称呼改成思琪老师",
        "何教练换公司了，把他的单位改成猎豹健身",
        "新增联系人：裴东林，电话13564087712，瑞谷五金的",
        "把小童的电话从笔记里抄进通讯录",
        "删除张天佑的邮箱zhangty@yunshan-zl.example",
    ):
        assert phone.ask(text).changed, text
    assert _contact(phone, "陈海峰").phones == ("0755-83317720", "13602749915")
    assert _contact(phone, "王建业").phones[0] == "13911112222"
    assert _contact(phone, "Emily Carter").phones[0] == "+44 7700 900123"
    assert "阿依古丽·买买提" in _contact(phone, "阿依古丽").aliases
    assert "思琪老师" in _contact(phone, "王思琪").aliases
    assert _contact(phone, "何俊杰").organisation == "猎豹健身"
    assert _contact(phone, "裴东林").organisation == "瑞谷五金"
    assert _contact(phone, "小童").phones == ("13810446207",)
    assert _contact(phone, "张天佑").emails == ()
    assert len(phone.store.contacts()) == 27


def test_a_deleted_contact_is_told_in_full(phone: Phone) -> None:
    answer = phone.ask("删掉联系人孙怡，换人了")
    assert answer.changed
    for part in ("孙怡", "孙经理", "021-54820199", "sunyi@anhe-wy.example", "安禾物业服务中心"):
        assert part in answer.text
    assert len(phone.store.contacts()) == 24


# Command, and the one event that it makes or changes: title, start, end, place, people.
EVENTS = [
    ("明早六点半闹钟，要去接人", "闹钟：要去接人", "11-26 06:30", "11-26 06:45", None, ()),
    ("后天下午四点半去接机，别让我忘了", "去接机", "11-27 16:30", "11-27 17:30", None, ()),
    ("体检约在12月22号上午八点，帮我加到日历", "体检", "12-22 08:00", "12-22 09:00", None, ()),
    ("把下周五晚上空出来，谁约都别排", "留空（不安排别的）", "12-04 18:00", "12-05 00:00", None, ()),
    ("下周二整天都标成请假", "请假", "12-01 00:00", "12-02 00:00", None, ()),
    ("下周一到周三都标成出差", "出差", "11-30 00:00", "12-03 00:00", None, ()),
    ("把“取干洗”加到今天的待办，单号B20715", "取干洗（单号B20715）", "11-25 00:00", "11-26 00:00", None, ()),
    ("会员卡快到期了，提醒我下月五号去续", "会员卡快到期了，去续", "12-05 00:00", "12-06 00:00", None, ()),
    ("在日历上加：1月8日上午九点拔牙", "拔牙", "01-08 09:00", "01-08 10:00", None, ()),
    ("12月2号家长会提前一小时提醒我", "提醒：12月2日 周三 18:00 家长会", "12-02 17:00", "12-02 17:15", None, ()),
    ("下次见林嘉欣是什么时候，提前一天提醒我",
     "提醒：12月14日 周一 15:00 港信尽调沟通", "12-13 15:00", "12-13 15:15", None, ()),
    ("把12月18号的汇报地点改成二楼白榆厅",
     "年终总结汇报", "12-18 14:00", "12-18 16:30", "二楼白榆厅", ("李文博", "张天佑", "王建业")),
    ("港信的会换到线上开", "港信尽调沟通", "12-14 15:00", "12-14 17:00", "线上", ("林嘉欣", "赵倩")),
    ("把和Mike的会改成视频，时间不变",
     "Shipping review with Mike", "12-01 11:00", "12-01 12:00", "视频", ("Michael Tan", "陈小曼")),
    ("把家长会的标题改成期末家长会", "期末家长会", "12-02 18:00", "12-02 19:30", "青禾路小学三年级二班", ("李沐晴",)),
    ("把李文博加到海雀发布会里",
     "海雀发布会", "12-03 14:00", "12-03 17:30", "西岸艺仓一号厅", ("吴佩珊", "王思琪", "陈海峰", "李文博")),
    ("把陈海峰从海雀发布会里去掉", "海雀发布会", "12-03 14:00", "12-03 17:30", "西岸艺仓一号厅", ("吴佩珊", "王思琪")),
    ("把家长会延长半小时", "家长会", "12-02 18:00", "12-02 20:00", "青禾路小学三年级二班", ("李沐晴",)),
    ("把下周三家长会的时间改成六点半", "家长会", "12-02 18:30", "12-02 20:00", "青禾路小学三年级二班", ("李沐晴",)),
    ("周日聚餐往后延一小时",
     "爸妈结婚纪念日聚餐", "11-29 18:30", "11-29 21:00", "湘江边老院子", ("王桂兰", "刘志强", "刘雨桐")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "title", "start", "end", "place", "people"), EVENTS, ids=[text for text, *_ in EVENTS]
)
def test_an_event_is_made_or_changed(
    phone: Phone, text: str, title: str, start: str, end: str, place: str | None, people: tuple[str, ...]
) -> None:
    before = phone.store.events()
    answer = phone.ask(text)
    assert answer.changed, answer.text
    (event,) = [one for one in phone.store.events() if one not in before]
    assert (event.title, f"{event.start:%m-%d %H:%M}", f"{event.end:%m-%d %H:%M}") == (title, start, end)
    assert (event.place, event.people) == (place, people)


REPEATED = [
    ("每周三早上九点提醒我找小曼要进度", "找小曼要进度", 8, "11-25 09:00", "01-13 09:00"),
    ("每天晚上十点提醒我给芝麻团加水", "给芝麻团加水", 14, "11-25 22:00", "12-08 22:00"),
    ("每个月15号提醒我还房贷", "还房贷", 6, "12-15 00:00", "05-15 00:00"),
    ("给刘志强的生日设个每年提醒，三月二十六", "刘志强的生日", 3, "03-26 00:00", "03-26 00:00"),
    ("每个工作日早上8点提醒我打卡", "打卡", 10, "11-26 08:00", "12-09 08:00"),
]


@pytest.mark.parametrize(("text", "title", "count", "first", "last"), REPEATED, ids=[one[0] for one in REPEATED])
def test_the_next_occurrences_are_added(phone: Phone, text: str, title: str, count: int, first: str, last: str) -> None:
    answer = phone.ask(text)
    assert f"{count} 次" in answer.text
    added: list[Event] = phone.titled(title)
    assert len(added) == count
    assert [f"{one.start:%m-%d %H:%M}" for one in (added[0], added[-1])] == [first, last]
    assert not phone.ask(text).changed


def test_all_events_of_one_title_are_moved_where_all_are_meant(phone: Phone) -> None:
    assert phone.ask("把我和李文博的周会都移到四点").changed
    coming = [one for one in phone.titled("青鸾计划周会") if one.start > phone.store.now()]
    assert [one.start.hour for one in coming] == [16, 16, 16]


# What is not certain changes nothing, and is told with what would help.
UNCERTAIN = [
    ("删掉昨天那条写错的笔记", "没有删"),
    ("删除笔记《不存在》", "没有找到"),
    ("删掉联系人戚万良，电话停机了", "没有「戚万良」"),
    ("删掉联系人小李", "3 位"),
    ("把小李的单位改成新公司", "3 位"),
    ("昨天走了多少步，记在健康笔记里", "没有记"),
    ("下午五点的提醒改成五点一刻", "没有找到"),
    ("把青鸾计划周会的地点改成四楼", "3 个都对得上"),
    ("给12月7号晚上Sophie的会加个提醒，提前十分钟", "Kessler lens audit"),
    ("把何教练的私教课改到周三晚上七点", "11月22日"),
    ("把今天晚上的会往后挪一个小时", "没有找到"),
    ("删除下周所有私教课", "没有找到"),
    ("把路人甲加到海雀发布会里", "通讯录里没有「路人甲」"),
    ("把家长会延长到", ""),
    ("每周提醒我交周报", ""),
    ("把小绿的电话从笔记里抄进通讯录", "没有找到"),
    ("帮我加个日程，周日下午带豆包打疫苗", "几点"),
    ("别取消海雀发布会", ""),
    ("删掉孙怡", "联系人还是日程"),
    ("把桐桐的生日改成12月21日", "没有改"),
    ("约不约王总吃饭", ""),
    ("清空我的日历", "不一次清空"),
    ("把报价单发给王总的邮箱", "不发消息"),
    ("给王总打个电话", "不打电话"),
    ("把王总的报价改成115万", "没有改"),
    ("把所有会议都取消", ""),
    ("先不要把家长会改到12月3号", ""),
    ("要不要把家长会改到12月3号呢", ""),
    ("如果取消海雀发布会的话，场地费退吗", ""),
    ("我想取消周日的聚餐，你觉得呢", ""),
    ("小曼说把海雀发布会取消了", ""),
    ("不想删除联系人孙怡", ""),
]


@pytest.mark.parametrize(("text", "said"), UNCERTAIN, ids=[text for text, _ in UNCERTAIN])
def test_nothing_is_changed_where_it_is_not_certain(untouched: Phone, text: str, said: str) -> None:
    before = untouched.everything()
    answer = untouched.ask(text)
    assert not answer.changed
    assert untouched.everything() == before
    assert said in answer.text


COMMANDS = [text for text, *_ in (*NOTES, *EVENTS, *REPEATED)]


@pytest.mark.parametrize("text", COMMANDS)
def test_whatever_changes_data_is_known_to_do_so_beforehand(untouched: Phone, text: str) -> None:
    before = untouched.everything()
    assert untouched.answers.would_change(text)
    assert untouched.everything() == before


@pytest.mark.parametrize(
    "text", ["我明天有什么安排", "王总的电话是多少", "删掉的笔记还能找回来吗", "上次和王总开会说了什么"]
)
def test_a_question_is_known_to_change_nothing(untouched: Phone, text: str) -> None:
    assert not untouched.answers.would_change(text)
