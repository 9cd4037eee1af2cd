"""Calendar, contacts and notes over real HTTP and on the command line: kept, found, imported, erased."""

import itertools
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.app.conftest import settings_for
from tests.support.http_service import RunningService, running
from tests.support.tiny_bundle import TinyBundle

CALENDAR, CONTACTS, NOTES = "/v1/personal/calendar", "/v1/personal/contacts", "/v1/personal/notes"
MEETING = {
    "title": "产品评审", "start": "2026-12-01T10:00", "end": "2026-12-01T11:30", "place": "三号会议室",
    "people": ["王总"],
}  # fmt: skip
ZHANG = {
    "name": "张伟", "aliases": ["老张", "David"], "phones": ["138 0013 8000"], "emails": ["zw@lanhai.example"],
    "organisation": "蓝海科技",
}  # fmt: skip
MINUTES = {
    "title": "和王总的周会", "body": "王总说下季度预算压缩一成，极光项目照旧。😀", "at": "2026-11-20T15:00+08:00",
}  # fmt: skip

ICS = """BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VEVENT
UID:one
DTSTART;TZID=Asia/Shanghai:20261203T140000
DTEND;TZID=Asia/Shanghai:20261203T150000
SUMMARY:季度复盘
LOCATION:上海
ATTENDEE;CN=李娜:mailto:lina@lanhai.example
END:VEVENT
BEGIN:VEVENT
UID:weekly
DTSTART;TZID=Asia/Shanghai:20261207T090000
DURATION:PT30M
RRULE:FREQ=WEEKLY;COUNT=3
EXDATE;TZID=Asia/Shanghai:20261214T090000
SUMMARY:例会
END:VEVENT
BEGIN:VEVENT
UID:broken
DTSTART:whenever 王总 likes
SUMMARY:坏
END:VEVENT
END:VCALENDAR
"""
VCF = """BEGIN:VCARD
VERSION:2.1
N;CHARSET=GBK;ENCODING=QUOTED-PRINTABLE:=C0=EE;=C4=C8;;;
FN;CHARSET=GBK;ENCODING=QUOTED-PRINTABLE:=C0=EE=
=C4=C8
TEL;CELL;PREF:13900139000
END:VCARD
BEGIN:VCARD
VERSION:4.0
FN:赵敏
NICKNAME:敏敏,小赵
TEL;TYPE=cell;VALUE=uri:tel:+86-137-0013-7000
item1.EMAIL:zm@example.com
ORG:北辰\\;咨询;市场部
UID:urn:uuid:zhao
END:VCARD
BEGIN:VCARD
TEL:110
END:VCARD
BEGIN:VCARD
FN:没有结尾
"""


