"""How good a model is, on data that it was never trained on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from model_store.head import Float32, Float64, HeadParameters
from model_store.spans import TextSpan, decode_spans
from toolchain.errors import DataError
from toolchain.examples import Example
from toolchain.model import MultiTaskModel, pad
from toolchain.sources import Measure, read_source
from toolchain.tasks import Task

Figures = dict[str, float]
Indices = NDArray[np.int64]

_AT_A_TIME = 32


@dataclass(frozen=True, eq=False)
class TextAnswer:
    """What a model says of one text: probabilities [C] by sentence task, spans by token task."""

    probabilities: dict[str, Float64]
    spans: dict[str, tuple[TextSpan, ...]]


Answerer = Callable[[Sequence[str]], list[TextAnswer]]


class EncoderGraph:
    """`encoder.onnx` with its tokenizer, used exactly as a device uses it: one text at a time, unpadded."""

    def __init__(self, graph: Path, tokenizer: Tokenizer) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.add_session_config_entry("session.x64quantprecision", "1")  # as device_sim.onnx_runtime has it
        try:
            self._session = onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # the library's exceptions share no other base
            raise DataError(f"{graph} is no graph that can be run: {error}") from error
        self.tokenizer = tokenizer

    def features(self, text: str) -> tuple[Float32, Float32, list[tuple[int, int]]]:
        """Features [D], token features [S, D], and the tokens' characters."""
        encoding = self.tokenizer.encode(text)
        input_ids = np.array([encoding.ids], dtype=np.int64)
        feed = {"input_ids": input_ids, "attention_mask": np.ones_like(input_ids)}
        features, token_features = self._session.run(["features", "token_features"], feed)
        return features[0], token_features[0], encoding.offsets


def graph_answerer(encoder: EncoderGraph, heads: Mapping[str, HeadParameters], tasks: Mapping[str, Task]) -> Answerer:
    """Answers of an encoder graph with linear heads, as a device computes them."""

    def answer(texts: Sequence[str]) -> list[TextAnswer]:
        found = []
        for text in texts:
            features, token_features, offsets = encoder.features(text)
            probabilities, spans = {}, {}
            for name, head in heads.items():
                if tasks[name].kind == "sentence":
                    probabilities[name] = head.probabilities(features[None])[0]
                else:
                    tags = head.bulk_probabilities(token_features)
                    spans[name] = decode_spans(tags, tasks[name].outputs, offsets)
            found.append(TextAnswer(probabilities, spans))
        return found

    return answer


def model_answerer(model: MultiTaskModel, tokenizer: Tokenizer) -> Answerer:
    """Answers of a model in PyTorch, in batches of similar lengths."""

    def answer(texts: Sequence[str]) -> list[TextAnswer]:
        encodings = tokenizer.encode_batch(list(texts))
        order = sorted(range(len(texts)), key=lambda index: len(encodings[index].ids))
        found: dict[int, TextAnswer] = {}
        for start in range(0, len(order), _AT_A_TIME):
            batch = order[start : start + _AT_A_TIME]
            with torch.inference_mode():
                answers = model.eval()(*pad([encodings[index].ids for index in batch]))
            scores = {name: logits.double().softmax(-1).numpy() for name, logits in answers.logits.items()}
            for row, index in enumerate(batch):
                length, offsets = len(encodings[index].ids), encodings[index].offsets
                probabilities, spans = {}, {}
                for name, task in model.tasks.items():
                    if task.kind == "sentence":
                        probabilities[name] = scores[name][row]
                    else:
                        spans[name] = decode_spans(scores[name][row, :length], task.outputs, offsets)
                found[index] = TextAnswer(probabilities, spans)
        return [found[index] for index in range(len(texts))]

    return answer


def model_heads(model: MultiTaskModel) -> dict[str, HeadParameters]:
    """The heads' parameters, by task."""
    found = {}
    for name in model.tasks:
        weight, bias = (value.detach().numpy().astype(np.float32) for value in model.head(name).parameters())
        found[name] = HeadParameters(weight, bias)
    return found


