"""The settings: what is refused, where, and without the key."""

from __future__ import annotations

from typing import Any

import pytest
from alert_api import KEY

from tocsin import ConfigurationError, FederationAlertingService, NotificationChannel
from tocsin_opsgenie.settings import API_URL, OpsgenieConfig


def add(**settings: Any) -> None:
    """Add a channel with *settings* to a service."""
    service = FederationAlertingService(strict=True)
    service.add_channel(NotificationChannel("og", "opsgenie", config={"api_key": KEY, **settings}))


def test_a_key_is_enough() -> None:
    add()
    assert OpsgenieConfig(api_key=KEY).api_url == API_URL == "https://api.opsgenie.com"


def test_all_of_them() -> None:
    add(
        api_url="https://api.eu.opsgenie.com/",
        responders=[
            {"type": "team", "name": "NetOps"},
            {"type": "user", "username": "ada@example.org"},
            {"type": "schedule", "id": "8418d193-2dab-4490-b331-8c02cdd196b7"},
        ],
        tags=["eu", "tocsin"],
        priority="P2",
        priorities={"warning": "P4"},
        update_alerts=True,
        heartbeat_name="tocsin",
        timeout_seconds=12,
        http={"allow_link_local": True},
    )


@pytest.mark.parametrize(
    ("settings", "where", "problem"),
    [
        ({"api_key": ""}, "api_key", "is the key of an API integration"),
        ({"api_key": "with space"}, "api_key", "is the key of an API integration"),
        ({"api_key": 7}, "api_key", "expected a string"),
        ({"api_url": "api.opsgenie.com"}, "api_url", "https://"),
        ({"api_url": "https://api.opsgenie.com/?x=1"}, "api_url", "a query"),
        ({"priority": "P6"}, "priority", "unknown priority 'P6'"),
        ({"priorities": {"fatal": "P1"}}, "priorities.fatal", "unknown severity 'fatal'"),
        ({"priorities": {"error": "high"}}, "priorities.error", "unknown priority 'high'"),
        ({"tags": ["x"] * 21}, "tags", "at most 20 tags, not 21"),
        ({"tags": ["a", "x" * 51]}, "tags[1]", "1 to 50 characters"),
        ({"tags": [" "]}, "tags[0]", "1 to 50 characters"),
        ({"responders": [{"type": "team", "name": "x"}] * 51}, "responders", "at most 50"),
        ({"responders": [{"type": "tam", "name": "x"}]}, "responders[0].type", "did you mean 'team'?"),
        ({"responders": [{"type": "team", "username": "x"}]}, "responders[0]", "takes either id or name"),
        ({"responders": [{"type": "user", "name": "x"}]}, "responders[0]", "takes either id or username"),
        ({"responders": [{"type": "team", "name": "x", "id": "y"}]}, "responders[0]", "takes either id or name"),
        ({"responders": [{"name": "x"}]}, "responders[0].type", "required"),
        ({"heartbeat_name": ".."}, "heartbeat_name", "is the name of a heartbeat"),
        ({"heartbeat_name": ""}, "heartbeat_name", "is the name of a heartbeat"),
        ({"timeout_seconds": 0}, "timeout_seconds", "above zero"),
        ({"timeout_seconds": 13}, "timeout_seconds", "at most 12 seconds"),
        ({"alias": "x"}, "alias", "unknown setting"),
    ],
)
def test_what_cannot_work_is_refused_where_it_stands(settings: dict[str, Any], where: str, problem: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        add(**settings)
    assert raised.value.where == f"channels.og.config.{where}"
    assert problem in raised.value.problem
    assert KEY not in str(raised.value)


def test_the_key_is_not_shown() -> None:
    shown = repr(OpsgenieConfig(api_key=KEY, api_url="https://x.example/t0ken"))
    assert KEY not in shown
    assert "t0ken" not in shown
