"""The one guard of the network, below every HTTP client: what is not loopback can't be reached from this process.

Two rules:

- After `install`, and within `confined`, only code inside `egress` reaches anything but loopback, and only the host and
  port that it names. Otherwise (a script that embeds the device) this rule does not hold, the next one always does.
- While any `private` section runs, nothing in the process begins to reach anything but loopback, `egress` included.
  What was begun before goes on. `egress` waits until no private section runs; a private section waits for nothing.

Names are looked up for nobody else, since a look-up leaves too, and no process is started, since it would not be
guarded. AF_UNIX sockets are local and free; other kinds of socket are refused.

How: an audit hook of the interpreter (PEP 578), which can't be removed, sees every connection that Python code makes
by whatever library. It sees two things too late or not at all, and these are closed in front of it: names handed to a
socket are looked up by C code before the hook is asked (`socket.socket`'s methods refuse them here), and uvloop makes
connections in C (its loops ask `check_connect` and the others, see `app.guarded_loop`). Code that sets out to break the
guard, by ctypes for one, can: the guard is against mistakes, in whatever library they are.
"""

import _posixsubprocess
import _socket
import ipaddress
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

from device_sim.errors import NetworkRefused

_FREE_FAMILIES = frozenset({-1, socket.AF_INET, socket.AF_INET6, getattr(socket, "AF_UNIX", -1)})
_TYPE_MASK = 0xF  # without SOCK_NONBLOCK and SOCK_CLOEXEC
Arguments = tuple[Any, ...]


@dataclass
class _Guard:
    """The state of this process."""

    hooked: bool = False
    confined: int = 0
    private: int = 0
    changed: threading.Condition = field(default_factory=lambda: threading.Condition(threading.RLock()))


class _Thread(threading.local):
    """The state of each thread: what it may reach, and how many private sections of its own it is in."""

    grant: "_Grant | None" = None
    private: int = 0


@dataclass(frozen=True)
class _Grant:
    """`addresses` are those that the host's name was found to have."""

    host: str
    port: int
    addresses: tuple[str, ...]
    until: float

    def covers(self, host: str, port: object) -> bool:
        return str(port) == str(self.port) and (host == self.host or host in self.addresses)


_guard = _Guard()
_thread = _Thread()


def install() -> None:
    """From now on and for as long as the process lives, only `egress` reaches anything but loopback."""
    _watch()
    with _guard.changed:
        _guard.confined += 1


@contextmanager
def confined() -> Iterator[None]:
    """What `install` does, while the block runs."""
    install()
    try:
        yield
    finally:
        with _guard.changed:
            _guard.confined -= 1


@contextmanager
def private() -> Iterator[None]:
    """While the block runs, no thread of this process begins to reach anything but loopback."""
    _watch()
    with _guard.changed:
        _guard.private += 1
    _thread.private += 1
    try:
        yield
    finally:
        _thread.private -= 1
        with _guard.changed:
            _guard.private -= 1
            _guard.changed.notify_all()


@contextmanager
def egress(host: str, port: int, wait: float) -> Iterator[tuple[str, ...]]:
    """Let this thread connect to `host` at `port` while the block runs; yields the addresses to try.

    `wait` are the seconds that all of it may wait: for private sections to end, and for the name to be found.

    Raises:
        NetworkRefused: private sections did not end in time, or this thread is in one itself.
        TimeoutError: the name was not found in time. OSError: there is no such name.
    """
    until = time.monotonic() + wait
    _wait_for_quiet(until)
    before = _thread.grant
    addresses = _addresses(_Grant(host, port, (), until))
    _thread.grant = _Grant(host, port, addresses, until)
    try:
        yield addresses
    finally:
        _thread.grant = before


def check_connect(host: object, port: object) -> None:
    """Raises NetworkRefused unless this thread may reach that address now."""
    if not (_guard.confined or _guard.private):
        return
    name = _text(host)
    if _is_loopback(name):
        return
    grant = _thread.grant
    if grant is None or not grant.covers(name, port):
        raise NetworkRefused("a connection to anything but loopback was refused")
    _wait_for_quiet(grant.until)


def check_lookup(host: object, port: object = None) -> None:
    """Raises NetworkRefused if finding this name would ask other machines, and this thread may not."""
    if not (_guard.confined or _guard.private) or host is None:
        return
    name = _text(host)
    if name == "" or _is_loopback(name) or _address(name) is not None:
        return
    grant = _thread.grant
    if grant is None or not grant.covers(name, port):
        raise NetworkRefused("a name lookup was refused")
    _wait_for_quiet(grant.until)


def check_process() -> None:
    """Raises NetworkRefused if no process may be started now."""
    if _guard.confined or _guard.private:
        raise NetworkRefused("starting a process was refused: the network guard does not reach into it")


def _wait_for_quiet(until: float) -> None:
    """Wait until no private section runs."""
    if not _guard.private:
        return
    if _thread.private:
        raise NetworkRefused("a private section reaches nothing but loopback")
    with _guard.changed:
        if not _guard.changed.wait_for(lambda: not _guard.private, max(0.0, until - time.monotonic())):
            raise NetworkRefused("private answers were being made all the time that could be waited")


