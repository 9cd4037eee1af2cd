"""`attune demo`."""

import pytest

from model_store.bundle import SHIPPED_BUNDLE
from tests.support.command_line import CommandLine

CLAIMS = 5


def test_every_claim_holds_on_the_shipped_bundle(attune: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ATTUNE_TRUSTED_KEYS")
    attune.setenv(bundle=SHIPPED_BUNDLE)
    outcome = attune("demo", "--json")
    assert outcome.code == 0, outcome.out + outcome.err
    assert [claim["holds"] for claim in outcome.json["claims"]] == [True] * CLAIMS
    assert outcome.json["seconds"] < 20


def test_a_claim_that_does_not_hold_is_a_failure(attune: CommandLine) -> None:
    # The tiny bundle knows too little of the language for the others to follow.
    outcome = attune("demo", "--json")
    assert (outcome.code, outcome.json["ok"]) == (1, False)
    assert any(not claim["holds"] for claim in outcome.json["claims"])


def test_it_leaves_the_user_own_device_alone(attune: CommandLine) -> None:
    attune("demo")
    assert not attune.json("consent")["personalization"]
