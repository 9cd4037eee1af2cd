"""Records real calls and answers of a fresh device as the HTTP reference's examples.

`python -m docs.scripts.record_examples` writes `examples.json`. Ids and times differ from one recording to the next, so
it is run by hand when the contract has changed; a test holds what is recorded against the contract.
"""

import json
import re
import sys
from importlib import resources
from pathlib import Path
from typing import Any

import httpx

from docs.scripts.device import running_device

_OUT = Path(__file__).with_name("examples.json")
_MOST_ITEMS = 2
_LONGEST_TEXT = 160
_MOST_EVENTS = 6
_NOW = "2026-12-01T21:30:00+08:00"
_CALENDAR = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//example//EN\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20261201T000000Z\r\n"
    "DTSTART:20261204T013000Z\r\nSUMMARY:体检\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
_CARDS = "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:陈晓岚\r\nTEL:13900139000\r\nEND:VCARD\r\n"


class Recorder:
    """Calls the device and keeps what was asked and answered, by method and path template."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client
        self.found: dict[str, dict[str, Any]] = {}

    def __call__(self, call: str, body: object = None, *, keep: bool = True, query: str = "", **values: object) -> Any:
        """The answer to `call` ("POST /v1/predict"), whose path's braces `values` fill."""
        method, path = call.split()
        headers = {"Attune-Export-Passphrase": "correct horse battery staple"} if "{task}/versions" in path else {}
        at = path.format(**values) + query
        answer = self._client.request(method, at, json=body, headers=headers)
        if answer.is_error:
            raise SystemExit(f"{call}: {answer.status_code} {answer.text}")
        is_json = answer.content and "json" in answer.headers.get("content-type", "")
        content = answer.json() if is_json else answer.text
        if keep:
            self._keep(call, at if query else None, body, content)
        return content

    def _keep(self, call: str, at: str | None, body: object, content: object) -> None:
        shown = _shortened(content)
        cut = shown != content and "..." in str(shown)
        found = {"at": at, "request": _shortened(body), "answer": shown or None, "cut": cut}
        self.found[call] = {name: value for name, value in found.items() if value not in (None, False)}


def _shortened(value: object) -> object:
    """What of a long answer is shown: the first items of lists, the beginning of long texts and of streams."""
    if isinstance(value, dict):
        return {name: _shortened(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_shortened(item) for item in value[:_MOST_ITEMS]] + (["..."] if len(value) > _MOST_ITEMS else [])
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, str) and "\n\n" in value:
        events = value.strip().split("\n\n")
        half = _MOST_EVENTS // 2
        return value if len(events) <= _MOST_EVENTS else "\n\n".join([*events[:half], "...", *events[-half:]])
    if isinstance(value, str) and value.count("\n") > 1 and len(value) > _LONGEST_TEXT * 4:
        kept = [line for line in value.splitlines() if re.match(r"(# (HELP|TYPE) )?attune_", line)]
        return "\n".join([*kept[:12], "..."])
    if isinstance(value, str) and len(value) > _LONGEST_TEXT:
        return value[:_LONGEST_TEXT] + "..."
    return value


def record(client: httpx.Client) -> dict[str, dict[str, Any]]:
    """Use a device as an app would, from consent to erasure."""
    call = Recorder(client)
    lesson = json.loads(resources.files("app.cli").joinpath("overtime.json").read_text("utf-8"))
    _state(call)
    prediction = call("POST /v1/predict", {"text": lesson["taught"][0], "task": "sentiment"})
    call("GET /v1/consent")
    call("PUT /v1/consent", {"personalization": True})
    call("POST /v1/feedback", {"prediction_id": prediction["id"], "label": lesson["label"]})
    for text in lesson["taught"][1:]:
        body = {"text": text, "task": "sentiment", "label": lesson["label"]}
        call("POST /v1/feedback", body, keep=False)
    call("GET /v1/samples", query="?task=sentiment&limit=2")
    _learning(call, lesson["others"])
    _insights(call)
    _personal(call)
    _assistant(call)
    call("DELETE /v1/samples/{sample_id}", sample_id=1, query="?then=keep")
    call("DELETE /v1/samples", query="?then=destroy")
    document = call("GET /v1/export", query="?sealed=true")
    call("POST /v1/import", document)
    call("DELETE /v1/consent")
    call("DELETE /v1/user-data")
    return call.found


def _state(call: Recorder) -> None:
    call("GET /healthz")
    call("GET /readyz")
    call("GET /v1/device")
    call("PUT /v1/device", {"charging": False, "wifi": True, "idle": True, "battery": 0.9, "now": _NOW})
    call("GET /v1/schedule")
    call("PUT /v1/schedule", {"min_new_samples": 20, "samples_after": "keep", "parameters": {"epochs": 20}})


