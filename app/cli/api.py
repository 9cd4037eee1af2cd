"""The HTTP contract as the command line calls it: at the service that owns the state, or at one made for the occasion.

Where no service runs, the application is started inside this process and called through the same routes, so that a
command does the same either way.
"""

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Any, Self

import httpx

from app.cli.refusal import Refusal, refusal_of
from app.settings import Settings
from device_sim import network_guard
from device_sim.errors import DeviceError, StateLocked
from device_sim.lock import owner
from model_store.errors import StoreError

_TIMEOUT = httpx.Timeout(3900, connect=5)  # a cloud model may be given an hour
_IN_PROCESS = "http://localhost"


class Api:
    """A synchronous client of one service; use as a context manager, or through `connect`.

    Where the service is `in_process`, what it does ends with the command.
    """

    def __init__(self, client: httpx.AsyncClient, runner: asyncio.Runner, *, in_process: bool = False) -> None:
        self._client = client
        self._runner = runner
        self.in_process = in_process

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._runner.run(self._client.aclose())

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        query: Mapping[str, str | int | bool | None] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """The JSON answer to one call.

        Raises:
            Refusal: the service answered with a problem document, or not at all.
        """
        parameters = {name: value for name, value in (query or {}).items() if value is not None}
        named = {**({"Content-Type": "application/json"} if body is not None else {}), **(headers or {})}
        # A header's value is bytes; the service reads them as UTF-8.
        sent = {name.encode("ascii"): value.encode("utf-8", "surrogateescape") for name, value in named.items()}
        content = _encoded(body) if body is not None else None
        request = self._client.request(method, path, content=content, params=parameters, headers=sent)
        try:
            response = self._runner.run(request)
        except httpx.HTTPError as error:
            detail = f"{self._client.base_url} does not answer ({type(error).__name__})"
            raise Refusal.because("no-answer", "The service can't be reached", detail) from None
        return _answer(response)


def _encoded(body: object) -> bytes:
    try:
        return json.dumps(body, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        # An argument that is no text at all must reach the service's own check, so it goes there as an escape.
        return json.dumps(body).encode("ascii")


def _answer(response: httpx.Response) -> Any:
    try:
        content = response.json()
    except ValueError:
        content = None
    if response.is_success:
        return content
    if isinstance(content, dict) and {"title", "detail"} <= content.keys():
        raise Refusal(content)
    detail = f"status {response.status_code} without a problem document"
    raise Refusal.because("no-answer", "What answers is not this service", detail)


@contextmanager
def connect(settings: Settings, url: str | None = None) -> Iterator[Api]:
    """The service at `url`; else the one that owns the state directory; else one inside this process."""
    url = url or _served_at(settings)
    with asyncio.Runner() as runner, ExitStack() as open_now:
        api = None
        if url is None:
            try:
                api = open_now.enter_context(_in_process(settings, runner))
            except Refusal as refusal:
                # A service that was starting has the directory now.
                url = _served_at(settings) if refusal.code == StateLocked.code else None
                if url is None:
                    raise
        yield api or open_now.enter_context(Api(_client(settings, str(url)), runner))


def _served_at(settings: Settings) -> str | None:
    holder = owner(settings.state_dir)
    return holder.url if holder else None


def _client(settings: Settings, url: str, transport: httpx.AsyncBaseTransport | None = None) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {settings.token.get_secret_value()}"} if settings.token else {}
    try:
        # No proxy of the environment: what is said to the device goes to the device.
        return httpx.AsyncClient(base_url=url, headers=headers, transport=transport, timeout=_TIMEOUT, trust_env=False)
    except (httpx.InvalidURL, ValueError):
        raise Refusal.because("no-answer", "The service can't be reached", "the URL is malformed") from None


@contextmanager
def _in_process(settings: Settings, runner: asyncio.Runner) -> Iterator[Api]:
    from app.server import create_app

    app = create_app(settings, ticking=False)
    lifespan = app.router.lifespan_context(app)
    with network_guard.confined():
        try:
            runner.run(lifespan.__aenter__())
        except (DeviceError, StoreError) as error:
            raise refusal_of(error) from None
        try:
            with Api(_client(settings, _IN_PROCESS, httpx.ASGITransport(app)), runner, in_process=True) as api:
                yield api
        finally:
            runner.run(lifespan.__aexit__(None, None, None))
