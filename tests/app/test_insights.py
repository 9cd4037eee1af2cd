"""The insight assistant over real HTTP, on the bundle that ships: what is answered, kept, learnt and forgotten."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.settings import Settings
from device_sim.insights.knowledge import DIRECTIONS, SHIPPED, package_of, shipped_knowledge
from model_store.signing import public_pem, sign
from tests.app.test_contract import finished
from tests.support.http_service import running
from tests.support.tiny_bundle import TinyBundle

SPEECH = "我希望提升我的演讲能力"


@pytest.fixture(scope="module")
def key() -> Ed25519PrivateKey:
    """Whoever gives out knowledge packages."""
    return Ed25519PrivateKey.generate()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Where the device keeps what it keeps."""
    return tmp_path / "state"


@pytest.fixture
def device(state: Path, tmp_path: Path, key: Ed25519PrivateKey) -> Iterator[httpx.Client]:
    """A fresh device with the shipped bundle, without consent."""
    (tmp_path / "key.pem").write_bytes(public_pem(key.public_key()))
    settings = Settings.model_validate({"state_dir": state, "trusted_keys": (tmp_path / "key.pem",)})
    with running(settings) as service, service.client() as client:
        yield client


@pytest.fixture
def agreed(device: httpx.Client) -> httpx.Client:
    """The same, with consent."""
    device.put("/v1/consent", json={"personalization": True})
    return device


def ask(client: httpx.Client, text: str, **more: object) -> dict[str, Any]:
    """The answer to a thought."""
    answer = client.post("/v1/insights", json={"text": text, **more})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def react(client: httpx.Client, answer: dict[str, Any], reaction: str, place: int = 0) -> httpx.Response:
    """Say how an insight was taken."""
    body = {"insight_id": answer["insights"][place]["id"], "reaction": reaction}
    return client.post(f"/v1/insights/{answer['id']}/reaction", json=body)


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """Status and kind of a problem."""
    return answer.status_code, answer.json()["type"].removeprefix("urn:attune:problem:")


def test_a_thought_is_read_and_fitting_insights_are_offered(agreed: httpx.Client) -> None:
    answer = ask(agreed, SPEECH)
    assert (answer["intent"], answer["direction"], answer["entities"]) == ("goal_setting", "expression", ["演讲能力"])
    assert min(answer["confidences"][name] for name in ("intent", "direction")) > 0.9
    assert answer["sentiment"] == "neutral", "an unsure feeling is none"
    first = answer["insights"][0]
    assert first["direction"] == "expression"
    assert 2 <= len(first["actions"]) <= 4
    assert "演讲" in first["why"]
    scores = [one["score"] for one in answer["insights"]]
    assert scores == sorted(scores, reverse=True)
    assert len({one["id"] for one in answer["insights"]}) == len(scores) == 3
    assert (answer["kept"], answer["goal"]["text"], answer["message"], answer["help"]) == (True, SPEECH, None, None)
    assert len(ask(agreed, SPEECH, count=1)["insights"]) == 1


def test_a_text_that_sounds_like_danger_gets_help_and_is_never_kept(agreed: httpx.Client, state: Path) -> None:
    text = "我真的不想活了，想结束这一切"
    answer = ask(agreed, text)
    assert (answer["insights"], answer["intent"], answer["direction"], answer["kept"]) == ([], None, None, False)
    assert "12356" in [one["contact"] for one in answer["help"]["resources"]]
    assert answer["help"]["answer"] == ask(agreed, "活着没有意思，想去死")["help"]["answer"]
    body = {"insight_id": shipped_knowledge().insights[0].id, "reaction": "like"}
    assert refusal(agreed.post(f"/v1/insights/{answer['id']}/reaction", json=body)) == (404, "unknown-thought")
    goal = agreed.post("/v1/goals", json={"text": text})
    assert refusal(goal) == (409, "sounds-like-danger")
    assert "12356" in goal.json()["detail"]
    assert agreed.get("/v1/insights").json()["items"] == []
    assert agreed.get("/v1/samples").json()["total"] == 0
    assert ask(agreed, "今天累死了，老板又画大饼")["help"] is None


