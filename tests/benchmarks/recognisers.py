"""Recall and precision of the pattern recognisers by type on a labelled file, and beside them of others' patterns.

A line of the file is `{"text": ..., "spans": [{"start": ..., "end": ..., "type": ...}]}`. A span is found when every
character of it is hidden, whatever the type; `as typed` counts those hidden under their own type. Precision is the
share of findings that touch a span of any type. Findings of another tool may come from a file: a JSON list, one entry
a text, of `[start, end, type]`. presidio-analyzer and llm-guard take part where installed; no models are needed.

    python -m tests.benchmarks.recognisers FILE [--found NAME=FILE] [--missed] [--amounts no] [--dates no]
    python -m tests.benchmarks.recognisers FILE --write NAME FOUND   # of presidio-analyzer or llm-guard
"""

import argparse
import json
import logging
import re
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from statistics import median
from types import ModuleType

Span = tuple[int, int, str]
Finder = Callable[[str], Sequence[Span]]

# What a careless expression takes quadratic time for, repeated.
_PIECES = (
    *(
        "1",
        "1 ",
        "138 ",
        "12 34 5678 ",
        "-",
        "1-",
        "@",
        "a@",
        "a",
        "a.",
        "a-",
        "a:",
        "a://",
        ":",
        "(",
        " ",
        "1,",
        "1,234",
    ),
    *(
        "一",
        "一 ",
        "万",
        "1万",
        "1月",
        "2023年",
        "生日",
        "工资是 ",
        "¥",
        "密码",
        "密码:",
        "微信",
        "code ",
        "sk-",
        "eyj",
    ),
    *(
        "①",
        "1\u200b",
        "a at ",
        "-----begin private key-----",
        "京a1234",
        "电话1234567 ",
        "邮箱a#",
        "www.",
        "+1",
        "+86 ",
        "字第",
    ),
    *(
        "账号a、",
        "账号",
        "微信名",
        "昵称是",
        "口令",
        "用a1登",
        "a1和",
        "a_b是我",
        "@a_b ",
        "工号a1 ",
        "密码 是 ",
        "a.b/",
        "点a",
        "汇到1",
        "姓名,账号\n",
        "one ",
        "p<",
        "e 12",
    ),
)

STRUCTURED = ("PHONE", "EMAIL", "ID", "CARD", "PASSPORT", "PLATE", "ACCOUNT", "LINK", "AMOUNT", "DATE")


@dataclass(frozen=True)
class Labelled:
    """A text and the values in it."""

    text: str
    spans: Sequence[Span]


@dataclass
class Figures:
    """Of one type: spans, those hidden wholly, those under their own type; findings, those that touch a span."""

    spans: int = 0
    hidden: int = 0
    typed: int = 0
    found: int = 0
    right: int = 0


def read(path: Path) -> list[Labelled]:
    """The texts of a file, a JSON object a line."""
    texts = []
    for line in path.read_text("utf-8").splitlines():
        if line.strip():
            entry = json.loads(line)
            texts.append(Labelled(entry["text"], [(s["start"], s["end"], s["type"]) for s in entry["spans"]]))
    return texts


def measure(texts: Sequence[Labelled], found: Sequence[Sequence[Span]]) -> tuple[dict[str, Figures], int, int]:
    """Figures by type; how many texts hold nothing, and how many of these were touched."""
    figures = {kind: Figures() for kind in STRUCTURED}
    negatives = touched = 0
    for labelled, findings in zip(texts, found, strict=True):
        for span in labelled.spans:
            if span[2] in figures:
                one = figures[span[2]]
                one.spans += 1
                one.hidden += _covered(span, findings)
                one.typed += _covered(span, [finding for finding in findings if finding[2] == span[2]])
        for finding in findings:
            one = figures.setdefault(finding[2], Figures())
            one.found += 1
            one.right += any(span[0] < finding[1] and finding[0] < span[1] for span in labelled.spans)
        if not labelled.spans:
            negatives += 1
            touched += bool(findings)
    return figures, negatives, touched


