"""Addresses that no notification is sent to, unless somebody says so: those at which clouds hand out credentials.

A URL may come from a template of a configuration, or its name may be made to resolve to something else later; so the
address is looked at when a connection is made, whatever name led there, and before anything is said on it.
"""

from __future__ import annotations

import ipaddress
from typing import Final

import httpx

__all__ = ["LinkLocalError", "refused_address"]

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_METADATA: Final = frozenset(
    map(ipaddress.ip_address, ("100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254"))
)
"""Alibaba Cloud's, Azure's, Oracle Cloud's and, over IPv6, Amazon's; all others are link-local."""

_TRANSLATED: Final = ipaddress.ip_network("64:ff9b::/96")
"""IPv4 addresses as NAT64 writes them (RFC 6052)."""


class LinkLocalError(httpx.ConnectError):
    """The connection led to an address that is refused; nothing was sent."""


def refused_address(host: str) -> bool:
    """Whether *host* is a link-local or metadata address, in any way of writing one; a name is none."""
    try:
        address: Address = ipaddress.ip_address(host.partition("%")[0].removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    inner = _inner(address)
    return any(one.is_link_local or one in _METADATA for one in (address, inner) if one is not None)


def _inner(address: Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that an IPv6 address stands for, if it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _TRANSLATED:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour
