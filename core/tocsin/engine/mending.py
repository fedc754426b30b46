"""Mending: what is left of records of which some are lost, made fit for :func:`tocsin.engine.loading.load` again.

A record that is lost leaves others that refer to it. Those that mean nothing without it go as well; the rest is brought
in accord with what is there. Nothing is made up: an alert that is gone fires again when its source repeats it. Records
that fit together come back as they were.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

import attrs

from tocsin.config import Configuration
from tocsin.engine import resetting
from tocsin.engine.agenda import Deadline

__all__ = ["Mended", "mend"]

Key = tuple[str, str]

_CALLED: Final = {
    "episodes": "alerts",
    "outgoing": "notifications",
    "open": "keys of incidents",
    "review": "reviews",
    "agenda": "deadlines",
    "wall_agenda": "deadlines",
}
"""What people call the records of a table."""


@attrs.frozen(slots=True)
class Mended:
    """Records that fit together. ``losses`` says by subject what became of those that did not; ``changed`` are the keys
    of those that are to be written again."""

    records: Mapping[Key, Any]
    losses: Mapping[str, str] = attrs.field(factory=dict)
    changed: tuple[Key, ...] = ()


def mend(records: Mapping[Key, Any], config: Configuration) -> Mended:
    """Return *records*, of which some are missing, so that an engine can go on from them; they are left as they are.

    :param records: as :func:`tocsin.engine.codec.dump` gives them, that of the state among them.
    :param config: says how long what ended is kept, and which channels have a fallback.
    """
    pieces = _Pieces(records)
    _mend_members(pieces)
    _mend_notifications(pieces)
    firing, awake = _firing(pieces), resetting.awake(pieces.tables)
    for name in pieces.table("incidents"):
        _mend_incident(pieces, name, awake, closes=name not in firing)
    _mend_names(pieces)
    _mend_lanes(pieces)
    _mend_walk(pieces)
    _mend_agendas(pieces)
    _reset(pieces, config)
    return pieces.mended()


class _Pieces:
    """The records as tables, what was changed in them, and what was lost."""

    def __init__(self, records: Mapping[Key, Any]) -> None:
        self.tables: dict[str, dict[str, Any]] = {}
        for (table, name), plain in records.items():
            self.tables.setdefault(table, {})[name] = plain
        self.state: Mapping[str, Any] = self.tables["state"][""]
        self.closed: set[str] = set()
        self.losses: Counter[tuple[str, str]] = Counter()
        self._changed: dict[Key, None] = {}

    @property
    def now(self) -> float:
        """The engine time of the records."""
        return float(self.state["engine_time"])

    def table(self, name: str) -> dict[str, Any]:
        """Return the records of a table; whoever walks over them may change the table."""
        return dict(self.tables.get(name, {}))

    def put(self, table: str, name: str, plain: Any) -> None:
        """Let a record be *plain*."""
        self.tables.setdefault(table, {})[name] = plain
        self._changed[table, name] = None

    def drop(self, table: str, names: Collection[str], why: str) -> None:
        """Let records of a table go, and note *why*."""
        for name in names:
            del self.tables[table][name]
            self._changed[table, name] = None
        self.note(_CALLED.get(table, table), f"dropped ({why})", len(names))

    def note(self, subject: str, what: str, count: int) -> None:
        """Note what became of *count* things."""
        if count:
            self.losses[subject, what] += count

    def mended(self) -> Mended:
        """Return what became of the records."""
        records = {(table, name): plain for table, named in self.tables.items() for name, plain in named.items()}
        losses: dict[str, str] = {}
        for (subject, what), count in self.losses.items():
            said = f"{count} {what}"
            losses[subject] = f"{losses[subject]}; {said}" if subject in losses else said
        return Mended(records, losses, tuple(self._changed))


def _only(mapping: Mapping[str, Any], known: Collection[str]) -> dict[str, Any]:
    return {name: value for name, value in mapping.items() if name in known}


def _mend_members(pieces: _Pieces) -> None:
    """An episode needs its incident, and an incident an episode."""
    incidents = pieces.table("incidents")
    lost = [name for name, plain in pieces.table("episodes").items() if plain["incident_id"] not in incidents]
    pieces.drop("episodes", lost, "their incidents are lost")
    joined = {plain["incident_id"] for plain in pieces.table("episodes").values()}
    pieces.drop("incidents", [name for name in incidents if name not in joined], "their alerts are lost")


def _firing(pieces: _Pieces) -> set[str]:
    """Return the incidents of which an episode fires."""
    episodes = pieces.table("episodes").values()
    return {plain["incident_id"] for plain in episodes if plain.get("resolved_at") is None}


# -- notifications -----------------------------------------------------------------------------------------------------


def _mend_notifications(pieces: _Pieces) -> None:
    """A notification needs a line that it is told for, and what it lists."""
    lines, episodes = set(resetting.lines(pieces.tables)), pieces.table("episodes")
    lost, less = [], 0
    for name, out in pieces.table("outgoing").items():
        left = _left_of(out, lines, episodes)
        if left is None:
            lost.append(name)
        elif left is not out:
            pieces.put("outgoing", name, left)
            less += 1
    pieces.drop("outgoing", lost, "what they tell of is lost")
    pieces.note("notifications", "cut (some of what they tell of is lost)", less)


def _left_of(out: Mapping[str, Any], lines: Collection[str], episodes: Collection[str]) -> Mapping[str, Any] | None:
    """Return what is left of a notification, itself if that is all of it; None: nothing."""
    parts, listed = out.get("parts", ()), out.get("listed", {})
    wanted = parts or (f"{out['incident_id']}/{out['channel_id']}",)
    told_for = [line_id for line_id in wanted if line_id in lines]
    known = _only(listed, episodes)
    if not told_for or (listed and not known):
        return None
    if len(told_for) == len(wanted) and len(known) == len(listed):
        return out
    return {**out, "listed": known, "parts": told_for if parts else ()}


# -- incidents ---------------------------------------------------------------------------------------------------------


def _mend_incident(pieces: _Pieces, incident_id: str, awake: Collection[str], *, closes: bool) -> None:
    """Its lines and escalations refer to what is there; it is closed when nothing of it fires any more."""
    plain = pieces.tables["incidents"][incident_id]
    lines = {name: _mended_line(pieces, line) for name, line in plain["lines"].items()}
    running = plain.get("escalations", {})
    escalations = {
        name: _mended_escalation(pieces, one, awake=f"{incident_id}/{name}" in awake) for name, one in running.items()
    }
    mended = {**plain, "lines": lines}
    if running:
        mended["escalations"] = escalations
    if closes and plain.get("closed_at") is None:
        mended["closed_at"] = pieces.now
        pieces.closed.add(incident_id)
        pieces.note("incidents", "closed (what fired in them is lost)", 1)
    if mended != plain:
        pieces.put("incidents", incident_id, mended)


def _mended_line(pieces: _Pieces, line: Mapping[str, Any]) -> Mapping[str, Any]:
    """Its notification is there. What it held of episodes that are lost went with them."""
    outgoing = pieces.tables.get("outgoing", {})
    mended = dict(line)
    if line.get("current") is not None and line["current"] not in outgoing:
        mended["current"] = None
        mended["levels"] = [*line.get("telling", ()), *line.get("levels", ())]  # nobody knows whether they were told
        mended["telling"] = []
        pieces.note("notifications", "lost while they were under way or waiting", 1)
    return mended


def _mended_escalation(pieces: _Pieces, plain: Mapping[str, Any], *, awake: bool) -> Mapping[str, Any]:
    """Nobody has to answer for what is lost; the clock stands when that was all."""
    if awake or plain.get("since") is None:
        return plain
    pieces.note("escalations", "paused (who had to be answered for is lost)", 1)
    return {**plain, "base": plain.get("base", 0.0) + pieces.now - plain["since"], "since": None}


# -- what refers to them -----------------------------------------------------------------------------------------------


def _mend_names(pieces: _Pieces) -> None:
    """A key is of an incident that alerts can join, and a review of an episode."""
    joined, episodes = pieces.table("incidents").keys() - pieces.closed, pieces.table("episodes")
    lost = [key for key, name in pieces.table("open").items() if name not in joined]
    pieces.drop("open", lost, "their incidents are lost, or closed")
    pieces.drop("review", [name for name in pieces.table("review") if name not in episodes], "their alerts are lost")


def _mend_lanes(pieces: _Pieces) -> None:
    """A channel that was told of something has a lane; one that is made anew repeats no digest's name."""
    known = pieces.table("lanes")
    told = {out["channel_id"] for table in ("outgoing", "undelivered") for out in pieces.table(table).values()}
    for incident in pieces.table("incidents").values():
        told.update(name for name, line in incident["lines"].items() if line.get("counts"))
    made = sorted(told - known.keys())
    for channel_id in made:
        pieces.put("lanes", channel_id, {"digests": pieces.state["notifications_made"]})
    pieces.note("lanes", "made anew (what channels were sent lately is lost)", len(made))


