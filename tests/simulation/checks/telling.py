"""Who knows what: every accepted firing is told wherever it is routed and its gates are open, and so is its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.simulation.checks.ladder import Ladder, Rung
from tests.simulation.checks.reading import Plain
from tests.simulation.checks.sending import Listed, Sending, Sent
from tests.simulation.checks.world import RANK, Key, Span, World

__all__ = ["Telling"]

Told = tuple[str, Key]
FAILED = frozenset({"rejected", "exhausted", "fallback_due", "channel_missing"})
_NEVER = float("-inf")
_SUMMARISED_SECONDS = 1200.0
"""Ends are summarised in that time: no window or interval of a simulation is longer."""


@dataclass
class Owed:
    """A level that came due on a channel, of which somebody there has to hear."""

    rung: Rung
    channel: str


class Telling:
    """What each channel was told of each episode.

    ``told``: the highest rank, and since when. ``closed``: its end was delivered. ``dead``: it died there, visibly, who
    stands in, and how bad it was then; ``instead``: who was to tell it in another one's place. ``excused``: the channel
    need not be told of the end. ``listed_at``: when the latest attempt that lists it began; ``ending``: one told of its
    end, or tried to. ``told_again``: the latest episode of an alert that it heard of. ``taken_back``: an end that was
    not told, for it fires again. ``uncertain``: it may have been told, and is told again since somebody wants that.
    ``climbed``: levels that came due, ever; ``owed``: those still to be heard of.
    """

    def __init__(self, world: World, ladder: Ladder, sending: Sending, complain: Callable[[str], None]) -> None:
        self.world = world
        self.ladder = ladder
        self.sending = sending
        self.complain = complain
        self.told: dict[Told, tuple[int, float]] = {}
        self.top: dict[tuple[str, str], int] = {}
        self.closed: set[Told] = set()
        self.dead: dict[Told, tuple[str | None, int]] = {}
        self.instead: set[tuple[str | None, Key]] = set()
        self.excused: set[Told] = set()
        self.owed: list[Owed] = []
        self.climbed: set[tuple[str, str, str | None, str | None]] = set()
        self.levels: dict[tuple[str, str, str | None, str | None], int] = {}
        self.told_again: dict[tuple[str, str], Key] = {}
        self.gaps: set[tuple[str, str]] = set()
        self.listed_at: dict[Told, float] = {}
        self.ending: set[Told] = set()
        self.taken_back: set[Told] = set()
        self.uncertain: set[Told] = set()

    def targets(self, span: Span) -> list[str]:
        """The channels that it is routed to: its rules' own, and those its policy's immediate level added."""
        return list(dict.fromkeys((*span.route.channels, *self.ladder.joined(span))))

    def tells(self, channel: str, span: Span) -> bool:
        """Whether the channel knows of it, as bad as it is."""
        told = self.told.get((channel, span.key))
        return told is not None and told[0] >= span.rank

    def listing_of(self, event: Plain, call: Plain | None) -> list[Listed]:
        """What an attempt lists: as its receiver was told or, if the process died before that, as far as the journal
        names it: of each alert what fires and ends that are owed, in the incidents that the notification is about."""
        if call is not None:
            return [
                Listed(
                    (one["incident"], one["alert"], one["episode"]), one["status"] == "firing", RANK[one["severity"]]
                )
                for one in call["listing"]
            ]
        incidents = self.sending.parts.get(event["notification_id"], {event["incident_id"]})
        named = [
            span
            for span in self.world.spans.values()
            if span.key[1] in event["alert_ids"] and span.incident in incidents
        ]
        before = self.sending.sent.get(event["notification_id"])
        known = set() if before is None else {one.key for one in before.listing}
        if before is not None and before.first is not None:  # another attempt adds nothing
            listed = [span for span in named if span.key in known]
        else:
            listed = [span for span in named if self._lists(event["channel_id"], span, known)]
            covered = {span.key[1] for span in listed}  # it lists something of each alert
            listed += [span for span in named if span.firing and span.key[1] not in covered]
        return [Listed(span.key, span.firing, span.rank) for span in listed]

    def _lists(self, channel: str, span: Span, known: set[Key]) -> bool:
        told = (channel, span.key)
        owed = told in self.told and told not in self.excused
        return owed or (span.firing and (span.key in known or self._concerns(channel, span)))

    def _concerns(self, channel: str, span: Span) -> bool:
        """Whether the channel may be told that it fires: by a rule, by a level, or in another one's place."""
        by_level = any((incident, where) == (span.incident, channel) for incident, where, _, _ in self.climbed)
        instead = any(key == span.key and stand_in == channel for (_, key), (stand_in, _) in self.dead.items())
        return by_level or instead or channel in self.targets(span)

    # -- what an attempt may say ------------------------------------------------------------------------------------

    def may_say(self, sent: Sent, at: float, what: str) -> None:
        """Check a listing against the world at the instant of the decision."""
        world = self.world
        if sent.attempts == 1:
            self._overtakes(sent, what)
        for one in sent.listing:
            self.listed_at[sent.channel, one.key] = sent.started_at
        self.ending |= {(sent.channel, one.key) for one in sent.listing if not one.firing}
        for one in sent.listing:
            span = world.spans.get(one.key)
            if span is None:
                self.complain(f"{what}: lists {one.key}, which was never accepted")
            elif one.firing:
                if None not in world.answers(span, sent.channel, at):
                    self.complain(f"{what}: lists {one.key} as firing: {world.shut(span, sent.channel, at)}")
                if one.rank != span.rank:
                    self.complain(f"{what}: lists {one.key} with rank {one.rank}, it has {span.rank}")
            elif span.firing:
                self.complain(f"{what}: lists {one.key} as resolved, but it fires")
            elif (sent.channel, one.key) in self.taken_back:
                self.complain(f"{what}: lists the end of {one.key}, which was taken back")
            elif (sent.channel, one.key) in self.closed:
                self.complain(f"{what}: the end of {one.key} was delivered before")
        if not any(one.firing for one in sent.listing):
            self._resolution(sent, what)

    def _overtakes(self, sent: Sent, what: str) -> None:
        """An alert that fires again in another incident is told so after its end, at the earliest beside it.

        But an end is not waited for once an attempt of it has failed, or while it waits for one that is retried.
        """
        beside = {one.key for one in sent.listing}
        others = [other for other in self.sending.alive(sent.channel) if other is not sent]
        retried = {name for other in others for name in self.sending.parts.get(other.name, other.incidents)}
        for one in sent.listing:
            earlier = self.world.before.get(one.key) if one.firing else None
            if earlier is None or earlier[0] == one.key[0] or earlier in beside or earlier[0] in retried:
                continue
            told = (sent.channel, earlier)
            owed = told in self.told and told not in self.excused | self.ending
            if owed and self.world.takes_resolutions(sent.channel):
                self.complain(f"{what}: lists {one.key} as firing before the end of {earlier}")

    def _resolution(self, sent: Sent, what: str) -> None:
        if not self.world.takes_resolutions(sent.channel):
            self.complain(f"{what}: the channel takes no resolutions")
        for one in sent.listing:
            if (sent.channel, one.key) not in self.told:
                self.complain(f"{what}: the end of {one.key}, of whose firing it was never told")

    def says_something_new(self, sent: Sent, what: str) -> None:
        """Check that the first attempt has a reason to be made."""
        firing = [one for one in sent.listing if one.firing]
        line = (sent.incident, sent.channel)
        if sent.kind == "firing" and line in self.top:
            self.complain(f"{what}: says for a second time that the incident begins")
        news = any(self._news(sent.channel, one) for one in firing)
        if sent.kind == "more" and self.world.groups(sent.incident) is not None:  # it tells ends beside what fires
            news |= any((sent.channel, one.key) in self.told for one in sent.listing if not one.firing)
        if sent.kind in ("firing", "more") and not news:
            self.complain(f"{what}: says nothing new")
        if sent.kind == "resolved" and firing:
            self.complain(f"{what}: is about an end, and lists what fires")
        if sent.kind == "escalation" and not self._level_owed(sent):
            self.complain(f"{what}: no level {sent.policy}.{sent.level} is owed")
        if sent.kind == "repeat" and not any((sent.channel, one.key) in self.told for one in firing):
            self.complain(f"{what}: repeats what was never told")

    def _news(self, channel: str, one: Listed) -> bool:
        told = self.told.get((channel, one.key))
        span = self.world.spans.get(one.key)
        if told is None or span is None or (channel, one.key) in self.uncertain:
            return True
        rank, at = told
        return any(other > rank and when >= at for when, other in span.reports)

    def _level_owed(self, sent: Sent) -> bool:
        """Whether that level came due there; who it names may have been muted, or below the channel, for a while."""
        return (sent.incident, sent.channel, sent.policy, sent.level) in self.climbed

    # -- what came of it --------------------------------------------------------------------------------------------

    def hear(self, sent: Sent) -> None:
        """The channel has it, or may have it."""
        for one in sent.listing:
            if one.firing:
                rank, at = self.told.get((sent.channel, one.key), (-1, sent.started_at))
                self.told[sent.channel, one.key] = (max(rank, one.rank), max(at, sent.started_at))
                self.told_again[sent.channel, one.key[1]] = one.key
                line = (one.key[0], sent.channel)
                self.top[line] = max(self.top.get(line, -1), one.rank)
        self.met(sent)

    def met(self, sent: Sent) -> None:
        """Levels that were due when its first attempt started are told by it: what it lists is frozen then."""
        incidents = {one.key[0] for one in sent.listing if one.firing}
        self.let_off(sent.channel, incidents, sent.frozen_at)

    def let_off(self, channel: str, incidents: set[str], until: float = float("inf")) -> None:
        """Levels of these incidents that were due on the channel by then are told, or died visibly."""
        self.owed = [
            owed
            for owed in self.owed
            if owed.channel != channel or owed.rung.incident not in incidents or owed.rung.at > until
        ]

    def delivered(self, sent: Sent) -> None:
        """The channel has it for certain."""
        self.hear(sent)
        for one in sent.listing:
            if not one.firing:
                self.told.pop((sent.channel, one.key), None)
                self.closed.add((sent.channel, one.key))
        if sent.kind == "escalation":
            name = (sent.incident, sent.channel, sent.policy, sent.level)
            self.levels[name] = self.levels.get(name, 0) + 1
            climb = self.ladder.climbs.get((sent.incident, sent.policy or ""))
            if climb is not None and self.levels[name] > 1 + climb.policy["repeat"]:
                self.complain(f"one level told {self.levels[name]} times: {name}")

    def died(self, sent: Sent) -> None:
        """It ended undelivered, for everybody to see."""
        sent.over = True
        self.met(sent)
        self.died_there(sent.channel, sent.listing)
        self.hand_on(sent.channel, sent.incidents)

    def hand_on(self, channel: str, incidents: set[str]) -> None:
        """Levels that died on the channel, several perhaps in one notification, may be told by its fallback."""
        settings = self.world.settings["channels"].get(channel, self.world.gone.get(channel))
        if settings is not None and settings["fallback"] is not None:
            self.climbed |= {
                (incident, settings["fallback"], policy, level)
                for incident, where, policy, level in self.climbed
                if where == channel and incident in incidents
            }

    def died_there(self, channel: str, listing: list[Listed]) -> None:
        """What a notification lists, or would have listed, died on the channel; another stands in, or it is a gap."""
        settings = self.world.settings["channels"].get(channel, self.world.gone.get(channel))
        for one in listing:
            span = self.world.spans.get(one.key)
            stands_in = self._stands_in(settings)
            if not one.firing:
                self.excused.add((channel, one.key))
            elif stands_in is not None:
                self.instead.add((stands_in, one.key))
            if one.firing and span is not None and not self.tells(channel, span):
                self.dead[channel, one.key] = (stands_in, span.rank)

    def _stands_in(self, settings: Plain | None) -> str | None:
        """The fallback of a channel that was configured so, if there is one by now."""
        fallback = None if settings is None else settings["fallback"]
        return fallback if fallback in self.world.settings["channels"] else None

    def give_way(self, sent: Sent, still: set[Key]) -> None:
        """A resolution that failed may give way to a firing of the same alert in a new incident, told since or not.

        Not where the receiver keeps incidents of its own: the old one would stay open there.
        """
        if sent.backend["per_incident"]:
            return
        beside = {one.key for one in sent.listing}
        for one in sent.listing:
            latest = self.world.latest[one.key[1]]
            apart = latest.key not in beside or (sent.channel, latest.key) in self.told
            elsewhere = latest.firing and latest.incident != one.key[0] and apart
            again = self.told_again.get((sent.channel, one.key[1]), one.key)
            since = again[0] != one.key[0] and again[2] > one.key[2]
            if not one.firing and (elsewhere or since) and one.key not in still:
                self.excused.add((sent.channel, one.key))

    def overtaken(self, channel: str, key: Key, what: str) -> None:
        """It is said that an end is no news any more: its alert fires again elsewhere, and the channel was told so."""
        latest = self.world.latest[key[1]]
        if not latest.firing or latest.incident == key[0] or (channel, latest.key) not in self.told:
            self.complain(f"{what}: the channel was not told that it fires again")
        settings = self.world.settings["channels"].get(channel)
        if settings is not None and self.world.settings["backends"][settings["backend"]]["per_incident"]:
            self.complain(f"{what}: its receiver keeps incidents, and needs the end")
        self.excused.add((channel, key))

    def takes_back(self, channel: str, span: Span, what: str) -> None:
        """It is said that the channel knows already: of an earlier episode in the group, whose end was not told yet."""
        incident, alert_id, n = span.key
        known = [
            (where, key)
            for where, key in self.told
            if where == channel and key[:2] == (incident, alert_id) and key[2] < n
        ]
        if not known or self.world.groups(incident) is None:
            self.complain(f"{what}: the channel was told of no earlier episode of that group")
            return
        rank = max(self.told[one][0] for one in known)
        at = max(self.told.pop(one)[1] for one in known)
        self.taken_back.update(known)
        self.told[channel, span.key] = (max(rank, self.told.get((channel, span.key), (rank, at))[0]), at)
        self.told_again[channel, alert_id] = span.key

    def forget(self, key: Key) -> None:
        """An episode that ended long ago is another one's namesake from here on."""
        for channel in [channel for channel, told in self.told if told == key]:
            self.told.pop((channel, key))
            if (channel, key) not in self.excused:
                self.complain(f"{channel} was told of {key}, and never that it ended; that is forgotten")
        for known in (self.closed, self.excused, self.ending, self.taken_back):
            known.difference_update([one for one in known if one[1] == key])
        self.dead = {one: stands_in for one, stands_in in self.dead.items() if one[1] != key}

    def owe(self, rung: Rung) -> None:
        """A level came due: its channels have to hear of it."""
        self.owed += [Owed(rung, channel) for channel in rung.channels]
        self.climbed |= {(rung.incident, channel, rung.policy, rung.level) for channel in rung.channels}

    def allow(self, event: Plain) -> None:
        """A level is said to be due; whether it was is checked elsewhere."""
        for channel in event["channel_ids"]:
            self.climbed.add((event["incident_id"], channel, event["policy_id"], event["level"]))

    # -- changes of the configuration -------------------------------------------------------------------------------

    def vanish(self, channel: str, gone: Plain) -> None:
        """A channel is about to go: what it was still to tell is its fallback's."""
        world = self.world
        world.gone[channel] = gone
        under_way = {one.key for sent in self.sending.under_way(channel) for one in sent.listing}
        for span in world.firing():
            stands_in = any(key == span.key and other == channel for (_, key), (other, _) in self.dead.items())
            concerns = stands_in or channel in self.targets(span)
            pending = concerns and not self.tells(channel, span) and span.key not in under_way
            if pending and world.shut(span, channel, world.now) is None:
                self.dead.setdefault((channel, span.key), (gone["fallback"], span.rank))

    def excuse(self) -> None:
        """A level need not be told once nobody it names has to answer; an end not where the channel wants none."""
        self.owed = [owed for owed in self.owed if self._named(owed)]
        for channel, key in self.told:
            if not self.world.spans[key].firing and not self.world.takes_resolutions(channel):
                self.excused.add((channel, key))

    def _named(self, owed: Owed) -> bool:
        channel = self.world.settings["channels"].get(owed.channel)
        if channel is None or not channel["enabled"]:
            return False
        least, now = RANK[channel["min_severity"]], self.world.now
        return any(span.rank >= least and not self.world.acknowledged(span, now) for span in self._answering(owed))

    def _answering(self, owed: Owed) -> list[Span]:
        """Those that fire under the level's policy in its incident."""
        place = (owed.rung.incident, owed.rung.policy)
        return [span for span in self.world.firing() if (span.incident, span.route.policy) == place]

    # -- at rest ----------------------------------------------------------------------------------------------------

    def everything_told(self) -> None:
        """Check that whoever is to be told of what fires was told, here or by those who stand in for what died."""
        world = self.world
        for span in world.firing():
            if world.attended(span, world.now):
                continue
            for channel in self.targets(span):
                if world.shut(span, channel, world.now) is None and not self._reached(channel, span, span.rank, set()):
                    self.complain(f"{channel} was never told of {span.key}, {span.alert['severity']}")
            for channel, key in self.dead:
                if key == span.key and not self._reached(channel, span, 0, set()):
                    self.complain(f"nobody was told of {span.key}, {span.alert['severity']}, in the place of {channel}")
        for owed in self.owed:
            if any(world.shut(span, owed.channel, world.now) is None for span in self._answering(owed)):
                self.complain(f"{owed.channel} was never told of level {owed.rung}")

    def _reached(self, channel: str, span: Span, rank: int, passed: set[str]) -> bool:
        """Whether the channel was told that it is at least that bad, or whoever stands in since it died there."""
        if channel in passed or self.told.get((channel, span.key), (-1, 0.0))[0] >= rank:
            return True
        fallback, died = self.dead.get((channel, span.key), (None, -1))
        if died < (0 if passed else rank):
            return bool(passed) and self.world.shut(span, channel, self.world.now) is not None
        if fallback is None:
            return ("undelivered", channel) in self.gaps
        return self._reached(fallback, span, min(died, span.rank), passed | {channel})

    def everything_resolved(self) -> None:
        """Check that whoever was told that it fires was told that it ended, unless that was only just now."""
        for channel, key in self.told:
            ended_at = self.world.spans[key].ended_at
            over = ended_at is not None and ended_at < self.world.now - _SUMMARISED_SECONDS
            if over and (channel, key) not in self.excused:
                self.complain(f"{channel} was told of {key}, and never that it ended")
        for name, state in self.sending.states.items():
            if state in ("again", "queued", "held", "sending", "retrying"):
                self.complain(f"notification {name} never came to an end: it is {state}")
