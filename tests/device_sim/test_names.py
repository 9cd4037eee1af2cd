"""Names: the user's own, with all that people are called; others by how names are formed; what is no name."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from device_sim.personal.people import Secrets
from device_sim.personal.records import Contact
from device_sim.privacy.entities import Entities, windows
from device_sim.privacy.everyday import EverydayWords
from device_sim.privacy.findings import SensitiveType
from device_sim.privacy.names import Names
from device_sim.runtime import Runtime
from device_sim.settings import DeviceSettings
from tests.support.phone import phone
from tests.support.tiny_bundle import TinyBundle


class Book:
    """Contacts and events as a store would give them."""

    def __init__(self, *contacts: Contact, people: tuple[str, ...] = (), places: tuple[str, ...] = ()) -> None:
        self.now = Secrets(0, contacts, people, places)

    def secrets(self) -> Secrets:
        return self.now


def contact(number: int, name: str, *aliases: str, organisation: str | None = None) -> Contact:
    return Contact(number, name, aliases, (), (), organisation)


@pytest.fixture(scope="module")
def everyday() -> EverydayWords:
    return EverydayWords()


@pytest.fixture(scope="module")
def rules(everyday: EverydayWords) -> Names:
    return Names(None, everyday)


WANG = contact(1, "王建国", "大王", organisation="海风贸易有限公司")
LI = contact(2, "Kevin Li")


@pytest.mark.parametrize(
    "named", ["王建国", "王总", "王工", "王老师", "老王", "小王", "大王", "王 建 国", "王\u200b建国", "王经理"]
)
def test_all_that_a_contact_is_called_means_the_same(named: str, everyday: EverydayWords) -> None:
    names = Names(Book(WANG, LI), everyday)
    text = f"昨天{named}打来电话了"
    known = [one for one in names.find(text) if one.subject == "contact 1"]
    assert [(text[one.start : one.end], one.type) for one in known] == [(named, SensitiveType.PERSON)]


@pytest.mark.parametrize(("text", "found"), [("问问kevin几点到", "kevin"), ("ＫＥＶＩＮ几点到", "ＫＥＶＩＮ")])
def test_a_latin_name_is_found_in_any_case_and_width(text: str, found: str, everyday: EverydayWords) -> None:
    known = [one for one in Names(Book(LI), everyday).find(text) if one.subject == "contact 2"]
    assert [text[one.start : one.end] for one in known] == [found]


def test_contacts_are_found_in_traditional_and_simplified_characters(everyday: EverydayWords) -> None:
    names = Names(Book(contact(1, "陳家駒"), contact(2, "何咏诗")), everyday)
    assert {one.subject for one in names.find("陈家驹和何詠詩") if one.subject} == {"contact 1", "contact 2"}


@pytest.mark.parametrize("text", ["kevinism是什么", "国王总是很忙", "小王子这本书", "汪汪叫的小狗"])
def test_a_name_within_another_word_is_none(text: str, everyday: EverydayWords) -> None:
    assert not [one for one in Names(Book(contact(1, "王伟"), LI), everyday).find(text) if one.subject]


def test_two_contacts_of_one_surname_are_not_taken_for_each_other(everyday: EverydayWords) -> None:
    found = Names(Book(contact(1, "王建国"), contact(2, "王小明")), everyday).find("王总和王小明")
    assert {(one.start, one.end, one.subject) for one in found if one.source == "personal data"} == {
        (0, 2, None),
        (3, 6, "contact 2"),
    }


def test_where_contacts_work_who_is_in_events_and_where_they_are(everyday: EverydayWords) -> None:
    names = Names(Book(WANG, people=("欧阳晓彤",), places=("梧桐里茶室",)), everyday)
    text = "晓彤说海风贸易改在梧桐里茶室谈"
    found = {(text[one.start : one.end], one.type) for one in names.find(text) if one.source == "personal data"}
    assert found == {
        ("晓彤", SensitiveType.PERSON),
        ("海风贸易", SensitiveType.COMPANY),
        ("梧桐里茶室", SensitiveType.ADDRESS),
    }


def test_a_new_contact_is_known_at_once(everyday: EverydayWords) -> None:
    book = Book()
    names = Names(book, everyday)
    assert not names.find("糖糖来不来")
    book.now = Secrets(1, (contact(9, "糖糖"),), (), ())
    assert [one.subject for one in names.find("糖糖来不来")] == ["contact 9"]


def test_among_thousands_of_contacts_each_is_found(everyday: EverydayWords) -> None:
    given = [a + b for a in "建国文明志强晓丽海涛" for b in "伟芳娜敏静磊军洋勇艳"]
    many = [contact(n, s + g) for n, (s, g) in enumerate((s, g) for s in "王李张刘陈杨赵黄周吴" for g in given)]
    names = Names(Book(*many), everyday)
    text = "，".join(one.name for one in many)
    assert {one.subject for one in names.find(text) if one.source == "personal data"} == {
        f"contact {n}" for n in range(1000)
    }


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("请联系张晓雯确认时间", "张晓雯"),
        ("我叫欧阳娜娜", "欧阳娜娜"),
        ("于老师让我交材料", "于老师"),
        ("老周当着大家的面说我", "老周"),
        ("和阿强约了打球", "阿强"),
        ("阿依古丽·买买提的电话", "阿依古丽·买买提"),
        ("被告李某没有出庭", "李某"),
        ("Emily Chen明天的航班", "Emily Chen"),
        ("发邮件给Zhang Xiaoming", "Zhang Xiaoming"),
        ("Mr. Thompson想改时间", "Mr. Thompson"),
        ("我想跟晓雯把话说开", "晓雯"),
        ("张 伟 几点到", "张 伟"),
        ("Please loop in Priya Raman from our side", "Priya Raman"),
        ("拼音 KANG XIAOTANG", "KANG XIAOTANG"),
        ("请联系售后成工", "成工"),
        ("患者：矫桂芝，女，六十岁", "矫桂芝"),
        ("甘露,440301199910083622", "甘露"),
        ("时宇、万里和江河都报名了", "江河"),
        ("我外号叫大头，同学都这么喊", "大头"),
        ("温暖这名字真好听", "温暖"),
        ("取件找胖哥", "胖哥"),
        ("左丘明亮，男，汉族", "左丘明亮"),
        ("陳家駒、何詠詩兩位同事將調往分店", "何詠詩"),
        ("周一 付一笑\n周二 艾山", "付一笑"),
        ("姓名,账号,部门\n商羽,shangyu07,研发\n忽必成,hubicheng,法务", "忽必成"),
        ("@wangxiaoyu 客户说登录不上", "wangxiaoyu"),
        ("班主任和数学计老师会到场", "计老师"),
        ("到场的有一诺妈妈和两位老师", "一诺妈妈"),
        ("晚上梦见春晓了", "春晓"),
        ("成长这孩子真懂事", "成长"),
        ("座位：A1盖聂 B1阿莲", "盖聂"),
        ("厉害家的孩子也在那儿上学", "厉害"),
    ],
)
def test_unknown_persons(rules: Names, text: str, name: str) -> None:
    assert name in {text[one.start : one.end] for one in rules.find(text) if one.type is SensitiveType.PERSON}


@pytest.mark.parametrize(
    ("text", "name", "kind"),
    [
        ("我在杭州云栖数据科技有限公司上班", "杭州云栖数据科技有限公司", SensitiveType.COMPANY),
        ("去省人民医院拿报告", "省人民医院", SensitiveType.COMPANY),
        ("安顺驾校科目三过了", "安顺驾校", SensitiveType.COMPANY),
        ("Nimbus项目要延期", "Nimbus项目", SensitiveType.PROJECT),
        ("「青鸟」计划的预算", "青鸟", SensitiveType.PROJECT),
        ("寄到北京市海淀区中关村大街27号院3号楼501室", "北京市海淀区中关村大街27号院3号楼501室", SensitiveType.ADDRESS),
        ("顺意搬家把我钢琴刮花了", "顺意搬家", SensitiveType.COMPANY),
        ("翡翠湾幼儿园让补交体检费", "翡翠湾幼儿园", SensitiveType.COMPANY),
        ("老邓家铺子关门了", "老邓家铺子", SensitiveType.COMPANY),
        ("餐厅叫半亩田，订了六位", "半亩田", SensitiveType.COMPANY),
        ("We signed with Northgate Holdings Ltd", "Northgate Holdings Ltd", SensitiveType.COMPANY),
        ("招商银行那张卡的还款日是几号", "招商银行", SensitiveType.COMPANY),
        ("先把海豚计划送上线", "海豚计划", SensitiveType.PROJECT),
        (
            "send it to Room 1403, No. 88 Keyuan Road, Pudong",
            "Room 1403, No. 88 Keyuan Road, Pudong",
            SensitiveType.ADDRESS,
        ),
        ("快递放翠湖花园2号楼1单元302", "2号楼1单元302", SensitiveType.ADDRESS),
    ],
)
def test_unknown_organisations_projects_and_addresses(rules: Names, text: str, name: str, kind: SensitiveType) -> None:
    found = [(text[one.start : one.end], one.type) for one in rules.find(text)]
    assert any(name in value and kind is found_kind for value, found_kind in found), found


def test_what_is_found_once_is_found_again(rules: Names) -> None:
    text = "请联系张晓雯。明天把材料交张晓雯"
    assert sum(text[one.start : one.end] == "张晓雯" for one in rules.find(text)) == 2


@pytest.mark.parametrize(
    "text",
    [
        "今天特别高兴，事情都办完了",
        "清王朝是哪一年灭亡的",
        "高山流水这个成语什么意思",
        "金融和经济有什么区别",
        "王者荣耀怎么上分",
        "项目经理平时都做什么",
        "施工现场要注意安全",
        "我们公司的保险公司换了",
        "怎么制定学习计划",
        "这家医院的医生很负责",
        "小时候住在一条小路边",
        "方向不对，努力白费",
        "一般和老师沟通要注意什么",
        "May I have your name please",
        "能总结一下这篇文章吗",
        "老实说我不想去",
        "订单20231107001还没发货",
        "我叫外卖的时候忘了备注",
        "我是单身，过年怕回家",
        "姓名：必填，电话：选填",
        "老师：同学们好",
        "高铁、飞机、大巴，哪个舒服",
        "附近的健身房都太贵了",
        "想开一家奶茶店需要多少钱",
        "淘宝退货运费谁出",
        "减肥计划怎么坚持下去",
        "中国银行和建设银行哪个房贷利率低",
        "司马光砸缸的故事告诉我们什么",
        "Visual Studio Code 怎么设置中文",
        "My Chinese teacher asked me to recite a poem",
        "广东省的省会是哪里",
        "周五晚上那顿饭订的哪家",
        "年会主持开场白来一段",
        "班主任说下周考试范围是前四章",
        "联系人一栏必须填写吗",
        "| 科目 | 学分 |\n| 高等数学 | 5 |",
    ],
)
def test_everyday_text_holds_no_names(rules: Names, text: str) -> None:
    assert not rules.find(text)


@pytest.mark.parametrize(
    "piece",
    [
        "区",
        "王",
        "小",
        "路1号",
        "·某",
        "张三·",
        "Zhang ",
        "公司",
        "a",
        "「",
        "省市区县",
        "张伟、",
        "Ab Cd ",
        "患者：王伟、",
    ],
)
def test_no_text_makes_a_pattern_explode(rules: Names, piece: str) -> None:
    text = piece * (10_000 // len(piece))
    assert all(0 <= one.start < one.end <= len(text) for one in rules.find(text))  # or it would not end


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    runtime = Runtime.open(DeviceSettings(tmp_path_factory.mktemp("shipped")))
    yield runtime
    runtime.close()


def test_names_are_found_wherever_they_stand_in_a_long_text(shipped: Runtime, everyday: EverydayWords) -> None:
    entities = Entities(shipped.encoder, shipped.heads, everyday)
    assert entities.available
    filler = "今天的会开了很久，大家都觉得方案还要再改一改，时间也比较紧。"
    for place in (0, 5, 8, 20, 39):
        sentences = [filler] * 40
        sentences[place] = "散会以后王海燕说她想先回家看看。"
        text = "".join(sentences)
        found = {text[one.start : one.end] for one in entities.find(text) if one.type is SensitiveType.PERSON}
        assert "王海燕" in found


@pytest.mark.parametrize(
    "text", ["", "好", "一句话。" * 300, "没有标点" * 200, "a" * 1000, "\n" * 500, "字。" * 3 + "长" * 450]
)
def test_windows_leave_nothing_out_and_share_what_they_cut(text: str) -> None:
    parts = list(windows(text))
    covered = {place for start, end in parts for place in range(start, end)}
    assert covered == set(range(len(text)))
    assert all(0 < end - start <= 200 for start, end in parts)
    for (_, end), (start, _) in pairwise(parts):
        assert start <= end - 40 or text[end - 1] in "。\n"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("罗刚那台车抵押给顺捷典当行了", "顺捷典当行"),
        ("公孙策宇开了家小馆", "公孙策宇"),
        ("寄到南宁市青秀区民族大道131号航洋城B1-08", "航洋城B1-08"),
    ],
)
def test_what_the_head_sees_is_hidden_to_its_edges(
    shipped: Runtime, everyday: EverydayWords, text: str, value: str
) -> None:
    found = Entities(shipped.encoder, shipped.heads, everyday).find(text)
    covered = {place for one in found for place in range(one.start, one.end)}
    begin = text.index(value)
    assert covered.issuperset(range(begin, begin + len(value)))


@pytest.mark.parametrize(
    "text",
    [
        "高兴得睡不着",
        "mentor说local的deadline要提前",
        "贵司的方案",
        "头脑风暴一下",
        "日本和韩国的时差是多少",
        "孔雀开屏是为了求偶吗",
    ],
)
def test_the_head_is_not_believed_in_everything(shipped: Runtime, everyday: EverydayWords, text: str) -> None:
    assert not Entities(shipped.encoder, shipped.heads, everyday).find(text)


def test_a_bundle_without_names_finds_none(bundle: TinyBundle, tmp_path: Path, everyday: EverydayWords) -> None:
    with phone(bundle, tmp_path) as runtime:
        entities = Entities(runtime.encoder, runtime.heads, everyday)
        assert not entities.available
        assert entities.find("王海燕和张伟") == []
