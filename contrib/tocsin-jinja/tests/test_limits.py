"""What templates cannot do: reach anything, change anything, or take more than their share."""

from __future__ import annotations

import contextlib
import re
import time

import pytest
from stage import LANGUAGE, checked, digest, filled, note, template

from tocsin import NotificationTemplate, TemplateError

SLOWEST = 5.0
"""Seconds of processor time that none of these comes near, on any machine; without limits each would take for ever."""


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("{{ mesage }}", "line 1: there is no 'mesage'; did you mean 'message'?"),
        ("a\n\n{{ alerts[0].mesage }}", "line 3: an alert has no field 'mesage'; did you mean 'message'?"),
        (
            "{% for a in Alerts.Firing|sort(attribute='severity') %}\n{{ a.Label.x }}{% endfor %}",
            "line 2: an alert has no",
        ),
        ("{% if false %}{{ (Alerts|first).Foo }}{% endif %}", "line 1: an alert has no field 'Foo'"),
        ("{% for p in CommonLabels.SortedPairs %}{{ p.Key }}{% endfor %}", "line 1: a pair has Name and Value"),
        ("{{ alerts.message }}", "line 1: alerts have firing and resolved, and no 'message'; go through them with for"),
        ("{{ message.upper() }}", "line 1: this is a text, and has no 'upper'"),
        ("x\n{% if %}", "line 2: Expected an expression"),
        ("{% for a in alerts %}", "line 1: Unexpected end of template"),
        ("{{ .Status }}", "this looks like a template of Go: write {{ Status }}"),
        ("{{ message|uper }}", "line 1: there is no filter 'uper'; did you mean 'upper'?"),
        ("{% if message is starting %}{% endif %}", "line 1: there is no test 'starting'"),
        ("{% include 'x' %}", "line 1: there are no other templates"),
        ("{% extends 'x' %}", "line 1: there are no other templates"),
        ("{% from 'x' import y %}", "line 1: there are no other templates"),
        ("{% block x %}{% endblock %}", "line 1: block is not for templates of notifications"),
        ("{% autoescape false %}{% endautoescape %}", "line 1: autoescape is not for"),
        ("{% for a in alerts recursive %}{{ loop(a) }}{% endfor %}", "line 1: a loop that calls itself"),
        ("{{ range(*[1]) }}", "line 1: a call has each of its arguments"),
        ("{{ alerts }}", "line 1: a list cannot be shown"),
        ("{{ range }}", "line 1: this cannot be shown"),
        ("{{ labels|tojson|first.x }}", "line 1:"),
        ("{{ alerts[7].message }}", "line 1: there is no such alert"),
        ("{{ 1 / 0 }}", "line 1: division by zero"),
        ("{{ message + 1 }}", "line 1: + is for numbers; ~ puts texts together"),
        ("{{ match('(', 'x') }}", "line 1: '(' is no pattern of RE2"),
        ("{{ match('(a)\\\\1', 'x') }}", "is no pattern of RE2"),
        ("{{ now|tz('Mars') }}", "line 1: no time zone is called 'Mars'"),
        ("{{ now|tz('../../etc/passwd') }}", "line 1: no time zone"),
        ("{{ 'x'|date('2006') }}", "line 1: this is no instant"),
        ('{"a": "{{ message }}",}', "what it makes is no JSON: line 1 of that:"),
        ('{\n  "a": "{{ message }}",\n  b\n}', "what it makes is no JSON: line 3 of that:"),
        ("{{ alerts|sort(attribute='labels')|length }}", "line 1:"),
        ("{{ now.Format('x') }}", "line 1: this is an instant, and has no 'Format'"),
        ("x" * 70_000, "a template has at most 65,536 characters"),
    ],
)
def test_a_mistake_is_told_where_the_template_is_configured(body: str, problem: str) -> None:
    with pytest.raises(TemplateError, match=re.escape(problem)) as caught:
        checked(body)
    assert caught.value.where == "body_template"
    assert len(caught.value.problem) < 400


def test_a_mistake_in_the_subject_is_said_to_be_there() -> None:
    with pytest.raises(TemplateError, match="mesage") as caught:
        LANGUAGE.check(template("x", "{{ mesage }}"))
    assert caught.value.where == "subject_template"


