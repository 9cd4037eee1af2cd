"""What the hybrid assistant says while it answers, and in the end."""

from dataclasses import dataclass

from device_sim.hybrid.dispatcher import Route
from device_sim.hybrid.material import Source
from device_sim.insights.assistant import Help


@dataclass(frozen=True)
class Ask:
    """A request. `route` is the user's own choice, where they made one."""

    text: str
    conversation_id: str | None = None
    dry_run: bool = False
    route: str | None = None


@dataclass(frozen=True)
class Hidden:
    """A placeholder of a prompt, its type, and what it stands for; for the user's own eyes."""

    placeholder: str
    type: str
    text: str


@dataclass(frozen=True)
class Prompt:
    """What leaves, or would: the messages (role, content), the exact bytes, and what was hidden in them."""

    messages: tuple[tuple[str, str], ...]
    body: bytes | None
    placeholders: tuple[Hidden, ...]


@dataclass(frozen=True)
class Fault:
    """Why there is no whole answer of the cloud's: an error's code, and its sentence."""

    code: str
    detail: str


@dataclass(frozen=True)
class Routed:
    """The request has this id, and is answered in this way."""

    id: str
    conversation_id: str
    route: Route
    version: int


@dataclass(frozen=True)
class Prepared:
    """This is about to leave."""

    prompt: Prompt


@dataclass(frozen=True)
class Piece:
    """A part of the answer, values in it."""

    text: str


@dataclass(frozen=True)
class Reply:
    """The end: all of the answer. `sent` tells whether anything left the device, `undo` how to take a change back."""

    routed: Routed
    answer: str
    sources: tuple[Source, ...] = ()
    understood: bool = True
    changed: bool = False
    undo: str | None = None
    prompt: Prompt | None = None
    sent: bool = False
    unresolved: tuple[str, ...] = ()
    fault: Fault | None = None
    help: Help | None = None


Event = Routed | Prepared | Piece | Reply
