"""Secrets: those that were hidden or come from templates are remarked, and none is in a remark or an error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tocsin_server.convert import Conversion, NotAlertmanagerError, converted

Receiver = Callable[..., tuple[dict[str, Any], list[str]]]
Convert = Callable[..., Conversion]


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
