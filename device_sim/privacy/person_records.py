"""Names in records: lists, rosters, tables under a heading, lines of a speaker, labels, mentions with @.

What stands there is short and alone, so that it may be an everyday word: its place tells that it is a name.
"""

import re
from collections.abc import Iterator

from device_sim.privacy.everyday import EverydayWords
from device_sim.privacy.findings import SensitiveType
from device_sim.privacy.latin_names import is_pinyin_name
from device_sim.privacy.name_words import (
    COLUMNS_OF_FIRMS,
    COLUMNS_OF_PLANS,
    OTHER_COLUMNS,
    PERSON_LABELS,
    one_of,
)
from device_sim.privacy.person_context import is_formed
from device_sim.privacy.reading import Place
from model_store.han import HAN

_CELL = re.compile(r"[^\t|｜,，]+")
_LINE = re.compile(r"[^\n]+")
_NAME = re.compile(rf"[{HAN}]{{2,4}}(?:·[{HAN}]{{1,8}}){{0,3}}|[A-Z][A-Za-z.'’-]+(?: [A-Z][A-Za-z.'’-]+){{0,3}}")
_FIRM = re.compile(rf"[{HAN}A-Za-z0-9（）() &.·-]{{2,30}}")
_PERSON_HEAD = re.compile(
    rf"\s*(?:{one_of(PERSON_LABELS)})(?:姓名|名字|人员)?\s*",
)
_FIRM_HEAD = re.compile(rf"\s*(?:{one_of(COLUMNS_OF_FIRMS)})(?:名称)?\s*")
_PLAN_HEAD = re.compile(rf"\s*(?:{one_of(COLUMNS_OF_PLANS)})(?:名称)?\s*")
_DAY_OR_SEAT = re.compile(
    rf"(?<![{HAN}A-Za-z0-9])(?:(?:(?:周|星期|礼拜)[一二三四五六日天]|\d{{1,2}}[月日号点床桌组]|第[一二三四五六]组"
    rf"|[早中晚夜]班)[:：\s]\s?|[A-Z]\d{{1,2}}\s?)(?P<name>[{HAN}]{{2,4}})(?=[\s,，;；、/]|$)"
)
_LABELLED = re.compile(
    rf"(?>{one_of(PERSON_LABELS)})(?P<said>(?>[写填是为叫]|[:：])?)\s?(?P<name>[{HAN}]{{2,3}}?)"
    rf"(?=[^\w{HAN}]|$|\d|[A-Z]|(?:[已去来说让把请给在让打]|可以|同意|负责|签字|将|明天|今天))"
)
_SPEAKER = re.compile(rf"(?:^|\n)\s*(?P<name>[{HAN}]{{2,3}})[:：](?=[^\n]*[我你您咱])")
_MENTION = re.compile(r"(?<![\w.@-])@(?P<name>[a-z]{4,20}|[A-Z][a-z]+(?:[ _.]?[A-Z][a-z]+)?)(?![\w@.-]*\.[a-z])")


def recorded(text: str, everyday: EverydayWords) -> Iterator[tuple[Place, SensitiveType]]:
    """Where a record names a person, and in tables a firm or a project."""
    yield from _in_tables(text)
    for match in _DAY_OR_SEAT.finditer(text):
        if is_formed(match["name"], everyday, listed=True):
            yield match.span("name"), SensitiveType.PERSON
    for match in _LABELLED.finditer(text):
        if is_formed(match["name"], everyday) and (match["said"] or everyday.is_rare(match["name"])):
            yield match.span("name"), SensitiveType.PERSON
    for match in _SPEAKER.finditer(text):
        if is_formed(match["name"], everyday) and match["name"] not in PERSON_LABELS:
            yield match.span("name"), SensitiveType.PERSON
    for match in _MENTION.finditer(text):
        if is_pinyin_name(match["name"]):
            yield match.span("name"), SensitiveType.PERSON


def _in_tables(text: str) -> Iterator[tuple[Place, SensitiveType]]:
    """The cells under headings that say what they name."""
    kinds: list[SensitiveType | None] = []
    for line in _LINE.finditer(text):
        cells = [match for match in _CELL.finditer(text, *line.span()) if match[0].strip()]
        heads = [_kind(cell[0]) for cell in cells]
        if sum(_is_head(cell[0]) for cell in cells) > 1:
            kinds = heads
        elif kinds and len(cells) == len(kinds):
            for cell, kind in zip(cells, kinds, strict=True):
                named = (_NAME if kind is SensitiveType.PERSON else _FIRM).fullmatch(cell[0].strip())
                if kind is not None and named:
                    start = cell.start() + len(cell[0]) - len(cell[0].lstrip())
                    yield (start, start + len(named[0])), kind
        else:
            kinds = []


def _kind(head: str) -> SensitiveType | None:
    if _FIRM_HEAD.fullmatch(head):
        return SensitiveType.COMPANY
    if _PERSON_HEAD.fullmatch(head):
        return SensitiveType.PERSON
    return SensitiveType.PROJECT if _PLAN_HEAD.fullmatch(head) else None


def _is_head(cell: str) -> bool:
    return _kind(cell) is not None or cell.strip() in OTHER_COLUMNS
