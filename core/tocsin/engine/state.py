"""The engine's records: everything that a restart has to bring back, and nothing else.

All are slotted and mutable; they change only through a :class:`~tocsin.engine.transaction.Transaction`. Instants are
engine time in seconds unless a name says ``wall``. Mappings used as ordered sets have None values.
"""

from __future__ import annotations

from typing import Any, Final

import attrs

from tocsin.engine.agenda import Agenda, Ordered
from tocsin.engine.due import Due
from tocsin.engine.ids import episode_key
from tocsin.engine.roll import Roll
from tocsin.engine.transaction import Key, Table
from tocsin.model.alert import AlertView, PerformanceAlert
from tocsin.model.gap import Gap
from tocsin.model.notification import AlertStatus, NotificationKind, NotificationState
from tocsin.model.reason import Reason
from tocsin.model.severity import AlertSeverity
from tocsin.model.silence import SilenceRecord
from tocsin.roles.aggregator import Cause

__all__ = [
    "PASSENGER",
    "Acknowledgement",
    "Episode",
    "Escalation",
    "Incident",
    "Lane",
    "LevelMark",
    "Line",
    "Outgoing",
    "Owed",
    "State",
]

PASSENGER: Final = -1


@attrs.frozen(slots=True)
class Acknowledgement:
    """Who took an alert, and at which severity; ``until`` None means for good."""

    by: str
    comment: str
    severity: AlertSeverity
    at: float
    until: float | None = None


@attrs.define(slots=True, eq=False, weakref_slot=False)
class Episode:
    """One span of an alert from firing to resolved; ``alert`` is its latest report.

    ``serial`` counts all episodes; one is ``superseded`` when the alert's next began. ``episode_id`` is its key.
    """

    alert: PerformanceAlert
    n: int
    incident_id: str
    fired_at: float
    serial: int
    channels: tuple[str, ...] = ()
    rule_ids: tuple[str, ...] = ()
    policy_id: str | None = None
    resolved_at: float | None = None
    ack: Acknowledgement | None = None
    snoozed_until: float | None = None
    superseded: bool = False
    episode_id: str = attrs.field(init=False)

    @episode_id.default
    def _key(self) -> str:
        return episode_key(self.n, self.alert.alert_id)

    @property
    def record(self) -> Key:
        return "episodes", self.episode_id

    @property
    def firing(self) -> bool:
        """Whether it still fires."""
        return self.resolved_at is None

    @property
    def severity(self) -> AlertSeverity:
        """As last reported."""
        return self.alert.severity

    def view(self) -> AlertView:
        """What matchers and silences see of it."""
        return AlertView(self.alert)


@attrs.frozen(slots=True)
class Owed:
    """An episode that a line has to tell: why, and from when on. ``rank``: the severity that it was told before."""

    cause: Cause
    due: float
    rank: int = PASSENGER


@attrs.frozen(slots=True)
class LevelMark:
    """An escalation level that came due on a line and is not told yet; ``via`` are the channels that failed it.

    ``due`` is since when it only waits for another notification to end (None: it does not). Of a crowd it is told in
    parts: of whom has a number below ``past`` it is not told any more, ``begun`` says that it was told to some.
    """

    policy_id: str
    ordinal: int
    level: str
    via: tuple[str, ...] = ()
    due: float | None = attrs.field(default=None, eq=False)
    past: int = attrs.field(default=0, eq=False)
    begun: bool = attrs.field(default=False, eq=False)


@attrs.define(slots=True, eq=False, weakref_slot=False)
class Line:
    """One incident on one channel. An episode is in at most one of ``due``, ``waiting`` and ``blocked``.

    What is held of single episodes is kept with their records, so that each of a crowd's can change alone.

    ``told`` maps episodes that the channel knows to be firing to the severity rank it was told; ``top`` is the highest
    rank it was ever told (-1: nothing). ``adopted`` are episodes that no rule routes here, with the channels that
    failed them before (none: an escalation level brought them). ``follows`` are the lines of earlier incidents of
    the same alerts, which go first; ``followers`` are those that wait for this one. ``telling`` are the levels that
    the current notification tells, once it was attempted; ``levels`` those that come next. ``current`` is the outgoing
    notification, if there is one, ``again`` are those that were given up and are to be tried again. ``recent`` are the
    instants of the last minute's notifications; ``resolve_at`` is when the resolutions that wait are summarised.
    ``late`` says that the watchdog missed what waits for the current notification to end. No episode with a number
    below ``sought`` was told and passes its gates, see :mod:`tocsin.engine.reminders`.
    """

    incident_id: str
    channel_id: str
    due: dict[str, Owed] = attrs.field(factory=dict)
    waiting: dict[str, Owed] = attrs.field(factory=dict)
    blocked: dict[str, Reason] = attrs.field(factory=dict)
    told: dict[str, int] = attrs.field(factory=dict)
    adopted: dict[str, tuple[str, ...]] = attrs.field(factory=dict)
    again: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()
    followers: tuple[str, ...] = ()
    levels: tuple[LevelMark, ...] = ()
    telling: tuple[LevelMark, ...] = ()
    repeat: bool = False
    current: str | None = None
    top: int = -1
    told_at: float | None = None
    recent: tuple[float, ...] = ()
    resolve_at: float | None = None
    late: bool = False
    sought: int = 0
    counts: dict[str, int] = attrs.field(factory=dict)
    line_id: str = attrs.field(init=False)

    @line_id.default
    def _key(self) -> str:
        return f"{self.incident_id}/{self.channel_id}"

    @property
    def record(self) -> Key:
        return "incidents", self.incident_id

    @property
    def told_severity(self) -> AlertSeverity | None:
        """The highest severity that the channel was told of this incident."""
        return None if self.top < 0 else _BY_RANK[self.top]


