"""One line per notification, whatever its text, and what stands in it."""

from __future__ import annotations

import json
import re
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin import Message, Notification, NotificationTemplate, load_registry
from tocsin.testing.samples import HOSTILE, hostile_alert, make_listed, make_notification, of_each_kind
from tocsin_file.record import record

REGISTRY = load_registry()


def rendered(notification: Notification, template: NotificationTemplate | None = None) -> Notification:
    """Return *notification* with the message that the core would give it."""
    spec = REGISTRY.backends["file"].spec
    return attrs.evolve(notification, message=REGISTRY.renderers[spec.renderer].spec.render(notification, template))


def read(line: bytes) -> Any:
    """Return what is in a line, which is one to every reader."""
    text = line.decode("utf-8")
    assert text.endswith("\n")
    assert len(text.splitlines()) == 1
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e]", text[:-1])
    return json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


def template(body: str) -> NotificationTemplate:
    """Return a user's template."""
    return NotificationTemplate("own", "Own", "file", "{status}: {metric_name}", body)


def test_the_default_form_is_that_of_the_renderer_json_with_the_time_before_it() -> None:
    notification = rendered(make_notification())
    assert notification.message is not None
    found = read(record(notification))
    assert next(iter(found)) == "time"
    assert found.pop("time") == "2023-11-14T22:13:20.000Z"
    assert found == json.loads(notification.message.body)
    assert (found["notification_id"], found["incident_id"]) == ("ntf-1", "inc-1")


@pytest.mark.parametrize("kind", list(of_each_kind("x")))
def test_every_kind_is_one_line(kind: str) -> None:
    notification = of_each_kind("mark")[kind]
    found = read(record(rendered(notification)))
    assert (found["kind"], found["status"]) == (notification.kind.value, notification.status.value)
    assert found["alert_count"] == len(notification.alerts)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=list(HOSTILE))
def test_hostile_text_is_read_back_as_it_was(text: str) -> None:
    listed = attrs.evolve(make_listed(), alert=hostile_alert(text, "mark"))
    (alert,) = read(record(rendered(make_notification(listed))))["alerts"]
    sayable = text.encode("utf-8", "replace").decode("utf-8")
    assert alert["message"] == f"{sayable} mark"
    assert alert["labels"] == {sayable: sayable, "service": sayable}


@settings(deadline=None, max_examples=40)  # no test depends on speed
@given(st.text(st.characters()), st.text(st.characters()), st.floats())
def test_any_message_is_one_line(subject: str, body: str, value: float) -> None:
    listed = make_listed(message=body, current_value=value)
    for message in (Message(subject, body), Message(subject, body, templated=True), None):
        found = read(record(attrs.evolve(make_notification(listed), message=message)))
        assert found["notification_id"] == "ntf-1"
    read(record(rendered(make_notification(listed))))


def test_what_a_terminal_would_act_on_is_escaped_and_letters_are_not() -> None:
    line = record(rendered(make_notification(make_listed(message="Süd 水 \x9b2J \u202e \u2028 \U000e0041"))))
    assert "Süd 水 \\u009b2J \\u202e \\u2028 \\udb40\\udc41".encode() in line


def test_the_json_of_a_template_is_written_alone_and_on_one_line() -> None:
    own = template('{\n  "who": "{metric_name}",\n  "value": {current_value},\n  "said": "{message}"\n}')
    told = make_notification(make_listed(message='a"b\nc'))
    assert read(record(rendered(told, own))) == {"who": "cpu_usage", "value": 85.0, "said": 'a"b\nc'}
    assert read(record(rendered(told, template('["{message}"]')))) == ['a"b\nc']


def test_the_text_of_a_template_stands_beside_what_the_notification_is() -> None:
    found = read(record(rendered(make_notification(make_listed(message="a\nb")), template("{status}!\n{message}"))))
    assert (found["subject"], found["body"]) == ("firing: cpu_usage", "firing!\na\nb")
    assert (found["severity"], found["notification_id"]) == ("critical", "ntf-1")


def test_a_message_that_only_says_that_it_is_json_is_text() -> None:
    for body in ("{", "[" * 100_000, "1" * 5_000):
        message = Message("s", body, "application/json")
        assert read(record(attrs.evolve(make_notification(), message=message)))["body"] == body
