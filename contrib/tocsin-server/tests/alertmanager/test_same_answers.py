"""The same requests to Debian's Alertmanager and to the daemon: the same answers, field by field.

What differs is listed in docs/reference/alertmanager-api.md with the reason: it is what ``alike`` leaves out.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from functools import partial
from typing import Any, Final

import httpx
import pytest
from server_processes import Process, alertmanager, daemon, until

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


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """Alertmanager and the daemon, with the same configuration and the same alerts."""
    folder = tmp_path_factory.mktemp("both")
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


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"filter": 'alertname="cpu"'},
        {"filter": ["alertname=cpu", "cluster=~e."]},
        {"filter": 'cluster!="eu"'},
        {"filter": 'team=""'},
        {"filter": 'team!=""'},
        {"filter": "team!~db|sql"},
        {"filter": 'path="C:\\\\x\\"y\\n"'},
        {"filter": "alertname=ü"},
        {"filter": "summary=nothing"},
        {"receiver": "team"},
        {"receiver": "pag.*|db"},
        {"receiver": "page"},
        {"receiver": ""},
        {"active": "", "silenced": ""},
        {"active": "false"},
        {"inhibited": "false"},
        {"silenced": "false"},
        {"active": "1", "inhibited": "t"},
        {"unprocessed": "false"},
    ],
    ids=str,
)
@pytest.mark.parametrize("path", ["/api/v2/alerts", "/api/v2/alerts/groups"])
def test_reading_alerts(both: Both, path: str, query: dict[str, Any]) -> None:
    """Also in the same order."""
    both.same("GET", path, params=query)


@pytest.mark.parametrize(
    ("method", "path", "query"),
    [
        ("GET", "/api/v2/alerts", {"filter": "no matcher"}),
        ("GET", "/api/v2/alerts", {"filter": "a=~("}),
        ("GET", "/api/v2/alerts", {"receiver": "("}),
        ("GET", "/api/v2/alerts/groups", {"filter": "=x"}),
        ("GET", "/api/v2/silences", {"filter": "=x"}),
        ("GET", "/api/v2/nothing", {}),
        ("PUT", "/api/v2/alerts", {}),
        ("GET", "/api/v2/silence/0b1b3a1c-7c5c-4a4e-9c44-3a1f6a1c7b61", {}),
        ("GET", "/api/v2/silence/no-uuid", {}),
        ("GET", "/api/v2/alerts", {"active": "maybe"}),
    ],
)
def test_requests_that_are_refused(both: Both, method: str, path: str, query: dict[str, Any]) -> None:
    both.same(method, path, params=query)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{}",
        "[",
        "null",
        "[1]",
        "[{}]",
        '[{"labels": null}]',
        '[{"labels": {"a": 1}}]',
        '[{"labels": {}}]',
        '[{"labels": {"a": ""}}]',
        '[{"labels": {"a-b": "c"}}]',
        '[{"labels": {"": "c"}}]',
        '[{"labels": {"a": "b"}, "annotations": {"a b": "c"}}]',
        '[{"labels": {"a": "b"}, "startsAt": "yesterday"}]',
        '[{"labels": {"a": "b"}, "startsAt": "2030-01-01T00:00:00Z", "endsAt": "2029-01-01T00:00:00Z"}]',
        '[{"labels": {"a": "b"}, "generatorURL": 1}]',
        '[{"labels": {"a": "b"}, "startsAt": "2090-01-01T00:00:00Z"}]',
        '[{"labels": {"a": "b"}, "status": "who knows", "endsAt": "2001-01-01T00:00:00Z"}]',
    ],
)
def test_posts_of_alerts_that_are_refused(both: Both, body: str) -> None:
    both.same("POST", "/api/v2/alerts", content=body, headers={"Content-Type": "application/json"})
    both.same("GET", "/api/v2/alerts")


def test_of_a_batch_with_invalid_alerts_the_valid_ones_are_taken(both: Both) -> None:
    """And the answer is 400."""
    batch = [alert(alertname="valid"), {"labels": {"alertname": "invalid", "a-b": "c"}}, alert(alertname="valid too")]
    assert both.same("POST", "/api/v2/alerts", json=batch) is None
    found = both.same("GET", "/api/v2/alerts", params={"filter": "alertname=~.*valid.*"})
    assert [one["labels"]["alertname"] for one in found] != []
    both.same("POST", "/api/v2/alerts", json=[{**one, "endsAt": at(-1)} for one in batch if len(one["labels"]) == 1])
    assert both.same("GET", "/api/v2/alerts", params={"filter": "alertname=~.*valid.*"}) == []


def test_the_earliest_start_counts_and_the_latest_end(both: Both) -> None:
    """A report that ends sooner than the one before does not shorten it."""
    labels = {"alertname": "moving"}
    for starts, ends in ((-30, 6 * HOUR), (-20, 3 * HOUR), (-50, 5 * HOUR), (-10, 9 * HOUR)):
        report = {"labels": labels, "startsAt": at(starts), "endsAt": at(ends)}
        both.same("POST", "/api/v2/alerts", json=[report])
        both.same("GET", "/api/v2/alerts", params={"filter": "alertname=moving"})
    both.same("POST", "/api/v2/alerts", json=[{"labels": labels, "startsAt": at(-50), "endsAt": at(-1)}])
    assert both.same("GET", "/api/v2/alerts", params={"filter": "alertname=moving"}) == []


def test_a_silence_is_made_changed_replaced_and_ended(both: Both) -> None:
    ids = both.silence()
    both.same("GET", "/api/v2/silences")
    assert both.silence(ids, endsAt=at(7 * HOUR)) == ids
    both.same("GET", "/api/v2/alerts", params={"silenced": "false"})
    both.same("GET", "/api/v2/alerts", params={"active": "false"})
    both.same("GET", "/api/v2/alerts/groups")
    other = both.silence(ids, matchers=[{"name": "team", "value": "d.*", "isRegex": True, "isEqual": False}])
    assert all(one != before for one, before in zip(other, ids, strict=True))
    assert [one["status"]["state"] for one in both.same("GET", "/api/v2/silences")] == ["active", "expired"]
    for process, silence_id in zip((both.theirs, both.ours), other, strict=True):
        assert process.client.delete(f"/api/v2/silence/{silence_id}").status_code == 200
        assert process.client.delete(f"/api/v2/silence/{silence_id}").status_code == 200
        assert shown(process, silence_id)["status"] == {"state": "expired"}
    pending = both.silence(startsAt=at(4 * HOUR), matchers=[{"name": "a", "value": "b", "isRegex": False}])
    states = [one["status"]["state"] for one in both.same("GET", "/api/v2/silences", params={"filter": "a=b"})]
    assert states == ["pending"]
    both.same("GET", "/api/v2/silences", params={"filter": 'a="c"'})
    for process, silence_id in zip((both.theirs, both.ours), pending, strict=True):
        process.client.delete(f"/api/v2/silence/{silence_id}")
        assert shown(process, silence_id)["status"] == {"state": "expired"}


def shown(process: Process, silence_id: str) -> Any:
    """Return one silence."""
    return process.client.get(f"/api/v2/silence/{silence_id}").json()


GOOD: Final = {
    "matchers": [{"name": "a", "value": "b", "isRegex": False}],
    "startsAt": at(-10),
    "endsAt": at(6 * HOUR),
    "createdBy": "ada",
    "comment": "",
}


@pytest.mark.parametrize(
    "changes",
    [
        {"matchers": []},
        {"matchers": None},
        {"matchers": [{"name": "a"}]},
        {"matchers": [{"name": "a", "value": "", "isRegex": False}]},
        {"matchers": [{"name": "a", "value": ".*", "isRegex": True}]},
        {"matchers": [{"name": "a", "value": "(", "isRegex": True}]},
        {"matchers": [{"name": "a-b", "value": "c", "isRegex": False}]},
        {"matchers": [{"name": "", "value": "c", "isRegex": False}]},
        {"startsAt": at(7 * HOUR)},
        {"startsAt": at(6 * HOUR)},
        {"startsAt": "yesterday"},
        {"startsAt": at(-100), "endsAt": at(-50)},
        {"endsAt": None},
        {"createdBy": None},
        {"comment": None},
        {"comment": 1},
        {"id": "0b1b3a1c-7c5c-4a4e-9c44-3a1f6a1c7b61"},
        {"id": "no-uuid"},
    ],
    ids=str,
)
def test_silences_that_are_refused(both: Both, changes: dict[str, Any]) -> None:
    document = {key: value for key, value in {**GOOD, **changes}.items() if value is not None}
    both.same("POST", "/api/v2/silences", json=document)


def test_receivers_and_what_kind_of_cluster_it_is(both: Both) -> None:
    both.same("GET", "/api/v2/receivers")
    theirs, ours = (one.json() for one in both.each("GET", "/api/v2/status"))
    assert ours.keys() == theirs.keys()
    assert ours["versionInfo"].keys() == theirs["versionInfo"].keys()
    assert ours["config"].keys() == theirs["config"].keys()
    assert ours["cluster"]["status"] == theirs["cluster"]["status"]


def test_to_end_a_silence_that_nobody_knows_is_no_failure_of_the_server(both: Both) -> None:
    """Alertmanager answers 404 as well, in later versions; this one says 500."""
    theirs, ours = both.each("DELETE", "/api/v2/silence/0b1b3a1c-7c5c-4a4e-9c44-3a1f6a1c7b61")
    assert (theirs.status_code, ours.status_code) == (500, 404)


def test_health(both: Both) -> None:
    for path in ("/-/healthy", "/-/ready"):
        theirs, ours = both.each("GET", path)
        assert (ours.status_code, ours.text) == (theirs.status_code, theirs.text)


def test_every_answer_is_json_without_null(both: Both) -> None:
    """Arrays are never null."""
    for path in ("/api/v2/alerts", "/api/v2/alerts/groups", "/api/v2/silences", "/api/v2/receivers", "/api/v2/status"):
        answer = both.ours.client.get(path)
        assert answer.headers["content-type"] == "application/json"
        assert ":null" not in json.dumps(answer.json(), separators=(",", ":"))


def test_a_reload_of_what_is_on_the_disk(both: Both) -> None:
    theirs, ours = both.each("POST", "/-/reload")
    assert (ours.status_code, ours.text) == (theirs.status_code, theirs.text)


def test_instants_at_the_end_of_the_calendar_can_be_read_back(both: Both) -> None:
    """However they were written; what lies beyond the last second in UTC is shown as that."""
    for ends_at in ("9999-12-31T23:59:59-12:00", "9999-12-31T23:59:59Z"):
        labels = {"alertname": "far", "end": ends_at}
        assert both.same("POST", "/api/v2/alerts", json=[{"labels": labels, "endsAt": ends_at}]) == ""
    shown = both.ours.client.get("/api/v2/alerts", params={"filter": "alertname=far"}).json()
    assert {one["endsAt"] for one in shown} == {"9999-12-31T23:59:59.000Z"}
    ended = [{"labels": one["labels"], "startsAt": at(-1), "endsAt": at(-1)} for one in shown]
    both.same("POST", "/api/v2/alerts", json=ended)


def test_an_alert_with_an_end_and_no_start_starts_at_its_end(both: Both) -> None:
    labels = {"alertname": "odd"}
    both.same("POST", "/api/v2/alerts", json=[{"labels": labels, "endsAt": at(5 * HOUR)}])
    both.same("GET", "/api/v2/alerts", params={"filter": "alertname=odd"})
    both.same("POST", "/api/v2/alerts", json=[{"labels": labels, "startsAt": at(-1), "endsAt": at(-1)}])
