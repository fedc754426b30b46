"""*Deliveries* in a real browser: what failed is sent again, and channels are tried."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pytest
from playwright.sync_api import Page, expect
from server_processes import PATIENCE, Process, Receiver, daemon, receiver, until

API: Final = "/api/tocsin/v1"
HTML: Final = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def told() -> Iterator[Receiver]:
    """Whoever is told."""
    with receiver() as made:
        yield made


@pytest.fixture(scope="module")
def sending(told: Receiver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """A daemon that tells somebody over HTTP."""
    folder = tmp_path_factory.mktemp("sending")
    path = folder / "tocsin.yaml"
    path.write_text(
        f"""
channels:
  hook: {{backend: webhook, config: {{webhook_url: "{told.url}"}}, rate_limit_per_minute: 60}}
  ops: {{backend: console}}
routing_rules:
- {{rule_id: all, target_channels: [hook, ops]}}
"""
    )
    with daemon(path, folder / "data") as running:
        yield running


def _report(running: Process, alert_id: str) -> None:
    alert = {"alert_id": alert_id, "cluster_id": "c", "severity": "error", "metric_name": alert_id}
    assert running.client.post(f"{API}/alerts", json=alert).status_code == 202


def _deliveries(running: Process, **params: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = running.client.get(f"{API}/deliveries", params=params).json()["items"]
    return found


def test_what_failed_comes_first_and_is_sent_again(sending: Process, told: Receiver, page: Page) -> None:
    _report(sending, "fine")
    assert told.next()["alerts"]
    told.status = 404
    _report(sending, "lost<b>")
    assert told.next()["alerts"]
    until(lambda: _deliveries(sending, state="rejected"))
    until(lambda: "1 failed" in sending.client.get("/deliveries", headers=HTML).text)
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{sending.url}/deliveries")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    rows = page.locator(".deliveries li")
    expect(rows.first).to_contain_text("rejected")
    expect(rows.first).to_contain_text("404")
    expect(page.locator(".channels .grave")).to_contain_text("hook")
    expect(page.get_by_role("img", name="Attempts in the past hour: 2, of which 1 failed")).to_be_visible()
    page.get_by_role("link", name="1 rejected").click()
    expect(rows).to_have_count(1)
    expect(page).to_have_url(f"{sending.url}/deliveries?state=rejected")
    rows.get_by_role("link", name="lost<b>").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("lost<b>")
    page.go_back()
    told.status = 200
    rows.get_by_text("Send again").click()
    expect(rows).to_contain_text("hook is told of 1 alert")
    rows.get_by_label("Your name").fill("li")
    rows.get_by_role("button", name="Send it again").click()
    expect(page).to_have_url(f"{sending.url}/deliveries")
    assert [one["alert_id"] for one in told.requests.get(timeout=PATIENCE)["alerts"]] == ["lost<b>"]
    until(lambda: not _deliveries(sending, state="rejected"))
    page.get_by_role("link", name="hook", exact=True).click()
    expect(page).to_have_url(f"{sending.url}/deliveries?channel=hook")
    expect(rows).to_have_count(2)


def test_a_channel_is_tried_and_says_how_that_ended(sending: Process, told: Receiver, page: Page) -> None:
    page.goto(f"{sending.url}/deliveries")
    channel = page.locator(".channels li").filter(has=page.get_by_role("link", name="hook", exact=True))
    expect(channel).to_contain_text("at most 60 a minute")
    for status, end in ((200, "delivered, code 200"), (403, "rejected, code 403")):
        told.status = status
        channel.get_by_text("Test", exact=True).click()
        expect(channel).to_contain_text("which says that it is a test")
        channel.get_by_role("button", name="Send a test").click()
        expect(channel).to_contain_text(f"ago: {end}")
        assert told.next()["test"] is True
    told.status = 200
    assert [one for one in _deliveries(sending) if one["state"] == "rejected"] == []


@pytest.mark.parametrize(
    ("path", "form", "status"),
    [
        ("/deliveries?state=lost", None, 400),
        ("/deliveries?channels=ops", None, 400),
        ("/deliveries?channel=" + "x" * 3000, None, 400),
        ("/deliveries?page=0", None, 400),
        ("/deliveries?channel=nobody&page=9", None, 200),
        ("/deliveries/none/redrive", {"by": "li"}, 409),
        ("/deliveries/none/redrive", {"by": ""}, 400),
        ("/deliveries/none/redrive", {"by": "li", "form_key": "guessed"}, 403),
        ("/channels/none/test", {}, 404),
        ("/channels/ops/test", {"form_key": "guessed"}, 403),
    ],
)
def test_what_cannot_be_done_is_said(open_daemon: Process, path: str, form: dict[str, str] | None, status: int) -> None:
    client = open_daemon.client
    if form is None:
        assert client.get(path, headers=HTML).status_code == status
        return
    key = client.get("/deliveries", headers=HTML).text.partition('name="form_key" value="')[2].partition('"')[0]
    answer = client.post(path, data={"form_key": key, **form}, headers=HTML)
    assert answer.status_code == status


def test_who_reads_sends_and_tries_nothing(guarded_daemon: Process) -> None:
    client = guarded_daemon.client
    assert client.post("/sign-in", data={"token": "reader"}, headers=HTML).status_code == 303
    try:
        text = client.get("/deliveries", headers=HTML).text
        assert "Test</summary>" not in text
        for path in ("/channels/ops/test", "/deliveries/none/redrive"):
            assert client.post(path, data={"form_key": ""}, headers=HTML).status_code == 403
    finally:
        client.cookies.clear()
