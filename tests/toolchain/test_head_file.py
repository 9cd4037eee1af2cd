"""Heads between devices and Core ML: to the bit, there and back, and only where they belong."""

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import onnxruntime
import pytest

from model_store.bundle import Bundle
from model_store.errors import HeadInvalid
from model_store.head import HeadParameters
from model_store.head_file import HeadFile
from model_store.manifest import head_file
from model_store.signing import load_trusted_keys
from tests.app.conftest import settings_for
from tests.app.test_contract import finished
from tests.app.test_heads import SEALED, VERSIONS, answers
from tests.support.http_service import running
from tests.support.phone import GENTLE as LEARNING
from tests.support.phone import TAUGHT
from tests.support.tiny_bundle import TinyBundle
from tests.toolchain.test_cli import toolchain
from toolchain.coreml.check import problems, read_model
from toolchain.coreml.export import export_coreml
from toolchain.coreml.head import classifier, identity_of, probabilities, read_head, read_parameters, write_parameters
from toolchain.coreml.head_file import read_from, read_head_file, write_into
from toolchain.errors import ExportError
from toolchain.phone_model import PhoneModel, of_bundle

WORDS = SEALED["Attune-Export-Passphrase"]


@pytest.fixture(scope="module")
def tiny(bundle: TinyBundle) -> PhoneModel:
    """The tiny bundle's model."""
    return of_bundle(Bundle.open(bundle.path, load_trusted_keys([bundle.public_key])))


