"""Export and import, deletion and the versions it affects, erasure, and that nothing readable lies on the disk."""

import base64
import errno
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest

from device_sim.database import DATABASE_FILE, Database
from device_sim.errors import ConsentRequired, InvalidExport, StateCorrupt, StateError, UnknownPrediction, UnknownSample
from device_sim.keystore import DATABASE_KEY, KeyStore
from device_sim.runtime import Runtime
from tests.support.phone import FOLLOWING, TAUGHT, label_of, phone, phone_settings, predict, served, teach, update
from tests.support.tiny_bundle import TinyBundle


def without_audit(document: dict[str, Any]) -> dict[str, Any]:
    """An export less what importing itself adds, and what is random in it."""
    left = {name: value for name, value in document.items() if name not in ("audit", "exported_at", "seal")}
    left["versions"] = [{**row, "parameters": None} for row in left["versions"]]
    return left


def test_an_export_brings_the_same_state_back(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path) as runtime:
        teach(runtime, TAUGHT, "负面")
        update(runtime)
        runtime.feedback.record(text="😀 明天见", task="sentiment", label="中性", idempotency_key="k")
        answers = [predict(runtime, text) for text in FOLLOWING]
        document = json.loads(json.dumps(runtime.rights.export()))
        runtime.models.rollback("sentiment")
        runtime.deletions.delete(None)
        report = runtime.rights.import_(document)
        assert (report.samples, report.versions, report.versions_without_parameters) == (len(TAUGHT) + 1, 1, 0)
        assert [predict(runtime, text) for text in FOLLOWING] == answers
        assert without_audit(runtime.rights.export()) == without_audit(document)
    with phone(bundle, tmp_path) as runtime:
        assert [predict(runtime, text) for text in FOLLOWING] == answers


def test_a_plain_export_holds_no_head_in_the_clear(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path) as runtime:
        teach(runtime, TAUGHT, "负面")
        update(runtime)
        with runtime.state.versions() as versions:
            parameters = versions.parameters(versions.find("sentiment", 1)).to_bytes()
        sealed = base64.b64decode(runtime.rights.export()["versions"][0]["parameters"])
        assert parameters[16:64] not in sealed


@pytest.mark.parametrize("sealed", [False, True])
def test_a_passphrase_carries_everything_to_another_device(bundle: TinyBundle, tmp_path: Path, sealed: bool) -> None:
    with phone(bundle, tmp_path / "one") as runtime:
        teach(runtime, TAUGHT, "负面")
        update(runtime)
        answer = predict(runtime, FOLLOWING[0])
        document = runtime.rights.export(sealed=sealed, passphrase="带走")
        assert (TAUGHT[0] in json.dumps(document, ensure_ascii=False)) is not sealed
    with phone(bundle, tmp_path / "other") as runtime:
        if sealed:
            for wrong in (None, "别的"):
                with pytest.raises(InvalidExport):
                    runtime.rights.import_(document, passphrase=wrong)
        assert runtime.rights.import_(document, passphrase="带走").versions_without_parameters == 0
        assert predict(runtime, FOLLOWING[0]) == answer


def test_without_its_key_an_export_brings_samples_but_no_heads(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path / "one") as runtime:
        teach(runtime, TAUGHT, "负面")
        update(runtime)
        plain, sealed = runtime.rights.export(), runtime.rights.export(sealed=True)
    with phone(bundle, tmp_path / "other") as runtime:
        assert runtime.rights.import_(plain).versions_without_parameters == 1
        assert served(runtime).version == 0
        assert runtime.models.versions("sentiment")[1].state == "destroyed"
        with pytest.raises(InvalidExport):
            runtime.rights.import_(sealed)


def _broken(document: dict[str, Any], table: str, column: str, value: Any) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(document))
    copy[table][0][column] = value
    return copy


def test_a_malformed_import_is_refused_and_changes_nothing(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path) as runtime:
        teach(runtime, TAUGHT, "负面")
        update(runtime)
        document = runtime.rights.export()
        bad: list[dict[str, Any]] = [
            {},
            {"schema": "attune-export/1"},
            {"schema": "attune-export/99"},
            {**document, "samples": "none"},
            {**document, "samples": [{}]},
            {**document, "samples": document["samples"] * 2},
            {**document, "versions": []},
            {**document, "seal": {"kind": "magic"}},
            _broken(document, "samples", "id", -1),
            _broken(document, "samples", "text", 5),
            _broken(document, "samples", "text", "\ud800"),
            _broken(document, "samples", "features", {"base64": "*"}),
            _broken(document, "samples", "state", "stolen"),
            _broken(document, "versions", "parent", 7),
            _broken(document, "versions", "sha256", "00"),
            _broken(document, "versions", "metrics", "{"),
            _broken(document, "settings", "value", "[1]") if document["settings"] else {},
        ]
        for wrong in bad:
            with pytest.raises(InvalidExport):
                runtime.rights.import_(wrong)
        with pytest.raises(ConsentRequired):
            runtime.rights.import_({**document, "consent": []})
        assert without_audit(runtime.rights.export()) == without_audit(document)
        assert served(runtime).version == 1