def test_several_thoughts_in_a_text_are_told_apart(device: httpx.Client) -> None:
    text = "今天跑了五公里，开心。另外房贷利率又涨了，有点慌。"
    answer = ask(device, text)
    assert [(one["direction"], one["sentiment"]) for one in answer["thoughts"]] == [
        ("health", "positive"), ("finance", "negative")
    ]  # fmt: skip
    first = answer["thoughts"][0]
    assert text[first["start"] : first["end"]] == "今天跑了五公里，开心"
    assert {"health", "finance"} <= {one["direction"] for one in answer["insights"]}
    assert ask(device, SPEECH)["thoughts"] == []


@pytest.mark.parametrize("text", ["张伟的电话是多少", "1+1等于几", "asdfgh", "😀"])
def test_where_nothing_fits_an_honest_word_is_said(device: httpx.Client, text: str) -> None:
    answer = ask(device, text)
    assert answer["insights"] == []
    assert answer["message"]


def test_without_consent_there_is_an_answer_and_nothing_is_kept(device: httpx.Client, state: Path) -> None:
    answer = ask(device, SPEECH)
    assert (answer["kept"], answer["goal"], len(answer["insights"])) == (False, None, 3)
    assert device.get("/v1/insights").json()["items"] == []
    assert device.get("/v1/goals").json()["goals"] == []
    assert refusal(react(device, answer, "like")) == (403, "consent-required")
    assert refusal(device.post("/v1/goals", json={"text": "跑步"})) == (403, "consent-required")
    assert refusal(device.get(f"/v1/insights/{answer['id']}")) == (404, "unknown-thought")
    # With consent, what was just asked may be liked after all.
    device.put("/v1/consent", json={"personalization": True})
    assert react(device, answer, "like").status_code == 200
    assert device.get("/v1/insights").json()["items"][0]["id"] == answer["id"]


def test_a_like_is_a_sample_once_and_a_dismissal_takes_it_back(agreed: httpx.Client) -> None:
    answer = ask(agreed, SPEECH)
    liked = react(agreed, answer, "like").json()
    assert (liked["reaction"], liked["sample_id"], liked["pending"]) == ("like", 1, 1)
    assert react(agreed, answer, "like").json()["sample_id"] == 1
    sample = agreed.get("/v1/samples").json()["items"]
    assert [(one["task"], one["label"], one["text"]) for one in sample] == [("insight", "expression", SPEECH)]
    assert react(agreed, answer, "dismiss").json()["sample_id"] is None
    assert agreed.get("/v1/samples").json()["total"] == 0
    assert react(agreed, answer, "done", place=1).status_code == 200
    kept = agreed.get(f"/v1/insights/{answer['id']}").json()["offers"]
    assert [one["reaction"] for one in kept] == ["dismiss", None, None]
    assert kept[1]["done_at"]


def test_what_was_dismissed_or_just_seen_does_not_come_first_again(agreed: httpx.Client) -> None:
    first = ask(agreed, SPEECH)
    react(agreed, first, "dismiss")
    again = ask(agreed, SPEECH)
    assert first["insights"][0]["id"] not in [one["id"] for one in again["insights"]]
    assert first["insights"][1]["id"] != again["insights"][0]["id"]


def test_an_unknown_insight_or_thought_is_told(agreed: httpx.Client) -> None:
    answer = ask(agreed, SPEECH)
    unknown = {"insight_id": "none-such", "reaction": "like"}
    assert refusal(agreed.post(f"/v1/insights/{answer['id']}/reaction", json=unknown)) == (404, "unknown-insight")
    offered = {one["id"] for one in answer["insights"]}
    other = next(one.id for one in shipped_knowledge().insights if one.id not in offered)
    body = {"insight_id": other, "reaction": "like"}
    assert refusal(agreed.post(f"/v1/insights/{answer['id']}/reaction", json=body)) == (404, "unknown-insight")
    body = {"insight_id": answer["insights"][0]["id"], "reaction": "like"}
    assert refusal(agreed.post("/v1/insights/none/reaction", json=body)) == (404, "unknown-thought")
    assert agreed.post(f"/v1/insights/{answer['id']}/reaction", json={**body, "reaction": "love"}).status_code == 422
    assert agreed.get("/v1/samples").json()["total"] == 0


