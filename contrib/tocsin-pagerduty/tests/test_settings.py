"""The settings: what is refused, where, and without the key."""

from __future__ import annotations

from typing import Any

import pytest
from events_api import KEY

from tocsin import ConfigurationError, FederationAlertingService, NotificationChannel
from tocsin_pagerduty.settings import ENQUEUE_URL, PagerDutyConfig


def add(**settings: Any) -> None:
    """Add a channel with *settings* to a service."""
    service = FederationAlertingService(strict=True)
    service.add_channel(NotificationChannel("pd", "pagerduty", config={"routing_key": KEY, **settings}))


def test_a_key_is_enough() -> None:
    add()
    assert PagerDutyConfig(routing_key=KEY).url == ENQUEUE_URL == "https://events.pagerduty.com/v2/enqueue"


def test_all_of_them() -> None:
    add(
        url="https://events.eu.pagerduty.com/v2/enqueue",
        client="eu",
        client_url="https://tocsin.example/",
        severities={"warning": "info"},
        timeout_seconds=60,
        http={"allow_link_local": True},
    )


@pytest.mark.parametrize(
    ("settings", "where", "problem"),
    [
        ({"routing_key": ""}, "routing_key", "is the integration key"),
        ({"routing_key": "with space"}, "routing_key", "is the integration key"),
        ({"routing_key": 7}, "routing_key", "expected a string"),
        ({"url": "events.pagerduty.com"}, "url", "https://"),
        ({"client_url": "javascript:alert(1)"}, "client_url", "https://"),
        ({"severities": {"fatal": "critical"}}, "severities.fatal", "unknown severity 'fatal'"),
        ({"severities": {"error": "critcal"}}, "severities.error", "did you mean 'critical'?"),
        ({"timeout_seconds": 0}, "timeout_seconds", "above zero"),
        ({"timeout_seconds": 61}, "timeout_seconds", "at most 60 seconds"),
        ({"dedup_key": "x"}, "dedup_key", "unknown setting"),
    ],
)
def test_what_cannot_work_is_refused_where_it_stands(settings: dict[str, Any], where: str, problem: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        add(**settings)
    assert raised.value.where == f"channels.pd.config.{where}"
    assert problem in raised.value.problem
    assert KEY not in str(raised.value)


def test_the_key_is_not_shown() -> None:
    shown = repr(PagerDutyConfig(routing_key=KEY, url="https://x.example/t0ken"))
    assert KEY not in shown
    assert "t0ken" not in shown
