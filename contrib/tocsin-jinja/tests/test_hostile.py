"""Whatever stands in an alert: it arrives, it is escaped, and it is never taken for the template's own."""

from __future__ import annotations

import contextlib
import html
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stage import LANGUAGE, filled, labelled, message, note, template

from tocsin import TemplateError
from tocsin.testing.samples import HOSTILE
from tocsin.testing.strategies import any_notifications, any_text

MANY = settings(max_examples=60, deadline=None)
TEXTS = any_text() | st.sampled_from([*HOSTILE.values(), "\U000f0000", "\U000f0001\U000ffffd", "{{ message }}", "{% x"])


@MANY
@given(TEXTS)
def test_a_text_arrives_as_it_is(text: str) -> None:
    body = (
        "{{ message }}|{% set x %}{{ message }}{% endset %}{{ x }}|{{ x ~ '' }}|{{ [x, 'a']|first }}|{{ x == message }}"
    )
    assert filled(body, note(message=text)) == f"{text}|{text}|{text}|{text}|true"


@MANY
@given(TEXTS)
def test_in_slack_all_of_it_is_escaped_and_the_templates_own_is_not(text: str) -> None:
    escaped = filled("{{ message }}", note(message=text), "slack")
    ways = "{% macro m(a) %}*{{ a }}*{% endmacro %}{{ m(message) }}{{ m(message|trim('')) }}{{ m([message]|join) }}"
    assert filled(ways, note(message=text), "slack") == f"*{escaped}*" * 3
    for harmful in ("<!", "<@", "<http"):
        assert harmful not in filled(
            ways + "{{ labels }}{{ labels|tojson }}{{ {message: 1}|tojson }}", labelled(a=text), "slack"
        )


@MANY
@given(TEXTS, st.none() | st.floats() | st.integers(-(10**15), 10**15))
def test_a_body_of_json_is_json_and_says_what_it_should(text: str, value: float | None) -> None:
    body = (
        '{"in": "a {{ message }}", "bare": {{ message }}, "of": {{ labels|tojson }}, "value": {{ current_value }}, '
        '"firing": {{ alerts[0].firing }}}'
    )
    told = note(message=text, labels={text or "x": text}, current_value=value)
    made = message(body, told, "json")
    assert made.content_type == "application/json"
    document = json.loads(made.body)
    assert document["in"] == f"a {text}"
    assert document["bare"] == text
    assert document["firing"] is True
    assert len(document["of"]) == 1


@MANY
@given(TEXTS)
def test_no_character_of_an_alert_is_a_hole(text: str) -> None:
    """Also where the author says that it is safe."""
    shown = filled(
        "{{ message|safe }}{{ labels|tojson }}", note(message="\U000f0000" + text, labels={"a": "\U000f0000"})
    )
    assert "\U000f0000" not in shown
    assert "\ufffd" in shown


@MANY
@given(st.text(alphabet="{}%#-| abi.()[]'\"0,~*\n", max_size=60))
def test_any_source_is_a_template_or_refused(source: str) -> None:
    with contextlib.suppress(TemplateError):
        LANGUAGE.check(template(source))
        assert LANGUAGE.fill(template(source), note()) is not None


@MANY
@given(any_notifications())
def test_any_notification_is_filled_or_said_why_not(notification: object) -> None:
    body = "{{ headline }} {{ CommonLabels }} {{ annotations }} {% for a in alerts %}{{ a.StartsAt }}{% endfor %}"
    made = LANGUAGE.fill(template(body), notification)  # type: ignore[arg-type]  # the strategy gives one
    assert made is not None


@pytest.mark.parametrize("text", ["<script>", "<!channel>"])
def test_what_the_author_calls_safe_is_not_escaped(text: str) -> None:
    assert filled("{{ message|safe }} {{ safeHtml(message) }}", note(message=text), "slack") == f"{text} {text}"
    assert html.escape(text) in filled("{{ message }}", note(message=text), "slack").replace("&#33;", "!")
