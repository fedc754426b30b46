"""Histories of every kind: what they say of when alerts fired, and what is wrong with those that are none."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.lab.conftest import as_lines, fired

from tocsin import AlertFired, AlertResolved, AlertSeverity, ConfigurationError, StoreError, fingerprint
from tocsin.lab.history.labels import Labels
from tocsin.lab.history.reading import read_history

Write = Callable[[str, str], Path]


def facts(path: Path, labels: Labels | None = None) -> list[tuple[float, str, str]]:
    """Return what a history says: when, what, which alert."""
    found = []
    for moment in read_history(path, labels or Labels()).moments():
        for item in moment.inputs:
            assert isinstance(item, (AlertFired, AlertResolved))
            name = item.alert.alert_id if isinstance(item, AlertFired) else item.alert_id
            found.append((moment.wall, type(item).__name__.removeprefix("Alert"), name))
    return found


@pytest.mark.parametrize("form", ["lines", "array"])
def test_alerts_in_the_guides_fields(form: str, write: Write) -> None:
    """With seconds or ISO 8601; together at one instant, what resolves goes first."""
    alerts = [fired("a", 100.0, 200.0), fired("b", 200.0) | {"timestamp": "1970-01-01T00:03:20Z"}, fired("c", 150.0)]
    path = write("alerts.json", as_lines(alerts) if form == "lines" else json.dumps(alerts))
    assert facts(path) == [
        (100.0, "Fired", "a"),
        (150.0, "Fired", "c"),
        (200.0, "Resolved", "a"),
        (200.0, "Fired", "b"),
    ]


def test_a_history_can_be_gone_through_again(write: Write) -> None:
    """A diff plays it several times."""
    history = read_history(write("alerts.json", as_lines([fired("a", 100.0, 200.0)])), Labels())
    assert list(history.moments()) == list(history.moments()) != []


def _posted(**fields: Any) -> dict[str, Any]:
    labels = {"alertname": "Down", "cluster": "db-1", "severity": "page"}
    return {"labels": labels, "annotations": {}, "startsAt": "1970-01-01T00:01:40Z", **fields}


@pytest.mark.parametrize(
    ("fields", "ended"),
    [
        ({"endsAt": "1970-01-01T00:03:20Z"}, True),
        ({"endsAt": "1970-01-01T00:03:20Z", "updatedAt": "1970-01-01T00:02:00Z"}, False),
        ({"endsAt": "1970-01-01T00:03:20Z", "updatedAt": "1970-01-01T00:04:00Z"}, True),
        ({"endsAt": "1970-01-01T00:03:20Z", "status": "firing"}, False),
        ({"endsAt": "1970-01-01T00:03:20Z", "status": "resolved"}, True),
        ({"endsAt": "0001-01-01T00:00:00Z", "status": "firing"}, False),
        ({}, False),
    ],
)
def test_alerts_as_alertmanager_has_them(fields: dict[str, Any], ended: bool, write: Write) -> None:
    """From its API, where the end of what fires lies ahead, or from a webhook's body."""
    name = fingerprint(_posted()["labels"])
    found = facts(write("alerts.json", json.dumps([_posted(**fields)])))
    assert found == [(100.0, "Fired", name)] + ([(200.0, "Resolved", name)] if ended else [])


def test_label_sets_are_read_as_the_daemon_reads_them(write: Write) -> None:
    """With the configuration's words for severities, and its labels for clusters."""
    posted = _posted()
    posted["labels"] |= {"severity": "Sev1", "region": "north"}
    labels = Labels({"sev1": AlertSeverity.EMERGENCY}, ("region",))
    (moment,) = read_history(write("alerts.json", json.dumps([posted])), labels).moments()
    (item,) = moment.inputs
    assert isinstance(item, AlertFired)
    assert (item.alert.severity, item.alert.cluster_id) == (AlertSeverity.EMERGENCY, "north")


def _series(*samples: float, **labels: str) -> dict[str, Any]:
    metric = {"__name__": "ALERTS", "alertname": "Down", "alertstate": "firing", **labels}
    return {"metric": metric, "values": [[at, "1"] for at in samples]}


def _answer(*series: dict[str, Any]) -> str:
    return json.dumps({"status": "success", "data": {"resultType": "matrix", "result": list(series)}})


def test_the_series_of_prometheus(write: Write) -> None:
    """A hole in the samples is an end and a beginning; what has a sample at the end fires still."""
    own = fingerprint({"alertname": "Down", "instance": "a"})
    other = fingerprint({"alertname": "Down", "instance": "b"})
    path = write(
        "range.json",
        _answer(
            _series(60, 120, 180, 360, 420, 600, 660, instance="a"),
            _series(120, 180, instance="b"),
            _series(60, 120, instance="c", alertstate="pending"),
        ),
    )
    assert facts(path) == [
        (60.0, "Fired", own),
        (120.0, "Fired", other),
        (240.0, "Resolved", own),
        (240.0, "Resolved", other),
        (360.0, "Fired", own),
        (480.0, "Resolved", own),
        (600.0, "Fired", own),
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("nothing of the kind", "line 1"),
        ("3", "a history is a store's file"),
        ('{"data": {"resultType": "vector", "result": []}}', "query_range"),
        ('{"data": {"resultType": "matrix", "result": [{"metric": {"a": 1}, "values": []}]}}', "data.result[0].metric"),
        ('{"data": {"resultType": "matrix", "result": [{"metric": {}, "values": [[1]]}]}}', "data.result[0].values[0]"),
        ('{"data": {"resultType": "matrix", "result": [{"metric": {}, "values": 3}]}}', "data.result[0].values"),
        ("[3]", "[0]"),
        (json.dumps([fired("a", 5.0, 3.0)]), "[0].resolved_at"),
        (json.dumps([fired("a", 5.0) | {"timestamp": "yesterday"}]), "[0].timestamp"),
        (json.dumps([{"alert_id": "a"}]), "[0].timestamp"),
        (json.dumps([fired("a", 5.0, severty="page")]), "severty"),
        (json.dumps([{"labels": {"a": 1}, "startsAt": 3}]), "[0].labels"),
        (json.dumps([{"labels": {}, "startsAt": 3, "endsAt": 1}]), "[0].endsAt"),
        (as_lines([fired("a", 5.0)]) + "{}\n", "line 2.timestamp"),
        (as_lines([fired("a", 5.0)]) + "{\n", "line 2"),
    ],
)
def test_what_is_no_history_says_where(text: str, problem: str, write: Write) -> None:
    """And what would be right."""
    with pytest.raises(ConfigurationError) as caught:
        read_history(write("alerts.json", text), Labels())
    assert problem in str(caught.value)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    """Is said in one line."""
    with pytest.raises(StoreError, match="cannot read it"):
        read_history(tmp_path / "none", Labels())
