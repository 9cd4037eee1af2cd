"""The calendar, contacts and notes beneath HTTP: times and zones, files, searches, and what a crash leaves."""

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from device_sim.clock import Clock
from device_sim.database import Database, schema
from device_sim.errors import InvalidEntry, InvalidFile, UnknownEntry
from device_sim.migrations import MIGRATIONS
from device_sim.personal.calendar_file import MOST_OCCURRENCES
from device_sim.personal.files import Kind
from device_sim.personal.records import Contact, Event, Note
from device_sim.personal.store import PersonalStore
from device_sim.personal.words import exact, indexed, loose
from device_sim.settings import DeviceSettings
from device_sim.state import State
from tests.support.phone import phone
from tests.support.tiny_bundle import TinyBundle

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
TEN = datetime(2026, 12, 1, 10, tzinfo=SHANGHAI)

MANY_A_DAY = "RRULE:FREQ=DAILY;BYHOUR=1,2,3,4,5;BYMINUTE=1,2,3,4,5,6,7,8,9,10;BYSECOND=1,2,3,4,5,6,7,8,9,10"


def event(title: str = "会", start: datetime = TEN, end: datetime | None = None, **rest: object) -> Event:
    """An event of an hour."""
    whole = {"whole_day": False, "place": None, "people": (), **rest}
    return Event(0, title, start, end or start + timedelta(hours=1), **whole)  # type: ignore[arg-type]  # as given


def contact(name: str, **rest: object) -> Contact:
    """A contact with little more than a name."""
    whole = {"aliases": (), "phones": (), "emails": (), "organisation": None, **rest}
    return Contact(0, name, **whole)  # type: ignore[arg-type]  # as given


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    """The state of a device, without a bundle."""
    state = State.open(DeviceSettings(tmp_path))
    yield state
    state.close()


@pytest.fixture
def store(state: State) -> PersonalStore:
    """Personal data in Shanghai, looked up by words alone."""
    return PersonalStore(state, Clock(), None, SHANGHAI)


def calendar_of(*lines: str) -> str:
    """A calendar with one event of these lines."""
    return "\r\n".join(("BEGIN:VCALENDAR", "BEGIN:VEVENT", *lines, "END:VEVENT", "END:VCALENDAR", ""))


def starts(store: PersonalStore) -> list[str]:
    """When events begin, without the seconds."""
    return [one.start.isoformat(timespec="minutes") for one in store.events()]


def test_an_upgraded_database_is_like_a_fresh_one_and_keeps_what_it_held(tmp_path: Path) -> None:
    key = os.urandom(32)
    for have in range(1, len(MIGRATIONS)):
        path = tmp_path / f"{have}.db"
        old = Database.open(path, key, MIGRATIONS[:have])
        with old.transaction() as connection:
            connection.execute("INSERT INTO settings (name, value) VALUES ('a', '{}')")
        old.close()
        upgraded, fresh = Database.open(path, key), Database.open(tmp_path / f"fresh-{have}.db", key)
        assert schema(upgraded) == schema(fresh)
        with upgraded.reading() as connection:
            assert connection.execute("SELECT name FROM settings").fetchall() == [("a",)]
        upgraded.close()
        fresh.close()


def test_a_whole_day_stays_at_midnight_in_another_zone_and_a_time_stays_the_same_instant(state: State) -> None:
    there = PersonalStore(state, Clock(), None, SHANGHAI)
    midnight = TEN.replace(hour=0)
    there.add_event(event("年假", midnight, midnight + timedelta(days=2), whole_day=True))
    meeting = there.add_event(event())
    here = PersonalStore(state, Clock(), None, BERLIN)
    day, moved = sorted(here.events(), key=lambda one: not one.whole_day)
    assert day.start.isoformat() == "2026-12-01T00:00:00+01:00"
    assert day.end.isoformat() == "2026-12-03T00:00:00+01:00"
    assert moved.start == meeting.start
    assert moved.start.isoformat() == "2026-12-01T03:00:00+01:00"


def test_an_hour_that_comes_twice_is_no_end_before_the_start(state: State) -> None:
    store = PersonalStore(state, Clock(), None, BERLIN)
    start = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    night = store.add_event(event(start=start, end=start + timedelta(minutes=45)))
    assert (night.start.isoformat(), night.end.isoformat()) == (
        "2026-10-25T02:30:00+02:00",
        "2026-10-25T02:15:00+01:00",
    )
    with pytest.raises(InvalidEntry, match="end is before"):
        store.add_event(event(start=start, end=start - timedelta(minutes=1)))


