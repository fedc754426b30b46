"""*Try a configuration* in a real browser: a copy is changed, checked, proved and compared; what runs stays."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
import yaml
from playwright.sync_api import Page, expect
from server_processes import Process, daemon, until

from tocsin_server.web.token_hash import hash_token

API: Final = "/api/tocsin/v1"
HTML: Final = {"Accept": "text/html"}
SECRET: Final = "hunter2"
TOKENS: Final = {"chief": ["admin"], "maria": ["read", "operate"]}
RULE: Final = """\
- rule_id: all
  conditions: {cluster_pattern: "${TRIED_REGION}-.*"}
  target_channels: [ops]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the configuration is, in two files and with secrets of all kinds."""
    made = tmp_path_factory.mktemp("trying")
    tokens = [f"{{name: {name}, hash: '{hash_token(name)}', scopes: {scopes}}}" for name, scopes in TOKENS.items()]
    (made / "rules.yaml").write_text(f"routing_rules:\n{RULE}")
    (made / "tocsin.yaml").write_text(
        f"""\
include: [rules.yaml]
channels:
  ops: {{backend: console}}
  hook:
    backend: webhook
    human: true
    config: {{webhook_url: "http://127.0.0.1:9/{SECRET}", headers: {{X-Key: "${{TRIED_SECRET}}"}}}}  # {SECRET}
server:
  request_timeout_seconds: 600
  auth_tokens: [{", ".join(tokens)}]
"""
    )
    return made


@pytest.fixture(scope="module")
def tuned(folder: Path) -> Iterator[Process]:
    """A daemon with a journal in which something was told."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRIED_REGION", "eu")
        patch.setenv("TRIED_SECRET", f"{SECRET}-env")
        with daemon(folder / "tocsin.yaml", folder / "data") as running:
            alert = {"alert_id": "<b>a", "cluster_id": "eu-1", "severity": "critical", "metric_name": "m"}
            headers = {"Authorization": "Bearer chief"}
            assert running.client.post(f"{API}/alerts", json=alert, headers=headers).status_code == 202
            ended = {"state": "delivered"}
            until(lambda: running.client.get(f"{API}/deliveries", params=ended, headers=headers).json()["items"])
            yield running


def _sign_in(page: Page, running: Process, token: str, way: str) -> None:
    page.goto(f"{running.url}/{way}")
    page.get_by_label("Token").fill(token)
    page.get_by_role("button", name="Sign in").click()


def _found(page: Page) -> str:
    page.get_by_role("button", name="Try it").click(timeout=400_000)
    return page.get_by_role("region", name="What was found").inner_text(timeout=400_000)


def test_a_copy_is_changed_and_tried_and_nothing_that_runs_is(tuned: Process, page: Page, axe: str) -> None:
    _sign_in(page, tuned, "chief", "rules")
    page.get_by_role("link", name="Change a copy of the configuration").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Try a configuration")
    box = page.get_by_label("The configuration, as YAML")
    text = box.input_value()
    copy = yaml.safe_load(text)
    assert copy["routing_rules"][0]["conditions"] == {"cluster_pattern": "${TRIED_REGION}-.*"}
    assert copy["channels"]["hook"]["config"] == {"webhook_url": "${HIDDEN}", "headers": {"X-Key": "${TRIED_SECRET}"}}
    found = _found(page)
    assert "No error" in found
    assert "Not proved: not every critical alert reaches a person within 15 minutes." in found
    assert "It decides as what runs does" in found
    assert box.input_value() == text
    box.fill(text.replace("target_channels: [ops]", "target_channels: [hook]").replace("'${TRIED_REGION}-.*'", ".*"))
    found = _found(page)
    assert "Proved: every critical alert" in found
    assert "moved: hook would have been told instead of ops: 1 critical alert of eu-1" in found
    assert "routing_rules.all.conditions.cluster_pattern: eu-.* → .*" in found
    assert "such as <b>a" in found
    assert "make the same changes in" in found
    assert "SIGHUP" in found
    page.evaluate(axe)
    violations = "async () => (await axe.run(document)).violations.map((one) => one.id)"
    assert page.evaluate(violations) == []
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(violations) == []
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.goto(f"{tuned.url}/rules")
    expect(page.locator(".tree")).to_contain_text("tells ops")


