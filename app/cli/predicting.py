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
    as_json: Json = False,
    url: Url = None,
) -> None:
    """Say what texts express."""
    asked = _lines() if not texts or texts == ["-"] else texts
    if not asked:
        raise typer.BadParameter("there is no text")
    answers: list[dict[str, Any]] = []
    with session(url) as api:
        for start in range(0, len(asked), MAX_TEXTS):
            body = {"texts": asked[start : start + MAX_TEXTS], "task": task}
            answers += api.call("POST", "/v1/predict", body)["predictions"]
    if as_json:
        print_json({"predictions": answers})
        return
    rows = (
        (answer["label"], f"{answer['probabilities'][answer['label']]:.3f}", answer["version"], answer["id"], text)
        for answer, text in zip(answers, asked, strict=True)
    )
    print_table(("label", "probability", "version", "prediction", "text"), rows, "no text")


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
