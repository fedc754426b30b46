"""``http_config``: headers, the proxy and files with certificates are carried over; the rest is remarked."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Final

from tocsin_server.convert.document import Section, Value
from tocsin_server.convert.remarks import NotAlertmanagerError, Remarks
from tocsin_server.convert.secrets import HIDDEN

__all__ = ["certificates", "http_settings", "known_http"]

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
_FILES: Final = {"ca_file": "ca_file", "cert_file": "client_certificate", "key_file": "client_key"}
_TLS: Final = (
    *("ca", "ca_file", "ca_ref", "cert", "cert_file", "cert_ref", "key", "key_file", "key_ref", "server_name"),
    *("insecure_skip_verify", "min_version", "max_version"),
)


def http_settings(section: Section | None, takes_headers: bool, remarks: Remarks) -> dict[str, Any]:
    """Return the settings ``headers`` and ``http`` of a channel, as far as *section*, an ``http_config``, says any.

    Where a channel takes no headers of its own, what they would say is remarked.
    """
    headers: dict[str, str] = {}
    options: dict[str, str] = {}
    for key, value in section.items() if section else ():
        if value.absent or (key == "follow_redirects" and not value.boolean()):
            continue
        if takes_headers and key in _SAYING:
            headers |= _SAYING[key](value, remarks)
        elif key == "proxy_url":
            options |= {"proxy_url": value.text()} if value.text() else {}
        elif key == "tls_config":
            options |= certificates(value, _FILES, remarks)
        elif key == "follow_redirects":
            remarks.add(value.line, "follow_redirects: tocsin follows no redirect; give the URL that is meant")
        else:
            remarks.add(value.line, f"http_config.{key} has no counterpart here, and is left out")
    return {**({"headers": headers} if headers else {}), **({"http": options} if options else {})}


def certificates(value: Value, files: Mapping[str, str], remarks: Remarks) -> dict[str, str]:
    """Return what a ``tls_config`` says of files, under the names that *files* has for them; the rest is remarked."""
    options = {}
    for key, item in value.section(known=_TLS).items():
        if item.absent or (key == "insecure_skip_verify" and not item.boolean()):
            continue
        if key not in files:
            remarks.add(item.line, f"tls_config.{key} has no counterpart here, and is left out")
        elif item.text():
            if not item.text().startswith("/"):
                remarks.add(item.line, f"tls_config.{key} is looked for in the folder in which tocsin runs")
            options[files[key]] = item.text()
    return options


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


_SAYING: Final = {
    "authorization": _authorization,
    "basic_auth": _basic,
    "bearer_token": _bearer,
    "http_headers": _named,
}