def missed(texts: Sequence[Labelled], found: Sequence[Sequence[Span]]) -> list[str]:
    """What was not wholly hidden, and what was touched for nothing, a line each."""
    lines = []
    for labelled, findings in zip(texts, found, strict=True):
        for start, end, kind in labelled.spans:
            if kind in STRUCTURED and not _covered((start, end, kind), findings):
                lines.append(f"missed {kind} {labelled.text[start:end]!r} in {labelled.text!r}")
        for start, end, kind in findings:
            if not any(span[0] < end and start < span[1] for span in labelled.spans):
                lines.append(f"touched {kind} {labelled.text[start:end]!r} in {labelled.text!r}")
    return lines


def main() -> None:
    """Print a table a recogniser."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--found", action="append", default=[], metavar="NAME=FILE")
    parser.add_argument("--missed", action="store_true", help="list them: never with texts that must stay unseen")
    parser.add_argument("--amounts", choices=("yes", "no"), default="yes")
    parser.add_argument("--dates", choices=("yes", "no"), default="yes")
    parser.add_argument("--write", nargs=2, metavar=("NAME", "FOUND"), help="write what another tool finds, no more")
    arguments = parser.parse_args()
    texts = read(arguments.file)
    if arguments.write:
        finder = _OTHERS[arguments.write[0]]()
        if finder is None:
            parser.exit(1, f"{arguments.write[0]} is not installed here\n")
        Path(arguments.write[1]).write_text(json.dumps([list(finder(one.text)) for one in texts]), "utf-8")
        return
    found, times = _run(_own(arguments.amounts == "yes", arguments.dates == "yes"), texts)
    _print("patterns", texts, found)
    print(f"p50 {median(times):.3f} ms a text; median length {median(len(one.text) for one in texts):.0f}")
    print("10,000 characters of one piece: the slowest {:.0f} ms ({!r})".format(*_slowest(10_000)))
    if arguments.missed:
        print("\n".join(missed(texts, found)))
    for name, other in _OTHERS.items():
        if (finder := other()) is not None:
            found, _ = _run(finder, texts)
            _print(name, texts, found)
    for named in arguments.found:
        name, _, path = named.partition("=")
        entries = json.loads(Path(path).read_text("utf-8"))
        _print(name, texts, [[(start, end, kind) for start, end, kind in entry] for entry in entries])


def presidio() -> Finder | None:
    """All of presidio's pattern recognisers, without a language model; nothing where it is not installed."""
    try:
        from presidio_analyzer import (  # type: ignore[import-not-found]
            PatternRecognizer,
            predefined_recognizers,
        )
    except ImportError:
        return None
    recognisers = []
    for name in predefined_recognizers.__all__:
        kind = getattr(predefined_recognizers, name)
        phones = name == "PhoneRecognizer"
        if isinstance(kind, type) and (phones or issubclass(kind, PatternRecognizer)):
            try:
                recogniser = kind(supported_regions=["CN", "US"]) if phones else kind()
                recogniser.analyze("a@b.cn 13800138000", recogniser.supported_entities, None)
            except (TypeError, ValueError, OSError):  # some want settings, some the network
                print(f"left out: {name}")
                continue
            recognisers.append(recogniser)

    def find(text: str) -> Sequence[Span]:
        found = set()
        for recogniser in recognisers:
            try:
                results = recogniser.analyze(text, recogniser.supported_entities, None)
            except OSError:  # a list of top-level domains that it fetches
                continue
            for result in results:
                if result.score >= _LEAST_SCORE:
                    found.add((result.start, result.end, _OF_PRESIDIO.get(result.entity_type, "ACCOUNT")))
        return sorted(found)

    return find