@pytest.mark.parametrize(
    "body",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ message.__class__ }}",
        "{{ alerts[0].subject }}",
        "{{ alerts[0].__class__ }}",
        "{{ alerts[0]['_Record__x'] }}",
        "{{ range.__globals__ }}",
        "{{ namespace.__init__.__globals__ }}",
        "{{ namespace(x=1).__class__ }}",
        "{{ self.__init__ }}",
        "{{ self._TemplateReference__context }}",
        "{{ message|attr('__class__') }}",
        "{{ [message]|map(attribute='__class__')|list|length }}{{ ([message]|map(attribute='__class__')|list)[0] }}",
        "{{ alerts|map(attribute='subject')|list|first }}",
        "{{ alerts|groupby('__class__')|length }}{{ (alerts|groupby('__class__'))[0].grouper.x }}",
        "{% for a in alerts %}{{ loop._iterable }}{% endfor %}",
        "{% for a in alerts %}{{ loop.__init__.__globals__ }}{% endfor %}",
        "{% macro m() %}{% endmacro %}{{ m._environment }}",
        "{% macro m() %}{% endmacro %}{{ m.name }}",
        "{{ '{0.__class__}'.format(1) }}",
        "{{ '%s' % message }}",
        "{{ {}.update({1: 2}) }}",
        "{{ [].append(1) }}",
        "{{ alerts.clear() }}",
        "{{ labels.pop('service') }}",
        "{{ lipsum() }}",
        "{{ cycler }}",
        "{{ dict.fromkeys }}",
        "{{ toUpper.__wrapped__ }}",
        "{{ now.seconds }}",
        "{{ x.y }}",
    ],
)
def test_nothing_but_the_data_can_be_reached(body: str) -> None:
    with pytest.raises(TemplateError, match=r"^(?!.*cannot be read)"):
        checked(body)


HEAVY = [
    "{% for i in range(10**9) %}x{% endfor %}",
    "{% for i in range(9999) %}{% for j in range(9999) %}{% endfor %}{% endfor %}",
    "{% for i in range(9999) %}" + "x" * 60_000 + "{% endfor %}",
    "{% set x %}{% for i in range(9999) %}" + "x" * 60_000 + "{% endfor %}{% endset %}{{ x|length }}",
    "{{ 'a' * 10**9 }}",
    "{{ [1] * 10**9 }}",
    "{{ 10 ** 10 ** 10 }}",
    "{{ 2 ** 64 }}",
    "{{ 0.1 ** -99999999999 }}",
    "{{ " + "9" * 5_000 + " }}",
    "{{ " + "9" * 4_000 + " }}",
    "{{ ('9' * 1)|int(base=99) }}{{ 'a'|indent(10**9) }}",
    "{{ 'a'|center(10**9) }}",
    "{{ '%1000000000d'|format(1) }}",
    "{{ 1.5|round(10**9) }}",
    "{% set n = namespace(x='a') %}{% for i in range(60) %}{% set n.x = n.x ~ n.x %}{% endfor %}",
    "{% set n = namespace(x='a') %}{% for i in range(60) %}{% set n.x = n.x + n.x %}{% endfor %}",
    "{% set n = namespace(x='a') %}{% for i in range(60) %}{% set n.x = n.x|replace('a', 'aa') %}{% endfor %}",
    "{% set n = namespace(x='a') %}{% for i in range(60) %}{% set n.x = [n.x, n.x]|join %}{% endfor %}",
    "{% set n = namespace(x='a') %}{% for i in range(60) %}{% set n.x = n.x|tojson|tojson|string %}{% endfor %}",
    "{% set n = namespace(x='a') %}{% for i in range(60) %}{% set n.x = n.x|reReplaceAll('a', 'aa') %}{% endfor %}",
    "{% set n = namespace(x=[1]) %}{% for i in range(60) %}{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x == n.x }}",
    "{% set n = namespace(x=[1]) %}{% for i in range(60) %}{% set n.x = n.x + n.x %}{% endfor %}",
    "{% set n = namespace(x=1) %}{% for i in range(9999) %}{% set n.x = [n.x] %}{% endfor %}{{ n.x|tojson }}",
    "{% set n = namespace(x='a') %}{% for i in range(60) %}{% set n.x %}{{ n.x }}{{ n.x }}{% endset %}{% endfor %}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(28) }}",
    "{% macro m() %}{{ caller() }}{% endmacro %}"
    "{% macro n() %}{% call m() %}{{ n() }}{% endcall %}{% endmacro %}{{ n() }}",
    "{{ " + "(" * 20_000 + "1" + ")" * 20_000 + " }}",
    "{{ " + "[" * 500 + "]" * 500 + " }}",
    "{{ " + "-" * 20_000 + "1 }}",
    "{{ " + "not " * 9_000 + "1 }}",
    "{{ 1" + "|abs" * 9_000 + " }}",
    "{{ alerts" + "[0]" * 9_000 + " }}",
    "{{ 1" + " + 1" * 9_000 + " }}",
    "{{ 1" + " ~ 1" * 9_000 + " }}" * 1 + "{{ x }}",
    "{% if 1 %}" * 3_000 + "{% endif %}" * 3_000,
    "{% for a in alerts %}" * 30 + "{% endfor %}" * 30,
    "{% for i in range(9999) %}{{ match('(x+x+)+y', 'x' ~ message) }}{% endfor %}" * 20,
    "{% for i in range(9999) %}{{ message|reReplaceAll('.', message) }}{% endfor %}",
    "{{ range(9999)|map('string')|join('" + "x" * 9_000 + "') }}",
    "{% for i in range(9999) %}{{ range(9999)|length }}{% endfor %}",
    "{% for i in range(9999) %}{{ alerts|sort(attribute='message')|length }}{{ CommonLabels.Remove([])|length }}"
    "{{ range(999)|sum }}{% endfor %}",
    "{% for i in range(9999) %}{% for j in range(9) %}{{ message }}{% endfor %}{% endfor %}",
    "{{" * 30_000,
    "{% raw %}" * 5_000,
    "{#" * 30_000,
    "{% set " + ", ".join(f"a{n}" for n in range(9_000)) + " = 1 %}",
]


