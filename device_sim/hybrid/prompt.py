"""What a cloud model is told: the request, and the key points that it needs, in a program's words around them."""

from collections.abc import Sequence

from device_sim.hybrid.conversations import Turn
from device_sim.hybrid.material import Material
from device_sim.privacy.redactor import Draft, Outbound, Redacted, Redactor
from device_sim.privacy.vault import Vault

_ABOUT_PLACEHOLDERS = (
    "你是一位中文助手。文中方括号里的英文代号（如人名、公司、项目的代号）替代了不便透露的内容："
    "请原样保留它们，连同方括号和下划线，不要翻译、改写、增减，也不要猜测它们是什么。直接给出结果。"
)
_KNOWN, _POINT, _WANTED, _SAME, _AND = "已知情况：", "\n- ", "\n\n请求：\n", "\n\n代号说明：", "，"
OWN_WORDS = frozenset({_ABOUT_PLACEHOLDERS, _KNOWN, _POINT, _WANTED, _SAME, _AND})


def general_prompt(request: str, turns: Sequence[Turn], redactor: Redactor, vault: Vault) -> Outbound:
    """The request after the turns before it. Raises VaultFull."""
    _learn([*_said(turns), request], redactor, vault)
    return redactor.outbound([*_earlier(turns), Draft("user", [request])], vault)


def mixed_prompt(request: str, material: Material, turns: Sequence[Turn], redactor: Redactor, vault: Vault) -> Outbound:
    """The key points and the request, after the turns before them. Raises VaultFull."""
    _learn([*_said(turns), *material.points, request], redactor, vault)
    asked = redactor.redact(request, vault)
    points = [redactor.redact(point, vault) for point in material.points]
    parts: list[str | Redacted] = []
    if points:
        parts += [_KNOWN]
        for point in points:
            parts += [_POINT, point]
        parts += [_WANTED]
    parts += [asked]
    for place, same in enumerate(_who_is_who(vault, [*points, asked])):
        parts += [_SAME if place == 0 else _AND, same]
    return redactor.outbound([*_earlier(turns), Draft("user", parts)], vault)


def _learn(texts: Sequence[str], redactor: Redactor, vault: Vault) -> None:
    """Redact all of them once for what they teach the vault: what is found in one place is known in all others then."""
    for text in texts:
        redactor.redact(text, vault)


def _said(turns: Sequence[Turn]) -> list[str]:
    return [text for turn in turns for text in (turn.question, turn.answer)]


def _earlier(turns: Sequence[Turn]) -> list[Draft]:
    drafts = [Draft("system", [_ABOUT_PLACEHOLDERS])]
    for turn in turns:
        drafts += [Draft("user", [turn.question]), Draft("assistant", [turn.answer])]
    return drafts


def _who_is_who(vault: Vault, said: Sequence[Redacted]) -> list[str]:
    """Which of the names in these texts are the same person's; private, for the redactor to put placeholders in."""
    used = {entity.placeholder for text in said for entity in text.entities}
    values = vault.values
    groups = [[name for name in group if name in used] for group in vault.subjects]
    return ["和".join(values[name] for name in group) + "指同一个" for group in groups if len(group) > 1]
