"""Secrets, URLs and texts of a receiver: what is copied, what becomes a reference to a file, and what cannot be used.

An inline secret is copied as it is, and stands in no message.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

import attrs

from tocsin_server.convert.document import Section, Value
from tocsin_server.convert.remarks import NotAlertmanagerError, Remarks

__all__ = ["HIDDEN", "Secret", "file_reference", "is_template", "read_secret", "url"]

HIDDEN: Final = "<secret>"
"""What Alertmanager shows in place of a secret."""


def is_template(text: str) -> bool:
    """Whether Alertmanager would take *text* for a Go template."""
    return "{{" in text


def file_reference(path: str) -> dict[str, str]:
    """Return what stands in tocsin's configuration for the contents of the file *path*."""
    return {"file": path}


def url(value: Value) -> str:
    """Return an absolute URL of http or https.

    :raises NotAlertmanagerError: for any other; it is not repeated, for it may be secret.
    """
    text = value.text()
    try:
        parts = urlsplit(text)
        right = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        right = False
    if not right and text != HIDDEN:
        raise value.wrong("is a URL such as https://host/path (it is not shown here, for it may be secret)")
    return text


@attrs.frozen(slots=True)
class Secret:
    """A setting that is written under ``key``, or in the file named under ``key`` and ``_file``.

    ``to`` is its name in tocsin; ``fallback`` the key of the global setting that is meant where there is none.
    """

    key: str
    to: str
    fallback: str = ""
    form: Callable[[Value], Any] = Value.text
    required: bool = True

    @property
    def keys(self) -> tuple[str, str]:
        """Both fields of a receiver."""
        return self.key, f"{self.key}_file"


def read_secret(secret: Secret, section: Section, common: Section, remarks: Remarks) -> Any:
    """Return the value or the reference that *section* has for *secret*, or *common* does, or None.

    :raises NotAlertmanagerError: when there is none though it is required, or both forms at once.
    """
    found = _written(secret, section, secret.key, remarks)
    if found is None and secret.fallback:
        found = _written(secret, common, secret.fallback, remarks)
    if found is None and secret.required:
        either = " or ".join(secret.keys)
        also = f", and global has no {secret.fallback}" if secret.fallback else ""
        raise NotAlertmanagerError(f"{section.name} needs {either}{also}", section.line)
    return found


def _written(secret: Secret, section: Section, key: str, remarks: Remarks) -> Any:
    inline, path = section.filled(key), section.filled(f"{key}_file")
    if inline is not None and path is not None:
        raise NotAlertmanagerError(f"{section.name} has either {key} or {key}_file, not both", path.line)
    if path is not None:
        if not path.text().startswith("/"):
            remarks.add(path.line, f"{path.name} is looked for beside tocsin's own configuration file")
        return file_reference(path.text())
    if inline is None:
        return None
    if inline.text() == HIDDEN:
        remarks.add(inline.line, f"{inline.name} was hidden before this file was written: put the secret in")
        return HIDDEN
    if is_template(inline.text()):
        return inline
    return secret.form(inline)
