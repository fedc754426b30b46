"""Pictures of the page for the docs: every screen of a daemon with a scene in it; ``make pictures`` takes them."""

from __future__ import annotations

import shutil
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any, Final

import httpx
from playwright.sync_api import Browser, sync_playwright
from server_processes import Process, Receiver, daemon, receiver, until

__all__ = ["take"]

API: Final = "/api/tocsin/v1"
HTML: Final = {"Accept": "text/html"}
_WIDE: Final = {"width": 1000, "height": 800}
_NARROW: Final = {"width": 390, "height": 844}
_PICTURES: Final = (
    ("now", "", "light", _WIDE),
    ("now-dark-narrow", "?cluster=fra1", "dark", _NARROW),
    ("alert", "alerts/db-7-disk", "light", _WIDE),
    ("silencing", "silences/new?filter=cluster_id%3D%22fra1%22", "light", _WIDE),
    ("silences", "silences", "light", _WIDE),
    ("deliveries", "deliveries", "light", _WIDE),
    ("health", "health", "light", _WIDE),
)
_ALERTS: Final = (
    (
        "db-7-disk",
        "fra1",
        "critical",
        "DiskFillsWithin4h",
        "/var/lib/postgresql has 3 % left",
        {"team": "db", "node": "db-7"},
    ),
    ("web-5xx", "fra1", "error", "TooManyErrors", "4.2 % of requests end in 5xx", {"team": "web"}),
    ("web-slow", "lon2", "warning", "RequestsAreSlow", "p95 is 1.8 s", {"team": "web"}),
    ("cert", "lon2", "info", "CertificateEndsSoon", "in 20 days", {"team": "web"}),
    ("link", "lon2", "error", "LinkFlaps", "switch 4, port 12", {"team": "net"}),
    ("batch", "fra1", "warning", "BatchIsLate", "the nightly report is 2 h late", {"team": "data"}),
)


def _configuration(told: Receiver) -> str:
    return f"""
channels:
  team-chat: {{backend: webhook, config: {{webhook_url: "{told.url}"}}, rate_limit_per_minute: 30}}
  pager: {{backend: webhook, config: {{webhook_url: "{told.url}"}}, human: true}}
  archive: {{backend: console}}
routing_rules:
- {{rule_id: everything, target_channels: [archive]}}
- rule_id: people
  conditions: {{severity: [error, critical]}}
  target_channels: [team-chat]
  escalation_policy_id: on-call
escalation_policies:
  on-call: {{escalation_levels: {{second: [pager]}}, default_channels: [team-chat]}}
"""


def _play(running: Process, told: Receiver) -> None:
    """Let something happen."""
    client = running.client

    def ask(method: str, path: str, **given: Any) -> None:
        assert client.request(method, f"{API}{path}", **given).is_success

    for alert_id, cluster, severity, metric, message, labels in _ALERTS:
        told.status = 404 if alert_id == "link" else 200
        alert = {
            "alert_id": alert_id,
            "cluster_id": cluster,
            "severity": severity,
            "metric_name": metric,
            "message": message,
            "labels": labels,
        }
        ask("POST", "/alerts", json=alert)
        until(partial(_was_told, client, alert_id))
    ask("POST", "/alerts/web-5xx/acknowledge", json={"by": "maria", "comment": "rolling back", "for_seconds": 3600})
    ask("POST", "/alerts/db-7-disk/note", json={"by": "li", "text": "the vacuum has run twice"})
    silence = {
        "matchers": ['team="data"'],
        "seconds": 9000,
        "created_by": "li",
        "comment": "a new job is tried",
    }
    ask("POST", "/silences", json=silence)
    work = {"matchers": ['cluster_id="lon2"'], "created_by": "maria", "comment": "new switches", "maintenance": True}
    ask("POST", "/silences", json={**work, "starts_at": "2999-01-31T22:00:00Z", "seconds": 14_400})
    ask("PUT", "/heartbeats/prometheus-fra1", params={"every": "5m"})
    ask("PUT", "/heartbeats/backup", params={"every": "1d", "severity": "error"})
    until(lambda: "hides 1 alert" in client.get("/silences", headers=HTML).text)


def _was_told(client: httpx.Client, alert_id: str) -> bool:
    ended = {"state": ["delivered", "rejected"]}
    return alert_id in client.get(f"{API}/deliveries", params=ended).text


def _pictures(browser: Browser, url: str, folder: Path) -> None:
    for name, way, scheme, size in _PICTURES:
        context = browser.new_context(
            color_scheme="dark" if scheme == "dark" else "light",
            viewport={"width": size["width"], "height": size["height"]},
        )
        page = context.new_page()
        page.goto(f"{url}/{way}")
        page.screenshot(path=folder / f"page-{name}.png")
        context.close()


def take(folder: Path) -> None:
    """Take a picture of every screen into *folder*."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    assert path, "chromium is needed: apt-get install chromium"
    with tempfile.TemporaryDirectory() as scratch, receiver() as told:
        configuration = Path(scratch) / "tocsin.yaml"
        configuration.write_text(_configuration(told), encoding="utf-8")
        with daemon(configuration, Path(scratch) / "data") as running, sync_playwright() as playwright:
            _play(running, told)
            browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
            _pictures(browser, running.url, folder)
            browser.close()


if __name__ == "__main__":
    take(Path(sys.argv[1]))
