"""A plugin with a source, and with classes that raise what they like, as other people's do."""

from __future__ import annotations

import datetime
import enum
from typing import Any, Literal

import attrs

import tocsin


class Mode(enum.Enum):
    """Two words."""

    SLOW = "slow"
    FAST = "fast"


@attrs.frozen
class Unit:
    """A class inside one that is inside another one."""

    word: str


@attrs.frozen
class Limits:
    """A class inside another one."""

    most: int = attrs.field(default=5, validator=attrs.validators.ge(1))
    names: tuple[str, ...] = ()
    unit: Unit | None = None


@attrs.frozen(kw_only=True)
class ClockConfig:
    """Settings of the source ``clock``."""

    every_seconds: float = attrs.field(validator=attrs.validators.gt(0))
    mode: Mode = Mode.SLOW
    limits: Limits = Limits()
    password: str | None = attrs.field(default=None, repr=False)
    form: Literal["short", "long"] = "short"
    extra: dict[str, int] = attrs.field(factory=dict)


class Clock:
    """Submits nothing."""

    def __init__(self, config: ClockConfig) -> None:
        self.config = config

    async def run(self, submit: Any) -> None:
        """Return at once."""


def _talks(instance: object, attribute: attrs.Attribute[Any], value: str) -> None:
    if value:
        raise ValueError(f"I do not like {value}")


def _shouts(instance: object, attribute: attrs.Attribute[Any], value: str) -> None:
    if not value.startswith("ok"):
        raise tocsin.ConfigurationError(f"{value.upper()} is no good", attribute.name)


@attrs.frozen(kw_only=True)
class RudeConfig:
    """Settings whose validators raise all sorts of things, with the value in them."""

    word: str = attrs.field(default="", validator=_talks)
    loud: str = attrs.field(default="ok", validator=_shouts)


@attrs.frozen(kw_only=True)
class CarelessConfig:
    """Settings of a type that does not exist."""

    unknown: NoSuchName = None  # type: ignore[name-defined]  # noqa: F821  as a careless plugin has it


class Rude:
    """A backend."""

    def __init__(self, config: Any, context: tocsin.BackendContext) -> None:
        self.config = config

    async def send(self, notification: tocsin.Notification) -> tocsin.Outcome:
        """Deliver."""
        return tocsin.Outcome.delivered()


def explodes(value: Any) -> tocsin.Condition:
    """A matcher that has a bug."""
    raise RuntimeError(f"cannot read {value}")


def since(value: Any) -> tocsin.Condition:
    """A matcher that takes a date."""
    if not isinstance(value, datetime.date):
        raise tocsin.ConditionError(f"expected a date, not {value!r}")
    return tocsin.Condition.opaque(lambda view: True, "since then")


@attrs.frozen
class PickyConfig:
    """Settings of the aggregator ``picky``."""

    size: int = 1


def picky(config: PickyConfig) -> Any:
    """An aggregator that looks at its settings late."""
    raise tocsin.ConfigurationError(f"{config.size} is not enough", "size")


@tocsin.hookimpl
def tocsin_register_aggregators(registrar: tocsin.AggregatorRegistrar) -> None:
    registrar.register("picky", picky, config_class=PickyConfig)


@tocsin.hookimpl
def tocsin_register_sources(registrar: tocsin.SourceRegistrar) -> None:
    registrar.register("clock", Clock, config_class=ClockConfig)


@tocsin.hookimpl
def tocsin_register_backends(registrar: tocsin.BackendRegistrar) -> None:
    registrar.register("rude", Rude, config_class=RudeConfig)
    registrar.register("careless", Rude, config_class=CarelessConfig)


@tocsin.hookimpl
def tocsin_register_matchers(registrar: tocsin.MatcherRegistrar) -> None:
    registrar.register("explodes", explodes)
    registrar.register("since", since)