def test_deleting_a_sample_names_the_versions_that_hold_something_of_it(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path) as runtime:
        teach(runtime, TAUGHT[:10], "负面")
        update(runtime)
        later = teach(runtime, TAUGHT[10:], "负面")
        update(runtime)
        assert runtime.deletions.delete(later[0].sample_id).affected_versions == (("sentiment", 2),)
        # Version 2 was trained onwards from version 1, so what version 1 learnt from is in it too.
        deletion = runtime.deletions.delete(1)
        assert deletion.affected_versions == (("sentiment", 1), ("sentiment", 2))
        assert served(runtime).version == 2
        with pytest.raises(UnknownSample):
            runtime.deletions.delete(1)


def test_destroyed_versions_can_not_come_back(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path) as runtime:
        before = predict(runtime, TAUGHT[0])
        teach(runtime, TAUGHT, "负面")
        update(runtime)
        deletion = runtime.deletions.delete(3, "destroy")
        assert deletion.affected_versions == (("sentiment", 1),)
        assert predict(runtime, TAUGHT[0]) == before
        version = runtime.models.versions("sentiment")[1]
        assert (version.state, version.servable) == ("destroyed", False)
        with runtime.state.reading() as connection:
            assert connection.execute("SELECT parameters FROM versions").fetchall() == [(None,)]


def test_retraining_learns_the_rest_without_the_deleted_sample(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path) as runtime:
        teach(runtime, TAUGHT, "负面")
        update(runtime)
        deletion = runtime.deletions.delete(1, "retrain")
        assert len(deletion.update_ids) == 1
        assert runtime.updates.get(deletion.update_ids[0]).metrics["samples"] == len(TAUGHT) - 1
        assert runtime.models.versions("sentiment")[1].state == "destroyed"


def test_deleting_everything_makes_remembered_predictions_unknown_too(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path) as runtime:
        teach(runtime, TAUGHT, "负面")
        prediction = runtime.predictor.submit([TAUGHT[0]], "sentiment").result()[0]
        assert runtime.deletions.delete(None).deleted == len(TAUGHT)
        with pytest.raises(UnknownPrediction):
            runtime.feedback.record(prediction_id=prediction.id, label="负面")


def test_deleting_one_sample_makes_only_predictions_of_its_text_unknown(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path) as runtime:
        teach(runtime, TAUGHT[:1], "负面")
        same, other = runtime.predictor.submit(TAUGHT[:2], "sentiment").result()
        runtime.deletions.delete(1)
        with pytest.raises(UnknownPrediction):
            runtime.feedback.record(prediction_id=same.id, label="负面")
        assert runtime.feedback.record(prediction_id=other.id, label="负面").pending == 1


def lived(bundle: TinyBundle, state_dir: Path) -> Runtime:
    """An open device after much use, with everything in files that it writes."""
    runtime = Runtime.open(phone_settings(bundle, state_dir))
    teach(runtime, TAUGHT, "负面")
    update(runtime)
    runtime.deletions.delete(2)
    runtime.feedback.record(text=FOLLOWING[0], task="sentiment", label="正面")
    label_of(runtime, FOLLOWING[1])
    runtime.rights.export(sealed=True)
    return runtime


def spellings(text: str) -> list[bytes]:
    """The ways in which a text could lie in a file."""
    raw = text.encode()
    return [
        raw, text.encode("utf-16-le"), text.encode("utf-16-be"), text.encode("gb18030"), base64.b64encode(raw)[:-4],
        json.dumps(text)[1:-1].encode(), raw.hex().encode(),
    ]  # fmt: skip


def found_in(folder: Path, texts: list[str]) -> list[str]:
    """Files below `folder` that hold one of `texts` in any spelling."""
    needles = [needle for text in texts for needle in spellings(text)]
    files = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return [str(path) for path, content in files.items() if any(needle in content for needle in needles)]