@pytest.fixture(scope="module")
def exported(tiny: PhoneModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny bundle for Core ML."""
    out = tmp_path_factory.mktemp("coreml") / "out"
    export_coreml(tiny, out, "fp32", lambda _: None)
    return out


@pytest.fixture
def trained(tiny: PhoneModel) -> HeadFile:
    """A head of the tiny bundle's sentiment task, moved a little."""
    head = tiny.heads["sentiment"]
    moved = HeadParameters(head.parameters.weight + np.float32(0.1), head.parameters.bias - np.float32(0.3))
    assert tiny.bundle is not None
    return HeadFile("sentiment", head.task.labels, tiny.bundle.manifest.base_id, tiny.version, 4, moved)


@pytest.fixture
def file(trained: HeadFile, tmp_path: Path) -> Path:
    """It, as a device writes it."""
    path = tmp_path / "one.head"
    path.write_text(json.dumps(trained.sealed(WORDS)), "utf-8")
    return path


def test_the_commands_carry_a_head_there_and_back(
    exported: Path, file: Path, trained: HeadFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORDS", WORDS)
    there, back = tmp_path / "there.mlmodel", tmp_path / "back.head"
    words = ("--passphrase-env", "WORDS")
    written = toolchain("head", "write", file, exported / "Head-sentiment.mlmodel", there, *words)
    assert (written.returncode, "sentiment, version 4 of a device" in written.stdout) == (0, True), written.stderr
    assert toolchain("head", "read", there, back, *words).returncode == 0
    assert stat.S_IMODE(back.stat().st_mode) == 0o600
    assert read_head_file(back, WORDS).parameters.to_bytes() == trained.parameters.to_bytes()
    again = toolchain("head", "read", there, back, *words)
    assert (again.returncode, "choose a new file" in again.stderr) == (1, True)
    monkeypatch.setenv("WORDS", "wrong")
    wrong = toolchain("head", "write", file, exported / "Head-sentiment.mlmodel", tmp_path / "x", *words)
    assert (wrong.returncode, "the passphrase is wrong" in wrong.stderr) == (1, True)
    missing = toolchain("head", "read", there, tmp_path / "y", "--passphrase-env", "NOTHING")
    assert (missing.returncode, "NOTHING is not set" in missing.stderr) == (1, True)


@pytest.mark.parametrize("model", ["Head-sentiment.mlmodel", "Attune-sentiment.mlpackage"])
def test_a_head_goes_into_a_model_and_comes_back_to_the_bit(
    exported: Path, trained: HeadFile, model: str, tmp_path: Path
) -> None:
    there = tmp_path / model
    write_into(trained, exported / model, there)
    written = read_model(there)
    assert problems(written) == []
    assert read_parameters(classifier(written)).to_bytes() == trained.parameters.to_bytes()
    assert read_head(exported / model).SerializeToString() != classifier(written).SerializeToString()
    returned = read_from(there)
    assert returned.parameters.to_bytes() == trained.parameters.to_bytes()
    assert (returned.task, returned.labels, returned.base_id) == (trained.task, trained.labels, trained.base_id)


def test_all_but_the_head_of_a_pipeline_stays_as_it_was(exported: Path, trained: HeadFile, tmp_path: Path) -> None:
    source, there = exported / "Attune-sentiment.mlpackage", tmp_path / "there.mlpackage"
    write_into(trained, source, there)
    names = sorted(path.relative_to(source) for path in source.rglob("*") if path.is_file())
    assert names == sorted(path.relative_to(there) for path in there.rglob("*") if path.is_file())
    changed = [name for name in names if (source / name).read_bytes() != (there / name).read_bytes()]
    assert [name.name for name in changed] == ["model.mlmodel"]
    before, after = read_model(source), read_model(there)
    write_parameters(classifier(after), read_parameters(classifier(before)))
    assert before == after


def test_parameters_that_an_app_wrote_come_back(exported: Path, trained: HeadFile, tmp_path: Path) -> None:
    written = tmp_path / "parameters"
    written.write_bytes(trained.parameters.to_bytes())
    like = exported / "Head-sentiment.mlmodel"
    assert read_from(written, like).parameters.to_bytes() == written.read_bytes()
    written.write_bytes(HeadParameters(np.zeros((3, 7), np.float32), np.zeros(3, np.float32)).to_bytes())
    with pytest.raises(HeadInvalid, match="the head's shapes are"):
        read_from(written, like)


def test_what_the_specification_computes_is_what_the_runtime_does(exported: Path, tiny: PhoneModel) -> None:
    assert tiny.bundle is not None
    features = np.random.default_rng(0).normal(size=(20, tiny.bundle.manifest.feature_width)).astype(np.float32)
    for name, head in tiny.heads.items():
        if not head.task.updatable:
            continue
        session = onnxruntime.InferenceSession(str(tiny.bundle.path(head_file(name, "eval_model.onnx"))))
        # The evaluation graph takes the parameters beside the rows, and gives loss and logits.
        classes = len(head.task.labels)
        feed = {
            "features": features,
            "targets": np.zeros((20, classes), np.float32),
            "weights": np.ones(20, np.float32),
        }
        feed |= {"head.weight": head.parameters.weight, "head.bias": head.parameters.bias}
        given = {entry.name for entry in session.get_inputs()}
        logits = session.run(["logits"], {key: value for key, value in feed.items() if key in given})[0]
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        right = powers / powers.sum(axis=1, keepdims=True)
        model = read_head(exported / f"Head-{name}.mlmodel")
        found = np.array([list(probabilities(model, row).values()) for row in features])
        np.testing.assert_allclose(found, right, atol=1e-5)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("Head-route.mlmodel", "the head is not for this model: its task is another one"),
        ("Base.mlpackage", "it is not a head of this project"),
        ("none.mlmodel", "can't be read"),
    ],
)
def test_a_head_goes_only_where_it_belongs(
    exported: Path, trained: HeadFile, tmp_path: Path, model: str, said: str
) -> None:
    with pytest.raises(ExportError, match=said):
        write_into(trained, exported / model, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_taken_place_and_a_model_of_unknown_origin_are_refused(
    exported: Path, trained: HeadFile, tmp_path: Path
) -> None:
    for name in ("Head-sentiment.mlmodel", "Attune-sentiment.mlpackage"):
        write_into(trained, exported / name, tmp_path / name)
        with pytest.raises(ExportError, match="choose a new"):
            write_into(trained, exported / name, tmp_path / name)
    with pytest.raises(ExportError, match="which must stay as it is"):
        write_into(trained, exported / name, exported / name / "in")
    for part in ("Head-sentiment.mlmodel", "Attune-sentiment.mlpackage/Data/com.apple.CoreML/model.mlmodel"):
        assert stat.S_IMODE((tmp_path / part).stat().st_mode) == 0o600, "a trained head is personal"
    model = read_head(tmp_path / "Head-sentiment.mlmodel")
    model.description.metadata.userDefined.clear()
    with pytest.raises(ExportError, match="metadata doesn't say"):
        identity_of(model)


@pytest.fixture
def personal(bundle: TinyBundle, tmp_path: Path) -> Iterator[httpx.Client]:
    """A device that was personalised by HTTP."""
    with running(settings_for(bundle, tmp_path / "personal")) as service, service.client() as client:
        client.put("/v1/consent", json={"personalization": True})
        for text in TAUGHT:
            client.post("/v1/feedback", json={"text": text, "task": "sentiment", "label": "正面"})
        update = finished(client, client.post("/v1/updates", json={"force": True, "parameters": LEARNING}))
        assert update["outcome"] == "published", update["reasons"]
        yield client


def test_a_version_goes_by_way_of_a_phone_to_a_fresh_device_that_answers_to_the_bit(
    bundle: TinyBundle, personal: httpx.Client, exported: Path, tmp_path: Path
) -> None:
    model = tmp_path / "Head.mlmodel"
    sent = HeadFile.opened(personal.get(f"{VERSIONS}/1/head", headers=SEALED).json(), WORDS)
    write_into(sent, exported / "Head-sentiment.mlmodel", model)
    document = read_from(model).sealed(WORDS)
    with running(settings_for(bundle, tmp_path / "fresh")) as service, service.client() as client:
        client.put("/v1/consent", json={"personalization": True})
        before = answers(client)
        assert client.post(VERSIONS, json=document, headers=SEALED).status_code == 201
        assert answers(client) == answers(personal) != before
