"""The service's event loop: uvloop, asking the network guard before it connects.

uvloop connects, looks names up and starts processes in C, where no audit event tells of it. asyncio's own loops need no
such help.
"""

import asyncio
import socket
import sys
from typing import Any

from device_sim import network_guard

if sys.platform != "win32":
    import uvloop

    class GuardedLoop(uvloop.Loop):
        """uvloop's loop; each override asks the guard and does what it overrides."""

        async def create_connection(
            self, protocol_factory: Any, host: Any = None, port: Any = None, **rest: Any
        ) -> Any:
            if host is not None:
                network_guard.check_connect(host, port)
            network_guard.check_lookup((rest.get("local_addr") or (None,))[0])
            return await super().create_connection(protocol_factory, host, port, **rest)

        async def create_server(self, protocol_factory: Any, host: Any = None, port: Any = None, **rest: Any) -> Any:
            for name in [host] if host is None or isinstance(host, str | bytes) else host:
                network_guard.check_lookup(name)
            return await super().create_server(protocol_factory, host, port, **rest)

        async def create_datagram_endpoint(
            self, protocol_factory: Any, local_addr: Any = None, remote_addr: Any = None, **rest: Any
        ) -> Any:
            # An unconnected one could send anywhere, later and unseen.
            network_guard.check_connect(*(remote_addr or (None, None))[:2])
            network_guard.check_lookup((local_addr or (None,))[0])
            return await super().create_datagram_endpoint(protocol_factory, local_addr, remote_addr, **rest)

        async def getaddrinfo(self, host: Any, port: Any, **rest: Any) -> Any:
            network_guard.check_lookup(host, port)
            return await super().getaddrinfo(host, port, **rest)

        async def getnameinfo(self, sockaddr: Any, flags: int = 0) -> Any:
            network_guard.check_connect(sockaddr[0], None)
            return await super().getnameinfo(sockaddr, flags)

        async def sock_connect(self, sock: socket.socket, address: Any) -> None:
            if isinstance(address, tuple):
                network_guard.check_connect(address[0], address[1])
            return await super().sock_connect(sock, address)

        async def subprocess_exec(self, *arguments: Any, **rest: Any) -> Any:
            network_guard.check_process()
            return await super().subprocess_exec(*arguments, **rest)

        async def subprocess_shell(self, *arguments: Any, **rest: Any) -> Any:
            network_guard.check_process()
            return await super().subprocess_shell(*arguments, **rest)


def new_event_loop() -> asyncio.AbstractEventLoop:
    """The loop that the service runs in."""
    return GuardedLoop() if sys.platform != "win32" else asyncio.SelectorEventLoop()


def install_guard() -> None:
    """Install the network guard for the life of this process, with whatever loops are made in it from now on."""
    if sys.platform != "win32":
        uvloop.Loop = GuardedLoop  # type: ignore[misc]  # what `uvloop.new_event_loop` and its policy make
    network_guard.install()
