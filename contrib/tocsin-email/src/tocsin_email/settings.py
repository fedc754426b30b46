"""What a channel of the backend ``email`` can be told, and what of it cannot work."""

from __future__ import annotations

import re
import ssl
from email.headerregistry import Address
from pathlib import Path
from typing import Final, Literal

import attrs

from tocsin import ConfigurationError, nearest
from tocsin.http import attempt_timeout, hide
from tocsin_email.addresses import HOST, mailbox

__all__ = ["EmailConfig"]

MOST_RECIPIENTS: Final = 100
"""So many every server takes in one go: https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3.1.8"""

_PORTS: Final = {"starttls": 587, "implicit": 465, "none": 25}
_LITERAL: Final = re.compile(r"[0-9A-Fa-f:]{2,39}(%[A-Za-z0-9_.-]+)?")
_NAMED_TO_A_SERVER: Final = re.compile(rf"{HOST.pattern}|\[[0-9A-Za-z:.]{{2,45}}\]")
_LOOPBACK: Final = re.compile(r"localhost|127(\.\d{1,3}){3}|::1", re.IGNORECASE)
_AN_ADDRESS: Final = "an address such as ops@example.org or Ops <ops@example.org>, in ASCII but for the name"


def _host(instance: object, attribute: attrs.Attribute[str], value: str) -> None:
    if HOST.fullmatch(value) is None and _LITERAL.fullmatch(value) is None:
        problem = f"{attribute.name} is the name or address of a mail server, such as mail.example.org, in ASCII"
        raise ConfigurationError(problem, attribute.name)


def _port(instance: object, attribute: attrs.Attribute[int | None], value: int | None) -> None:
    if value is not None and not 1 <= value <= 65_535:
        raise ConfigurationError(f"{attribute.name} is a number from 1 to 65535, not {value}", attribute.name)


def _tls(instance: object, attribute: attrs.Attribute[str], value: str) -> None:
    if value not in _PORTS:
        raise ConfigurationError(f"unknown {attribute.name} {value!r}{nearest(str(value), _PORTS)}", attribute.name)


def _to(instance: object, attribute: attrs.Attribute[tuple[str, ...]], value: tuple[str, ...]) -> None:
    if not 1 <= len(value) <= MOST_RECIPIENTS:
        problem = f"{attribute.name} is a list of 1 to {MOST_RECIPIENTS} addresses, not {len(value)}"
        raise ConfigurationError(problem, attribute.name)
    for index, text in enumerate(value):
        if mailbox(text) is None:
            raise ConfigurationError(f"each of {attribute.name} is {_AN_ADDRESS}", f"{attribute.name}[{index}]")


def _sender(instance: object, attribute: attrs.Attribute[str], value: str) -> None:
    if mailbox(value) is None:
        raise ConfigurationError(f"{attribute.name} is {_AN_ADDRESS}", attribute.name)


def _credential(instance: object, attribute: attrs.Attribute[str | None], value: str | None) -> None:
    if value is not None and not (value and value.isascii() and value.isprintable()):
        problem = f"{attribute.name} is visible ASCII on one line (not shown: it may be secret)"
        raise ConfigurationError(problem, attribute.name)


def _hello(instance: object, attribute: attrs.Attribute[str | None], value: str | None) -> None:
    if value is not None and _NAMED_TO_A_SERVER.fullmatch(value) is None:
        problem = f"{attribute.name} is the name by which this machine greets, such as tocsin.example.org"
        raise ConfigurationError(problem, attribute.name)


@attrs.frozen(slots=True, kw_only=True)
class EmailConfig:
    """Settings of an e-mail channel.

    ``host`` is the mail server that mail is given to, ``port`` its port (None: 587, 465 or 25, by ``tls``). ``tls`` is
    ``starttls`` (the connection is secured before anything is said, or nothing is sent), ``implicit`` (TLS from the
    first byte) or ``none``. ``ca_file`` is a PEM file with the certificate authorities that are trusted in place of
    the machine's. ``to`` are the recipients, at most 100, ``sender`` is whom it comes from. ``username`` and
    ``password``, which is a secret, belong together; they go over TLS, or to this very machine. ``hello`` is how this
    machine greets (None: by its name, if that is a full one, or its address). ``timeout_seconds`` limits one attempt,
    from connecting to the server's last word; at most 60.

    :raises ConfigurationError: for a setting that cannot work; and a password is never repeated.
    """

    host: str = attrs.field(validator=_host)
    to: tuple[str, ...] = attrs.field(validator=_to)
    sender: str = attrs.field(validator=_sender)
    port: int | None = attrs.field(default=None, validator=_port)
    tls: Literal["starttls", "implicit", "none"] = attrs.field(default="starttls", validator=_tls)
    ca_file: str | None = None
    username: str | None = attrs.field(default=None, validator=_credential)
    password: str | None = attrs.field(default=None, validator=_credential, repr=hide)
    hello: str | None = attrs.field(default=None, validator=_hello)
    timeout_seconds: float = attrs.field(default=30.0, validator=attempt_timeout)

    def __attrs_post_init__(self) -> None:
        if (self.username is None) != (self.password is None):
            missing, given = ("password", "username") if self.password is None else ("username", "password")
            raise ConfigurationError(f"a {given} needs its {missing}", missing)
        if self.password is not None and self.tls == "none" and not _LOOPBACK.fullmatch(self.host):
            raise ConfigurationError("a password goes over TLS alone: starttls or implicit", "tls")
        if self.ca_file is not None and self.tls == "none":
            raise ConfigurationError("a ca_file is for TLS, and tls is none", "ca_file")
        if self.ca_file is not None:
            self.secured()

    @property
    def server_port(self) -> int:
        """The port that is connected to."""
        return _PORTS[self.tls] if self.port is None else self.port

    @property
    def recipients(self) -> tuple[Address, ...]:
        """Whom it goes to, each address once."""
        found: dict[str, Address] = {}
        for text in self.to:
            box = _mailbox(text)
            found.setdefault(box.addr_spec, box)
        return tuple(found.values())

    @property
    def originator(self) -> Address:
        """Whom it comes from."""
        return _mailbox(self.sender)

    def secured(self) -> ssl.SSLContext | None:
        """Return what the connection is secured with; None for ``tls: none``."""
        if self.tls == "none":
            return None
        if self.ca_file is None:
            return ssl.create_default_context()
        try:
            made = ssl.create_default_context(cadata=Path(self.ca_file).read_text(encoding="ascii"))
        except (OSError, ValueError) as error:
            raise ConfigurationError(_unusable(error), "ca_file") from None
        # Python 3.13 wants extensions of RFC 5280 that many private authorities leave out
        made.verify_flags &= ~ssl.VERIFY_X509_STRICT
        return made


def _mailbox(text: str) -> Address:
    found = mailbox(text)
    assert found is not None  # it was validated
    return found


def _unusable(error: Exception) -> str:
    if isinstance(error, OSError) and not isinstance(error, ssl.SSLError):
        return f"the file cannot be read: {error.strerror}"
    return "the file holds no certificates in PEM form that can be used"
