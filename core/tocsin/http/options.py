"""How requests get out: through a proxy, with other certificate authorities, with a certificate of one's own."""

from __future__ import annotations

import functools
import os
import ssl
from pathlib import Path
from typing import Any

import attrs
import httpx

from tocsin.errors import ConfigurationError
from tocsin.http.redaction import redact_url
from tocsin.http.settings import http_url

__all__ = ["HttpOptions"]


def _proxy(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if value is not None:
        http_url(instance, attribute, value)


def _shown(value: str | None) -> str:
    return repr(value) if value is None else redact_url(value)


@attrs.frozen(slots=True, kw_only=True)
class HttpOptions:
    """Settings of a channel that speaks HTTP, as its ``http``.

    ``proxy_url`` is an HTTP proxy (user and password in it are secrets); the environment chooses none. ``ca_file``
    is a PEM file with the certificate authorities that are trusted in place of the machine's. ``client_certificate``
    and ``client_key`` are PEM files of a certificate to show to the receiver (the key may be in the first).
    ``allow_link_local`` lets requests go to link-local and metadata addresses, which are refused otherwise, whatever
    name leads there; behind a proxy the name is all that can be looked at.

    :raises ConfigurationError: for a file that cannot be read, or is none of its kind.
    """

    proxy_url: str | None = attrs.field(default=None, validator=_proxy, repr=_shown)
    ca_file: str | None = None
    client_certificate: str | None = None
    client_key: str | None = None
    allow_link_local: bool = False

    def __attrs_post_init__(self) -> None:
        if self.client_key is not None and self.client_certificate is None:
            raise ConfigurationError("a client_key needs its client_certificate", "client_key")
        self.tls()

    def tls(self) -> ssl.SSLContext | None:
        """Return what connections are secured with; None: as the machine has it."""
        if self.ca_file is None and self.client_certificate is None:
            return None
        made = self._trusting()
        if self.client_certificate is not None:
            try:
                made.load_cert_chain(self.client_certificate, self.client_key, password=_no_password)
            except (OSError, ValueError) as error:
                raise ConfigurationError(_problem(error, "a certificate with its key"), "client_certificate") from None
        return made

    def _trusting(self) -> ssl.SSLContext:
        if self.ca_file is None:
            return httpx.create_ssl_context()
        try:
            made = ssl.create_default_context(cadata=Path(self.ca_file).read_text(encoding="ascii"))
            # Python 3.13 wants extensions of RFC 5280 that many private authorities leave out
            made.verify_flags &= ~ssl.VERIFY_X509_STRICT
            return made
        except (OSError, ValueError) as error:
            raise ConfigurationError(_problem(error, "certificates"), "ca_file") from None

    def transport(self) -> httpx.AsyncBaseTransport:
        """Return a transport with these settings, which keeps idle connections for a while.

        It keeps as many as sends ran at once: with a limit, httpcore closes each that falls idle while there are more.
        """
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=5.0)
        tls = self.tls() or _machines_tls(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
        return httpx.AsyncHTTPTransport(verify=tls, limits=limits, proxy=self.proxy_url)


@functools.lru_cache(maxsize=4)
def _machines_tls(file: str | None, folder: str | None) -> ssl.SSLContext:
    """Return what connections are secured with as the machine has it; *file* and *folder* are what httpx looks up.

    It is shared: reading a hundred authorities takes long, and a channel that is not entered would do it per attempt.
    """
    return httpx.create_ssl_context()


def _no_password() -> str:
    raise ValueError("it is encrypted, and nobody is here to ask for its password")


def _problem(error: Exception, what: str) -> str:
    if isinstance(error, OSError) and not isinstance(error, ssl.SSLError):
        return f"the file cannot be read: {error.strerror}"
    return f"the file holds no {what} in PEM form that can be used"
