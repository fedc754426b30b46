"""The backend ``telegram`` keeps the contract of backends, and its renderer that of renderers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from telegram_peer import CHAT, TOKEN, TelegramPeer

from tocsin.testing.contracts import BackendContract, RendererContract


class TestTelegram(BackendContract):
    """In a topic of a group."""

    backend = "telegram"
    secrets = (TOKEN, TOKEN.partition(":")[2])
    harmful = (" @everyone", "(@ops_bot", "<b>a", "<a href", "<pre", "<tg-", "&lt;b", "\u202e", "\u2066")
    exempt: ClassVar = {"key": "the Bot API takes none"}

    def open_receiver(self) -> TelegramPeer:
        return TelegramPeer()

    def settings(self, receiver: TelegramPeer) -> Mapping[str, Any]:
        return {"bot_token": TOKEN, "chat_id": CHAT, "message_thread_id": 7, "api_url": f"{receiver.url}/"}


class TestTelegramRenderer(RendererContract):
    """Whose text the backend makes a message of."""

    renderer = "telegram"