def test_an_entry_that_is_changed_keeps_its_uid(store: PersonalStore) -> None:
    content = calendar_of("UID:a", "DTSTART:20261201T020000Z", "SUMMARY:会")
    store.import_file(Kind.CALENDAR, content)
    (kept,) = store.events()
    store.change_event(event("改", kept.start).__class__(kept.id, "改", kept.start, kept.end, False, None, ()))
    assert store.event(kept.id).uid == "a"
    assert store.import_file(Kind.CALENDAR, content).skipped == 1


def test_secrets_follow_every_change(store: PersonalStore) -> None:
    before = store.revision
    zhang = store.add_contact(
        contact("张伟", aliases=("老张",), phones=("13800138000",), emails=("a@b.example",), organisation="蓝海")
    )
    store.add_event(event(people=("王总", "张伟"), place="三号会议室"))
    secrets = store.secrets()
    assert secrets is store.secrets()
    assert secrets.names == {"张伟", "老张", "王总"}
    assert secrets.phones == {"13800138000"}
    assert secrets.emails == {"a@b.example"}
    assert secrets.organisations == {"蓝海"}
    assert secrets.places == ("三号会议室",)
    assert secrets.revision == store.revision > before
    store.delete_contact(zhang.id)
    assert store.secrets().names == {"王总", "张伟"}
    store.clear_events()
    assert store.secrets().names == frozenset()


@pytest.mark.parametrize(
    ("name", "there"),
    [("张伟", ["张伟"]), ("老张", ["张伟"]), ("张总", ["张伟", "张小凡"]), ("小凡", ["张小凡"]), ("david", ["张伟"]),
     ("欧阳老师", ["欧阳锋"]),
     ("李总", []), ("", []), ("总", [])],
)  # fmt: skip
def test_contacts_are_found_by_what_people_call_them(store: PersonalStore, name: str, there: list[str]) -> None:
    for one in (contact("张伟", aliases=("老张", "David")), contact("张小凡"), contact("欧阳锋")):
        store.add_contact(one)
    assert [one.name for one in store.find_contacts(name)] == there


def test_a_repeated_event_keeps_its_hour_when_summer_time_begins(state: State) -> None:
    store = PersonalStore(state, Clock(), None, BERLIN)
    store.import_file(
        Kind.CALENDAR,
        calendar_of("UID:a", "DTSTART;TZID=Europe/Berlin:20260322T100000", "RRULE:FREQ=WEEKLY;COUNT=3", "SUMMARY:会"),
    )
    assert starts(store) == ["2026-03-22T10:00+01:00", "2026-03-29T10:00+02:00", "2026-04-05T10:00+02:00"]


def test_a_moved_occurrence_takes_the_place_of_its_own(store: PersonalStore) -> None:
    series = ("UID:a", "DTSTART:20261201T020000Z", "RRULE:FREQ=DAILY;COUNT=3", "SUMMARY:会")
    moved = ("UID:a", "RECURRENCE-ID:20261202T020000Z", "DTSTART:20261202T060000Z", "SUMMARY:会，改期")
    content = calendar_of(*moved, "END:VEVENT", "BEGIN:VEVENT", *series)
    assert store.import_file(Kind.CALENDAR, content).added == 3
    assert starts(store) == ["2026-12-01T10:00+08:00", "2026-12-02T14:00+08:00", "2026-12-03T10:00+08:00"]


