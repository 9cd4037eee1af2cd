"""`attune` that never answers a rollback, and dies of an activation."""

import os
import time

from app.cli.main import main
from device_sim.models import Models


def _hang(*_: object, **__: object) -> None:
    time.sleep(600)


def _die(*_: object, **__: object) -> None:
    os._exit(3)


Models.rollback = _hang  # type: ignore[assignment,method-assign]  # that is the point
Models.activate = _die  # type: ignore[assignment,method-assign]  # that is the point
main()
