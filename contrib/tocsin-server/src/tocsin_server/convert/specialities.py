"""What is particular to one kind of receiver, and cannot be said by a table of its fields."""

from __future__ import annotations

import re
from typing import Any, Final

from tocsin_server.convert.document import Section, Value
from tocsin_server.convert.remarks import NotAlertmanagerError, Remarks
from tocsin_server.convert.secrets import is_template

__all__ = ["HANDLED", "email", "opsgenie", "pagerduty", "slack"]

HANDLED: Final = {
    "email": ("smarthost", "require_tls", "force_implicit_tls"),
    "opsgenie": ("responders",),
    "pagerduty": ("service_key", "service_key_file"),
    "slack": ("app_token", "app_token_file"),
}
"""By backend, the fields that have no plain counterpart and are carried over here."""

_BOT_API: Final = "https://slack.com/api/chat.postMessage"
_HOST_PORT: Final = re.compile(r"(?:\[(?P<literal>[^\[\]]+)\]|(?P<host>[^:\[\]]*)):(?P<port>[^:\[\]]+)")
_PORTS: Final = {"smtp": 25, "smtps": 465, "submission": 587, "submissions": 465}
_IMPLICIT_TLS: Final = 465
_LOOPBACK: Final = re.compile(r"localhost|127(\.\d{1,3}){3}|::1", re.IGNORECASE)
_PASSWORDS: Final = ("auth_password", "auth_password_file")
_COMMON_PASSWORDS: Final = ("smtp_auth_password", "smtp_auth_password_file")
_LAST_PORT: Final = 65_535
_RESPONDERS: Final = {
    "team": ("id", "name"),
    "user": ("id", "username"),
    "escalation": ("id", "name"),
    "schedule": ("id", "name"),
}
"""By type, what names one of Opsgenie's responders; ``teams`` are several teams, by their names."""


def email(section: Section, common: Section, remarks: Remarks) -> dict[str, Any] | None:
    """Return the server, its port and how the connection is secured."""
    if not section.text("to"):
        raise NotAlertmanagerError(f"{section.name} needs to, an address", section.line)
    if not (section.text("from") or common.text("smtp_from")):
        raise NotAlertmanagerError(f"{section.name} needs from, and global has no smtp_from", section.line)
    smarthost = section.filled("smarthost") or common.filled("smtp_smarthost")
    if smarthost is None:
        raise NotAlertmanagerError(f"{section.name} needs smarthost, and global has no smtp_smarthost", section.line)
    found = _HOST_PORT.fullmatch(smarthost.text())
    if found is None:
        raise smarthost.wrong("is a host and a port, such as mail.example.org:587")
    port = _port(found["port"])
    if port is None:
        remarks.add(smarthost.line, f"{smarthost.name} names a port that is not known here: give its number")
        return None
    for key in ("smtp_auth_secret", "smtp_auth_secret_file", "smtp_auth_identity", "smtp_tls_config"):
        if (unused := common.get(key)) is not None:
            remarks.add(unused.line, f"global.{key} has no counterpart in the backend email: left out")
    host = found["literal"] or found["host"]
    return {"host": host, "port": port, "tls": _tls(section, common, remarks, host, port)}


def _port(text: str) -> int | None:
    if text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= _LAST_PORT:
        return int(text)
    return _PORTS.get(text)


def _tls(section: Section, common: Section, remarks: Remarks, host: str, port: int) -> str:
    forced = section.get("force_implicit_tls") or common.get("smtp_force_implicit_tls")
    if port == _IMPLICIT_TLS if forced is None else forced.boolean():
        return "implicit"
    required = section.get("require_tls") or common.get("smtp_require_tls")
    if required is None or required.boolean():
        return "starttls"
    if _LOOPBACK.fullmatch(host) or not (any(map(section.get, _PASSWORDS)) or any(map(common.get, _COMMON_PASSWORDS))):
        return "none"
    remarks.add(
        required.line, f"{required.name} is not carried over: the backend email gives a password over TLS alone"
    )
    return "starttls"


def opsgenie(section: Section, common: Section, remarks: Remarks) -> dict[str, Any] | None:
    """Return the responders, but none that a Go template names."""
    found: list[dict[str, str]] = []
    for value in section.values("responders"):
        entry = value.section(known=("type", "id", "name", "username"))
        named = {key: entry.text(key) for key in ("id", "username", "name") if entry.text(key)}
        kind = entry.text("type").lower()
        if not named:
            raise NotAlertmanagerError(f"{value.name} needs an id, a username or a name", value.line)
        if any(map(is_template, (kind, *named.values()))):
            remarks.add(value.line, f"{value.name} is a Go template, which is not carried over: left out")
            continue
        if kind not in (*_RESPONDERS, "teams"):
            raise NotAlertmanagerError(
                f"{value.name} has a type that is none of team, teams, user, escalation and schedule", value.line
            )
        made = _responders(kind, named)
        if not made:
            remarks.add(value.line, f"{value.name} names no {kind} in a way that Opsgenie knows: left out")
        found += made
    return {"responders": found} if found else {}


def _responders(kind: str, named: dict[str, str]) -> list[dict[str, str]]:
    if kind == "teams":
        names = [name.strip() for name in named.get("name", "").split(",")]
        return [{"type": "team", "name": name} for name in names if name]
    key = next((key for key in _RESPONDERS[kind] if key in named), None)
    return [] if key is None else [{"type": kind, key: named[key]}]


def pagerduty(section: Section, common: Section, remarks: Remarks) -> dict[str, Any] | None:
    """Return nothing more, or None for an integration that speaks the old API alone."""
    usable = any(section.filled(key) is not None for key in ("routing_key", "routing_key_file"))
    old = [value for key in HANDLED["pagerduty"] if (value := section.filled(key)) is not None]
    for value in old:
        remarks.add(value.line, f"{value.name} is for PagerDuty's old API: a routing_key of Events API v2 is needed")
    if not usable and not old:
        raise NotAlertmanagerError(f"{section.name} needs routing_key or routing_key_file", section.line)
    return {} if usable else None


def slack(section: Section, common: Section, remarks: Remarks) -> dict[str, Any] | None:
    """Return nothing more, or None where Slack is spoken to as an app and not through an incoming webhook."""
    own = _either(section, "api_url")
    token = _either(section, "app_token")
    if own is None and token is None:
        own, token = _either(common, "slack_api_url"), _either(common, "slack_app_token")
    if own is None and token is None:
        problem = f"{section.name} needs api_url or app_token, and global has no slack_api_url"
        raise NotAlertmanagerError(problem, section.line)
    if token is not None or (own is not None and own.text() == _BOT_API):
        remarks.add(section.line, f"{section.name} speaks as an app with a token: tocsin needs an incoming webhook")
        return None
    return {}


def _either(section: Section, key: str) -> Value | None:
    return section.filled(key) or section.filled(f"{key}_file")
