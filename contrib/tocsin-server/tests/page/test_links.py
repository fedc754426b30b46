"""Links in notifications: they lead to the page of the alert, by the name and the prefix that people reach it under."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Page, expect
from server_processes import PATIENCE, daemon, receiver

from tocsin import Links, NotificationKind
from tocsin.testing.samples import make_listed, make_notification
from tocsin_server.page.links import notification_links

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
            document = told.requests.get(timeout=PATIENCE)
            link = document["link"]
            assert link.startswith(f"{OUTSIDE}/alerts/")
            page.goto(ours.url + link.removeprefix(OUTSIDE))
            expect(page.get_by_role("heading", level=1)).to_contain_text("disk")
            expect(page.locator(".waits")).to_have_text("nobody has it")
            assert document["silence_link"].startswith(f"{OUTSIDE}/silences/new?")
            page.goto(ours.url + document["silence_link"].removeprefix(OUTSIDE))
            expect(page.get_by_label("Matchers")).to_have_value('cluster_id="c"\nmetric_name="disk"')


@pytest.mark.parametrize("outside", [OUTSIDE, f"{OUTSIDE}/"])
def test_it_is_that_of_the_first_alert(outside: str) -> None:
    several = make_notification(make_listed(alert_id="a b"), make_listed(alert_id="c"))
    assert notification_links(outside, several).see == f"{OUTSIDE}/alerts/a%20b"


def test_a_silence_begins_with_what_all_that_fires_has_in_common() -> None:
    """Of an end there is nothing to silence; and one of everything is not offered."""
    here: dict[str, Any] = {"cluster_id": "c", "metric_name": "disk"}
    one, other = make_listed(alert_id="a", **here), make_listed(alert_id="b", **{**here, "metric_name": "cpu"})
    far = make_listed(alert_id="d", cluster_id="far", metric_name="ram")
    over = make_listed(alert_id="e", cluster_id="far", resolved=True)
    cluster, metric = "filter=cluster_id%3D%22c%22", "filter=metric_name%3D%22disk%22"
    found = [
        notification_links(OUTSIDE, make_notification(*listed)).silence
        for listed in ((one,), (one, other), (one, far), (one, over), (over,))
    ]
    begin = f"{OUTSIDE}/silences/new?"
    assert found == [f"{begin}{cluster}&{metric}", f"{begin}{cluster}", "", f"{begin}{cluster}&{metric}", ""]


def test_what_has_no_page_has_no_link() -> None:
    """Nobody said where the page is; or it is a test or a heartbeat, of which the page knows nothing."""
    assert notification_links(None, make_notification()) == Links()
    assert notification_links(OUTSIDE, make_notification(test=True)) == Links()
    assert notification_links(OUTSIDE, make_notification(kind=NotificationKind.HEARTBEAT)) == Links()
