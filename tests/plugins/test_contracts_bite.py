"""The contracts of matchers, renderers, aggregators and schedulers fail what breaks them, and say what to mend."""

from __future__ import annotations

import functools
import itertools
import time
from collections.abc import Callable
from typing import Any, ClassVar

import attrs
import pytest

import tocsin
from tocsin import (
    AT_ONCE,
    AggregatorRegistrar,
    Cause,
    Condition,
    ConditionError,
    EscalationLevel,
    EscalationSchedulerRegistrar,
    FieldTest,
    MatcherRegistrar,
    Message,
    Notification,
    NotificationTemplate,
    Reason,
    Release,
    RendererRegistrar,
    Step,
    field_value,
)
from tocsin.testing.contracts import AggregatorContract, MatcherContract, RendererContract, SchedulerContract
from tocsin.testing.samples import make_alert


class _Plugin:
    """Registers one thing of a kind as ``mine``."""

    def __init__(self, **things: Any) -> None:
        self.things = things

    @tocsin.hookimpl
    def tocsin_register_matchers(self, registrar: MatcherRegistrar) -> None:
        if "matcher" in self.things:
            registrar.register("mine", self.things["matcher"])

    @tocsin.hookimpl
    def tocsin_register_renderers(self, registrar: RendererRegistrar) -> None:
        if "renderer" in self.things:
            registrar.register("mine", self.things["renderer"])

    @tocsin.hookimpl
    def tocsin_register_aggregators(self, registrar: AggregatorRegistrar) -> None:
        if "aggregator" in self.things:
            registrar.register("mine", self.things["aggregator"], config_class=NoConfig)

    @tocsin.hookimpl
    def tocsin_register_escalation_schedulers(self, registrar: EscalationSchedulerRegistrar) -> None:
        if "scheduler" in self.things:
            registrar.register("mine", self.things["scheduler"])


@attrs.frozen
class NoConfig:
    """Nothing to configure."""


@functools.cache
def _registering(kind: str, thing: Any) -> _Plugin:
    return _Plugin(**{kind: thing})


def _held(contract: type, kind: str, thing: Any, name: str, **attributes: Any) -> None:
    """Hold what a plugin registers to one of the contract's tests."""
    made = type("Mine", (contract,), {kind: "mine", "plugins": (_registering(kind, thing),), **attributes})()
    getattr(made, name)()


def _fails(message: str) -> Any:
    return pytest.raises(AssertionError, match=f"(?s){message}.*to mend it: .*the contract: ")


# -- matchers ----------------------------------------------------------------------------------------------------

EXAMPLES = (
    ("eu", make_alert(labels={"region": "eu"}), True),
    (["eu", "us"], make_alert(labels={"region": "usa"}), False),
)
REFUSED: tuple[Any, ...] = (7, [], {"eu": 1})


def region(value: Any) -> Condition:
    """Compile a region, or a list of them: soundly."""
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise ConditionError(f"region is a name or a list of names, not {value!r:.60}")
    return Condition.all_of([FieldTest("region", frozenset(names))])


def _opaque(predicate: Callable[[Any, list[str]], Any], text: str = "region") -> Callable[[Any], Condition]:
    def compiled(value: Any) -> Condition:
        region(value)
        names = value if isinstance(value, list) else [value]
        return Condition.opaque(lambda view: predicate(view, names), text)

    return compiled


COUNTER = itertools.count()

