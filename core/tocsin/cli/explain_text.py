"""An explanation for people: the verdict first, then whatever led to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import attrs
import click

from tocsin.cli.instants import Clockface, length
from tocsin.cli.plain import listed, plain, wrapped
from tocsin.cli.words import ACTIONS, REASONS
from tocsin.engine.plan import Plan
from tocsin.lab.hearing import Heard
from tocsin.lab.instants import duration_text
from tocsin.model.alert import PerformanceAlert
from tocsin.model.explanation import ChannelExplanation, Explanation, Gate, LevelExplanation, RuleExplanation
from tocsin.model.reason import Action, Reason

__all__ = ["Narrator", "told_lines"]

_FEW_RULES: Final = 5
_FEW_NAMES: Final = 8
_FEW_LEVELS: Final = 4
_COLOURS: Final = {Action.NOTIFY: "green", Action.FOLD: "cyan", Action.HOLD: "yellow", Action.SKIP: "bright_black"}


@attrs.frozen(slots=True)
class Narrator:
    """Writes the lines of one explanation, whose instants are wall time.

    :param everything: list all rules and channels, however many.
    """

    explained: Explanation
    alert: PerformanceAlert
    plan: Plan
    everything: bool = False

    @property
    def _clock(self) -> Clockface:
        return Clockface(self.explained.at)

    def lines(self) -> Iterator[str]:
        """Yield the lines; colours are in them, which whoever prints them takes out where there are none."""
        yield from self._verdict()
        yield ""
        yield _heading("channels")
        yield from self._channels()
        yield ""
        yield _heading("incident")
        yield from self._incident()
        if self.explained.escalation is not None:
            yield ""
            paused = ", paused: nobody has to answer now" if self.explained.escalation.paused else ""
            yield _heading(f"escalation {plain(self.explained.escalation.policy_id)}{paused}")
            for level in self.explained.escalation.levels:
                yield from self._level(level)
        yield ""
        following = self.explained.next_deadline
        yield f"next deadline: {'none' if following is None else self._clock.show(following)}"
        for gap in self.explained.gaps:
            yield from wrapped(gap, "gap: ")
        yield ""
        yield _heading("rules")
        yield from self._rules()

    # -- the verdict ------------------------------------------------------------------------------------------------

    def _verdict(self) -> Iterator[str]:
        yield from map(_heading, wrapped(self._alert()))
        yield f"at:          {self._clock.whole()}"
        now = [one.channel_id for one in self._with(Action.NOTIFY)]
        yield from map(_heading, wrapped(listed(now), "told now:    "))
        later = [f"{one.channel_id}{self._when(one)}" for one in self._with(Action.FOLD, Action.HOLD)]
        if later:
            yield from wrapped("; ".join(later), "told later:  ")
        known = [one.channel_id for one in self._with(Action.SKIP) if one.reason is Reason.ALREADY_TOLD]
        if known:
            yield from wrapped(listed(known), "told before: ")
        yield from self._unless_answered()
        if not any(rule.matched for rule in self.explained.rules):
            yield "no rule matches it: it is unrouted"

    def _alert(self) -> str:
        """Return the alert in a few words."""
        alert = self.alert
        parts = (("cluster", alert.cluster_id), ("node", alert.node_id), ("metric", alert.metric_name))
        about = "".join(f", {name} {value}" for name, value in parts if value)
        return f"{alert.severity.value} alert {alert.alert_id}{about}"

    def _unless_answered(self) -> Iterator[str]:
        """Yield whom the next levels tell, and when."""
        coming = [(level, level.at) for level in self._levels() if not level.told and level.at is not None]
        words = [f"{listed(level.tells)} at {self._clock.show(at)}" for level, at in coming[:_FEW_LEVELS]]
        words += [f"{len(coming) - _FEW_LEVELS} levels more"] if len(coming) > _FEW_LEVELS else []
        if words:
            yield from wrapped("; ".join(words), "if nobody answers: ", "  ")

    def _levels(self) -> Sequence[LevelExplanation]:
        return self.explained.escalation.levels if self.explained.escalation else ()

    def _with(self, *actions: Action) -> list[ChannelExplanation]:
        return [one for one in self.explained.channels if one.action in actions]

    def _when(self, channel: ChannelExplanation) -> str:
        if channel.due is None or channel.action not in (Action.FOLD, Action.HOLD):
            return ""
        word = "at" if channel.action is Action.FOLD else "not before"
        return f" {word} {self._clock.show(channel.due)}"

    # -- the parts --------------------------------------------------------------------------------------------------

    def _channels(self) -> Iterator[str]:
        elsewhere = [one.channel_id for one in self.explained.channels if one.reason is Reason.UNROUTED]
        for channel in self.explained.channels:
            if channel.reason is not Reason.UNROUTED:
                yield from self._channel(channel)
        if elsewhere:
            shown = elsewhere if self.everything else elsewhere[:_FEW_NAMES]
            more = f" and {len(elsewhere) - len(shown)} more (--all)" if len(elsewhere) > len(shown) else ""
            yield from wrapped(f"no rule routes it to {listed(shown)}{more}", "  skip    ")

    def _channel(self, channel: ChannelExplanation) -> Iterator[str]:
        action = click.style(f"{channel.action.value:6}", fg=_COLOURS[channel.action])
        name = click.style(plain(channel.channel_id), bold=True)
        yield f"  {action}  {name} {ACTIONS[channel.action]}{self._when(channel)}"
        by = f"; by rules {listed(channel.rule_ids)}" if channel.rule_ids else self._by_level(channel)
        gate = "" if channel.gate is None else f"gate {channel.gate.value}: "
        yield from wrapped(
            f"{gate}{REASONS[channel.reason]}{self._shut(channel)} ({channel.reason.value}){by}", " " * 10
        )

    def _by_level(self, channel: ChannelExplanation) -> str:
        """Return which level brings the channel, where no rule does."""
        told = [level.level for level in self._levels() if level.told and channel.channel_id in level.tells]
        return f"; by level {listed(told)} of the escalation" if told else ""

    def _shut(self, channel: ChannelExplanation) -> str:
        """Return who or what shuts the gate, and until when."""
        until = "" if channel.until is None else f", until {self._clock.show(channel.until)}"
        if channel.gate is Gate.MIN_SEVERITY:
            found = self.plan.channels.get(channel.channel_id)
            return "" if found is None else f", {found.channel.min_severity.value} and above"
        if channel.gate is Gate.TIME_INTERVAL:
            return until
        names = [name for name in channel.by if name]
        return (f", {listed(names)}" if names else "") + until

    def _incident(self) -> Iterator[str]:
        incident = self.explained.incident
        by = f", by rule {incident.rule_id}" if incident.rule_id else ""
        formed = f"({incident.strategy}{by})"
        if incident.opens:
            yield from wrapped(f"it opens the incident {incident.incident_id} {formed}", "  ")
            return
        count = incident.firing_count
        alerts = "1 alert fires" if count == 1 else f"{count} alerts fire"
        since = self._clock.show(incident.opened_at)
        yield from wrapped(
            f"it is in the incident {incident.incident_id} {formed}; {alerts} there; begun {since}", "  "
        )

    def _level(self, level: LevelExplanation) -> Iterator[str]:
        if level.told:
            when = "told before" if level.at is None else f"told at {self._clock.show(level.at)}"
            text = f"{when}: {listed(level.tells or level.channels)}"
        elif level.at is None:
            text = f"{length(level.after_seconds)} after its beginning: {listed(level.channels)}"
        else:
            text = f"{self._clock.show(level.at)}: {listed(level.tells, 'nobody can be told')}"
            unusable = [name for name in level.channels if name not in level.tells]
            text += f" (not usable: {listed(unusable)})" if unusable else ""
        yield from wrapped(text, f"  {level.level:9} ")

    def _rules(self) -> Iterator[str]:
        applied = [rule for rule in self.explained.rules if rule.matched]
        missed = [rule for rule in self.explained.rules if not rule.matched]
        shown = missed if self.everything else missed[:_FEW_RULES]
        for rule in (*applied, *shown):
            yield from _rule(rule)
        if len(missed) > len(shown):
            yield f"  {len(missed) - len(shown)} more rules do not apply; --all shows them"
        if not self.explained.rules:
            yield "  there are none"


def told_lines(told: Sequence[Heard], within: float, failing: Sequence[str]) -> Iterator[str]:
    """Yield whom the alert is sent to in the time to come, if nobody answers and some channels fail."""
    fail = f" and {listed(failing)} {'fails' if len(failing) == 1 else 'fail'}" if failing else ""
    yield ""
    yield _heading(f"sent within {duration_text(within)}, if nobody answers{fail}")
    for one in told:
        level = "" if one.level is None else f", level {one.level.value}"
        taken = "" if one.delivered else ", in vain"
        yield from wrapped(
            f"{plain(one.channel_id)}: {one.kind.value}{level}{taken}", f"  {f'+{length(one.after)}':9} "
        )
    if not any(one.delivered for one in told):
        yield "  nobody takes it in that time"


def _heading(text: str) -> str:
    return click.style(text, bold=True)


def _rule(rule: RuleExplanation) -> Iterator[str]:
    style: Callable[[str], str] = (lambda text: click.style(text, fg="green")) if rule.matched else str
    why = "applies" if rule.matched else rule.why_not or "does not apply"
    yield from (style(line) for line in wrapped(f"{rule.rule_id}: {why}", "  ", "      "))
    for condition in sorted(rule.conditions, key=lambda one: one.matched and not rule.matched):
        mark = "yes" if condition.matched else "no "
        yield from wrapped(f"{condition.reason} ({condition.condition})", f"      {mark}  ")
