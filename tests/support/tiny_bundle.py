"""A tiny real bundle: a small MobileBERT, trained, exported, quantised and signed by the toolchain in seconds."""

import json
import lzma
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from transformers import MobileBertConfig, MobileBertModel

from model_store.signing import public_pem
from toolchain.bundle import make_bundle
from toolchain.data import MEASURING, TRAINING, path_of
from toolchain.finetune import FinetuneRecipe
from toolchain.recipe import BundleRecipe, UpdateDefaults
from toolchain.replay import ReplayRecipe

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
    make_bundle(
        str(folder / "checkpoint"), folder / "data", folder / "work", folder / "bundle", key,
        replace(tiny_recipe(seed, epochs), version=version), lambda *_: None,
    )  # fmt: skip
    return TinyBundle(folder / "bundle", public_key, key)


def tiny_recipe(seed: int = 0, epochs: int = 3) -> BundleRecipe:
    """A recipe that takes seconds."""
    tuning = FinetuneRecipe(
        epochs=epochs, batch_size=16, peak=3e-3, warm_up=5, max_length=24, seed=seed, save_every=4, label_smoothing=0
    )
    replay = ReplayRecipe(rehearsed=100, yardstick=150)
    return BundleRecipe(
        finetune=tuning,
        replay=replay,
        updates=UpdateDefaults(epochs=100, mini_batch_size=16, learning_rate=0.02, user_weight=0.2),
        most_lost=0.1,
    )


def write_data(folder: Path) -> None:
    """Every source that the toolchain reads, in its own labels, with a few dozen sentences in all."""
    sentences = [
        (f"{subject}{opinion}{ending}", polarity)
        for polarity, opinions in _OPINIONS.items()
        for opinion in opinions
        for subject in _SUBJECTS
        for ending in _ENDINGS
    ]
    sources = [*TRAINING, *MEASURING]
    for index, source in enumerate(sources):
        labels = {label: name for name, label in reversed(list(source.mapping.items()))}
        polarities = ("negative", "neutral", "positive")
        rows = [
            {"text": text, "label": labels[polarities.index(polarity)], "domain": "酒店"}
            for text, polarity in sentences[index :: len(sources)]
            if polarities.index(polarity) in labels
        ]
        path = path_of(folder, source.name)
        path.parent.mkdir(parents=True, exist_ok=True)
        with lzma.open(path, "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def write_checkpoint(folder: Path, seed: int = 0) -> None:
    """A random MobileBERT of two small blocks with a vocabulary of single characters."""
    torch.manual_seed(seed)
    characters = sorted(set("".join((*_SUBJECTS, *_ENDINGS, *sum(_OPINIONS.values(), ())))))
    extra = "加班很高兴难过吃饭睡觉工作老板晚上明天你我他她它们不了吗吧啊哦一二三四五六七八九十"
    letters = [*characters, *sorted(set(extra) - set(characters)), *"abcdefghijklmnopqrstuvwxyz0123456789"]
    vocabulary = {token: index for index, token in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters])}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    config = MobileBertConfig(
        vocab_size=len(vocabulary), hidden_size=32, embedding_size=16, intra_bottleneck_size=16, true_hidden_size=16,
        num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, num_feedforward_networks=1,
        max_position_embeddings=32, normalization_type="layer_norm", hidden_dropout_prob=0.0,
        key_query_shared_bottleneck=True, use_bottleneck=True,
    )  # fmt: skip
    MobileBertModel(config, add_pooling_layer=False).save_pretrained(folder)
