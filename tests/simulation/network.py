"""A simulated network: receivers that fail, hang, lie, throttle and come back, each with a log of what it was sent.

The network outlives the processes that use it. What a dead process still tries to send never leaves it.
"""

from __future__ import annotations

from random import Random
from typing import Any, Final

import anyio
import attrs
from tests.simulation.ledger import Ledger, Plain
from tests.simulation.settings import BACKENDS, circuit_of, retry_of

from tocsin import BackendContext, BackendRegistrar, Notification, Outcome, hookimpl
from tocsin.model.notification import NotificationKind
from tocsin.testing.clock import VirtualClock

__all__ = ["Network", "Wire"]

_FLAKY: Final = ("well", "well", "down", "lying", "mute", "throttling", "raising")


class Network:
    """All receivers; each behaves in its mode until it is given another.

    ``well``: takes it. ``down``: refuses, it may be tried again. ``hanging``: never answers, and does not have it.
    ``mute``: has it, and never answers. ``lying``: has it, and answers with an error. ``throttling``: asks for
    patience. ``refusing``: refuses for good. ``raising``: the backend itself fails. ``flaky``: one of these, each time.
    """

    def __init__(self, clock: VirtualClock, ledger: Ledger, seed: int) -> None:
        self.clock = clock
        self.ledger = ledger
        self.modes: dict[str, str] = {}
        self._seed = seed
        self._chances: dict[str, Random] = {}

    def chance(self, channel_id: str) -> Random:
        """The channel's own dice, so that what one receiver does changes nothing for another."""
        return self._chances.setdefault(channel_id, Random(f"network {self._seed} {channel_id}"))

    async def take(self, notification: Notification) -> Outcome:
        """One call of one receiver."""
        beats = notification.kind is NotificationKind.HEARTBEAT
        chance = self.chance(f"{notification.channel_id} heartbeat" if beats else notification.channel_id)
        mode = self.modes.get(notification.channel_id, "well")
        if mode == "flaky":
            mode = chance.choice(_FLAKY)
        arrives = mode in ("well", "mute", "lying")
        line = self.ledger.called(**_plain(notification), mode=mode, arrived=arrives, code=None, detail=None)
        try:
            answer = await self._answer(mode, chance)
            line.update(answer=answer.status.value, code=answer.code, detail=answer.detail)
            line["retry_after"] = answer.retry_after_seconds
            return answer
        except _Broken as error:
            line.update(answer="unavailable", detail=f"the backend raised {type(error).__name__}")
            raise
        finally:
            line["answered_at"] = self.clock.now()
            line["seconds"] = line["answered_at"] - line["at"]
            line["answered"] = self.ledger.next()

    async def _answer(self, mode: str, chance: Random) -> Outcome:
        latency = chance.choice((0.0, 0.125, 0.125, 0.5, 2.0))
        if mode in ("hanging", "mute"):
            await anyio.sleep_forever()
        if latency:
            await self.clock.sleep_until(self.clock.now() + latency)
        if mode == "raising":
            raise _Broken
        if mode == "refusing":
            return Outcome.rejected("refused", code=400)
        if mode == "throttling":
            return Outcome.throttled("slow down", code=429, retry_after_seconds=chance.choice((None, 5.0, 90.0)))
        if mode in ("down", "lying"):
            return Outcome.unavailable("down", code=500, retry_after_seconds=chance.choice((None, None, 30.0)))
        return Outcome.delivered("fine", code=200)


class _Broken(Exception):
    """The backend's own failure."""


def _plain(notification: Notification) -> Plain:
    return {
        "channel": notification.channel_id,
        "notification": notification.notification_id,
        "attempt": notification.attempt,
        "incident": notification.incident_id,
        "kind": notification.kind.value,
        "level": None if notification.level is None else notification.level.value,
        "policy": notification.policy_id,
        "status": notification.status.value,
        "severity": notification.severity.value,
        "listing": [
            {
                "incident": one.incident_id,
                "alert": one.alert.alert_id,
                "episode": one.episode,
                "status": one.status.value,
                "severity": one.alert.severity.value,
                "cluster": one.alert.cluster_id,
                "metric": one.alert.metric_name,
                "message": one.alert.message,
            }
            for one in notification.alerts
        ],
    }


@attrs.frozen
class SimulatedConfig:
    """A receiver has no settings."""


class Wire:
    """One process' way to the network: a plugin with the simulated backends; cut when the process dies."""

    def __init__(self, network: Network) -> None:
        self.__name__ = "simulated network"
        self.network = network
        self.cut = False

    @hookimpl
    def tocsin_register_backends(self, registrar: BackendRegistrar) -> None:
        """Register a backend for each kind of receiver."""
        for name, backend in BACKENDS.items():
            registrar.register(
                name,
                self._sender,
                config_class=SimulatedConfig,
                per_incident=backend["per_incident"],
                concurrency=backend["concurrency"],
                timeout_seconds=backend["timeout"],
                retry=retry_of(backend),
                circuit=circuit_of(backend),
            )

    def _sender(self, config: Any, context: BackendContext, /) -> _Sender:
        return _Sender(self)


class _Sender:
    """One channel's backend."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def send(self, notification: Notification) -> Outcome:
        """Call the receiver, unless the process that does it is dead."""
        if self._wire.cut:
            await anyio.sleep_forever()
        return await self._wire.network.take(notification)
