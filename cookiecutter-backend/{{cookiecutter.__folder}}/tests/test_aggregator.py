"""The aggregator keeps the contract of aggregators, and rules can use it."""

from __future__ import annotations

from typing import Any

import pytest
from tocsin import Aggregation, AlertRoutingRule, ConfigurationError, FederationAlertingService, NotificationChannel
from tocsin.testing.clock import VirtualClock
from tocsin.testing.contracts import AggregatorContract
from tocsin.testing.recording import RecordingBackend
from tocsin.testing.samples import make_alert

from {{ cookiecutter.__package }}.aggregator import ByLabelConfig

AGGREGATOR = "{{ cookiecutter.name }}"


class TestAggregator(AggregatorContract):
    """With the defaults, by another label, and without patience."""

    aggregator = AGGREGATOR
    several_settings = ({}, {"label": "service", "patience_seconds": 0.5}, {"patience_seconds": 0})


@pytest.mark.anyio
async def test_what_comes_together_is_told_together(
    alerting: FederationAlertingService, tocsin_clock: VirtualClock, tocsin_recording: RecordingBackend
) -> None:
    """In a whole service, on each event loop; no time passes but the clock's."""
    together = Aggregation(AGGREGATOR, {"label": "service", "patience_seconds": 30.0})
    alerting.add_channel(NotificationChannel("ops", "recording"))
    alerting.add_routing_rule(AlertRoutingRule("all", target_channels=["ops"], aggregation=together))
    async with alerting:
        for alert_id in ("one", "two"):
            await alerting.process_alert(make_alert(alert_id=alert_id, severity="warning"), wait=False)
        await tocsin_clock.advance(29.0)
        assert tocsin_recording.received() == ()
        await tocsin_clock.advance(2.0)
    (told,) = tocsin_recording.received()
    assert {listed.alert.alert_id for listed in told.alerts} == {"one", "two"}


@pytest.mark.parametrize(
    ("settings", "where"),
    [
        ({"label": ""}, "label"),
        ({"label": 7}, "label"),
        ({"patience_seconds": -1}, "patience_seconds"),
        ({"patience_seconds": float("nan")}, "patience_seconds"),
        ({"patience_seconds": True}, "patience_seconds"),
    ],
)
def test_a_setting_that_cannot_work_is_refused(settings: dict[str, Any], where: str) -> None:
    """The error says which one it is."""
    with pytest.raises(ConfigurationError) as caught:
        ByLabelConfig(**settings)
    assert caught.value.where == where
