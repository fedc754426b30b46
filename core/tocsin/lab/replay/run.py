"""A replay from its beginning to its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import attrs

from tocsin.engine.compile import recorded_plan
from tocsin.engine.plan import Plan
from tocsin.errors import StoreError
from tocsin.lab.history.history import History, Recording
from tocsin.lab.moment import Moment
from tocsin.lab.people import NOBODY, People
from tocsin.lab.player import Player
from tocsin.lab.receivers import Receivers
from tocsin.lab.replay.listing import Listing, Sent
from tocsin.lab.replay.report import Report, report_of
from tocsin.lab.replay.tally import Tally
from tocsin.registry import Registry

__all__ = ["Played", "make_player", "play", "replay"]


@attrs.frozen(slots=True)
class Played:
    """What was played: how many moments, of which wall times, up to when, and what has to be known about it."""

    moments: int
    began: float
    last: float
    ended: float
    remarks: tuple[str, ...]


class _Until:
    """The moments up to an instant of the wall clock, counted, with the first and the last of them."""

    def __init__(self, history: History, until: float) -> None:
        self._history = history
        self._until = until
        self.count = 0
        self.first: Moment | None = None
        self.last: Moment | None = None

    def __iter__(self) -> Iterator[Moment]:
        for moment in self._history.moments():
            if moment.wall > self._until:
                return
            self.first = self.first or moment
            self.last = moment
            self.count += 1
            yield moment


def play(player: Player, history: History, until: float = float("inf")) -> Played:
    """Play a history up to an instant of the wall clock: when it ends before that, up to its last moment."""
    moments = _Until(history, until)
    player.play(moments)
    first, last = moments.first, moments.last
    if first is None or last is None:
        return Played(0, 0.0, 0.0, 0.0, (*history.remarks, "there is nothing in this history"))
    end = last.engine if until == float("inf") else last.engine + max(0.0, until - last.wall)
    player.pass_until(end)
    return Played(moments.count, first.wall, last.wall, last.wall + (end - last.engine), history.remarks)


def replay(
    history: History,
    registry: Registry,
    plan: Plan | None = None,
    *,
    since: float = float("-inf"),
    until: float = float("inf"),
    seed: int | None = None,
    receivers: Receivers | None = None,
    people: People = NOBODY,
    tell: Callable[[Sent], None] | None = None,
) -> Report:
    """Return what would have been sent, had *plan* been in force.

    :param plan: None: the configurations that were in force then, in turn, as the history's recording has them.
    :param since: the wall time (seconds since the epoch) from which what is done counts; before it all is played.
    :param until: the wall time at which the replay ends.
    :param seed: None: the history's own, with which what was sent has the ids that it had.
    :param receivers: None: as they were, as far as that was recorded, and ideal beyond that.
    :param tell: is told of each notification that counts.
    :raises StoreError: when the history cannot be read, or has no configuration where there is no *plan*.
    """
    player = make_player(history, registry, plan, seed=seed, receivers=receivers, people=people)
    tally = Tally(player.engine, since)
    player.watch(tally.watch)
    if tell is not None:
        player.watch(Listing(tell, since).watch)
    played = play(player, history, until)
    return report_of(tally, max(played.began, since), played.ended, played.remarks)


def make_player(
    history: History,
    registry: Registry,
    plan: Plan | None,
    *,
    seed: int | None = None,
    receivers: Receivers | None = None,
    people: People = NOBODY,
) -> Player:
    """Return the player of a history; see :func:`replay`."""
    plans = None
    if plan is None:
        plans = _Plans(history.recording, registry)
        plan = plans(plans.first)
    return Player(
        plan,
        seed=history.seed if seed is None else seed,
        receivers=history.receivers if receivers is None else receivers,
        people=people,
        plans=plans,
        faithful=history.recording is not None and seed is None and receivers is None and people is NOBODY,
    )


class _Plans:
    """The configurations of a recording, compiled."""

    def __init__(self, recording: Recording | None, registry: Registry) -> None:
        if recording is None or not recording.first:
            raise StoreError("this history has no configuration of its own: name one to replay it with")
        self._configurations = recording.configurations
        self._registry = registry
        self._plans: dict[str, Plan] = {}
        self.first = recording.first

    def __call__(self, digest: str) -> Plan:
        if digest not in self._plans:
            plain = self._configurations(digest)
            if plain is None:
                raise StoreError(f"the history has lost the configuration {digest}, which its journal names")
            self._plans[digest] = recorded_plan(plain, self._registry)[0]
        return self._plans[digest]
