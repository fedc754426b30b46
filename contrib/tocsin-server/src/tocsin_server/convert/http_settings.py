"""``http_config``: what can be said by a request's headers is carried over; the rest is remarked."""

from __future__ import annotations

import base64
from typing import Final

from tocsin_server.convert.document import Section, Value
from tocsin_server.convert.remarks import NotAlertmanagerError, Remarks
from tocsin_server.convert.secrets import HIDDEN

__all__ = ["http_headers", "known_http"]

_FIELDS: Final = (
    "authorization",
    "basic_auth",
    "bearer_token",
    "bearer_token_file",
    "enable_http2",
    "follow_redirects",
    "http_headers",
    "no_proxy",
    "oauth2",
    "proxy_connect_header",
    "proxy_from_environment",
    "proxy_url",
    "tls_config",
)
_AUTHORIZATION: Final = ("type", "credentials", "credentials_file", "credentials_ref")
_BASIC: Final = ("username", "username_file", "username_ref", "password", "password_file", "password_ref")
_HEADER: Final = ("values", "secrets", "files")
_SAYING: Final = frozenset({"authorization", "basic_auth", "bearer_token", "http_headers"})


def http_headers(section: Section | None, takes_headers: bool, remarks: Remarks) -> dict[str, str]:
    """Return the headers that *section*, an ``http_config``, makes every request carry.

    Where a channel takes no headers of its own, all of it is remarked.
    """
    if section is None:
        return {}
    headers: dict[str, str] = {}
    for key, value in section.items():
        if value.absent or (key == "follow_redirects" and not value.boolean()):
            continue
        if takes_headers and key in _SAYING:
            headers |= _READERS[key](value, remarks)
        elif key == "follow_redirects":
            remarks.add(value.line, "follow_redirects: tocsin follows no redirect; give the URL that is meant")
        else:
            remarks.add(value.line, f"http_config.{key} has no counterpart here, and is left out")
    return headers


def known_http(value: Value) -> Section:
    """Return an ``http_config`` with none but known fields."""
    return value.section(known=_FIELDS)


def _authorization(value: Value, remarks: Remarks) -> dict[str, str]:
    section = value.section(known=_AUTHORIZATION)
    kind = section.text("type").strip() or "Bearer"
    if kind.lower() == "basic":
        raise NotAlertmanagerError("authorization takes no type basic; basic_auth does", section.line_of("type"))
    return _from(section, "credentials", kind, remarks)


def _bearer(value: Value, remarks: Remarks) -> dict[str, str]:
    return _header(value, "Bearer", value.text(), remarks)


def _from(section: Section, key: str, kind: str, remarks: Remarks) -> dict[str, str]:
    inline = section.filled(key)
    if inline is None:
        line = section.line_of(f"{key}_file")
        remarks.add(line, f"the header Authorization needs what is in {key}_file: write it into the channel's headers")
        return {}
    return _header(inline, kind, inline.text(), remarks)


def _header(value: Value, kind: str, text: str, remarks: Remarks) -> dict[str, str]:
    if text == HIDDEN:
        remarks.add(value.line, f"{value.name} was hidden before this file was written: put the secret in")
    return {"Authorization": f"{kind} {text}"}


def _basic(value: Value, remarks: Remarks) -> dict[str, str]:
    section = value.section(known=_BASIC)
    if any(section.filled(key) for key in _BASIC if key.endswith(("_file", "_ref"))):
        remarks.add(value.line, "basic_auth from a file: write the header Authorization into the channel's headers")
        return {}
    pair = f"{section.text('username')}:{section.text('password')}"
    if section.text("password") == HIDDEN:
        remarks.add(value.line, f"{value.name}.password was hidden before this file was written: put the secret in")
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode('ascii')}"}


def _named(value: Value, remarks: Remarks) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, header in value.section().items():
        section = header.section(known=_HEADER)
        texts = [*section.texts("values"), *section.texts("secrets")]
        if len(texts) != 1 or section.get("files") is not None:
            remarks.add(header.line, f"the header {name!r:.60} has more than one value, or one from a file: left out")
        else:
            headers[name] = texts[0]
    return headers


_READERS: Final = {
    "authorization": _authorization,
    "basic_auth": _basic,
    "bearer_token": _bearer,
    "http_headers": _named,
}