_BY_RANK = {severity.rank: severity for severity in AlertSeverity}


@attrs.define(slots=True, eq=False, weakref_slot=False)
class Escalation:
    """One policy on one incident. Its clock runs while ``awake`` (firing, unacknowledged, unmuted) is not empty.

    ``base`` is the unpaused time up to ``since``; ``since`` is None while it is paused. ``joined`` are the channels
    that the immediate level added to the rules' own.
    """

    incident_id: str
    policy_id: str
    scheduler: str
    version: int
    state: Any
    default_channels: tuple[str, ...]
    started_at: float
    base: float = 0.0
    since: float | None = None
    awake: dict[str, None] = attrs.field(factory=dict)
    joined: tuple[str, ...] = ()
    done: bool = False

    @property
    def record(self) -> Key:
        return "incidents", self.incident_id


@attrs.define(slots=True, eq=False, weakref_slot=False)
class Incident:
    """Episodes that are told, acknowledged and escalated together."""

    incident_id: str
    key: str | None
    grouping: str
    strategy: str
    version: int
    state: Any
    opened_at: float
    opened_wall: float
    updated_wall: float
    serial: int
    members: dict[str, None] = attrs.field(factory=dict)
    firing: dict[str, None] = attrs.field(factory=dict)
    lines: dict[str, Line] = attrs.field(factory=dict)
    escalations: dict[str, Escalation] = attrs.field(factory=dict)
    closed_at: float | None = None

    @property
    def record(self) -> Key:
        return "incidents", self.incident_id


@attrs.define(slots=True, eq=False, weakref_slot=False)
class Outgoing:
    """One notification from its creation to its end. ``listed`` is frozen when its first attempt starts.

    ``serial`` counts all notifications. ``listed`` maps episodes to (status, severity rank); the rank
    :data:`PASSENGER` marks an episode that resolved before it was told and is listed beside others. ``due_at`` is since
    when the oldest of what it tells was due, which may have waited for another to end. ``parts`` are the
    lines of a digest. ``maybe`` says that an attempt's outcome was unknown, ``expired`` that the fallback channel's
    turn has come, ``late`` that the watchdog has missed it. ``started_at`` is when its latest attempt was to start.
    ``queued`` says that it waits in its lane for an attempt. ``forgiven`` are attempts that do not count any more
    since it was sent again by hand. ``detail``, ``ended_at`` and ``alert_ids`` are what is left to show of one that
    was given up. ``limited_until`` is when it started at last, if a limit alone had held it before. ``promised`` is
    since when what the watchdog is to look at next is due: it, or what waits for it (None: nothing).
    """

    notification_id: str
    incident_id: str
    channel_id: str
    kind: NotificationKind
    ordinal: int
    rank: int
    due_at: float
    created_wall: float
    serial: int
    state: NotificationState = NotificationState.QUEUED
    reason: Reason | None = None
    level: str | None = None
    policy_id: str | None = None
    parts: tuple[str, ...] = ()
    listed: dict[str, tuple[AlertStatus, int]] = attrs.field(factory=dict)
    attempts: int = 0
    first_attempt_at: float | None = None
    started_at: float | None = None
    maybe: bool = False
    expired: bool = False
    fallback: str | None = None
    queued: bool = False
    forgiven: int = 0
    late: bool = False
    detail: str = ""
    ended_at: float | None = None
    alert_ids: tuple[str, ...] = ()
    limited_until: float | None = None
    promised: float | None = 0.0

    @property
    def record(self) -> Key:
        return "outgoing", self.notification_id

    @property
    def queue_rank(self) -> tuple[int, int]:
        """Its place in the lane: escalations and the most severe first, then the oldest."""
        return (-self.rank, self.serial)

    @property
    def attempted(self) -> bool:
        """Whether an attempt was made, so that what it lists is frozen."""
        return self.attempts > 0


