"""Backends, renderers and matchers that misbehave: the alert is not lost, and the trouble is a gap."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import attrs
import pytest
from pluggy import _hooks
from tests.service.conftest import MakeAlerting
from tests.service.scripted import HANG, Post, Rendering, alert, listed

from tocsin import (
    Aggregation,
    AlertRoutingRule,
    Condition,
    EscalationLevel,
    EscalationPolicy,
    FederationAlertingService,
    GapKind,
    MatcherRegistrar,
    MemoryStore,
    NotificationTemplate,
    Outcome,
    PerformanceAlert,
    Release,
    hookimpl,
)
from tocsin.discovery import load
from tocsin.engine import outcomes
from tocsin.testing.clock import VirtualClock

pytestmark = pytest.mark.anyio


def kinds(alerting: FederationAlertingService) -> set[tuple[GapKind, str]]:
    """Return kind and subject of each gap."""
    return {(gap.kind, gap.subject) for gap in alerting.gaps}


async def test_a_backend_that_raises_is_a_gap_and_is_tried_again(
    alerting: FederationAlertingService, post: Post, clock: VirtualClock
) -> None:
    """The text of the exception may hold a secret, and is shown nowhere."""
    post.will("ops", RuntimeError("s3cret"))
    async with alerting:
        await alerting.process_alert(alert())
        await clock.advance(10)
        assert [delivery.outcome for delivery in alerting.delivery_history] == ["unavailable", "delivered"]
        assert kinds(alerting) == {(GapKind.BACKEND_FAILED, "ops")}
        everything = repr((alerting.gaps, alerting.delivery_history, alerting.get_alerting_statistics()))
    assert "RuntimeError" in everything
    assert "s3cret" not in everything


class _Strange(BaseException):
    """What no backend should raise, and some will."""


def _cancelled_elsewhere() -> BaseException:
    """An exception such as a backend lets through that awaited a task which somebody else cancelled."""
    return asyncio.CancelledError()


@pytest.mark.parametrize("make", [_Strange, SystemExit, _cancelled_elsewhere])
async def test_whatever_a_backend_raises_the_alert_is_tried_again(
    alerting: FederationAlertingService, post: Post, clock: VirtualClock, make: Callable[[], BaseException]
) -> None:
    """It is a gap like any other, and the channel's lane is free again."""
    post.will("ops", make())
    async with alerting:
        await alerting.process_alert(alert("a1"))
        await clock.advance(60)
        assert [one.attempt for one in post.to("ops")] == [1, 2]
        assert [gap.kind for gap in alerting.gaps] == [GapKind.BACKEND_FAILED]
    assert alerting.left_behind == ()


@pytest.mark.parametrize("garbage", [None, True, "delivered", 200, object()])
async def test_what_is_no_outcome_counts_as_unknown(
    alerting: FederationAlertingService, post: Post, clock: VirtualClock, garbage: Any
) -> None:
    """The receiver may have it: sent again, with the same id."""
    post.will("ops", garbage)
    async with alerting:
        await alerting.process_alert(alert())
        await clock.advance(10)
        assert [delivery.outcome for delivery in alerting.delivery_history] == ["unknown", "delivered"]
        assert kinds(alerting) == {(GapKind.BACKEND_FAILED, "ops")}
    assert len({one.notification_id for one in post.sent}) == 1


async def test_a_backend_that_hangs_is_cancelled_and_its_attempt_is_unknown(
    alerting: FederationAlertingService, post: Post, clock: VirtualClock
) -> None:
    """After the time that it registered."""
    post.will("ops", HANG)
    async with alerting:
        await alerting.process_alert(alert(), wait=False)
        await clock.advance(29.9)
        assert post.cancelled == 0
        await clock.advance(0.1)
        assert post.cancelled == 1
        (delivery,) = alerting.delivery_history
        assert (delivery.outcome, delivery.delivery_time_ms) == ("unknown", 30_000.0)
        await clock.advance(10)


