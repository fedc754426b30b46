"""The backend ``discord`` keeps the contract of backends, and its renderer that of renderers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from discord_peer import THREAD, TOKEN, DiscordPeer

from tocsin.testing.contracts import BackendContract, RendererContract


class TestDiscord(BackendContract):
    """With a thread, and a name of its own."""

    backend = "discord"
    secrets = (TOKEN,)
    harmful = (
        *("@everyone", "@here", "<@1122", "<@!1122", "<@&1122", "<#1122", "</kick", "<t:16", "<a:x", "<:x"),
        *("](https://evil.example", "**b", "`c", "||d", "~~e", ":bell:", "# f", "\n> g", "\u202e", "\u2066"),
    )
    exempt: ClassVar = {"key": "a webhook of Discord's takes none"}

    def open_receiver(self) -> DiscordPeer:
        return DiscordPeer()

    def settings(self, receiver: DiscordPeer) -> Mapping[str, Any]:
        return {"webhook_url": receiver.webhook, "username": "tocsin", "thread_id": THREAD}


class TestDiscordRenderer(RendererContract):
    """Whose text the backend makes a message of."""

    renderer = "discord"
