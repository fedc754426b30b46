"""Receivers: each kind as the channel of its backend, and everything else as a remark with its line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tocsin_server.convert import Conversion

Receiver = Callable[..., tuple[dict[str, Any], list[str]]]
Convert = Callable[..., Conversion]
HOOK = "https://hooks.slack.com/services/T0/B0/x"


def test_a_webhook_keeps_alertmanagers_payload(receiver: Receiver) -> None:
    channels, remarks = receiver(f"webhook_configs: [{{url: '{HOOK}', timeout: 10s}}]", loads=True)
    assert channels == {
        "r/webhook": {
            "backend": "webhook",
            "send_resolved": True,
            "config": {"format": "alertmanager", "webhook_url": HOOK, "timeout_seconds": 10.0, "receiver": "r"},
        }
    }
    assert remarks == []


def test_slack_has_an_incoming_webhook_of_its_own_or_the_global_one(receiver: Receiver) -> None:
    lists = "slack_configs:\n- api_url: https://a.example.org/x\n  send_resolved: true\n  username: bot\n-"
    channels, remarks = receiver(lists, f"global: {{slack_api_url: '{HOOK}'}}\n", loads=True)
    assert channels == {
        "r/slack": {
            "backend": "slack",
            "send_resolved": True,
            "config": {"webhook_url": "https://a.example.org/x", "username": "bot"},
        },
        "r/slack-2": {"backend": "slack", "send_resolved": False, "config": {"webhook_url": HOOK}},
    }
    assert remarks == []


def test_what_slack_shows_is_tocsins_own(receiver: Receiver) -> None:
    lists = f"""\
slack_configs:
- api_url: {HOOK}
  channel: '#alerts'
  title: '{{{{ .CommonLabels.alertname }}}}'
  color: danger
  short_fields: false
  fields:
  - title: x
    value: '{{{{ .Status }}}}'
"""
    channels, remarks = receiver(lists, loads=True)
    assert channels["r/slack"]["config"] == {"webhook_url": HOOK}
    assert remarks == [
        "6: receivers[0].slack_configs[0].channel has no counterpart in the backend slack: left out",
        "7: receivers[0].slack_configs[0].title is a Go template, which is not carried over: tocsin's own is used",
        "8: receivers[0].slack_configs[0].color has no counterpart in the backend slack: left out",
        "10: receivers[0].slack_configs[0].fields is a Go template, which is not carried over: tocsin's own is used",
    ]


@pytest.mark.parametrize(
    "config", ["{app_token: t0ken}", "{api_url: 'https://slack.com/api/chat.postMessage'}", "{app_token_file: /t}"]
)
def test_slack_as_an_app_is_left_out(receiver: Receiver, config: str) -> None:
    channels, remarks = receiver(f"slack_configs: [{config}]")
    assert channels == {}
    assert [remark for remark in remarks if "needs an incoming webhook" in remark]
    assert [remark for remark in remarks if "the receiver 'r' has no channel left" in remark]


SMTP = """\
global:
  smtp_smarthost: mail.example.org:587
  smtp_from: alerts@example.org
  smtp_auth_username: alerts
  smtp_auth_password_file: /etc/alertmanager/smtp
"""


def test_email_takes_what_is_global(receiver: Receiver) -> None:
    channels, remarks = receiver("email_configs: [{to: 'a@example.org, B <b@example.org>'}]", SMTP)
    assert channels == {
        "r/email": {
            "backend": "email",
            "send_resolved": False,
            "config": {
                "password": {"file": "/etc/alertmanager/smtp"},
                "to": ["a@example.org", "B <b@example.org>"],
                "sender": "alerts@example.org",
                "username": "alerts",
                "host": "mail.example.org",
                "port": 587,
                "tls": "starttls",
            },
        }
    }
    assert remarks == ["9: the backend email is a package of its own: pip install tocsin-email"]


@pytest.mark.parametrize(
    ("own", "common"), [("auth_username: u\n  auth_password: s3cret", ""), ("smarthost: mail.example.org:25", SMTP)]
)
def test_email_gives_no_password_over_a_line_that_is_not_secured(receiver: Receiver, own: str, common: str) -> None:
    """The backend would refuse the file."""
    more = "" if common else "\n  from: a@example.org\n  smarthost: mail.example.org:25"
    channels, remarks = receiver(f"email_configs:\n- to: a@example.org\n  require_tls: false\n  {own}{more}", common)
    assert channels["r/email"]["config"]["tls"] == "starttls"
    assert [remark for remark in remarks if "require_tls is not carried over" in remark and "over TLS alone" in remark]


def test_emails_own_settings_go_before_the_global_ones(receiver: Receiver) -> None:
    lists = """\
email_configs:
- to: a@example.org
  from: me@example.org
  smarthost: '[::1]:25'
  hello: me
  auth_username: me
  auth_password: s3cret
  require_tls: false
  headers: {Subject: '{{ .Status }}'}
  html: ''
