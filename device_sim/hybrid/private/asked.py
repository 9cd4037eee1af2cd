"""What a free question asks for: its telling words, and the kind of value that would answer it. Pure functions."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from device_sim.hybrid.private.question_words import ENGLISH, FRAMED, WEAK
from device_sim.hybrid.private.reading import Reading, blanked
from device_sim.hybrid.private.wording import EMAIL, PHONE
from device_sim.personal.numerals import half_width
from device_sim.personal.records import Contact

_MOST_WORDS = 40
_LONGEST = 400
_RUN = re.compile(r"[\u4e00-\u9fff]+|[a-z0-9\u00c0-\u024f@._+-]+")
_RELATIVE = re.compile(r"[\d今明昨前后天日周号月点]|星期|礼拜|现在|目前|最近|之|以|早|晚|午")
_NUMERAL = r"[\d一二三四五六七八九十百千万两半]"
_MONEY = (
    rf"{_NUMERAL}+(?:\.\d+)?\s?(?:多|来)?(?:万|千|百|亿)?(?:元|块|港币|美元|欧元|人民币)|"
    rf"(?:usd|eur|gbp|sgd|hkd|rmb|cny|港币|￥|¥|\$)\s?[\d.,]+|"
    rf"{_NUMERAL}+(?:万|千)(?![\u4e00-\u9fff]*(?:公里|步|字))|打[一二三四五六七八九]折|每{{0,1}}[交收付]\d+"
)
_TIME = (
    rf"\d{{4}}-\d|{_NUMERAL}+(?:月|号|日|点|年)|[明今后去]年|周[一二三四五六日末]|月底|下个月|"
    r"上午|下午|早上|晚上|:\d\d|before|until|by \w"
)
_ASKS_MONEY = (
    "多少钱|花了|便宜|贵|[费价款钱租金](?:用)?.{0,4}(?:多少|几)|报价|预算|出场费|"
    "(?:扣|收|付|欠|给|报|投|融|借|赚|亏|捐|交|赔|罚).{0,4}多少"
)
_ASKS_NUMBER = (
    "多少|多[重高长大远快宽深厚]|哪[一二两三四五六七八九十几]|几[个箱节条只位套批人次分笔斤公步天年件折盒袋瓶]"
)


@dataclass(frozen=True)
class Asked:
    """The kind of value that is asked for: its name, empty where any sentence would do, and how it looks."""

    name: str
    form: re.Pattern[str] | None

    def held_by(self, text: str) -> bool:
        """Whether the text holds such a value."""
        return self.form is not None and self.form.search(half_width(text)) is not None


_ANYTHING = Asked("", None)
_KINDS = (
    (re.compile("微信"), Asked("微信号", re.compile("微信"))),
    (re.compile("邮箱|邮件地址|e-?mail"), Asked("邮箱", re.compile(EMAIL))),
    (re.compile("电话|手机号|号码(?!是多少箱)|座机"), Asked("号码", re.compile(PHONE))),
    (re.compile("工单号|单号|卡号|护照号|编号|密码|取件码|账号|车牌|牌照"), Asked("号码", re.compile(r"[a-z0-9]{4,}"))),
    (re.compile(_ASKS_MONEY), Asked("多少钱", re.compile(_MONEY))),
    (re.compile("几点|什么时候|啥时候|什么时间|哪天|哪一天|几号|几月|哪个月|哪年|星期几|周几|多久|截止|到期"),
     Asked("时间", re.compile(_TIME))),
    (re.compile(_ASKS_NUMBER), Asked("数目", re.compile(_NUMERAL))),
)  # fmt: skip


def asked_value(plain: str) -> Asked:
    """The kind of value that a question in half width asks for."""
    return next((asked for pattern, asked in _KINDS if pattern.search(plain)), _ANYTHING)


@dataclass(frozen=True)
class Telling:
    """`words` tell what a question is about: pairs of Chinese characters, words of letters, with English words for
    some as alternatives (a|b); who is named is @id|as it was said. `runs` are the stretches that the pairs are of.
    """

    words: tuple[str, ...]
    runs: tuple[str, ...]

    @property
    def things(self) -> frozenset[str]:
        """The words that are no persons."""
        return frozenset(word for word in self.words if not word.startswith("@"))


def telling_words(reading: Reading, contacts: Iterable[Contact]) -> Telling:
    """What of a question tells what it is about, in its order."""
    # 元旦 of 元旦节目 is a word too.
    places = [
        (one.begin, one.stop) for one in reading.times.spans if _RELATIVE.search(reading.plain, one.begin, one.stop)
    ]
    places += [(one.begin, one.stop) for one in reading.mentions]
    words: dict[str, None] = {}
    for mention in reading.mentions:
        said = reading.plain[mention.begin : mention.stop]
        words["|".join((*(f"@{contact.id}" for contact in mention.contacts), said))] = None
    rest = blanked(reading.plain, places)[:_LONGEST]
    for said, who in organisations_named(rest, contacts).items():
        words["|".join((*(f"@{contact.id}" for contact in who), said))] = None
        rest = rest.replace(said, " ")
    runs = _RUN.findall(FRAMED.sub(" ", rest))
    for run in runs:
        pairs = pairs_of(run)
        for pair in pairs:
            if WEAK.issuperset(pair):
                continue
            words[f"{pair}|{ENGLISH[pair]}" if pair in ENGLISH else pair] = None
    return Telling(tuple(words)[:_MOST_WORDS], tuple(runs)[:_MOST_WORDS])


def pairs_of(run: str) -> list[str]:
    """The overlapping pairs of a run of Chinese characters; a word of letters is its own."""
    is_han = "\u4e00" <= run[0] <= "\u9fff"
    return [run[at : at + 2] for at in range(len(run) - 1)] if is_han else [run]


def organisations_named(plain: str, contacts: Iterable[Contact]) -> dict[str, list[Contact]]:
    """The beginnings of organisations that a text in half width holds, two characters at least, and who is of them."""
    found: dict[str, list[Contact]] = {}
    for contact in contacts:
        name = half_width(contact.organisation or "")
        least = 4 if name.isascii() else 2
        if len(name) < least or name[:least] not in plain:
            continue
        size = next(size for size in range(len(name), least - 1, -1) if name[:size] in plain)
        found.setdefault(name[:size].strip(), []).append(contact)
    return {said: who for said, who in found.items() if not any(said != other and said in other for other in found)}
