"""Which aggregator forms incidents, and its settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from tocsin.errors import ConfigurationError
from tocsin.model import _check

__all__ = ["Aggregation"]


def _settings(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ConfigurationError(f"an aggregator's settings are a mapping, not {type(value).__name__}", "settings")
    return dict(value)


@attrs.frozen(slots=True, hash=False)
class Aggregation:
    """The name of a registered aggregator, and its settings; it checks them when the configuration is compiled."""

    strategy: str = attrs.field(default="window", validator=_check.name)
    settings: Mapping[str, Any] = attrs.field(factory=dict, converter=_settings)
