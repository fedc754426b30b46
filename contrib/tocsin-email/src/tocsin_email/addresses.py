"""Mailboxes as people write them: ``ops@example.org`` or ``Ops <ops@example.org>``."""

from __future__ import annotations

import re
from email.headerregistry import Address
from typing import Final

__all__ = ["HOST", "mailbox"]

HOST: Final = re.compile(r"[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*")
"""A host name, or an address of IPv4."""

_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL: Final = re.compile(rf"{_ATOM}(\.{_ATOM})*")
_LITERAL: Final = re.compile(r"\[(IPv6:)?[0-9A-Fa-f:.]{2,45}\]")
_NAMED: Final = re.compile(r'(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>[^"@,;:<>()\[\]\\]*))\s*<(?P<address>[^<>]*)>')
_LONGEST_LOCAL: Final = 64
_LONGEST: Final = 254


def mailbox(text: str) -> Address | None:
    """Return the one mailbox that *text* names, or None.

    The address is ASCII and without quotes, so that any server takes it (RFC 5321, section 4.1.2: other forms should
    be avoided); the name before it is any printable text. https://www.rfc-editor.org/rfc/rfc5321#section-4.1.2
    """
    named = _NAMED.fullmatch(text.strip())
    address = named["address"] if named else text.strip()
    name = _name(named) if named else ""
    if not name.isprintable() or not _valid(address):
        return None
    return Address(display_name=name, addr_spec=address)


def _name(named: re.Match[str]) -> str:
    if named["quoted"] is not None:
        return re.sub(r"\\(.)", r"\1", named["quoted"]).strip()
    return " ".join(named["plain"].split(" ")).strip()


def _valid(address: str) -> bool:
    local, at, domain = address.rpartition("@")
    if not at or len(local) > _LONGEST_LOCAL or len(address) > _LONGEST:
        return False
    known = HOST.fullmatch(domain) is not None or _LITERAL.fullmatch(domain) is not None
    return known and _LOCAL.fullmatch(local) is not None
