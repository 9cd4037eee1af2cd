"""The network guard, in processes of its own, since it can't be removed.

The addresses are for documentation and the name is reserved, so that nothing reaches anybody should the guard fail.
"""

import subprocess
import sys
import textwrap

import pytest

PRELUDE = """
import asyncio, http.client, http.server, json, multiprocessing, os, socket, ssl, subprocess, sys, threading, time
import _socket, urllib.request
import httpx, uvloop
from app.guarded_loop import GuardedLoop, install_guard
from device_sim import network_guard
from device_sim.errors import NetworkRefused

ADDRESS, NAME = "203.0.113.1", "example.invalid"
V4, V6, UDP = socket.AF_INET, socket.AF_INET6, socket.SOCK_DGRAM

def refused(act):
    try:
        act()
    except BaseException as error:
        seen = error
        while seen is not None:
            if isinstance(seen, NetworkRefused):
                return "refused"
            reason = getattr(seen, "reason", None)  # urllib's
            seen = reason if isinstance(reason, BaseException) else seen.__cause__ or seen.__context__
        return f"another error: {error!r}"
    return "it went through"

def in_loop(loop, work):
    with asyncio.Runner(loop_factory=loop) as runner:
        return runner.run(work())

async def http_async():
    async with httpx.AsyncClient(timeout=1, trust_env=False) as client:
        await client.get(f"http://{ADDRESS}/")

def loop_acts(loop):
    def get():
        return asyncio.get_running_loop()
    async def sock():
        with socket.socket() as one:
            one.setblocking(False)
            await asyncio.wait_for(get().sock_connect(one, (ADDRESS, 80)), 1)
    async def unconnected():
        transport, _ = await get().create_datagram_endpoint(Errors, local_addr=("127.0.0.1", 0))
        transport.sendto(b"x", (ADDRESS, 9))
        await asyncio.sleep(0)
        raise seen.pop()
    async def connect():
        await asyncio.wait_for(asyncio.open_connection(ADDRESS, 80), 1)
    async def connect_name():
        await asyncio.wait_for(asyncio.open_connection(NAME, 80), 1)
    async def datagram():
        await get().create_datagram_endpoint(Errors, remote_addr=(ADDRESS, 9))
    async def look_up():
        await get().getaddrinfo(NAME, 80)
    async def listen():
        await get().create_server(Errors, NAME, 0)
    async def look_back():
        await get().getnameinfo((ADDRESS, 80))
    async def execute():
        await asyncio.create_subprocess_exec("true")
    async def shell():
        await asyncio.create_subprocess_shell("true")
    seen = []
    class Errors(asyncio.DatagramProtocol):
        def error_received(self, error):
            seen.append(error)
    every = (connect, connect_name, sock, datagram, unconnected, look_up, listen, look_back, execute, shell)
    return {f"{loop.__name__} {work.__name__}": (lambda work=work: in_loop(loop, work)) for work in every}

ACTS = {
    "connect": lambda: socket.socket().connect((ADDRESS, 80)),
    "connect_ex": lambda: socket.socket().connect_ex((ADDRESS, 80)),
    "connect to a name": lambda: socket.socket().connect((NAME, 80)),
    "connect to a name in bytes": lambda: socket.socket().connect((NAME.encode(), 80)),
    "connect by IPv6": lambda: socket.socket(V6).connect(("2001:db8::1", 80)),
    "connect by mapped IPv6": lambda: socket.socket(V6).connect((f"::ffff:{ADDRESS}", 80)),
    "connect to the number": lambda: socket.socket().connect(("3405803777", 80)),
    "connect to any": lambda: socket.socket().connect(("", 80)),
    "bind to a name": lambda: socket.socket().bind((NAME, 0)),
    "create_connection": lambda: socket.create_connection((ADDRESS, 80), 1),
    "TLS": lambda: ssl.create_default_context().wrap_socket(
        socket.socket(), server_hostname=NAME).connect((ADDRESS, 443)),
    "raw": lambda: _socket.socket().connect((ADDRESS, 80)),
    "packets": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW),
    "ICMP": lambda: socket.socket(V4, socket.SOCK_RAW, 1),
    "the host of a virtual machine": lambda: socket.socket(socket.AF_VSOCK),
    "UDP": lambda: socket.socket(V4, UDP).sendto(b"x", (ADDRESS, 9)),
    "UDP with flags to a name": lambda: socket.socket(V4, UDP).sendto(b"x", 0, (NAME, 9)),
    "UDP message": lambda: socket.socket(V4, UDP).sendmsg([b"x"], [], 0, (ADDRESS, 9)),
    "UDP connected": lambda: socket.socket(V4, UDP).connect((ADDRESS, 9)),
    "UDP to all": lambda: socket.socket(V4, UDP).sendto(b"x", ("<broadcast>", 9)),
    "urllib": lambda: urllib.request.urlopen(f"http://{ADDRESS}/", timeout=1),
    "urllib by name": lambda: urllib.request.urlopen(f"http://{NAME}/", timeout=1),
    "http.client": lambda: http.client.HTTPConnection(ADDRESS, timeout=1).request("GET", "/"),
    "httpx": lambda: httpx.get(f"http://{ADDRESS}/", timeout=1, trust_env=False),
    "httpx async": lambda: asyncio.run(http_async()),
    "getaddrinfo": lambda: socket.getaddrinfo(NAME, 80),
    "gethostbyname": lambda: socket.gethostbyname(NAME),
    "gethostbyname_ex": lambda: socket.gethostbyname_ex(NAME),
    "gethostbyaddr": lambda: socket.gethostbyaddr(ADDRESS),
    "getnameinfo": lambda: socket.getnameinfo((ADDRESS, 80), 0),
    "curl": lambda: subprocess.run(["curl", "-m1", f"http://{ADDRESS}/"], check=False),
    "shell": lambda: os.system("true"),
    "posix_spawn": lambda: os.posix_spawn("/bin/true", ["true"], {}),
    "exec": lambda: os.execv("/bin/true", ["true"]),
    "multiprocessing": lambda: multiprocessing.get_context("spawn").Process(target=print).start(),
}

def all_acts():
    return {**ACTS, **loop_acts(asyncio.SelectorEventLoop), **loop_acts(LOOP)}

class Hello(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")
    def log_message(self, *_):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hello)
threading.Thread(target=server.serve_forever, daemon=True).start()
PORT = server.server_address[1]

def loopback():
    async def get():
        async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
            return (await client.get(f"http://localhost:{PORT}/")).text
    with socket.socket(V6) as mapped:
        mapped.connect(("::ffff:127.0.0.1", PORT))
    one, other = socket.socketpair()
    one.send(b"local")
    with socket.socket(V4, UDP) as datagrams:
        datagrams.sendto(b"x", ("127.0.0.1", 9))
    return [
        urllib.request.urlopen(f"http://127.0.0.1:{PORT}/").read().decode(),
        httpx.get(f"http://localhost:{PORT}/", trust_env=False).text,
        in_loop(asyncio.SelectorEventLoop, get), in_loop(LOOP, get), other.recv(9).decode(),
    ]
"""


