"""The hybrid assistant over real HTTP, on the bundle that ships, beside a peer that records every byte it gets."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.settings import Settings
from tests.support import cloud_peer as peers
from tests.support.cloud_peer import CloudPeer, cloud_peer
from tests.support.http_service import RunningService, running

MAIL = "根据上次和王总开会的内容，帮我写一封跟进邮件"
NOTE = {
    "title": "和王建国的合作会",
    "body": "和王建国在云鲸科技开会。鲸落项目的报价定在四十八万。王总的电话13800138000。下周三之前给他回复方案。",
    "at": "2026-11-20T15:00:00+08:00",
}
SECRETS = ("王建国", "王总", "云鲸", "鲸落", "四十八万", "13800138000")


@pytest.fixture(scope="module")
def one_peer() -> Iterator[CloudPeer]:
    """The cloud."""
    with cloud_peer() as running_peer:
        yield running_peer


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, one_peer: CloudPeer) -> Iterator[RunningService]:
    """A device that may ask the peer."""
    settings = Settings.model_validate(
        {
            "state_dir": tmp_path_factory.mktemp("assist") / "state", "timezone": "Asia/Shanghai",
            "cloud_base_url": one_peer.base_url, "cloud_api_key": "sk-secret", "cloud_model": "tiny",
            "cloud_timeout": 2.0,
        }
    )  # fmt: skip
    with running(settings) as service:
        yield service


@pytest.fixture
def peer(one_peer: CloudPeer) -> CloudPeer:
    """The cloud, as if nobody had asked it yet."""
    one_peer.requests.clear()
    one_peer.connections.clear()
    one_peer.will(peers.stream("好的。"))
    return one_peer


@pytest.fixture
def device(service: RunningService, peer: CloudPeer) -> Iterator[httpx.Client]:
    """A client of that device, erased before; it knows of Mr Wang, and its user agrees to the cloud's help."""
    with service.client() as client:
        client.delete("/v1/user-data")
        client.put("/v1/device", json={"now": None})
        contact = {"name": "王建国", "aliases": ["王总"], "phones": ["13800138000"], "organisation": "云鲸科技"}
        assert client.post("/v1/personal/contacts", json=contact).status_code == 201
        assert client.post("/v1/personal/notes", json=NOTE).status_code == 201
        client.put("/v1/consent", json={"personalization": True, "cloud_assist": True})
        yield client


def ask(client: httpx.Client, text: str, **more: object) -> dict[str, Any]:
    """The answer to a request."""
    answer = client.post("/v1/assist", json={"text": text, **more})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def rows(client: httpx.Client) -> list[dict[str, Any]]:
    """The ledger."""
    found: list[dict[str, Any]] = client.get("/v1/egress").json()["items"]
    return found


def came(happened: Callable[[], bool]) -> bool:
    """Whether it happens within ten seconds."""
    until = time.monotonic() + 10
    while not happened() and time.monotonic() < until:
        time.sleep(0.01)
    return happened()


def echo(request: peers.Request) -> str:
    """What a model that repeats the request says."""
    return f"好的：{request.prompt}"


def test_a_mixed_request_sends_placeholders_and_comes_back_whole(device: httpx.Client, peer: CloudPeer) -> None:
    peer.reply(echo)
    answer = ask(device, MAIL)
    assert (answer["route"], answer["sent"], answer["problem"], answer["unresolved"]) == ("mixed", True, None, [])
    assert [source["kind"] for source in answer["sources"]] == ["note"]
    sent = peer.received.decode()
    assert not [secret for secret in SECRETS if secret in sent]
    assert "[PERSON_A]" in sent
    assert all(secret in answer["answer"] for secret in SECRETS)
    (row,) = rows(device)
    assert row["body"].encode() == peer.requests[0].body == answer["outbound"]["body"].encode()
    assert (row["outcome"], row["why"]) == ("answered", "mixed")
    assert "sk-secret" not in json.dumps(row)


def test_a_general_request_goes_as_it_is(device: httpx.Client, peer: CloudPeer) -> None:
    peer.will(peers.stream("先", "列提纲。"))
    answer = ask(device, "怎么准备一场演讲")
    assert (answer["route"], answer["answer"], answer["sources"]) == ("general", "先列提纲。", [])
    assert peer.requests[0].prompt == "怎么准备一场演讲"


def test_a_private_request_opens_no_connection(device: httpx.Client, peer: CloudPeer) -> None:
    answer = ask(device, "王总的电话是多少")
    assert (answer["route"], answer["sent"], answer["outbound"]) == ("private", False, None)
    assert "13800138000" in answer["answer"]
    assert not peer.connections
    assert rows(device) == []


