"""http_config: headers, proxies and certificates that a channel can have, and remarks on the rest."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest

Receiver = Callable[..., tuple[dict[str, Any], list[str]]]
HOOK = "https://hooks.slack.com/services/T0/B0/x"

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


def test_basic_authorization_is_the_pair_in_base64(receiver: Receiver) -> None:
    """In UTF-8."""
    channels, _ = receiver(HTTP.format("basic_auth: {username: ü, password: 'a:b'}"), loads=True)
    value = channels["r/webhook"]["config"]["headers"]["Authorization"]
    assert base64.b64decode(value.removeprefix("Basic ")).decode() == "ü:a:b"
