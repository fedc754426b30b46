"""*Silences* in a real browser: made by clicks, with what they hide before they do, and ended."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import Page, expect
from server_processes import Process, until

API: Final = "/api/tocsin/v1"
HTML: Final = {"Accept": "text/html"}
TOKEN: Final = {"Authorization": "Bearer maria"}


def _report(client: httpx.Client, alert_id: str, **changes: Any) -> None:
    alert = {"alert_id": alert_id, "cluster_id": "sil", "severity": "error", "metric_name": alert_id, **changes}
    assert client.post(f"{API}/alerts", json=alert, headers=TOKEN).status_code == 202


def _silences(client: httpx.Client, matcher: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(f"{API}/silences", params={"filter": matcher}, headers=TOKEN).json()[
        "items"
    ]
    return found


def _sign_in(page: Page, daemon: Process, token: str, way: str) -> None:
    page.goto(f"{daemon.url}/{way}")
    page.get_by_label("Token").fill(token)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "sign-in" not in url)


def test_an_alert_is_silenced_by_clicks_and_told_again(guarded_daemon: Process, page: Page) -> None:
    """What is hidden is said before: also what was critical within the past day, and is not any more."""
    client = guarded_daemon.client
    _report(client, "q1", metric_name="queue", labels={"team": 'a"b <b>'})
    _report(client, "q2", metric_name="queue", severity="critical")
    _report(client, "q2", metric_name="queue", severity="warning")
    assert client.post(f"{API}/alerts/q2/resolve", json={}, headers=TOKEN).status_code == 200
    _sign_in(page, guarded_daemon, "maria", "alerts/q1")
    page.locator("summary").get_by_text("Silence", exact=True).click()
    assert page.locator("details[open] input:checked").count() == 2
    page.get_by_role("button", name="See what that hides").click()
    now, past = page.locator(".parts section").all()
    expect(now).to_contain_text("1 alert: 1 error")
    expect(now).not_to_contain_text("critical")
    expect(past).to_contain_text("1 is critical or worse.")
    expect(past).to_contain_text("2 alerts: 1 critical, 1 error")
    page.get_by_label("Why").fill("new <b>disks</b>")
    page.get_by_role("button", name="Silence them").click()
    assert page.locator("select:invalid").count() == 1, "it has to end"
    page.get_by_label("For").select_option(label="4 hours")
    page.get_by_role("button", name="Silence them").click()
    expect(page).to_have_url(f"{guarded_daemon.url}/silences")
    (made,) = _silences(client, 'metric_name="queue"')
    assert (made["created_by"], made["comment"], made["state"]) == ("maria", "new <b>disks</b>", "active")
    assert made["matchers"] == ['cluster_id="sil"', 'metric_name="queue"']
    cookies = {one["name"]: one["value"] for one in page.context.cookies()}
    with httpx.Client(base_url=guarded_daemon.url, cookies=cookies, trust_env=False, timeout=60) as same:
        until(lambda: "hides 1 alert now" in same.get("/silences").text)
    page.reload()
    row = page.locator(".silences li").filter(has_text="queue")
    expect(row).to_contain_text("ends in 3 h")
    row.get_by_role("link", name="hides 1 alert now").click()
    expect(page.locator(".incident")).to_contain_text("suppressed")
    page.go_back()
    row.get_by_text("End it now").click()
    expect(row).to_contain_text("1 alert that fires is told again")
    row.get_by_role("button", name="End it").click()
    expect(row).to_have_count(0)
    assert [one["state"] for one in _silences(client, 'metric_name="queue"')] == ["expired"]
    page.get_by_role("link", name="Those that ended").click()
    expect(page.locator(".silences li").filter(has_text="queue")).to_contain_text("by maria")


def test_a_hostile_silence_fits_a_telephone_and_runs_nothing(open_daemon: Process, page: Page) -> None:
    hostile = "<img src=x onerror=alert(1)>\u202e\U0001f525" + "W" * 900
    matcher = f'cluster_id="{hostile}"'
    body = {"matchers": [matcher], "seconds": 600, "created_by": hostile, "comment": hostile}
    assert open_daemon.client.post(f"{API}/silences", json=body).status_code == 201
    _report(open_daemon.client, "host", cluster_id=hostile, metric_name=hostile)
    page.set_viewport_size({"width": 360, "height": 740})
    for way in ("silences", "alerts/host", f"silences/new?filter={quote(matcher)}"):
        page.goto(f"{open_daemon.url}/{way}")
        expect(page.locator("main")).to_contain_text("<img src=x")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, way
        assert page.locator("main img, main script").count() == 0


def test_labels_lead_to_what_bears_them_and_that_to_a_silence(open_daemon: Process, page: Page) -> None:
    client = open_daemon.client
    for number, severity in enumerate(("critical", "emergency", "info")):
        _report(client, f"lab{number}", cluster_id="lab", severity=severity, labels={"team": 'lab"b\\'})
    until(lambda: "3 incidents" in client.get("/?cluster=lab", headers=HTML).text)
    page.goto(f"{open_daemon.url}/alerts/lab0")
    page.get_by_role("link", name='team=lab"b\\').click()
    expect(page.locator(".incident")).to_have_count(3)
    page.goto(f"{page.url}&severity=critical&severity=emergency&cluster=lab")
    page.get_by_role("link", name="Silence what is left").click()
    expect(page.get_by_label("Alerts that meet")).to_have_value(
        'severity=~"critical|emergency"\ncluster_id="lab"\nteam="lab\\"b\\\\"'
    )
    expect(page.locator(".parts section").first).to_contain_text("2 are critical or worse.")
    page.get_by_label("Alerts that meet").fill('cluster_id="lab"')
    page.get_by_role("button", name="See what that hides").click()
    expect(page.locator(".parts section").first).to_contain_text("3 alerts: 1 emergency, 1 critical, 1 info")
    page.goto(f"{open_daemon.url}/?cluster=lab")
    page.get_by_role("link", name="Silence lab2").click()
    expect(page.get_by_label("Alerts that meet")).to_have_value('cluster_id="lab"\nmetric_name="lab2"')


def test_maintenance_can_begin_later(open_daemon: Process, page: Page) -> None:
    page.goto(f"{open_daemon.url}/silences/new")
    page.get_by_label("Alerts that meet").fill('cluster_id="planned"')
    page.get_by_role("button", name="See what that hides").click()
    expect(page.locator(".parts section").first).to_contain_text("Nothing that fires.")
    page.get_by_label("Your name").fill("li")
    page.get_by_label("For").select_option(label="1 week")
    page.get_by_label("From, in UTC").fill("2999-01-31T12:00")
    page.get_by_label("Why").fill("switches")
    page.get_by_label("It is maintenance").check()
    page.get_by_role("button", name="Silence them").click()
    row = page.locator(".silences li").filter(has_text="planned")
    expect(row).to_contain_text("maintenance")
    expect(row).to_contain_text("begins in")
    (made,) = _silences(open_daemon.client, 'cluster_id="planned"')
    assert (made["starts_at"], made["ends_at"]) == ("2999-01-31T12:00:00.000Z", "2999-02-07T12:00:00.000Z")
    assert (made["state"], made["maintenance"], made["created_by"]) == ("pending", True, "li")


def test_who_reads_makes_and_ends_nothing(guarded_daemon: Process, page: Page, faults: list[str]) -> None:
    body = {"matchers": ['cluster_id="kept"'], "seconds": 600, "created_by": "li", "comment": "x"}
    made = guarded_daemon.client.post(f"{API}/silences", json=body, headers=TOKEN).json()["silence_id"]
    _sign_in(page, guarded_daemon, "reader", "silences")
    row = page.locator(".silences li").filter(has_text="kept")
    expect(row).to_contain_text("by li")
    expect(row.locator("form")).to_have_count(0)
    expect(page.get_by_role("link", name="Make a silence")).to_have_count(0)
    for way in (f"silences/{made}/end", "silences/new"):
        assert page.request.post(f"{guarded_daemon.url}/{way}", form={"form_key": ""}).status == 403
    answer = page.goto(f"{guarded_daemon.url}/silences/new")
    assert answer is not None
    assert answer.status == 403
    assert [one["state"] for one in _silences(guarded_daemon.client, 'cluster_id="kept"')] == ["active"]
    faults.clear()


GOOD: Final = {"by": "li", "filter": 'cluster_id="bad"', "minutes": "60", "comment": "why"}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"minutes": ""}, "a silence has to end"),
        ({"minutes": "1"}, "a silence has to end"),
        ({"comment": " "}, "say why"),
        ({"by": ""}, "say who you are"),
        ({"filter": " \n"}, "at least one matcher"),
        ({"filter": 'cluster_id=""'}, "everything would be silenced"),
        ({"filter": 'cluster_id=~"("'}, "the matcher"),
        ({"filter": "cluster_id"}, "matchers[0]"),
        ({"starts_at": "tomorrow"}, "the start is an instant"),
        ({"starts_at": "2020-01-01T00:00"}, "it would have ended already"),
    ],
)
def test_what_is_no_silence_is_said_beside_what_was_written(
    open_daemon: Process, changes: dict[str, str], problem: str
) -> None:
    client = open_daemon.client
    page = client.get("/silences/new", params={"filter": GOOD["filter"]}, headers=HTML).text
    key = page.partition('name="form_key" value="')[2].partition('"')[0]
    answer = client.post("/silences/new", data={"form_key": key, **GOOD, **changes}, headers=HTML)
    assert answer.status_code == 400
    assert problem in answer.text
    assert "Make a silence" in answer.text
    assert _silences(client, GOOD["filter"]) == []


def test_what_is_not_there_is_not_ended_and_not_shown(open_daemon: Process) -> None:
    client = open_daemon.client
    assert client.post("/silences/new", data=GOOD, headers=HTML).status_code == 403
    page = client.get("/silences/new", params={"filter": GOOD["filter"]}, headers=HTML).text
    key = page.partition('name="form_key" value="')[2].partition('"')[0]
    sent = {"form_key": key, "by": "li"}
    assert client.post("/silences/none/end", data=sent, headers=HTML).status_code == 404
    body = {"matchers": ['cluster_id="ends"'], "seconds": 600, "created_by": "li", "comment": "x"}
    made = client.post(f"{API}/silences", json=body).json()["silence_id"]
    assert client.post(f"/silences/{made}/end", data=sent, headers=HTML).status_code == 303
    assert client.post(f"/silences/{made}/end", data=sent, headers=HTML).status_code == 409
    for query in ("show=all", "page=0"):
        assert client.get(f"/silences?{query}", headers=HTML).status_code == 400
    assert client.get("/silences/new", params={"filter": ['a="b"'] * 70}, headers=HTML).status_code == 400
    assert client.get("/silences?page=1000000", headers=HTML).status_code == 200
