"""The checker: reads what a run wrote down, and says which promise was broken, for whom and when.

    python -m tests.simulation.checker FOLDER

It has its own model of the world (``checks/``), written from docs/explanation/engine.md and the design, and knows
nothing of tocsin's code: it imports the standard library alone, which a test sees to. The journal's form is that of
docs/reference/journal.md; receivers.json and happenings.json are the simulation's own (``ledger.py``).
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.simulation.checks.content import Content
from tests.simulation.checks.explaining import Explaining
from tests.simulation.checks.gaps import Gaps
from tests.simulation.checks.grouping import Grouping
from tests.simulation.checks.ladder import Ladder, Rung
from tests.simulation.checks.owing import Owing
from tests.simulation.checks.patience import Patience
from tests.simulation.checks.promptness import Promptness
from tests.simulation.checks.reading import Files, Plain, read
from tests.simulation.checks.reviving import Reviving
from tests.simulation.checks.routing import GAP
from tests.simulation.checks.sending import Sending, Sent
from tests.simulation.checks.telling import FAILED, Telling
from tests.simulation.checks.vanishing import Vanishing
from tests.simulation.checks.watching import Watching
from tests.simulation.checks.world import Span, World

__all__ = ["Checker", "check"]

_SECOND = 1.0
_MOST = 50


class Checker:
    """Goes through one run from beginning to end."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self.found: list[str] = []
        first = files.happenings[0]
        self.world = World(first["settings"], first["at"])
        self.ladder = Ladder(self.world)
        self.content = Content(self.world, self.complain)
        self.sending = Sending(self.world, self.complain)
        self.telling = Telling(self.world, self.ladder, self.sending, self.complain)
        self.explaining = Explaining(self.world, self.sending, self.telling, self.complain)
        self.promptness = Promptness(files, self.world, self.sending, self.telling, self.complain)
        self.grouping = Grouping(self.world, self.sending, self.telling, self.promptness, self.complain)
        self.gaps = Gaps(files, self.world, self.complain)
        self.owing = Owing(self.world, self.telling)
        self.patience = Patience(self.world, self.sending, self.owing, self.promptness, self.complain)
        self.vanishing = Vanishing(self.world, self.sending, self.telling, self.promptness, self.complain)
        self.watching = Watching(self.world, self.sending, self.owing, self.promptness, self.complain)
        self.reviving = Reviving(
            self.world,
            self.sending,
            self.telling,
            self.promptness,
            self.grouping,
            self.patience,
            self.watching,
            self.complain,
        )
        self._settings = first["settings"]
        self._late = True
        self._expected: list[Rung] = []
        self._reached: list[Plain] = []
        self._started_now: list[tuple[Sent, str]] = []
        self._alert_seconds = 0.0

    def complain(self, text: str) -> None:
        """A promise was broken."""
        self.found.append(f"{self.world.now:.3f} {text}")

    @property
    def alert_hours(self) -> float:
        """How long alerts fired in this run, all together."""
        return self._alert_seconds / 3600.0

    def run(self) -> list[str]:
        """Check everything; return the complaints, the first ones first."""
        self._kept_in_order()
        for _, kind, what in self.files.moments():
            if kind == "entry":
                self._entry(what)
            else:
                self._happening(what)
            if len(self.found) >= _MOST:
                break
        self._attempts_and_calls_agree()
        self._heartbeats_were_sent()
        self._nothing_arrives_twice()
        self.gaps.off_the_record()
        return self.found

    # -- the whole --------------------------------------------------------------------------------------------------

    def _kept_in_order(self) -> None:
        """The journal has no holes, and engine time never goes back."""
        for place, entry in enumerate(self.files.journal):
            if entry["ordinal"] != place + 1:
                self.complain(f"entry {entry['ordinal']} stands at place {place + 1} of the journal")
        times = [entry["engine_time"] for entry in self.files.journal]
        if times != sorted(times):
            self.complain("engine time goes back")

    def _attempts_and_calls_agree(self) -> None:
        """Each call of a receiver was decided and committed just before; each decision was carried out once."""
        decided = {
            (event["notification_id"], event["attempt"]): entry
            for entry in self.files.journal
            for event in entry["events"]
            if event["type"] == "NotificationChanged" and event["state"] == "sending"
        }
        seen: set[tuple[str, int]] = set()
        for call in self.files.calls:
            name = (call["notification"], call["attempt"])
            entry = decided.get(name)
            if entry is None or entry["sequence"] > call["sequence"]:
                self.complain(f"{call['channel']} was called for {name}, which was not committed before")
            elif abs(entry["engine_time"] - call["at"]) > self._leeway(entry, call["at"]):
                self.complain(f"{call['channel']} was called for {name} at {call['at']}, not at once")
            if name in seen:
                self.complain(f"{call['channel']} was called twice for {name}")
            seen.add(name)
        for name, entry in decided.items():
            death = self.files.death_after(entry["sequence"])
            if name not in seen and (death is None or abs(death["at"] - entry["engine_time"]) > 1e-6):
                self.complain(f"attempt {name} was decided at {entry['engine_time']} and never made")

    def _heartbeats_were_sent(self) -> None:
        """Each heartbeat that was decided was sent, unless the process died at once."""
        for entry in self.files.journal:
            for event in entry["events"]:
                if event["type"] == "HeartbeatSent" and event["notification_id"] not in self.files.beat_of:
                    death = self.files.death_after(entry["sequence"])
                    if death is None or abs(death["at"] - entry["engine_time"]) > 1e-6:
                        self.complain(f"{event}: it was never sent")

    def _leeway(self, entry: Plain, at: float) -> float:
        """How long after its commit an attempt may start: not at all, unless the store has just failed."""
        return 1e-6 if self.files.awake(entry["engine_time"], at) is None else _SECOND

    def _nothing_arrives_twice(self) -> None:
        """After an answer that was heard no call follows with the same id; only a death makes an answer unheard."""
        taken: dict[str, Plain] = {}
        for call in self.files.calls:
            before = taken.get(call["notification"])
            if before is not None:
                death = self.files.death_after(before["sequence"])
                if death is None or death["sequence"] > call["sequence"]:
                    self.complain(f"{call['channel']} has {call['notification']} and is sent it again at {call['at']}")
            if call["arrived"] and call["answer"] == "delivered":
                taken[call["notification"]] = call

    # -- beside the journal -----------------------------------------------------------------------------------------

    def _happening(self, what: Plain) -> None:
        kind = what["what"]
        if kind in ("store failed", "killed", "operation"):
            self.explaining.foretold = None  # the alert was not taken in, or said nothing new
        if kind == "store failed":
            self.gaps.store_failed(what, self._settings)
        if kind == "configured":
            self._settings = what["settings"]
        elif kind in ("killed", "left", "frozen", "thawed", "jumped", "store failed"):
            self._late = True
        elif kind == "accepted":
            self._accepted(what)
        elif kind == "explained":
            self.explaining.foretold = what
        elif kind == "calm":
            self._pass_time(what["at"])
            self.telling.excuse()
            self.telling.everything_told()
        elif kind == "end":
            self._pass_time(what["at"])
            self._levels(what["at"])
            self.telling.excuse()
            self.telling.everything_resolved()

    def _accepted(self, what: Plain) -> None:
        """What a caller was told is accepted stands in the journal, or changed nothing."""
        kept = [
            item
            for entry in self.files.journal
            if what["since"] < entry["sequence"] < what["sequence"]
            for _, item in self._facts(entry)
        ]
        for fact, answer in zip(what["facts"], what["answers"], strict=True):
            there = any(_same(fact, item) for item in kept)
            if fact["type"] == "AlertFired":
                if not answer:
                    self.complain(f"{fact} was answered False")
                if not there and not self._known(fact["alert"]):
                    self.complain(f"{fact} was accepted, and is not in the journal")
            elif answer != there:
                self.complain(f"{fact} was answered {answer}, and is {'' if there else 'not '}in the journal")
            elif not answer:
                self._refused(fact)

    def _refused(self, fact: Plain) -> None:
        """What somebody wanted was not done: there was nothing to do."""
        meant = self.world.meant(fact.get("target", ""))
        if fact["type"] == "Redriven":
            self.reviving.refused(fact["notification_id"])
        elif fact["type"] == "Escalated" and self.ladder.next_level(meant):
            self.complain(f"{fact} was refused, and there is a next level")
        elif fact["type"] in ("Noted", "Acknowledged", "Snoozed") and meant:
            self.complain(f"{fact} was refused, and {meant[0].key} fires")

    def _known(self, alert: Plain) -> bool:
        span = self.world.latest.get(alert["alert_id"])
        return span is not None and all(span.alert[name] == value for name, value in alert.items())

    # -- the journal ------------------------------------------------------------------------------------------------

    def _pass_time(self, until: float) -> None:
        """Let time pass, and look at what is due on the way."""
        while (at := self.promptness.next_instant()) < until:
            self.ladder.pass_time(max(at, self.world.now))
            self._note_rungs()
            self.telling.excuse()
            self.promptness.look()
        self.ladder.pass_time(max(until, self.world.now))
        self._note_rungs()

    def _note_rungs(self) -> None:
        for rung in self.ladder.rungs:
            self._expected.append(rung)
            if rung.channels and not rung.joins:
                self.telling.owe(rung)
                self.promptness.level(rung)
        self.ladder.rungs.clear()

    def _entry(self, entry: Plain) -> None:
        now = entry["engine_time"]
        facts = self._facts(entry)
        boundary = self._boundary(entry)
        for place, event in enumerate(entry["events"]):
            if event["at"] > self.world.now:
                self._pass_time(event["at"])
            if event["at"] >= now:
                self._set_wall(entry)
            if place >= boundary:
                if place == boundary:
                    self._begin(entry)
                if facts and facts[0][0] == place:
                    self._take(facts.pop(0)[1], entry)
            if not facts and event["type"] != "AttemptFinished" and self.world.now >= now:
                self.ladder.tell()
                self._note_rungs()
            self._event(event, entry)
        if boundary >= len(entry["events"]):
            self._pass_time(now)
            self._set_wall(entry)
            self._begin(entry)
        self._pass_time(now)
        self._set_wall(entry)
        self.ladder.tell()
        self._note_rungs()
        self._levels(now, restarted=_restarts(entry))
        if entry["ordinal"] == 1:
            self.watching.begin()
        self.telling.excuse()
        self._nothing_starts_too_late()
        self.explaining.came_true(entry)
        self.vanishing.went(entry)
        self._late = False

    def _set_wall(self, entry: Plain) -> None:
        """The wall clock was set since the last entry, which is noticed at the instant of this one."""
        offset = entry["wall_time"] - entry["engine_time"]
        if abs(offset - self.world.offset) > 1e-6:
            self.world.offset = offset
            self.world.disturbed = max(self.world.disturbed, self.world.now)
            self.world.let_go()
            self.ladder.recount()

    def _nothing_starts_too_late(self) -> None:
        """An attempt starts after its commit: what that takes in as acknowledged or resolved is not told by it."""
        for sent, what in self._started_now:
            for one in sent.listing:
                span = self.world.spans.get(one.key)
                if one.firing and span is not None and self.world.over(span):
                    self.complain(f"{what}: lists {one.key}, which this very commit takes in as over")
        self._started_now.clear()

    def _facts(self, entry: Plain) -> list[tuple[int, Plain]]:
        """The facts in order, each with the place of the event that says that it was taken in."""
        return [
            (place, entry["inputs"][event["input"]])
            for place, event in enumerate(entry["events"])
            if event["type"] == "FactAccepted"
        ]

    def _boundary(self, entry: Plain) -> int:
        """Return the place of the first event that came of an input; those before came of deadlines.

        Attempts start before the inputs are taken in or after all of them, never in between.
        """
        events, now = entry["events"], entry["engine_time"]
        first = next((n for n, event in enumerate(events) if event["at"] >= now), len(events))
        accepted = next((n for n, event in enumerate(events) if event["type"] == "FactAccepted"), None)
        if accepted is not None:
            for place in range(first, accepted):
                if events[place]["type"] == "NotificationChanged" and events[place]["state"] == "sending":
                    first = place + 1
        return first

    def _begin(self, entry: Plain) -> None:
        """The configuration changes, and a restart is taken note of, before the facts."""
        if self._settings is not self.world.settings:
            for channel, gone in self.world.settings["channels"].items():
                if channel not in self._settings["channels"]:
                    self.vanishing.goes(channel, gone)
                    self.grouping.goes(channel)
            self.world.replaced, self.world.replaced_at = self.world.settings, self.world.now
            self.patience.replaced(self.world.settings, self._settings)
            self.watching.replaced(self.world.settings, self._settings)
            self.world.settings = self._settings
            for span in self.world.firing():
                self.world.reroute(span)
                self.ladder.begin(span)
            self.ladder.recount()
        for item in entry["inputs"]:
            if item["type"] == "Restarted":
                self._restarted(set(item["waiting"]))

    def _restarted(self, waiting: set[str]) -> None:
        for sent in self.sending.sent.values():
            if sent.under_way and sent.name not in waiting:
                self.telling.hear(sent)
                sent.maybe, sent.under_way = True, False
                sent.not_before = float("-inf")
                sent.answers.append("cut off")

    def _take(self, fact: Plain, entry: Plain) -> None:
        world = self.world
        match fact["type"]:
            case "AlertFired":
                self._fired(fact["alert"], entry)
            case "AlertResolved":
                self._lives(world.latest.get(fact["alert_id"]))
                world.resolve(fact["alert_id"])
            case "Acknowledged":
                world.acknowledge(fact["target"], fact["for_seconds"])
            case "Snoozed":
                world.snooze(fact["target"], fact["seconds"])
            case "Escalated":
                self._note_rungs()
                if not self.ladder.hasten(world.meant(fact["target"])):
                    self.complain(f"{fact} was taken in, and there is no next level")
                self._note_rungs()
            case "Redriven":
                self.reviving.redriven(fact["notification_id"])
            case "SilenceSet":
                world.silence(fact["silence"])
            case "SilenceExpired":
                world.silences.pop(fact["silence_id"], None)
        self.ladder.recount()

    def _lives(self, span: Span | None) -> None:
        if span is not None and span.firing:
            self._alert_seconds += self.world.now - span.fired_at

    def _fired(self, alert: Plain, entry: Plain) -> None:
        routed = (e for e in entry["events"] if e["type"] == "AlertRouted" and e["alert_id"] == alert["alert_id"])
        places = [(e["incident_id"], e["episode"]) for e in routed]
        keys = [(incident, alert["alert_id"], n) for incident, n in places]
        place = next((key for key in keys if key not in self.world.spans or not self.world.spans[key].firing), None)
        if place in self.world.spans:  # it ended and was forgotten, and its number is given again
            self.telling.forget(place)
        try:
            span, changed = self.world.fire(alert, None if place is None else (place[0], place[2]))
        except LookupError as error:
            self.complain(str(error))
            return
        if changed:
            self.ladder.begin(span)
            self.ladder.recount()
        if len(span.reports) == 1:
            self.explaining.everybody_is_decided(span, entry["events"], f"the beginning of {span.key}")
            self.grouping.begins(span, entry["events"])

    def _gap_begins(self, event: Plain, entry: Plain) -> None:
        """What tells of a gap fires: no input says so."""
        place = (event["incident_id"], event["alert_id"], event["episode"])
        if place in self.world.spans and not self.world.spans[place].firing:
            self.telling.forget(place)
        begun = self.gaps.routed(event)
        if begun is not None:
            self.explaining.everybody_is_decided(begun[0], entry["events"], f"the beginning of {place}")
            self.grouping.begins(begun[0], entry["events"])

    def _event(self, event: Plain, entry: Plain) -> None:
        match event["type"]:
            case "AlertRouted":
                if event["alert_id"].startswith(GAP):
                    self._gap_begins(event, entry)
                span = self.world.spans.get((event["incident_id"], event["alert_id"], event["episode"]))
                if span is not None:
                    self.explaining.routed(event, span, f"{span.key}")
            case "TellingDecided":
                self._decided(event, entry)
            case "LevelReached":
                self._reached.append({**event, "restart": _restarts(entry)})
                self.telling.allow(event)
                if entry["engine_time"] - event["at"] > _SECOND and not self._late:
                    self.complain(f"{event} was committed only at {entry['engine_time']}")
            case "GapRecorded":
                self.gaps.recorded(event, entry)
                self.watching.gap(event, entry["engine_time"])
                self.telling.gaps.add((event["gap"]["kind"], event["gap"]["subject"]))
                if event["gap"]["kind"] == "level_unreachable":
                    self._reached.append({**event, "lost": event["gap"]["subject"], "restart": _restarts(entry)})
            case "NotificationChanged":
                self._changed(event, entry)
            case "HeartbeatSent":
                self.watching.beat(event, self.files.beat_of, entry["engine_time"])
            case "CircuitChanged":
                self.sending.circuit_changed(event)
            case "AttemptFinished":
                self._finished(event["delivery"], entry)

    def _decided(self, event: Plain, entry: Plain) -> None:
        key = (event["incident_id"], event["alert_id"], event["episode"])
        what = f"{key} on {event['channel_id']}: {event['action']}, {event['reason']}"
        self.explaining.decided(event, what)
        self.owing.decided(event)
        span = self.world.spans.get(key)
        if span is not None:
            self.grouping.decided(event, span, what)
        if event["reason"] == "superseded":
            self.telling.overtaken(event["channel_id"], key, what)
        if event["action"] == "skip":
            self.promptness.skipped(key, event["channel_id"])
        elif span is not None and span.firing:
            due = max(entry["engine_time"], event["due"] or 0.0)
            self.promptness.telling_of(key, event["channel_id"], due)

    def _changed(self, event: Plain, entry: Plain) -> None:
        name = event["notification_id"]
        what = f"{event['kind']} {name} to {event['channel_id']}, {event['state']} (attempt {event['attempt']})"
        self.sending.enters(event, what)
        self.explaining.changed(event, entry["events"], what)
        self.watching.changed(event)
        self.patience.changed(event, what, restarted=_restarts(entry))
        self.reviving.changed(event)
        self.owing.changed(event, self.sending.parts.get(name, {event["incident_id"]}))
        sent = self.sending.sent.get(name)
        if event["state"] == "sending":
            self._started(event, entry, what)
        elif sent is None:
            if event["reason"] in FAILED:
                self._died_unsent(event)
        elif event["reason"] in FAILED:
            self.telling.died(sent)
        elif event["state"] in ("cancelled", "unknown"):
            sent.over = True
            self.telling.give_way(sent, set())
        elif event["state"] == "retrying":
            self.promptness.retry(sent, _restarts(entry))

    def _died_unsent(self, event: Plain) -> None:
        """It died before any attempt; levels that it would have told are told by whoever stands in."""
        listing = self.telling.listing_of(event, None)
        for one in listing:
            self.telling.listed_at[event["channel_id"], one.key] = self.world.now  # it would have told of these
        self.telling.died_there(event["channel_id"], listing)
        self.telling.hand_on(event["channel_id"], {event["incident_id"]})
        self.telling.let_off(event["channel_id"], {one.key[0] for one in listing if one.firing})

    def _started(self, event: Plain, entry: Plain, what: str) -> None:
        call = self.files.call_of.get((event["notification_id"], event["attempt"]))
        listing = self.telling.listing_of(event, call)
        known = self.sending.sent.get(event["notification_id"])
        revived = known is not None and known.revived
        guessed = known is not None and known.first is None
        if known is not None:
            self.telling.give_way(known, {one.key for one in listing})
        sent = self.sending.start(event, listing, entry["engine_time"], what, guessed=call is None)
        if sent is None:
            return
        if not event["alert_ids"]:
            self.complain(f"{what}: lists nothing")
        if call is not None:
            self.content.told(event, call, what)
        self._started_now.append((sent, what))
        if revived:
            self.reviving.starts(sent, what)
        self.telling.may_say(sent, event["at"], what)
        if guessed and call is not None and sent.maybe:
            self.telling.hear(sent)  # what it lists was listed by the attempt before, which nobody saw
        if known is None and call is not None:
            self.telling.says_something_new(sent, what)
            self.grouping.starts(sent, what)

    def _finished(self, delivery: Plain, entry: Plain) -> None:
        call = self.files.call_of.get((delivery["notification_id"], delivery["retry_count"] + 1))
        what = f"{delivery['kind']} {delivery['notification_id']} to {delivery['channel_id']}"
        sent = self.sending.end(delivery, call, what)
        if sent is None:
            return
        if call is not None:
            self.content.reported(delivery, call, sent.backend["timeout"], entry["wall_time"], what)
        self.promptness.probe(sent.channel)
        if delivery["outcome"] == "delivered":
            self.telling.delivered(sent)
            self.grouping.delivered(sent)
            self.promptness.reminders(sent)
        elif delivery["outcome"] == "unknown":
            self.telling.hear(sent)
            self.telling.give_way(sent, set())
        else:
            self.telling.give_way(sent, set())

    # -- levels -----------------------------------------------------------------------------------------------------

    def _levels(self, now: float, *, restarted: bool = False) -> None:
        """The levels that were told are those that were due, each within a second of its instant."""
        for like in (_is_level, _is_level_of_restart):
            for event in sorted(self._reached, key=lambda event: "lost" in event):
                rung = next((rung for rung in self._expected if like(rung, event)), None)
                if rung is not None:
                    self._reached.remove(event)
                    self._expected.remove(rung)
        for event in list(self._reached):
            if event["at"] < now - _SECOND:
                self._reached.remove(event)
                self.complain(f"{event} was not due")
        for rung in list(self._expected):
            if restarted and not self.ladder.awake(rung):  # the new configuration has nobody answer for it any more
                self._expected.remove(rung)
                self.ladder.take_back(rung)
            elif rung.at < now - _SECOND:
                self._expected.remove(rung)
                self.complain(f"{rung} was due, and was not reached")