@pytest.mark.parametrize("body", HEAVY, ids=range(len(HEAVY)))
def test_nothing_takes_more_than_its_share(body: str) -> None:
    """It is refused where it is configured, in little time, with a short reason."""
    begun = time.process_time()
    with pytest.raises(TemplateError) as caught:
        checked(body)
    assert time.process_time() - begun < SLOWEST
    assert len(caught.value.problem) < 400


WORST = [
    "{{ message|reReplaceAll('(a|aa)+$', 'b') }}{{ message|reReplaceAll('a.*b|a', '') }}{{ message|title }}",
    "{% for i in range(9999) %}{{ match('((a?){20}){20}[ab]{20}x', message[:1000]) }}{% endfor %}",
    "{{ message[:2000]|reReplaceAll('([ab]{20}|a).*x|a', 'y')|length }}",
    "{% for i in range(9999) %}{{ alerts[0].Fingerprint }}{{ alerts[0].Labels|length }}{% endfor %}",
    "{% for i in range(9999) %}{{ labels.Names|length }}{% endfor %}",
    "{% for i in range(9999) %}{{ message|tojson|length }}{{ message|wordcount }}{% endfor %}",
    "{% for a in alerts %}{% for b in alerts %}{{ alerts|sort(attribute='message')|length }}{% endfor %}{% endfor %}",
]


@pytest.mark.parametrize("body", WORST, ids=range(len(WORST)))
@pytest.mark.parametrize("text", ["a" * 100_000 + "!", "é" * 100_000, " a" * 50_000], ids=["a", "é", "words"])
def test_no_alert_makes_a_template_slow(body: str, text: str) -> None:
    labels = {f"label_{number}": text[:20] for number in range(2_000)}
    begun = time.process_time()
    with contextlib.suppress(TemplateError):
        filled(body, note(message=text, labels=labels))
    assert time.process_time() - begun < SLOWEST / 2


def test_a_rendering_that_fails_is_an_error_with_its_line_and_changes_nothing() -> None:
    body = "a\n{% for a in alerts %}{% for b in alerts %}{{ b.Labels.alertname|upper|lower }}{% endfor %}{% endfor %}"
    checked(body)
    with pytest.raises(TemplateError, match=r"line 2: it takes more than"):
        filled(body, digest())
    assert "CPU" not in filled(body)


def test_a_digest_of_many_alerts_with_all_their_labels_is_no_more_than_its_share() -> None:
    body = (
        "{{ alerts|length }} {% for alert in alerts %}{{ loop.index }}/{{ alerts|length }} {{ alert.status|upper }} "
        "{{ alert.cluster_id }}: {{ alert.message }} {{ alert.StartsAt|date('15:04') }} {% for pair in "
        "alert.Labels.SortedPairs %}{{ pair.Name }}={{ pair.Value }}{% if not loop.last %}, {% endif %}{% endfor %}\n"
        "{% endfor %}"
    )
    assert filled(body, digest()).count("\n") == 301


def test_templates_are_compiled_and_tried_once() -> None:
    """A configuration is checked again whenever anything in it changes."""
    one = NotificationTemplate("page", "Page", "any", "s", "{{ message }} once", language="jinja")
    LANGUAGE.check(one)
    begun = time.process_time()
    for _ in range(1_000):
        LANGUAGE.check(one)
    assert time.process_time() - begun < SLOWEST / 10
