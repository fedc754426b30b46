"""An inhibition rule: while one alert fires, others are not told."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs

from tocsin.errors import ConfigurationError
from tocsin.model import _check
from tocsin.model.silence import LabelMatcher

__all__ = ["InhibitionRule"]


def _side(name: str, value: Any) -> tuple[LabelMatcher, ...]:
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise ConfigurationError(f"expected a list of LabelMatchers, not {value!r:.60}", name)
    matchers = tuple(value)
    for index, matcher in enumerate(matchers):
        if not isinstance(matcher, LabelMatcher):
            raise ConfigurationError(f"expected a LabelMatcher, not {matcher!r:.60}", f"{name}[{index}]")
    if not matchers:
        raise ConfigurationError(
            'an inhibition rule needs at least one LabelMatcher on each side; alert_id=~".*" matches every alert', name
        )
    return matchers


def _source(value: Any) -> tuple[LabelMatcher, ...]:
    return _side("source_matchers", value)


def _target(value: Any) -> tuple[LabelMatcher, ...]:
    return _side("target_matchers", value)


def _equal(value: Any) -> tuple[str, ...]:
    try:
        return _check.names(value)
    except ConfigurationError as error:
        raise error.within("equal") from None


@attrs.frozen(slots=True)
class InhibitionRule:
    """A firing alert that meets all ``source_matchers`` keeps those from being told that meet all ``target_matchers``.

    Both must have equal values for the labels in ``equal``, where an absent label equals the empty string. An alert
    that meets both sides is not inhibited by alerts for which the same is true, so never by itself. These are
    Prometheus' inhibition rules.

    :raises ConfigurationError: when a side has no matcher, or a field a value that no rule can have.
    """

    source_matchers: tuple[LabelMatcher, ...] = attrs.field(converter=_source)
    target_matchers: tuple[LabelMatcher, ...] = attrs.field(converter=_target)
    equal: tuple[str, ...] = attrs.field(default=(), converter=_equal)
    name: str = attrs.field(default="", validator=_check.text)
