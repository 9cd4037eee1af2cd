"""A device as QA sees it: a process, and its HTTP contract."""

import httpx  # noqa: F401
