"""What is counted for whoever watches: how much work that is."""

from pathlib import Path

import pytest

from device_sim.figures import read_figures
from device_sim.state import State
from tests.support.phone import phone_settings
from tests.support.tiny_bundle import TinyBundle

_SAID, _FIRST, _SECOND = (f"2026-01-0{day}T00:00:00.000+00:00" for day in (1, 2, 3))


def _work(state: State, samples: int) -> int:
    """Steps of the database's machine, in thousands, that counting takes where two versions learnt from `samples`."""
    with state.transaction() as connection:
        for table in ("version_samples", "active_versions", "versions", "samples"):
            connection.execute(f"DELETE FROM {table}")
        connection.executemany(
            "INSERT INTO samples (id, task, text_digest, label, source, state, features, base_id, created_at) "
            "VALUES (?, 'sentiment', x'', 'x', 'text', 'used', x'', 'b', ?)",
            [(number, _SAID) for number in range(1, samples + 1)],
        )
        for number, at in ((1, _FIRST), (2, _SECOND)):
            connection.execute(
                "INSERT INTO versions (task, number, parent, base_id, labels, bundle_version, state, metrics, "
                "update_id, created_at) VALUES ('sentiment', ?, ?, 'b', '[]', '1', 'good', '{}', '', ?)",
                (number, number - 1, at),
            )
            learnt = range(1, samples if number == 1 else samples + 1)
            connection.executemany(
                "INSERT INTO version_samples VALUES ('sentiment', ?, ?)", [(number, sample) for sample in learnt]
            )
        connection.execute("INSERT INTO active_versions VALUES ('sentiment', 2)")
    steps = 0

    def counted() -> int:
        nonlocal steps
        steps += 1
        return 0

    with state.reading() as connection:
        connection.set_progress_handler(counted, 1000)
        waited = read_figures(state).waited
        connection.set_progress_handler(None, 0)
    assert waited == {"sentiment": pytest.approx(2 * 86_400)}
    return steps


def test_counting_grows_with_the_samples_and_not_with_their_square(bundle: TinyBundle, tmp_path: Path) -> None:
    tmp_path.joinpath("state").mkdir(mode=0o700)
    state = State.open(phone_settings(bundle, tmp_path / "state"))
    try:
        assert _work(state, 2000) < 3 * _work(state, 1000)
    finally:
        state.close()
