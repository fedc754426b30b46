"""Mistakes in calls: each is refused at once, with what would be right."""

from __future__ import annotations

import threading
from typing import Any

import anyio
import pytest
from tests.service.conftest import MakeAlerting
from tests.service.scripted import HANG, Journal, Post, alert

from tocsin import AlertRoutingRule, ConfigurationError, FederationAlertingService, TimeInterval, UnknownReferenceError
from tocsin.testing.clock import VirtualClock

on_every_loop = pytest.mark.anyio
Loop = tuple[str, dict[str, Any]]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"disabled_plugins": "slack"}, "a list of plugin names, not 'slack'"),
        ({"disabled_plugins": ["slak"]}, "no plugin is called 'slak'; did you mean 'slack'"),
        ({"first_attempt_seconds": -1}, "number of seconds, at least 0"),
        ({"drain_seconds": float("inf")}, "number of seconds, at least 0"),
        ({"drain_seconds": True}, "number of seconds, at least 0"),
        ({"drain_seconds": 10**5000}, "number of seconds, at least 0, not a number of thousands of digits"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    make_alerting: MakeAlerting, options: dict[str, Any], problem: str
) -> None:
    """When the service is made; the error says which one."""
    with pytest.raises(ConfigurationError, match=problem) as caught:
        make_alerting(**options)
    assert caught.value.where == next(iter(options))


def test_removing_what_does_not_exist_names_the_nearest(alerting: FederationAlertingService) -> None:
    """A misspelt id would otherwise leave the thing in place, and nobody would know."""
    with pytest.raises(UnknownReferenceError, match="did you mean 'ops'"):
        alerting.remove_channel("opps")
    with pytest.raises(UnknownReferenceError, match="did you mean 'everything'"):
        alerting.remove_routing_rule("everythin")


@pytest.mark.parametrize("name", ["weekend", 5, ""])
def test_a_time_interval_has_a_name_and_an_interval(name: Any) -> None:
    """A rule that is active in none would be silent for ever."""
    with pytest.raises(ConfigurationError, match="time interval"):
        FederationAlertingService().add_time_interval(name, *([] if name == "weekend" else [TimeInterval()]))


@on_every_loop
async def test_one_alert_is_not_several(alerting: FederationAlertingService) -> None:
    """``process_alerts`` says which method to use instead."""
    async with alerting:
        with pytest.raises(ConfigurationError, match="for one there is process_alert"):
            await alerting.process_alerts(alert())  # type: ignore[arg-type]  # the mistake that is tested


@pytest.mark.parametrize("at", [float("nan"), float("inf"), "now", True])
def test_an_instant_is_a_finite_number(alerting: FederationAlertingService, at: Any) -> None:
    """``explain`` refuses anything else."""
    with pytest.raises(ConfigurationError, match="finite number of seconds"):
        alerting.explain(alert(), at=at)


@on_every_loop
async def test_strict_mode_lists_all_names_that_stand_for_nothing(make_alerting: MakeAlerting) -> None:
    """Not only the first: they are mended in one go."""
    alerting = make_alerting(strict=True)
    alerting.add_routing_rule(AlertRoutingRule("r", target_channels=["one", "two"], escalation_policy_id="three"))
    with pytest.raises(ConfigurationError) as caught:
        await alerting.process_alert(alert())
    assert all(f"is called '{name}'" in str(caught.value) for name in ("one", "two", "three"))


@on_every_loop
async def test_a_second_event_loop_at_the_same_time_is_refused(
    alerting: FederationAlertingService, anyio_backend: Loop
) -> None:
    """The error says what to do instead; the first loop notices nothing."""
    name, options = anyio_backend
    raised: list[Exception] = []

    async def elsewhere() -> None:
        try:
            await alerting.submit()
        except ConfigurationError as error:
            raised.append(error)

    async with alerting:
        await alerting.process_alert(alert())
        other = threading.Thread(target=lambda: anyio.run(elsewhere, backend=name, backend_options=options))
        other.start()
        other.join()
        assert await alerting.submit() == ()
    (error,) = raised
    assert "another event loop" in str(error)


@pytest.mark.parametrize("blocking", [False, True])
def test_a_second_loop_takes_over_although_the_store_fails_at_first(
    make_alerting: MakeAlerting, post: Post, clock: VirtualClock, anyio_backend: Loop, blocking: bool
) -> None:
    """What the first loop's end cut off is tried again once the store works."""
    name, options = anyio_backend
    store = Journal()
    store.blocking = blocking
    alerting = make_alerting(store=store)
    alerting.add_channel(post.channel("ops"))
    alerting.add_routing_rule(AlertRoutingRule("everything", target_channels=["ops"]))
    post.will("ops", HANG)

    async def first() -> None:
        await alerting.process_alert(alert(), wait=False)
        await clock.until(lambda: len(post.sent) == 1)

    async def second() -> None:
        store.failures = 2
        assert alerting.snooze_alert("nobody", 1) is False
        await clock.until(lambda: store.failures == 1)
        while len(post.sent) < 2:
            await clock.advance(1)
        await clock.until(lambda: bool(alerting.delivery_history))

    anyio.run(first, backend=name, backend_options=options)
    anyio.run(second, backend=name, backend_options=options)
    assert [one.attempt for one in post.sent] == [1, 2]
    assert alerting.delivery_history[-1].success
