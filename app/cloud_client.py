"""The one outbound client: a cloud model behind OpenAI's `/chat/completions`.

HTTP/1.1, a connection of its own for every attempt, no redirects, no cookies, no proxy but a configured one, nothing
from the environment. Every attempt is announced before its first byte and told of after its last (`Attempts`), and the
bytes announced are the bytes on the wire. Only `app.cloud_wire` opens connections, inside the guard's
`egress`.
"""

import email.utils
import ssl
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import httpx
from pydantic import SecretStr

from app.cloud_answer import AnswerReader
from app.cloud_wire import CONNECT_SECONDS, CloudTransport, Limits
from device_sim.errors import (
    CloudAnswerInvalid,
    CloudCutOff,
    CloudFailed,
    CloudRateLimited,
    CloudTimeout,
    CloudUnavailable,
)
from device_sim.hybrid.cloud import Attempts, Outcome, chat_body
from device_sim.privacy.redactor import Outbound

MAX_ATTEMPTS = 3
LONGEST_WAIT_SECONDS = 20.0  # A peer that asks for more is not waited for.
_SILENCE_SECONDS = 120.0  # A model on a slow machine may think that long before its first word.
_FIRST_WAIT_SECONDS = 0.5
_LAST_WORD_SECONDS = 2.0  # A peer that has given its reason to end gets that long to end.


