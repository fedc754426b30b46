"""What a proof takes for granted, and what keeps one from being one, in words."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.engine.gaps import RESERVED
from tocsin.engine.plan import GLOBAL, Plan
from tocsin.lab.instants import duration_text
from tocsin.lab.prove.delivery import LIMITED_SECONDS, longest_wait
from tocsin.lab.prove.levels import levels_within
from tocsin.lab.prove.verdict import Question
from tocsin.lab.prove.wording import moment
from tocsin.model.alert import LABEL_ALONE

__all__ = ["assumptions", "waits"]


def assumptions(plan: Plan, question: Question, until: float) -> tuple[str, ...]:
    """Return what a proof for alerts that fire up to *until* takes for granted."""
    return tuple(_assumed(plan, question, until))


def _assumed(plan: Plan, question: Question, until: float) -> Iterator[str]:
    yield f"it fires between {moment(question.start)} and {moment(until)}"
    yield "nobody acknowledges, snoozes or silences it, it does not resolve, and the configuration stays as it is"
    if plan.config.inhibition_rules:
        yield "no alert that fires inhibits it"
    yield "the daemon runs, and keeps up"
    if question.tolerate:
        fail = "one channel fails" if question.tolerate == 1 else f"{question.tolerate} channels fail"
        yield f"at the most {fail}, and all others take what they are sent at once, and have not failed before"
    else:
        yield "every channel takes what it is sent at once, and has not failed before (see --tolerate)"
    if plan.config.time_intervals:
        yield "the machine's clock is right"
        if question.tolerate:
            yield (
                "no attempt hangs as a time interval begins: whether it arrived nobody knows then, and it is not made "
                "again at the interval's end"
            )
    for channel_id in sorted(plan.channels):
        found = plan.channels[channel_id]
        limit = found.channel.rate_limit_per_minute
        if limit is not None and found.spec.per_incident:
            yield f"when the limit of {channel_id!r} is used up ({limit} a minute), it is the next one let through"
        elif limit is not None:
            yield f"when the limit of {channel_id!r} is used up ({limit} a minute), the next digest has room for it"
    policies = {node.policy_id for node in plan.nodes if node.policy_id is not None}
    if policies:
        yield (
            f"it is {question.severity.value} from its first report on: whom an escalation can tell is decided when it "
            "begins"
        )
    if any(levels_within(plan, policy_id, question.within) for policy_id in policies):
        yield (
            "it escalates alone: where alerts share an incident, levels count from the first of them, and default "
            "channels stand in only where a level can tell of none of them"
        )
    tests = [test for node in plan.nodes for named in node.conditions for test in named.condition.tests]
    if any(test.name.startswith(LABEL_ALONE) for test in tests):
        yield f"the name of no label begins with {LABEL_ALONE!r}"
    if any(test.name == "alert_id" for test in tests):
        yield f"its id does not begin with {RESERVED!r}, as those of tocsin's own alerts do"


def waits(plan: Plan, question: Question) -> Iterator[str]:
    """Yield what may delay an alert that is not alone, or whose channel fails, and does not where all goes well."""
    names = dict.fromkeys([GLOBAL, *(node.grouping for node in plan.nodes)])
    for name in names:
        grouping = plan.grouping(name)
        where = f"the aggregation {grouping.strategy!r}" + (f" of rule {name!r}" if name else "")
        wait = longest_wait(plan, name, question.severity)
        if wait is None:
            yield f"{where} does not say how long it keeps an alert waiting"
        elif wait > 0:
            yield f"{where} may keep an alert waiting for up to {duration_text(wait)} while others are told"
    for channel_id in sorted(plan.channels):
        if plan.channels[channel_id].channel.rate_limit_per_minute is not None:
            yield f"the rate limit of {channel_id!r} may keep it waiting for up to {duration_text(LIMITED_SECONDS)}"
    if question.tolerate:
        yield "an attempt on a channel that hangs puts its fallback off until it times out"
