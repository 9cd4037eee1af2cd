"""Calendar, contacts and notes on the command line."""

from pathlib import Path

from tests.support.command_line import CommandLine


def test_entries_are_added_listed_found_and_removed(attune: CommandLine) -> None:
    attune.setenv(timezone="Asia/Shanghai")
    attune.json("calendar", "add", "评审", "2026-12-01T10:00", "--person", "王总", "--place", "三号会议室")
    day = attune.json("calendar", "add", "年假", "2026-12-02")
    assert (day["whole_day"], day["end"]) == (True, "2026-12-03")
    listed = attune.json("calendar", "list", "--from", "2026-12-01", "--to", "2026-12-02")["items"]
    assert [one["title"] for one in listed] == ["评审"]
    assert "三号会议室" in attune("calendar", "list").out
    contact = attune.json("contacts", "add", "张伟", "--alias", "老张", "--phone", "13800138000")
    assert attune.json("contacts", "search", "老张")["items"] == [contact]
    assert "13800138000" in attune("contacts", "show", contact["id"]).out
    attune.json("notes", "add", "周会", "预算压缩", "--at", "2026-11-20")
    assert "预算压缩" in attune("notes", "search", "预算").out
    assert attune.json("notes", "list")["items"][0]["at"] == "2026-11-20T00:00:00+08:00"
    assert attune.json("notes", "remove", "--all") == {"deleted": 1}
    assert attune("contacts", "remove", contact["id"]).code == 0
    assert "there is no entry of that id in the contacts" in attune("contacts", "show", contact["id"]).err
    gone = attune("calendar", "show", 999)
    assert (gone.code, "there is no entry of that id in the calendar" in gone.err) == (1, True)
    assert attune("contacts", "remove").code == 2
    bad = attune("calendar", "add", "x", "2026-02-30T10:00", "--json")
    assert (bad.code, bad.json["type"]) == (1, "urn:attune:problem:invalid-entry")


def test_files_in_several_encodings_come_in(attune: CommandLine, tmp_path: Path) -> None:
    card = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:{}\r\nTEL:13900139000\r\nEND:VCARD\r\n"
    for name, encoding in (("李娜", "gbk"), ("王芳", "utf-8-sig"), ("赵敏", "utf-16")):
        (tmp_path / "book.vcf").write_bytes(card.format(name).encode(encoding))
        answer = attune.json("contacts", "import", tmp_path / "book.vcf")
        assert answer == {"added": 1, "skipped": 0, "rejected": []}
    assert [one["name"] for one in attune.json("contacts", "list")["items"]] == ["李娜", "王芳", "赵敏"]
    (tmp_path / "half.vcf").write_text("BEGIN:VCARD\nFN:半张\n", "utf-8")
    told = attune("contacts", "import", tmp_path / "half.vcf")
    assert (told.code, "no END:VCARD" in told.out) == (0, True)
    for content, kind in (
        (b"\xff\xff\xff", "unreadable-file"), ("没有".encode(), "invalid-file"), (b"a" * 10_485_760, "body-too-large"),
    ):  # fmt: skip
        (tmp_path / "odd.vcf").write_bytes(content)
        refused = attune("contacts", "import", tmp_path / "odd.vcf", "--json")
        assert (refused.code, refused.json["type"]) == (1, f"urn:attune:problem:{kind}")
    missing = attune("contacts", "import", tmp_path / "none.vcf")
    assert missing.code == 1
    assert "none.vcf: No such file" in missing.err


def test_a_time_in_words_is_refused_with_the_form_that_is_read(attune: CommandLine) -> None:
    refused = attune("calendar", "add", "开会", "yesterday")
    assert refused.code == 1
    assert "body.start: must be a date as 2026-12-01, or a time as 2026-12-01T09:30" in refused.err
