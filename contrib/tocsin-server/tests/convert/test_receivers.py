"""Receivers: each kind as the channel of its backend, and everything else as a remark with its line."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest

from tocsin_server.convert import Conversion, NotAlertmanagerError, converted

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
    lists = "pagerduty_configs:\n- routing_key: k\n  severity: critical\n- routing_key_file: /k\n- service_key: s"
    channels, remarks = receiver(lists, "global: {pagerduty_url: 'https://pd.example.org/v2'}\n")
    assert {name: channel["config"] for name, channel in channels.items()} == {
        "r/pagerduty": {"routing_key": "k", "url": "https://pd.example.org/v2"},
        "r/pagerduty-2": {"routing_key": {"file": "/k"}, "url": "https://pd.example.org/v2"},
    }
    assert remarks == [
        "6: the backend pagerduty is a package of its own: pip install tocsin-pagerduty",
        "7: receivers[0].pagerduty_configs[0].severity has no counterpart in the backend pagerduty: left out",
        "9: receivers[0].pagerduty_configs[2].service_key is for PagerDuty's old API: "
        "a routing_key of Events API v2 is needed",
        "9: receivers[0].pagerduty_configs[2] is left out: it cannot work without what is named above",
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


HTTP = """\
webhook_configs:
- url: https://example.org/hook
  http_config:
    {}
"""


@pytest.mark.parametrize(
    ("http", "headers"),
    [
        ("authorization: {credentials: t0ken}", {"Authorization": "Bearer t0ken"}),
        ("authorization: {type: GenieKey, credentials: t0ken}", {"Authorization": "GenieKey t0ken"}),
        ("bearer_token: t0ken", {"Authorization": "Bearer t0ken"}),
        ("basic_auth: {username: me, password: pw}", {"Authorization": "Basic bWU6cHc="}),
        ("http_headers: {X-Scope: {values: [a]}, X-Key: {secrets: [b]}}", {"X-Scope": "a", "X-Key": "b"}),
    ],
)
def test_what_headers_can_say_is_carried_over(receiver: Receiver, http: str, headers: dict[str, str]) -> None:
    channels, remarks = receiver(HTTP.format(http), loads=True)
    assert channels["r/webhook"]["config"]["headers"] == headers
    assert remarks == []


@pytest.mark.parametrize(
    ("http", "remark"),
    [
        ("tls_config: {server_name: x}", "tls_config.server_name has no counterpart here, and is left out"),
        (
            "tls_config: {insecure_skip_verify: true}",
            "tls_config.insecure_skip_verify has no counterpart here, and is left out",
        ),
        ("oauth2: {client_id: x}", "http_config.oauth2 has no counterpart here, and is left out"),
        ("follow_redirects: true", "follow_redirects: tocsin follows no redirect; give the URL that is meant"),
        (
            "authorization: {credentials_file: /t}",
            "the header Authorization needs what is in credentials_file: write it into the channel's headers",
        ),
        (
            "basic_auth: {username: a, password_file: /t}",
            "basic_auth from a file: write the header Authorization into the channel's headers",
        ),
        (
            "http_headers: {X-A: {values: [a, b]}}",
            "the header 'X-A' has more than one value, or one from a file: left out",
        ),
    ],
)
def test_the_rest_of_http_config_is_remarked(receiver: Receiver, http: str, remark: str) -> None:
    channels, remarks = receiver(HTTP.format(http), loads=True)
    assert "headers" not in channels["r/webhook"]["config"]
    assert remarks == [f"7: {remark}"]


def test_a_proxy_and_files_with_certificates_are_carried_over(receiver: Receiver) -> None:
    tls = "{ca_file: ca.pem, cert_file: /c.pem, key_file: /k.pem, insecure_skip_verify: false}"
    channels, remarks = receiver(HTTP.format(f"proxy_url: 'http://u:S3CRET@proxy:3128'\n    tls_config: {tls}"))
    assert channels["r/webhook"]["config"]["http"] == {
        "proxy_url": "http://u:S3CRET@proxy:3128",
        "ca_file": "ca.pem",
        "client_certificate": "/c.pem",
        "client_key": "/k.pem",
    }
    assert remarks == ["8: tls_config.ca_file is looked for in the folder in which tocsin runs"]


def test_a_proxy_is_one_that_tocsin_takes(receiver: Receiver) -> None:
    receiver(HTTP.format("proxy_url: http://proxy:3128"), loads=True)


def test_the_global_http_config_is_for_all_that_have_none(receiver: Receiver) -> None:
    common = "global:\n  http_config:\n    bearer_token: t0ken\n    follow_redirects: false\n"
    lists = f"""\
webhook_configs:
- url: {HOOK}
- url: {HOOK}
  http_config: {{}}