"""
    channels, remarks = receiver(lists, SMTP)
    assert channels["r/email"]["config"] == {
        "password": "s3cret",
        "to": ["a@example.org"],
        "sender": "me@example.org",
        "username": "me",
        "hello": "me",
        "host": "::1",
        "port": 25,
        "tls": "none",
    }
    assert [remark for remark in remarks if "headers is a Go template" in remark]


@pytest.mark.parametrize(
    ("smarthost", "more", "tls"),
    [
        ("m:465", "", "implicit"),
        ("m:465", "force_implicit_tls: false", "starttls"),
        ("m:25", "force_implicit_tls: true", "implicit"),
        ("m:25", "require_tls: false", "none"),
        ("m:25", "", "starttls"),
        ("m:submission", "", "starttls"),
    ],
)
def test_email_is_secured_as_alertmanager_does(receiver: Receiver, smarthost: str, more: str, tls: str) -> None:
    lists = f"email_configs:\n- to: a@b\n  from: a@b\n  smarthost: {smarthost}\n  {more}"
    assert receiver(lists)[0]["r/email"]["config"]["tls"] == tls


def test_pagerduty(receiver: Receiver) -> None:
    lists = """\
pagerduty_configs:
- routing_key: k
  severity: warning
  class: deploy
- routing_key_file: /k
  client: am
  client_url: '{{ template "pagerduty.default.clientURL" . }}'
- service_key: s
"""
    channels, remarks = receiver(lists, "global: {pagerduty_url: 'https://pd.example.org/v2'}\n")
    severities = dict.fromkeys(["info", "warning", "error", "critical", "emergency"], "warning")
    assert {name: channel["config"] for name, channel in channels.items()} == {
        "r/pagerduty": {"routing_key": "k", "url": "https://pd.example.org/v2", "severities": severities},
        "r/pagerduty-2": {"routing_key": {"file": "/k"}, "url": "https://pd.example.org/v2", "client": "am"},
    }
    assert remarks == [
        "6: the backend pagerduty is a package of its own: pip install tocsin-pagerduty",
        "8: receivers[0].pagerduty_configs[0].class has no counterpart in the backend pagerduty: left out",
        "11: receivers[0].pagerduty_configs[1].client_url is a Go template, which is not carried over: "
        "tocsin's own is used",
        "12: receivers[0].pagerduty_configs[2].service_key is for PagerDuty's old API: "
        "a routing_key of Events API v2 is needed",
        "12: receivers[0].pagerduty_configs[2] is left out: it cannot work without what is named above",
    ]


def test_what_pagerduty_does_not_know_is_tocsins_own(receiver: Receiver) -> None:
    lists = "pagerduty_configs:\n- routing_key: k\n  severity: page\n  client_url: intranet\n  timeout: 9s"
    channels, remarks = receiver(lists)
    assert channels["r/pagerduty"]["config"] == {"routing_key": "k", "timeout_seconds": 9.0}
    assert [remark.split(": ", 1)[1] for remark in remarks[1:]] == [
        "receivers[0].pagerduty_configs[0].severity has no counterpart: tocsin's own is used",
        "receivers[0].pagerduty_configs[0].client_url has no counterpart: tocsin's own is used",
    ]


def test_opsgenie(receiver: Receiver) -> None:
    lists = "opsgenie_configs:\n- api_key: k\n  tags: 'a, b'\n  priority: '{{ .x }}'\n-"
    common = "global:\n  opsgenie_api_key_file: /key\n  opsgenie_api_url: https://api.eu.opsgenie.com/\n"
    channels, remarks = receiver(lists, common)
    url = "https://api.eu.opsgenie.com/"
    assert {name: channel["config"] for name, channel in channels.items()} == {
        "r/opsgenie": {"api_key": "k", "api_url": url, "tags": ["a", "b"]},
        "r/opsgenie-2": {"api_key": {"file": "/key"}, "api_url": url},
    }
    assert len(remarks) == 2


def test_opsgenies_responders_are_carried_over(receiver: Receiver) -> None:
    lists = """\
opsgenie_configs:
- api_key: k
  priority: P2
  update_alerts: true
  responders:
  - {type: team, name: NetOps}
  - {type: teams, name: 'a, b'}
  - {type: user, username: ada@example.org}
  - {type: Schedule, id: x, name: y}
  - {type: team, name: '{{ .CommonLabels.team }}'}
  - {type: user, name: ada}
- api_key: k
  priority: high