MATCHERS: dict[str, tuple[Any, str, str]] = {
    "prefix": (
        _opaque(lambda view, names: any(view.label("region").startswith(name[:1]) for name in names)),
        "test_it_holds_for_the_alerts_that_it_should",
        r"the condition \['eu', 'us'\] holds for",
    ),
    "number": (
        _opaque(lambda view, names: sum(view.label("region") == name for name in names)),
        "test_it_holds_for_the_alerts_that_it_should",
        "gives 1 and neither True nor False",
    ),
    "nothing": (lambda value: region(value).tests, "test_it_holds_for_the_alerts_that_it_should", "tests nothing"),
    "lax": (
        lambda value: region(value if isinstance(value, str) else "eu"),
        "test_what_makes_no_sense_is_refused",
        "7 is accepted, which `refused` lists",
    ),
    "curt": (
        lambda value: region(value) if isinstance(value, str) else _raise(ConditionError("no")),
        "test_what_makes_no_sense_is_refused",
        "says only 'no'",
    ),
    "careless": (
        lambda value: Condition.all_of([FieldTest("region", frozenset(value))]),
        "test_what_makes_no_sense_is_refused",
        "for 7 the matcher raised TypeError",
    ),
    "hasty": (
        lambda value: region(value if isinstance(value, (int, dict)) else list(value)),
        "test_no_value_breaks_it",
        "for None the matcher raised TypeError",
    ),
    "strict": (
        _opaque(lambda view, names: view.alert.labels["region"] in names),
        "test_no_alert_breaks_it",
        "raised KeyError: 'region', for an alert with nothing special",
    ),
    "encoding": (
        _opaque(lambda view, names: view.label("service").encode() in names),
        "test_no_alert_breaks_it",
        "raised UnicodeEncodeError.*an alert with lone surrogate",
    ),
    "living": (
        _opaque(lambda view, names: view.label("region") in names or not names),
        "test_it_is_pure",
        r"was \[True, True, True\] for one alert, and should be False",
    ),
    "moody": (
        _opaque(lambda view, names: view.label("region") in names and next(COUNTER) % 2 == 0),
        "test_it_is_pure",
        "for one alert, and should be True",
    ),
    "greedy": (
        lambda value: (region(value), isinstance(value, list) and value.sort(reverse=True))[0],
        "test_it_is_pure",
        r"compiling \['eu', 'us'\] changed it to \['us', 'eu'\]",
    ),
    "mute": (_opaque(lambda view, names: True, text=""), "test_it_says_why", "explains itself with ''"),
}


def _raise(error: Exception) -> Any:
    raise error


@pytest.mark.parametrize("name", MATCHERS)
def test_a_broken_matcher_is_told_what_to_mend(name: str) -> None:
    """And a sound one passes the same test."""
    matcher, test, message = MATCHERS[name]
    with _fails(message):
        _held(MatcherContract, "matcher", matcher, test, examples=EXAMPLES, refused=REFUSED)
    _held(MatcherContract, "matcher", region, test, examples=EXAMPLES, refused=REFUSED)


def test_an_author_of_matchers_is_told_what_is_missing() -> None:
    """Examples of both kinds, what is refused, the name."""
    for examples in ((), EXAMPLES[:1]):
        with _fails("do not have an alert that meets the condition and one that does not"):
            test = "test_it_holds_for_the_alerts_that_it_should"
            _held(MatcherContract, "matcher", region, test, examples=examples)
    with _fails("no value is refused"):
        _held(MatcherContract, "matcher", region, "test_what_makes_no_sense_is_refused")
    with _fails("no matcher is registered as ''; registered are: cluster_pattern"):
        MatcherContract().compiled("eu")


# -- renderers ---------------------------------------------------------------------------------------------------


def _said(notification: Notification, template: NotificationTemplate | None) -> Message:
    """Render soundly."""
    if template is not None:

        def values(field: str) -> str | float | None:
            return field_value(notification, field)

        subject = " ".join(template.subject.render(values).split())
        return Message(subject, template.body.render(values), templated=True)
    alerts = [listed.alert for listed in notification.alerts]
    lines = [f"{notification.status}: {alert.metric_name} {alert.message}" for alert in alerts] or ["nothing is left"]
    return Message(" ".join(lines[0].split()), "\n".join(lines))


def _changed(**changes: Any) -> Any:
    """Render soundly, but for *changes*: functions of the message."""

    def render(notification: Notification, template: NotificationTemplate | None) -> Message:
        message = _said(notification, template)
        return attrs.evolve(message, **{name: change(message) for name, change in changes.items()})

    return render


KINDS, HOSTILE = "test_every_kind_is_rendered", "test_hostile_text_survives"
TEMPLATE = "test_a_template_has_its_words"

