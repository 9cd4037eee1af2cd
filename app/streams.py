"""Long answers that are made step by step in a thread, for routes that must not wait in one."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from contextlib import suppress
from contextvars import copy_context
from typing import Generic, TypeVar

from device_sim.errors import DeviceClosed

Step = TypeVar("Step")
Make = Callable[[threading.Event], Iterator[Step]]

_LOOK_EVERY = 0.2


class _Producer(Generic[Step]):
    """Runs an iterator in a thread, and hands its steps over to an event loop."""

    def __init__(self, make: Make[Step]) -> None:
        self.arrived: asyncio.Queue[tuple[Step | None, BaseException | None]] = asyncio.Queue()
        self.gone = threading.Event()
        self._make = make
        self._loop = asyncio.get_running_loop()
        # A daemon: one that waits for a network must not hold up the end of the process.
        # In the caller's context, so that what is told of the work is told of the request.
        threading.Thread(target=copy_context().run, args=(self._work,), name="steps", daemon=True).start()

    def _work(self) -> None:
        pieces = self._make(self.gone)
        try:
            for step in pieces:
                self._tell(step)
                if self.gone.is_set():
                    break
            self._tell(None)
        except BaseException as error:  # noqa: BLE001  # raised again where the steps are read
            self._tell(None, error)
        finally:
            if isinstance(pieces, Generator):
                pieces.close()

    def _tell(self, step: Step | None, error: BaseException | None = None) -> None:
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self.arrived.put_nowait, (step, error))


async def steps(
    make: Make[Step], stopping: threading.Event, left: Callable[[], Awaitable[bool]]
) -> AsyncIterator[Step]:
    """The steps of `make(gone)`, which runs in a thread of its own, until it ends or the reader has `left`; `gone` is
    set when nobody reads any more.

    Raises:
        DeviceClosed: the service stops. Whatever `make` raises.
    """
    producer = _Producer(make)
    try:
        while not stopping.is_set():
            try:
                step, error = await asyncio.wait_for(producer.arrived.get(), _LOOK_EVERY)
            except TimeoutError:
                if await left():
                    return
                continue
            if error is not None:
                raise error
            if step is None:
                return
            yield step
        raise DeviceClosed("the device is shutting down")
    finally:
        producer.gone.set()
