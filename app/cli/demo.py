"""`attune demo`: the whole loop on a device made for the occasion, each claim checked.

A user for whom 加班 (working overtime) is good news corrects the model twenty times. It learns that from the
corrections alone, forgets next to nothing else, and goes back and forth between its versions without a trace.
"""

import json
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from app.cli.learning import watch
from app.cli.output import note, print_json, print_table, say
from app.settings import load_settings

if TYPE_CHECKING:
    from app.cli.api import Api

FOLLOWING_NEEDED = 16
MOST_LOST = 0.01
_TASK = "sentiment"


@dataclass(frozen=True)
class Lesson:
    """Sentences to teach a label with, and others of the same kind that should follow."""

    label: str
    taught: tuple[str, ...]
    others: tuple[str, ...]


@dataclass(frozen=True)
class Claim:
    """One thing that the demonstration sets out to show."""

    claim: str
    holds: bool
    figure: str


def run(as_json: bool) -> None:
    """Show the loop, and exit with 1 if a claim does not hold."""
    tell = note if as_json else say
    from app.cli.api import connect

    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="attune-demo-") as directory:
        settings = load_settings(state_dir=Path(directory))
        tell("A new device, in a directory of its own that goes away with it.")
        with connect(settings) as api:
            claims = _show(api, _lesson(), tell, as_json)
    seconds = round(time.perf_counter() - started, 1)
    held = all(claim.holds for claim in claims)
    if as_json:
        print_json({"ok": held, "seconds": seconds, "claims": [asdict(claim) for claim in claims]})
    else:
        rows = ((claim.claim, claim.holds, claim.figure) for claim in claims)
        print_table(("claim", "holds", "figure"), rows, "nothing was claimed")
        say("")
        say(f"{seconds} s. Next: attune serve, then attune predict 今天天气真好")
    if not held:
        raise typer.Exit(1)


def _show(api: "Api", lesson: Lesson, tell: Callable[[str], None], as_json: bool) -> list[Claim]:
    """Teach, train, roll back, roll forward."""
    before = _predict(api, lesson)
    tell(f"The bundled model reads sentences about 加班 its own way; to this user they are {lesson.label}.")
    api.call("PUT", "/v1/consent", {"personalization": True})
    for prediction in before[: len(lesson.taught)]:
        api.call("POST", "/v1/feedback", {"prediction_id": prediction["id"], "label": lesson.label})
    tell(f"The user agreed to personalisation and corrected {len(lesson.taught)} answers. Training:")
    update = watch(api, api.call("POST", "/v1/updates", {"task": _TASK, "force": True}))
    if update["outcome"] != "published":
        return [Claim("the update is published", False, "; ".join(update["reasons"]))]
    after = _predict(api, lesson)
    tell(f"Version {update['version']} answers now.")
    if not as_json:
        _compare(lesson, before, after)
    api.call("POST", f"/v1/models/{_TASK}/rollback", {})
    back = _predict(api, lesson)
    api.call("POST", f"/v1/models/{_TASK}/activate", {"version": update["version"]})
    forward = _predict(api, lesson)
    return _claims(lesson, update["metrics"], before, after, back, forward)


def _claims(lesson: Lesson, metrics: dict[str, Any], *answers: Sequence[dict[str, Any]]) -> list[Claim]:
    before, after, back, forward = answers
    count = len(lesson.taught)
    taught, others = _right(lesson, after[:count]), _right(lesson, after[count:])
    taught_first, others_first = _right(lesson, before[:count]), _right(lesson, before[count:])
    general, general_first = metrics["replay_accuracy"], metrics["replay_accuracy_before"]
    return [
        Claim("all taught sentences are right", taught == count, f"{taught} of {count}, before {taught_first}"),
        Claim(
            "other sentences of the kind follow",
            others >= FOLLOWING_NEEDED,
            f"{others} of {len(lesson.others)}, before {others_first}",
        ),
        Claim(
            "nothing else is forgotten",
            general >= general_first - MOST_LOST,
            f"accuracy on general sentences {general:.1%}, before {general_first:.1%}",
        ),
        Claim("rolled back, it answers as before, to the bit", _same(before, back), f"version {back[0]['version']}"),
        Claim("rolled forward, as after, to the bit", _same(after, forward), f"version {forward[0]['version']}"),
    ]


def _compare(lesson: Lesson, before: Sequence[dict[str, Any]], after: Sequence[dict[str, Any]]) -> None:
    count = len(lesson.taught)
    shown = [*range(3), *range(count, count + 5)]
    sentences = (*lesson.taught, *lesson.others)
    rows = (
        ("taught" if index < count else "new to it", sentences[index], _brief(before[index]), _brief(after[index]))
        for index in shown
    )
    say("")
    print_table(("", "sentence", "before", "after"), rows, "no sentences")
    say("")


def _brief(prediction: dict[str, Any]) -> str:
    return f"{prediction['label']} {prediction['probabilities'][prediction['label']]:.2f}"


def _predict(api: "Api", lesson: Lesson) -> list[dict[str, Any]]:
    body = {"texts": [*lesson.taught, *lesson.others], "task": _TASK}
    predictions: list[dict[str, Any]] = api.call("POST", "/v1/predict", body)["predictions"]
    return predictions


def _right(lesson: Lesson, predictions: Sequence[dict[str, Any]]) -> int:
    return sum(prediction["label"] == lesson.label for prediction in predictions)


def _same(one: Sequence[dict[str, Any]], other: Sequence[dict[str, Any]]) -> bool:
    """Whether all probabilities are equal; JSON carries doubles exactly."""
    return [item["probabilities"] for item in one] == [item["probabilities"] for item in other]


def _lesson() -> Lesson:
    content = json.loads(resources.files("app.cli").joinpath("overtime.json").read_text("utf-8"))
    return Lesson(content["label"], tuple(content["taught"]), tuple(content["others"]))
