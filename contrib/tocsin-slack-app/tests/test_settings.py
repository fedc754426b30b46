"""Settings: what cannot work is refused, with its name, and without repeating a secret."""

from __future__ import annotations

from typing import Any

import pytest
from slack_peer import CHANNEL, TOKEN
from slack_press import SECRET

from tocsin import ConfigurationError, FederationAlertingService, NotificationChannel, load_registry
from tocsin_slack_app.settings import ListenerConfig, SlackAppConfig

CHANNELS: dict[str, Any] = {"bot_token": TOKEN, "channel": CHANNEL}
LISTENERS: dict[str, Any] = {"signing_secret": SECRET, "bot_token": TOKEN}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("bot_token", value) for value in ("", "xoxp-12345678-abc", "xoxb-", "xoxb-123456789 ", 7, None)],
        *[("channel", value) for value in ("#alerts", "alerts", "", "c0123abcd", "U0123ABCD", "C0123ABCD\n", 7)],
        *[("page_url", value) for value in ("", "/page", "javascript:alert(1)", "https://", "https://a b")],
        *[("api_url", value) for value in ("slack.com", "https://slack.com/api?x=1", "ftp://slack.com")],
        *[("timeout_seconds", value) for value in (0, -1, 61, float("nan"))],
    ],
)
def test_what_no_channel_can_work_with_is_refused(name: str, value: object) -> None:
    with pytest.raises(ConfigurationError) as caught:
        SlackAppConfig(**{**CHANNELS, name: value})
    assert caught.value.where == name
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "where"),
    [
        *[("signing_secret", value, "signing_secret") for value in ("", "short", SECRET + " ", "ü" * 32, 7)],
        *[("listen", value, "listen") for value in ("9096", "127.0.0.1", "127.0.0.1:70000", "a b:1", ":x")],
        *[("path", value, "path") for value in ("", "slack", "/a b", "/ü", "/a?b", "/\r\n")],
        *[("users", value, "users[0]") for value in (("ada",), ("",), ("B0123ABCD",))],
        ("bot_token", "secret", "bot_token"),
    ],
)
def test_what_no_listener_can_work_with_is_refused(name: str, value: object, where: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        ListenerConfig(**{**LISTENERS, name: value})
    assert caught.value.where == where
    assert SECRET not in str(caught.value)


def test_no_secret_is_in_a_repr() -> None:
    shown = repr(ListenerConfig(**LISTENERS)) + repr(SlackAppConfig(**CHANNELS))
    assert SECRET not in shown
    assert TOKEN not in shown


@pytest.mark.parametrize(
    ("listen", "address"),
    [
        ("127.0.0.1:9096", ("127.0.0.1", 9096)),
        (":80", ("", 80)),
        ("[::1]:0", ("::1", 0)),
        ("localhost:65535", ("localhost", 65535)),
    ],
)
def test_an_address_is_read(listen: str, address: tuple[str, int]) -> None:
    assert ListenerConfig(**LISTENERS, listen=listen).address == address


def test_a_channel_says_which_events_are_shown_in_the_channel() -> None:
    """As a configuration file has it; what is no event is refused when the channel is added."""
    alerting = FederationAlertingService()
    alerting.add_channel(NotificationChannel("a", "slack-app", config={**CHANNELS, "broadcast": ["escalation"]}))
    with pytest.raises(ConfigurationError, match="unknown value 'escalations'") as caught:
        alerting.add_channel(NotificationChannel("b", "slack-app", config={**CHANNELS, "broadcast": ["escalations"]}))
    assert "broadcast" in caught.value.where


def test_what_is_registered() -> None:
    """People read it, and its receiver keeps incidents, so that a limit delays and never merges."""
    registry = load_registry()
    spec = registry.backend("slack-app")
    assert (spec.human, spec.per_incident, spec.renderer) == (True, True, "slack-app")
    assert registry.sources["slack-app"].spec.config_class is ListenerConfig
    assert registry.sources["slack-app"].provenance.distribution == "tocsin-slack-app"
