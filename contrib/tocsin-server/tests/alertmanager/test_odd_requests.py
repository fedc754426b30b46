"""Odd things that a client may send: Debian's Alertmanager and the daemon take the same, and refuse the same alike."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from both_servers import HOUR, Both, alert, at, shown

URLS: Final = [
    "http://a",
    "HTTP://A:80/?q=a b#%zz",
    "http://a:/b c",
    "http://u:p@[::1]:80/%41",
    "http://u:p@p@h/",
    "http://[fe80::1%25en0]/",
    "http://ü/ü",
    "http://%ff/",
    "http:",
    "mailto:a b",
    "//host/path",
    "/path",
    "*",
    "",
    None,
]
NO_URLS: Final = [
    "x",
    "relative/path",
    "?q",
    "://",
    "1http://a",
    " http://a",
    "http://a\n",
    "http://a b/",
    "http://a|b/",
    "http://a%41/",
    "http://a/%zz",
    "http://a/#%zz",
    "http://u p@h/",
    "http://u%zz@h/",
    "http://a:port/",
    "http://[::1",
    "http://[::1]x/",
    "http://[fe80::1%en0]/",
    "http://[::1%25%41|]/",
    "/%zz",
]

INSTANTS: Final = [
    "2030-01-01T00:00:00Z",
    "2030-01-01T0:00:00Z",
    "2030-01-01T00:00:00",
    "2030-01-01T00:00Z",
    "2030-01-01T00:00",
    "2030-01-01 00:00:00",
    "2030-01-01T00:00:00,5Z",
    "2030-01-01T00:00:00.9996Z",
    "2030-01-01T00:00:00.123456789Z",
    "2030-01-01T00:00:00.123+0000",
    "2028-02-29T00:00:00Z",
    "0001-01-01T00:00:01Z",
    "1900-01-01T00:00:00Z",
    "2030-01-01T00:00:00-00:00",
    "",
]
ELSEWHERE: Final = {
    "2030-01-01T00:00:00-07:00": "2030-01-01T07:00:00.000Z",
    "2030-01-01T00:00:00+24:00": "2029-12-31T00:00:00.000Z",
    "2030-01-01T00:00:00+12:60": "2029-12-31T11:00:00.000Z",
    "2030-01-01T00:00:00.250+0130": "2029-12-31T22:30:00.250Z",
    "0000-02-29T00:00:00Z": "0001-01-01T00:00:01.000Z",
    "0001-01-01T00:00:00.5Z": "0001-01-01T00:00:01.000Z",
}
"""Of these Alertmanager shows the zone, or a year that no calendar here has; the daemon the instant in UTC."""

NO_INSTANTS: Final = [
    "2030-01-01t00:00:00Z",
    "2030-01-01T00:00:00z",
    "2030-01-01 00:00:00Z",
    "2030-01-01",
    "2030-01-01T00:00:00.Z",
    "2030-01-01T00:00:00+0000",
    "2030-01-01T00:00:00.5+0000",
    "2030-01-01T00:00:00+01",
    "2030-01-01T00:00+01:00",
    "2030-01-01T00:00:00Z ",
    "2030-01-01T24:00:00Z",
    "2016-12-31T23:59:60Z",
    "2030-02-29T00:00:00Z",
    "10000-01-01T00:00:00Z",
    "+2030-01-01T00:00:00Z",
    "\uff12030-01-01T00:00:00Z",
    "1893456000",
    1893456000,
    True,
]


NUMBERS: Final = itertools.count()


def posted(both: Both, labels: dict[str, Any] | None = None, **fields: Any) -> Any:
    """Post an alert that none was before to both, and return what is shown of it then; both answer alike."""
    name = f"alert {next(NUMBERS)}"
    named = {"alertname": name, **(labels or {})}
    both.same("POST", "/api/v2/alerts", json=[{**alert(), "labels": named, **fields}])
    found = both.same("GET", "/api/v2/alerts", params={"filter": f'alertname="{name}"'})
    both.same("POST", "/api/v2/alerts", json=[{"labels": named, "endsAt": at(-1)}])
    return found


@pytest.mark.parametrize("url", URLS)
def test_a_link_is_whatever_may_be_requested(both: Both, url: str | None) -> None:
    (found,) = posted(both, generatorURL=url)
    assert found.get("generatorURL") == (url or None)


@pytest.mark.parametrize("url", NO_URLS)
def test_what_is_no_link_refuses_the_whole_request(both: Both, url: str) -> None:
    """With 422, and nothing of it is taken."""
    batch = [alert(alertname="good"), {**alert(alertname="bad"), "generatorURL": url}]
    theirs, ours = both.each("POST", "/api/v2/alerts", json=batch)
    assert (theirs.status_code, ours.status_code) == (422, 422)
    assert both.same("GET", "/api/v2/alerts", params={"filter": "alertname=~good|bad"}) == []


@pytest.mark.parametrize("url", [1, False, 0, {}, []], ids=str)
def test_a_link_of_another_type_goes_before_one_that_is_none(both: Both, url: Any) -> None:
    """As whatever is of another type does, anywhere in the batch: 400, and not 422."""
    batch = [{"annotations": {}}, {**alert(a="b"), "generatorURL": "x"}, {**alert(a="b"), "generatorURL": url}]
    theirs, ours = both.each("POST", "/api/v2/alerts", json=batch)
    assert (theirs.status_code, ours.status_code) == (400, 400)


def test_a_label_that_is_null_is_none_and_an_annotation_that_is_null_is_empty(both: Both) -> None:
    """Whatever the label's name."""
    labels = {"a": None, "a-b": None, "": None, "c": "", "d": "e"}
    (found,) = posted(both, labels, annotations={"a": None, "summary": "x"})
    assert found["labels"] == {"alertname": found["labels"]["alertname"], "d": "e"}
    assert found["annotations"] == {"a": "", "summary": "x"}
    (found,) = posted(both, annotations=None)
    assert found["annotations"] == {}
    assert posted(both, annotations={"a-b": None}) == []


@pytest.mark.parametrize("labels", [{}, {"a": None}, {"a": {}}, {"a": [None]}, [], "x", 1], ids=str)
def test_labels_that_are_none_or_of_another_type(both: Both, labels: Any) -> None:
    both.same("POST", "/api/v2/alerts", json=[{"labels": labels}])


@pytest.mark.parametrize("instant", INSTANTS)
def test_instants_in_every_form_that_alertmanager_takes(both: Both, instant: str) -> None:
    """As a start, and as an end."""
    posted(both, startsAt=instant, endsAt="9999-01-01T00:00:00Z")
    posted(both, startsAt=None, endsAt=instant)


@pytest.mark.parametrize("instant", ELSEWHERE)
def test_instants_in_another_zone_or_before_the_first_year_are_shown_in_utc(both: Both, instant: str) -> None:
    """It is the same instant."""
    labels = {"alertname": "zone", "n": str(next(NUMBERS))}
    report = {"labels": labels, "startsAt": instant, "endsAt": "9999-01-01T00:00:00Z"}
    theirs, ours = both.each("POST", "/api/v2/alerts", json=[report])
    assert (theirs.status_code, ours.status_code) == (200, 200)
    (found,) = both.ours.client.get("/api/v2/alerts", params={"filter": "alertname=zone"}).json()
    assert found["startsAt"] == ELSEWHERE[instant]
    both.each("POST", "/api/v2/alerts", json=[{"labels": labels, "endsAt": at(-1)}])


@pytest.mark.parametrize("instant", NO_INSTANTS, ids=repr)
def test_what_is_no_instant(both: Both, instant: Any) -> None:
    """Also none that a silence may have."""
    for name in ("startsAt", "endsAt"):
        answers = both.each("POST", "/api/v2/alerts", json=[{**alert(a="b"), name: instant}])
        assert [one.status_code for one in answers] == [400, 400]
        answers = both.each("POST", "/api/v2/silences", json={**SILENCE, name: instant})
        assert [one.status_code for one in answers] == [400, 400]


def test_zones_that_nobody_lives_in(both: Both) -> None:
    """Alertmanager takes them when built with an older Go."""
    for zone in ("+25:00", "-24:61"):
        report = {**alert(a="b"), "endsAt": f"2030-01-01T00:00:00{zone}"}
        assert both.ours.client.post("/api/v2/alerts", json=[report]).status_code == 400


SILENCE: Final = {
    "matchers": [{"name": "a", "value": "b", "isRegex": False, "isEqual": None}],
    "startsAt": at(-10),
    "endsAt": at(6 * HOUR),
    "createdBy": "ada",
    "comment": "",
}


@pytest.mark.parametrize("starts_at", ["0001-01-01T00:00:00Z", "", "0000-01-01T00:00:00Z"])
def test_a_silence_without_a_start_begins_now(both: Both, starts_at: str) -> None:
    answers = both.each("POST", "/api/v2/silences", json={**SILENCE, "startsAt": starts_at})
    for process, answer in zip((both.theirs, both.ours), answers, strict=True):
        made = shown(process, answer.json()["silenceID"])
        began = datetime.strptime(made["startsAt"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
        assert began.year > 2000
        assert made["status"] == {"state": "active"}


def test_a_silence_without_an_end_is_refused(both: Both) -> None:
    for ends_at in ("0001-01-01T00:00:00Z", ""):
        both.same("POST", "/api/v2/silences", json={**SILENCE, "endsAt": ends_at})


def test_a_slash_at_the_end_of_a_path_changes_nothing(both: Both) -> None:
    """It leads nowhere else, and also what is refused is refused in the same way."""
    for name in ("alerts", "alerts/groups", "silences", "receivers"):
        assert both.same("GET", f"/api/v2/{name}/") == both.same("GET", f"/api/v2/{name}")
    assert both.ours.client.get("/api/v2/status/").status_code == 200
    both.same("POST", "/api/v2/alerts/", json=[alert(alertname="slash")])
    assert len(both.same("GET", "/api/v2/alerts/", params={"filter": "alertname=slash"})) == 1
    both.same("POST", "/api/v2/alerts/", json=[{"labels": {"alertname": "slash"}, "endsAt": at(-1)}])
    ids = both.silence()
    for process, silence_id in zip((both.theirs, both.ours), ids, strict=True):
        assert shown(process, f"{silence_id}/")["status"] == {"state": "active"}
        assert process.client.delete(f"/api/v2/silence/{silence_id}/").status_code == 200
    for method, path in (("PUT", "/api/v2/alerts/"), ("GET", "/api/v2/silence/"), ("GET", "/api/v2/")):
        both.same(method, path)