RENDERERS: dict[str, tuple[Any, str, str]] = {
    "raising": (lambda notification, template: notification.alerts[1], KINDS, "rendering firing of 1 alerts raised"),
    "none": (lambda notification, template: "FIRE", KINDS, "gave 'FIRE'"),
    "terse": (_changed(subject=lambda _: "FIRE", body=lambda _: "FIRE"), KINDS, "no alert's message is rendered"),
    "boasting": (_changed(templated=lambda _: True), KINDS, "says that a template made it"),
    "empty": (_changed(body=lambda _: " \n"), KINDS, r"the body of firing of 1 alerts is ' \\n'"),
    "lines": (_changed(subject=lambda message: f"{message.subject}\nx"), KINDS, "is not one line"),
    "false json": (_changed(content_type=lambda _: "application/json"), KINDS, "called application/json, and is none"),
    "worried": (
        _changed(
            subject=lambda message: message.subject.replace("resolved", ""),
            body=lambda message: message.body.replace("resolved", ""),
        ),
        "test_that_it_is_over_can_be_seen",
        "a resolution is rendered as",
    ),
    "c string": (
        _changed(
            subject=lambda message: message.subject[::-1].partition("\x00")[2],
            body=lambda message: message.body[::-1].partition("\x00")[2] or "?",
        ),
        HOSTILE,
        "what stands beside it is lost",
    ),
    "encoding": (_changed(body=lambda message: message.body.encode().decode()), HOSTILE, "raised UnicodeEncodeError"),
    "numbers": (
        lambda notification, template: Message("x", f"{notification.alerts[0].alert.current_value:.1f}"),
        "test_odd_values_are_rendered",
        "raised TypeError",
    ),
    "eager": (
        lambda notification, template: Message("x", notification.alerts[0].alert.alert_id),
        "test_odd_values_are_rendered",
        "rendering firing of 0 alerts raised IndexError",
    ),
    "clock": (
        _changed(body=lambda message: f"{message.body} {time.perf_counter_ns()}"),
        "test_it_is_pure",
        "is rendered as .* and then as",
    ),
    "deaf": (lambda notification, template: _said(notification, None), TEMPLATE, "is rendered as: firing"),
    "modest": (_changed(templated=lambda _: False), TEMPLATE, "does not say that a template made it"),
    "breaking out": (
        lambda notification, template: Message("", f'{{"text": "{notification.alerts[0].alert.message}"}}'),
        "test_a_template_of_json_stays_json",
        "is rendered as what is none",
    ),
}


@pytest.mark.parametrize("name", RENDERERS)
def test_a_broken_renderer_is_told_what_to_mend(name: str) -> None:
    """And a sound one passes the same test."""
    renderer, test, message = RENDERERS[name]
    with _fails(message):
        _held(RendererContract, "renderer", renderer, test)
    _held(RendererContract, "renderer", _said, test)


def test_a_renderer_without_templates_is_exempted() -> None:
    """With the reason."""
    for test in (TEMPLATE, "test_a_template_of_json_stays_json"):
        with pytest.raises(pytest.skip.Exception, match="templates: its form is fixed"):
            _held(RendererContract, "renderer", RENDERERS["deaf"][0], test, exempt={"templates": "its form is fixed"})


# -- aggregators -------------------------------------------------------------------------------------------------


@attrs.frozen
class Kept:
    """What a sound aggregator keeps."""

    first: str = ""


class ByNode:
    """Forms incidents per node, and tells a minute later what is not critical: soundly."""

    state_class: Any = Kept
    state_version: Any = 1

    def __init__(self, config: Any) -> None:
        pass

    def key(self, alert: Any) -> Any:
        return alert.node_id

    def labels(self, alert: Any) -> Any:
        return {"node_id": alert.node_id or ""}

    def open(self, alert: Any, now: float) -> Any:
        return Kept(alert.alert_id)

    def accepts(self, state: Any, opened_at: float, now: float) -> Any:
        return now < opened_at + 60

    def release(self, state: Any, telling: Any) -> Any:
        urgent = telling.alert.severity.rank > 2 or telling.cause is Cause.RESOLVED
        return AT_ONCE if urgent else Release(telling.now + 60, Reason.GROUPED)

    def longest_wait(self, severity: Any) -> Any:
        return 60.0

    def repeat_at(self, state: Any, opened_at: float, told_at: float) -> Any:
        return told_at + 1


def _with(**methods: Any) -> type:
    return type("Broken", (ByNode,), methods)


@attrs.define
class Counting:
    """A state that is changed where it stands."""

    count: int = 0


