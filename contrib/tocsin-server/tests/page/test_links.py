"""Links in notifications: they lead to the page of the alert, by the name and the prefix that people reach it under."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Page, expect
from server_processes import PATIENCE, daemon, receiver

from tocsin import NotificationKind
from tocsin.testing.samples import make_listed, make_notification
from tocsin_server.page.links import notification_link

OUTSIDE: Final = "https://alerts.example/tocsin"
ODD: Final = "d/1 <b>?#%2F"


def test_the_link_of_a_notification_opens_its_alert(tmp_path: Path, page: Page) -> None:
    """Whatever the id; a proxy takes the prefix off."""
    with receiver() as told:
        path = tmp_path / "tocsin.yaml"
        path.write_text(
            f"""
server: {{external_url: "{OUTSIDE}/"}}
channels:
  ops: {{backend: webhook, config: {{webhook_url: "{told.url}"}}}}
routing_rules:
- {{rule_id: all, target_channels: [ops]}}
"""
        )
        with daemon(path, tmp_path / "data") as ours:
            alert = {"alert_id": ODD, "cluster_id": "c", "severity": "error", "metric_name": "disk"}
            assert ours.client.post("/api/tocsin/v1/alerts", json=alert).status_code == 202
            link = told.requests.get(timeout=PATIENCE)["link"]
            assert link.startswith(f"{OUTSIDE}/alerts/")
            page.goto(ours.url + link.removeprefix(OUTSIDE))
            expect(page.get_by_role("heading", level=1)).to_contain_text("disk")
            expect(page.locator(".waits")).to_have_text("nobody has it")


@pytest.mark.parametrize("outside", [OUTSIDE, f"{OUTSIDE}/"])
def test_it_is_that_of_the_first_alert(outside: str) -> None:
    several = make_notification(make_listed(alert_id="a b"), make_listed(alert_id="c"))
    assert notification_link(outside, several) == f"{OUTSIDE}/alerts/a%20b"


def test_what_has_no_page_has_no_link() -> None:
    """Nobody said where the page is; or it is a test or a heartbeat, of which the page knows nothing."""
    assert notification_link(None, make_notification()) == ""
    assert notification_link(OUTSIDE, make_notification(test=True)) == ""
    assert notification_link(OUTSIDE, make_notification(kind=NotificationKind.HEARTBEAT)) == ""
