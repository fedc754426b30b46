"""A replay of what a service recorded gives what it sent: exactly, with its own configurations."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

import attrs
import pytest
from tests.simulation.network import Wire
from tests.simulation.run import simulate

from tocsin import Action, AlertFired, AttemptFinished, Event, FactAccepted, Registry, StoreError, discovery
from tocsin.engine.compile import recorded_plan
from tocsin.engine.machine import Instant, Step
from tocsin.engine.plan import Plan
from tocsin.journal import Entry, entry_from_plain
from tocsin.lab.history.history import History
from tocsin.lab.history.journal import history_of_entries
from tocsin.lab.receivers import IDEAL
from tocsin.lab.replay.run import make_player, play, replay
from tocsin.lab.standpoint import standpoint_of_history
from tocsin.model.event import NotificationChanged, TellingDecided
from tocsin.model.notification import NotificationState
from tocsin.stores.interface import STATE


@attrs.frozen
class Recorded:
    """A simulated run: its journal, the history that is made of it, and the plugins that it needs."""

    entries: tuple[Entry, ...]
    history: History
    registry: Registry

    def configurations(self) -> Iterator[str]:
        return iter(dict.fromkeys(entry.configuration for entry in self.entries))

    def plain(self, digest: str) -> dict[str, object]:
        assert self.history.recording is not None
        return copy.deepcopy(dict(self.history.recording.configurations(digest) or {}))

    def events(self) -> list[Event]:
        return [event for entry in self.entries for event in entry.events if not isinstance(event, FactAccepted)]

    def played(self, plan: Plan | None = None) -> list[Event]:
        """Play the history, and return what was decided."""
        found: list[Event] = []
        player = make_player(self.history, self.registry, plan)
        player.watch(lambda step, now: found.extend(one for one in step.events if not isinstance(one, FactAccepted)))
        play(player, self.history)
        return found


def recorded(seed: int, folder: Path) -> Recorded:
    """Simulate a seed whose store is in memory, through crashes, outages, jumps and reloads."""
    run = simulate(seed, 4.0, folder)
    lines = (folder / "journal.jsonl").read_text(encoding="utf-8").splitlines()
    entries = tuple(entry_from_plain(json.loads(line)) for line in lines)
    checkpoint = run.disk.store.load()
    assert checkpoint is not None
    history = history_of_entries(lambda: iter(entries), run.disk.store.configuration, checkpoint.records[STATE]["seed"])
    registry = discovery.load(extra=[Wire(run.network)]).registry
    return Recorded(entries, history, registry)


@pytest.mark.parametrize("seed", [0, 2, 3, 5, 9, 20])
def test_the_own_configurations_give_exactly_what_was_decided(seed: int, tmp_path: Path) -> None:
    """Every decision, attempt and gap, in order, each at its instant: a crash and an outage are part of a history."""
    run = recorded(seed, tmp_path)
    assert run.played() == run.events()


def _sent(events: list[Event]) -> list[tuple[str, int, float]]:
    return [
        (event.notification_id, event.attempt, event.at)
        for event in events
        if isinstance(event, NotificationChanged) and event.state.value == "sending"
    ]


def test_one_configuration_that_never_changed_gives_the_same_by_itself(tmp_path: Path) -> None:
    """Named as the daemon would name it, and not taken from the journal."""
    run = recorded(21, tmp_path)
    (only,) = run.configurations()
    plan, _ = recorded_plan(run.plain(only), run.registry)
    assert run.played(plan) == run.events()


def test_what_another_configuration_makes_due_is_met_in_time(tmp_path: Path) -> None:
    """A channel that nothing uses makes it another one: what is sent stays, but for what a downtime kept back."""
    run = recorded(21, tmp_path)
    (only,) = run.configurations()
    plain = run.plain(only)
    channels = plain["channels"]
    assert isinstance(channels, dict)
    channels["spare"] = {**next(iter(channels.values())), "channel_id": "spare"}
    found, was = (
        {name: at for name, attempt, at in _sent(events) if attempt == 1}
        for events in (run.played(recorded_plan(plain, run.registry)[0]), run.events())
    )
    assert len(was) > 20
    assert len(found.keys() ^ was.keys()) <= 4
    assert sum(abs(found[name] - was[name]) > 1.0 for name in found.keys() & was.keys()) <= 4


def test_a_history_without_configurations_cannot_be_replayed_with_its_own(registry: Registry) -> None:
    """There is none."""
    with pytest.raises(StoreError, match="no configuration of its own"):
        replay(History(lambda: ()), registry)


def test_a_journal_that_was_pruned_says_so(tmp_path: Path) -> None:
    """What fired before its first entry is not known."""
    run = recorded(0, tmp_path)
    later = run.entries[5:]
    history = history_of_entries(lambda: iter(later), lambda digest: run.plain(digest), 1)
    assert any("what fired or was silenced before it is not known" in remark for remark in history.remarks)


def test_a_model_in_the_place_of_the_recorded_receivers_is_heard_in_time(tmp_path: Path) -> None:
    """Under its own configuration too: what ends otherwise than it was recorded is not kept waiting for an entry."""
    run = recorded(3, tmp_path)
    ends: list[tuple[str, float, float]] = []

    def watch(step: Step, now: Instant) -> None:
        finished = (one.delivery for one in step.events if isinstance(one, AttemptFinished))
        ends.extend((one.outcome, one.delivery_time_ms, now.engine - begun[one.notification_id]) for one in finished)
        begun.update((one.notification.notification_id, now.engine) for one in step.starts)

    begun: dict[str, float] = {}
    player = make_player(run.history, run.registry, None, receivers=IDEAL)
    player.watch(watch)
    play(player, run.history)
    assert len(ends) > 20
    assert set(ends) == {("delivered", 0.0, 0.0)}


def test_what_a_service_writes_meanwhile_is_no_part_of_it(tmp_path: Path) -> None:
    """How its attempts ended was not seen when the journal was gone through first."""
    run = recorded(0, tmp_path)
    grows = [run.entries[:-5], run.entries]
    history = history_of_entries(lambda: iter(grows.pop(0)), lambda digest: run.plain(digest), 1)
    assert len(list(history.moments())) == len(run.entries) - 5


@pytest.mark.parametrize("seed", [0, 3, 9])
def test_an_explanation_of_a_past_instant_is_what_was_decided_there(seed: int, tmp_path: Path) -> None:
    """Of each of some first reports that came alone: the same channels, actions, reasons and instants."""
    run = recorded(seed, tmp_path)
    latest = accumulate((entry.wall_time for entry in run.entries), max)
    alone = [
        (entry, entry.inputs[0].alert)
        for before, entry in zip(latest, run.entries[1:], strict=False)
        if len(entry.inputs) == 1 and isinstance(entry.inputs[0], AlertFired)
        if before < entry.wall_time  # where the clock is put back an instant comes twice
    ]
    checked = 0
    for entry, alert in alone[:: max(1, len(alone) // 12)]:
        decided = {
            event.channel_id: (event.action, event.reason, event.due)
            for event in entry.events
            if isinstance(event, TellingDecided) and event.alert_id == alert.alert_id
        }
        standpoint = standpoint_of_history(run.history, run.registry, entry.wall_time)
        explained = standpoint.explain(alert)
        ahead = entry.wall_time - entry.engine_time
        found = {
            one.channel_id: (one.action, one.reason, None if one.due is None else one.due - ahead)
            for one in explained.channels
        }
        begun = {
            one.channel_id
            for one in entry.events
            if isinstance(one, NotificationChanged) and one.state is NotificationState.SENDING
            if one.incident_id == explained.incident_id
        }
        for channel_id, (action, reason, due) in decided.items():
            if action is Action.NOTIFY and channel_id not in begun:
                assert found[channel_id][0] is Action.HOLD
                continue
            assert found[channel_id][:2] == (action, reason)
            assert due is None or found[channel_id][2] == pytest.approx(due, abs=1e-3)
            checked += 1
    assert checked > 10