async def test_retries_keep_the_id_and_end_in_a_gap(
    alerting: FederationAlertingService, post: Post, clock: VirtualClock
) -> None:
    """Three attempts are what this backend's policy allows; without a fallback that is a gap."""
    post.will("ops", *[Outcome.unavailable("busy")] * 5)
    async with alerting:
        await alerting.process_alert(alert())
        await clock.advance(3600)
        assert [one.attempt for one in post.sent] == [1, 2, 3]
        assert len({one.notification_id for one in post.sent}) == 1
        assert kinds(alerting) == {(GapKind.UNDELIVERED, "ops")}


async def test_a_rejection_goes_to_the_fallback(alerting: FederationAlertingService, post: Post) -> None:
    """At once, and without a gap."""
    post.will("first", Outcome.rejected("no such room", code=404))
    async with alerting:
        alerting.add_channel(post.channel("first", fallback="second"))
        alerting.add_channel(post.channel("second"))
        alerting.add_routing_rule(AlertRoutingRule("first", target_channels=["first"]))
        await alerting.process_alert(alert())
        assert alerting.gaps == ()
    assert [listed(one) for one in post.to("second")] == [["a1"]]


async def test_retry_after_is_honoured(alerting: FederationAlertingService, post: Post, clock: VirtualClock) -> None:
    """No attempt before what the receiver asked for."""
    post.will("ops", Outcome.throttled("slow down", code=429, retry_after_seconds=120.0))
    async with alerting:
        await alerting.process_alert(alert())
        await clock.advance(119.9)
        assert len(post.sent) == 1
        await clock.advance(10)
        assert len(post.sent) == 2


@pytest.mark.parametrize("backend", ["brittle_post", "unrendered_post"])
async def test_without_a_renderer_it_goes_out_in_the_plain_form(
    make_alerting: MakeAlerting, post: Post, backend: str
) -> None:
    """A renderer that raises, or does not exist, costs the form and not the alert."""
    async with make_alerting(plugins=[Rendering(post)]) as alerting:
        alerting.add_channel(post.channel("ops", backend=backend))
        alerting.add_routing_rule(AlertRoutingRule("everything", target_channels=["ops"]))
        await alerting.process_alert(alert())
        alerting.resolve_alert("a1")
        gaps = kinds(alerting)
        assert gaps == {(GapKind.RENDERER_FAILED, "ops")}
        assert "s3cret" not in repr(alerting.gaps)
    messages = [one.message for one in post.sent]
    assert [message.subject.split("]")[0] for message in messages if message] == ["[FIRING", "[RESOLVED"]
    assert all("too hot" in message.body and "prod-1" in message.body for message in messages if message)


async def test_a_renderer_that_fails_on_a_template_gives_its_default_form(
    make_alerting: MakeAlerting, post: Post
) -> None:
    """Before the core's own form is taken."""
    async with make_alerting(plugins=[Rendering(post, only_templates=True)]) as alerting:
        alerting.add_channel(post.channel("ops", backend="brittle_post"))
        alerting.add_template(NotificationTemplate("t", "t", "brittle_post", "s", "b"))
        alerting.add_routing_rule(AlertRoutingRule("everything", target_channels=["ops"]))
        await alerting.process_alert(alert())
        assert kinds(alerting) == {(GapKind.RENDERER_FAILED, "ops")}
    assert post.sent[0].message is not None
    assert post.sent[0].message.body == "the default form"


@attrs.frozen
class NoSettings:
    """Nothing to set."""


