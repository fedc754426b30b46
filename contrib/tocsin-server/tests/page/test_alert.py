"""*Alert* in a real browser: what people do to one, and its effect in the API."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import Page, expect
from server_processes import Process

API: Final = "/api/tocsin/v1"
ODD: Final = "d/1 <b>?#%2F"
TOKEN: Final = {"Authorization": "Bearer maria"}


def _report(client: httpx.Client, alert_id: str, **changes: Any) -> None:
    alert = {"alert_id": alert_id, "cluster_id": "deeds", "severity": "error", "metric_name": alert_id, **changes}
    assert client.post(f"{API}/alerts", json=alert, headers=TOKEN).status_code == 202


def _shown(client: httpx.Client, alert_id: str) -> dict[str, Any]:
    answer = client.get(f"{API}/alerts/{quote(alert_id, safe='')}", headers=TOKEN)
    found: dict[str, Any] = answer.json()["alert"]
    return found


def _sign_in(page: Page, daemon: Process, token: str, alert_id: str) -> None:
    page.goto(f"{daemon.url}/alerts/{quote(alert_id, safe='')}")
    page.get_by_label("Token").fill(token)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(alert_id)


def _open(page: Page, title: str) -> None:
    page.locator("summary").get_by_text(title, exact=True).click()


def test_people_take_put_off_escalate_note_and_resolve(guarded_daemon: Process, page: Page) -> None:
    """Each under the name of their token, and only after the page said whom it concerns; whatever the id."""
    client = guarded_daemon.client
    _report(client, ODD, message="<img src=x onerror=alert(1)>")
    _sign_in(page, guarded_daemon, "maria", ODD)
    timeline = page.locator(".timeline").nth(1)
    coming = page.locator(".timeline").nth(0)
    expect(coming).to_contain_text("level second tells boss")
    _open(page, "Note")
    page.get_by_label("Text").fill("disk <b>replaced</b>")
    page.get_by_role("button", name="Write it down").click()
    expect(timeline).to_contain_text("noted by maria: disk <b>replaced</b>")
    _open(page, "Escalate now")
    page.get_by_role("button", name="Escalate it now").click()
    expect(timeline).to_contain_text("escalated before its time by maria")
    _open(page, "Snooze")
    page.get_by_role("button", name="Snooze it").click()
    expect(timeline).to_contain_text("snoozed by maria")
    assert _shown(client, ODD)["snoozed_until"] is not None
    _open(page, "Acknowledge")
    expect(page.locator("details[open]")).to_contain_text("ops")
    page.get_by_role("button", name="Acknowledge it").click()
    expect(timeline).to_contain_text("acknowledged by maria")
    taken = _shown(client, ODD)["acknowledged"]
    assert taken["by"] == "maria"
    assert taken["until"] is not None
    _open(page, "Resolve")
    page.get_by_role("button", name="Resolve it").click()
    expect(timeline).to_contain_text("resolved by maria")
    assert _shown(client, ODD)["status"] == "resolved"
    assert page.locator("main img").count() == 0


def test_without_the_scope_one_reads_and_does_nothing(guarded_daemon: Process, page: Page) -> None:
    _report(guarded_daemon.client, "read-only")
    _sign_in(page, guarded_daemon, "reader", "read-only")
    expect(page.locator(".deeds")).to_have_count(0)
    expect(page.locator(".why").first).to_contain_text("ops")
    answer = page.request.post(f"{guarded_daemon.url}/alerts/read-only/resolve", form={"form_key": ""})
    assert answer.status == 403
    assert _shown(guarded_daemon.client, "read-only")["status"] == "firing"


def test_without_tokens_people_say_who_they_are_and_may_take_all_of_an_incident(
    open_daemon: Process, page: Page
) -> None:
    for alert_id in ("i1", "i2"):
        _report(open_daemon.client, alert_id, metric_name="same", cluster_id="whole")
    page.goto(f"{open_daemon.url}/alerts/i1")
    _open(page, "Acknowledge")
    form = page.locator("details[open]")
    form.get_by_label("Your name").fill("li")
    form.get_by_label("What").select_option(label="the whole incident: 2 alerts")
    form.get_by_role("button").click()
    expect(page.locator(".how")).to_contain_text("taken by li")
    assert [_shown(open_daemon.client, one)["acknowledged"]["by"] for one in ("i1", "i2")] == ["li", "li"]


@pytest.mark.parametrize(
    ("path", "form", "status"),
    [
        ("/alerts/none", None, 404),
        ("/alerts/" + "x" * 3000, None, 400),
        ("/alerts/k1/resolve", {"by": "li"}, 403),
        ("/alerts/k1/resolve", {"by": "li", "form_key": "guessed"}, 403),
        ("/alerts/k1/resolve", {"by": ""}, 400),
        ("/alerts/k1/destroy", {"by": "li"}, 404),
        ("/alerts/k1/snooze", {"by": "li", "minutes": "1"}, 400),
        ("/alerts/k1/note", {"by": "li", "text": " "}, 400),
        ("/alerts/k1/note", {"by": "li", "text": "a\x00b"}, 400),
        ("/alerts/none/acknowledge", {"by": "li"}, 409),
        ("/alerts/k1/acknowledge", {"by": "li", "target": "x" * 3000}, 400),
        ("/alerts/tocsin:x/resolve", {"by": "li"}, 400),
    ],
)
def test_what_cannot_be_done_is_said(open_daemon: Process, path: str, form: dict[str, str] | None, status: int) -> None:
    client = open_daemon.client
    _report(client, "k1")
    headers = {"Accept": "text/html"}
    if form is None:
        assert client.get(path, headers=headers).status_code == status
        return
    key = client.get("/alerts/k1", headers=headers).text.partition('name="form_key" value="')[2].partition('"')[0]
    sent = form if status == 403 else {"form_key": key, **form}
    assert client.post(path, data=sent, headers=headers).status_code == status
    assert _shown(client, "k1")["status"] == "firing"


def test_text_that_is_none_is_refused(open_daemon: Process) -> None:
    """It would be written down as something that nobody sent."""
    headers = {"Accept": "text/html", "Content-Type": "application/x-www-form-urlencoded"}
    for sent in (b"by=%ff", b"by=%ed%a0%80", b"by=\xff"):
        answer = open_daemon.client.post("/alerts/k1/note", content=sent, headers=headers)
        assert (answer.status_code, "the form cannot be read" in answer.text) == (400, True)
