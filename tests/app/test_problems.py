"""The table of problems is whole."""

from http import HTTPStatus

import pytest

from app.problems import status_and_title
from device_sim import errors as device
from model_store import errors as store

# Bases that nothing raises by themselves, and what never reaches a caller.
_ABSTRACT = {device.DeviceError, device.UpdateCancelled, store.StoreError}


def _all(base: type[Exception]) -> set[type[Exception]]:
    return {base}.union(*(_all(kind) for kind in base.__subclasses__()))


@pytest.mark.parametrize("kind", sorted((_all(device.DeviceError) | _all(store.StoreError)) - _ABSTRACT, key=str))
def test_every_refusal_has_a_status_of_its_kind(kind: type[Exception]) -> None:
    status, title = status_and_title(kind("message"))
    assert title
    if issubclass(kind, device.StateError | store.BundleError):
        assert status in {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.INSUFFICIENT_STORAGE}
    elif issubclass(kind, device.CloudUnavailable | device.NetworkRefused):
        assert status in {HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE}
    else:
        assert 400 <= status < 500


def test_codes_are_unique_slugs() -> None:
    kinds = _all(device.DeviceError) | _all(store.StoreError)
    codes = [kind.code for kind in kinds]  # type: ignore[attr-defined]
    assert len(set(codes)) == len(codes)
    assert all(code.replace("-", "").isalpha() and code.islower() for code in codes)
