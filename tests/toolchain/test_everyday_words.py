"""From public text to the list of everyday words, and back on a device."""

import json
import lzma
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from device_sim.privacy.everyday import EverydayWords
from toolchain.errors import DataError
from toolchain.everyday_counts import LEFT_OUT, Counts, count, left_out
from toolchain.everyday_words import choose, write_everyday_words

SOURCES = ("titles.txt.xz", "reviews.jsonl.xz", "ner/news.jsonl.xz")


def write(path: Path, rows: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with lzma.open(path, "wt", encoding="utf-8") as file:
        file.writelines(f"{row}\n" for row in rows)


@pytest.fixture
def public(tmp_path: Path) -> Path:
    """Three small sources: everyday sentences, one with a shop that only it knows, one with marked names."""
    everyday = ["今天学习计划完成了", "我们公司的保险公司换了", "明天和朋友一起吃饭", "看看app里的ppt"] * 30
    write(tmp_path / SOURCES[0], everyday)
    write(tmp_path / SOURCES[1], [json.dumps({"text": text}) for text in [*everyday, *["鲸落咖啡的学习角落"] * 30]])
    marked = {"text": "朝阳集团今天开会", "spans": [{"start": 0, "end": 4, "type": "ORG"}]}
    write(tmp_path / SOURCES[2], [json.dumps({**marked, "text": f"{marked['text']}，{text}"}) for text in everyday])
    return tmp_path


def test_what_many_texts_of_several_sources_say_is_everyday(public: Path, tmp_path: Path) -> None:
    out = tmp_path / "words.xz"
    assert write_everyday_words(public, out, SOURCES) > 5
    words = EverydayWords(out)
    assert "学习" in words
    assert "朋友" in words
    assert "ppt" in words
    assert words.is_plan("学习计划")
    assert "鲸落" not in words
    assert [one for one in words.find("和朋友一起学习") if one.end - one.start > 1] == []
    assert any("鲸落" in "鲸落的学习"[one.start : one.end] for one in words.find("鲸落的学习"))


def test_the_same_text_gives_the_same_bytes(public: Path, tmp_path: Path) -> None:
    for name in ("one.xz", "two.xz"):
        write_everyday_words(public, tmp_path / name, SOURCES)
    assert (tmp_path / "one.xz").read_bytes() == (tmp_path / "two.xz").read_bytes()


def test_names_and_nicknames_have_to_be_found_more_widely() -> None:
    words = {"学习": 40, "晨会": 9, "豆豆": 40, "张伟": 40, "小张": 40, "内蒙": 40, "朝阳集团": 40}
    counts = Counts(texts=1000, words=Counter(words), sources=Counter(dict.fromkeys(words, 5)))
    counts.named["学习"], counts.unnamed["学习"] = 1, 50
    chosen = " ".join(choose(counts))
    assert "学习" in chosen
    for name in ("豆豆", "张伟", "小张", "朝阳集团"):
        assert name not in chosen
    counts.named["学习"] = 100
    assert "学习" not in " ".join(choose(counts))


def test_some_texts_are_left_out_to_measure_on(public: Path) -> None:
    kept = count(public, SOURCES[:1]).texts
    out = list(left_out(public, SOURCES[0]))
    assert kept + len(out) == 120
    assert len(out) == -(-120 // LEFT_OUT)


def test_a_folder_without_any_source_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has none of"):
        count(tmp_path, SOURCES)


def test_the_command_writes_the_file(tmp_path: Path) -> None:
    rows = ["今天学习计划完成了", "明天和朋友一起吃饭"] * 40
    for source in ("raw/zhihu_titles.txt.xz", "topic/tnews_train.jsonl.xz", "sentiment/weibo_moods8.jsonl.xz"):
        write(tmp_path / source, [json.dumps({"text": row}) if "jsonl" in source else row for row in rows])
    done = subprocess.run(
        [sys.executable, "-m", "toolchain.cli", "everyday-words", "--data", tmp_path, "--out", tmp_path / "w.xz"],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "朋友" in EverydayWords(tmp_path / "w.xz")
    assert "raw/zhihu_titles.txt.xz" in lzma.decompress((tmp_path / "w.xz").read_bytes()).decode().splitlines()[1]