def _restarts(entry: Plain) -> bool:
    return any(item["type"] == "Restarted" for item in entry["inputs"])


def _is_level(rung: Rung, event: Plain) -> bool:
    if abs(rung.at - event["at"]) > _SECOND:
        return False
    if "lost" in event:
        return not rung.channels and event["lost"] == f"{rung.policy}.{rung.level}"
    said = (event["incident_id"], event["policy_id"], event["level"], event["channel_ids"])
    return said == (rung.incident, rung.policy, rung.level, rung.channels)


def _is_level_of_restart(rung: Rung, event: Plain) -> bool:
    """Whether a level that came due while the process was down is told at its start, by the new configuration."""
    if not event["restart"] or rung.at > event["at"]:
        return False
    if "lost" in event:
        return bool(event["lost"] == f"{rung.policy}.{rung.level}")
    said = (event["incident_id"], event["policy_id"], event["level"])
    return said == (rung.incident, rung.policy, rung.level)


def _same(fact: Plain, item: Plain) -> bool:
    if fact["type"] != item["type"]:
        return False
    if fact["type"] == "AlertFired":
        return all(item["alert"][name] == value for name, value in fact["alert"].items())
    if fact["type"] == "SilenceSet":
        return all(item["silence"][name] == value for name, value in fact["silence"].items())
    return all(item[name] == value for name, value in fact.items())


def check(folder: Path) -> list[str]:
    """Check the run in *folder*; return the complaints, none if all promises were kept."""
    return Checker(read(folder)).run()


def main(arguments: list[str]) -> int:
    """Check the folders that are named; print the complaints."""
    found = [f"{name}: {text}" for name in arguments for text in check(Path(name))]
    print("\n".join(found) or "every promise was kept")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
