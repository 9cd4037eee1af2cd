"""Where a request is answered: on the device (private), by the cloud (general), or by both (mixed).

A pure policy of three things: what the `route` head says, which the user's corrections teach; what of the user's was
found in the text or stored on the device; and what the wording asks for. Unsure means private.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

SURE = 0.7  # a request leaves the device only if the head gives private no more than 1 - SURE
_SURELY_MIXED = 0.96  # from there on a request is mixed whatever its wording

# Something is to be made or explained, which takes a language model.
_ASKS_TO_MAKE = re.compile(
    r"写(?!进|到|在|入|下|过|错|的|了|着)|起草|草拟|撰|翻译|译成|润色|改写|改得|扩写|缩写|仿写|拟(?:一|个|好|份|封|邮|稿|条)|"
    r"改成.{0,6}(?:语气|口吻|版本|版|大白话)|整理|总结|归纳|汇总|提炼|压缩|概括|拆成|分析|对比|规划|模拟|构思|策划|排个|排一份|"
    r"(?:做|列|弄|生成|出|编|画|搞|设计|准备|想|组织|起|来|给|提|讲|制定|推荐)(?:成|个|一|几|两|三|五|十|份|出|下|段|些).{0,16}"
    r"(?:邮件|方案|计划|提纲|大纲|纪要|报告|稿|文案|清单|表|话术|祝|回复|通知|建议|策略|PPT|ppt|脚本|礼物|创意|点子|名字|思路|框架|"
    r"意见|图|词|帖|问题|主意|说法|路线|食谱|行程|攻略|比喻|故事|白|图表|公告|海报|标题|段子)|"
    r"(?:回|回复)(?:一?封|.{1,8}(?:邮件|消息|信))|怎么(?:回复|写|开口|拒绝|劝|安慰|表达|解释|措辞)|"
    r"如何(?:回复|写|拒绝|劝|安慰|表达|解释)|出(?:个|点|几个)主意|送.{0,6}什么|帮我想|替我想|解释|大白话"
)
# The phone's own data is asked for or changed.
_ASKS_FOR_OWN = re.compile(
    r"(?:我|咱)(?:们)?(?:的)?.{0,12}(?:日程|安排|行程|日历|待办|会议?有|有(?:什么|哪些|没有|几个)?(?:会|安排|事|约|空)|有空|空不空|忙不忙)|"
    r"(?:有|还有)(?:什么|哪些|几个)(?:会|安排|日程|约)|(?:的|他|她)?(?:电话|手机号?|号码|邮箱|联系方式|微信号?)(?:是|多少|有|在|发|给|呢|\?|？)|"
    r"提醒我|帮我(?:记|存|加|删|取消|改|挪|推迟|定个|设|查一?下我|看一?下我|找一?下我)|记一?下|记个|备忘|存(?:一下|为|进|到)|加到(?:日历|日程|通讯录)|"
    r"取消.{0,16}(?:会|约|安排|预约|日程|提醒)|(?:改|挪|推迟|提前|调)(?:到|至)|上次.{0,12}(?:说了什么|聊了什么|讲了什么|定了什么|谈了什么|说的)|"
    r"(?:几点|什么时候|哪天|星期几).{0,8}(?:开会|见|的会|出发|的约)|(?:会|约|见面|聚餐|体检|航班|高铁)(?:是|在|定在)?(?:几点|什么时候|哪天|在哪)"
)


class RouteLabel(StrEnum):
    """Where a request is answered; the labels of the task `route`."""

    PRIVATE = "private"
    GENERAL = "general"
    MIXED = "mixed"


@dataclass(frozen=True)
class Evidence:
    """What of the user's a request touches: `own` names the kinds of values in its text that are the user's (whom and
    what the phone knows, numbers, accounts ...), `stored` counts what stored notes and entries hold of it: its names
    and rare words, and one more if one of them may answer it. A name that the phone does not know is no evidence: most
    are of public people. It is hidden all the same.
    """

    own: tuple[str, ...] = ()
    stored: int = 0


@dataclass(frozen=True)
class Route:
    """The decision, what the head thinks (by label), and the reasons, which quote no text."""

    label: RouteLabel
    probabilities: dict[str, float]
    reasons: tuple[str, ...]


def dispatch(text: str, probabilities: Mapping[str, float], evidence: Evidence) -> Route:
    """The route of `text`, given the head's `probabilities` by label."""
    head = {label: probabilities.get(label, 0.0) for label in RouteLabel}
    likeliest = max(head, key=lambda label: head[label])
    reasons = [f"the route head says {likeliest} ({head[likeliest]:.2f})"]
    label = _decide(text, head, evidence, reasons)
    return Route(label, {one.value: share for one, share in head.items()}, tuple(reasons))


def _decide(text: str, head: Mapping[RouteLabel, float], evidence: Evidence, reasons: list[str]) -> RouteLabel:
    makes, asks_own = bool(_ASKS_TO_MAKE.search(text)), bool(_ASKS_FOR_OWN.search(text))
    if evidence.own:
        reasons.append(f"the text names what is the user's: {', '.join(evidence.own)}")
    if evidence.stored:
        reasons.append("stored notes or entries hold its words")
    if head[RouteLabel.PRIVATE] > 1 - SURE:
        if head[RouteLabel.PRIVATE] < SURE:
            reasons.append("that is unsure, and unsure means private")
        return RouteLabel.PRIVATE
    if head[RouteLabel.MIXED] >= _SURELY_MIXED:
        return RouteLabel.MIXED
    if asks_own and not makes:
        reasons.append("it asks for the phone's own data, or changes it")
        return RouteLabel.PRIVATE
    if head[RouteLabel.GENERAL] >= SURE and not (evidence.own or evidence.stored or asks_own):
        return RouteLabel.GENERAL
    if not makes:
        reasons.append("nothing is to be made of it that takes a cloud model, and unsure means private")
        return RouteLabel.PRIVATE
    reasons.append("it asks for something to be made")
    return RouteLabel.MIXED
