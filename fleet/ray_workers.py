"""Devices run by Ray: where one machine is not enough."""

import ray  # noqa: F401