def test_what_the_phone_does_not_know_stays_here_all_the_same(device: httpx.Client, peer: CloudPeer) -> None:
    answer = ask(device, "我下周四有什么安排")
    assert answer["route"] == "private"
    assert not answer["sent"]
    assert ask(device, "李小萌的邮箱是多少")["understood"] is False
    assert not peer.connections


@pytest.mark.parametrize("text", [MAIL, "怎么准备一场演讲"])
def test_a_dry_run_shows_the_exact_bytes_and_sends_none(device: httpx.Client, peer: CloudPeer, text: str) -> None:
    dry = ask(device, text, dry_run=True)
    assert not dry["sent"]
    assert not peer.connections
    assert rows(device) == []
    ask(device, text)
    assert peer.requests[0].body == dry["outbound"]["body"].encode()


def test_without_consent_nothing_is_sent_and_the_prompt_is_shown(device: httpx.Client, peer: CloudPeer) -> None:
    device.put("/v1/consent", json={"cloud_assist": False})
    answer = ask(device, MAIL)
    assert answer["problem"]["type"] == "urn:attune:problem:consent-required"
    assert not answer["sent"]
    assert "[PERSON_A]" in answer["outbound"]["messages"][-1]["content"]
    assert not peer.connections


def test_without_a_cloud_the_prompt_is_shown(tmp_path: Path) -> None:
    with running(Settings.model_validate({"state_dir": tmp_path / "state"})) as service, service.client() as client:
        client.put("/v1/consent", json={"personalization": True, "cloud_assist": True})
        answer = ask(client, "帮我给张伟写一封道歉信，就说周五的会我去不了")
        assert answer["problem"]["type"] == "urn:attune:problem:cloud-not-configured"
        assert answer["outbound"]["body"] is None
        assert "张伟" not in answer["outbound"]["messages"][-1]["content"]
        assert "ATTUNE_CLOUD_BASE_URL" in answer["answer"]


def events_of(client: httpx.Client, **body: object) -> list[tuple[str, dict[str, Any]]]:
    """The server-sent events of a streamed answer."""
    found = []
    with client.stream("POST", "/v1/assist", json={"stream": True, **body}) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        name = ""
        for line in response.iter_lines():
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                found.append((name, json.loads(line.removeprefix("data: "))))
    return found


def test_a_stream_tells_the_route_the_prompt_the_pieces_and_the_whole(device: httpx.Client, peer: CloudPeer) -> None:
    peer.reply(echo, size=1)
    events = events_of(device, text=MAIL)
    names = [name for name, _ in events]
    assert names[:2] == ["route", "outbound"]
    assert names[-1] == "done"
    pieces = [content["text"] for name, content in events if name == "delta"]
    assert len(pieces) > 20  # not held back until the end
    done = events[-1][1]
    assert "".join(pieces) == done["answer"]
    assert "王建国" in done["answer"]


def test_a_private_answer_streams_too(device: httpx.Client) -> None:
    assert [name for name, _ in events_of(device, text="王总的电话是多少")] == ["route", "done"]


def test_a_wrong_request_is_an_error_also_where_a_stream_was_asked_for(device: httpx.Client) -> None:
    for body in ({"text": " "}, {"text": "好", "route": "cloud"}, {"text": "好", "model": "x"}, {}):
        answer = device.post("/v1/assist", json={"stream": True, **body})
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("behaviours", "kind", "requests", "arrived"),
    [
        ([peers.status(500)], "cloud-failed", 3, ""),
        ([peers.status(429, retry_after=600)], "cloud-rate-limited", 1, ""),
        ([peers.silent()], "cloud-timeout", 1, ""),
        ([peers.raw(peers.head(content_type="text/event-stream"), peers.events(peers.chunk("一半"), done=False))],
         "cloud-cut-off", 1, "一半"),
        ([peers.body(b"<html>")], "cloud-answer-invalid", 1, ""),
        ([peers.body(b'{"choices": []}')], "cloud-answer-invalid", 1, ""),
        ([peers.status(401)], "cloud-failed", 1, ""),
        ([peers.status(302, location="http://example.invalid/")], "cloud-failed", 1, ""),
    ],
)  # fmt: skip
def test_a_cloud_that_fails_gives_a_clear_answer_and_every_try_is_in_the_ledger(
    device: httpx.Client, peer: CloudPeer, behaviours: list[peers.Behaviour], kind: str, requests: int, arrived: str
) -> None:
    peer.will(*behaviours)
    answer = ask(device, "怎么准备一场演讲")
    assert answer["problem"]["type"] == f"urn:attune:problem:{kind}"
    assert answer["sent"]
    assert len(peer.requests) == len(rows(device)) == requests
    assert answer["answer"] == (arrived or "云端模型这次没有给出回答。")
    assert "演讲" not in answer["problem"]["detail"]