def _counting(self: Any, state: Counting, telling: Any) -> Release:
    state.count += 1
    return AT_ONCE


def _remembering(self: Any, state: Any, telling: Any) -> Release:
    self.asked = getattr(self, "asked", 0) + 1
    return Release(telling.now + self.asked)


IN_THE_END = "test_whatever_is_owed_is_told_in_the_end"
STATE = "test_a_state_is_kept"
KEY = "test_a_key_is_a_string_or_none"
LABELS = "test_its_labels_are_those_of_the_incident"
REMINDER = "test_a_reminder_comes_later"

AGGREGATORS: dict[str, tuple[Any, str, str]] = {
    "key raises": (_with(key=lambda self, alert: alert.labels["service"]), KEY, "key raised KeyError.*with no labels"),
    "key is no string": (_with(key=lambda self, alert: (alert.node_id,)), KEY, r"is \('node-7',\)"),
    "key by identity": (_with(key=lambda self, alert: str(id(alert))), KEY, "and then '"),
    "open raises": (_with(open=lambda self, alert, now: Kept(alert.node_id.upper())), STATE, "open raised"),
    "state of another class": (_with(open=lambda self, alert, now: {"a": 1}), STATE, "and no Kept"),
    "state without a class": (_with(state_class=None), STATE, "there is no state_class, but the state is Kept"),
    "class is none": (_with(state_class=dict), STATE, "state_class is <class 'dict'>"),
    "version is none": (_with(state_version="1"), STATE, "state_version is '1'"),
    "state cannot be kept": (_with(open=lambda self, alert, now: Kept(alert)), STATE, "cannot be kept|comes back"),
    "state comes back otherwise": (
        _with(open=lambda self, alert, now: Kept(alert.current_value)),
        STATE,
        "comes back from a store as",
    ),
    "accepts is no bool": (
        _with(accepts=lambda self, state, opened_at, now: None),
        "test_it_says_whether_an_incident_takes_more",
        "accepts says None, 0 s after",
    ),
    "release raises": (_with(release=lambda self, state, telling: 1 / 0), IN_THE_END, "release raised ZeroDivision"),
    "release is none": (_with(release=lambda self, state, telling: 60.0), IN_THE_END, "release gave 60.0"),
    "never": (_with(release=lambda self, state, telling: Release(float("inf"))), IN_THE_END, "told at inf"),
    "not a number": (_with(release=lambda self, state, telling: Release(float("nan"))), IN_THE_END, "told at nan"),
    "too late": (_with(release=lambda self, state, telling: Release(1e12)), IN_THE_END, "told at 1000000000000.0"),
    "longer than it says": (
        _with(longest_wait=lambda self, severity: 59.0),
        "test_nothing_waits_longer_than_it_says",
        "puts off an alert by 60 s, and longest_wait says 59 s",
    ),
    "reminds at once": (_with(repeat_at=lambda self, state, opened, told: told), REMINDER, "told at 1000 is to be"),
    "reminds never": (_with(repeat_at=lambda self, state, opened, told: float("nan")), REMINDER, "reminded at nan"),
    "changes its state": (
        _with(state_class=Counting, open=lambda self, alert, now: Counting(), release=_counting),
        "test_it_is_pure",
        "release changed its state",
    ),
    "remembers": (_with(release=_remembering), "test_it_is_pure", "other answers to the same questions"),
    "remembers apart": (_with(release=_remembering), STATE, "after a restart it decides something else"),
    "labels are numbers": (_with(labels=lambda self, alert: {"node": 7}), LABELS, "the labels of an alert with"),
    "labels of one alert": (_with(labels=lambda self, alert: {"id": alert.alert_id}), LABELS, "alerts of one key"),
}


@pytest.mark.parametrize("name", AGGREGATORS)
def test_a_broken_aggregator_is_told_what_to_mend(name: str) -> None:
    """And a sound one passes the same test."""
    aggregator, test, message = AGGREGATORS[name]
    with _fails(message):
        _held(AggregatorContract, "aggregator", aggregator, test)
    _held(AggregatorContract, "aggregator", ByNode, test)


