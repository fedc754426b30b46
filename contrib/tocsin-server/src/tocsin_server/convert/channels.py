"""One entry of a receiver's lists as one channel, or, where it cannot work without what is missing, as a remark."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import attrs

from tocsin_server.convert import specialities
from tocsin_server.convert.document import Section, Value
from tocsin_server.convert.http_settings import http_settings, known_http
from tocsin_server.convert.kinds import Kind
from tocsin_server.convert.remarks import NotAlertmanagerError, Remarks
from tocsin_server.convert.secrets import is_template, read_secret

__all__ = ["Channels"]

_SPECIAL: Final[dict[str, Callable[[Section, Section, Remarks], dict[str, Any] | None]]] = {
    "email": specialities.email,
    "opsgenie": specialities.opsgenie,
    "pagerduty": specialities.pagerduty,
    "slack": specialities.slack,
}


@attrs.frozen(slots=True)
class Channels:
    """Makes channels; ``common`` are the global settings that a receiver's own take the place of."""

    common: Section
    remarks: Remarks

    def made(self, kind: Kind, value: Value) -> dict[str, Any] | None:
        """Return the channel that *value* means, or None where it cannot be one, which is remarked.

        :raises NotAlertmanagerError: when Alertmanager would refuse it.
        """
        if value.absent and not kind.empty:
            raise NotAlertmanagerError(f"{value.name} is empty", value.line)
        section = value.section(known=kind.known)
        config = dict(kind.base)
        unusable = self._secrets(kind, section, config)
        self._fields(kind, section, config)
        self._left_out(kind, section)
        config |= http_settings(self._http(section), kind.headers, self.remarks) if kind.http else {}
        special = _SPECIAL[kind.backend](section, self.common, self.remarks) if kind.backend in _SPECIAL else {}
        if unusable or special is None:
            self.remarks.add(value.line, f"{value.name} is left out: it cannot work without what is named above")
            return None
        send_resolved = section.read("send_resolved", Value.boolean, kind.send_resolved)
        return {"backend": kind.backend, "send_resolved": send_resolved, "config": {**config, **special}}

    def _secrets(self, kind: Kind, section: Section, config: dict[str, Any]) -> bool:
        """Put in what is secret; return whether a template stands where none can."""
        unusable = False
        for secret in kind.secrets:
            found = read_secret(secret, section, self.common, self.remarks)
            if isinstance(found, Value):
                self.remarks.add(found.line, f"{found.name} is a Go template, which tocsin does not interpret")
                unusable = True
            elif found is not None:
                config[secret.to] = found
        return unusable

    def _fields(self, kind: Kind, section: Section, config: dict[str, Any]) -> None:
        for key, field in kind.fields.items():
            value = section.filled(key) or (self.common.filled(field.fallback) if field.fallback else None)
            if value is None:
                continue
            if is_template(value.text()):
                self._remark_template(value)
                continue
            found = field.form(value)
            if found is None:
                self.remarks.add(value.line, f"{value.name} has no counterpart: tocsin's own is used")
            else:
                config[field.to] = found

    def _left_out(self, kind: Kind, section: Section) -> None:
        for key, value in section.items():
            if key not in kind.without or value.absent or key in specialities.HANDLED.get(kind.backend, ()):
                continue
            if _has_template(value):
                self._remark_template(value)
            elif not _default(value):
                self.remarks.add(value.line, f"{value.name} has no counterpart in the backend {kind.backend}: left out")

    def _remark_template(self, value: Value) -> None:
        self.remarks.add(value.line, f"{value.name} is a Go template, which is not carried over: tocsin's own is used")

    def _http(self, section: Section) -> Section | None:
        value = section.get("http_config") or self.common.get("http_config")
        return None if value is None else known_http(value)


def _has_template(value: Value) -> bool:
    waiting = [value.node]
    while waiting:
        node = waiting.pop()
        if isinstance(node.value, str):
            if is_template(node.value):
                return True
        else:
            waiting += [part for item in node.value for part in (item if isinstance(item, tuple) else (item,))]
    return False


def _default(value: Value) -> bool:
    """Whether it switches off, or leaves empty, what tocsin does not do anyway."""
    return value.node.value in ("", "0", "false", "no", "off") or value.node.value == []