def test_an_answer_that_the_model_ended_early_is_said_to_be(device: httpx.Client, peer: CloudPeer) -> None:
    peer.will(peers.answer("先列提", finish_reason="length"))
    answer = ask(device, "怎么准备一场演讲")
    assert (answer["answer"], answer["problem"]["type"]) == ("先列提", "urn:attune:problem:cloud-unfinished")


def test_a_change_says_how_to_take_it_back(device: httpx.Client) -> None:
    answer = ask(device, "帮我记一下，明天下午三点和王总开会")
    assert answer["changed"]
    assert answer["undo"]
    dry = ask(device, "帮我记一下，后天下午三点和王总开会", dry_run=True)
    assert not dry["changed"]
    assert len(device.get("/v1/personal/calendar").json()["items"]) == 1


def test_a_ledger_that_could_not_be_shown_is_no_export(device: httpx.Client, service: RunningService) -> None:
    ask(device, "怎么准备一场演讲")
    export = device.get("/v1/export").json()
    for column, value in (("outcome", "lost"), ("body", "/w==")):
        broken = {**export, "egress": [{**export["egress"][0], column: value}]}
        refused = device.post("/v1/import", json=broken)
        assert (refused.status_code, refused.json()["type"]) == (422, "urn:attune:problem:invalid-export")
    assert len(rows(device)) == 1


def test_a_cloud_that_is_down_is_said_to_be(device: httpx.Client, peer: CloudPeer) -> None:
    peer.will(None)
    answer = ask(device, "怎么准备一场演讲")
    assert answer["problem"]["type"].startswith("urn:attune:problem:cloud-")
    assert len(rows(device)) == len(peer.connections)


def test_a_conversation_keeps_its_placeholders_and_its_turns(device: httpx.Client, peer: CloudPeer) -> None:
    peer.reply(echo)
    first = ask(device, MAIL, conversation_id="a")
    again = ask(device, "把给王总的邮件写得更短一点，再加一句祝福", conversation_id="a", route="mixed")
    named = {one["text"]: one["placeholder"] for one in first["outbound"]["placeholders"]}
    later = {one["text"]: one["placeholder"] for one in again["outbound"]["placeholders"]}
    assert later["王总"] == named["王总"]
    assert len(peer.requests[1].json["messages"]) == len(peer.requests[0].json["messages"]) + 2
    assert not [secret for secret in SECRETS if secret in peer.received.decode()]
    assert device.delete("/v1/assist/a").status_code == 204
    fresh = ask(device, "翻译一句话：早上好", conversation_id="a", route="general")
    assert [message["role"] for message in fresh["outbound"]["messages"]] == ["system", "user"]


def test_two_requests_of_one_conversation_do_not_mix(device: httpx.Client, peer: CloudPeer) -> None:
    slow = peers.events(peers.chunk("慢"), done=False)
    peer.will(peers.dripping(peers.head(content_type="text/event-stream"), slow, 0.1))
    first = threading.Thread(target=ask, args=(device, "怎么准备一场演讲"), kwargs={"conversation_id": "a"})
    first.start()
    assert came(lambda: bool(peer.requests))
    second = device.post("/v1/assist", json={"text": "怎么准备一场演讲", "conversation_id": "a"})
    assert (second.status_code, second.json()["type"]) == (409, "urn:attune:problem:conversation-busy")
    assert "13800138000" in ask(device, "王总的电话是多少")["answer"]
    first.join()


def test_a_request_about_a_time_is_given_what_the_calendar_has_then(device: httpx.Client, peer: CloudPeer) -> None:
    device.put("/v1/device", json={"now": "2026-11-27T09:00:00+08:00"})
    for title, start in (("和王总开会", "2026-12-01T15:00:00+08:00"), ("看牙", "2026-12-20T15:00:00+08:00")):
        entry = {"title": title, "start": start, "end": start.replace("15:00", "16:00")}
        assert device.post("/v1/personal/calendar", json=entry).status_code == 201
    answer = ask(device, "把我下周的安排总结成一份周报", route="mixed")
    assert [source["title"] for source in answer["sources"]] == ["和王总开会"]
    assert "12月1日15:00，和[PERSON_A]开会" in peer.requests[0].prompt