def test_all_errors_are_told_with_line_and_column(tuned: Process, page: Page) -> None:
    _sign_in(page, tuned, "chief", "rules/try")
    box = page.get_by_label("The configuration, as YAML")
    box.fill("\nchanels: {}\nrouting_rules:\n- {target_channels: [<i>ops</i>]}\ncatch_all_channel: 5\n")
    found = _found(page)
    assert "3 errors: it cannot be put into force." in found
    assert "Line 2, column 1: chanels: there is no such setting; did you mean 'channels'?" in found
    assert "Line 4, column 22: routing_rules[0].target_channels[0]: no channel is called '<i>ops</i>'" in found
    assert "Prove" not in found
    assert box.input_value().startswith("\nchanels")


@pytest.mark.parametrize(
    "text",
    [
        "include: [{folder}/tocsin.yaml]",
        "channels: {{a: {{backend: webhook, config: {{webhook_url: 'file:{folder}/tocsin.yaml'}}}}}}",
        "channels: {{a: {{backend: webhook, config: {{webhook_url: '${{TRIED_SECRET}}'}}}}}}",
        "catch_all_channel: '${{TRIED_SECRET}}'",
        "routing_rules: [{{rule_id: '${{TRIED_SECRET}}', conditions: {{cluster_pattern: '${{TRIED_SECRET}}('}}}}]",
        "channels: {{}}\nx: '${{PATH}}'",
    ],
)
def test_nothing_that_is_secret_can_be_got_out(tuned: Process, folder: Path, text: str) -> None:
    """Neither by what the page shows, nor by what is sent to be tried."""
    client = tuned.client
    assert client.post("/sign-in", data={"token": "chief"}, headers=HTML).status_code == 303
    try:
        shown = client.get("/rules/try", headers=HTML).text
        key = shown.partition('name="form_key" value="')[2].partition('"')[0]
        form = {"form_key": key, "severity": "critical", "minutes": "15", "days": ""}
        answer = client.post("/rules/try", data={**form, "text": text.format(folder=folder)}, headers=HTML)
        assert answer.status_code == 200
        assert "What was found" in answer.text
        for document in (shown, answer.text):
            assert SECRET not in document
            assert hash_token("chief") not in document
        assert os.environ["PATH"] not in answer.text
    finally:
        client.cookies.clear()


@pytest.mark.parametrize(
    ("form", "status", "said"),
    [
        ({"text": ""}, 400, "the configuration has 1 to 300,000 characters"),
        ({"text": "x" * 300_001}, 400, "the configuration has 1 to 300,000 characters"),
        ({"severity": "dire"}, 400, "choose a severity"),
        ({"minutes": "7"}, 400, "choose a severity"),
        ({"days": "2"}, 400, "choose a severity"),
        ({"form_key": "guessed"}, 403, "this form is not of your session"),
        ({"text": "x" * 1_300_000}, 413, "bytes"),
    ],
)
def test_what_cannot_be_tried_is_said(tuned: Process, form: dict[str, str], status: int, said: str) -> None:
    client = tuned.client
    assert client.post("/sign-in", data={"token": "chief"}, headers=HTML).status_code == 303
    try:
        key = client.get("/rules/try", headers=HTML).text.partition('name="form_key" value="')[2].partition('"')[0]
        fields = {"form_key": key, "text": "{}", "severity": "critical", "minutes": "15", "days": "1", **form}
        answer = client.post("/rules/try", data=fields, headers=HTML)
        assert (answer.status_code, said in answer.text) == (status, True)
    finally:
        client.cookies.clear()


def test_who_may_not_reload_may_not_try(tuned: Process) -> None:
    client = tuned.client
    assert client.post("/sign-in", data={"token": "maria"}, headers=HTML).status_code == 303
    try:
        assert "rules/try" not in client.get("/rules", headers=HTML).text
        assert client.get("/rules/try", headers=HTML).status_code == 403
        assert client.post("/rules/try", data={"text": "{}"}, headers=HTML).status_code == 403
    finally:
        client.cookies.clear()
