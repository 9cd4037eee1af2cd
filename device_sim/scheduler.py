"""The ticking: APScheduler looks at the device from time to time. What a look does is `device_sim.schedule`'s."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

_JOB = "look"


class Ticker:
    """Calls `look` every so often, in a thread of its own.

    Missed looks coalesce into one however late it is, and looks never overlap. The interval runs on the machine's
    clock, so setting the device's clock neither skips nor piles up looks.
    """

    def __init__(self, look: Callable[[], object]) -> None:
        self._look = look
        self._scheduler = BackgroundScheduler(timezone="UTC")

    def start(self, every_seconds: int, first_in: float) -> None:
        """Begin to tick, first in `first_in` seconds."""
        self._scheduler.add_job(
            self._look, _trigger(every_seconds), id=_JOB, coalesce=True, max_instances=1, misfire_grace_time=None,
            next_run_time=datetime.now(UTC) + timedelta(seconds=first_in),
        )  # fmt: skip
        self._scheduler.start()

    def every(self, seconds: int) -> None:
        """Change the interval; the next look is one interval from now. Nothing happens before `start`."""
        if self._scheduler.running:
            self._scheduler.reschedule_job(_JOB, trigger=_trigger(seconds))

    @property
    def next_look(self) -> datetime | None:
        """When it will look next, by the machine's clock."""
        job = self._scheduler.get_job(_JOB)
        if job is not None and job.next_run_time - datetime.now(UTC) > job.trigger.interval:
            job.reschedule(job.trigger)  # The machine's clock was set back.
        moment: datetime | None = job.next_run_time if job else None
        return moment

    def stop(self) -> None:
        """Stop ticking; a look under way is waited for."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)


def _trigger(seconds: int) -> IntervalTrigger:
    return IntervalTrigger(seconds=seconds, timezone="UTC")