def test_what_a_note_may_answer_is_not_asked_elsewhere(device: httpx.Client, peer: CloudPeer) -> None:
    device.post("/v1/personal/notes", json={"title": "装修", "body": "木地板选了北美橡木，防水要做三遍。"})
    for question in ("木地板选了什么", "防水要做几遍"):
        answer = ask(device, question)
        assert (answer["route"], answer["sent"]) == ("private", False)
        assert "木地板" in answer["answer"] or "防水" in answer["answer"]
    assert not peer.connections


def test_rare_words_in_an_answer_do_not_block_what_follows(device: httpx.Client, peer: CloudPeer) -> None:
    peer.reply(lambda _: "饕餮纹是青铜器上的一种纹饰。")
    ask(device, "解释一下饕餮纹是什么", conversation_id="a", route="general")
    device.post("/v1/redact", json={"text": "饕餮纹与饕餮", "conversation_id": "a", "strict": True})
    again = ask(device, "那它和夔龙纹有什么区别", conversation_id="a", route="general")
    assert (again["sent"], again["problem"]) == (True, None)


def test_a_name_learnt_between_two_turns_is_hidden_in_both(device: httpx.Client, peer: CloudPeer) -> None:
    ask(device, "怎么向悟空请教演讲", conversation_id="a", route="general")
    device.post("/v1/personal/contacts", json={"name": "悟空"})
    again = ask(device, "再短一点", conversation_id="a", route="general")
    assert again["problem"] is None
    assert "悟空" not in peer.requests[-1].body.decode()


def test_a_flood_of_short_requests_leaves_a_conversation_alone(device: httpx.Client, peer: CloudPeer) -> None:
    first = ask(device, MAIL, conversation_id="mine")
    for _ in range(300):
        device.post("/v1/redact", json={"text": "你好"})
    again = ask(device, "再写短一点", conversation_id="mine", route="mixed")
    assert len(again["outbound"]["messages"]) == len(first["outbound"]["messages"]) + 2


def test_an_answer_full_of_rare_words_is_not_lost(device: httpx.Client, peer: CloudPeer) -> None:
    odd = "、".join(f"龘{chr(0x4E00 + 7 * number)}鱻{number}" for number in range(900))
    peer.reply(lambda _: odd, size=500)
    answer = ask(device, "怎么准备一场演讲", conversation_id="a")
    assert (answer["answer"], answer["problem"]) == (odd, None)


def test_a_token_repeated_without_end_is_cut(device: httpx.Client, peer: CloudPeer) -> None:
    link = "https://example.com/" + "a" * 2_000
    peer.reply(lambda _: "[LINK_A]" * 5_000, size=8_000)
    answer = ask(device, f"总结一下 {link}", route="mixed")
    assert answer["problem"]["type"] == "urn:attune:problem:cloud-unfinished"
    assert len(answer["answer"]) < 1_000_000
    assert answer["answer"].startswith(link)


def test_whoever_leaves_frees_the_conversation_and_ends_the_request(device: httpx.Client, peer: CloudPeer) -> None:
    peer.will(peers.silent())
    body = {"text": "怎么准备一场演讲", "conversation_id": "a", "stream": True}
    with device.stream("POST", "/v1/assist", json=body):
        assert came(lambda: bool(peer.requests))
    assert came(lambda: rows(device)[0]["outcome"] != "sent")
    assert rows(device)[0]["outcome"] == "cancelled"
    peer.will(peers.stream("好的。"))
    assert ask(device, "怎么准备一场演讲", conversation_id="a")["answer"] == "好的。"


def test_a_conversation_can_be_forgotten_before_its_first_answer(device: httpx.Client, peer: CloudPeer) -> None:
    pieces = (peers.events(peers.chunk("好的。"), done=False), peers.events())
    peer.will(peers.raw(peers.head(content_type="text/event-stream"), *pieces, pause=0.5), peers.stream("好的。"))
    with device.stream("POST", "/v1/assist", json={"text": MAIL, "stream": True}) as answer:
        lines = answer.iter_lines()  # held on to: dropped, it would hang up
        data = next(line for line in lines if "conversation_id" in line)
        conversation = json.loads(data.removeprefix("data: "))["conversation_id"]
        device.delete(f"/v1/assist/{conversation}").raise_for_status()
        assert "event: done" in list(lines)
    again = ask(device, "再写短一点", conversation_id=conversation, route="mixed")
    assert [message["role"] for message in again["outbound"]["messages"]] == ["system", "user"]


