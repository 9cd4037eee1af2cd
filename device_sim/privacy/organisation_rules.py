"""Organisations, projects and addresses that nobody listed, by how they end and what they are made of."""

import re
from collections.abc import Iterator

from device_sim.privacy.everyday import EverydayWords
from device_sim.privacy.name_words import BRANDS, CITIES, PROVINCES
from device_sim.privacy.reading import Reading

Place = tuple[int, int]

_HAN = "\u4e00-\u9fff"
_LONGEST = 14
_PLACES = frozenset((*PROVINCES, *CITIES, "中国", "国家", "中央", "全国", "亚洲", "国际"))
# What the middle of an organisation's name is made of; by themselves they name none.
_PARTS = frozenset(
    "科技 信息 技术 网络 文化 传媒 传播 广告 教育 培训 投资 管理 咨询 实业 贸易 电子 电气 建筑 工程 建材 房地产 地产 置业 物业 医药 制药 生物 "
    "食品 餐饮 酒店 旅游 物流 运输 能源 电力 石油 化工 机械 汽车 金融 证券 基金 保险 信托 资产 资本 软件 数码 智能 数据 服装 纺织 家具 装饰 "
    "设计 环保 农业 商贸 进出口 服务 发展 控股 股份 有限 责任 集团 人民 第一 第二 第三 第四 第五 附属 中医 儿童 妇幼 协和 市 省 县 区 镇 乡 "
    "师范 理工 财经 外国语 政法 林业 医科 交通 工商 建设 招商 民生 光大 实验 高级 职业 大学 学院 医学院 工业 城市 商业 农村 村镇 信用 合作 "
    "公安 税务 工商 教育 卫生 市场 监督 监管 质量 环境 保护 统计 财政 国土 资源 住房 城乡 发展 改革 律师 会计师 会计 分公司 总 分 子".split()
)
_ENDS = (
    "有限责任公司 股份有限公司 有限公司 公司 集团 银行 分行 支行 大学 学院 医院 卫生院 诊所 中学 小学 幼儿园 附中 附小 一中 二中 三中 研究院 研究所 "
    "研究中心 设计院 事务所 工作室 委员会 协会 学会 基金会 联合会 出版社 律所 律师所 派出所 公安局 税务局 教育局 卫生局 财政局 法院 检察院 "
    "驾校 俱乐部 卫视 电视台 电台 报社 日报 晚报 证券 信托 药业 制药 传媒 科技 资本 地产 置业 物业 物流 快递 实业 重工 电器 影业 酒店 宾馆 商行 "
    "合作社 管理局 管委会 居委会 村委会 街道办 车行 超市 商场"
).split()
_END = re.compile("|".join(sorted(_ENDS, key=len, reverse=True)))
# These need no odd word before them.
_SURE_END = re.compile(
    r"有限责任公司|股份有限公司|有限公司|事务所|工作室|集团|驾校|派出所|设计院|律所|传媒|药业|影业|资本|置业"
)
_NOT_BEFORE = frozenset(
    "我们 你们 他们 咱们 自己 这家 那家 一家 某家 哪家 这个 那个 一个 某个 哪个 各大 各家 每家 别的 其他 其它 所有 任何 很多 许多 几家 两家 三家 "
    "附近 当地 本地 外地 上市 外包 互联网 国企 私企 外企 民营 国有 大型 小型 中小 知名 著名 原来 现在 以前 新 旧 老 大 小 好 本 该 贵 敝 我 你 他 "
    "她 咱 家 上 下 分 总 子 母 全 各 每 某 另 进 入 去 来 开 办 在 到".split()
)
_BRAND = re.compile("|".join(map(re.escape, sorted(BRANDS, key=len, reverse=True))))
_SCHOOL = re.compile(
    rf"(?:{'|'.join((*PROVINCES, *CITIES))})(?:第?[一二三四五六七八九十]{{1,3}}中(?:学)?|第[一二三四五六七八九十]+(?:人民)?医院|[{_HAN}]{{0,4}}(?:大学|学院|银行|医院|队))"
)
_QUOTED = re.compile(
    rf"[「『“\"'《【](?P<name>[^「」『』“”\"'《》【】\n]{{1,16}})[」』”\"'》】](?=\s?(?:项目|计划|工程|行动|系统|平台|二期|一期|三期))"
)
_CODED = re.compile(
    rf"(?:代号|项目名称?|项目叫|内部叫)[::为叫是\s]{{0,2}}[「“\"《]?(?P<name>[A-Za-z][\w-]{{0,15}}|[{_HAN}]{{2,4}})"
)
_LATIN_PLAN = re.compile(
    r"(?P<name>(?<![A-Za-z0-9])[A-Z][A-Za-z0-9-]{1,15}(?: [A-Z][A-Za-z0-9]+)?)\s?(?:项目|计划|工程)(?!经理)|(?<![A-Za-z])Project [A-Z]\w+"
)
_PLAN_END = re.compile(r"项目|计划|工程|行动|专项")
_NUMBER = r"[0-9A-Za-z一二三四五六七八九十百〇零-]{1,8}"
_WHERE = r"省|自治区|特别行政区|市|自治州|区|县|旗|镇|乡|街道|村|社区"
_ROAD = r"大街|大道|路|街|巷|弄|胡同|里弄|公路|高速"
_DOOR = rf"(?:{_NUMBER}(?:号院|号楼|号|栋|幢|座|单元|弄|室|层|楼|户|门|铺))+"
_ESTATE = r"小区|花园|家园|公寓|大厦|广场|新村|新城|苑|公馆|府邸|名邸|城市花园|写字楼|产业园|工业园|科技园|软件园|创意园|商务楼|宿舍|大楼|中心"
_ADDRESS = re.compile(
    rf"(?:(?:{'|'.join(PROVINCES)})(?:省|市|自治区)?|(?:{'|'.join(CITIES)})市?)?"
    rf"(?:[{_HAN}]{{1,6}}?(?:{_WHERE}))*"
    rf"(?:[{_HAN}A-Za-z0-9]{{1,8}}?(?:{_ROAD}){_DOOR}(?:[{_HAN}]{{2,8}}?(?:{_ESTATE}))?(?:{_DOOR})?"
    rf"|[{_HAN}A-Za-z0-9]{{1,8}}?(?:{_ESTATE})\s?{_DOOR})"
)
_BARE_DOOR = re.compile(
    r"(?<![0-9A-Za-z])[0-9]{1,4}(?:号楼|号院|栋|幢|座|弄)[0-9]{0,4}(?:单元)?[0-9A-Za-z-]{0,6}(?:室|号)?|[0-9一二三四五六七八九十]{1,3}单元[0-9]{2,4}室?|[0-9]{3,4}室"
)
_LEVELS = re.compile(
    rf"(?:(?:{'|'.join(PROVINCES)})(?:省|市|自治区)?)?(?:[{_HAN}]{{2,4}}?市)?[{_HAN}]{{2,5}}?(?:区|县)[{_HAN}]{{2,6}}?(?:{_ROAD}|街道|镇|乡|村|小区)"
)


