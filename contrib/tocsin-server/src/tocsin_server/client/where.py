"""Where the daemon is, and how it is reached: the options that every command has."""

from __future__ import annotations

import ipaddress
import ssl
from pathlib import Path
from typing import Any, Final

import attrs
import click
import httpx

from tocsin_server.client.token import Token

__all__ = ["DEFAULT_URL", "URL", "Where"]

DEFAULT_URL: Final = "http://127.0.0.1:9093"


class _Url(click.ParamType):  # type: ignore[type-arg]  # generic in newer releases of click only
    """The address of a daemon, perhaps with a path before its own; a name and a password are refused unseen."""

    name = "url"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> httpx.URL:
        """Return the address, without a slash at its end."""
        if isinstance(value, httpx.URL):
            return value
        try:
            url = httpx.URL(str(value))
            complete = url.scheme in ("http", "https") and url.host
        except (httpx.InvalidURL, UnicodeError, ValueError):
            complete = ""
        if not complete:
            self.fail(f"this is no address of a daemon, such as {DEFAULT_URL}", param, ctx)
        if url.userinfo:
            self.fail("an address has no name and no password in it; a token is given with --token-file", param, ctx)
        if url.query or url.fragment:
            self.fail(f"an address ends before '?' and '#', such as {DEFAULT_URL}", param, ctx)
        return url.copy_with(path=url.path.rstrip("/") or "/")


URL: Final = _Url()


@attrs.frozen(slots=True)
class Where:
    """Where a daemon is.

    :param timeout: how long an answer may take, in seconds.
    :param ca: certificates of authorities in PEM, instead of those that the system trusts.
    """

    url: httpx.URL
    token: Token | None = None
    ca: Path | None = None
    timeout: float = 10.0

    @property
    def shown(self) -> str:
        """The address as errors name it: nothing of the path, in which a secret may stand."""
        host = f"[{self.url.host}]" if ":" in self.url.host else self.url.host
        return f"{self.url.scheme}://{host}" + ("" if self.url.port is None else f":{self.url.port}")

    @property
    def on_this_host(self) -> bool:
        """Whether it is an address of loopback, to which no proxy leads."""
        try:
            return ipaddress.ip_address(self.url.host).is_loopback
        except ValueError:
            return self.url.host == "localhost"

    def client(self) -> httpx.Client:
        """Return what sends requests there. Proxies are those of the environment (``HTTPS_PROXY``, ``NO_PROXY``).

        :raises click.BadParameter: when there are no certificates in ``ca``.
        """
        headers = {"Accept-Encoding": "identity", "User-Agent": "tocsin"}
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token.secret}"
        context = self._context()
        try:
            return httpx.Client(headers=headers, timeout=self.timeout, verify=context, trust_env=not self.on_this_host)
        except (httpx.InvalidURL, ImportError, ValueError):  # their text would show a proxy's password
            raise click.UsageError("a proxy of the environment (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY) is none") from None

    def _context(self) -> ssl.SSLContext:
        try:
            made = ssl.create_default_context(cafile=self.ca)
        except OSError:  # ssl.SSLError is one
            raise click.BadParameter(f"{self.ca} holds no certificates in PEM", param_hint="--ca") from None
        if self.ca is not None:  # Python 3.13 wants what many private authorities leave out
            made.verify_flags &= ~ssl.VERIFY_X509_STRICT
        return made
