"""A tiny real bundle: a small MobileBERT, trained on four tasks, exported, quantised and signed in seconds."""

import json
import lzma
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from model_store.signing import public_pem
from tests.support.tiny_checkpoint import write_mobilebert
from toolchain.recipe import Recipe, parse_recipe
from toolchain.run import Destination, Run

_SUBJECTS = (
    "今天的天气",
    "这家店的服务",
    "新买的手机",
    "昨天的电影",
    "公司的食堂",
    "周末的旅行",
    "隔壁的邻居",
    "这本书",
    "楼下的咖啡",
    "老师的课",
    "他的车",
    "这次的比赛",
    "新来的同事",
    "晚饭的汤",
)
_OPINIONS = {
    "negative": ("真糟糕", "太差了", "让人生气", "很失望", "又坏了", "烦死人"),
    "neutral": ("在三楼", "是蓝色的", "下午开始", "还没有来", "有两个", "改到周五"),
    "positive": ("真不错", "太好了", "让人开心", "很满意", "非常棒", "我喜欢"),
}
_ENDINGS = ("", "。", "！", "，我觉得", "，大家都说", "呢")
_ASKED = {
    "private": ("我的{}几点", "{}在哪里记着"),
    "general": ("{}怎么做", "什么是{}"),
    "mixed": ("把{}写成邮件", "替我回{}"),
}
_EXTRA = (
    "加班很高兴难过吃饭睡觉工作老板晚上明天你我他她它们不了吗吧啊哦一二三四五六七八九十"
    "怎么做什是把写成邮件替回几点记着哪里"
)
CHARACTERS = "".join((*_SUBJECTS, *_ENDINGS, *sum(_OPINIONS.values(), ()), _EXTRA))

LABELS = ("负面", "中性", "正面")
_POLARITY = {"negative": "负面", "neutral": "中性", "positive": "正面"}


@dataclass(frozen=True)
class TinyBundle:
    """Where the bundle lies, the public key that vouches for it, and the private key that signed it."""

    path: Path
    public_key: Path
    signing_key: Ed25519PrivateKey


def build_tiny_bundle(folder: Path, *, seed: int = 0, epochs: int = 3, version: str = "0.1.0") -> TinyBundle:
    """Make a bundle in `folder`; another seed gives another base."""
    folder.mkdir(parents=True, exist_ok=True)
    write_data(folder / "data")
    write_checkpoint(folder / "checkpoint", seed)
    key = Ed25519PrivateKey.generate()
    public_key = folder / "bundle.pub.pem"
    public_key.write_bytes(public_pem(key.public_key()))
    recipe = tiny_recipe(folder / "checkpoint", seed=seed, epochs=epochs, version=version)
    destination = Destination(folder / "bundle", key)
    Run(recipe, folder / "data", folder / "work", lambda *_: None, destination=destination).go()
    return TinyBundle(folder / "bundle", public_key, key)


def tiny_recipe(checkpoint: Path, *, seed: int = 0, epochs: int = 3, version: str = "0.1.0", **changes: Any) -> Recipe:
    """A recipe that takes seconds: fine-tune, quantise, bundle."""
    updates = {"epochs": 100, "mini_batch_size": 16, "learning_rate": 0.02, "user_weight": 0.2}
    replay = {"rehearsed": 100, "yardstick": 150}
    opinions = {"licence": "CC0-1.0", "task": "sentiment", "labels": _POLARITY}
    requests = {"licence": "CC0-1.0", "task": "entities", "columns": ["intent", "route"]}
    held_out = {**requests, "path": "held-out.tsv"}
    content: dict[str, Any] = {
        "name": "tiny",
        "version": version,
        "seed": seed,
        "tasks": {
            "sentiment": {"labels": LABELS, "updatable": True},
            "route": {"labels": list(_ASKED), "updatable": True},
            "intent": {"labels": ["asking", "telling"]},
            "entities": {"kind": "token", "labels": ["TOPIC"]},
        },
        "sources": [{**opinions, "path": "sentiment/train.jsonl.xz"}, {**requests, "path": "requests.tsv"}],
        "measures": {
            "everyday": {"task": "sentiment", "source": {**opinions, "path": "sentiment/dev.jsonl.xz"}},
            "requests": {"task": "route", "source": held_out, "taken": [["private", "general"]]},
            "topics": {"task": "entities", "source": held_out},
        },
        "held_out": {"sentiment": 200, "route": 60},
        "replay": {"sentiment": replay, "route": {"rehearsed": 60, "yardstick": 50}},
        "updates": {"sentiment": updates, "route": updates},
        "stages": [
            {
                "do": "finetune", "name": "tuned", "start": str(checkpoint), "epochs": epochs, "rows": 16,
                "max_length": 24, "label_smoothing": 0, "seed": seed,
                "schedule": {"peak": 3e-3, "warm_up": 5, "averaging": 0.998, "save_every": 4},
            },
            {"do": "quantize", "name": "int8", "start": "tuned", "most_lost": 0.1},
            {"do": "bundle", "name": "bundle", "start": "int8"},
        ],
    }  # fmt: skip
    return parse_recipe({**content, **changes}, "the tiny recipe")


def write_data(folder: Path) -> None:
    """The files that the tiny recipe reads."""
    sentences = [
        (f"{subject}{opinion}{ending}", polarity)
        for polarity, opinions in _OPINIONS.items()
        for opinion in opinions
        for subject in _SUBJECTS
        for ending in _ENDINGS
    ]
    (folder / "sentiment").mkdir(parents=True, exist_ok=True)
    for name, chosen in (("train", [s for i, s in enumerate(sentences) if i % 9]), ("dev", sentences[::9])):
        rows = [{"text": text, "label": polarity} for text, polarity in chosen]
        with lzma.open(folder / "sentiment" / f"{name}.jsonl.xz", "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    asked = [
        f"asking\t{route}\t{pattern.format(f'[{subject}](TOPIC)')}{ending}"
        for route, patterns in _ASKED.items()
        for pattern in patterns
        for subject in _SUBJECTS
        for ending in _ENDINGS
    ]
    told = [f"telling\t-\t[{subject}](TOPIC)真不错{ending}" for subject in _SUBJECTS for ending in ("吧", "啊")]
    lines = [*asked, *told]
    (folder / "requests.tsv").write_text("".join(f"{s}\n" for i, s in enumerate(lines) if i % 7), "utf-8")
    (folder / "held-out.tsv").write_text("# never trained on\n" + "".join(f"{line}\n" for line in lines[::7]), "utf-8")


def write_checkpoint(folder: Path, seed: int = 0) -> None:
    """A random MobileBERT of two small blocks."""
    write_mobilebert(folder, CHARACTERS, seed)
