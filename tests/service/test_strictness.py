"""Strict mode refuses to start; lenient mode goes on and records gaps. Nothing is ignored in either."""

from __future__ import annotations

from typing import Any

import pytest
from tests.service.conftest import MakeAlerting
from tests.service.scripted import Post, alert

from tocsin import (
    AlertRoutingRule,
    EscalationLevel,
    EscalationPolicy,
    FederationAlertingService,
    GapKind,
    PluginError,
    UnknownReferenceError,
    hookimpl,
)
from tocsin.testing.clock import VirtualClock

pytestmark = pytest.mark.anyio


class Bad:
    """A plugin that fails."""

    def __init__(self, name: str = "bad") -> None:
        self.__name__ = name

    @hookimpl
    def tocsin_register_backends(self, registrar: Any) -> None:
        """Raise."""
        raise ValueError("no such driver")


class Misspelt:
    """A plugin with a hook that does not exist."""

    @hookimpl
    def tocsin_register_backend(self, registrar: Any) -> None:
        """Never called."""


def test_strict_mode_refuses_to_start_and_lists_every_failed_plugin(make_alerting: MakeAlerting) -> None:
    """Each by name, with what is wrong."""
    with pytest.raises(PluginError) as caught:
        make_alerting(strict=True, plugins=[Bad("one"), Misspelt()])
    assert len(caught.value.failures) == 2
    text = str(caught.value)
    assert "one (given by the application" in text
    assert "no such driver" in text
    assert "did you mean 'tocsin_register_backends'" in text


async def test_lenient_mode_reports_failed_plugins_as_gaps(
    make_alerting: MakeAlerting, post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    """The others work, and the failure is logged and visible."""
    async with make_alerting(plugins=[Bad("one")]) as alerting:
        alerting.add_channel(post.channel("ops"))
        alerting.add_routing_rule(AlertRoutingRule("everything", target_channels=["ops"]))
        await alerting.process_alert(alert())
        (gap,) = alerting.gaps
        assert (gap.kind, gap.subject, gap.count) == (GapKind.PLUGIN_FAILED, "one", 1)
        assert alerting.get_alerting_statistics()["gaps"] == 1
    assert "no such driver" in caplog.text
    assert len(post.sent) == 1


def _refer(alerting: FederationAlertingService, post: Post, what: str) -> None:
    if what == "channel":
        alerting.add_routing_rule(AlertRoutingRule("r", target_channels=["opps"]))
    elif what == "policy":
        alerting.add_routing_rule(AlertRoutingRule("r", escalation_policy_id="nightt"))
        alerting.add_escalation_policy(EscalationPolicy("night"))
    elif what == "template":
        alerting.add_channel(post.channel("ops", template_name="shirt"))
    elif what == "fallback":
        alerting.add_channel(post.channel("ops", fallback="opps"))
    elif what == "level":
        alerting.add_escalation_policy(EscalationPolicy("p", escalation_levels={EscalationLevel.FIRST: ["opps"]}))
    elif what == "default":
        alerting.add_escalation_policy(EscalationPolicy("p", default_channels=["opps"]))


async def _use(alerting: FederationAlertingService, how: str) -> None:
    if how == "enter":
        await alerting.__aenter__()
    elif how == "process":
        await alerting.process_alert(alert())
    else:
        alerting.resolve_alert("a1")


REFERENCES = {
    "channel": "routing_rules[0].target_channels[0]",
    "policy": "routing_rules[0].escalation_policy_id",
    "template": "channels.ops.template_name",
    "fallback": "channels.ops.fallback",
    "level": "escalation_policies.p.escalation_levels.first[0]",
    "default": "escalation_policies.p.default_channels[0]",
}


@pytest.mark.parametrize(("what", "where"), REFERENCES.items(), ids=list(REFERENCES))
async def test_strict_mode_refuses_names_that_stand_for_nothing(
    make_alerting: MakeAlerting, post: Post, what: str, where: str
) -> None:
    """On entering, and on first use without it; the error says where and what is near."""
    for use in ("enter", "process", "resolve"):
        alerting = make_alerting(strict=True)
        alerting.add_channel(post.channel("ops"))
        _refer(alerting, post, what)
        with pytest.raises(UnknownReferenceError) as caught:
            await _use(alerting, use)
        assert caught.value.where.endswith(where)
        if what in ("channel", "level", "default"):
            assert "did you mean 'ops'" in caught.value.problem
    assert post.sent == []


async def test_strict_mode_takes_forward_references(make_alerting: MakeAlerting, post: Post) -> None:
    """Only on first use does everything have to be there."""
    alerting = make_alerting(strict=True)
    alerting.add_routing_rule(AlertRoutingRule("r", target_channels=["ops"], escalation_policy_id="p"))
    alerting.add_escalation_policy(EscalationPolicy("p", default_channels=["ops"]))
    alerting.add_channel(post.channel("ops"))
    async with alerting:
        await alerting.process_alert(alert())
    assert len(post.sent) == 1


GAPS = {
    "channel": (GapKind.MISSING_CHANNEL, "opps"),
    "policy": (GapKind.MISSING_POLICY, "nightt"),
    "template": (GapKind.MISSING_TEMPLATE, "ops"),
}


@pytest.mark.parametrize(("what", "gap"), GAPS.items(), ids=list(GAPS))
async def test_lenient_mode_records_them_as_gaps_and_tells_who_is_left(
    alerting: FederationAlertingService, post: Post, what: str, gap: tuple[GapKind, str]
) -> None:
    """The channel that exists is told all the same."""
    async with alerting:
        _refer(alerting, post, what)
        await alerting.process_alert(alert())
        assert [(one.kind, one.subject) for one in alerting.gaps] == [gap]
    assert len(post.to("ops")) == 1


async def test_a_level_without_any_usable_channel_is_a_gap(
    alerting: FederationAlertingService, post: Post, clock: VirtualClock
) -> None:
    """Neither its own channels nor the default ones exist."""
    policy = EscalationPolicy("p", escalation_levels={EscalationLevel.FIRST: ["nobody"]}, default_channels=["noone"])
    async with alerting:
        alerting.add_escalation_policy(policy)
        alerting.add_routing_rule(AlertRoutingRule("p", escalation_policy_id="p"))
        await alerting.process_alert(alert())
        before = list(alerting.gaps)
        await clock.advance(300)
        (gap,) = alerting.gaps
    assert before == []
    assert (gap.kind, gap.subject) == (GapKind.LEVEL_UNREACHABLE, "p.first")


async def test_a_gap_that_is_met_again_is_counted(alerting: FederationAlertingService, clock: VirtualClock) -> None:
    """One gap per kind and subject, with its first and its last time."""
    async with alerting:
        alerting.add_routing_rule(AlertRoutingRule("r", target_channels=["nobody"]))
        await alerting.process_alert(alert("a1"))
        await clock.advance(60)
        await alerting.process_alert(alert("b1", metric_name="disk"))
        (gap,) = alerting.gaps
    assert (gap.count, gap.last_at - gap.first_at) == (2, 60)