@pytest.fixture(scope="module")
def in_shanghai(bundle: TinyBundle, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """One service for all tests, in Shanghai, to which nobody gave a consent."""
    with running(settings_for(bundle, tmp_path_factory.mktemp("state"), timezone="Asia/Shanghai")) as service:
        yield service


@pytest.fixture
def device(in_shanghai: RunningService) -> Iterator[httpx.Client]:
    """A client of it, when it holds nothing."""
    with in_shanghai.client() as client:
        client.delete("/v1/user-data").raise_for_status()
        yield client


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """Status and kind of a problem."""
    return answer.status_code, answer.json()["type"].removeprefix("urn:attune:problem:")


def titles(answer: httpx.Response) -> list[str]:
    """What was found."""
    assert answer.status_code == 200, answer.text
    return [one["title"] for one in answer.json()["items"]]


@pytest.mark.parametrize(("path", "entry"), [(CALENDAR, MEETING), (CONTACTS, ZHANG), (NOTES, MINUTES)])
def test_an_entry_is_added_shown_replaced_and_removed_without_any_consent(
    device: httpx.Client, path: str, entry: dict[str, Any]
) -> None:
    added = device.post(path, json=entry)
    assert added.status_code == 201, added.text
    number = added.json()["id"]
    assert device.get(f"{path}/{number}").json() == added.json()
    sent = {name: value for name, value in added.json().items() if name != "id"}
    field = "name" if path == CONTACTS else "title"
    changed = device.put(f"{path}/{number}", json={**sent, field: "改过"}).json()
    assert changed == {**added.json(), field: "改过"}
    assert device.get(path).json() == {"items": [changed], "next_after": None, "total": 1}
    assert device.delete(f"{path}/{number}").status_code == 204
    for method, body in (("GET", None), ("DELETE", None), ("PUT", sent)):
        assert refusal(device.request(method, f"{path}/{number}", json=body)) == (404, "unknown-entry")
    device.post(path, json=entry)
    assert device.delete(path).json() == {"deleted": 1}
    assert device.get("/v1/samples").json()["total"] == 0


def test_times_without_an_offset_are_of_the_devices_zone(device: httpx.Client) -> None:
    assert device.post(CALENDAR, json=MEETING).json()["start"] == "2026-12-01T10:00:00+08:00"
    there = device.post(CALENDAR, json={**MEETING, "start": "2026-12-01T02:00:00Z", "end": None}).json()
    assert (there["start"], there["end"]) == ("2026-12-01T10:00:00+08:00", "2026-12-01T11:00:00+08:00")
    day = device.post(CALENDAR, json={"title": "年假", "start": "2026-12-02", "whole_day": True}).json()
    assert (day["start"], day["end"]) == ("2026-12-02", "2026-12-03")


def test_the_calendar_shows_what_is_under_way_in_a_range(device: httpx.Client) -> None:
    for title, start, end, whole in (
        ("晚", "2026-12-02T23:30", "2026-12-03T00:30", False), ("早", "2026-12-01T08:00", "2026-12-01T09:00", False),
        ("假", "2026-12-02", "2026-12-04", True), ("点", "2026-12-03T00:00", "2026-12-03T00:00", False),
    ):  # fmt: skip
        device.post(CALENDAR, json={"title": title, "start": start, "end": end, "whole_day": whole})
    assert titles(device.get(CALENDAR)) == ["早", "假", "晚", "点"]
    for since, to, there in (
        ("2026-12-01", "2026-12-02", ["早"]), ("2026-12-02", "2026-12-03", ["假", "晚"]),
        ("2026-12-03", "2026-12-04", ["假", "晚", "点"]), ("2026-12-04", None, []), (None, "2026-12-01T08:00", []),
        ("2026-12-02T12:00", "2026-12-02T13:00", ["假"]), ("2026-12-01T09:00", "2026-12-02", []),
    ):  # fmt: skip
        query = {name: value for name, value in (("from", since), ("to", to)) if value}
        assert titles(device.get(CALENDAR, params=query)) == there, query
    assert titles(device.get(CALENDAR, params={"q": "晚", "from": "2026-12-04"})) == []


def test_lists_come_in_pages(device: httpx.Client) -> None:
    for day in (3, 1, 2):
        device.post(CALENDAR, json={"title": str(day), "start": f"2026-12-0{day}T10:00"})
        device.post(NOTES, json={"title": str(day)})
    for path, order in ((CALENDAR, ["1", "2", "3"]), (NOTES, ["3", "1", "2"])):
        first = device.get(path, params={"limit": 2}).json()
        assert first["total"] == 3
        rest = device.get(path, params={"limit": 2, "after": first["next_after"]}).json()
        assert [one["title"] for one in (*first["items"], *rest["items"])] == order
        assert rest["next_after"] is None
    device.delete(f"{CALENDAR}/{first['next_after']}")
    gone = device.get(CALENDAR, params={"after": 99})
    assert refusal(gone) == (422, "invalid-input")


@pytest.mark.parametrize(
    ("path", "change", "named"),
    [
        (CALENDAR, {"end": "2026-12-01T09:00"}, "end"),
        (CALENDAR, {"start": "2026-02-30T09:00"}, "start"),
        (CALENDAR, {"start": "明天上午"}, "start"),
        (CALENDAR, {"start": "1812-01-01"}, "start"),
        (CALENDAR, {"whole_day": True}, "start"),
        (CALENDAR, {"start": "2026-12-01", "end": "2026-12-01", "whole_day": True}, "end"),
        (CALENDAR, {"title": " \t "}, "title"),
        (CALENDAR, {"colour": "red"}, "colour"),
        (CONTACTS, {"phones": ["1" * 51]}, "phones"),
        (CONTACTS, {"aliases": ["a"] * 201}, "aliases"),
        (CONTACTS, {"name": "张\0伟"}, "name"),
        (NOTES, {"body": "长" * 20_001}, "body"),
        (NOTES, {"at": "2026-11-20T25:00"}, "at"),
    ],
)
def test_what_can_not_be_kept_is_refused_by_name(
    device: httpx.Client, path: str, change: dict[str, Any], named: str
) -> None:
    wholes: dict[str, dict[str, Any]] = {CALENDAR: MEETING, CONTACTS: ZHANG, NOTES: MINUTES}
    whole = wholes[path]
    answer = device.post(path, json={**whole, **change})
    assert answer.status_code == 422
    assert named in answer.json()["errors"][0]["field"]
    assert device.get(path).json()["total"] == 0
    for value in (*change.values(), *whole.values()):
        assert str(value) not in answer.text or str(value) in ("True", "red")


def test_what_is_looked_for_is_found_in_chinese_and_beyond(device: httpx.Client) -> None:
    device.post(CALENDAR, json=MEETING)
    device.post(CONTACTS, json=ZHANG)
    device.post(NOTES, json=MINUTES)
    device.post(NOTES, json={"title": "购物", "body": "牛奶，鸡蛋，Q3 的 PowerPoint"})
    for query in ("预算", "王总", "极光项目", "😀", "上次和王总开会说了什么"):
        assert titles(device.get(NOTES, params={"q": query}))[:1] == [MINUTES["title"]], query
    for query in ("powerpoint", "power", "q3 牛奶", "蛋"):
        assert titles(device.get(NOTES, params={"q": query}))[:1] == ["购物"], query
    assert titles(device.get(CALENDAR, params={"q": "三号会议室"})) == ["产品评审"]
    for query in ("张伟", "老张", "david", "蓝海", "00138000", "13800138000", "张总", "小张", "zw@lanhai"):
        assert [one["name"] for one in device.get(CONTACTS, params={"q": query}).json()["items"]] == ["张伟"], query
    assert device.get(CONTACTS, params={"q": "李总"}).json()["items"] == []
    device.delete(NOTES)
    assert titles(device.get(NOTES, params={"q": "预算"})) == []


def test_a_search_takes_any_text(device: httpx.Client) -> None:
    device.post(NOTES, json=MINUTES)
    for query in (
        '"',
        "AND",
        "NEAR(预算",
        "*",
        "title:预算",
        "的",
        "预算 OR",
        "-预算",
        "\u200b",
        "'; DROP TABLE notes",
    ):
        assert device.get(NOTES, params={"q": query}).status_code == 200, query
        assert device.get(CALENDAR, params={"q": query}).status_code == 200, query
    assert device.get(NOTES).json()["total"] == 1


def test_a_calendar_comes_in_as_a_file_once(device: httpx.Client) -> None:
    answer = device.post(f"{CALENDAR}/import", json={"content": ICS}).json()
    assert (answer["added"], answer["skipped"]) == (3, 0)
    assert answer["rejected"] == [{"line": 19, "reason": "DTSTART can't be read"}]
    listed = device.get(CALENDAR).json()["items"]
    assert [(one["title"], one["start"]) for one in listed] == [
        ("季度复盘", "2026-12-03T14:00:00+08:00"), ("例会", "2026-12-07T09:00:00+08:00"),
        ("例会", "2026-12-21T09:00:00+08:00"),
    ]  # fmt: skip
    assert (listed[0]["place"], listed[0]["people"]) == ("上海", ["李娜"])
    assert listed[1]["end"] == "2026-12-07T09:30:00+08:00"
    device.put(f"{CALENDAR}/{listed[0]['id']}", json={"title": "复盘", "start": "2026-12-04T14:00"})
    again = device.post(f"{CALENDAR}/import", json={"content": ICS}).json()
    assert (again["added"], again["skipped"], len(again["rejected"])) == (0, 3, 1)


def test_an_address_book_comes_in_as_a_file_once(device: httpx.Client) -> None:
    answer = device.post(f"{CONTACTS}/import", json={"content": VCF}).json()
    assert (answer["added"], answer["skipped"]) == (2, 0)
    assert [one["line"] for one in answer["rejected"]] == [17, 20]
    li, zhao = device.get(CONTACTS).json()["items"]
    assert (li["name"], li["phones"]) == ("李娜", ["13900139000"])
    assert {**zhao, "id": 0} == {
        "id": 0, "name": "赵敏", "aliases": ["敏敏", "小赵"], "phones": ["+86-137-0013-7000"],
        "emails": ["zm@example.com"], "organisation": "北辰;咨询 市场部",
    }  # fmt: skip
    assert device.post(f"{CONTACTS}/import", json={"content": VCF}).json()["added"] == 0


def test_notes_come_in_as_markdown_once(device: httpx.Client) -> None:
    content = "# 2026年11月20日 周会\n- 预算\n```\n# 不是标题\n```\n## 细节\n# 购物\n时间：2026-11-21 15:30\n牛奶"
    answer = device.post(f"{NOTES}/import", json={"content": content}).json()
    assert answer == {"added": 2, "skipped": 0, "rejected": []}
    first, second = device.get(NOTES).json()["items"]
    assert (first["title"], first["at"]) == ("2026年11月20日 周会", "2026-11-20T00:00:00+08:00")
    assert first["body"] == "- 预算\n```\n# 不是标题\n```\n## 细节"
    assert (second["title"], second["at"]) == ("购物", "2026-11-21T15:30:00+08:00")
    assert device.post(f"{NOTES}/import", json={"content": content}).json()["skipped"] == 2
    assert titles(device.get(NOTES, params={"q": "牛奶"})) == ["购物"]


@pytest.mark.parametrize("path", [CALENDAR, CONTACTS, NOTES])
def test_files_that_are_none_are_refused_and_change_nothing(device: httpx.Client, path: str) -> None:
    for content in ("", " \n", "\x00", "PK\x03\x04" if path != NOTES else "\n\n"):
        answer = device.post(f"{path}/import", json={"content": content})
        assert answer.status_code == 422 or answer.json()["added"] == 0, repr(content)
    big = device.post(f"{path}/import", json={"content": "行\n" * (10 * 1024 * 1024 // 4)})
    assert refusal(big) == (413, "body-too-large")
    assert refusal(device.post(f"{path}/import", json={"content": "x", "name": "y"})) == (422, "invalid-request")
    assert device.get(path).json()["total"] == 0


def test_two_writers_lose_nothing(device: httpx.Client) -> None:
    def write(number: int) -> int:
        return device.post(NOTES, json={"title": f"第{number}条"}).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(write, range(60))) == {201}
        imports = list(pool.map(lambda _: device.post(f"{CALENDAR}/import", json={"content": ICS}).json(), range(8)))
    assert sorted(one["added"] for one in imports) == [0] * 7 + [3]
    listed = device.get(NOTES, params={"limit": 200}).json()["items"]
    assert {one["title"] for one in listed} == {f"第{number}条" for number in range(60)}
    assert len({one["id"] for one in listed}) == 60


def test_an_export_carries_it_and_an_old_one_does_not_need_to(device: httpx.Client) -> None:
    device.post(CALENDAR, json=MEETING)
    device.post(f"{CONTACTS}/import", json={"content": VCF})
    device.post(NOTES, json=MINUTES)
    before = [device.get(path).json() for path in (CALENDAR, CONTACTS, NOTES)]
    export = device.get("/v1/export").json()
    device.delete("/v1/user-data")
    assert [device.get(path).json()["total"] for path in (CALENDAR, CONTACTS, NOTES)] == [0, 0, 0]
    assert device.post("/v1/import", json=export).status_code == 200
    assert [device.get(path).json() for path in (CALENDAR, CONTACTS, NOTES)] == before
    assert titles(device.get(NOTES, params={"q": "预算"})) == [MINUTES["title"]]
    assert titles(device.get(CALENDAR, params={"q": "评审"})) == ["产品评审"]
    assert device.post(f"{CONTACTS}/import", json={"content": VCF}).json()["skipped"] == 2
    old = {name: value for name, value in export.items() if name not in ("calendar", "contacts", "notes", "egress")}
    assert device.post("/v1/import", json=old).status_code == 200
    assert device.get(NOTES).json()["total"] == 0
    assert titles(device.get(NOTES, params={"q": "预算"})) == []


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("calendar", {"starts": "2026-12-09T02:00:00.000+00:00"}), ("calendar", {"starts": "soon"}),
        ("calendar", {"whole_day": 1}), ("calendar", {"people": "[1]"}), ("contacts", {"name": ""}),
        ("contacts", {"phones": '["' + "1" * 51 + '"]'}), ("notes", {"body": "长" * 20_001}), ("notes", {"at": "soon"}),
        ("notes", {"at": "0001-01-01T00:00:00+00:00"}), ("notes", {"id": "1"}),
    ],
)  # fmt: skip
def test_an_export_with_what_the_device_would_not_keep_is_refused(
    device: httpx.Client, table: str, change: dict[str, Any]
) -> None:
    device.post(CALENDAR, json=MEETING)
    device.post(CONTACTS, json=ZHANG)
    device.post(NOTES, json=MINUTES)
    export = device.get("/v1/export").json()
    export[table][0].update(change)
    assert refusal(device.post("/v1/import", json=export)) == (422, "invalid-export")
    assert device.get(NOTES).json()["total"] == 1


def test_no_byte_of_it_lies_readable_on_the_disk_and_none_at_all_after_erasing(
    device: httpx.Client, in_shanghai: RunningService
) -> None:
    device.post(CALENDAR, json=MEETING)
    device.post(CONTACTS, json=ZHANG)
    device.post(NOTES, json=MINUTES)
    device.get(NOTES, params={"q": "预算"})
    secrets = [word.encode() for word in ("王总", "预算", "张伟", "138 0013 8000", "lanhai", "评审")]

    def files() -> dict[Path, bytes]:
        return {file: file.read_bytes() for file in in_shanghai.state_dir.rglob("*") if file.is_file()}

    before = files()
    for content, secret in itertools.product(before.values(), secrets):
        assert secret not in content
    device.delete("/v1/user-data")
    blocks = {
        content[start : start + 4096]
        for file, content in before.items() if file.name.startswith("attune.db")
        for start in range(0, len(content), 4096) if content[start : start + 4096].strip(b"\0")
    }  # fmt: skip
    for file, content in files().items():
        if file.name.startswith("attune.db"):
            assert not any(content[start : start + 4096] in blocks for start in range(0, len(content), 4096))
    assert [device.get(path).json()["total"] for path in (CALENDAR, CONTACTS, NOTES)] == [0, 0, 0]


def test_logs_and_metrics_hold_nothing_of_it(
    device: httpx.Client, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    device.post(f"{CONTACTS}/import", json={"content": VCF})
    device.post(f"{CALENDAR}/import", json={"content": ICS})
    device.get(NOTES, params={"q": "王总"})
    # pytest listens to the server's own log of accesses, which the service has turned off.
    logged = [record.getMessage() for record in caplog.records if record.name != "uvicorn.access"]
    told = "".join((*logged, *capfd.readouterr(), device.get("/metrics").text))
    for secret in ("李娜", "赵敏", "王总", "13900139000", "季度复盘", "C0=EE"):
        assert secret not in told


def test_the_zone_must_be_one(make_settings: Any) -> None:
    for name in ("Mars/Olympus", "../etc/passwd", "Asia", ""):
        if name:
            with pytest.raises(ValueError, match="no time zone"):
                make_settings(timezone=name)
    assert make_settings(timezone="Asia/Shanghai").device().zone().key == "Asia/Shanghai"
    assert json.dumps(make_settings().device().zone().key)
