"""An ordeal: a service is killed again and again under load, and what it promised is held against what arrived."""

from __future__ import annotations

import socket
import time
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any, Final

import attrs
from tests.durability.nursery import PATIENCE_SECONDS, Doom, Life, Nursery
from tests.durability.post import Arrival, Post
from tests.durability.source import Source

from tocsin.stores.sqlite_check import check

__all__ = ["Report", "undergo"]

_ALERTS_PER_LIFE: Final = 60
_STRATEGIES: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("none", {}),
    ("window", {"window_seconds": 0.5, "burst": 1000, "resolve_seconds": 0.2}),
)


@attrs.frozen
class Report:
    """What came of an ordeal: ``problems`` are broken promises, the rest is counted for people."""

    problems: tuple[str, ...]
    kills: Counter[str]
    accepted: int
    arrivals: int
    taken_twice: int
    seconds: float

    def __str__(self) -> str:
        kills = ", ".join(f"{count} after {word!r}" for word, count in sorted(self.kills.items()))
        return (
            f"{self.kills.total()} kills ({kills}) in {self.seconds:.0f} s: {self.accepted} alerts accepted, "
            f"{self.arrivals} attempts arrived, {self.taken_twice} taken once more after a kill, "
            f"{len(self.problems)} problems"
        )


def undergo(folder: Path, seed: int, kills: int, *, hasty: bool = False) -> Report:
    """Kill a service *kills* times and return what came of it; *folder* is where its file is kept.

    :param hasty: its store answers before it has kept anything, which this has to notice.
    """
    random = Random(seed)
    began = time.monotonic()
    path = folder / "ordeal.db"
    # one generator for each thread: what it draws does not depend on what the others do
    with Post(Random(seed + 1)) as post, Nursery() as nursery, socket.create_server(("127.0.0.1", 0)) as door:
        source = Source(Random(seed + 2), post.told)
        strategy, aggregation = random.choice(_STRATEGIES)
        settings = {
            "path": str(path),
            "url": post.url,
            "port": door.getsockname()[1],
            "strategy": strategy,
            "aggregation": aggregation,
            "hasty": hasty,
        }
        struck: Counter[str] = Counter()
        problems: list[str] = []
        while struck.total() < kills:
            doom = Doom.draw(random)
            life = nursery.start(_drawn(random, settings), doom)
            _live(door, source, life)
            if life.killed:
                struck[doom.word] += 1
            else:
                problems.append(f"life {life.number} ended with {life.status} before it was killed")
                break
        if not problems:
            life = nursery.start(_drawn(random, settings), None)
            problems += _last(door, source, post, life, 1.0 if hasty else PATIENCE_SECONDS / 4)
        problems += _twice(post.noted, nursery.lives)
        problems += check(path).findings
        return Report(
            tuple(problems),
            struck,
            len(source.accepted),
            len(post.noted),
            _taken_twice(post.noted),
            time.monotonic() - began,
        )


def _drawn(random: Random, settings: dict[str, Any]) -> dict[str, Any]:
    synchronous = random.choice(("full", "full", "normal"))
    return {**settings, "synchronous": synchronous, "loop": random.choice(("asyncio", "trio"))}


def _admit(door: socket.socket, life: Life) -> socket.socket | None:
    """Return the process' connection, or None when it is killed before it makes one."""
    door.settimeout(0.05)
    while not life.ended.is_set():
        try:
            return door.accept()[0]
        except TimeoutError:
            continue
    return None


def _live(door: socket.socket, source: Source, life: Life) -> None:
    """Load the process until it is killed; one whose moment never comes is killed after a while."""
    connection = _admit(door, life)
    if connection is not None:
        with connection:
            connection.settimeout(None)
            source.talk(connection, _ALERTS_PER_LIFE)
            life.kill_after(1.0)
            life.ended.wait(PATIENCE_SECONDS)
    assert life.ended.wait(PATIENCE_SECONDS), "it does not end"


def _last(door: socket.socket, source: Source, post: Post, life: Life, patience: float) -> list[str]:
    """Let the last life end what there is to do, in peace; return the promises that were not kept."""
    connection = _admit(door, life)
    if connection is None:
        return [f"the last life ended with {life.status}"]
    with connection:
        connection.settimeout(None)
        source.talk(connection, 0)
        post.wait_until_told(source.owed, patience)
        active = set(source.ask(connection))
    life.ended.wait(PATIENCE_SECONDS)
    problems = [f"{alert_id} never reached {channel}" for channel, alert_id in post.missing(source.owed())]
    if life.status != 0:
        problems.append(f"the last life ended with {life.status}")
    problems += [f"{name} was accepted and is gone" for name in source.accepted if name not in active | source.over]
    problems += [f"{name} was resolved and still fires" for name in active & source.over]
    return problems


def _twice(arrivals: list[Arrival], lives: list[Life]) -> list[str]:
    """Return what was sent again and should not have been, or said the same thing under another id."""
    problems: dict[str, None] = {}
    committed: dict[str, int] = {}
    for life in lives:
        for notification_id in life.delivered:
            if committed.setdefault(notification_id, life.number) != life.number:
                problems[f"{notification_id} was delivered in two lives, and both times committed"] = None
    identity: dict[str, tuple[str, str, str]] = {}
    told_by: dict[tuple[str, str], str] = {}
    taken: dict[str, int] = {}
    for one in arrivals:
        says = (one.channel_id, one.incident_id, one.kind)
        if identity.setdefault(one.notification_id, says) != says:
            problems[f"{one.notification_id} says different things: {says}, {identity[one.notification_id]}"] = None
        for alert_id in one.firing:
            if told_by.setdefault((one.channel_id, alert_id), one.notification_id) != one.notification_id:
                problems[f"{alert_id} was told to {one.channel_id} under two ids"] = None
        if one.life > committed.get(one.notification_id, one.life):
            problems[f"{one.notification_id} was sent again after its delivery was committed"] = None
        if one.taken:
            if taken.get(one.notification_id) == one.life:
                problems[f"{one.notification_id} was sent again in life {one.life}, which knew it was taken"] = None
            taken[one.notification_id] = one.life
    return list(problems)


def _taken_twice(arrivals: list[Arrival]) -> int:
    taken = Counter(one.notification_id for one in arrivals if one.taken)
    return sum(count - 1 for count in taken.values())
