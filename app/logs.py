"""The service's log, on stderr: lines for people, or JSON for a collector. Nothing of the user's is in either.

Entries of ours are fixed sentences with fields beside them. An exception is told by its types and the places that it
passed, since its message may quote what it failed on; that holds for libraries too, of which nothing below a warning is
written: they say more than we know.
"""

import atexit
import copy
import json
import logging
import logging.handlers
import queue
import sys
import threading
import traceback
from collections.abc import Mapping
from contextlib import suppress
from contextvars import ContextVar
from types import TracebackType
from typing import IO, Any, Literal

from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter

Form = Literal["text", "json"]

_OURS = ("attune", "app", "device_sim", "model_store")
# `color_message` is uvicorn's: its message with colours in it.
_NO_FIELDS = frozenset({*RESERVED_ATTRS, "message", "asctime", "color_message"})
_log = logging.getLogger("attune")
_context: ContextVar[Mapping[str, str]] = ContextVar("log_context")
_NOTHING: Mapping[str, str] = {}
_MOST_WAITING = 2_000  # entries, some 3 MB
_SECONDS_TO_END = 2.0


class Bound:
    """Adds fields to each entry that this task, and the threads it hands work to, write while the block runs."""

    __slots__ = ("_fields", "_token")

    def __init__(self, **fields: str) -> None:
        self._fields = fields

    def __enter__(self) -> None:
        self._token = _context.set({**_context.get(_NOTHING), **self._fields})

    def __exit__(self, *_failure: object) -> None:
        _context.reset(self._token)


def install(level: str, form: Form) -> None:
    """Write this process's log from `level` on, failures of threads and of finalisers included.

    A thread of its own writes it: where nobody reads any more what is written, only that thread waits.
    """
    entries: queue.Queue[logging.LogRecord] = queue.Queue(_MOST_WAITING)
    writer = _Writer(entries, handler(form))
    writer.start()
    atexit.register(writer.stop)
    logging.basicConfig(handlers=[_Handing(entries)], level=_least(level), force=True)
    for name in _OURS:
        logging.getLogger(name).setLevel(level.upper())
    logging.captureWarnings(True)
    logging.raiseExceptions = False  # an entry that can't be written would be shown raw
    threading.excepthook = _thread_failed
    sys.unraisablehook = _unraisable


def library_level(level: str) -> str:
    """The level of libraries' loggers where ours have `level`."""
    return logging.getLevelName(_least(level)).lower()


def handler(form: Form, stream: IO[str] | None = None) -> logging.Handler:
    """What writes entries to `stream`, by default stderr."""
    writer = logging.StreamHandler(stream)
    writer.setFormatter(_Json() if form == "json" else _Text())
    return writer


class _Handing(logging.handlers.QueueHandler):
    """Hands entries to the writer; what finds no room is lost."""

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        return _discreet(record)  # in the thread that knows the context


class _Writer(logging.handlers.QueueListener):
    """Writes what was handed over, and at the end what is left."""

    def stop(self) -> None:
        with suppress(queue.Full):
            self.enqueue_sentinel()
        thread = self._thread
        if thread is not None:
            thread.join(_SECONDS_TO_END)


def places(error: BaseException | None) -> str:
    """An exception and what it came of, the first cause last: types and places, without any message."""
    told = []
    while error is not None:
        told.append(f"{type(error).__name__} at\n{''.join(traceback.format_tb(error.__traceback__))}".rstrip())
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\ncaused by ".join(told)


def _least(level: str) -> int:
    return max(logging.WARNING, int(logging.getLevelName(level.upper())))


def _discreet(record: logging.LogRecord) -> logging.LogRecord:
    """A copy of a record that formatters can take as it is: other handlers see the record unchanged."""
    record = copy.copy(record)
    record.exc_text = record.stack_info = None
    for name in [name for name in vars(record) if name.startswith("_")]:
        delattr(record, name)  # a library's mark on every record of the process, as Ray leaves one
    if record.name.split(".")[0] not in _OURS:
        record.msg = _told(record.msg)
        if isinstance(record.args, tuple):
            record.args = tuple(_told(one) for one in record.args)
        # asyncio shows in further lines what a task failed on.
        record.msg, record.args = record.getMessage().partition("\n")[0], ()
    record.__dict__.update(_context.get(_NOTHING))
    return record


def _told(value: object) -> Any:
    """An exception's type in its place; all else as it is."""
    return type(value).__name__ if isinstance(value, BaseException) else value


class _Text(logging.Formatter):
    """`time level logger: message key=value ...`, and below it what an exception passed."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        return super().format(_discreet(record))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # of the base class
        fields = (f" {name}={_shown(value)}" for name, value in vars(record).items() if name not in _NO_FIELDS)
        return super().formatMessage(record) + "".join(fields)

    def formatException(self, ei: Any) -> str:  # noqa: N802  # of the base class
        return places(ei[1])


class _Json(JsonFormatter):
    """One object a line."""

    def __init__(self) -> None:
        super().__init__(
            ("levelname", "name", "message"),
            rename_fields={"levelname": "level", "name": "logger", "exc_info": "exception"},
            reserved_attrs=sorted(_NO_FIELDS),
            timestamp=True,
        )

    def format(self, record: logging.LogRecord) -> str:
        return super().format(_discreet(record))

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        at = log_data.pop("timestamp")
        return {"timestamp": at.isoformat(timespec="milliseconds"), **log_data}

    def formatException(self, ei: Any) -> str:  # noqa: N802  # of the base class
        return places(ei[1])


def _shown(value: object) -> str:
    """A field's value on one line; quoted where it would not read as one."""
    plain = isinstance(value, str) and value.isprintable() and not set(value) & set(' "=')
    return str(value) if plain else json.dumps(value, default=str)


def _thread_failed(arguments: threading.ExceptHookArgs) -> None:
    if arguments.exc_type is not SystemExit:
        name = arguments.thread.name if arguments.thread else "?"
        _tell_failure("thread failed", arguments.exc_value, thread_name=name)


def _unraisable(arguments: "sys.UnraisableHookArgs") -> None:
    _tell_failure("finaliser failed", arguments.exc_value)


def _tell_failure(message: str, error: BaseException | None, **fields: str) -> None:
    kind: tuple[type[BaseException], BaseException, TracebackType | None] | None = None
    if error is not None:
        kind = (type(error), error, error.__traceback__)
    _log.error(message, exc_info=kind, extra=fields)