def test_nothing_is_tried_again_for_whoever_has_left(device: httpx.Client, peer: CloudPeer) -> None:
    peer.will(peers.status(429, retry_after=1), peers.stream("好的。"))
    with device.stream("POST", "/v1/assist", json={"text": "怎么准备一场演讲", "stream": True}):
        assert came(lambda: bool(peer.requests))
    time.sleep(1.5)
    assert len(peer.requests) == 1


def test_withdrawing_the_clouds_consent_alone_forgets_the_conversations(
    device: httpx.Client, service: RunningService, peer: CloudPeer
) -> None:
    ask(device, MAIL, conversation_id="a")
    device.put("/v1/consent", json={"cloud_assist": False})
    again = ask(device, "再写短一点", conversation_id="a", route="mixed")
    assert [message["role"] for message in again["outbound"]["messages"]] == ["system", "user"]


def test_an_erased_row_is_not_closed_by_an_older_request(device: httpx.Client, peer: CloudPeer) -> None:
    drop = peers.events(peers.chunk("慢"), done=False)
    peer.will(peers.dripping(peers.head(content_type="text/event-stream"), drop, 0.1), peers.stream("好的。"))
    slow = threading.Thread(target=ask, args=(device, "怎么准备一场演讲"))
    slow.start()
    assert came(lambda: bool(peer.requests))
    device.delete("/v1/user-data")
    device.put("/v1/consent", json={"personalization": True, "cloud_assist": True})
    ask(device, "怎么准备一场演讲")
    slow.join()
    assert [row["outcome"] for row in rows(device)] == ["answered"]


@pytest.mark.parametrize("reason", [{}, [], 3])
def test_a_reason_of_the_wrong_type_is_no_fault_of_ours(device: httpx.Client, peer: CloudPeer, reason: object) -> None:
    document = {"choices": [{"index": 0, "delta": {"content": "好的。"}, "finish_reason": reason}]}
    peer.will(peers.raw(peers.head(content_type="text/event-stream"), peers.events(document)))
    assert ask(device, "怎么准备一场演讲")["answer"] == "好的。"


def test_a_date_of_no_calendar_is_no_time_to_wait(device: httpx.Client, peer: CloudPeer) -> None:
    peer.will(peers.status(429, retry_after="Mon, 01 Jan 2026 00:00:00 +999999999999999"))
    assert ask(device, "怎么准备一场演讲")["problem"]["type"] == "urn:attune:problem:cloud-rate-limited"


def test_a_contact_named_like_a_word_of_json_blocks_nothing(device: httpx.Client, peer: CloudPeer) -> None:
    for name in ("true", "null", "stream"):
        device.post("/v1/personal/contacts", json={"name": name})
    assert ask(device, "怎么准备一场演讲")["problem"] is None


def test_the_user_can_choose_the_route_and_correct_it(device: httpx.Client, peer: CloudPeer) -> None:
    answer = ask(device, "王总的电话是多少", route="mixed")
    assert answer["route"] == "mixed"
    assert "王总" not in peer.received.decode()
    receipt = device.post("/v1/feedback", json={"prediction_id": answer["id"], "label": "private"})
    assert (receipt.status_code, receipt.json()["task"]) == (201, "route")


def test_a_text_that_sounds_like_danger_gets_help_and_goes_nowhere(device: httpx.Client, peer: CloudPeer) -> None:
    answer = ask(device, "我不想活了，帮我写一封告别信")
    assert "12356" in json.dumps(answer["help"])
    assert (answer["sent"], answer["outbound"]) == (False, None)
    assert not peer.connections


def test_redaction_by_itself(device: httpx.Client, peer: CloudPeer) -> None:
    text = "请联系王总，电话13800138000。[PERSON_A]"
    answer = device.post("/v1/redact", json={"text": text}).json()
    assert all(text[one["start"] : one["end"]] == one["text"] for one in answer["entities"])
    assert {one["text"] for one in answer["entities"]} == {"王总", "13800138000", "[PERSON_A]"}
    assert not peer.connections
    assert device.post("/v1/redact", json={"text": ""}).status_code == 422


def test_erasing_forgets_the_conversations_and_the_ledger(device: httpx.Client, service: RunningService) -> None:
    ask(device, MAIL, conversation_id="a")
    assert device.delete("/v1/user-data").status_code in (200, 204)
    assert rows(device) == []
    for file in service.state_dir.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert not [secret for secret in SECRETS if secret.encode() in content]
    answer = ask(device, "根据上次和王总开会的内容写封邮件", conversation_id="a", route="mixed")
    assert answer["sources"] == []
