"""The settings of an Opsgenie channel, and what makes one of them wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs

from tocsin import AlertSeverity, ConfigurationError, nearest, wording
from tocsin.http import HttpOptions, hide, http_url, redact_url, seconds

__all__ = ["API_URL", "HARD_TIMEOUT", "PRIORITIES", "OpsgenieConfig", "Responder"]

API_URL: Final = "https://api.opsgenie.com"
"""Accounts in Europe have https://api.eu.opsgenie.com."""

LONGEST_TIMEOUT: Final = 12.0
MOST_REQUESTS: Final = 5
HARD_TIMEOUT: Final = LONGEST_TIMEOUT * MOST_REQUESTS + 5.0
"""Seconds after which the runtime ends an attempt; the limit of each request comes first, since it knows more."""

PRIORITIES: Final[Mapping[AlertSeverity, str]] = {
    AlertSeverity.INFO: "P5",
    AlertSeverity.WARNING: "P3",
    AlertSeverity.ERROR: "P2",
    AlertSeverity.CRITICAL: "P1",
    AlertSeverity.EMERGENCY: "P1",
}
"""As Opsgenie names them: P1 is critical, P2 high, P3 moderate, P4 low, P5 informational."""

TAGS: Final = 20
TAG: Final = 50
RESPONDERS: Final = 50
_NAMES: Final = ("P1", "P2", "P3", "P4", "P5")
_OURS: Final = tuple(severity.value for severity in AlertSeverity)
_KEY: Final = re.compile(r"[!-~]+")
_NAMED_BY: Final[Mapping[str, tuple[str, ...]]] = {
    "team": ("id", "name"),
    "user": ("id", "username"),
    "escalation": ("id", "name"),
    "schedule": ("id", "name"),
}


@attrs.frozen(slots=True, kw_only=True)
class Responder:
    """Whom Opsgenie tells: a ``type`` (team, user, escalation or schedule), and which one, by its ``id`` or name.

    A user's name is its ``username``, the name of all others is their ``name``.

    :raises ConfigurationError: for another type, and unless exactly one of the names is given.
    """

    type: str
    id: str | None = None
    name: str | None = None
    username: str | None = None

    def __attrs_post_init__(self) -> None:
        if self.type not in _NAMED_BY:
            raise ConfigurationError(f"unknown type {self.type!r}{nearest(self.type, _NAMED_BY)}", "type")
        given = [key for key in ("id", "name", "username") if getattr(self, key)]
        takes = _NAMED_BY[self.type]
        if len(given) != 1 or given[0] not in takes:
            raise ConfigurationError(f"a responder of type {self.type} takes either {takes[0]} or {takes[1]}")

    def plain(self) -> dict[str, str]:
        """Return the responder in Opsgenie's form."""
        named = {key: getattr(self, key) for key in _NAMED_BY[self.type]}
        return {"type": self.type, **{key: value for key, value in named.items() if value}}


def _api_key(instance: object, attribute: attrs.Attribute[Any], value: str) -> None:
    if not _KEY.fullmatch(value):
        problem = "is the key of an API integration, without spaces (not shown: it is secret)"
        raise ConfigurationError(f"{attribute.name} {problem}", attribute.name)


def _base(instance: object, attribute: attrs.Attribute[Any], value: str) -> None:
    http_url(instance, attribute, value)
    if "?" in value or "#" in value:
        raise ConfigurationError(f"{attribute.name} has a query or a fragment, where a path follows", attribute.name)


def _check_priority(value: str, where: str) -> None:
    if value not in _NAMES:
        raise ConfigurationError(f"unknown priority {value!r}{nearest(value, _NAMES)}", where)


def _priority(instance: object, attribute: attrs.Attribute[Any], value: str | None) -> None:
    if value is not None:
        _check_priority(value, attribute.name)


def _priorities(instance: object, attribute: attrs.Attribute[Any], value: Mapping[str, str]) -> None:
    for severity, priority in value.items():
        where = f"{attribute.name}.{severity}"
        if severity not in _OURS:
            raise ConfigurationError(f"unknown severity {severity!r}{nearest(severity, _OURS)}", where)
        _check_priority(priority, where)


def _tags(instance: object, attribute: attrs.Attribute[Any], value: Sequence[str]) -> None:
    if len(value) > TAGS:
        raise ConfigurationError(f"Opsgenie takes at most {TAGS} {attribute.name}, not {len(value)}", attribute.name)
    for index, tag in enumerate(value):
        if not tag.strip() or wording.utf16_length(tag) > TAG:
            raise ConfigurationError(f"a tag has 1 to {TAG} characters", f"{attribute.name}[{index}]")


def _responders(instance: object, attribute: attrs.Attribute[Any], value: Sequence[Responder]) -> None:
    if len(value) > RESPONDERS:
        problem = f"Opsgenie takes at most {RESPONDERS} {attribute.name}, not {len(value)}"
        raise ConfigurationError(problem, attribute.name)


def _heartbeat(instance: object, attribute: attrs.Attribute[Any], value: str | None) -> None:
    if value is not None and (not value.isprintable() or value.strip() in ("", ".", "..")):
        raise ConfigurationError(f"{attribute.name} is the name of a heartbeat, not {value!r}", attribute.name)


def _timeout(instance: object, attribute: attrs.Attribute[Any], value: float) -> None:
    seconds(instance, attribute, value)
    if value > LONGEST_TIMEOUT:
        problem = f"{attribute.name} is at most {LONGEST_TIMEOUT:g} seconds, not {value:g}"
        raise ConfigurationError(problem, attribute.name)


@attrs.frozen(slots=True, kw_only=True, hash=False)
class OpsgenieConfig:
    """Settings of an Opsgenie channel.

    ``api_key`` is that of an API integration, and a secret. ``api_url`` is the API's address, to which ``/v2/alerts``
    is added. ``responders`` are told besides those of the integration's team, ``tags`` are put on each alert.
    ``priority`` is that of all alerts; without it the severity decides, as ``priorities`` changes it.
    ``update_alerts`` has each later notification replace message and description of the alert, which else stay as they
    were when it was created. ``heartbeat_name`` is the heartbeat there that tocsin's are sent to. ``timeout_seconds``
    limits one request, of which an attempt makes up to five; at most 12. ``http`` says how requests get out (proxy,
    certificates).

    :raises ConfigurationError: for a setting that cannot work; the key is never repeated.
    """

    api_key: str = attrs.field(validator=_api_key, repr=hide)
    api_url: str = attrs.field(default=API_URL, validator=_base, repr=redact_url)
    responders: tuple[Responder, ...] = attrs.field(default=(), validator=_responders)
    tags: tuple[str, ...] = attrs.field(default=(), validator=_tags)
    priority: str | None = attrs.field(default=None, validator=_priority)
    priorities: Mapping[str, str] = attrs.field(factory=dict, validator=_priorities)
    update_alerts: bool = False
    heartbeat_name: str | None = attrs.field(default=None, validator=_heartbeat)
    timeout_seconds: float = attrs.field(default=10.0, validator=_timeout)
    http: HttpOptions = attrs.field(factory=HttpOptions)

    def priority_of(self, severity: AlertSeverity) -> str:
        """Return the priority of an alert of that severity."""
        return self.priority or self.priorities.get(severity.value, PRIORITIES[severity])
