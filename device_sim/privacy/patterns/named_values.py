"""Accounts by the words around them: a label before, a cue after, what is done with them; and where money goes."""

import re
from collections.abc import Iterator

from device_sim.privacy.findings import SensitiveType
from device_sim.privacy.patterns import account_words as words
from device_sim.privacy.patterns.handles import Span, is_handle, is_made
from device_sim.privacy.patterns.labelled import labelled
from device_sim.privacy.patterns.matches import Match
from device_sim.privacy.patterns.public import asks, tells_of_somebody

_RUN = r"[a-z0-9_][a-z0-9_.\-]{2,40}"
_FREE = r"(?<![a-z0-9_.\-@/:])"
_WHOSE = r"(?:我|他|她|你|您|咱|我们|本人|老[公婆师板]|[爸妈]爸?妈?|(?![最常默])[一-鿿]{2,3}(?=的))"
# A value, then what it is: sunny-fang是我微信.
_IS = re.compile(
    rf"""(?x){_FREE}(@?[a-z0-9_][a-z0-9_.\-@]{{3,40}}) [ ]?[,，]?[ ]? (?:这个?|那个?|就|才|都|也)*[是为]
    ({_WHOSE})? 的?[新旧老大小]? (?:{words.AFTER})"""
)
# The same without a verb, if it ends a phrase: fengzi0077 微信.
_THEN = re.compile(
    rf"""(?x){_FREE}(?=[a-z]*[\d_\-])([a-z][a-z0-9_.\-]{{4,30}})[ ]
    (?:微信号?|qq|抖音号?|小红书|账号|用户名|工号)(?=$|[，。；,;\s])"""
)
_MESSAGE = re.compile(r"】[^\d，。\n]{0,6}(?<!\d)(\d{4,8})(?!\d)[，,（( ]{0,2}(?:用于|请勿|请在|您?正在|\d+分钟)")
# What is done with it: 用qa_li登录, 给li_hui开权限, li_hui登不上, a_b和c_d是同一个人.
_DONE = [
    re.compile(
        rf"""(?x)(?:用|拿|以|通过|输入?|换成?)(?:数字|账号|密码)?[ ]?({_RUN})[ ]?
        (?:这个号?|账号)?[来去就能可以]{{0,3}} (?:登[录陆]|解锁|开门|开锁|进系统|进后台|进群|进去|注册|下单|买)"""
    ),
    re.compile(
        rf"""(?x){_FREE}({_RUN})[ ]?[、,，和跟与][ ]?({_RUN})[ ]?
        (?:都|其实|应该)?(?:是|属于) (?:同?一个?人|[一-鿿]{{1,4}}的[小大]?号)"""
    ),
    re.compile(
        rf"""(?x)(?:给|把|为|封|禁|解[封冻]|开通|注销|停用|找回)[了掉]?[ ]?(@?{_RUN})[ ]?
        (?:这个)? (?:账号|帐号|开通?|的?权限|授权|的号|重置|改密|加[权个]|解[绑锁]|发了?邀请)"""
    ),
    re.compile(
        rf"""(?x){_FREE}({_RUN})[ ]? (?:这个号?|账号)?(?:又|老是|一直|怎么)?
        (?:登不[上进了]|上不去|被盗|被封|登[录陆]不)"""
    ),
]
_PAIR = re.compile(
    r"(?<![a-z])(?:login|log in|user|acct|id|[账帐][号户]|用户名?)[ :=]{1,3}([a-z0-9_.@\-]{2,40})[ ]?[/|,，;；\n][ ]?"
    r"(?:pw|pwd|pass|password|密码|口令)[ :=]{0,3}([!-~]{3,40})"
)
_MENTION = re.compile(r"(?<![a-z0-9_.@/])(@[a-z0-9_.]{3,30})(?![a-z0-9_/\-(])")
_MENTIONED_BY = re.compile(r"(?:找|加|关注|私信|问|联系|叫|是|飞机|推特|[小大]?号|follow|dm|dm me|by|user|:)[ ]?$")
PROGRAM = re.compile(r"注解|装饰器|npm|pip|import|代码|组件|报错|类型|spring|java|python|css|@media|vue")
_PAID_TO = re.compile(
    r"(?:[汇转打存付缴]款?[到入进至给]|账户|公户|户头|收款户|[账帐][户号])[^\d，。\n]{0,8}?"
    r"(\d(?:[ \-]?\d){11,24})(?!\d|[元块万])"
)
# An order's number tells nothing but of the one whose it is.
_ORDER = re.compile(
    r"[我他她](?:的|在|买)?[一-鿿]{0,6}(?:订单|运单|快递单?|单|流水|取单|预订|预定|确认|包裹)(?:编?号|码)[ :是为]{0,3}"
    r"([a-z]{0,4}\d[\d\-]{7,30}\d)(?![\da-z])"
)


def named_values(text: str) -> Iterator[Match]:
    """The accounts of a plain text that the words around them name."""
    public = asks(text) and not tells_of_somebody(text)
    for span in labelled(text, public=public):
        yield Match(*span, SensitiveType.ACCOUNT)
    for span in _by_cues(text, public):
        yield Match(*span, SensitiveType.ACCOUNT)
    for found in _PAID_TO.finditer(text):
        yield Match(*found.span(1), SensitiveType.CARD)
    for found in _ORDER.finditer(text):
        yield Match(*found.span(1), SensitiveType.ACCOUNT)


def _by_cues(text: str, public: bool) -> Iterator[Span]:
    for found in _IS.finditer(text):
        if (found[2] or is_made(found[1])) and is_handle(found[1], bare=False, public=public):
            yield found.span(1)
    for pattern in _DONE:
        for found in pattern.finditer(text):
            for group, value in enumerate(found.groups(), start=1):
                if is_handle(value, bare=True, public=public):
                    yield found.span(group)
    if not public:
        yield from _of_texts_that_tell(text)


def _of_texts_that_tell(text: str) -> Iterator[Span]:
    for pattern in (_PAIR, _THEN, _MESSAGE):
        for found in pattern.finditer(text):
            for group in range(1, pattern.groups + 1):
                yield found.span(group)
    if "@" in text and not PROGRAM.search(text):
        for found in _MENTION.finditer(text):
            if is_made(found[1][1:]) or _MENTIONED_BY.search(text, max(0, found.start() - 8), found.start()):
                yield found.span(1)
