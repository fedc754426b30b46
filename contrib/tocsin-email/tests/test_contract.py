"""The backend ``email`` keeps the contract of backends, with and without TLS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest
from mail_certificates import Certificates
from post_office import PASSWORD, USERNAME, PostOffice

from tocsin.testing.contracts import BackendContract

_NO_THROTTLE = "no answer of SMTP asks for less, or says when to come back"


class EmailContract(BackendContract):
    """What all of them share."""

    backend = "email"
    harmful = ("\r\nBcc: everybody@example.org", "\x1b[2J", "\u202e")
    exempt: ClassVar = {"throttles": _NO_THROTTLE, "retry after": _NO_THROTTLE}

    def settings(self, receiver: Any) -> Mapping[str, Any]:
        """A channel that gives its mail to *receiver*."""
        return receiver.settings()  # type: ignore[no-any-return]  # a post office's are a mapping


class TestPlainly(EmailContract):
    """To a server on this machine, without TLS and without a login."""

    exempt: ClassVar = {**EmailContract.exempt, "secrets": "nothing logs in"}

    def open_receiver(self) -> PostOffice:
        """A server without TLS."""
        return PostOffice()


class TestStartTls(EmailContract):
    """Secured before anything is said, and with a login."""

    secrets = (PASSWORD,)
    certificates: Certificates

    @pytest.fixture(autouse=True)
    def _certified(self, certificates: Certificates) -> None:
        self.certificates = certificates

    def settings(self, receiver: Any) -> Mapping[str, Any]:
        """A channel that trusts the server's authority, and logs in."""
        ca_file = self.certificates.ca_file
        return receiver.settings(ca_file=ca_file, username=USERNAME, password=PASSWORD)  # type: ignore[no-any-return]  # as above

    def open_receiver(self) -> PostOffice:
        """A server that takes nothing before STARTTLS."""
        return PostOffice(self.certificates.server, auth_required=True)