def test_an_aggregators_settings_are_checked() -> None:
    """They are the author's mistake, and said to be."""
    with pytest.raises(AssertionError, match=r"{'a': 1} are no settings of 'mine': unknown setting 'a'"):
        _held(AggregatorContract, "aggregator", ByNode, KEY, several_settings=({"a": 1},))


# -- schedulers --------------------------------------------------------------------------------------------------


@attrs.frozen
class Walk:
    """What a sound scheduler keeps."""

    channels: tuple[tuple[str, ...], ...]
    told: int = 0


class Plain:
    """Tells a policy's levels a minute apart: soundly."""

    state_class: ClassVar[Any] = Walk
    state_version: ClassVar[Any] = 1

    def begin(self, policy: Any) -> Any:
        return Walk(tuple(policy.escalation_levels.values()))

    def step(self, state: Any, index: int) -> Any:
        return Step(index, EscalationLevel.FIRST, 60.0 * index, state.channels[index])

    def next(self, state: Any) -> Any:
        return self.step(state, state.told) if state.told < len(state.channels) else None

    def advance(self, state: Any) -> Any:
        return attrs.evolve(state, told=state.told + 1)

    def steps(self, state: Any) -> Any:
        return tuple(self.step(state, index) for index in range(len(state.channels)))


def _plain(**methods: Any) -> Any:
    return type("Broken", (Plain,), methods)()


@attrs.define
class Marching:
    """A state that is changed where it stands."""

    channels: tuple[tuple[str, ...], ...]
    told: int = 0


def _march(self: Any, state: Marching) -> Marching:
    state.told += 1
    return state


def _step(**changes: Any) -> Any:
    """Make a step of :class:`Plain`, but for *changes*: functions of its index."""

    def step(self: Any, state: Any, index: int) -> Step:
        made: Step = Plain.step(self, state, index)
        return attrs.evolve(made, **{name: change(index) for name, change in changes.items()})

    return step


ORDER, SHOWN, PURE = "test_levels_come_in_order", "test_all_steps_are_shown", "test_it_is_pure"

SOUND = Plain()
SCHEDULERS: dict[str, tuple[Any, str, str]] = {
    "begin raises": (_plain(begin=lambda self, policy: 1 / 0), ORDER, "begin raised ZeroDivisionError.*'empty'"),
    "next raises": (_plain(next=lambda self, state: self.step(state, 0)), ORDER, "next raised IndexError"),
    "next is none": (_plain(next=lambda self, state: "first"), ORDER, "next gave 'first'"),
    "no end": (_plain(advance=lambda self, state: state), SHOWN, "'alone' does not end within 10000 steps"),
    "state cannot be kept": (_plain(begin=lambda self, policy: policy), ORDER, "and no Walk"),
    "same ordinals": (_plain(step=_step(ordinal=lambda index: 1)), ORDER, "after ordinal 1 comes Step"),
    "back in time": (_plain(step=_step(after_seconds=lambda index: -60.0 * index)), ORDER, "earlier than what was"),
    "no time": (_plain(step=_step(after_seconds=lambda index: float("inf"))), ORDER, "earlier than|after_seconds=inf"),
    "nobody": (_plain(step=_step(channels=lambda index: ())), ORDER, r"channels=\(\)"),
    "no level": (_plain(step=_step(level=lambda index: "first")), ORDER, "level='first'"),
    "steps left": (
        _plain(steps=lambda self, state: Plain.steps(self, state)[state.told :]),
        SHOWN,
        "of the policy 'whole' steps shows",
    ),
    "changes its state": (
        _plain(
            state_class=Marching,
            begin=lambda self, policy: Marching(tuple(policy.escalation_levels.values())),
            advance=_march,
        ),
        PURE,
        "advance changed the state",
    ),
    "moody": (_plain(step=_step(after_seconds=lambda index: float(next(COUNTER)))), PURE, "of one state .* comes"),
}


@pytest.mark.parametrize("name", SCHEDULERS)
def test_a_broken_scheduler_is_told_what_to_mend(name: str) -> None:
    """And a sound one passes the same test."""
    scheduler, test, message = SCHEDULERS[name]
    with _fails(message):
        _held_scheduler(scheduler, test)
    _held_scheduler(SOUND, test)


def _held_scheduler(scheduler: Any, test: str) -> None:
    _held(SchedulerContract, "scheduler", scheduler, test)