def test_no_sentence_lies_readable_in_any_file_before_or_after_closing(
    bundle: TinyBundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", None)
    texts = [*TAUGHT, *FOLLOWING[:2]]
    with caplog.at_level("DEBUG"):
        runtime = lived(bundle, tmp_path / "state")
        assert found_in(tmp_path, texts) == []
        runtime.close()
    assert found_in(tmp_path, texts) == []
    assert not any(text in caplog.text for text in texts)
    (tmp_path / "state" / "note").write_text(texts[0])
    assert len(found_in(tmp_path, texts)) == 1


def test_after_erasure_the_old_database_can_not_be_read_with_any_key_left(bundle: TinyBundle, tmp_path: Path) -> None:
    state = tmp_path / "state"
    runtime = lived(bundle, state)
    for name in (DATABASE_FILE, f"{DATABASE_FILE}-wal"):
        shutil.copy(state / name, tmp_path / name)
    old_key = KeyStore.open(state, None).key(DATABASE_KEY)
    old_files = json.loads((state / "keystore.json").read_text())["keys"], (state / "device.key").read_bytes()
    Database.open(Path(shutil.copy(tmp_path / DATABASE_FILE, tmp_path / "proof.db")), old_key).close()
    runtime.rights.erase()
    assert runtime.samples.page().total == 0
    assert not runtime.consent.get().personalization
    assert served(runtime).version == 0
    assert [entry.action for entry in runtime.audit.page().items] == ["erase"]
    runtime.close()
    new_key = KeyStore.open(state, None).key(DATABASE_KEY)
    assert new_key != old_key
    with pytest.raises(StateCorrupt):
        Database.open(tmp_path / DATABASE_FILE, new_key)
    left = b"".join(path.read_bytes() for path in state.iterdir() if path.is_file())
    assert old_key not in left
    assert old_key.hex().encode() not in left
    assert base64.b64encode(old_key) not in left
    wrapped, key_file = old_files
    assert key_file not in left
    assert all(key["key"].encode() not in left for key in wrapped.values())


def test_a_device_works_on_after_erasure(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path) as runtime:
        teach(runtime, TAUGHT, "负面")
        update(runtime)
        runtime.rights.erase()
        teach(runtime, TAUGHT, "负面")
        assert update(runtime).version == 1
    with phone(bundle, tmp_path) as runtime:
        assert served(runtime).version == 1


def test_a_wrong_passphrase_is_refused_and_changes_nothing(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path) as runtime:
        teach(runtime, TAUGHT, "负面")
        update(runtime)
        for sealed in (False, True):
            document = runtime.rights.export(sealed=sealed, passphrase="right")
            with pytest.raises(InvalidExport, match="passphrase is wrong"):
                runtime.rights.import_(document, "wrong")
        assert served(runtime).serving == 1


def test_an_export_made_after_consent_was_withdrawn_comes_back_too(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path) as runtime:
        teach(runtime, TAUGHT[:2], "负面")
        runtime.consent.withdraw()
        document = runtime.rights.export()
        assert runtime.rights.import_(document).samples == 2
        assert not runtime.consent.get().personalization


@pytest.mark.parametrize(
    ("table", "change"),
    [
        (
            "settings",
            {"name": "last_decision", "value": '{"at": "", "trigger": "", "action": "wait", "reasons": []}'},
        ),
        ("settings", {"name": "conditions", "value": '{"thermal": "NOMINAL"}'}),
        ("samples", {"text": "a\0b"}),
        ("samples", {"text": "字" * 10_001}),
        ("versions", {"state": "rejected"}),
    ],
)
def test_what_no_device_would_have_stored_is_not_imported(
    bundle: TinyBundle, tmp_path: Path, table: str, change: dict[str, Any]
) -> None:
    with phone(bundle, tmp_path) as runtime:
        teach(runtime, TAUGHT, "负面")
        update(runtime)
        document = runtime.rights.export()
        document[table] = [{**(document[table][0] if document[table] else {}), **change}]
        with pytest.raises(InvalidExport):
            runtime.rights.import_(document)
        assert runtime.samples.page().total == len(TAUGHT)


def test_samples_that_only_a_destroyed_version_had_learnt_wait_again(bundle: TinyBundle, tmp_path: Path) -> None:
    with phone(bundle, tmp_path) as runtime:
        receipts = teach(runtime, TAUGHT, "负面")
        update(runtime)
        runtime.deletions.delete(receipts[0].sample_id, "destroy")
        assert runtime.samples.pending() == {"sentiment": len(TAUGHT) - 1}


def test_erasing_works_on_a_full_disk(bundle: TinyBundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with phone(bundle, tmp_path) as runtime:
        teach(runtime, TAUGHT, "负面")
        update(runtime)
        full = True
        real = os.fsync

        def no_room(descriptor: int) -> None:
            if full and "keystore.json.tmp" in str(Path(f"/proc/self/fd/{descriptor}").readlink()):
                raise OSError(errno.ENOSPC, "No space left on device")
            real(descriptor)

        monkeypatch.setattr(os, "fsync", no_room)
        with pytest.raises(StateError, match="data is erased"):
            runtime.rights.erase()
        assert runtime.health().status == "degraded"
        assert runtime.heads.serving("sentiment").version == 0
        full = False
        runtime.rights.erase()
        assert runtime.health().status == "ready"
        assert runtime.samples.page().total == 0
        teach(runtime, TAUGHT[:1], "负面")
