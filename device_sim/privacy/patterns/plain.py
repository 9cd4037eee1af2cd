"""A text made plain for matching, and the way back to the original's places.

Widths, letter case, dashes and spaces of all kinds become one; characters that are not seen vanish; digits of any
script or in circles become 0-9. So `１３８０ ①③⑧` is met as the number it is read as.
"""

import re
import unicodedata
from functools import lru_cache

from device_sim.privacy.plain_text import Plain

_KEPT_WIDE = "，；！？"  # they end a clause, which the narrow ones inside passwords and amounts do not
_TABLE: dict[int, str] = {
    **{code + 0xFEE0: chr(code).lower() for code in range(0x21, 0x7F) if chr(code + 0xFEE0) not in _KEPT_WIDE},
    **{code: chr(code).lower() for code in range(ord("A"), ord("Z") + 1)},
    **dict.fromkeys(map(ord, "\t\u3000\u00a0\u2002\u2003\u2009\u202f"), " "),
    **dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63"), "-"),
    **dict.fromkeys(map(ord, "\u2022\u30fb\u2027\u2219\u22c5\u00b7\uff65"), "·"),
    **dict.fromkeys(map(ord, "×✕✖ХхⅩⅹ"), "x"),
    ord("￥"): "¥",
}
_COMMON = re.compile(r"[\x00-\x7f\u4e00-\u9fff，。、；！？“”‘’《》【】…·¥〇]*+")
_NUMBER = 7  # digits in a row that are a number without one more
_BLANK = "\u115f\u1160\u3164\uffa0\u2800"  # letters and symbols that show nothing


def plain(text: str) -> Plain:
    """The text made plain."""
    folded = text.translate(_TABLE)
    if _COMMON.fullmatch(folded):
        return Plain(folded, None)
    pieces, places = [], []
    for index, character in enumerate(folded):
        piece = _one(character)
        if piece.isdigit() and unicodedata.category(character) == "No" and _stands_alone(folded, index):
            piece = " "
        pieces.append(piece)
        places += [index] * len(piece)
    return Plain("".join(pieces), [*places, len(text)])


def _stands_alone(text: str, index: int) -> bool:
    """Whether a circled or raised digit is a mark before or after a number (①13800138000) and no part of it."""
    sides = text[max(0, index - 1) : index], text[index + 1 : index + 2]
    if any(unicodedata.category(side) == "No" for side in sides if side):
        return False
    if not all(side.isdigit() for side in sides):
        return True
    before, after = text[max(0, index - _NUMBER) : index], text[index + 1 : index + 1 + _NUMBER]
    return len(before) == len(after) == _NUMBER and before.isdigit() and after.isdigit()


@lru_cache(maxsize=4096)
def _one(character: str) -> str:
    if character in _BLANK or unicodedata.category(character) in ("Cf", "Mn", "Me"):
        return ""
    digit = unicodedata.digit(character, None)
    if digit is not None:
        return str(digit)
    if unicodedata.category(character) == "No":  # ⑩ and above only number a list
        return " "
    if character in _KEPT_WIDE:
        return character
    return unicodedata.normalize("NFKC", character).lower().translate(_TABLE)