def _mend_walk(pieces: _Pieces) -> None:
    """A walk that stood in the middle of an incident goes on at the next one's first member."""
    serial = pieces.state.get("review_serial")
    if pieces.state.get("review_member") and not any(
        plain["serial"] == serial and plain.get("closed_at") is None for plain in pieces.table("incidents").values()
    ):
        pieces.put("state", "", {**pieces.state, "review_member": 0})


def _mend_agendas(pieces: _Pieces) -> None:
    """Most deadlines are of a record."""
    for table in ("agenda", "wall_agenda"):
        subjects = _subjects(pieces)
        lost = [
            name
            for name in pieces.table(table)
            if (known := subjects.get(int(name.partition(" ")[0]))) is not None and name.partition(" ")[2] not in known
        ]
        pieces.drop(table, lost, "what they are of is lost")


def _subjects(pieces: _Pieces) -> dict[int, Collection[str]]:
    """Return the names of what each kind of deadline may be of; the other kinds need none."""
    lines, escalations = resetting.lines(pieces.tables), resetting.running(pieces.tables)
    named: Iterable[tuple[Collection[str], tuple[Deadline, ...]]] = (
        (pieces.table("outgoing"), (Deadline.FALLBACK, Deadline.RETRY, Deadline.EXPIRY)),
        (pieces.table("undelivered"), (Deadline.DISCARD,)),
        (pieces.table("incidents"), (Deadline.FORGET,)),
        (lines, (Deadline.RELEASE, Deadline.REPEAT)),
        (escalations, (Deadline.LEVEL,)),
        (pieces.table("episodes"), (Deadline.FORGET_MEMBER, Deadline.ACKNOWLEDGEMENT_END, Deadline.SNOOZE_END)),
        (pieces.table("silences"), (Deadline.SILENCE_EDGE, Deadline.FORGET_SILENCE)),
    )
    return {int(kind): names for names, kinds in named for kind in kinds}


def _reset(pieces: _Pieces, config: Configuration) -> None:
    """What waits for a deadline that is lost would wait for ever; and lines that waited for what is lost are free."""
    free = resetting.idle(pieces.tables) if pieces.losses else {}
    lost = resetting.missing(pieces.tables, config)
    pieces.note("deadlines", "set again (they were lost)", len(lost))
    for (table, name), at in {**lost, **free}.items():
        pieces.put(table, name, at)
