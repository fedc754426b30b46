"""Templates: known fields are replaced and nothing else, and a JSON body stays JSON whatever is put in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.properties import unhurried

from tocsin import TEMPLATE_FIELDS, Notification, NotificationTemplate, TemplateError, field_value, iso_time
from tocsin.model.template import compile_text
from tocsin.testing.samples import NOW, make_listed, make_notification
from tocsin.testing.strategies import any_notifications, any_text


def fill(text: str, values: Mapping[str, Any]) -> str:
    """Compile *text* and fill it in."""
    return compile_text(text).render(lambda field: values.get(field, ""))


@pytest.mark.parametrize(
    "text",
    ["{}", "{ alert_id }", "{{", "}", "{0}", "{a b}", "{alert_id", "alert_id}", "{'a': 1}", "%s $(x) {%if%}", ""],
)
def test_other_braces_stay(text: str) -> None:
    """As they are written."""
    assert fill(text, {"alert_id": "A"}) == text


def test_known_fields_are_replaced() -> None:
    """Beside braces that stay."""
    assert fill("{{alert_id}} {severity}!", {"alert_id": "A", "severity": "ERROR"}) == "{A} ERROR!"


@pytest.mark.parametrize("text", ["{alertid}", "{message.__class__}", "{label.x}", "{_}", "{labels}"])
def test_an_unknown_field_is_an_error_at_once(text: str) -> None:
    """Also one that would reach for an attribute; the nearest known field is named."""
    with pytest.raises(TemplateError, match="unknown field"):
        compile_text(text)


def test_the_error_says_in_which_part_and_what_is_near() -> None:
    """Subject or body."""
    with pytest.raises(TemplateError, match="did you mean 'severity'") as caught:
        NotificationTemplate("t", "t", "x", "{severty}", "")
    assert caught.value.where == "subject_template"
    with pytest.raises(TemplateError) as caught:
        NotificationTemplate("t", "t", "x", "", "{mesage}")
    assert caught.value.where == "body_template"


def test_nothing_that_is_filled_in_is_read_again() -> None:
    """A message that looks like a placeholder stays as it is."""
    assert fill("{message}", {"message": "{alert_id}", "alert_id": "A"}) == "{alert_id}"


@pytest.mark.parametrize(
    ("value", "text", "bare"),
    [
        (None, "", "null"),
        (85.0, "85", "85.0"),
        (85.5, "85.5", "85.5"),
        (1e300, "1e+300", "1e+300"),
        (float("inf"), "inf", "null"),
        (float("nan"), "nan", "null"),
        ('a "b"', 'a "b"', '"a \\"b\\""'),
    ],
)
def test_values_in_text_and_bare_in_json(value: Any, text: str, bare: str) -> None:
    """A number is a number, and what JSON cannot say is null."""
    values = {"current_value": value}
    if value == value and value not in (float("inf"),):
        assert fill("{current_value}", values) == text
    assert fill('{"v": {current_value}}', values) == f'{{"v": {bare}}}'


def test_times_are_iso_in_text_and_numbers_where_bare() -> None:
    """In UTC; one outside the calendar is a number."""
    values = {"timestamp": NOW}
    assert fill("at {timestamp}", values) == "at 2023-11-14T22:13:20.000Z"
    assert fill('{"at": "{timestamp}"}', values) == '{"at": "2023-11-14T22:13:20.000Z"}'
    assert fill('{"at": {timestamp}}', values) == '{"at": 1700000000.0}'
    assert iso_time(1e300) == "1e+300"


@pytest.mark.parametrize(
    ("text", "is_json"),
    [
        ('{"a": "{message}"}', True),
        ('[{current_value}, "{message}\\"{alert_id}"]', True),
        ('{"a": {labels.team}}', True),
        ("{message}", False),
        ('"{message}"', False),
        ("17", False),
        ('{"a": {message}', False),
    ],
)
def test_whether_a_body_is_json_is_decided_by_its_form(text: str, is_json: bool) -> None:
    """An object or an array, with each placeholder in a string or in the place of a value."""
    assert NotificationTemplate("t", "t", "x", "", text).is_json is is_json


def test_a_subject_is_never_json() -> None:
    """Whatever it looks like."""
    template = NotificationTemplate("t", "t", "x", '["{message}"]', "")
    assert template.subject.render(lambda field: '"') == '["""]'


@unhurried
@given(any_text(), any_text(), st.none() | st.floats())
def test_a_json_body_stays_json(message: str, label: str, value: float | None) -> None:
    """Inside strings the text arrives unchanged, whatever it is."""
    text = '{"m": "<{message}> {}", "k": {message}, "\\"{labels.a}": [{current_value}, {"x": {}}]}'
    filled = json.loads(fill(text, {"message": message, "labels.a": label, "current_value": value}))
    assert filled["m"] == f"<{message}> {{}}"
    assert filled["k"] == message
    assert '"' + label in filled


@unhurried
@given(any_notifications())
def test_every_field_of_every_notification_has_a_value(notification: Notification) -> None:
    """Text, a number, or None."""
    for field in (*TEMPLATE_FIELDS, "labels.service", "annotations.runbook"):
        assert isinstance(field_value(notification, field), str | float | int | None)


def test_fields_of_a_summary() -> None:
    """The highest severity, distinct clusters, the first and the last time."""
    notification = make_notification(
        make_listed(cluster_id="b", severity="critical", timestamp=NOW, labels={"team": "x"}),
        make_listed(cluster_id="a", severity="error", timestamp=NOW - 5, labels={"team": "y"}, alert_id="a2"),
        make_listed(cluster_id="a", severity="error", timestamp=None, alert_id="a3", labels={}),
    )
    fields = ("severity", "cluster_id", "labels.team", "alert_count", "first_timestamp", "last_timestamp", "alert_id")
    assert [field_value(notification, field) for field in fields] == [
        "CRITICAL",
        "a, b",
        "x, y",
        3,
        NOW - 5,
        NOW,
        "manual-001",
    ]
    assert field_value(notification, "annotations.nothing") == ""
    with pytest.raises(TemplateError, match="did you mean"):
        field_value(notification, "severty")