def test_an_event_without_end_is_kept_within_the_horizon(store: PersonalStore) -> None:
    store.import_file(
        Kind.CALENDAR, calendar_of("UID:a", "DTSTART;VALUE=DATE:20200101", "RRULE:FREQ=DAILY", "SUMMARY:药")
    )
    events = store.events()
    assert len(events) == MOST_OCCURRENCES
    assert timedelta(days=728) < events[-1].start - store.now() < timedelta(days=732)
    assert all(one.whole_day for one in events)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (("DTSTART:20261201T100000", "RRULE:FREQ=SECONDLY"), "rhythm"),
        (("DTSTART:20261201T100000", "RRULE:FREQ=DAILY;INTERVAL=0"), "INTERVAL"),
        (("DTSTART:20261201T100000", MANY_A_DAY), "too often"),
        (("DTSTART:20261201T100000", "RRULE:FREQ=DAILY;BYDAY=XX"), "RRULE can't be read"),
        (("DTSTART:20261201T100000", "DTEND:20261201T090000"), "the end is before the start"),
        (("DTSTART;TZID=Nowhere:20261201T100000",), "time zone"),
        (("DTSTART:17000101T100000",), "year"),
        (("SUMMARY:没有时间",), "times"),
        (("DTSTART:20261201T100000", "STATUS:CANCELLED"), "cancelled"),
    ],
)  # fmt: skip
def test_an_event_that_can_not_be_used_is_named_and_the_rest_comes_in(
    store: PersonalStore, lines: tuple[str, ...], reason: str
) -> None:
    good = ("UID:good", "DTSTART:20261201T100000", "SUMMARY:好")
    report = store.import_file(Kind.CALENDAR, calendar_of("UID:bad", *lines, "END:VEVENT", "BEGIN:VEVENT", *good))
    assert report.added == 1
    assert [one.line for one in report.rejected] == [2]
    assert reason in report.rejected[0].reason
    assert [one.title for one in store.events()] == ["好"]


def test_a_zone_that_only_the_file_knows_is_understood(store: PersonalStore) -> None:
    zone = ("BEGIN:VTIMEZONE", "TZID:Own", "BEGIN:STANDARD", "DTSTART:19700101T000000", "TZOFFSETFROM:+0530",
            "TZOFFSETTO:+0530", "END:STANDARD", "END:VTIMEZONE")  # fmt: skip
    content = calendar_of("UID:a", "DTSTART;TZID=Own:20261201T100000", "SUMMARY:会")
    content = content.replace("BEGIN:VEVENT", "\r\n".join((*zone, "BEGIN:VEVENT")))
    assert store.import_file(Kind.CALENDAR, content).rejected == ()
    assert starts(store) == ["2026-12-01T12:30+08:00"]


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        ("END:VEVENT", "ends without END:VCALENDAR, inside the event of line 7"),
        ("END:VCAL", "ends without END:VCALENDAR$"),
    ],
)
def test_a_calendar_that_is_cut_short_is_refused(store: PersonalStore, end: str, reason: str) -> None:
    content = calendar_of("UID:a", "DTSTART:20261201T100000", "SUMMARY:全", "END:VEVENT", "BEGIN:VEVENT", "UID:b")
    with pytest.raises(InvalidFile, match=reason):
        store.import_file(Kind.CALENDAR, content.rsplit(end, 1)[0])
    assert store.events() == ()


def test_an_event_without_end_in_a_whole_calendar_is_named_and_the_rest_comes_in(store: PersonalStore) -> None:
    content = calendar_of("UID:a", "DTSTART:20261201T100000", "SUMMARY:全", "END:VEVENT", "BEGIN:VEVENT", "UID:b")
    report = store.import_file(Kind.CALENDAR, "END:VCALENDAR".join(content.rsplit("END:VEVENT\r\nEND:VCALENDAR", 1)))
    assert (report.added, [one.line for one in report.rejected]) == (1, [7])


@pytest.mark.parametrize(
    ("content", "kind"),
    [("BEGIN:VCARD\nFN:李娜\nEND:VCARD\n", "contacts"), ("\ufeff\r\nbegin:vcalendar\r\n", "calendar")],
)
def test_an_address_book_or_a_calendar_is_no_note(store: PersonalStore, content: str, kind: str) -> None:
    with pytest.raises(InvalidFile, match=f"import it as {kind}$"):
        store.import_file(Kind.NOTES, content)
    assert store.notes() == ()
    assert store.import_file(Kind.NOTES, f"# 通讯录\n{content}").added == 1


def test_generated_rubbish_is_refused_in_words(store: PersonalStore) -> None:
    seeds = (
        calendar_of("UID:a", "DTSTART:20261201T100000", "RRULE:FREQ=DAILY;COUNT=2", "SUMMARY:会\\, 议"),
        "BEGIN:VCARD\r\nN;CHARSET=GBK;ENCODING=QUOTED-PRINTABLE:=D5=C5;=CE=B0\r\nTEL:1\r\nEND:VCARD\r\n",
        "---\ndate: 2026-11-20\n---\n# 一\n日期：2026-11-20\n```\n# 二\n",
    )
    taken = refused = 0
    for seed, kind in zip(seeds, Kind, strict=True):
        for place in range(0, len(seed), 3):
            for broken in (seed[:place], seed[:place] + '\0;:="' + seed[place + 1 :], seed[:place] + seed[place + 3 :]):
                try:
                    report = store.import_file(kind, broken)
                except InvalidFile:
                    refused += 1
                else:
                    assert all(one.reason for one in report.rejected)
                    taken += report.added
    assert refused > 0
    assert len(store.events()) + len(store.contacts()) + len(store.notes()) == taken > 0


