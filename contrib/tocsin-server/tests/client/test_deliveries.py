"""``tocsin deliveries``, ``redrive`` and ``status``: what was sent, and how the daemon is."""

from __future__ import annotations

from typing import Any

import pytest
from client_runner import Run
from contract_daemon import ContractDaemon, Reply


def _delivery(notification_id: str, state: str = "dead", **fields: Any) -> dict[str, Any]:
    return {
        "notification_id": notification_id,
        "incident_id": "i-1",
        "channel_id": "pager",
        "kind": "firing",
        "state": state,
        "reason": "retries_exhausted",
        "detail": "503 from the\x1b[1m pager",
        "attempts": 5,
        "alert_ids": ["a", "b"],
        "ended_at": "2026-01-31T11:00:00.000Z",
        **fields,
    }


def test_deliveries_are_a_table(daemon: ContractDaemon, tocsin: Run) -> None:
    daemon.answers("GET", "/deliveries", {"items": [_delivery("n-1"), _delivery("n-2", detail="")], "next": None})
    done = tocsin("deliveries", "--state", "dead", "--channel", "pager", "-n", "5")
    assert done.out.splitlines() == [
        "notification  state  ended  channel  kind    attempts  alerts  why",
        "n-1           dead   1h     pager    firing  5         a, b    503 from the\\x1b[1m pager",
        "n-2           dead   1h     pager    firing  5         a, b    retries_exhausted",
    ]
    assert daemon.queries == ["state=dead&channel=pager&limit=5"]
    assert len(tocsin("deliveries", "--json").json) == 2


def test_notifications_are_sent_again_by_id(daemon: ContractDaemon, tocsin: Run) -> None:
    daemon.answers("POST", "/deliveries/n-1/redrive", {"changed": True})
    done = tocsin("redrive", "n-1", "n-2", "--by", "bob")
    assert (done.code, done.out) == (1, "n-1: is sent again\n")
    assert daemon.bodies == [{"by": "bob"}] * 2


def test_everything_that_was_given_up_is_sent_again(daemon: ContractDaemon, tocsin: Run) -> None:
    dead, unknown = _delivery("n-1"), _delivery("n-2", "unknown")
    pages = [{"items": [one], "next": None} for one in (dead, unknown, unknown)]
    daemon.answers("GET", "/deliveries", *pages)
    for name in ("n-1", "n-2"):
        daemon.answers("POST", f"/deliveries/{name}/redrive", {"changed": True})
    done = tocsin("redrive", "--all", "--channel", "pager", "--json")
    assert done.json == [{"notification_id": name, "changed": True} for name in ("n-1", "n-2")]
    states = [query.split("&")[0] for query in daemon.queries[:3]]
    assert states == ["state=dead", "state=rejected", "state=unknown"]
    assert all("channel=pager" in query for query in daemon.queries[:3])


def test_when_nothing_was_given_up_it_says_so(daemon: ContractDaemon, tocsin: Run) -> None:
    daemon.answers("GET", "/deliveries", {"items": [], "next": None})
    done = tocsin("redrive", "--all")
    assert (done.code, done.out, done.err) == (0, "", "tocsin: nothing was given up\n")
    assert tocsin("redrive", "--all", "--json").json == []


@pytest.mark.parametrize("arguments", [[], ["--all", "x"], ["x", "--channel", "pager"]])
def test_ids_or_all_of_them(daemon: ContractDaemon, tocsin: Run, arguments: list[str]) -> None:
    assert tocsin("redrive", *arguments).code == 2
    assert daemon.asked == []


def _health(**fields: Any) -> dict[str, Any]:
    return {
        "status": "ok",
        "version": "0.1.0",
        "uptime_seconds": 93_784.5,
        "firing": 2,
        "gaps": 0,
        "open_circuits": [],
        "undelivered": 0,
        "store": "ok",
        **fields,
    }


def test_a_daemon_that_is_well_is_0(daemon: ContractDaemon, tocsin: Run) -> None:
    daemon.answers("GET", "/health", _health())
    done = tocsin("status")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        f"tocsin 0.1.0 at {daemon.url}: ok",
        "  up for         1d2h",
        "  firing         2",
        "  store          ok",
        "  open circuits  none",
        "  undelivered    0",
        "  gaps           0",
    ]


def test_a_daemon_that_is_degraded_is_1_and_its_gaps_are_told(daemon: ContractDaemon, tocsin: Run) -> None:
    degraded = _health(status="degraded", gaps=1, open_circuits=["pager"])
    daemon.answers("GET", "/health", degraded)
    gap = {"kind": "late", "subject": "pager", "detail": "not told", "count": 3, "last_at": "2026-01-31T11:59:00.000Z"}
    daemon.answers("GET", "/gaps", [gap])
    done = tocsin("status")
    assert done.code == 1
    assert "  open circuits  pager" in done.out.splitlines()
    assert done.out.splitlines()[-2:] == [
        "gap   about  times  last  what",
        "late  pager  3      1m    not told",
    ]
    done = tocsin("status", "--json")
    assert (done.code, done.json) == (1, degraded)


def test_health_that_says_nothing_is_1(daemon: ContractDaemon, tocsin: Run) -> None:
    daemon.answers("GET", "/health", Reply({}))
    done = tocsin("status")
    assert done.code == 1
    assert "does not say how it is" in done.err
