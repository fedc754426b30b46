"""A virtual clock, a scripted backend, and services that use both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.service.scripted import Post

from tocsin import AlertRoutingRule, FederationAlertingService
from tocsin.testing.clock import VirtualClock

MakeAlerting = Callable[..., FederationAlertingService]


@pytest.fixture
def clock() -> VirtualClock:
    """A clock that the test moves."""
    return VirtualClock()


@pytest.fixture
def post() -> Post:
    """A backend that does what the test says."""
    return Post()


@pytest.fixture
def make_alerting(clock: VirtualClock, post: Post) -> MakeAlerting:
    """Make services of the test's clock and backend, without any configuration."""

    def make(**options: Any) -> FederationAlertingService:
        plugins = [post, *options.pop("plugins", ())]
        return FederationAlertingService(**{"clock": clock, "seed": 1, "plugins": plugins, **options})

    return make


@pytest.fixture
def alerting(make_alerting: MakeAlerting, post: Post) -> FederationAlertingService:
    """A service whose every alert goes to the channel ``ops``; not entered."""
    made = make_alerting()
    made.add_channel(post.channel("ops"))
    made.add_routing_rule(AlertRoutingRule("everything", target_channels=["ops"]))
    return made
