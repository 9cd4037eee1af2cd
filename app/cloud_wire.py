"""The wire to the cloud model: the only connections of this process that leave the machine, each through the guard."""

import ssl
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import httpcore
import httpx

from device_sim import network_guard

CONNECT_SECONDS = 10.0
_LOOK_EVERY = 0.2  # seconds between looks at whether anybody still waits


@dataclass
class Limits:
    """`until` is the instant (monotonic) when all of it ends; `gone` tells that nobody waits any more."""

    until: float
    gone: threading.Event


class CloudTransport(httpx.HTTPTransport):
    """httpx's transport on a wire of our own."""

    def __init__(self, peer: httpx.URL, limits: Limits, tls: ssl.SSLContext | None, proxy: httpx.URL | None) -> None:
        wire = _Wire(peer, limits)
        common: dict[str, Any] = {"ssl_context": tls, "network_backend": wire, "max_keepalive_connections": 0}
        if proxy is None:
            self._pool = httpcore.ConnectionPool(**common)
        else:
            self._pool = httpcore.HTTPProxy(str(proxy), **common)


class _Wire(httpcore.NetworkBackend):
    """Connects to one peer, through the guard, and to nothing else, within the limits."""

    def __init__(self, peer: httpx.URL, limits: Limits) -> None:
        self._peer = (peer.raw_host.decode("ascii"), peer.port or (443 if peer.scheme == "https" else 80))
        self._limits = limits

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """A connection to the first of the host's addresses that takes one."""
        if (host, port) != self._peer:
            raise httpcore.ConnectError("not the configured peer")
        by = min(self._limits.until, time.monotonic() + (timeout or CONNECT_SECONDS))
        try:
            with network_guard.egress(host, port, by - time.monotonic()) as addresses:
                return self._first(addresses, port, by, local_address, socket_options)
        except TimeoutError:
            raise httpcore.ConnectTimeout("the name was not found in time") from None
        except OSError as error:
            raise httpcore.ConnectError(type(error).__name__) from None

    def _first(
        self,
        addresses: tuple[str, ...],
        port: int,
        by: float,
        local_address: str | None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None,
    ) -> httpcore.NetworkStream:
        for place, address in enumerate(addresses, start=1):
            try:
                # A dead address may not use up the time of those after it.
                left = max(0.001, by - time.monotonic()) / (len(addresses) - place + 1)
                stream = httpcore.SyncBackend().connect_tcp(address, port, left, local_address, socket_options)
                return _BoundedStream(stream, self._limits)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if place == len(addresses):
                    raise
        raise httpcore.ConnectError("the host has no address")


class _BoundedStream(httpcore.NetworkStream):
    """A connection on which no wait lasts beyond the limits: a peer that sends a byte now and then holds nothing up."""

    def __init__(self, inner: httpcore.NetworkStream, limits: Limits) -> None:
        self._inner = inner
        self._limits = limits

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Bytes that came."""
        silent_until = time.monotonic() + self._left(timeout, httpcore.ReadTimeout)
        while True:
            if self._limits.gone.is_set():
                raise httpcore.ReadError("nobody waits for the answer any more")
            left = silent_until - time.monotonic()
            try:
                return self._inner.read(max_bytes, max(0.001, min(left, _LOOK_EVERY)))
            except httpcore.ReadTimeout:
                if left <= _LOOK_EVERY:
                    raise

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send all of it."""
        self._inner.write(buffer, self._left(timeout, httpcore.WriteTimeout))

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """The same connection, encrypted."""
        left = self._left(timeout, httpcore.ConnectTimeout)
        return _BoundedStream(self._inner.start_tls(ssl_context, server_hostname, left), self._limits)

    def close(self) -> None:
        """Hang up."""
        self._inner.close()

    def get_extra_info(self, info: str) -> Any:
        """What httpcore asks of a connection."""
        return self._inner.get_extra_info(info)

    def _left(self, timeout: float | None, late: type[Exception]) -> float:
        left = self._limits.until - time.monotonic()
        if left <= 0:
            raise late
        return left if timeout is None else min(left, timeout)
