"""A private authority for tests, and a certificate of it for a server on this machine."""

from __future__ import annotations

import ssl
from pathlib import Path

import attrs
import trustme

__all__ = ["Certificates", "issued"]


@attrs.frozen
class Certificates:
    """The authority's file, and what a server for ``localhost`` is secured with."""

    ca_file: str
    server: ssl.SSLContext


def issued(folder: Path) -> Certificates:
    """Make both; the authority's file is in *folder*."""
    authority = trustme.CA()
    file = folder / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(server)
    return Certificates(str(file), server)