class Broken:
    """A matcher, an aggregator and a scheduler, each of which raises."""

    state_class = None
    state_version = 1

    @hookimpl
    def tocsin_register_matchers(self, registrar: MatcherRegistrar) -> None:
        """Register ``broken``."""

        def predicate(view: object) -> bool:
            raise RuntimeError("s3cret")

        registrar.register("broken", lambda value: Condition.opaque(predicate, "always raises"))

    @hookimpl
    def tocsin_register_aggregators(self, registrar: Any) -> None:
        """Register ``broken``."""
        registrar.register("broken", lambda config: self, config_class=NoSettings)

    @hookimpl
    def tocsin_register_escalation_schedulers(self, registrar: Any) -> None:
        """Register ``broken``."""
        registrar.register("broken", self)

    def key(self, one: PerformanceAlert, /) -> str | None:
        """Raise."""
        raise RuntimeError("s3cret")

    def open(self, one: PerformanceAlert, now: float, /) -> None:
        """Raise."""
        raise RuntimeError("s3cret")

    def accepts(self, state: Any, opened_at: float, now: float, /) -> bool:
        """Raise."""
        raise RuntimeError("s3cret")

    def release(self, state: Any, telling: Any, /) -> Release:
        """Raise."""
        raise RuntimeError("s3cret")

    def repeat_at(self, state: Any, opened_at: float, told_at: float, /) -> float | None:
        """Never."""
        return None

    def begin(self, policy: EscalationPolicy, /) -> None:
        """Raise."""
        raise RuntimeError("s3cret")

    next = advance = steps = begin


async def test_a_matcher_that_raises_counts_as_matching(make_alerting: MakeAlerting, post: Post) -> None:
    """Better told too often than never; ``explain`` says so."""
    async with make_alerting(plugins=[Broken()]) as alerting:
        alerting.add_channel(post.channel("ops"))
        alerting.add_routing_rule(AlertRoutingRule("odd", conditions={"broken": 1}, target_channels=["ops"]))
        await alerting.process_alert(alert())
        assert kinds(alerting) == {(GapKind.MATCHER_FAILED, "broken")}
        (rule,) = alerting.explain(alert("a2", metric_name="disk")).rules
        assert "raised RuntimeError" in rule.conditions[0].reason
        assert "s3cret" not in repr(alerting.gaps) + repr(rule)
    assert len(post.sent) == 1


async def test_an_aggregator_that_raises_tells_at_once(make_alerting: MakeAlerting, post: Post) -> None:
    """Each alert alone."""
    async with make_alerting(plugins=[Broken()], aggregation=Aggregation("broken")) as alerting:
        alerting.add_channel(post.channel("ops"))
        alerting.add_routing_rule(AlertRoutingRule("everything", target_channels=["ops"]))
        await alerting.process_alert(alert("a1"))
        await alerting.process_alert(alert("a2"))
        assert kinds(alerting) == {(GapKind.AGGREGATOR_FAILED, "broken")}
    assert [listed(one) for one in post.sent] == [["a1"], ["a2"]]


async def test_a_scheduler_that_raises_goes_to_the_default_channels(
    make_alerting: MakeAlerting, post: Post, clock: VirtualClock
) -> None:
    """Once, and it is a gap."""
    policy = EscalationPolicy("p", escalation_levels={EscalationLevel.FIRST: ["ops"]}, default_channels=["spare"])
    async with make_alerting(plugins=[Broken()], escalation_scheduler="broken") as alerting:
        alerting.add_channel(post.channel("spare"))
        alerting.add_channel(post.channel("ops"))
        alerting.add_escalation_policy(policy)
        alerting.add_routing_rule(AlertRoutingRule("p", escalation_policy_id="p"))
        assert alerting.explain(alert()).escalation is not None
        await alerting.process_alert(alert())
        await clock.advance(4000)
        assert kinds(alerting) == {(GapKind.SCHEDULER_FAILED, "broken")}
    assert [listed(one) for one in post.to("spare")] == [["a1"]]