def test_likes_are_learnt_by_the_machinery_of_all_heads(agreed: httpx.Client) -> None:
    for number in range(4):
        react(agreed, ask(agreed, f"想把第{number}次汇报讲好，又怕开不了口"), "like")
    update = finished(agreed, agreed.post("/v1/updates", json={"task": "insight", "force": True}))
    assert update["state"] == "completed"
    assert update["metrics"]["samples"] == 4
    if update["outcome"] == "published":
        assert ask(agreed, SPEECH)["version"] == 1
        assert agreed.post("/v1/models/insight/rollback").json()["version"] == 0


def test_goals_can_be_ticked_off_and_forgotten(agreed: httpx.Client) -> None:
    own = agreed.post("/v1/goals", json={"text": "年底前跑一次半马"}).json()
    made = ask(agreed, SPEECH)["goal"]
    assert [goal["id"] for goal in agreed.get("/v1/goals").json()["goals"]] == [made["id"], own["id"]]
    ticked = agreed.put(f"/v1/goals/{made['id']}", json={"done": True}).json()
    assert ticked["done_at"]
    assert [goal["id"] for goal in agreed.get("/v1/goals").json()["goals"]] == [own["id"], made["id"]]
    assert agreed.put(f"/v1/goals/{made['id']}", json={"done": False}).json()["done_at"] is None
    assert agreed.delete(f"/v1/goals/{own['id']}").status_code == 204
    assert refusal(agreed.put(f"/v1/goals/{own['id']}", json={"done": True})) == (404, "unknown-goal")


def test_a_week_is_summed_up_by_the_devices_clock(agreed: httpx.Client) -> None:
    agreed.put("/v1/device", json={"now": "2026-03-04T10:00:00+00:00"})
    react(agreed, ask(agreed, SPEECH), "like")
    ask(agreed, "今天跑了五公里，开心")
    agreed.put("/v1/device", json={"now": "2026-03-10T10:00:00+00:00"})
    ask(agreed, "又被老板骂了，委屈")
    now, before = agreed.get("/v1/summary", params={"weeks": 2}).json()["weeks"]
    assert (now["week"], now["thoughts"], now["directions"]) == ("2026-03-09", 1, {"career": 1})
    assert now["days"][1]["mood"] < 0
    assert (before["week"], before["thoughts"], before["liked"]) == ("2026-03-02", 2, {"expression": 1})
    assert before["goals_set"] == 1
    assert [day["thoughts"] for day in before["days"]] == [0, 0, 2, 0, 0, 0, 0]


def test_a_thought_is_forgotten_with_the_samples_of_its_likes(agreed: httpx.Client) -> None:
    answer = ask(agreed, SPEECH)
    react(agreed, answer, "like")
    assert agreed.delete(f"/v1/insights/{answer['id']}").json() == {"affected_versions": []}
    for path, name in (("/v1/insights", "items"), ("/v1/goals", "goals"), ("/v1/samples", "items")):
        assert agreed.get(path).json()[name] == []
    assert refusal(agreed.delete(f"/v1/insights/{answer['id']}")) == (404, "unknown-thought")
    assert refusal(react(agreed, answer, "like")) == (404, "unknown-thought")


def test_an_export_brings_thoughts_back_and_erasing_leaves_none(agreed: httpx.Client, state: Path) -> None:
    answer = ask(agreed, SPEECH)
    react(agreed, answer, "like")
    add_own(agreed)
    before = [agreed.get(path).json() for path in ("/v1/insights", "/v1/goals", "/v1/summary")]
    document = agreed.get("/v1/export").json()
    assert agreed.delete("/v1/user-data").status_code == 200
    assert agreed.get("/v1/insights").json()["items"] == []
    written = b"".join(path.read_bytes() for path in state.rglob("*") if path.is_file())
    assert "演讲能力".encode() not in written
    assert agreed.post("/v1/import", json=document).status_code == 200
    assert [agreed.get(path).json() for path in ("/v1/insights", "/v1/goals", "/v1/summary")] == before
    assert agreed.get("/v1/knowledge").json()["own"] == 1
    for table, change in (
        ("offers", {"thought_id": 99}),
        ("thoughts", {"mood": 2}),
        ("thoughts", {"text": " "}),
        ("own_insights", {"id": "own-2"}),
    ):
        broken = json.loads(json.dumps(document))
        broken[table][0] |= change
        assert refusal(agreed.post("/v1/import", json=broken)) == (422, "invalid-export")
    # An export of the first edition has none of these tables; the sample of the like alone is brought back.
    for table in ("thoughts", "offers", "goals", "own_insights", "knowledge"):
        document.pop(table)
    assert agreed.post("/v1/import", json=document).status_code == 200
    assert (agreed.get("/v1/insights").json()["items"], agreed.get("/v1/samples").json()["total"]) == ([], 1)