"""
    channels, remarks = receiver(lists)
    assert channels["r/opsgenie"]["config"] == {
        "api_key": "k",
        "priority": "P2",
        "update_alerts": True,
        "responders": [
            {"type": "team", "name": "NetOps"},
            {"type": "team", "name": "a"},
            {"type": "team", "name": "b"},
            {"type": "user", "username": "ada@example.org"},
            {"type": "schedule", "id": "x"},
        ],
    }
    assert remarks[1:] == [
        "13: receivers[0].opsgenie_configs[0].responders[4] is a Go template, which is not carried over: left out",
        "14: receivers[0].opsgenie_configs[0].responders[5] names no user in a way that Opsgenie knows: left out",
        "16: receivers[0].opsgenie_configs[1].priority has no counterpart: tocsin's own is used",
    ]


def test_telegram(receiver: Receiver) -> None:
    lists = """\
telegram_configs:
- bot_token: t0ken
  chat_id: -100
  message_thread_id: 5
  disable_notifications: yes
- bot_token_file: /t
  chat_id_file: /c
  parse_mode: HTML
"""
    channels, remarks = receiver(lists)
    assert {name: channel["config"] for name, channel in channels.items()} == {
        "r/telegram": {"bot_token": "t0ken", "chat_id": -100, "message_thread_id": 5, "disable_notifications": True},
        "r/telegram-2": {"bot_token": {"file": "/t"}, "chat_id": {"file": "/c"}},
    }
    assert len(remarks) == 2


@pytest.mark.parametrize(("kind", "backend"), [("discord", "discord"), ("msteams", "teams"), ("msteamsv2", "teams")])
def test_chats_with_a_webhook(receiver: Receiver, kind: str, backend: str) -> None:
    channels, remarks = receiver(
        f"{kind}_configs:\n- webhook_url: {HOOK}\n  title: '{{{{ .x }}}}'\n- webhook_url_file: hook"
    )
    assert [channel["config"] for channel in channels.values()] == [
        {"webhook_url": HOOK},
        {"webhook_url": {"file": "hook"}},
    ]
    assert list(channels) == [f"r/{backend}", f"r/{backend}-2"]
    assert remarks == [
        f"5: the backend {backend} is a package of its own: pip install tocsin-{backend}",
        f"6: receivers[0].{kind}_configs[0].title is a Go template, which is not carried over: tocsin's own is used",
        f"7: receivers[0].{kind}_configs[1].webhook_url_file is looked for beside tocsin's own configuration file",
    ]


def test_both_kinds_of_teams_share_a_backend_and_no_id(receiver: Receiver) -> None:
    channels, _ = receiver(
        f"msteams_configs: [{{webhook_url: '{HOOK}'}}]\nmsteamsv2_configs: [{{webhook_url: '{HOOK}'}}]"
    )
    assert list(channels) == ["r/teams", "r/teams-2"]


@pytest.mark.parametrize(
    "kind",
    ["victorops", "pushover", "wechat", "sns", "webex", "jira", "rocketchat", "mattermost", "incidentio", "unheard_of"],
)
def test_what_has_no_backend_is_remarked_and_left_out(receiver: Receiver, kind: str) -> None:
    channels, remarks = receiver(f"webhook_configs: [{{url: '{HOOK}'}}]\n{kind}_configs:\n- secret: s3cret\n- {{}}")
    assert list(channels) == ["r/webhook"]
    assert remarks == [
        f"6: receivers[0].{kind}_configs[0]: there is no backend for {kind}; the channel is left out",
        f"7: receivers[0].{kind}_configs[1]: there is no backend for {kind}; the channel is left out",
    ]


def test_a_receiver_that_loses_all_its_channels_is_remarked_and_an_empty_one_is_not(convert: Convert) -> None:
    found = convert("route: {receiver: void}\nreceivers:\n- name: void\n- name: gone\n  pushover_configs: [{}]\n")
    assert found.configuration["receivers"] == {"void": [], "gone": []}
    assert [str(remark) for remark in found.remarks] == [
        "4: the receiver 'gone' has no channel left: what is routed to it is told to nobody",
        "5: receivers[1].pushover_configs[0]: there is no backend for pushover; the channel is left out",
    ]


def test_what_is_empty_is_not_set(receiver: Receiver) -> None:
    """As in Alertmanager, where the global setting is meant then."""
    lists = f"""\
webhook_configs: [{{url: '{HOOK}', url_file: ''}}]
slack_configs: [{{api_url_file: '', username: ''}}]
email_configs: [{{to: a@b, from: '', smarthost: '', auth_password: ''}}]
"""
    common = f"{SMTP}  slack_api_url: '{HOOK}'\n"
    channels, _ = receiver(lists, common)
    assert channels["r/slack"]["config"] == {"webhook_url": HOOK}
    assert channels["r/email"]["config"]["sender"] == "alerts@example.org"
    assert channels["r/email"]["config"]["password"] == {"file": "/etc/alertmanager/smtp"}


def test_a_port_by_an_unknown_name_leaves_its_channel_out(receiver: Receiver) -> None:
    channels, remarks = receiver("email_configs: [{to: a@b, from: a@b, smarthost: 'm:mail'}]")
    assert channels == {}
    assert (
        remarks[1] == "4: receivers[0].email_configs[0].smarthost names a port that is not known here: give its number"
    )