async def test_once_the_service_runs_pluggy_is_not_called(
    alerting: FederationAlertingService,
    post: Post,
    clock: VirtualClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Hooks run at load time only: no alert pays for them."""
    real = _hooks.HookCaller.__call__

    def refuse(self: _hooks.HookCaller, **kwargs: object) -> object:
        assert not self.name.startswith("tocsin_"), "pluggy was called"
        return real(self, **kwargs)

    monkeypatch.setattr(_hooks.HookCaller, "__call__", refuse)
    async with alerting:
        alerting.add_channel(post.channel("pager"))
        alerting.add_escalation_policy(EscalationPolicy("p", escalation_levels={EscalationLevel.FIRST: ["pager"]}))
        alerting.add_routing_rule(AlertRoutingRule("p", escalation_policy_id="p"))
        await alerting.process_alerts([alert("a1"), alert("b1", metric_name="disk")])
        await alerting.process_alert(alert("a2"))
        alerting.explain(alert("c1"))
        alerting.acknowledge_alert("b1")
        await clock.advance(400)
        alerting.resolve_alert("a1")
    assert {"ops", "pager"} == {one.channel_id for one in post.sent}
    (failure,) = load(extra=[post], entry_points=[]).failures
    assert "pluggy was called" in failure.problem


MALFORMED: list[tuple[Any, str, str]] = [
    (Outcome.throttled("slow down", retry_after_seconds="5"), "throttled", "retry_after_seconds"),  # type: ignore[arg-type]
    (Outcome.throttled("slow down", retry_after_seconds=float("nan")), "throttled", "retry_after_seconds"),
    (Outcome.unavailable("busy", code="E21211"), "unavailable", "code"),  # type: ignore[arg-type]
    (Outcome.unavailable(ValueError("s3cret")), "unavailable", "detail"),  # type: ignore[arg-type]
    (Outcome.unknown("who knows", code=10**40), "unknown", "code"),
    (Outcome("delivered"), "unknown", "status"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("answer", "status", "field"), MALFORMED, ids=lambda value: str(value)[:30])
async def test_a_malformed_outcome_counts_for_what_it_says_for_certain(
    make_alerting: MakeAlerting, post: Post, clock: VirtualClock, answer: Outcome, status: str, field: str
) -> None:
    """It is a gap; nothing stays under way, and what is kept can be read after a restart."""
    store = MemoryStore()

    def configured() -> FederationAlertingService:
        made = make_alerting(store=store)
        made.add_channel(post.channel("ops"))
        made.add_routing_rule(AlertRoutingRule("everything", target_channels=["ops"]))
        return made

    post.will("ops", answer)
    async with configured() as alerting:
        await alerting.process_alert(alert())
        await clock.advance(30.0)
        assert [one.outcome for one in alerting.delivery_history] == [status, "delivered"]
        (gap,) = alerting.gaps
        assert (gap.kind, gap.subject) == (GapKind.BACKEND_FAILED, "ops")
        assert f"the outcome's {field} must be" in gap.detail
        assert "s3cret" not in repr(alerting.gaps + tuple(alerting.delivery_history))
    async with configured() as again:
        assert [line.outcome for line in await again.ledger("a1") if line.outcome] == [status, "delivered"]


async def test_a_delivery_with_a_malformed_code_is_a_delivery(
    alerting: FederationAlertingService, post: Post, clock: VirtualClock
) -> None:
    """It is not sent again for that."""
    post.will("ops", Outcome.delivered("fine", code="200"))  # type: ignore[arg-type]
    async with alerting:
        await alerting.process_alert(alert())
        await clock.advance(60.0)
        assert [(one.outcome, one.response_code) for one in alerting.delivery_history] == [("delivered", None)]


async def test_of_an_endless_detail_the_beginning_is_kept(alerting: FederationAlertingService, post: Post) -> None:
    """It goes into the journal with each attempt."""
    post.will("ops", Outcome.delivered("x" * 1_000_000))
    async with alerting:
        await alerting.process_alert(alert())
        (delivery,) = alerting.delivery_history
    assert delivery.response_message == "x" * 2000


async def test_an_end_that_cannot_be_taken_in_leaves_nothing_under_way(
    alerting: FederationAlertingService, post: Post, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever raised: the attempt's outcome is unknown then, and another one follows."""
    real, broken = outcomes.attempt_ended, [True]

    def attempt_ended(turn: Any, fact: Any) -> bool:
        if broken and fact.outcome.success:
            broken.clear()
            raise TypeError("s3cret")
        return real(turn, fact)

    monkeypatch.setattr(outcomes, "attempt_ended", attempt_ended)
    async with alerting:
        await alerting.process_alert(alert(), wait=False)
        await clock.advance(60.0)
        assert [one.outcome for one in alerting.delivery_history] == ["unknown", "delivered"]
    assert [one.attempt for one in post.sent] == [1, 2]
