"""The backend ``teams`` keeps the contract of backends, and its renderer that of renderers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from teams_peer import TOKEN, TeamsPeer

from tocsin.testing.contracts import BackendContract, RendererContract


class TestTeams(BackendContract):
    """Of markup nothing is harmful: alerts stand in text runs, where Teams reads none (see test_message)."""

    backend = "teams"
    secrets = (TOKEN,)
    harmful = ("\u202e", "\u2066", "\x1b[")
    exempt: ClassVar = {"key": "a workflow's webhook takes none"}

    def open_receiver(self) -> TeamsPeer:
        return TeamsPeer()

    def settings(self, receiver: TeamsPeer) -> Mapping[str, Any]:
        return {"webhook_url": receiver.webhook}


class TestTeamsRenderer(RendererContract):
    """Whose text the backend makes a card of."""

    renderer = "teams"
