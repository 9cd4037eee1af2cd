"""`attune predict` and `attune feedback`."""

import sys
from typing import Annotated, Any

import typer

from app.cli.options import Json, Task, Url, session
from app.cli.output import note, print_json, print_table, say
from app.schemas.predictions import MAX_TEXTS


def predict(
    texts: Annotated[
        list[str] | None, typer.Argument(help="Texts; without any, or as '-', one a line from standard input.")
    ] = None,
    task: Task = "sentiment",
    version: Annotated[
        int | None, typer.Option("--version", min=0, help="Ask this version instead of the one that serves.")
    ] = None,
    as_json: Json = False,
    url: Url = None,
) -> None:
    """Say what texts express or, of a token task, which entities are in them."""
    asked = _lines() if not texts or texts == ["-"] else texts
    if not asked:
        raise typer.BadParameter("there is no text")
    answers: list[dict[str, Any]] = []
    with session(url) as api:
        for start in range(0, len(asked), MAX_TEXTS):
            body = {"texts": asked[start : start + MAX_TEXTS], "task": task, "version": version}
            answers += api.call("POST", "/v1/predict", body)["predictions"]
    if as_json:
        print_json({"predictions": answers})
    elif "entities" in answers[0]:
        rows = (row for answer, text in zip(answers, asked, strict=True) for row in _entities(answer, text))
        print_table(("entity", "type", "probability", "characters", "version", "text"), rows, "no text")
    else:
        rows = (_label(answer, text) for answer, text in zip(answers, asked, strict=True))
        print_table(("label", "probability", "version", "prediction", "text"), rows, "no text")


def _label(answer: dict[str, Any], text: str) -> tuple[object, ...]:
    probability = answer["probabilities"][answer["label"]]
    return answer["label"], f"{probability:.3f}", answer["version"], answer["id"], text


def _entities(answer: dict[str, Any], text: str) -> list[tuple[object, ...]]:
    """A row for each entity, or one that says that there is none."""
    rows: list[tuple[object, ...]] = [
        (found["text"], found["type"], f"{found['probability']:.3f}", f"{found['start']} to {found['end']}",
         answer["version"], text)
        for found in answer["entities"]
    ]  # fmt: skip
    return rows or [(None, None, None, None, answer["version"], text)]


def _lines() -> list[str]:
    if sys.stdin.isatty():
        note("one text a line; end with Ctrl-D")
    return [line.strip() for line in sys.stdin if line.strip()]


def feedback(
    label: Annotated[str, typer.Argument(help="What it should have been.")],
    text: Annotated[str | None, typer.Argument(help="The text.")] = None,
    prediction: Annotated[str | None, typer.Option("--prediction", help="An earlier prediction's id.")] = None,
    task: Task = "sentiment",
    key: Annotated[
        str | None, typer.Option("--key", help="Idempotency key: said twice with the same key, it counts once.")
    ] = None,
    as_json: Json = False,
    url: Url = None,
) -> None:
    """Correct a prediction, or teach a text's label."""
    if (text is None) == (prediction is None):
        raise typer.BadParameter("give either a text or --prediction")
    about = {"text": text, "task": task} if text is not None else {"prediction_id": prediction}
    with session(url) as api:
        headers = {"Idempotency-Key": key} if key is not None else None
        receipt = api.call("POST", "/v1/feedback", {**about, "label": label}, headers=headers)
    if as_json:
        print_json(receipt)
    else:
        say(f"stored as sample {receipt['sample_id']}; {receipt['pending']} of {receipt['task']} wait to be learnt")
