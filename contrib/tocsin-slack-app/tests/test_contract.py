"""The backend ``slack-app`` keeps the contract of backends, and its renderer that of renderers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest
from slack_peer import CHANNEL, TOKEN, SlackPeer

from tocsin.testing.contracts import BackendContract, RendererContract
from tocsin.testing.receiver import BackendReceiver


class TestSlackApp(BackendContract):
    """In one channel."""

    backend = "slack-app"
    secrets = (TOKEN, TOKEN.partition("-")[2])
    harmful = ("<!channel", "<!here", "<!everyone", "<!subteam^S1", "<@U1", "<#C1", "<https://evil.example|", "&lt;!")
    exempt: ClassVar = {"key": "Slack takes none: it is asked what it has instead, as test_once.py shows"}

    def open_receiver(self) -> SlackPeer:
        return SlackPeer()

    def settings(self, receiver: SlackPeer) -> Mapping[str, Any]:
        page = "https://alerts.example.org/#/{incident_id}?alert={alert_id}"
        return {"bot_token": TOKEN, "channel": CHANNEL, "api_url": f"{receiver.url}/api/", "page_url": page}

    async def test_hostile_text_survives(self) -> None:
        """Not only what is told, but also what is changed has to be as Slack wants it."""
        opened: list[SlackPeer] = []
        before = self.open_receiver

        def noting() -> BackendReceiver:
            opened.append(before())
            return opened[-1]

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(self, "open_receiver", noting)
            await super().test_hostile_text_survives()
        (slack,) = opened
        assert "chat.update" in slack.asked()
        assert slack.problems == []


class TestSlackAppRenderer(RendererContract):
    """Whose text the backend makes blocks of."""

    renderer = "slack-app"
