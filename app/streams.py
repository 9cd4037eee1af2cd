"""Long answers that are made step by step in a thread, for routes that must not wait in one."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TypeVar

Step = TypeVar("Step")

_LOOK_EVERY = 0.2


async def steps(make: Callable[[], Iterator[Step]], stopping: threading.Event) -> AsyncIterator[Step]:
    """The steps of `make()`, which runs in a thread of its own, until it ends, the reader goes, or the service stops.

    A daemon thread: one that waits for a network must not hold up the end of the process.

    Raises:
        Whatever `make` raises.
    """
    loop = asyncio.get_running_loop()
    arrived: asyncio.Queue[tuple[Step | None, BaseException | None]] = asyncio.Queue()
    gone = threading.Event()

    def tell(step: Step | None, error: BaseException | None = None) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(arrived.put_nowait, (step, error))

    def work() -> None:
        pieces = make()
        try:
            for step in pieces:
                tell(step)
                if gone.is_set() or stopping.is_set():
                    break
            tell(None)
        except BaseException as error:  # noqa: BLE001  # raised again where the steps are read
            tell(None, error)
        finally:
            close = getattr(pieces, "close", None)
            if close is not None:
                close()

    threading.Thread(target=work, name="assist", daemon=True).start()
    try:
        while not stopping.is_set():
            try:
                step, error = await asyncio.wait_for(arrived.get(), _LOOK_EVERY)
            except TimeoutError:
                continue
            if error is not None:
                raise error
            if step is None:
                return
            yield step
    finally:
        gone.set()
