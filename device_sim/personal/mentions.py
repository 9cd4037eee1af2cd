"""Persons of the address book as a text may name them: names, aliases, and what people make of a surname.

Pure functions of values. What is generated is meant to be recognised, not to be shown: nobody is called all of it.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from device_sim.personal.records import Contact

_TITLES = """
    总 总监 总经理 副总 董 董事长 经理 主管 主任 主席 书记 部长 处长 局长 科长 院长 校长 所长 厂长 店长 队长 组长
    班长 老师 老板 老 工 工程师 教授 博士 医生 大夫 护士 律师 法官 警官 会计 秘书 助理 导 导演 教练 师傅 师兄 师姐
    师弟 师妹 先生 女士 小姐 太太 夫人 同学 同志 哥 姐 弟 妹 叔 叔叔 伯 伯伯 姨 阿姨 婶 爷爷 奶奶 大哥 大姐 大爷
    大妈 sir
    """
TITLES = tuple(_TITLES.split())
NICK_PREFIXES = ("老", "小", "阿", "大")
_COMPOUND_SURNAMES = """
    欧阳 司马 上官 诸葛 东方 皇甫 尉迟 公孙 慕容 令狐 司徒 司空 夏侯 南宫 长孙 宇文 轩辕 端木 独孤 拓跋 呼延 闻人
    申屠 太史 公冶 濮阳 淳于 单于 澹台 钟离 百里 东郭 西门 南门
    """
COMPOUND_SURNAMES = frozenset(_COMPOUND_SURNAMES.split())
# A surname with a prefix or a title that is an everyday word first. Only generated forms are dropped for it: who has a
# contact called 小米, or the alias 小米, is understood.
_EVERYDAY_FORMS = """
    小时 小米 小白 小心 小计 小广 小麦 小曲 小费 小平 小车 小路 小雨 小包 小花 小牛 小成 小满 小季 小区 小组 老成
    老本 老公 老实 老家 阿里 大方 大都 大师 大夏 大连 大安 大同 大同学 大路 大家 大海 大米 大麦 大乐 大江 大明 大常
    手工 施工 加工 时工 完工 人工 员工 国老 常老 于老 成老 都老 能总 时总 时公 常公 安公 安导 向导 文工 那公 公公
    办公 都总 常总 成工 和老师 和老 和总 和经理 和律师 和医生 和姐 和哥 和同学 同老师 同总 向老师 向总 于总 从老师
    从总 从经理 时老师
    """
_EVERYDAY = frozenset(_EVERYDAY_FORMS.split())


class Certainty(IntEnum):
    """How sure it is that a form names the contact; the smaller, the surer."""

    NAMED = 0  # the name or an alias, in full
    PART = 1  # a given name, or one word of an English name
    ADDRESSED = 2  # what the surname makes: 王总, 小王


@dataclass(frozen=True)
class Mention:
    """The characters `begin` to `stop`, exclusive, name one of `contacts`; more than one where several fit as well."""

    begin: int
    stop: int
    contacts: tuple[Contact, ...]
    certainty: Certainty


def variants(contact: Contact) -> tuple[str, ...]:
    """The forms by which a text may name the contact, the surest first, each once."""
    return tuple(form for form, _ in _forms(contact))


def mentioned(text: str, contacts: Iterable[Contact]) -> tuple[Mention, ...]:
    """The places that name any of the contacts; see `People.find`."""
    return People(contacts).find(text)


class People:
    """The contacts, made ready to be found in many texts. Immutable."""

    def __init__(self, contacts: Iterable[Contact]) -> None:
        found: dict[str, tuple[Certainty, list[Contact]]] = {}
        for contact in contacts:
            for form, certainty in _forms(contact):
                key = _folded(form)
                known = found.get(key)
                if known is None or certainty < known[0]:
                    found[key] = (certainty, [contact])
                elif certainty == known[0] and known[1][-1] is not contact:
                    known[1].append(contact)
        self._forms = {key: (certainty, tuple(who)) for key, (certainty, who) in found.items()}
        lengths: dict[str, set[int]] = {}
        for key in self._forms:
            lengths.setdefault(key[0], set()).add(len(key))
        self._lengths = {first: tuple(sorted(sizes, reverse=True)) for first, sizes in lengths.items()}

    def find(self, text: str) -> tuple[Mention, ...]:
        """The mentions from left to right, none overlapping; at each place the longest form counts. A form that an
        alias or a name spells out beats the same form made from another contact's surname. Linear in the text.
        """
        folded = _folded(text)
        mentions: list[Mention] = []
        at = 0
        while at < len(folded):
            for size in self._lengths.get(folded[at], ()):
                known = self._forms.get(folded[at : at + size])
                if known is not None and at + size <= len(folded) and _stands_alone(folded, at, at + size):
                    mentions.append(Mention(at, at + size, known[1], known[0]))
                    at += size
                    break
            else:
                at += 1
        return tuple(mentions)


def surname(name: str) -> str | None:
    """The surname of a Chinese name of two to four characters; None for any other name."""
    if not (2 <= len(name) <= 4 and all(map(_is_han, name))):
        return None
    if len(name) >= 3 and name[:2] in COMPOUND_SURNAMES:
        return name[:2]
    return name[0]


def _forms(contact: Contact) -> list[tuple[str, Certainty]]:
    forms: dict[str, Certainty] = {}
    named = [_tidy(name) for name in (contact.name, *contact.aliases)]
    for name in named:
        if name:
            forms.setdefault(name, Certainty.NAMED)
    for name in named[:1]:
        for form, certainty in (*_parts(name), *_addressed(name)):
            forms.setdefault(form, certainty)
    return list(forms.items())


def _parts(name: str) -> list[tuple[str, Certainty]]:
    family = surname(name)
    if family is not None:
        given = name[len(family) :]
        return [(given, Certainty.PART)] if len(given) >= 2 else []
    words = name.replace("·", " ").replace("-", " ").split()
    return [(word, Certainty.PART) for word in words if len(words) > 1 and len(word) >= 2]


def _addressed(name: str) -> list[tuple[str, Certainty]]:
    family = surname(name)
    if family is None:
        return []
    forms = [family + title for title in TITLES]
    if len(family) == 1:
        prefixed = [prefix + family for prefix in NICK_PREFIXES]
        forms += prefixed + [form + title for form in prefixed[:2] for title in ("总", "哥", "姐", "工", "老师")]
    given = name[len(family) :]
    forms += ["阿" + given[-1], "小" + given[-1]]
    if len(given) == 2:
        forms += [given + title for title in ("哥", "姐", "总", "老师")]
        if given[0] == given[1]:
            forms.append("小" + given)
    return [(form, Certainty.ADDRESSED) for form in forms if form not in _EVERYDAY]


def _tidy(name: str) -> str:
    """Without the spaces that some address books put between the characters of a Chinese name."""
    words = name.split()
    return "".join(words) if all(_is_han(c) for word in words for c in word) else " ".join(words)


def _folded(text: str) -> str:
    """Lower case and half width, character by character, so that places stay what they are."""
    if text.isascii():
        return text.lower()
    return "".join(_folded_character(c) for c in text)


def _folded_character(character: str) -> str:
    if _is_han(character):
        return character
    folded = unicodedata.normalize("NFKC", character).lower()
    return folded if len(folded) == 1 else character


def _stands_alone(text: str, begin: int, stop: int) -> bool:
    """Whether no Latin word goes on across either border: Al is not in Alice."""
    before = begin > 0 and _is_latin(text[begin - 1]) and _is_latin(text[begin])
    after = stop < len(text) and _is_latin(text[stop]) and _is_latin(text[stop - 1])
    return not (before or after)


def _is_latin(character: str) -> bool:
    return character.isalnum() and not _is_han(character)


def _is_han(character: str) -> bool:
    return "\u3400" <= character <= "\u9fff" or "\U00020000" <= character <= "\U0003134f"