def _addresses(grant: _Grant) -> tuple[str, ...]:
    """The addresses of a host, in the order in which to try them. The resolver knows no timeout, a thread does."""
    if _address(grant.host) is not None:
        return (grant.host,)
    found: list[str] = []
    failure: list[BaseException] = []

    def look_up() -> None:
        _thread.grant = grant
        try:
            entries = socket.getaddrinfo(grant.host, grant.port, type=socket.SOCK_STREAM)
            found.extend(dict.fromkeys(str(entry[4][0]) for entry in entries))
        except (OSError, UnicodeError) as error:  # a name can be none by its characters
            failure.append(error)

    thread = threading.Thread(target=look_up, name="name-lookup", daemon=True)
    thread.start()
    thread.join(max(0.0, grant.until - time.monotonic()))
    if failure:
        raise failure[0] if isinstance(failure[0], OSError) else OSError("the host's name is none")
    if not found:
        raise TimeoutError("the host's address was not found in time")
    return tuple(found)


def _text(host: object) -> str:
    if isinstance(host, str):
        return host
    if isinstance(host, bytes | bytearray):
        return host.decode("ascii", "replace")
    return "?"  # nothing that could be loopback


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    address = _address(host)
    mapped = getattr(address, "ipv4_mapped", None)
    return address is not None and (address.is_loopback or bool(mapped and mapped.is_loopback))


# What the hook does for each event of the interpreter; for all others it does nothing.


def _on_address(arguments: Arguments) -> None:
    sock, address = arguments
    if isinstance(address, tuple) and len(address) >= 2:  # host and port
        check_connect(address[0], address[1])
    elif address is not None and sock.family not in _FREE_FAMILIES:
        check_connect(None, None)


def _on_socket(arguments: Arguments) -> None:
    """A new socket: of a kind that is known to be checked, and of the class whose methods look no names up."""
    if not (_guard.confined or _guard.private):
        return
    sock, family, kind = arguments[:3]
    raw = family != getattr(socket, "AF_UNIX", -1) and kind >= 0 and kind & _TYPE_MASK == socket.SOCK_RAW
    if family not in _FREE_FAMILIES or raw or not isinstance(sock, socket.socket):
        raise NetworkRefused("a socket of this kind was refused")


def _on_lookup(arguments: Arguments) -> None:
    check_lookup(*arguments[:2])


def _on_reverse_lookup(arguments: Arguments) -> None:
    given = arguments[0]
    check_connect(given[0] if isinstance(given, tuple) and given else given, None)


def _on_process(_arguments: Arguments) -> None:
    check_process()


_CHECKS: dict[str, Callable[[Arguments], None]] = {
    "socket.connect": _on_address,
    "socket.sendto": _on_address,
    "socket.sendmsg": _on_address,
    "socket.__new__": _on_socket,
    "socket.getaddrinfo": _on_lookup,
    "socket.gethostbyname": _on_lookup,
    "socket.gethostbyaddr": _on_reverse_lookup,
    "socket.getnameinfo": _on_reverse_lookup,
    "subprocess.Popen": _on_process,
    "os.system": _on_process,
    "os.exec": _on_process,
    "os.posix_spawn": _on_process,
    "os.spawn": _on_process,
    "pty.spawn": _on_process,
}


def _hook(event: str, arguments: Arguments, find: Callable[[str], Any] = _CHECKS.get) -> None:
    check = find(event)
    if check is not None:
        check(arguments)


def _watch() -> None:
    """Be asked from now on. A forked child stays guarded, so forking is free and executing is not."""
    if _guard.hooked:
        return
    with _guard.changed:
        if _guard.hooked:
            return
        for method, place in (("connect", 0), ("connect_ex", 0), ("bind", 0), ("sendto", -1), ("sendmsg", 3)):
            setattr(socket.socket, method, _without_names(getattr(_socket.socket, method), place))
        # multiprocessing starts processes by this function, which no event tells of.
        _posixsubprocess.fork_exec = _checked_start(_posixsubprocess.fork_exec)
        sys.addaudithook(_hook)
        _guard.hooked = True


def _without_names(method: Callable[..., Any], place: int) -> Callable[..., Any]:
    """A socket's method that looks no name up, where `place` is that of the address among its arguments."""

    @wraps(method)
    def checked(sock: socket.socket, *arguments: Any) -> Any:
        if (_guard.confined or _guard.private) and place < len(arguments) and arguments:
            address = arguments[place]
            if isinstance(address, tuple) and address:
                check_lookup(address[0], address[1] if len(address) > 1 else None)
        return method(sock, *arguments)

    return checked


def _checked_start(start: Callable[..., int]) -> Callable[..., int]:
    @wraps(start)
    def checked(*arguments: Any) -> int:
        check_process()
        return start(*arguments)

    return checked
