"""What things are called, told by the words around it: a name made of everyday words is not odd in itself.

For texts that come out of private data alone, since it hides too much rather than too little: 芝麻团 in 给芝麻团写,
月亮不睡觉 in 她的账号月亮不睡觉, 1702 in 楼上1702.
"""

import re
from collections.abc import Iterator
from itertools import chain

from device_sim.privacy.everyday import EverydayWords
from device_sim.privacy.findings import Finding, SensitiveType

_SOURCE = "what it is called"
_KINDS = """
    账号 公众号 视频号 直播间 频道 播客 专栏 足球队 篮球队 球队 战队 车队 校队 乐队 舞团 剧团 合唱团 社团 社群
    俱乐部 工作室 小店 网店 店铺 餐厅 饭店 饭馆 咖啡馆 咖啡店 奶茶店 面馆 书店 花店 民宿 客栈 酒吧 茶馆 宠物店
    面包店 甜品店 品牌 牌子 小猫 小狗 猫咪 狗狗 橘猫 仓鼠 兔子 鹦鹉 乌龟 宠物 金毛 泰迪 柯基 布偶 英短 小区 楼盘
    微信群 群 小程序 应用 软件 游戏 小组 项目组 诊所 农场 农庄 小艇 家里的猫 家里的狗 猫 狗
    """
# Who a text is written to without being named.
_ANYBODY = """
    孩子 小孩 儿子 女儿 宝宝 老师 班主任 校长 同学 学生 家长 同事 领导 老板 上司 下属 客户 甲方 乙方 供应商 合作方
    伙伴 团队 部门 公司 全公司 全体 员工 大家 朋友 朋友们 闺蜜 兄弟 室友 邻居 房东 租客 房客 物业 业主 医生 护士
    患者 病人 爸爸 妈妈 爸妈 父母 父亲 母亲 爷爷 奶奶 外公 外婆 姥姥 姥爷 哥哥 姐姐 弟弟 妹妹 老公 老婆 丈夫 妻子
    男朋友 女朋友 对象 亲戚 家人 长辈 新人 新郎 新娘 嘉宾 评委 观众 听众 读者 用户 会员 粉丝 面试官 投资人 媒体 记者
    社区 学校 银行 法院 医院 人事 财务 销售 工程师 实习生 应届生 新员工 老客户 潜在 所有 全班 全家 每位 各位 他们
    她们 我们 自己 对方 那边 群里 他 她 我 你 我家 他家 她家 我妈 我爸 我哥 我姐 我弟 我妹 我老婆 我老公 我女儿
    我儿子 我孩子 我老板 我同事 我领导 我客户 的 和 跟 与 全 新 老 小 们 一个 一位
    """
_MAKE = "写|拟|起草|做|列|编|画|设计|准备|想|办|起|取|录|发|回"
_NAME = "(?:(?![的给为替帮我你您他她们把将和跟])[\u4e00-\u9fff]){2,8}?"  # nobody is called 我给…
_AFTER = rf"(?=(?:{_MAKE}|的|要|想|在|是|开业|招|，|。|、|：|；|！|？|,|;|:|\s|$))"
_QUOTES = '[「『“"《【]?'
_KIND_FIRST = re.compile(rf"(?:{'|'.join(sorted(_KINDS.split(), key=len, reverse=True))})")
_SAID = re.compile(rf"(?:叫做|名叫|名字叫|名为|叫|是)?{_QUOTES}(?P<name>{_NAME}){_AFTER}")
_SURELY_SAID = re.compile(rf"(?:叫做|名叫|名字叫|名为|叫){_QUOTES}(?P<name>{_NAME}){_AFTER}")
_OWNED = re.compile(r"(?:的[\u4e00-\u9fff]{0,3}|家|我们|咱们|我|新开)$")
_FOR = re.compile(
    rf"(?:给|为|替|帮)(?P<name>{_NAME})(?=(?:{_MAKE})(?:一|个|几|两|三|份|封|段|条|篇|首|张|出|下|好|点))"
)
_WORDS = "(?P<name>(?:(?![的给为替帮我你您他她们把将和跟])[\u4e00-\u9fff]){2,5}"
_OF_KIND = re.compile(rf"(?:对|在|去|给|从|到|订了?|住了?){_WORDS}?)(?:{_KIND_FIRST.pattern})(?!名|费|主|里|门)")
_ASIDE = re.compile(rf"{_WORDS})[（(](?:我家|我们家|家里|我)?的?.{{0,3}}(?:{_KIND_FIRST.pattern})[）)]")
_ROOM = re.compile(
    r"(?:楼上|楼下|隔壁|对门|门牌号?|房号|房间号?|住在?|搬到|楼|栋|幢|单元)(?:的|是|：|:)?\s?(?P<room>\d{3,4})(?:室|房|号)?"
    r"(?![\d年元块个人米平万天分次公月岁小])"
)
_LOOKS_BACK = 5


class Called:
    """A recogniser; see `Recogniser`."""

    def __init__(self, everyday: EverydayWords) -> None:
        self._everyday = everyday
        anybody = sorted(_ANYBODY.split(), key=len, reverse=True)
        self._anybody = re.compile(rf"(?:{'|'.join(map(re.escape, anybody))})+")

    def find(self, text: str) -> list[Finding]:
        """Names of things and rooms."""
        found = [Finding(start, end, SensitiveType.TERM, _SOURCE) for start, end in self._names(text)]
        rooms = _ROOM.finditer(text)
        return found + [Finding(*match.span("room"), SensitiveType.ADDRESS, _SOURCE) for match in rooms]

    def _names(self, text: str) -> Iterator[tuple[int, int]]:
        for kind in _KIND_FIRST.finditer(text):
            owned = _OWNED.search(text[max(0, kind.start() - _LOOKS_BACK) : kind.start()])
            said = (_SAID if owned else _SURELY_SAID).match(text, kind.end())
            if said is not None and self._may_be_name(said["name"]):
                yield said.span("name")
        for told in chain(_FOR.finditer(text), _OF_KIND.finditer(text)):
            if self._may_be_name(told["name"]):
                yield told.span("name")
        yield from (aside.span("name") for aside in _ASIDE.finditer(text))

    def _may_be_name(self, words: str) -> bool:
        return words not in self._everyday and not self._anybody.fullmatch(words)
