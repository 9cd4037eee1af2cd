"""`attune serve`: the service in the foreground."""

import logging
import platform
import signal
import socket
import sys
import time
from contextlib import AsyncExitStack
from importlib.metadata import version
from types import FrameType

import uvicorn
from fastapi import FastAPI

from app.cli.output import note
from app.cli.refusal import Refusal
from app.guarded_loop import install_guard
from app.logs import install, library_level
from app.server import create_app
from app.services import Services
from app.settings import Settings, load_settings

# Calls under way get this long to end when the service is told to stop.
_GRACE_SECONDS = 10
# How long a thread waits for the interpreter before it asks for it. A training step holds it for some tenths of a
# millisecond and lets go for an instant; who waits longer than a step is woken by that in vain, never asks, and waits
# on: at 0.2 ms it took up to a second until a lost condition was heard of, at Python's own 5 ms a quarter of one.
_TURN_SECONDS = 0.00005
_log = logging.getLogger("attune")
_WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # compared with, not listened on


class Service(uvicorn.Server):
    """A server that opens the device before it listens, says where it serves, and ends long answers when it stops."""

    def __init__(self, app: FastAPI, settings: Settings) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                loop="app.guarded_loop:new_event_loop",
                log_config=None,
                log_level=library_level(settings.log_level),
                access_log=False,
                lifespan="off",
                ws="none",
                server_header=False,
                timeout_graceful_shutdown=_GRACE_SECONDS,
            )
        )
        self._app = app
        self._settings = settings
        self._lifespan = AsyncExitStack()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the device, listen, and let other processes know.

        Raises:
            DeviceError, StoreError: the device can't be opened.
        """
        began = time.perf_counter()
        _log.info("starting", extra={"version": version("attune"), "python": platform.python_version()})
        await self._lifespan.enter_async_context(self._app.router.lifespan_context(self._app))
        try:
            await super().startup(sockets)
        except BaseException:
            await self._lifespan.aclose()
            raise
        url = _url(*self.servers[0].sockets[0].getsockname()[:2])
        services: Services = self._app.state.services
        services.runtime.announce(url)
        health = services.runtime.health()
        fields = {"url": url, "bundle": health.bundle, "status": health.status, "reasons": health.reasons}
        _log.info("ready", extra={**fields, "duration_s": round(time.perf_counter() - began, 3)})
        if self._settings.log_format == "text":  # where there are lines for programs, all are
            note(f"attune serves at {url} with bundle {health.bundle}")

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Finish what is under way, then close the device."""
        _log.info("stopping")
        try:
            services: Services = self._app.state.services
            services.runtime.announce(None)  # Who comes now waits for the directory, and does not call.
            await super().shutdown(sockets)
        finally:
            await self._lifespan.aclose()
            _log.info("stopped")

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002  # the signature of signals
        """Stop in good order; a second Ctrl-C does not wait."""
        self._app.state.stopping.set()
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True


def run(host: str | None, port: int | None) -> None:
    """Run the service until it is told to stop; `host` and `port` outweigh the environment.

    Raises:
        SettingsError, Refusal, DeviceError, StoreError: it can't start.
    """
    settings = load_settings(host=host, port=port)
    sys.setswitchinterval(_TURN_SECONDS)
    install(settings.log_level, settings.log_format)
    install_guard()
    with _bound(settings) as listener:
        Service(create_app(settings), settings).run([listener])


def _bound(settings: Settings) -> socket.socket:
    """A socket at the configured address. Raises Refusal if something else has it."""
    listener = socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        detail = f"{settings.host}:{settings.port}: {error.strerror}; choose another with ATTUNE_PORT or ATTUNE_HOST"
        raise Refusal.because("address-unavailable", "The service can't listen", detail) from None
    return listener


def _url(host: str, port: int) -> str:
    reachable = _WILDCARDS.get(host, host)
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"
