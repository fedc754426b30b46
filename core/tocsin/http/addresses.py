"""Addresses that no notification is sent to, unless somebody says so: those at which clouds hand out credentials.

A URL may come from a template of a configuration, or its name may be made to resolve to something else later; so the
address is looked at when a connection is made, whatever name led there, and before anything is said on it.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from typing import Final

import httpx

__all__ = ["LinkLocalError", "refused_address"]

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_METADATA: Final = frozenset(
    map(ipaddress.ip_address, ("100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254"))
)
"""Alibaba Cloud's, Azure's, Oracle Cloud's and, over IPv6, Amazon's and Google's; all others are link-local."""

_NUMERIC: Final = re.compile(r"(0x[0-9a-f]+|\d+)(\.(0x[0-9a-f]+|\d+)){0,3}")
_COMPATIBLE: Final = 0xFFFF_0000
"""The first 96 bits of ``::ffff:0:a.b.c.d``, as SIIT writes IPv4 addresses (RFC 7915)."""

_TRANSLATED: Final = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "64:ff9b:1::/48")))
"""IPv4 addresses as NAT64 writes them (RFC 6052, RFC 8215)."""

_NAMES: Final = frozenset({"metadata", "metadata.google.internal", "metadata.goog", "instance-data"})
"""What a resolver of a cloud knows them by: behind a proxy the name is all that can be looked at."""


class LinkLocalError(httpx.ConnectError):
    """The connection led to an address that is refused; nothing was sent."""


def refused_address(host: str) -> bool:
    """Whether *host* is a link-local or metadata address, in any way of writing one, or the name of one."""
    plain = host.partition("%")[0].removeprefix("[").removesuffix("]").rstrip(".").lower()
    try:
        address = _read(plain)
    except (ValueError, OSError):
        return plain in _NAMES
    inner = _inner(address)
    return any(one.is_link_local or one in _METADATA for one in (address, inner) if one is not None)


def _read(plain: str) -> Address:
    """Return the address that is written: also as resolvers read it, with fewer parts, in octal or in hexadecimal."""
    if _NUMERIC.fullmatch(plain):
        return ipaddress.IPv4Address(socket.inet_aton(plain))
    return ipaddress.ip_address(plain)


def _inner(address: Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that an IPv6 address stands for, if it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if any(address in network for network in _TRANSLATED) or int(address) >> 32 == _COMPATIBLE:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour
