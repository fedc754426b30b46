"""The same requests to Debian's Alertmanager and to the daemon: the same answers, field by field.

What differs is listed in docs/reference/alertmanager-api.md with the reason: it is what ``alike`` leaves out.
"""

from __future__ import annotations

import json
from typing import Any, Final

import pytest
from both_servers import HOUR, Both, alert, at, shown


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
