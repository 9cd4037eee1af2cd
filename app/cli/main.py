"""The entry point `attune`: gathers the commands and turns every refusal into a sentence and an exit code.

Exit codes: 0 done, 1 refused or failed, 2 wrong usage.
"""

import io
import os
import sys
from collections.abc import Callable

MINIMUM_PYTHON, BEYOND_PYTHON = (3, 11), (3, 13)
DONE, FAILED, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130


def main() -> None:
    """Run the command line."""
    if not MINIMUM_PYTHON <= sys.version_info[:2] < BEYOND_PYTHON:
        have = ".".join(map(str, sys.version_info[:2]))
        sys.exit(f"attune needs Python 3.11 or 3.12, and this is {have}")
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever started this
            setattr(sys, name, open(os.devnull, "r" if name == "stdin" else "w", encoding="utf-8"))  # noqa: SIM115, PTH123  # for as long as the process lives
    # What can't be decoded is refused by the device in words, and what can't be shown is escaped.
    for stream, errors in (
        (sys.stdin, "surrogateescape"),
        (sys.stdout, "backslashreplace"),
        (sys.stderr, "backslashreplace"),
    ):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=errors)
    try:
        from app.cli.commands import cli

        code = _run(cli)
        sys.stdout.flush()
    except ModuleNotFoundError as error:
        how = "run `pip install -e .` in Attune's folder"
        sys.exit(f"attune is not wholly installed: the package {error.name} is missing: {how}")
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except OSError:  # What was to be printed can't be, nor any word about it.
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123  # for as long as the process lives
        sys.exit(FAILED)
    sys.exit(code)


def _run(cli: Callable[[], object]) -> int:
    from app.cli.options import json_wanted
    from app.cli.output import note, print_json
    from app.cli.refusal import Refusal, refusal_of
    from app.settings import SettingsError
    from device_sim.errors import DeviceError, StateCorrupt, StateRolledBack
    from model_store.errors import StoreError

    try:
        cli()
    except SettingsError as error:
        note(f"attune: {error}")
        return WRONG_USAGE
    except (Refusal, DeviceError, StoreError) as error:
        refusal = error if isinstance(error, Refusal) else refusal_of(error)
        if json_wanted.get():
            print_json(refusal.problem)
        note(f"attune: {refusal}")
        if refusal.code in (StateCorrupt.code, StateRolledBack.code):
            note(
                "put back a copy of the whole state directory, or begin anew with attune erase; attune import then "
                "reads exports made with --passphrase-env, and the readable part of those made with --plain"
            )
        return FAILED
    except UnicodeError:
        note("attune: an argument or a setting is not text in UTF-8")
        return WRONG_USAGE
    except BrokenPipeError:
        raise  # nobody reads any more
    except OSError as error:
        note(f"attune: {error.filename or 'a file or address'}: {error.strerror or type(error).__name__}")
        return FAILED
    except KeyboardInterrupt:
        note("attune: interrupted")
        return INTERRUPTED
    return DONE
