"""Another edition of a bundle: the same files under a manifest that says something else, signed anew."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from model_store.bundle import MANIFEST, render
from model_store.signing import sign
from tests.support.tiny_bundle import TinyBundle


def changed(bundle: TinyBundle, folder: Path, change: Callable[[dict[str, Any]], None]) -> TinyBundle:
    """A copy of `bundle` in `folder` whose manifest `change` has edited in place."""
    shutil.copytree(bundle.path, folder)
    manifest = json.loads((folder / MANIFEST).read_bytes())
    change(manifest)
    manifest["signature"] = sign(manifest, bundle.signing_key)
    (folder / MANIFEST).write_bytes(render(manifest))
    return TinyBundle(folder, bundle.public_key, bundle.signing_key)