OWN = {
    "direction": "health", "title": "睡前写三行", "body": "把还惦记的事写在纸上，脑子就肯放下了，第二天再看也不迟。",
    "actions": ["今晚睡前写三行", "早上看一眼"], "intents": ["goal_setting"], "feelings": ["negative"],
    "topics": ["失眠", "睡不着"],
}  # fmt: skip


def add_own(client: httpx.Client) -> dict[str, Any]:
    """Add an own entry."""
    answer = client.post("/v1/knowledge/entries", json=OWN)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_own_entries_are_offered_and_can_be_removed(device: httpx.Client) -> None:
    assert refusal(device.post("/v1/knowledge/entries", json=OWN)) == (403, "consent-required")
    device.put("/v1/consent", json={"personalization": True})
    agreed = device
    own = add_own(agreed)
    assert own["id"] == "own-1"
    assert "own-1" in [one["id"] for one in ask(agreed, "想改掉失眠的毛病，总睡不着", count=10)["insights"]]
    assert add_own(agreed)["id"] == "own-2"
    assert agreed.delete("/v1/knowledge/entries/own-1").status_code == 204
    assert agreed.get("/v1/knowledge").json()["own"] == 1
    assert refusal(agreed.delete("/v1/knowledge/entries/own-1")) == (404, "unknown-insight")
    shipped = shipped_knowledge().insights[0].id
    assert refusal(agreed.delete(f"/v1/knowledge/entries/{shipped}")) == (404, "unknown-insight")
    wrong = agreed.post("/v1/knowledge/entries", json={**OWN, "direction": "luck"})
    assert refusal(wrong) == (422, "invalid-knowledge")
    assert "there is no such direction" in wrong.json()["detail"]
    assert "luck" not in wrong.text, "what the user wrote is not echoed"


def test_many_likes_at_once_are_one_sample_and_nothing_outlives_a_forgotten_thought(agreed: httpx.Client) -> None:
    answer = ask(agreed, SPEECH)
    with ThreadPoolExecutor(8) as threads:
        likes = list(threads.map(lambda _: react(agreed, answer, "like").json()["sample_id"], range(8)))
    assert len(set(likes)) == 1
    assert agreed.get("/v1/samples").json()["total"] == 1
    with ThreadPoolExecutor(4) as threads:
        liking = threads.submit(react, agreed, answer, "like", 1)
        agreed.delete(f"/v1/insights/{answer['id']}")
        liking.result()
    assert agreed.get("/v1/insights").json()["items"] == []
    assert agreed.get("/v1/samples").json()["total"] == 0


def test_a_sample_that_was_deleted_by_itself_can_be_liked_again(agreed: httpx.Client) -> None:
    answer = ask(agreed, SPEECH)
    first = react(agreed, answer, "like").json()["sample_id"]
    agreed.delete(f"/v1/samples/{first}")
    assert react(agreed, answer, "like").json()["sample_id"] == first + 1
    assert agreed.get("/v1/samples").json()["total"] == 1


def test_old_thoughts_go_by_the_retention_of_samples(agreed: httpx.Client) -> None:
    agreed.put("/v1/device", json={"now": "2026-03-04T10:00:00+00:00"})
    ask(agreed, SPEECH)
    agreed.put("/v1/device", json={"now": "2027-03-10T10:00:00+00:00"})
    ask(agreed, "今天跑了五公里，开心")
    agreed.post("/v1/schedule/tick")
    assert [one["direction"] for one in agreed.get("/v1/insights").json()["items"]] == ["health"]
    assert [goal["text"] for goal in agreed.get("/v1/goals").json()["goals"]] == [SPEECH], "goals stay"