@pytest.mark.parametrize(
    ("text", "query", "found"),
    [
        ("产品规划评审", "规划", True), ("产品规划评审", "产品规划", True), ("产品，规划", "产品规划", False),
        ("产品规划评审", "品规审", False), ("王", "王", True), ("王总", "王", True), ("ＡＢＣ 预算", "abc", True),
        ("Über uns", "über", True), ("版本3.14", "3", True), ("🎂🎉", "🎉", True), ("プロジェクト", "プロ", True),
    ],
)  # fmt: skip
def test_words_are_found_as_they_stand(store: PersonalStore, text: str, query: str, found: bool) -> None:
    note = store.add_note(Note(0, "笔记", text, TEN))
    with store._state.reading() as connection:
        rows = connection.execute("SELECT rowid FROM note_words WHERE note_words MATCH ?", (exact(query),)).fetchall()
    assert rows == ([(note.id,)] if found else [])


def test_a_question_keeps_only_what_it_is_about() -> None:
    assert loose("上次和王总开会说了什么") == '"和王" OR "王总" OR "总开" OR "开会"'
    assert loose("是什么") is None
    assert exact("，。") is None
    assert indexed("") == ""


def test_features_come_and_go_with_their_note(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path) as runtime:
        store = runtime.personal

        def kept() -> list[tuple[int, bytes]]:
            with runtime.state.reading() as connection:
                rows = connection.execute("SELECT note_id, features FROM note_features ORDER BY note_id").fetchall()
            return [(int(row[0]), bytes(row[1])) for row in rows]

        note = store.add_note(Note(0, "周会", "预算压缩", TEN))
        ((number, features),) = kept()
        assert (number, len(features)) == (note.id, 4 * runtime.encoder.width)
        store.change_note(replace(note, body="加班到很晚"))
        assert kept()[0][1] != features
        store.delete_note(note.id)
        assert kept() == []
        store.import_file(Kind.NOTES, "".join(f"# 第{number}条\n今天加班{number}\n" for number in range(100)))
        assert len(kept()) == 64
        for _ in range(3):
            store.search_notes("加班")
        assert len(kept()) == 100
        runtime.rights.import_(runtime.rights.export())
        assert len(kept()) == 0, "they are made again, not carried"
        store.search_notes("加班")
        assert len(kept()) == 32
        with pytest.raises(UnknownEntry):
            store.note(note.id)


_KILLED = """
    import os, sys
    from pathlib import Path
    from zoneinfo import ZoneInfo
    from device_sim.clock import Clock
    from device_sim.personal import tables
    from device_sim.personal.files import Kind
    from device_sim.personal.store import PersonalStore
    from device_sim.settings import DeviceSettings
    from device_sim.state import State

    # Dies, as by a loss of power, when the fifth entry has been written and the transaction not been committed.
    written = 0
    def dying(connection, record, insert=tables.NOTES.insert):
        global written
        number = insert(connection, record)
        written += 1
        if written == 5:
            os._exit(9)
        return number
    object.__setattr__(tables.NOTES, "insert", dying)
    store = PersonalStore(State.open(DeviceSettings(Path(sys.argv[1]))), Clock(), None, ZoneInfo("Asia/Shanghai"))
    store.import_file(Kind.NOTES, "".join(f"# note {number}\\n" for number in range(9)))
"""


def test_an_import_that_is_killed_leaves_nothing_half_done(tmp_path: Path) -> None:
    with_one = State.open(DeviceSettings(tmp_path))
    PersonalStore(with_one, Clock(), None, SHANGHAI).add_note(Note(0, "先前", "", TEN))
    with_one.close()
    run = subprocess.run([sys.executable, "-c", textwrap.dedent(_KILLED), tmp_path], check=False, capture_output=True)
    assert run.returncode == 9, run.stderr
    state = State.open(DeviceSettings(tmp_path))
    store = PersonalStore(state, Clock(), None, SHANGHAI)
    assert [one.title for one in store.notes()] == ["先前"]
    with state.reading() as connection:
        assert connection.execute("SELECT COUNT(*) FROM note_words").fetchone() == (1,)
    state.close()
