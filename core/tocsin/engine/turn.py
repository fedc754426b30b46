"""One turn: what every part of the engine works with while a step is under way."""

from __future__ import annotations

from typing import Final

import attrs

from tocsin.engine.plan import GLOBAL, ChannelPlan, Grouping, Plan
from tocsin.engine.state import Episode, Escalation, Incident, Lane, Line, State
from tocsin.engine.suppression.quiet import Quiet
from tocsin.engine.transaction import Transaction
from tocsin.model.event import Event, GapRecorded
from tocsin.model.gap import Gap
from tocsin.model.notification import Notification
from tocsin.model.reason import GapKind
from tocsin.model.template import NotificationTemplate

__all__ = ["LATE_SECONDS", "Instant", "StartAttempt", "Turn"]

LATE_SECONDS: Final = 1.0
"""What is met so long after its instant was slept through, by a machine that was suspended or a process that hung."""

_GAPS_KEPT = 1000


@attrs.frozen(slots=True)
class Instant:
    """A moment on both clocks: ``engine`` never goes back, ``wall`` is what people read. Seconds."""

    engine: float
    wall: float


@attrs.frozen(slots=True)
class StartAttempt:
    """The intention to start an attempt now, with the notification as it is to be told.

    ``channel`` are the settings that were in force when it was decided; ``template`` is None where the backend's
    default form is due.
    """

    notification: Notification
    channel: ChannelPlan
    template: NotificationTemplate | None


class Turn:
    """The working context of one step.

    ``clock`` is the instant that is being decided (a deadline's own, or the step's), ``now`` the step's own.
    ``ahead`` is by how much the wall clock is ahead of the engine's: until ``now``, as it was at the last step.
    Gaps that were met, escalations that run again, lines and lanes that something happened to are noted, and settled
    when everything of that instant has been taken in. ``reloading`` says that first attempts were gathered for a new
    configuration, ``beats`` that a heartbeat is due, ``restarting`` that the deadlines of a downtime are met.
    ``fresh`` are notifications that were made once all facts were taken in, and on whose line nothing happened since.
    ``released`` counts the episodes that became due in this step, ``handled`` those that attempts list which ended or
    began in it: of crowds that is the greatest part of its work.
    """

    __slots__ = (
        "ahead",
        "beats",
        "clock",
        "escalations",
        "events",
        "fresh",
        "gaps",
        "handled",
        "lanes",
        "lines",
        "now",
        "plan",
        "quiet",
        "released",
        "reloading",
        "restarting",
        "starts",
        "state",
        "tx",
    )

    def __init__(self, state: State, plan: Plan, quiet: Quiet, tx: Transaction, now: Instant) -> None:
        self.state = state
        self.plan = plan
        self.quiet = quiet
        self.tx = tx
        self.now = now
        self.clock = now.engine
        self.ahead = now.wall - now.engine
        self.events: list[Event] = []
        self.starts: list[StartAttempt] = []
        self.gaps: dict[str, Gap] = {}
        self.escalations: dict[str, tuple[Incident, Escalation]] = {}
        self.lines: dict[str, Line] = {}
        self.lanes: dict[str, Lane] = {}
        self.fresh: set[str | None] = set()
        self.beats = False
        self.reloading = False
        self.restarting = False
        self.released = 0
        self.handled = 0

    @property
    def seed(self) -> int:
        """What ids and jitter are made from, beside what they stand for."""
        return self.state.seed

    def wall(self, instant: float | None = None) -> float:
        """Return the wall time at *instant* (of the turn's clock), as the two clocks relate.

        Once a deadline in wall time was met, now is not before it: not by a rounding error, nor since the two clocks
        are read one after the other, and not in a later step either. A clock that was set back is another matter.
        """
        if instant is not None:
            return instant + self.ahead
        return max(self.state.wall_floor, self.clock + self.ahead)

    @property
    def unsettled(self) -> bool:
        """Whether something happened at this instant of which the consequences are still to be drawn."""
        return bool(self.gaps or self.escalations or self.lines)

    def touch(self, line: Line) -> None:
        """Settle *line* before this instant is left."""
        self.lines[line.line_id] = line
        if line.current in self.fresh:
            self.fresh.remove(line.current)

    def look_again(self, name: str) -> None:
        """Have an episode decided anew, in this step or a later one; or, in a later one, a line looked at further."""
        state = self.state
        if name not in state.review:
            self.tx.edit(state).reviews_made += 1
            state.review.put(self.tx, name, state.reviews_made)

    def tell(self, event: Event) -> None:
        """Let observers know, once the step is committed."""
        self.events.append(event)

    def lane(self, channel_id: str) -> Lane:
        """Return the lane of a channel; it is pumped before the step ends."""
        lane = self.state.lanes.get(channel_id)
        if lane is None:
            lane = Lane(channel_id)
            self.tx.put(self.state.lanes, channel_id, lane)
        self.lanes[channel_id] = lane
        return lane

    def line(self, incident: Incident, channel_id: str) -> Line:
        """Return the line of an incident on a channel, made when there is none."""
        line = incident.lines.get(channel_id)
        if line is None:
            line = Line(incident.incident_id, channel_id)
            self.tx.add_in(incident, incident.lines, channel_id, line)
        return line

    def line_by_id(self, line_id: str) -> Line | None:
        """Return the line of that id, if it is still there."""
        incident_id, _, channel_id = line_id.partition("/")
        incident = self.state.incidents.get(incident_id)
        return None if incident is None else incident.lines.get(channel_id)

    def incident(self, line: Line) -> Incident:
        """Return the incident of *line*."""
        return self.state.incidents[line.incident_id]

    def walked_through(self, incident: Incident) -> bool:
        """Whether a part of the incident's members is decided anew and the rest is not, see ``reviews``."""
        return self.state.review_member > 0 and incident.serial == self.state.review_serial

    def grouping(self, incident: Incident) -> Grouping:
        """Return the aggregator, as it is configured, that the incident is told by."""
        groupings = self.plan.groupings
        return groupings.get(incident.grouping) or groupings[GLOBAL]

    def episode(self, episode_id: str) -> Episode:
        """Return the episode of that id."""
        return self.state.episodes[episode_id]

    def gap(self, kind: GapKind, subject: str, detail: str) -> None:
        """Record that something owed could not be given, or that a part failed."""
        key = f"{kind.value}:{subject}"
        wall = self.wall()
        known = self.state.gaps.get(key)
        if known is None:
            gap = Gap(kind, subject, detail, 1, wall, wall)
            if len(self.state.gaps) >= _GAPS_KEPT:
                oldest = min(self.state.gaps, key=lambda name: (self.state.gaps[name].last_at, name))
                self.tx.drop(self.state.gaps, oldest)
        else:
            gap = attrs.evolve(known, detail=detail, count=known.count + 1, last_at=wall)
        self.tx.put(self.state.gaps, key, gap)
        self.gaps[key] = gap
        self.tell(GapRecorded(self.clock, gap))
