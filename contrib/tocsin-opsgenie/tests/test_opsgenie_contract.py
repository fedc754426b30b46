"""The backend keeps the contract of backends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from alert_api import KEY, AlertApi

from tocsin.testing.contracts import BackendContract


class TestOpsgenie(BackendContract):
    """Whose key stands in a header."""

    backend = "opsgenie"
    secrets = (KEY,)
    harmful = ("<script>", "<b>", "<a href='https://evil.example'>", "<!--", "\u202e", "\x1b[")
    exempt: ClassVar = {
        "key": "Opsgenie knows a request that comes twice by the alert's alias alone",
        "heartbeat": "a ping has no text; test_answers.py has them",
    }

    def open_receiver(self) -> AlertApi:
        return AlertApi()

    def settings(self, receiver: Any) -> Mapping[str, Any]:
        return {"api_key": KEY, "api_url": receiver.url}
