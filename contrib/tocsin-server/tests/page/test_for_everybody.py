"""Every screen is for everybody: axe-core finds nothing, and all of it works by keyboard."""

from __future__ import annotations

from typing import Any, Final

from playwright.sync_api import Page, expect
from server_processes import Process, until

API: Final = "/api/tocsin/v1"
HTML: Final = {"Accept": "text/html"}
SCREENS: Final = (
    "",
    "?cluster=all&severity=critical",
    "alerts/all1",
    "silences",
    "silences?show=ended",
    "silences/new?filter=cluster_id%3D%22all%22",
    "deliveries",
    "health",
    "no-such-page",
)
LOOK: Final = """async (only) => {
  const found = await axe.run(document, only.length ? { runOnly: only } : {});
  return found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(" ")}`);
}"""


def _fill(running: Process) -> None:
    client = running.client
    for number, severity in enumerate(("info", "critical", "warning", "error", "emergency")):
        alert = {
            "alert_id": f"all{number}",
            "cluster_id": "all",
            "severity": severity,
            "metric_name": f"every{number}",
            "message": "it is hot",
            "labels": {"team": "db"},
        }
        assert client.post(f"{API}/alerts", json=alert).status_code == 202
    assert client.post(f"{API}/alerts/all3/acknowledge", json={"by": "li"}).status_code == 200
    for seconds in (600, 1.0):
        body = {"matchers": ['metric_name="every2"'], "seconds": seconds, "created_by": "li", "comment": "why"}
        assert client.post(f"{API}/silences", json=body).status_code == 201
    assert client.put(f"{API}/heartbeats/all", params={"every": "1h"}).status_code == 200
    until(lambda: "5 incidents" in client.get("/?cluster=all", headers=HTML).text)


def _violations(page: Page, axe: str, *only: str) -> list[str]:
    page.evaluate(axe)
    found: list[str] = page.evaluate(LOOK, list(only))
    return found


def test_axe_finds_nothing(
    open_daemon: Process, guarded_daemon: Process, page: Page, axe: str, faults: list[str]
) -> None:
    """In the light everything is looked for, in the dark what the colours change."""
    _fill(open_daemon)
    found: dict[str, Any] = {}
    for url in (*(f"{open_daemon.url}/{way}" for way in SCREENS), f"{guarded_daemon.url}/sign-in"):
        page.emulate_media(color_scheme="light")
        page.goto(url)
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        found[url] = _violations(page, axe)
        page.emulate_media(color_scheme="dark")
        found[f"{url} in the dark"] = _violations(page, axe, "color-contrast")
    page.goto(open_daemon.url)
    page.keyboard.press("?")
    found["the keys"] = _violations(page, axe)
    assert {url: problems for url, problems in found.items() if problems} == {}
    assert all("404" in fault for fault in faults), faults
    faults.clear()


def test_axe_would_find_something(open_daemon: Process, page: Page, axe: str) -> None:
    page.goto(f"{open_daemon.url}/health")
    page.evaluate("document.querySelector('main').append(document.createElement('input'))")
    (problem,) = _violations(page, axe)
    assert problem.startswith("label: <input")


def test_keys_are_listed_and_do_what_they_say(open_daemon: Process, page: Page) -> None:
    _fill(open_daemon)
    page.goto(f"{open_daemon.url}/?cluster=all")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    expect(dialog).to_contain_text("the next one in a list")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    names = page.locator(".incident h2 a")
    for key, index in (("j", 0), ("j", 1), ("k", 0), ("k", 0)):
        page.keyboard.press(key)
        expect(names.nth(index)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("every4")
    page.wait_for_load_state()  # its keys are those of a script
    for key, title in (("n", "Note"), ("m", "Silence"), ("a", "Acknowledge")):
        page.locator("h1").click()
        page.keyboard.press("Escape")
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press(key)
        opened = page.locator("details[open]").filter(has=page.locator("summary").get_by_text(title, exact=True))
        expect(opened.locator(":focus")).to_have_count(1)
    page.locator("details[open] input[name=by]").first.press_sequentially("gs?")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("heading", level=1)).to_contain_text("every4")
    page.evaluate("document.activeElement.blur()")
    for key, title in (("s", "Silences"), ("d", "Deliveries"), ("h", "Health"), ("n", "Now")):
        page.keyboard.press("g")
        page.keyboard.press(key)
        expect(page.get_by_role("link", name=title, exact=True)).to_have_attribute("aria-current", "page")
        page.wait_for_load_state()


def test_keys_can_be_switched_off(open_daemon: Process, page: Page) -> None:
    """Whoever speaks to the browser would press them by accident."""
    page.goto(f"{open_daemon.url}/health")
    page.get_by_role("button", name="Keys").click()
    page.get_by_label("Keys do nothing").check()
    page.get_by_role("button", name="Close").click()
    page.reload()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.get_by_role("button", name="Keys").click()
    page.get_by_label("Keys do nothing").uncheck()
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
