"""All actions as one type, told apart by their one key."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

from pydantic import BeforeValidator, Discriminator, Field, Tag, ValidationError

from lab import fault_actions as fault
from lab import phone_actions as phone
from lab import user_actions as user
from lab.vocabulary import Action, Name, Part, several

_SIMPLE: tuple[type[Action], ...] = (
    user.Consent, user.Correct, user.Update, user.Cancel, user.Rollback, user.Activate, user.Delete, user.Export,
    user.Import, user.Erase, phone.Phone, fault.Clock, phone.Schedule, phone.Look, phone.Wait, phone.Start, phone.Stop,
    phone.Restart, fault.Kill, fault.SaveFiles, fault.PutBack, fault.Damage, fault.Repair, fault.Disk, phone.Remember,
)  # fmt: skip


def verb_of(value: Any) -> str | None:
    """The verb that a value of a file, or an action, begins with; None where it is no action at all."""
    if isinstance(value, Action):
        return value.verb()
    if isinstance(value, dict) and len(value) == 1:
        return str(next(iter(value)))
    return None


def _worded(value: Any, verbs: Sequence[str]) -> Any:
    """`look` stands for `{look: }`. Raises ValueError for what was meant as several actions, or put beside its verb."""
    if isinstance(value, str):
        return {value: None}
    if isinstance(value, dict) and len(value) > 1:
        found, others = [key for key in value if key in verbs], [key for key in value if key not in verbs]
        if len(found) > 1:
            said = f"{', '.join(found[:-1])} and {found[-1]} are {len(found)} verbs"
            raise ValueError(f"{said}: write a list of actions, one verb each")
        if found:
            raise ValueError(f"{others[0]} stands beside the verb {found[0]}: write inside it what it takes")
    return value


def _one_of(actions: tuple[type[Action], ...]) -> Any:
    verbs = sorted(action.verb() for action in actions)
    choice: Any = Union[tuple(Annotated[action, Tag(action.verb())] for action in actions)]  # noqa: UP007  # of a list
    discriminator = Discriminator(
        verb_of,
        custom_error_type="no_action",
        custom_error_message=f"is no action: write one verb, and what it takes; verbs are: {', '.join(verbs)}",
    )
    told_apart = Annotated[choice, discriminator]
    words = Literal[tuple(action.verb() for action in actions if _may_be_bare(action))]  # type: ignore[valid-type]
    return Annotated[
        told_apart, BeforeValidator(lambda value: _worded(value, verbs), json_schema_input_type=told_apart | words)
    ]


def _may_be_bare(action: type[Action]) -> bool:
    """May the verb stand alone?"""
    try:
        action.model_validate({action.verb(): None})
    except ValidationError:
        return False
    return True


if TYPE_CHECKING:  # a type checker can't follow a union that is made of a list
    Simple = Action
else:
    Simple = _one_of(_SIMPLE)


class TrafficWish(Part):
    """`clients` ask for the answers to `texts` again and again, while what is in `during` is done."""

    texts: Name
    clients: int = Field(2, ge=1, le=16)
    during: Annotated[list[Simple], several(Simple)] = Field(min_length=1)


class Traffic(Action):
    """Predict while other things happen."""

    traffic: TrafficWish

    def told(self) -> str:
        """The action in words."""
        during = "; ".join(action.told() for action in self.traffic.during)
        return f"{self.traffic.clients} clients ask about {self.traffic.texts} while: {during}"

    def texts(self) -> Iterable[str]:
        """The set that its clients ask about."""
        return (self.traffic.texts,)


_ALL: tuple[type[Action], ...] = (*_SIMPLE, Traffic)
VERBS = tuple(action.verb() for action in _ALL)

if TYPE_CHECKING:
    Do = list[Action]
else:
    _Any = _one_of(_ALL)
    Do = Annotated[list[_Any], several(_Any)]
