"""Alertmanager and the daemon side by side: the same requests to both, and what of their answers has to be the same."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import httpx
from server_processes import Process, alertmanager, daemon, until

__all__ = ["HOUR", "Both", "alert", "at", "running_both", "shown"]

ALERTMANAGER: Final = """
route:
  receiver: team
  group_by: [alertname, cluster]
  group_wait: 1s
  routes:
  - receiver: pager
    matchers: ['severity="page"']
    continue: true
  - receiver: db
    matchers: ['team=~"db|sql"']
    group_by: ['...']
  - receiver: other
    matchers: ['team="web"']
    group_by: [path]
inhibit_rules:
- source_matchers: ['severity="page"']
  target_matchers: ['severity="warning"']
  equal: [cluster]
receivers:
- name: team
- name: pager
- name: db
- name: other
"""

TOCSIN: Final = """
receivers: {team: [], pager: [], db: [], other: []}
routing_rules:
- rule_id: root
  receiver: team
  aggregation: {strategy: grouping, group_by: [alertname, cluster], group_wait_seconds: 1}
  routes:
  - rule_id: pager
    receiver: pager
    conditions: {matchers: ['severity="page"']}
    continue: true
  - rule_id: db
    receiver: db
    conditions: {matchers: ['team=~"db|sql"']}
    aggregation: {strategy: grouping, group_by: ['...']}
  - rule_id: other
    receiver: other
    conditions: {matchers: ['team="web"']}
    aggregation: {strategy: grouping, group_by: [path]}
inhibition_rules:
- source_matchers: ['severity="page"']
  target_matchers: ['severity="warning"']
  equal: [cluster]
"""

HOUR: Final = 3600
"""What is to be in the future is hours away: the tests begin long after this file was read."""

NOW: Final = int(time.time())


def at(seconds: float) -> str:
    """Return an instant so many seconds from when the tests began."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.250Z", time.gmtime(NOW + seconds))


def alert(**labels: str) -> dict[str, Any]:
    """Return an alert that has fired for a minute and ends in some hours, when nothing more is heard."""
    return {"labels": labels, "startsAt": at(-60), "endsAt": at(6 * HOUR)}


ALERTS: Final = [
    alert(alertname="cpu", severity="page", cluster="eu", instance="b", team="db"),
    alert(alertname="cpu", severity="warning", cluster="eu", instance="a"),
    alert(alertname="cpu", severity="warning", cluster="us", job="node", instance="a"),
    {**alert(alertname="slow", team="sql", empty=""), "annotations": {"summary": "slow queries", "empty": ""}},
    {**alert(alertname="ü", team="web", path='C:\\x"y\n'), "generatorURL": "http://prometheus.example/graph?g0=1"},
    {**alert(alertname="slow", team="db"), "annotations": {"message": "no summary"}},
    alert(one="label"),
]


class Both:
    """Sends every request to both."""

    def __init__(self, theirs: Process, ours: Process) -> None:
        self.theirs, self.ours = theirs, ours
        self.silences: dict[str, tuple[str, str]] = {}

    def each(self, method: str, path: str, **options: Any) -> tuple[httpx.Response, httpx.Response]:
        """Return both answers."""
        theirs = self.theirs.client.request(method, path, **options)
        return theirs, self.ours.client.request(method, path, **options)

    def same(self, method: str, path: str, **options: Any) -> Any:
        """Check that both answer alike, and return that."""
        theirs, ours = self.each(method, path, **options)
        assert (ours.status_code, alike(ours)) == (theirs.status_code, alike(theirs))
        return alike(ours)

    def silence(self, ids: tuple[str, str] = ("", ""), **changes: Any) -> tuple[str, str]:
        """Make or change a silence on both; return its ids there. One that is changed keeps its start."""
        document = {
            "matchers": [{"name": "alertname", "value": "cpu", "isRegex": False}],
            "startsAt": at(-10),
            "endsAt": at(6 * HOUR),
            "createdBy": "ada",
            "comment": "known",
            **changes,
        }
        made = []
        for one, silence_id in zip((self.theirs, self.ours), ids, strict=True):
            kept = {"id": silence_id, "startsAt": shown(one, silence_id)["startsAt"]} if silence_id else {}
            made.append(one.client.post("/api/v2/silences", json={**document, **kept}))
        assert [one.status_code for one in made] == [200, 200], [one.text for one in made]
        theirs, ours = (one.json()["silenceID"] for one in made)
        return theirs, ours


def alike(answer: httpx.Response) -> Any:
    """Return what of an answer has to be the same."""
    if answer.status_code >= 400:
        return None  # the words for what is wrong are our own
    return _alike(answer.json()) if answer.content else ""


def _alike(value: Any) -> Any:
    if isinstance(value, list):
        return [_alike(one) for one in value]
    if not isinstance(value, dict):
        return value
    kept = {key: _alike(one) for key, one in value.items() if key not in {"updatedAt", "mutedBy", "id", "silenceID"}}
    if "matchers" in kept:
        del kept["startsAt"]  # one that would have begun before it was made begins then
        if kept["status"]["state"] == "expired":
            del kept["endsAt"]  # when it was ended
    if "silencedBy" in kept:
        kept["silencedBy"] = len(kept["silencedBy"])
    return kept


def shown(process: Process, silence_id: str) -> Any:
    """Return one silence."""
    return process.client.get(f"/api/v2/silence/{silence_id}").json()


@contextmanager
def running_both(folder: Path) -> Iterator[Both]:
    """Run both, with the same configuration and the same alerts."""
    theirs, ours = folder / "alertmanager.yml", folder / "tocsin.yaml"
    theirs.write_text(ALERTMANAGER)
    ours.write_text(TOCSIN)
    with alertmanager(theirs, folder / "theirs") as one, daemon(ours, folder / "ours") as other:
        made = Both(one, other)
        assert made.same("GET", "/api/v2/alerts") == []
        assert made.same("GET", "/api/v2/alerts/groups") == []
        assert made.same("GET", "/api/v2/silences") == []
        made.same("POST", "/api/v2/alerts", json=ALERTS)
        for process in (one, other):  # Alertmanager answers before its dispatcher has them
            until(partial(has_all, process))
        yield made


def has_all(process: Process) -> bool:
    """Whether every alert is in its groups; one of them has two receivers."""
    return len(listed(process)) == len(ALERTS) + 1


def listed(process: Process) -> list[Any]:
    """Return the alerts of all groups."""
    groups = process.client.get("/api/v2/alerts/groups").json()
    return [shown for group in groups for shown in group["alerts"]]