def llm_guard() -> Finder | None:
    """LLM Guard's patterns for Chinese; nothing where it is not installed. Its package imports torch, its file of
    patterns does not: that file alone is loaded."""
    package = find_spec("llm_guard")
    if package is None or not package.submodule_search_locations:
        return None
    folder = Path(package.submodule_search_locations[0])
    logger = ModuleType("llm_guard.util")
    vars(logger)["get_logger"] = logging.getLogger
    sys.modules["llm_guard.util"] = logger
    sys.modules.setdefault("llm_guard", ModuleType("llm_guard"))
    loading = spec_from_file_location(
        "llm_guard_patterns", folder / "input_scanners" / "anonymize_helpers" / "regex_patterns.py"
    )
    if loading is None or loading.loader is None:
        return None
    module = module_from_spec(loading)
    loading.loader.exec_module(module)
    patterns = [
        (re.compile(expression), _OF_LLM_GUARD.get(group["name"], "ACCOUNT"))
        for group in module.DEFAULT_REGEX_PATTERNS
        if "zh" in group.get("languages", [])
        for expression in group.get("expressions", [])
    ]

    def find(text: str) -> Sequence[Span]:
        return sorted((match.start(), match.end(), kind) for one, kind in patterns for match in one.finditer(text))

    return find


_LEAST_SCORE = 0.35  # presidio's phone recogniser gives 0.4; below lie bare digits that nothing confirms
_OF_PRESIDIO = {
    "PHONE_NUMBER": "PHONE",
    "EMAIL_ADDRESS": "EMAIL",
    "CREDIT_CARD": "CARD",
    "IP_ADDRESS": "LINK",
    "URL": "LINK",
    "MAC_ADDRESS": "LINK",
    "DATE_TIME": "DATE",
    "US_PASSPORT": "PASSPORT",
}
_OF_LLM_GUARD = {"PHONE_NUMBER_ZH": "PHONE", "EMAIL_ADDRESS_RE": "EMAIL", "CREDIT_CARD_RE": "CARD"}
_OTHERS = {"presidio-analyzer": presidio, "llm-guard": llm_guard}


def _own(with_amounts: bool, with_dates: bool) -> Finder:
    from device_sim.privacy.patterns import PatternPolicy, Patterns  # not in the environment that has presidio

    patterns = Patterns(PatternPolicy(amounts=with_amounts, dates=with_dates))
    return lambda text: [(finding.start, finding.end, str(finding.type)) for finding in patterns.find(text)]


def _run(find: Finder, texts: Sequence[Labelled]) -> tuple[list[Sequence[Span]], list[float]]:
    find("")
    found, times = [], []
    for one in texts:
        started = time.perf_counter()
        found.append(find(one.text))
        times.append(1000 * (time.perf_counter() - started))
    return found, times


def _slowest(length: int) -> tuple[float, str]:
    find = _own(with_amounts=True, with_dates=True)
    times = []
    for piece in _PIECES:
        text = (piece * length)[:length]
        started = time.process_time()
        find(text)
        times.append((1000 * (time.process_time() - started), piece))
    return max(times)


def _covered(span: Span, findings: Sequence[Span]) -> bool:
    start = span[0]
    for finding in sorted(findings):
        if finding[0] <= start < finding[1]:
            start = finding[1]
    return start >= span[1]


def _print(name: str, texts: Sequence[Labelled], found: Sequence[Sequence[Span]]) -> None:
    figures, negatives, touched = measure(texts, found)
    print(f"{name}\ntype      spans  recall  as typed  found  precision")
    for kind, one in figures.items():
        if one.spans or one.found:
            recall, typed = (f"{part / one.spans:.3f}" if one.spans else "-" for part in (one.hidden, one.typed))
            precision = f"{one.right / one.found:.3f}" if one.found else "-"
            print(f"{kind:9} {one.spans:5} {recall:>7} {typed:>9} {one.found:6} {precision:>10}")
    spans, hidden = (sum(getattr(figures[kind], what) for kind in STRUCTURED) for what in ("spans", "hidden"))
    print(
        f"all       {spans:5} {hidden / max(spans, 1):7.3f}   texts without anything touched: {touched} of "
        f"{negatives}\n"
    )


if __name__ == "__main__":
    main()