@attrs.define(slots=True, eq=False, weakref_slot=False)
class Lane:
    """One channel: what waits for an attempt, in order of rank, what is under way, and the latest starts.

    ``failures`` counts attempts that failed in a row; while the circuit is open ``probe_at`` is when it is probed.

    ``unheld`` are those in the queue that were not held so far, ``promised`` those that the watchdog looks at. The
    queue, these, what is ``sending`` and all that are ``live`` are derived from the notifications.
    """

    channel_id: str
    queue: Ordered[str] = attrs.field(factory=Ordered)
    unheld: dict[str, None] = attrs.field(factory=dict)
    sending: dict[str, None] = attrs.field(factory=dict)
    live: dict[str, None] = attrs.field(factory=dict)
    promised: Ordered[str] = attrs.field(factory=Ordered)
    starts: tuple[float, ...] = ()
    digests: int = 0
    failures: int = 0
    probe_at: float | None = None

    @property
    def record(self) -> Key:
        return "lanes", self.channel_id


@attrs.define(slots=True, eq=False, weakref_slot=False)
class Tally:
    """How many of an incident's episodes there are of each alert, cluster and severity, and the first and last of all.

    ``firing`` are the severities of those that fire, ``severities`` those of all. Of a crowd, those that fire are in
    order by their numbers and by their severity, and ``taken`` are those of them that somebody took.
    """

    alerts: dict[str, int] = attrs.field(factory=dict)
    clusters: dict[str, int] = attrs.field(factory=dict)
    severities: dict[AlertSeverity, int] = attrs.field(factory=dict)
    firing: dict[AlertSeverity, int] = attrs.field(factory=dict)
    ends: dict[bool, Episode] = attrs.field(factory=dict)
    by_serial: Roll[int] = attrs.field(factory=Roll)
    by_severity: Roll[tuple[int, int]] = attrs.field(factory=Roll)
    taken: dict[str, None] = attrs.field(factory=dict)

    @property
    def first(self) -> Episode:
        """The one that began first."""
        return self.ends[False]

    @property
    def last(self) -> Episode:
        """The one that began last."""
        return self.ends[True]


@attrs.define(slots=True, eq=False, weakref_slot=False)
class State:
    """Everything. ``alerts`` maps an alert id to its latest episode; ``open`` maps an aggregation key to the incident
    that alerts of that key join; ``configuration`` is the digest of the one in force; ``wall_floor`` is the latest
    instant of the wall clock that was met. ``undelivered`` are notifications
    that were given up, ``shelf`` their order.

    What is to be decided anew (see :mod:`tocsin.engine.reviews`): ``review`` has single episodes and lines in order,
    ``review_serial`` (-1: none) and ``review_member`` are where the walk over the incidents stands, which ends before
    the incident ``review_end`` and the episode ``review_until``; ``rerouting`` says that it asks the rules as well,
    and ``gathering`` that first attempts wait for its end. ``review_again`` is what follows it: another walk (1), one
    that asks the rules (2). ``alerts``, ``firing``, ``shelf`` and ``roll`` are derived, and so are
    ``dues`` (what a line owes, in its orders) and ``tallies`` (an incident's), which only crowds have.
    """

    seed: int = 0
    configuration: str = ""
    engine_time: float = 0.0
    wall_time: float = 0.0
    wall_floor: float = 0.0
    incidents_opened: int = 0
    notifications_made: int = 0
    episodes_made: int = 0
    unrouted: int = 0
    heartbeats: int = 0
    reviews_made: int = 0
    review_serial: int = -1
    review_member: int = 0
    review_end: int = 0
    review_until: int = 0
    review_again: int = 0
    rerouting: bool = False
    gathering: bool = False
    alerts: dict[str, Episode] = attrs.field(factory=dict)
    firing: dict[str, None] = attrs.field(factory=dict)
    episodes: Table[str, Episode] = attrs.field(factory=lambda: Table("episodes"))
    incidents: Table[str, Incident] = attrs.field(factory=lambda: Table("incidents"))
    open: Table[str, str] = attrs.field(factory=lambda: Table("open"))
    outgoing: Table[str, Outgoing] = attrs.field(factory=lambda: Table("outgoing"))
    undelivered: Table[str, Outgoing] = attrs.field(factory=lambda: Table("undelivered"))
    shelf: Ordered[str] = attrs.field(factory=Ordered)
    lanes: Table[str, Lane] = attrs.field(factory=lambda: Table("lanes"))
    review: Ordered[str] = attrs.field(factory=lambda: Ordered("review"))
    roll: Roll[int] = attrs.field(factory=Roll)
    dues: dict[str, dict[Due, Ordered[str]]] = attrs.field(factory=dict)
    tallies: dict[str, Tally] = attrs.field(factory=dict)
    silences: Table[str, SilenceRecord] = attrs.field(factory=lambda: Table("silences"))
    gaps: Table[str, Gap] = attrs.field(factory=lambda: Table("gaps"))
    agenda: Agenda = attrs.field(factory=lambda: Agenda("agenda"))
    wall_agenda: Agenda = attrs.field(factory=lambda: Agenda("wall_agenda"))

    @property
    def record(self) -> Key:
        """The record of the scalars."""
        return "state", ""
