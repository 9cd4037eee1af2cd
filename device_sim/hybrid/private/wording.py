"""The wording of requests that all of them share: courtesy, questions, numbers and addresses. Pure functions."""

import re
from dataclasses import dataclass

from device_sim.personal.numerals import half_width

# All repetitions are bounded, or begin where none of their own can lie before: the time grows with the text.
EMAIL = r"(?<![A-Za-z0-9_.+-])[A-Za-z0-9_.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,5}"
PHONE = r"(?<!\d)\+?\d[\d\s-]{5,18}\d"
LONGEST_COMMAND = 2_000  # characters; what is longer is no sentence
_COURTESY = re.compile(
    r"(?:请问|请|麻烦你?|劳驾|你|能不能|可以|可不可以)?(?:帮我|给我(?!的)|替我|帮忙)?(?:再)?(?:在手机上)?"
)
_QUESTION = re.compile(
    r"([\u4e00-\u9fff])[不没]\1|[?]|吗|什么|啥|哪(?!怕)|几(?![乎句下])|多(?:少|[重高长大远快宽深厚](?![^,。?]{3}))|谁|怎么|有没有|是不是|为何|为什么|来着|没有?[?。!]?$"
)

_HESITATES = re.compile(
    "(?:别|不要|不用|先不|不想|不能|不该|勿|甭|没必要)(?:再|先|给我|急着|把.{0,12}?)?(?:取消|删|改|挪|推迟|提前|动|移|延|换|调|加)|"
    "^(?:如果|要是|假如|万一|假设)|的话(?:[,。]|$)|你觉得|要不要|该不该|应不应该|好不好|行不行|合不合适|呢[?。]?$"
)


@dataclass(frozen=True)
class Said:
    """A request without spaces around it and without 请帮我: as it was `typed`, and `plain` in half width and small
    letters, with the same places.
    """

    typed: str
    plain: str

    def cut(self, match: re.Match[str], group: str) -> str:
        """What the group of a match in `plain` was typed as."""
        return self.typed[match.start(group) : match.end(group)].strip() if match[group] is not None else ""


def said(text: str) -> Said:
    """The request that a text makes."""
    typed = text.strip()
    plain = half_width(typed)
    match = _COURTESY.match(plain)
    begin = match.end() if match else 0
    while begin < len(plain) and plain[begin] in " ,":
        begin += 1
    return Said(typed[begin:], plain[begin:])


def asks(plain: str) -> bool:
    """Whether a text in half width asks something."""
    return _QUESTION.search(plain) is not None


def hesitates(plain: str) -> bool:
    """Whether something is weighed or forbidden, not asked to be done: 别取消, 要不要改到周五, 如果取消的话."""
    return _HESITATES.search(plain) is not None


def ends_as_question(plain: str) -> bool:
    """Whether it is a question however it begins: 记个笔记可以吗."""
    return plain.rstrip().endswith(("?", "吗"))
