"""Variants: the same users over again, with something else about their devices or themselves."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any, ClassVar

from pydantic import Field, ValidationError

from fleet.errors import InvalidVariant
from fleet.personas import Frozen, Share
from model_store.manifest import TaskManifest

_SWITCH = {"on": True, "off": False}


class Variant(Frozen):
    """What differs from the product as it ships; None is as it ships.

    `threshold`: the device trains by its schedule's rule at so many new samples; otherwise every round ends with an
    update. `gate` and `trial` off: no candidate is refused, no version is rolled back, as no real device can be set.
    `samples` takes the place of the personas' mean samples a round; `noise` and `poison` theirs, for every user; such
    poison begins with round `poison_from`.
    """

    epochs: int | None = None
    learning_rate: float | None = None
    mini_batch_size: int | None = None
    user_weight: float | None = Field(default=None, gt=0, le=1)
    threshold: int | None = Field(default=None, ge=1, le=100_000)
    gate: bool = True
    trial: bool = True
    samples: float | None = Field(default=None, ge=1, le=500)
    noise: Share | None = None
    poison: Share | None = None
    poison_from: int = Field(default=3, ge=1)

    trained: ClassVar[tuple[str, ...]] = ("epochs", "learning_rate", "mini_batch_size")

    @property
    def name(self) -> str:
        """What differs, as it was asked for."""
        told = self.model_dump(exclude_defaults=True)
        return ", ".join(f"{name}={_written(value)}" for name, value in told.items()) or "as shipped"

    @property
    def parameters(self) -> dict[str, int | float | bool]:
        """The training parameters that differ."""
        return {name: value for name in self.trained if (value := getattr(self, name)) is not None}


def parse_variants(varied: Sequence[str], spec: TaskManifest) -> tuple[Variant, ...]:
    """Every combination of `name=value,value` entries; as shipped where nothing varies.

    Raises:
        InvalidVariant: naming what there is to vary, or the bound.
    """
    axes: dict[str, list[str]] = {}
    for entry in varied:
        name, equals, values = entry.partition("=")
        name = name.strip().replace("-", "_")
        if name not in Variant.model_fields or not equals or not values.strip():
            known = ", ".join(Variant.model_fields)
            raise InvalidVariant(f"{entry!r} is not NAME=VALUE,VALUE with a name out of: {known}")
        if name in axes:
            raise InvalidVariant(f"{name} is varied twice: put all its values into one list")
        axes[name] = [value.strip() for value in values.split(",")]
    found = []
    for combination in product(*axes.values()):
        asked = dict(zip(axes, combination, strict=True))
        found.append(_variant({name: _value(name, value) for name, value in asked.items()}, spec))
    if len(set(found)) != len(found):
        raise InvalidVariant("two variants are the same: each value once")
    return tuple(found)


def _written(value: float | bool) -> str:
    """A value as `--vary` takes it, with all the digits that it needs."""
    if isinstance(value, bool):
        return "on" if value else "off"
    short = f"{value:g}"
    return short if float(short) == value else str(value)


def _value(name: str, written: str) -> Any:
    kind = Variant.model_fields[name].annotation
    try:
        if kind is bool:
            return _SWITCH[written.lower()]
        return int(written) if kind == int | None else float(written)
    except (KeyError, ValueError):
        allowed = "on or off" if kind is bool else "a whole number" if kind == int | None else "a number"
        raise InvalidVariant(f"{name} is {allowed}, not {written!r}") from None


def _variant(values: Mapping[str, Any], spec: TaskManifest) -> Variant:
    try:
        variant = Variant.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise InvalidVariant(f"{first['loc'][0]}: {first['msg']}") from None
    if spec.terms is None:
        raise InvalidVariant("the bundle's head for this task is not updatable")
    for name, value in variant.parameters.items():
        bound = getattr(spec.terms.parameters, name)
        if not bound.minimum <= value <= bound.maximum:
            raise InvalidVariant(f"{name} lies between {bound.minimum} and {bound.maximum}, not at {value}")
    return variant
