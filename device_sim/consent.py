"""What the user has agreed to. Without a row nothing was ever agreed to."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from device_sim.audit import Audit
from device_sim.clock import Clock
from device_sim.errors import ConsentRequired
from device_sim.state import State


@dataclass(frozen=True)
class Consent:
    """`since` is when it was last changed; None if it never was."""

    personalization: bool = False
    cloud_assist: bool = False
    since: str | None = None


class ConsentBook:
    """Gives, withdraws and checks consent. `on_withdrawal` is called after personalisation was withdrawn,
    `on_cloud_withdrawal` after the cloud's help was."""

    def __init__(self, state: State, audit: Audit, clock: Clock) -> None:
        self._state = state
        self._audit = audit
        self._clock = clock
        self.on_withdrawal: Callable[[], None] = _nothing
        self.on_cloud_withdrawal: Callable[[], None] = _nothing

    def get(self) -> Consent:
        """What holds now."""
        with self._state.reading() as connection:
            return read_consent(connection)

    def put(self, personalization: bool | None = None, cloud_assist: bool | None = None) -> Consent:
        """Set one or both at once; None keeps what holds. Saying what holds already changes nothing."""
        with self._state.transaction() as connection:
            before = read_consent(connection)
            after = Consent(
                before.personalization if personalization is None else personalization,
                before.cloud_assist if cloud_assist is None else cloud_assist,
                self._clock.stamp(),
            )
            if before.since and replace(after, since=before.since) == before:
                return before
            write_consent(connection, after)
            detail = {"personalization": after.personalization, "cloud_assist": after.cloud_assist}
            self._audit.record(connection, "user", "consent", detail=detail)
        if before.personalization and not after.personalization:
            self.on_withdrawal()
        if before.cloud_assist and not after.cloud_assist:
            self.on_cloud_withdrawal()
        return after

    def withdraw(self) -> Consent:
        """Withdraw everything: collecting and training stop at once; what is stored stays until it is deleted."""
        return self.put(personalization=False, cloud_assist=False)


def read_consent(connection: Any) -> Consent:
    """Consent as one connection sees it."""
    row = connection.execute("SELECT personalization, cloud_assist, since FROM consent").fetchone()
    return Consent(bool(row[0]), bool(row[1]), row[2]) if row else Consent()


def cloud_consent_since(connection: Any) -> str | None:
    """Since when the user has let a cloud model help; None where they do not.

    `Consent.since` may be later: it tells of the other purpose too. The audit trail has every change of both.
    """
    consent = read_consent(connection)
    if not consent.cloud_assist:
        return None
    since = consent.since
    changes = connection.execute("SELECT at, detail FROM audit WHERE action = 'consent' ORDER BY id DESC").fetchall()
    for at, detail in changes:
        if not json.loads(detail).get("cloud_assist"):
            break
        since = at
    return since


def write_consent(connection: Any, consent: Consent) -> None:
    """Replace the consent in the caller's transaction."""
    connection.execute(
        "INSERT OR REPLACE INTO consent (id, personalization, cloud_assist, since) VALUES (1, ?, ?, ?)",
        (consent.personalization, consent.cloud_assist, consent.since),
    )


def require_personalization(connection: Any) -> None:
    """Refuse what needs the user's consent to personalisation.

    Raises:
        ConsentRequired: it was not given, or withdrawn.
    """
    if not read_consent(connection).personalization:
        raise ConsentRequired("the user has not agreed to personalisation; nothing is stored or learnt without consent")


def _nothing() -> None:
    return None