def run(program: str) -> str:
    """What a program of its own prints."""
    whole = PRELUDE + textwrap.dedent(program)
    done = subprocess.run([sys.executable, "-c", whole], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


LOOPBACK = "['ok', 'ok', 'ok', 'ok', 'local']"


@pytest.mark.parametrize(
    ("loop", "begin"),
    [
        ("uvloop.new_event_loop", "install_guard()"),
        ("GuardedLoop", "section = network_guard.private(); section.__enter__()"),
        ("GuardedLoop", "section = network_guard.confined(); section.__enter__()"),
    ],
)
def test_nothing_but_loopback_is_reached(loop: str, begin: str) -> None:
    printed = run(f"""
        LOOP = {loop}
        {begin}
        results = {{name: refused(act) for name, act in all_acts().items()}}
        bad = {{name: result for name, result in results.items() if result != "refused"}}
        print(len(results), bad, loopback())
        """)
    assert printed == f"55 {{}} {LOOPBACK}"


def test_a_thread_from_before_and_a_child_are_refused_too() -> None:
    printed = run("""
        go, results = threading.Event(), []
        def wait_and_reach():
            go.wait()
            results.append(refused(lambda: socket.create_connection((ADDRESS, 80), 1)))
        thread = threading.Thread(target=wait_and_reach)
        thread.start()
        with network_guard.private():
            go.set()
            thread.join()
        install_guard()
        child = os.fork()
        if child == 0:
            ways = (ACTS["connect"], ACTS["exec"])
            os._exit(0 if all(refused(act) == "refused" for act in ways) else 1)
        print(results, os.waitpid(child, 0)[1])
        """)
    assert printed == "['refused'] 0"


def test_without_a_private_section_or_installation_nothing_changes() -> None:
    printed = run("""
        with network_guard.private(), network_guard.confined():
            pass
        print(subprocess.run(["true"]).returncode, socket.socket(V4, UDP).connect((ADDRESS, 9)))
        """)
    assert printed == "0 None"


EGRESS = """
install_guard()
LOOP = uvloop.new_event_loop
def udp(host, port):
    return refused(lambda: socket.socket(V4, UDP).connect((host, port)))  # sends no byte
"""


def test_egress_reaches_one_host_and_port_in_one_thread_and_only_meanwhile() -> None:
    printed = run(
        EGRESS
        + """
results = [udp(ADDRESS, 9)]
with network_guard.egress(ADDRESS, 9, 1) as addresses:
    results += [addresses, udp(ADDRESS, 9), udp(ADDRESS, 10), udp("203.0.113.2", 9)]
    thread = threading.Thread(target=lambda: results.append(udp(ADDRESS, 9)))
    thread.start()
    thread.join()
    results.append(refused(ACTS["getaddrinfo"]))
    results.append(refused(ACTS["curl"]))
results.append(udp(ADDRESS, 9))
print(results)
"""
    )
    refused, went = "refused", "it went through"
    assert printed == str([refused, ("203.0.113.1",), went, refused, refused, refused, refused, refused, refused])


def test_egress_waits_for_private_sections_and_is_refused_where_they_last() -> None:
    printed = run(
        EGRESS
        + """
order, inside, leave = [], threading.Event(), threading.Event()
def answer_privately():
    with network_guard.private():
        inside.set()
        leave.wait()
        order.append("private ends")
thread = threading.Thread(target=answer_privately)
thread.start()
inside.wait()
def reach(wait):
    with network_guard.egress(ADDRESS, 9, wait):
        order.append("egress begins")
order.append(refused(lambda: reach(0.05)))
threading.Timer(0.2, leave.set).start()
reach(30)
thread.join()
print(order)
"""
    )
    assert printed == "['refused', 'private ends', 'egress begins']"


def test_a_private_section_that_begins_within_egress_holds_its_next_connection_up() -> None:
    printed = run(
        EGRESS
        + """
order = []
def answer_privately():
    with network_guard.private():
        inside.set()
        leave.wait()
        order.append("private ends")
inside, leave = threading.Event(), threading.Event()
thread = threading.Thread(target=answer_privately)
with network_guard.egress(ADDRESS, 9, 30):
    order.append(udp(ADDRESS, 9))
    thread.start()
    inside.wait()
    threading.Timer(0.2, leave.set).start()
    order.append(udp(ADDRESS, 9))
thread.join()
print(order)
"""
    )
    assert printed == "['it went through', 'private ends', 'it went through']"


def test_a_private_section_does_not_wait_for_itself() -> None:
    printed = run(
        EGRESS
        + """
def reach():
    with network_guard.private(), network_guard.egress(ADDRESS, 9, 3600):
        pass
print(refused(reach))
"""
    )
    assert printed == "refused"


def test_private_sections_nest_and_overlap() -> None:
    printed = run(
        """
outer, inner = network_guard.private(), network_guard.private()
outer.__enter__(), inner.__enter__()
outer.__exit__(None, None, None)
one = refused(ACTS["connect"])
inner.__exit__(None, None, None)
try:
    with network_guard.private():
        raise KeyError
except KeyError:
    pass
print(one, refused(lambda: socket.socket(V4, UDP).connect((ADDRESS, 9))))
"""
    )
    assert printed == "refused it went through"


def test_a_name_that_is_none_is_an_error_of_the_network() -> None:
    printed = run(
        EGRESS
        + """
def kind(host):
    try:
        with network_guard.egress(host, 9, 1):
            pass
    except OSError as error:
        return not isinstance(error, NetworkRefused)
print(kind("a" * 100 + ".invalid"), kind("\\udc80"))
"""
    )
    assert printed == "True True"


def test_the_service_installs_it() -> None:
    printed = run("""
        import app.cli.service as service
        from app.settings import load_settings
        class Seen(Exception):
            pass
        def bound(_settings):
            raise Seen
        service._bound = bound
        try:
            service.run(None, None)
        except Seen:
            print(refused(ACTS["connect"]), refused(ACTS["curl"]))
        """)
    assert printed == "refused refused"
