"""*Now* follows what happens, in a real browser: at once, when nobody reads, and over a restart of the daemon."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Final

import httpx
from playwright.sync_api import Page, expect
from server_processes import Process, running, serve_command

API: Final = "/api/tocsin/v1"


def _report(url: str, alert_id: str, cluster: str) -> None:
    alert = {"alert_id": alert_id, "cluster_id": cluster, "severity": "error", "metric_name": alert_id}
    assert httpx.post(f"{url}{API}/alerts", json=alert, trust_env=False, timeout=60).status_code == 202


def test_what_happens_is_shown_by_itself(open_daemon: Process, page: Page) -> None:
    """Not a load of the whole page: what the browser keeps in it stays."""
    page.goto(f"{open_daemon.url}/?cluster=live")
    page.evaluate("window.kept = 1")
    expect(page.locator(".incident")).to_have_count(0)
    _report(open_daemon.url, "l1", "live")
    expect(page.locator(".incident")).to_have_count(1, timeout=20_000)
    assert page.evaluate("window.kept") == 1


def test_while_somebody_reads_updates_wait_and_are_counted(open_daemon: Process, page: Page) -> None:
    _report(open_daemon.url, "r1", "read")
    page.goto(f"{open_daemon.url}/?cluster=read")
    expect(page.locator(".incident")).to_have_count(1, timeout=20_000)
    page.get_by_role("link", name="Show all").focus()
    _report(open_daemon.url, "r2", "read")
    waits = page.get_by_role("status").get_by_role("link")
    expect(waits).to_contain_text("waits. Show.", timeout=20_000)
    expect(page.locator(".incident")).to_have_count(1)
    waits.click()
    expect(page.locator(".incident")).to_have_count(2)
    expect(waits).to_be_hidden()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


def test_the_page_goes_on_when_the_daemon_was_started_again(
    configuration: Path, tmp_path: Path, page: Page, faults: list[str]
) -> None:
    port = _free_port()
    command = [*serve_command(configuration, tmp_path / "data"), "--listen", f"127.0.0.1:{port}"]
    with running(command, r"^Listening on (\S+)$") as first:
        page.goto(first.url)
        expect(page.get_by_role("heading", level=1)).to_have_text("All quiet")
    expect(page.get_by_role("status")).to_contain_text("This may be old")
    with running(command, r"^Listening on (\S+)$") as second:
        _report(second.url, "s1", "again")
        expect(page.locator(".incident")).to_have_count(1, timeout=30_000)
        expect(page.get_by_role("status")).not_to_contain_text("This may be old")
        assert second.stop() == 0, "although a page listens"
    faults.clear()
