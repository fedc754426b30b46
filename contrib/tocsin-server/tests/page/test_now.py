"""*Now* in a real browser, on a daemon that runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote

from playwright.sync_api import Locator, Page, expect
from server_processes import Process, until

API: Final = "/api/tocsin/v1"
HTML: Final = {"Accept": "text/html"}
HOSTILE: Final = "<img src=x onerror=alert(1)><script>alert(1)</script>\u202egnihton \U0001f525" + "W" * 10_000


def _report(running: Process, alert_id: str, **changes: Any) -> None:
    alert = {"alert_id": alert_id, "cluster_id": "eu", "severity": "error", "metric_name": alert_id, **changes}
    assert running.client.post(f"{API}/alerts", json=alert).status_code == 202


def _shown(running: Process, path: str, *texts: str) -> Callable[[], bool]:
    return lambda: all(text in running.client.get(path, headers=HTML).text for text in texts)


def _incidents(page: Page) -> Locator:
    return page.locator(".incident")


def test_numbers_and_labels_filter_when_they_are_clicked(open_daemon: Process, page: Page) -> None:
    """And the address says so, for others to open."""
    _report(open_daemon, "f1", cluster_id="north", severity="critical", labels={"team": "db"})
    _report(open_daemon, "f2", cluster_id="north", severity="warning", labels={"team": "web"})
    _report(open_daemon, "f3", cluster_id="south", severity="critical", labels={"team": 'a"b\\'})
    until(_shown(open_daemon, "/", "north", "south"))
    page.goto(open_daemon.url)
    page.get_by_role("link", name="1 critical in north").click()
    expect(_incidents(page)).to_have_count(1)
    expect(page).to_have_url(f"{open_daemon.url}/?severity=critical&cluster=north")
    page.get_by_role("link", name="critical ×").click()
    expect(_incidents(page)).to_have_count(2)
    page.get_by_role("link", name="team=web").click()
    expect(_incidents(page)).to_have_count(1)
    expect(_incidents(page)).to_contain_text("warning")
    page.goto(f"{open_daemon.url}/?cluster=south")
    page.get_by_role("link", name='team=a"b\\').click()
    expect(_incidents(page)).to_have_count(1)
    page.get_by_role("link", name="Show all").click()
    expect(page).to_have_url(f"{open_daemon.url}/")


def test_what_waits_comes_first_and_says_what_comes_next(open_daemon: Process, page: Page) -> None:
    """What somebody has taken comes after, however severe."""
    _report(open_daemon, "w1", cluster_id="waits", severity="emergency", metric_name="taken-one")
    _report(open_daemon, "w2", cluster_id="waits", severity="error", metric_name="waiting-one")
    assert open_daemon.client.post(f"{API}/alerts/w1/acknowledge", json={"by": "li"}).status_code == 200
    until(_shown(open_daemon, "/?cluster=waits", "taken by", "waiting-one", "level"))
    page.goto(f"{open_daemon.url}/?cluster=waits")
    expect(page.get_by_role("heading", level=2)).to_have_text(["waiting-one", "taken-one"])
    expect(_incidents(page).nth(0)).to_contain_text("nobody has it")
    expect(_incidents(page).nth(0).locator("time[data-until]")).to_contain_text("min")
    expect(_incidents(page).nth(1)).to_contain_text("taken by li")
    expect(page.locator(".total")).to_contain_text("2 incidents with 2 alerts; 1 waits for somebody.")


def test_ages_go_on_by_themselves(open_daemon: Process, page: Page) -> None:
    """On the browser's clock, which is not waited for: it is moved."""
    page.clock.install()
    _report(open_daemon, "t1", cluster_id="ages")
    until(_shown(open_daemon, "/?cluster=ages", "nobody has it"))
    page.goto(f"{open_daemon.url}/?cluster=ages")
    age = _incidents(page).locator(".age")
    expect(age).to_contain_text(" s")
    page.clock.run_for(2 * 3_600_000)
    expect(age).to_have_text("2 h")


def test_a_hostile_alert_changes_nothing_and_runs_nothing(open_daemon: Process, page: Page) -> None:
    """The page complains of nothing and opens no dialog, and nothing is wider than a telephone."""
    _report(
        open_daemon, "h1", cluster_id=HOSTILE[:400], message=HOSTILE[:500], metric_name=HOSTILE[:300], severity="info"
    )
    _report(open_daemon, "h2", cluster_id="hostile", message=HOSTILE, labels={"javascript": "javascript:alert(1)"})
    named = f"/?severity=info&cluster={quote(HOSTILE[:400])}"
    until(_shown(open_daemon, named, "&lt;script&gt;"))
    page.set_viewport_size({"width": 360, "height": 740})
    for path in (named, "/?cluster=hostile"):
        page.goto(open_daemon.url + path)
        expect(_incidents(page)).to_have_count(1)
        assert page.locator("main img, main script").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert _incidents(page).evaluate("one => getComputedStyle(one).direction") == "ltr"


def test_a_long_list_is_paged_and_counted_whole(open_daemon: Process, page: Page) -> None:
    alerts = [
        {"alert_id": f"p{index}", "cluster_id": "many", "severity": "info", "metric_name": f"m{index}"}
        for index in range(60)
    ]
    assert open_daemon.client.post(f"{API}/alerts", json=alerts).status_code == 202
    until(_shown(open_daemon, "/?cluster=many", "60 incidents with 60 alerts"))
    page.goto(f"{open_daemon.url}/?cluster=many")
    expect(_incidents(page)).to_have_count(50)
    page.get_by_role("link", name="More").click()
    expect(_incidents(page)).to_have_count(10)
    expect(page.locator(".total")).to_contain_text("60 incidents")
    page.get_by_role("link", name="Before").click()
    expect(_incidents(page)).to_have_count(50)


def test_by_keyboard_one_gets_to_the_content_and_both_schemes_are_there(open_daemon: Process, page: Page) -> None:
    page.goto(open_daemon.url)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{open_daemon.url}/#main")
    grounds = set()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        grounds.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(grounds) == 2


def test_what_no_filter_says_is_refused(open_daemon: Process) -> None:
    for query in ("severity=worse", "page=0", "page=x", "clusters=eu", "filter=%7B", "filter=a%3D~%22(%22"):
        answer = open_daemon.client.get(f"/?{query}", headers=HTML)
        assert answer.status_code == 400, query
        assert "Bad Request" in answer.text
