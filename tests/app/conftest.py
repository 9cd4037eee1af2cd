"""A service on a tiny bundle, shared by a module's tests; and a fresh one for tests that change its state."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from app.settings import Settings
from tests.support.http_service import RunningService, running
from tests.support.tiny_bundle import TinyBundle


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the machine that runs the tests reaches them."""
    for name in list(os.environ):
        if name.startswith("ATTUNE_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def settings_for(bundle: TinyBundle, state_dir: Path, **changes: object) -> Settings:
    """Settings that run `bundle` on `state_dir`."""
    basis = {"state_dir": state_dir, "bundle": bundle.path, "trusted_keys": (bundle.public_key,)}
    return Settings.model_validate({**basis, **changes})


MakeSettings = Callable[..., Settings]


@pytest.fixture
def make_settings(bundle: TinyBundle, tmp_path: Path) -> MakeSettings:
    """Settings with a state directory of the test's own."""

    def make(**changes: object) -> Settings:
        return settings_for(bundle, tmp_path / "state", **changes)

    return make


@pytest.fixture(scope="module")
def shared_service(bundle: TinyBundle, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """One service for all tests of a module, with consent given."""
    with running(settings_for(bundle, tmp_path_factory.mktemp("state"))) as service, service.client() as client:
        client.put("/v1/consent", json={"personalization": True}).raise_for_status()
        yield service


@pytest.fixture
def shared(shared_service: RunningService) -> Iterator[httpx.Client]:
    """A client of the module's service."""
    with shared_service.client() as client:
        yield client


@pytest.fixture
def service(make_settings: MakeSettings) -> Iterator[RunningService]:
    """A fresh service, without consent."""
    with running(make_settings()) as service:
        yield service


@pytest.fixture
def client(service: RunningService) -> Iterator[httpx.Client]:
    """A client of the fresh service."""
    with service.client() as client:
        yield client
