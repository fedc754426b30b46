"""The backend ``apprise`` keeps the contract of backends with several services, and its renderer that of renderers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from apprise_peers import NTFY_PASSWORD, JsonPeer, NtfyPeer

from tocsin.testing.contracts import BackendContract, RendererContract

MENTIONS = (" @everyone", "(@ops", "<!channel", "<@U1", "<#C1")


class AppriseContract(BackendContract):
    """What holds for all services."""

    backend = "apprise"
    harmful = MENTIONS
    timeout_seconds = 60.0

    async def test_it_is_left_without_anything_open(self) -> None:
        """A connection that a thread waits on is closed when the time of its send is up."""
        self.timeout_seconds = 2.0
        await super().test_it_is_left_without_anything_open()


class TestNtfy(AppriseContract):
    """A server of one's own, with a password."""

    secrets = (NTFY_PASSWORD,)
    exempt: ClassVar = {"key": "Apprise passes none on", "retry after": "Apprise does not say when"}

    def open_receiver(self) -> NtfyPeer:
        return NtfyPeer()

    def settings(self, receiver: NtfyPeer) -> Mapping[str, Any]:
        url = f"ntfy://ops:{NTFY_PASSWORD}@{receiver.host}/alerts"
        return {"url": url, "timeout_seconds": self.timeout_seconds}


class TestJson(AppriseContract):
    """Apprise's own form, allowed, with a secret in its path."""

    secrets = ("s3cretPath",)
    exempt: ClassVar = {"key": "Apprise passes none on", "retry after": "Apprise does not say when"}

    def open_receiver(self) -> JsonPeer:
        return JsonPeer()

    def settings(self, receiver: JsonPeer) -> Mapping[str, Any]:
        url = f"json://{receiver.host}/s3cretPath"
        return {"url": url, "allow_schemes": ["json"], "timeout_seconds": self.timeout_seconds}


class TestRenderer(RendererContract):
    """Whose text is what Apprise is given."""

    renderer = "apprise"
