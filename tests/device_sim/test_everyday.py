"""The allow-list: everyday text passes, odd names and codes do not."""

import tracemalloc
from pathlib import Path

import pytest

from device_sim.privacy.everyday import EverydayWords
from device_sim.privacy.findings import SensitiveType

ODD_NAMES = Path(__file__).parents[1] / "support" / "odd_names.txt"


@pytest.fixture(scope="module")
def everyday() -> EverydayWords:
    return EverydayWords()


def hidden(everyday: EverydayWords, text: str) -> list[str]:
    found = everyday.find(text)
    assert all(one.type is SensitiveType.TERM for one in found)
    return [text[one.start : one.end] for one in found]


def odd_names() -> list[tuple[str, str]]:
    """Sentences, and the name that each holds."""
    pairs = []
    for line in ODD_NAMES.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            before, _, rest = line.partition("[")
            name, _, after = rest.partition("]")
            pairs.append((before + name + after, name))
    return pairs


@pytest.mark.parametrize(
    "text",
    [
        "今天下午三点开会，讨论了新一年的预算，大家都觉得应该把重点放在服务客户上面。",
        "会上决定先把方案改好，下周再确认时间。",
        "我最近压力很大，晚上睡不着，不知道怎么跟家人说。",
        "把PPT发给我，OK吗？用微信也行，app里也能看",
        "2024年5月3日10:30，一共3天，花了200.5元，涨了12%",
        "买了5kg大米，看了一部3D电影",
    ],
)
def test_everyday_text_passes(everyday: EverydayWords, text: str) -> None:
    assert hidden(everyday, text) == []


@pytest.mark.parametrize(
    ("text", "odd"),
    [
        ("我家旺财昨天又病了", "旺财"),
        ("鲸落的预算批下来了", "鲸落"),
        ("把Zephyr的进度同步给老板", "Zephyr"),
        ("样机XJ-204送检了", "XJ-204"),
        ("单号8834120967退款", "8834120967"),
        ("旺 财打针了", "旺 财"),
        ("旺\u200b财打针了", "旺\u200b财"),
        ("ＺＥＰＨＹＲ延期了", "ＺＥＰＨＹＲ"),
        ("発注はまだです", "はまだです"),
        ("琥珀川装修超支", "琥珀川"),
    ],
)
def test_what_no_everyday_word_explains_is_found_where_it_stands(everyday: EverydayWords, text: str, odd: str) -> None:
    assert any(odd in value for value in hidden(everyday, text)), hidden(everyday, text)


def test_odd_names_do_not_pass(everyday: EverydayWords) -> None:
    wholly = touched = 0
    pairs = odd_names()
    for text, name in pairs:
        begin = text.index(name)
        covered = {place for one in everyday.find(text) for place in range(one.start, one.end)}
        places = set(range(begin, begin + len(name)))
        wholly += places <= covered
        touched += bool(places & covered)
    assert len(pairs) >= 150
    assert touched / len(pairs) >= 0.97
    assert wholly / len(pairs) >= 0.92


def test_a_word_is_everyday_or_not(everyday: EverydayWords) -> None:
    for word in ("高兴", "王朝", "学习", "ppt", "PPT"):
        assert word in everyday
    for word in ("旺财", "张伟", "老王", "豆豆", "zephyr"):
        assert word not in everyday
    assert everyday.is_plan("学习计划")
    assert not everyday.is_plan("海风公司")


@pytest.mark.parametrize(
    "text", ["", " \n", "😀👨‍👩‍👧", "。，！", "\u200b", "𠮷", "的" * 10_000, "旺" * 10_000, "a1-" * 3000]
)
def test_any_text_can_be_asked(everyday: EverydayWords, text: str) -> None:
    assert all(0 <= one.start < one.end <= len(text) for one in everyday.find(text))


def test_the_list_takes_little_memory() -> None:
    tracemalloc.start()
    try:
        everyday = EverydayWords()
        before, _ = tracemalloc.get_traced_memory()
        assert "学习" in everyday
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 15e6
    assert peak - before < 20e6
