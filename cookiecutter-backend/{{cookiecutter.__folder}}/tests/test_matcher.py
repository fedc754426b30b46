"""The matcher keeps the contract of matchers, and rules can use it."""

from __future__ import annotations

import pytest
from tocsin import AlertRoutingRule, FederationAlertingService, NotificationChannel
from tocsin.testing.contracts import MatcherContract
from tocsin.testing.recording import RecordingBackend
from tocsin.testing.samples import make_alert

MATCHER = "{{ cookiecutter.name }}"
LABEL = "{{ cookiecutter.name | replace('-', '_') }}"


class TestMatcher(MatcherContract):
    """What a rule may say, and what makes no sense."""

    matcher = MATCHER
    examples = (
        ("db", make_alert(labels={LABEL: "db"}), True),
        (["db", "web"], make_alert(labels={LABEL: "web"}), True),
        (["db", "web"], make_alert(labels={LABEL: "night"}), False),
        ("db", make_alert(labels={}), False),
    )
    refused = (7, "", [], ["db", 7], {"db": True})


@pytest.mark.anyio
async def test_a_rule_may_use_it(alerting: FederationAlertingService, tocsin_recording: RecordingBackend) -> None:
    """In a whole service, on each event loop; what no rule matches goes to the channel ``recording``."""
    alerting.add_channel(NotificationChannel("databases", "recording"))
    alerting.add_routing_rule(AlertRoutingRule("db", conditions={MATCHER: ["db"]}, target_channels=["databases"]))
    async with alerting:
        await alerting.process_alert(make_alert(alert_id="ours", labels={LABEL: "db"}))
        await alerting.process_alert(make_alert(alert_id="theirs", labels={LABEL: "web"}))
    assert [told.channel_id for told in tocsin_recording.received()] == ["databases", "recording"]
