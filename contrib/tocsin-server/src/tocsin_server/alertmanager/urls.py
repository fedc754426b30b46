"""Whether a text is a URL for Alertmanager, which asks Go's ``url.ParseRequestURI``; the same rules."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["is_url"]

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(.*)", re.DOTALL)
_NO_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_USER: Final = re.compile(r"[A-Za-z0-9._:~!$&'()*+,;=%@-]*")
_PORT: Final = re.compile(r"(?::[0-9]*)?")
_HOST: Final = re.compile(r"""(?:[A-Za-z0-9._~!$&'()*+,;=:\[\]<>"-]|[^\x00-\x7f]|%25|%[89A-Fa-f][0-9A-Fa-f])*""")
_ZONE: Final = re.compile(r"""(?:[A-Za-z0-9._~!$&'()*+,;=:\[\]<>"-]|[^\x00-\x7f]|%25|%20|%[0-9A-Fa-f]{2})*""")


def is_url(text: str) -> bool:
    """Whether *text* is an absolute URL, or an absolute path."""
    if not text or _CONTROL.search(text):
        return False
    if text == "*":
        return True
    found = _SCHEME.fullmatch(text)
    scheme, rest = (found[1], found[2]) if found else ("", text)
    rest = rest.partition("?")[0]
    if not rest.startswith("/"):
        return bool(scheme)
    if scheme and rest.startswith("//"):
        authority, _, path = rest[2:].partition("/")
        return _is_authority(authority) and not _NO_ESCAPE.search(path)
    return not _NO_ESCAPE.search(rest)


def _is_authority(authority: str) -> bool:
    user, _, host = authority.rpartition("@")
    return bool(_USER.fullmatch(user)) and not _NO_ESCAPE.search(user) and _is_host(host)


def _is_host(host: str) -> bool:
    if not host.startswith("["):
        _, colon, port = host.rpartition(":")
        return bool((not colon or _PORT.fullmatch(colon + port)) and _HOST.fullmatch(host))
    address, bracket, port = host.rpartition("]")
    if not bracket or not _PORT.fullmatch(port):
        return False
    before, _, zone = address.partition("%25")
    return bool(_HOST.fullmatch(before + bracket + port) and _ZONE.fullmatch(zone))