def measure(
    answerer: Answerer, data: Path, tasks: Mapping[str, Task], measures: Mapping[str, Measure]
) -> dict[str, Figures]:
    """Figures by measure, of those whose task the model has.

    Raises:
        DataError: a measure's data is missing.
    """
    figures = {}
    for name, wanted in measures.items():
        if wanted.task in tasks:
            examples = [e for e in read_source(data, wanted.source, tasks) if wanted.task in (*e.labels, *e.spans)]
            answers = answerer([example.text for example in examples])
            task = tasks[wanted.task]
            judge = _sentence_figures if task.kind == "sentence" else _span_figures
            figures[name] = judge(examples, answers, wanted, task)
    return figures


def accuracy(model: MultiTaskModel, tokenizer: Tokenizer, examples: Sequence[Example]) -> float:
    """The mean over sentence tasks of the share of examples that are labelled right.

    Raises:
        DataError: no example has a label of a task.
    """
    answers = model_answerer(model, tokenizer)([example.text for example in examples])
    rates = []
    for name in (name for name, task in model.tasks.items() if task.kind == "sentence"):
        right = [
            answer.probabilities[name].argmax() == example.labels[name]
            for example, answer in zip(examples, answers, strict=True)
            if name in example.labels
        ]
        if right:
            rates.append(float(np.mean(right)))
    if not rates:
        raise DataError("there is no held-out text to measure accuracy on")
    return float(np.mean(rates))


def macro_f1(truth: Indices, chosen: Indices) -> float:
    """The mean over classes of 2TP / (2TP + FP + FN)."""
    scores = []
    for label in np.unique(truth):
        hit = int(((chosen == label) & (truth == label)).sum())
        wrong = int((chosen == label).sum() + (truth == label).sum()) - 2 * hit
        scores.append(2 * hit / (2 * hit + wrong))
    return float(np.mean(scores))


def _sentence_figures(
    examples: Sequence[Example], answers: Sequence[TextAnswer], wanted: Measure, task: Task
) -> Figures:
    truth = np.array([example.labels[wanted.task] for example in examples])
    scores = np.stack([answer.probabilities[wanted.task] for answer in answers])
    if wanted.between:
        others = [index for index, label in enumerate(task.labels) if label not in wanted.between]
        scores[:, others] = -1.0
    chosen = scores.argmax(axis=1)
    figures = {"accuracy": float((chosen == truth).mean()), "macro_f1": macro_f1(truth, chosen)}
    for right, other in wanted.taken:
        of_right = truth == task.labels.index(right)
        taken = chosen[of_right] == task.labels.index(other)
        figures[f"{right}_taken_for_{other}"] = float(taken.mean()) if len(taken) else 0.0
    return {name: round(value, 4) for name, value in figures.items()}


def _span_figures(examples: Sequence[Example], answers: Sequence[TextAnswer], wanted: Measure, task: Task) -> Figures:
    """By type: F1 and recall of exact spans, and the share of the spans' characters that were found as of any type.

    A type is judged by the texts that are annotated for it; of one that none of them has there are no figures.
    """
    figures = {}
    for kind in task.labels:
        hit = told = right = characters = covered = 0
        for example, answer in zip(examples, answers, strict=True):
            annotation = example.spans[wanted.task]
            if kind not in annotation.types:
                continue
            true = {(s.start, s.end) for s in annotation.spans if s.type == kind}
            found = {(s.start, s.end) for s in answer.spans[wanted.task] if s.type == kind}
            marked = {at for s in answer.spans[wanted.task] for at in range(s.start, s.end)}
            places = {at for start, end in true for at in range(start, end)}
            hit, told, right = hit + len(true & found), told + len(found), right + len(true)
            characters, covered = characters + len(places), covered + len(places & marked)
        if right:
            figures[f"{kind}_f1"] = 2 * hit / (told + right)
            figures[f"{kind}_recall"] = hit / right
            figures[f"{kind}_covered"] = covered / characters
    return {name: round(value, 4) for name, value in figures.items()}