def test_entries_are_found_by_words_and_by_meaning(device: httpx.Client) -> None:
    def found(**query: str | int) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = device.get("/v1/knowledge/entries", params=query).json()["items"]
        return items

    by_word = found(query="演讲", limit=3)
    assert all("演讲" in json.dumps(one, ensure_ascii=False) for one in by_word[:2])
    by_meaning = found(query="同事升职我没升，心里不是滋味", limit=5)
    assert by_meaning[0]["direction"] in ("career", "emotion")
    assert {one["direction"] for one in found(direction="finance", limit=200)} == {"finance"}
    assert found(query='"; DROP TABLE entries --', limit=1)
    assert refusal(device.get("/v1/knowledge/entries", params={"query": "a\0b"}))[0] == 422


def test_a_signed_package_replaces_what_ships_and_own_entries_stay(
    agreed: httpx.Client, key: Ed25519PrivateKey
) -> None:
    add_own(agreed)
    shipped = agreed.get("/v1/knowledge").json()
    assert (shipped["source"], shipped["version"]) == ("shipped", shipped_knowledge().version)
    assert shipped["insights"] >= 150
    package = package_of(shipped_knowledge())
    package["version"] = "9.0.0"
    package["insights"] = [one for one in package["insights"] if one["direction"] == "finance"]
    package["signature"] = sign(package, key)
    installed = agreed.put("/v1/knowledge", json=package).json()
    assert (installed["version"], installed["source"], installed["own"]) == ("9.0.0", "package", 1)
    offered = ask(agreed, "想开始存钱，月底总是花光", count=10)["insights"]
    assert {one["direction"] for one in offered} <= {"finance", "health"}
    assert agreed.delete("/v1/knowledge").json() == {**shipped, "own": 1}

    for change, said in (
        ({"version": "9.0.1"}, "changed after signing"),
        ({"signature": None}, "valid dictionary"),
        ({"signature": {**package["signature"], "key_id": "0" * 16}}, "not trusted"),
    ):
        answer = agreed.put("/v1/knowledge", json={**package, **change})
        assert (answer.status_code, said in answer.json()["detail"]) == (422, True), answer.text
    broken = json.loads(json.dumps(package))
    broken["insights"][2]["direction"] = "luck"
    broken["signature"] = sign(broken, key)
    answer = agreed.put("/v1/knowledge", json=broken)
    assert refusal(answer) == (422, "invalid-knowledge")
    assert f"{broken['insights'][2]['id']}: there is no such direction" in answer.json()["detail"]
    broken["insights"][2].update(direction="health", id="own-1")
    broken["signature"] = sign(broken, key)
    assert "own entry of a user" in agreed.put("/v1/knowledge", json=broken).json()["detail"]
    assert agreed.get("/v1/knowledge").json()["source"] == "shipped"


def test_a_bundle_without_the_tasks_says_so(make_settings: Any, bundle: TinyBundle) -> None:
    with running(make_settings()) as service, service.client() as client:
        assert refusal(client.post("/v1/insights", json={"text": SPEECH})) == (409, "insights-unavailable")


def test_the_shipped_entries_cover_all_directions() -> None:
    insights = shipped_knowledge().insights
    assert len(insights) >= 150
    for direction in DIRECTIONS:
        mine = [one for one in insights if one.direction == direction]
        assert len(mine) >= 12
        assert sum("positive" in one.feelings for one in mine) >= 2
        for intent in ("goal_setting", "emotion_record", "advice_seeking"):
            assert sum(intent in one.intents for one in mine) >= 3, (direction, intent)
    assert len({one.title for one in insights}) == len(insights)
    assert (SHIPPED / "version.toml").is_file()


def test_texts_that_are_none_are_refused(device: httpx.Client) -> None:
    for text, kind in ((" ", "invalid-request"), ("字" * 10_001, "invalid-request"), ("\u200b", "invalid-text")):
        answer = device.post("/v1/insights", json={"text": text})
        assert answer.status_code == 422, (text[:3], kind)
    assert len(ask(device, "加班" * 4_000)["insights"]) <= 3


def test_many_at_once_are_all_answered_and_kept(agreed: httpx.Client) -> None:
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda number: ask(agreed, f"第{number}天，还是想学好英语"), range(20)))
    assert len({answer["id"] for answer in answers}) == 20
    page = agreed.get("/v1/insights", params={"limit": 15}).json()
    rest = agreed.get("/v1/insights", params={"limit": 15, "after": page["next_after"]}).json()
    assert (len(page["items"]), len(rest["items"]), rest["next_after"]) == (15, 5, None)
