"""What redaction of 200 characters costs: by patterns alone, with all recognisers, and strictly, beside the encoder's
own time; and how much of a labelled file it finds and leaves alone.

    python -m tests.benchmarks.redaction [FILE]

A line of the file is `{"text": ..., "spans": [{"start", "end", "type"}]}`. A span is found when every character of it
but spaces is hidden, whatever the type.
"""

import argparse
import json
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from statistics import median

from app.settings import Settings
from device_sim.personal.records import Contact
from device_sim.privacy.patterns import Patterns
from device_sim.privacy.redactor import Redactor
from device_sim.privacy.vault import Vault
from device_sim.runtime import Runtime

TEXT = (
    "昨天下午和王建国、李小萌在云鲸科技三楼开会，主要讨论了鲸落项目的排期。王总希望下个月十五号之前交第一版，预算控制在四十八万以内。"
    "小李会后把纪要发到 xiaomeng.li@yunjing.example，有问题打她手机 138 0013 8000。"
    "下周三再去一趟杭州市西湖区文三路90号，和对方的法务陈律师对一下合同里的违约条款，另外别忘了把上次垫付的差旅费三千二百元报掉，发票抬头写云鲸科技有限公司，税号问财务要。"
)[:200]
ROUNDS = 200


def milliseconds(work: Callable[[], object]) -> float:
    """The median time of `work`."""
    for _ in range(10):
        work()
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return median(times) * 1000


def costs(device: Runtime) -> None:
    """Print the times, for a phone with 500 contacts."""
    for number in range(500):
        device.personal.add_contact(Contact(0, f"联系人{number}号", (), (f"1390000{number:04}",), (), None))
    device.personal.add_contact(Contact(0, "王建国", ("王总",), ("13800138000",), (), "云鲸科技"))
    patterns = Redactor([Patterns()])
    rows = (
        ("encoder alone", milliseconds(lambda: device.encoder.encode(TEXT))),
        ("patterns alone", milliseconds(lambda: patterns.redact(TEXT, Vault()))),
        ("all recognisers", milliseconds(lambda: device.assistant.redact(TEXT))),
        ("strict", milliseconds(lambda: device.assistant.redact(TEXT, strict=True))),
    )
    for name, taken in rows:
        print(f"{name:<16} {taken:7.2f} ms  {taken / rows[0][1]:5.2f} x the encoder's")


def quality(device: Runtime, file: Path) -> None:
    """Print recall and precision by type, and how many texts without a span are touched."""
    spans, hidden, found, right = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    clean = touched = 0
    for line in file.read_text("utf-8").splitlines():
        row = json.loads(line)
        text, marked = row["text"], row["spans"]
        entities = device.assistant.redact(text).entities
        covered = {place for entity in entities for place in range(entity.start, entity.end)}
        for span in marked:
            spans[span["type"]] += 1
            places = (place for place in range(span["start"], span["end"]) if not text[place].isspace())
            hidden[span["type"]] += covered.issuperset(places)
        for entity in entities:
            found[entity.type] += 1
            right[entity.type] += any(one["start"] < entity.end and entity.start < one["end"] for one in marked)
        clean += not marked
        touched += not marked and bool(entities)
    print(f"{'type':<9} spans  recall  found  precision")
    for kind in sorted({*spans, *found}):
        recall = f"{hidden[kind] / spans[kind]:.3f}" if spans[kind] else "-"
        precision = f"{right[kind] / found[kind]:.3f}" if found[kind] else "-"
        print(f"{kind:<9} {spans[kind]:5}  {recall:>6}  {found[kind]:5}  {precision:>9}")
    print(f"texts without a span that are touched: {touched} of {clean}")


def main() -> None:
    """Print both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, nargs="?", help="labelled texts")
    file = parser.parse_args().file
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.model_validate({"state_dir": Path(folder) / "state"})
        device = Runtime.open(settings.device(), ticking=False)
        try:
            if file is not None:
                quality(device, file)
            costs(device)
        finally:
            device.close()


if __name__ == "__main__":
    main()