class CloudClient:
    """Implements `device_sim.hybrid.cloud.CloudModel`. `timeout` are the seconds that a whole answer may take, attempts
    and waits included; `pause` waits before another attempt, as long as anybody waits for the answer.
    """

    configured = True

    def __init__(
        self,
        base_url: str,
        model: str,
        api_key: SecretStr | None = None,
        *,
        timeout: float = 60.0,
        proxy: str | None = None,
        pause: Callable[[threading.Event, float], object] = threading.Event.wait,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._url = httpx.URL(base_url.rstrip("/") + "/chat/completions")
        self._proxy = httpx.URL(proxy) if proxy else None
        self._api_key = api_key
        self._timeout = timeout
        self._pause = pause
        self._tls = tls
        self.model = model
        self.host = self._url.netloc.decode("ascii")

    def body(self, outbound: Outbound) -> bytes:
        """The exact bytes that `stream` sends."""
        return chat_body(outbound, self.model)

    def stream(self, outbound: Outbound, attempts: Attempts, gone: threading.Event | None = None) -> "CloudAnswer":
        """The answer; nothing is sent before it is iterated."""
        answer = CloudAnswer(gone or threading.Event())
        answer.pieces = self._attempts(self.body(outbound), attempts, answer)
        return answer

    def _attempts(self, body: bytes, attempts: Attempts, answer: "CloudAnswer") -> Generator[str, None, None]:
        limits = Limits(time.monotonic() + self._timeout, answer.gone)
        for attempt in range(1, MAX_ATTEMPTS + 1):
            attempts.before_send(attempt, body)
            try:
                yield from self._attempt(attempt, body, attempts, answer, limits)
            except _EndedError as end:
                wait = _wait_before(attempt, end.error)
                if not end.again or attempt == MAX_ATTEMPTS or time.monotonic() + wait >= limits.until:
                    raise end.error from None
            else:
                return
            self._pause(answer.gone, wait)
            if answer.gone.is_set():
                return

    def _attempt(
        self, attempt: int, body: bytes, attempts: Attempts, answer: "CloudAnswer", limits: Limits
    ) -> Generator[str, None, None]:
        """One attempt, told of however it ends."""
        outcome: Outcome = "failed"
        status = None
        arrived: list[str] = []
        try:
            try:
                with _translated(), self._opened(body, limits) as response:
                    status = response.status_code
                    _check(response)
                    reader = AnswerReader()
                    for piece in _pieces(response, reader, limits):
                        answer.finish_reason = reader.finish_reason
                        arrived.append(piece)
                        yield piece
                    answer.finish_reason = reader.finish_reason
            except _EndedError as end:
                if limits.gone.is_set():
                    raise _EndedError(end.error, "cancelled") from None
                raise _in_view_of("".join(arrived), end) from None
            outcome = "answered"
        except GeneratorExit:
            outcome = "cancelled"
            raise
        except _EndedError as end:
            outcome = end.outcome
            raise
        finally:
            attempts.after(attempt, outcome, status)

    @contextmanager
    def _opened(self, body: bytes, limits: Limits) -> Iterator[httpx.Response]:
        """The answer to the bytes, its headers read."""
        headers = {
            "Accept": "text/event-stream, application/json",
            "Accept-Encoding": "identity",
            "Connection": "close",
            "Content-Type": "application/json",
            "User-Agent": "attune",
        }
        if self._api_key is not None:
            headers["Authorization"] = f"Bearer {self._api_key.get_secret_value()}"
        timeout = httpx.Timeout(_SILENCE_SECONDS, connect=CONNECT_SECONDS)
        transport = CloudTransport(self._proxy or self._url, limits, self._tls_context(), self._proxy)
        with (
            httpx.Client(transport=transport, timeout=timeout, trust_env=False, follow_redirects=False) as client,
            client.stream("POST", self._url, content=body, headers=headers) as response,
        ):
            yield response

    def _tls_context(self) -> ssl.SSLContext | None:
        """Made when first needed: it takes longer than all else here."""
        if self._tls is None and self._url.scheme == "https":
            self._tls = httpx.create_ssl_context(trust_env=False)
        return self._tls


class CloudAnswer(Iterator[str]):
    """Implements `device_sim.hybrid.cloud.CloudStream`."""

    pieces: Generator[str, None, None]

    def __init__(self, gone: threading.Event) -> None:
        self.finish_reason: str | None = None
        self.gone = gone

    def __next__(self) -> str:
        return next(self.pieces)

    def close(self) -> None:
        """Hang up."""
        self.pieces.close()


class _EndedError(Exception):
    """An attempt came to nothing: the error to tell, the ledger's word for it, and whether another one is of use."""

    def __init__(self, error: CloudUnavailable, outcome: Outcome, *, again: bool = False) -> None:
        super().__init__()
        self.error = error
        self.outcome = outcome
        self.again = again


@contextmanager
def _translated() -> Iterator[None]:
    """Turn the library's errors, and those of the answer's reader, into the end of an attempt."""
    try:
        yield
    except (httpx.ConnectTimeout, httpx.PoolTimeout):
        error: CloudUnavailable = CloudTimeout("the cloud model could not be reached in time")
        raise _EndedError(error, "not-sent", again=True) from None
    except (httpx.ConnectError, httpx.ProxyError, httpx.UnsupportedProtocol) as cause:
        if "CERTIFICATE_VERIFY_FAILED" in str(cause):
            raise _EndedError(CloudFailed("the cloud model's certificate is not valid"), "not-sent") from None
        raise _EndedError(CloudFailed("the cloud model can't be reached"), "not-sent", again=True) from None
    except httpx.TimeoutException:
        raise _EndedError(CloudTimeout("the cloud model did not answer in time"), "timed-out") from None
    except httpx.HTTPError:
        raise _EndedError(CloudFailed("the cloud model hung up"), "failed") from None
    except CloudAnswerInvalid as error:
        raise _EndedError(error, "answer-invalid") from None
    except CloudCutOff as error:
        raise _EndedError(error, "cut-off") from None
    except CloudFailed as error:
        raise _EndedError(error, "failed") from None


def _in_view_of(arrived: str, end: _EndedError) -> _EndedError:
    """The end of an attempt, where something of the answer had arrived or not."""
    if not arrived:
        return end
    if isinstance(end.error, CloudCutOff):
        return _EndedError(CloudCutOff(str(end.error), arrived=arrived), "cut-off")
    return _EndedError(CloudCutOff(f"the answer broke off: {end.error}", arrived=arrived), "cut-off")


def _check(response: httpx.Response) -> None:
    """Raises unless an answer follows. What a refusal says is not read: it may quote the user."""
    status = response.status_code
    if status == httpx.codes.OK:
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            raise CloudAnswerInvalid("the cloud model's answer is compressed, though a plain one was asked for")
        return
    retry_after = _retry_after(response.headers.get("retry-after", ""))
    if status == httpx.codes.TOO_MANY_REQUESTS:
        error: CloudUnavailable = CloudRateLimited("the cloud model takes no more for now", retry_after=retry_after)
        raise _EndedError(error, "rate-limited", again=True)
    if status >= httpx.codes.INTERNAL_SERVER_ERROR:
        error = CloudFailed(f"the cloud model failed (status {status})", retry_after=retry_after)
        raise _EndedError(error, "failed", again=True)
    if response.is_redirect:
        raise CloudFailed(f"the cloud model points elsewhere (status {status}); redirects are not followed")
    if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        raise CloudFailed(f"the cloud model does not accept ATTUNE_CLOUD_API_KEY (status {status})")
    if status == httpx.codes.NOT_FOUND:
        raise CloudFailed("there is no such address or model: see ATTUNE_CLOUD_BASE_URL and ATTUNE_CLOUD_MODEL")
    raise CloudFailed(f"the cloud model refuses (status {status})")


def _pieces(response: httpx.Response, reader: AnswerReader, limits: Limits) -> Iterator[str]:
    """The text as it arrives; what follows the answer's end is hardly waited for."""
    try:
        for received in response.iter_raw():
            yield from filter(None, reader.feed(received))
            if reader.whole:
                break
            if reader.finish_reason is not None:
                limits.until = min(limits.until, time.monotonic() + _LAST_WORD_SECONDS)
    except httpx.TransportError as error:
        if reader.finish_reason is None:
            if isinstance(error, httpx.RemoteProtocolError):
                raise CloudCutOff("the cloud model hung up in mid-answer") from None
            raise
    yield from filter(None, reader.finish())


def _retry_after(value: str) -> float | None:
    """Seconds, of a header that holds seconds or a date."""
    if value.isascii() and value.isdecimal():
        return float(value[:9])
    try:
        at = email.utils.parsedate_to_datetime(value)
        if at.tzinfo is None:
            at = at.replace(tzinfo=UTC)
        return max(0.0, (at - datetime.now(UTC)).total_seconds())
    except (ValueError, OverflowError):  # no date, or one of no calendar
        return None


def _wait_before(attempt: int, error: CloudUnavailable) -> float:
    """Seconds until the next attempt; more than can be waited where the peer asks for too much."""
    if error.retry_after is None:
        return float(_FIRST_WAIT_SECONDS * 2 ** (attempt - 1))
    return error.retry_after if error.retry_after <= LONGEST_WAIT_SECONDS else float("inf")
