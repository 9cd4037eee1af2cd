"""A device as an app sees it: the calls of its HTTP contract."""

from typing import Any, Self

import httpx

from lab.errors import CallRefused, PhoneHung, PhoneOff

_PREFIX = "urn:attune:problem:"
_PAGE = 200


class Phone:
    """Calls one running service; each call may take `patience` seconds."""

    def __init__(self, url: str, patience: float) -> None:
        self._client = httpx.Client(base_url=url, timeout=patience, trust_env=False)
        self._patience = patience

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the connections go."""
        self._client.close()

    def call(
        self, method: str, path: str, body: object = None, *, query: dict[str, Any] | None = None,
        passphrase: str | None = None,
    ) -> Any:  # fmt: skip
        """The JSON that a call answers.

        Raises:
            CallRefused: a problem document. PhoneHung: no answer in time. PhoneOff: nobody answers any more.
        """
        headers = {b"Attune-Export-Passphrase": passphrase.encode()} if passphrase else None
        try:
            answer = self._client.request(method, path, json=body, params=query, headers=headers)
        except httpx.TimeoutException:
            raise PhoneHung(f"the device did not answer {method} {path} within {self._patience:g} s") from None
        except httpx.TransportError as error:
            raise PhoneOff(f"the device is gone: {method} {path} got no answer ({type(error).__name__})") from None
        if answer.is_success:
            return answer.json() if answer.content else None
        try:
            problem = answer.json()
            slug, detail = problem["type"].removeprefix(_PREFIX), problem["detail"]
        except (ValueError, KeyError, TypeError, AttributeError):
            slug, detail = "no-problem-document", "what came back is no problem document"
        raise CallRefused(answer.status_code, slug, detail)

    def all(self, path: str, **query: Any) -> list[Any]:
        """Every entry of a paged list."""
        found: list[Any] = []
        after = None
        while True:
            page = self.call(
                "GET", path, query={"limit": _PAGE, **query, **({"after": after} if after is not None else {})}
            )
            found += page["items"]
            after = page["next_after"]
            if after is None:
                return found

    def predict(self, texts: list[str], task: str) -> list[Any]:
        """The answers to texts, however many."""
        found: list[Any] = []
        for start in range(0, len(texts), _PAGE):
            body = {"texts": texts[start : start + _PAGE], "task": task}
            found += self.call("POST", "/v1/predict", body)["predictions"]
        return found

    def model(self, task: str) -> Any:
        """What answers for `task`."""
        models = self.call("GET", "/v1/models")["models"]
        found = next((model for model in models if model["task"] == task), None)
        if found is None:
            raise CallRefused(404, "unknown-task", f"tasks are: {', '.join(model['task'] for model in models)}")
        return found

    def newest_update(self) -> Any | None:
        """The update that was begun last."""
        items = self.call("GET", "/v1/updates", query={"limit": 1})["items"]
        return items[0] if items else None