def _learning(call: Recorder, others: list[str]) -> None:
    call("POST /v1/schedule/tick")
    call("PUT /v1/schedule", {"parameters": {}}, keep=False)
    update = call("POST /v1/updates", {"task": "sentiment", "force": True})
    call("GET /v1/updates/{update_id}/events", update_id=update["id"])
    call("GET /v1/updates/{update_id}", update_id=update["id"])
    call("GET /v1/updates")
    call("GET /v1/models")
    call("GET /v1/models/{task}/versions", task="sentiment")
    head = call("GET /v1/models/{task}/versions/{number}/head", task="sentiment", number=1)
    call("POST /v1/models/{task}/rollback", {"to": 0}, task="sentiment")
    call("POST /v1/models/{task}/activate", {"version": 1}, task="sentiment")
    call("POST /v1/models/{task}/versions", head, task="sentiment")
    call("GET /v1/audit")
    for text in others:
        call("POST /v1/feedback", {"text": text, "task": "sentiment", "label": "正面"}, keep=False)
    again = call("POST /v1/updates", {"force": True, "parameters": {"epochs": 100}}, keep=False)
    call("POST /v1/updates/{update_id}/cancel", update_id=again["id"])
    call("GET /v1/updates/{update_id}/events", update_id=again["id"], keep=False)
    call("GET /metrics")


def _insights(call: Recorder) -> None:
    thought = call("POST /v1/insights", {"text": "我希望提升我的演讲能力", "count": 2})
    liked, other = (offered["id"] for offered in thought["insights"][:2])
    reaction = "POST /v1/insights/{thought_id}/reaction"
    call(reaction, {"insight_id": other, "reaction": "dismiss"}, keep=False, thought_id=thought["id"])
    call(reaction, {"insight_id": liked, "reaction": "like"}, thought_id=thought["id"])
    call("GET /v1/insights")
    call("GET /v1/insights/{thought_id}", thought_id=thought["id"])
    call("DELETE /v1/insights/{thought_id}", thought_id=thought["id"])
    goal = call("POST /v1/goals", {"text": "每周练习一次演讲"})
    call("GET /v1/goals")
    call("PUT /v1/goals/{goal_id}", {"done": True}, goal_id=goal["id"])
    call("GET /v1/summary", query="?weeks=1")
    call("DELETE /v1/goals/{goal_id}", goal_id=goal["id"])
    call("GET /v1/knowledge")
    call("GET /v1/knowledge/entries", query="?query=失眠&limit=1")
    entry = {
        "direction": "health", "title": "睡前写下三件事", "body": "把明天的三件事写在纸上，脑子就不用替你记着。",
        "actions": ["床头放一支笔", "写完就关灯"], "intents": ["goal_setting"], "feelings": ["neutral"],
        "topics": ["失眠", "睡不着"],
    }  # fmt: skip
    own = call("POST /v1/knowledge/entries", entry)
    call("DELETE /v1/knowledge/entries/{insight_id}", insight_id=own["id"])
    call("DELETE /v1/knowledge")


def _personal(call: Recorder) -> None:
    bodies: dict[str, dict[str, Any]] = {
        "calendar": {"title": "产品评审", "start": "2026-12-03T10:00", "end": "2026-12-03T11:30", "people": ["王建国"]},
        "contacts": {"name": "王建国", "aliases": ["王总"], "phones": ["13800138000"], "organisation": "云杉智联"},
        "notes": {"title": "和王总开会", "body": "海雀项目的报价定在三十万。", "at": "2026-11-26"},
    }
    changes: dict[str, dict[str, Any]] = {
        "calendar": {"place": "三号会议室"},
        "contacts": {"emails": ["wang@example.com"]},
        "notes": {},
    }
    files = {"calendar": _CALENDAR, "contacts": _CARDS, "notes": "# 读书笔记\n\n2026-11-20\n\n今天读完了第三章。\n"}
    for kind, body in bodies.items():
        base = f"/v1/personal/{kind}"
        one = {"entry_id": call(f"POST {base}", body)["id"]}
        call(f"PUT {base}/{{entry_id}}", {**body, **changes[kind]}, **one)
        call(f"GET {base}/{{entry_id}}", **one)
        imported = call(f"POST {base}/import", {"content": files[kind]})
        call(f"GET {base}")
        if imported["added"]:
            call(f"DELETE {base}/{{entry_id}}", entry_id=one["entry_id"] + 1)


def _assistant(call: Recorder) -> None:
    call("POST /v1/redact", {"text": "请联系王建国，电话 13800138000，报价三十万元"})
    request = {"text": "根据上次和王总开会的内容，帮我写一封跟进邮件", "dry_run": True, "conversation_id": "follow-up"}
    call("POST /v1/assist", request)
    call("DELETE /v1/assist/{conversation_id}", conversation_id="follow-up")
    call("GET /v1/egress")
    for kind in ("calendar", "contacts", "notes"):
        call(f"DELETE /v1/personal/{kind}")


if __name__ == "__main__":
    with running_device() as device:
        recorded = record(device)
    _OUT.write_text(json.dumps(recorded, ensure_ascii=False, indent=1) + "\n", "utf-8")
    sys.stdout.write(f"{_OUT}: {len(recorded)} calls\n")
