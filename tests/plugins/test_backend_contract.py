"""The bundled backends keep the contract of backends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from tocsin.testing.contracts import BackendContract
from tocsin.testing.http_receiver import HttpReceiver

TOKEN = "s3cret-t0ken-XXXX"


class TestSlack(BackendContract):
    """Whose address is its secret."""

    backend = "slack"
    secrets = (TOKEN,)
    harmful = ("<!channel>", "<!here>", "<@U1>", "<https://evil.example|click>")
    exempt: ClassVar = {"key": "an incoming webhook takes none"}

    def open_receiver(self) -> HttpReceiver:
        return HttpReceiver()

    def settings(self, receiver: HttpReceiver) -> Mapping[str, Any]:
        return {"webhook_url": f"{receiver.url}/services/T000/{TOKEN}"}


class TestWebhook(BackendContract):
    """Signed, with headers of its own."""

    backend = "webhook"
    secrets = (TOKEN, "b3RoZXIgc2VjcmV0", "Zm9yIHNpZ25pbmcgbm90aGluZyBidXQgdGVzdHM=")

    def open_receiver(self) -> HttpReceiver:
        return HttpReceiver()

    def settings(self, receiver: HttpReceiver) -> Mapping[str, Any]:
        return {
            "webhook_url": f"{receiver.url}/{TOKEN}?x=1",
            "headers": {"Authorization": "Basic b3RoZXIgc2VjcmV0"},
            "secret": "whsec_Zm9yIHNpZ25pbmcgbm90aGluZyBidXQgdGVzdHM=",
        }
