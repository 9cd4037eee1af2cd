"""The cells of a table below a heading that names them: 姓名,工号,电话. Cells are parted by bars, commas or spaces."""

import re
from collections.abc import Iterator

from device_sim.privacy.findings import SensitiveType
from device_sim.privacy.patterns.matches import Match

_CUT = re.compile(r"[|,，;；、]| {1,8}")
_BARS = re.compile(r"[|,，;；、]")
_LONGEST_HEADING = 12
# By the end of a heading, in this order.
_HEADINGS = (
    (SensitiveType.PHONE, re.compile(r"(?:电话|手机|座机|联系方式|传真|分机|热线|tel|phone|mobile)(?:号码?)?$")),
    (SensitiveType.ID, re.compile(r"(?:身份[证]|证件)(?:号码?)?$")),
    (SensitiveType.PASSPORT, re.compile(r"(?:护照|通行证|passport)(?:号码?| ?no\.?)?$")),
    (SensitiveType.CARD, re.compile(r"(?:银行|储蓄|工资|信用)卡号?$|(?:收款|银行)[账帐][号户]$")),
    (SensitiveType.PLATE, re.compile(r"车牌号?码?$")),
    (
        SensitiveType.ACCOUNT,
        re.compile(
            r"""(?x)(?:[账帐][号户]|用户名|登[录陆]名|密码|口令|昵称|网名|微信|qq|微博|抖音|钉钉|飞书|wifi|[工学]号|编号
            |会员卡?号?|员工号|考号|准考证|(?<![a-z])(?:id|uid|user(?:[ ]?name)?|login|account|password|handle|sn|imei))
            (?:号码?|id|名)?$ | (?:保单|合同|病历|住院|就诊|医保|社保|户|表|序列|设备|学籍|警|房|借书证?)卡?号$"""
        ),
    ),
)
_SHORTEST = 3
_FORMS = {
    SensitiveType.PHONE: re.compile(r"[+(\d][\d+\-()# x*/转]{2,30}"),
    SensitiveType.ID: re.compile(r"[a-z]{0,3}[\d*]{6,20}[x(]?[\da)]{0,3}"),
    SensitiveType.CARD: re.compile(r"[\d *\-]{8,30}"),
    SensitiveType.PASSPORT: re.compile(r"[a-z]{0,3} ?[\d ]{5,12}[a-z]?"),
    SensitiveType.PLATE: re.compile(r"[一-鿿][a-z][ ·]?[a-z\d]{4,6}[一-鿿]?"),
}
_WORDLESS = re.compile(r"[\W_]+")
_RULE = re.compile(r"[ \-:=|+]*")
_COUNTED = re.compile(r"(?:第|共)?\d{0,3}[一-鿿 ]{0,2}")


def tables(text: str) -> Iterator[Match]:
    """The cells of a plain text's tables that a heading names."""
    if "\n" not in text:
        return
    kinds: list[SensitiveType | None] = []
    start = 0
    for line in text.split("\n"):
        cells = _cells(line)
        if kinds and len(cells) == len(kinds) and not any(_kind(cell) for _, cell in cells):
            for kind, (at, cell) in zip(kinds, cells, strict=True):
                if kind and _is_value(kind, cell):
                    yield Match(start + at, start + at + len(cell), kind)
        elif len(cells) > 1 and not _RULE.fullmatch(line) and not _WORDLESS.fullmatch(cells[0][1] or "a"):
            kinds = [_kind(cell) for _, cell in cells]
            if not any(kinds):
                kinds = []
        start += len(line) + 1


def _cells(line: str) -> list[tuple[int, str]]:
    """The cells of a line and where they begin; those of bars may be empty, those of spaces not."""
    cut = _BARS if _BARS.search(line) else _CUT
    cells, begin = [], 0
    for end, after in [*((found.start(), found.end()) for found in cut.finditer(line)), (len(line), len(line))]:
        written = line[begin:end]
        stripped = written.strip()
        if stripped or cut is _BARS:
            cells.append((begin + len(written) - len(written.lstrip()), stripped))
        begin = after
    return cells


def _kind(heading: str) -> SensitiveType | None:
    if not heading or len(heading) > _LONGEST_HEADING:
        return None
    return next((kind for kind, words in _HEADINGS if words.search(heading)), None)


def _is_value(kind: SensitiveType, cell: str) -> bool:
    """An account may be a word; all others look like what they are."""
    if len(cell) < _SHORTEST or _RULE.fullmatch(cell):
        return False
    if kind is SensitiveType.ACCOUNT:
        return not _COUNTED.fullmatch(cell)
    return _FORMS[kind].fullmatch(cell) is not None
