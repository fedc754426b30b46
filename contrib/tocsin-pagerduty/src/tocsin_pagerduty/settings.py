"""The settings of a PagerDuty channel, and what makes one of them wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import attrs

from tocsin import AlertSeverity, ConfigurationError, nearest
from tocsin.http import HttpOptions, attempt_timeout, hide, http_url, redact_url

__all__ = ["ENQUEUE_URL", "SEVERITIES", "PagerDutyConfig"]

ENQUEUE_URL: Final = "https://events.pagerduty.com/v2/enqueue"
"""Where events go; accounts in Europe have https://events.eu.pagerduty.com/v2/enqueue."""

SEVERITIES: Final[Mapping[AlertSeverity, str]] = {
    AlertSeverity.INFO: "info",
    AlertSeverity.WARNING: "warning",
    AlertSeverity.ERROR: "error",
    AlertSeverity.CRITICAL: "critical",
    AlertSeverity.EMERGENCY: "critical",
}
"""PagerDuty has four."""

_THEIRS: Final = ("critical", "error", "warning", "info")
_OURS: Final = tuple(severity.value for severity in AlertSeverity)
_KEY: Final = re.compile(r"[!-~]+")


def _routing_key(instance: object, attribute: attrs.Attribute[Any], value: str) -> None:
    """Visible ASCII: PagerDuty's keys are 32 characters, those of products that speak its form are not."""
    if not _KEY.fullmatch(value):
        problem = "is the integration key of an Events API v2 integration, without spaces (not shown: it is secret)"
        raise ConfigurationError(f"{attribute.name} {problem}", attribute.name)


def _optional_url(instance: object, attribute: attrs.Attribute[Any], value: str | None) -> None:
    if value is not None:
        http_url(instance, attribute, value)


def _severities(instance: object, attribute: attrs.Attribute[Any], value: Mapping[str, str]) -> None:
    for ours, theirs in value.items():
        where = f"{attribute.name}.{ours}"
        if ours not in _OURS:
            raise ConfigurationError(f"unknown severity {ours!r}{nearest(ours, _OURS)}", where)
        if theirs not in _THEIRS:
            raise ConfigurationError(f"PagerDuty has no severity {theirs!r}{nearest(theirs, _THEIRS)}", where)


@attrs.frozen(slots=True, kw_only=True, hash=False)
class PagerDutyConfig:
    """Settings of a PagerDuty channel.

    ``routing_key`` is the integration key of an *Events API v2* integration of a service or an event orchestration,
    and a secret. ``url`` is where events are posted. ``client`` and ``client_url`` name the monitoring tool and lead to
    it. ``severities`` changes how single severities are called there. ``timeout_seconds`` limits one attempt, from
    connecting to the end of the answer; at most 60. ``http`` says how requests get out (proxy, certificates).

    :raises ConfigurationError: for a setting that cannot work; the key is never repeated.
    """

    routing_key: str = attrs.field(validator=_routing_key, repr=hide)
    url: str = attrs.field(default=ENQUEUE_URL, validator=http_url, repr=redact_url)
    client: str = "tocsin"
    client_url: str | None = attrs.field(default=None, validator=_optional_url)
    severities: Mapping[str, str] = attrs.field(factory=dict, validator=_severities)
    timeout_seconds: float = attrs.field(default=10.0, validator=attempt_timeout)
    http: HttpOptions = attrs.field(factory=HttpOptions)

    def severity(self, ours: AlertSeverity) -> str:
        """Return what PagerDuty calls the severity."""
        return self.severities.get(ours.value, SEVERITIES[ours])