def organisations(reading: Reading, everyday: EverydayWords) -> Iterator[Place]:
    """Where the text seems to name an organisation."""
    text = reading.text
    for match in _END.finditer(text):
        if match.end() in reading.inside:
            continue
        start = _left_edge(reading, everyday, match.start(), match[0])
        if start < match.start() and not everyday.is_plan(text[start : match.end()]):
            yield start, match.end()
    for match in _BRAND.finditer(text):
        if reading.parts(*match.span()) and not _in_latin(text, *match.span()):
            yield match.span()
    for match in _SCHOOL.finditer(text):
        if reading.parts(*match.span()):
            yield match.span()


def projects(reading: Reading, everyday: EverydayWords) -> Iterator[Place]:
    """Where the text seems to name a project."""
    text = reading.text
    for pattern in (_QUOTED, _CODED):
        for match in pattern.finditer(text):
            if match["name"] not in everyday or pattern is _QUOTED:
                yield match.span("name")
    yield from (match.span() for match in _LATIN_PLAN.finditer(text))
    for match in _PLAN_END.finditer(text):
        start = _odd_before(reading, everyday, match.start())
        if start < match.start():
            yield start, match.end()


def addresses(reading: Reading, everyday: EverydayWords) -> Iterator[Place]:
    """Where the text seems to give an address."""
    text = reading.text
    for pattern in (_ADDRESS, _LEVELS, _BARE_DOOR):
        for match in pattern.finditer(text):
            start = match.start()
            # The name of the first level is of any characters: what says nothing of a place is none of it.
            while start < match.end() and (everyday.is_free(text[start]) or start in reading.inside):
                start += 1
            if match.end() - start > 3:
                yield start, match.end()


def _left_edge(reading: Reading, everyday: EverydayWords, end: int, ending: str) -> int:
    """Where the organisation's name that ends there begins; `end` if there is none."""
    text = reading.text
    start, named = end, False
    if end in reading.inside:  # the end is part of a longer word: 分公司, 人民法院
        end = reading.word_before(end + 1)
        start = end
    while start > 0 and end - start < _LONGEST:
        before = reading.word_before(start)
        word = text[before:start]
        if not word.isalnum() or word in _NOT_BEFORE:
            break
        if word in _PLACES:
            named = True
        elif len(word) == 1 and not (word.isascii() or word in _PARTS):
            if everyday.is_free(word):
                break
            named = named or not everyday.is_usual(word) or start - before > 1
        elif word.isascii():
            named = True
        elif word not in _PARTS:
            if (
                _SURE_END.fullmatch(ending)
                and start == end
                and word + ending not in everyday
                and not everyday.is_plan(word + ending)
            ):
                named, start = True, before
            break
        start = before
    return start if named and len(text[start:end]) > 1 else end


def _odd_before(reading: Reading, everyday: EverydayWords, end: int) -> int:
    """Where a run of characters that are no words, before `end`, begins; `end` if it is no name."""
    text = reading.text
    if end in reading.inside:
        return end
    start = end
    while reading.single(start - 1) and not everyday.is_free(text[start - 1]) and end - start < 4:
        start -= 1
    odd = any(not everyday.is_usual(character) for character in text[start:end])
    return start if end - start >= 2 and odd else end


def _in_latin(text: str, start: int, end: int) -> bool:
    first, last = text[start], text[end - 1]
    before, after = text[start - 1 : start], text[end : end + 1]
    return (first.isascii() and before.isascii() and before.isalpha()) or (
        last.isascii() and after.isascii() and after.isalpha()
    )
