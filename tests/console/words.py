"""What the page says in each language, read from its own messages: tests look for these words, as its users do."""

import json
import re
from functools import cache
from pathlib import Path

import app
from tests.support.browser import Language

_MESSAGES = Path(app.__file__).parent / "console" / "js" / "messages"
_FILES: dict[Language, str] = {"zh-CN": "zh.js", "en": "en.js"}


@cache
def _messages(language: Language) -> dict[str, str]:
    lines = (_MESSAGES / _FILES[language]).read_text("utf-8").splitlines()
    pairs = [json.loads(f"{{{line.strip().removesuffix(',')}}}") for line in lines if line.startswith('  "')]
    return {key: text for pair in pairs for key, text in pair.items()}


def said(language: Language, key: str, **parts: object) -> str:
    """A message with its gaps filled in."""
    return re.sub(r"\{(\w+)\}", lambda gap: str(parts.get(gap[1], gap[0])), _messages(language)[key])
