"""The section ``server``: what the daemon listens on, whom it lets in, and what it takes at most."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Literal

import attrs

from tocsin.errors import ConfigurationError
from tocsin.model import _check
from tocsin.model.severity import AlertSeverity

__all__ = ["AuthToken", "Scope", "ServerSettings", "TlsSettings"]

Scope = Literal["ingest", "read", "operate", "admin"]

_ADDRESS: Final = re.compile(r"(\[[0-9A-Fa-f:.%]+\]|[^\s:\[\]]*):([0-9]{1,5})")
_HASH: Final = re.compile(
    r"sha256:[0-9a-f]{64}|\$scrypt\$ln=[0-9]{1,2},r=[0-9]{1,2},p=[0-9]{1,2}\$[A-Za-z0-9+/]{11,}\$[A-Za-z0-9+/]{22,}"
)
_MEBIBYTE: Final = 1024 * 1024


def _hidden(value: object) -> str:
    return "***"


def _address(instance: object, attribute: attrs.Attribute[Any], value: str) -> None:
    _check.name(instance, attribute, value)
    found = _ADDRESS.fullmatch(value)
    if found is None or int(found[2]) > 65_535:
        problem = f'{attribute.name} is an address and a port such as "127.0.0.1:9093" or "[::1]:9093"'
        raise ConfigurationError(problem, attribute.name)


def _url(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if value is None:
        return
    problem = ConfigurationError(
        f"{attribute.name} is how others reach the daemon, such as https://alerts.example.org/tocsin", attribute.name
    )
    if not isinstance(value, str) or any(char.isspace() or not char.isprintable() for char in value):
        raise problem
    try:
        parts = urllib.parse.urlsplit(value)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        raise problem from None
    if not sound or parts.query or parts.fragment or parts.username is not None:
        raise problem


def _hash(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, str) or _HASH.fullmatch(value) is None:
        raise ConfigurationError(
            "a token's hash is sha256: and the token's SHA-256 in 64 lower-case hexadecimal digits, or "
            "$scrypt$ln=…,r=…,p=…$salt$key (what was given is not shown)",
            attribute.name,
        )


def _scopes(instance: object, attribute: attrs.Attribute[Any], value: tuple[str, ...]) -> None:
    if not value:
        raise ConfigurationError("a token has at least one scope: ingest, read, operate or admin", attribute.name)


def _all(value: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(value)


def _count(least: int, most: int) -> Callable[[object, attrs.Attribute[Any], Any], None]:
    """A whole number in a range."""

    def check(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            shown = _check.shown(value)
            problem = f"{attribute.name} is a whole number from {least:,} to {most:,}, not {shown}"
            raise ConfigurationError(problem, attribute.name)

    return check


def _severities(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    found = {}
    for word, severity in value.items():
        try:
            found[str(word).lower()] = AlertSeverity.parse(severity)
        except ConfigurationError as error:
            raise ConfigurationError(error.problem, f"severity_labels.{word}") from None
    return found


@attrs.frozen(slots=True, kw_only=True)
class AuthToken:
    """Somebody who may come in: ``name`` stands in logs, ``scopes`` say what for.

    ``hash`` is ``sha256:`` and the digest of the token, for a token of at least 128 random bits; or ``$scrypt$…`` for
    one that people chose.
    """

    name: str = attrs.field(validator=_check.name)
    scopes: tuple[Scope, ...] = attrs.field(converter=_all, validator=_scopes)
    hash: str = attrs.field(validator=_hash, repr=_hidden)


@attrs.frozen(slots=True, kw_only=True)
class TlsSettings:
    """Paths of PEM files: the chain of certificates, its key, and, to ask clients for one, who signs theirs."""

    certificate: str = attrs.field(validator=_check.name)
    key: str = attrs.field(validator=_check.name)
    client_ca: str | None = attrs.field(default=None, validator=attrs.validators.optional(_check.name))


@attrs.frozen(slots=True, kw_only=True)
class ServerSettings:
    """The daemon's own settings.

    ``data`` is the folder of its store (None: what it knows ends with it). ``external_url`` begins the links in
    notifications. ``resolve_timeout_seconds`` is how long an alert without an end fires. The first of
    ``cluster_labels`` that an alert has is its cluster. ``severity_labels`` are further words for severities. The
    bounds refuse what is over them. ``traces`` says whether traces go to OpenTelemetry. ``alertmanager_configuration``
    is the Alertmanager configuration that this one was converted from, which clients of Alertmanager's API are shown.
    """

    listen: str = attrs.field(default="127.0.0.1:9093", validator=_address)
    data: str | None = attrs.field(default=None, validator=attrs.validators.optional(_check.name))
    external_url: str | None = attrs.field(default=None, validator=_url)
    auth_tokens: tuple[AuthToken, ...] = attrs.field(default=(), converter=_all)
    tls: TlsSettings | None = None
    resolve_timeout_seconds: float = attrs.field(default=300.0, validator=_check.positive)
    cluster_labels: tuple[str, ...] = attrs.field(default=("cluster", "cluster_id"), converter=_check.names)
    severity_labels: Mapping[str, AlertSeverity] = attrs.field(factory=dict, converter=_severities)
    max_body_bytes: int = attrs.field(default=16 * _MEBIBYTE, validator=_count(1_024, 1_024 * _MEBIBYTE))
    max_alerts_per_request: int = attrs.field(default=10_000, validator=_count(1, 1_000_000))
    max_labels: int = attrs.field(default=128, validator=_count(1, 10_000))
    max_label_length: int = attrs.field(default=4_096, validator=_count(16, _MEBIBYTE))
    max_connections: int = attrs.field(default=1_000, validator=_count(1, 1_000_000))
    request_timeout_seconds: float = attrs.field(default=30.0, validator=_check.positive)
    alertmanager_configuration: str | None = attrs.field(
        default=None, validator=attrs.validators.optional(_check.text), repr=False
    )
    traces: bool = attrs.field(default=False, validator=_check.boolean)
    log_format: Literal["console", "json"] = "console"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