slack_configs: [{{api_url: '{HOOK}'}}]
"""
    channels, remarks = receiver(lists, common)
    assert [channel["config"].get("headers") for channel in channels.values()] == [
        {"Authorization": "Bearer t0ken"},
        None,
        None,
    ]
    assert remarks == ["3: http_config.bearer_token has no counterpart here, and is left out"]


def test_a_url_that_is_a_template_leaves_its_channel_out(receiver: Receiver) -> None:
    channels, remarks = receiver("webhook_configs: [{url: 'https://x/{{ .s3cret }}'}]")
    assert channels == {}
    assert remarks == [
        "3: the receiver 'r' has no channel left: what is routed to it is told to nobody",
        "4: receivers[0].webhook_configs[0].url is a Go template, which tocsin does not interpret",
        "4: receivers[0].webhook_configs[0] is left out: it cannot work without what is named above",
    ]


def test_a_secret_that_alertmanager_hid_is_remarked(receiver: Receiver) -> None:
    channels, remarks = receiver("webhook_configs: [{url: <secret>}]")
    assert channels["r/webhook"]["config"]["webhook_url"] == "<secret>"
    assert remarks == [
        "4: receivers[0].webhook_configs[0].url was hidden before this file was written: put the secret in"
    ]


SECRETS = """\
global:
  smtp_smarthost: m:25
  smtp_from: a@b
  smtp_auth_password: S3CRET1
  smtp_auth_secret: S3CRET2
  slack_api_url: https://hooks.slack.com/S3CRET3
  opsgenie_api_key: S3CRET4
  wechat_api_secret: S3CRET5
  http_config: {oauth2: {client_secret: S3CRET6}, proxy_url: 'http://u:S3CRET7@p'}
route: {receiver: r, labels: {x: y}}
receivers:
- name: r
  webhook_configs:
  - url: https://example.org/S3CRET8
    payload: {x: S3CRET9}
    http_config: {basic_auth: {username: u, password: S3CRET10}, authorization: {credentials_ref: x}}
  - url: 'https://example.org/{{ S3CRET11 }}'
  slack_configs: [{app_token: S3CRET12}, {text: S3CRET13}]
  email_configs: [{to: a@b, auth_secret: S3CRET14, html: S3CRET15}]
  pagerduty_configs: [{service_key: S3CRET16}, {routing_key: S3CRET17, class: S3CRET18}]
  telegram_configs: [{bot_token: S3CRET19, chat_id: 1, message: S3CRET20}]
  pushover_configs: [{token: S3CRET21, user_key: S3CRET22}]
  opsgenie_configs: [{details: {x: S3CRET23}}]
  discord_configs: [{webhook_url: 'https://d.example.org/S3CRET24', content: '{{ S3CRET25 }}'}]
"""


def test_no_secret_is_in_a_remark(convert: Convert) -> None:
    found = convert(SECRETS, loads=False)
    assert len(found.remarks) > 15
    assert not [remark for remark in found.remarks if "S3CRET" in remark.text]
    assert "S3CRET" not in repr(found)


@pytest.mark.parametrize(
    "lists",
    [
        "webhook_configs: [{url: 'S3CRET'}]",
        "webhook_configs: [{url: 'ftp://S3CRET/x'}]",
        "webhook_configs: [{url: 'http://[S3CRET'}]",
        "webhook_configs: [{url: [S3CRET]}]",
        "webhook_configs: [{url: 'https://S3CRET', url_file: x}]",
        "webhook_configs: [{url: 'https://S3CRET', timeout: S3CRET}]",
        "slack_configs: [{api_url: 'S3CRET'}]",
        "pagerduty_configs: [{routing_key: S3CRET, routing_key_file: x}]",
        "telegram_configs: [{bot_token: S3CRET}]",
        "telegram_configs: [{bot_token: S3CRET, chat_id: S3CRET}]",
        "email_configs: [{to: a, from: b, smarthost: S3CRET}]",
        "webhook_configs: [{url: 'https://S3CRET', http_config: {authorization: {type: basic, credentials: S3CRET}}}]",
    ],
)
def test_no_secret_is_in_an_error_and_amtool_refuses_it_too(
    lists: str, refused_by_amtool: Callable[[str], bool]
) -> None:
    text = f"route: {{receiver: r}}\nreceivers:\n- name: r\n  {lists}\n"
    with pytest.raises(NotAlertmanagerError) as caught:
        converted(text)
    assert "S3CRET" not in str(caught.value)
    assert caught.value.line == 4
    assert refused_by_amtool(text) or "timeout" in text


def test_basic_authorization_is_the_pair_in_base64(receiver: Receiver) -> None:
    """In UTF-8."""
    channels, _ = receiver(HTTP.format("basic_auth: {username: ü, password: 'a:b'}"), loads=True)
    value = channels["r/webhook"]["config"]["headers"]["Authorization"]
    assert base64.b64decode(value.removeprefix("Basic ")).decode() == "ü:a:b"


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
