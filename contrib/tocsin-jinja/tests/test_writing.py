"""What templates can say: the data under both kinds of names, and the functions."""

from __future__ import annotations

import pytest
from stage import LANGUAGE, digest, filled, labelled, message, note, template

from tocsin import TEMPLATE_FIELDS, AlertStatus, Message, NotificationTemplate, field_value
from tocsin.testing.samples import make_listed, make_notification


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("{{ Status }} {{ Receiver }} {{ GroupKey }}", "firing ops inc-1"),
        ("{{ CommonLabels.alertname }} {{ GroupLabels.alertname }}", "cpu_usage cpu_usage"),
        ("{{ CommonLabels }}", "alertname=cpu_usage, cluster=prod-web-01, service=web, severity=critical"),
        ("{{ CommonLabels.Remove(['cluster', 'severity']).Names|join('+') }}", "alertname+service"),
        (
            "{% for p in CommonLabels.SortedPairs %}{{ p.Name }}:{{ p.Value }} {% endfor %}",
            "alertname:cpu_usage cluster",
        ),
        ("{{ CommonAnnotations.summary }}", "High CPU usage detected"),
        ("{{ Alerts.Firing|length }} {{ Alerts.Resolved|length }} {{ alerts.firing|length }}", "1 0 1"),
        ("{{ Alerts[0].Labels.service }} {{ alerts[0].labels['service'] }}", "web web"),
        ("{{ Alerts[0].StartsAt }} {{ Alerts[0].EndsAt }}|", "2023-11-14T22:13:20.000Z |"),
        ("{{ alerts[0].severity }} {{ severity }} {{ alerts[0].current_value }}", "critical CRITICAL 85"),
        ("{{ labels.team|default('nobody') }} {{ labels.team or 'no one' }}{{ labels.team }}", "nobody no one"),
        ("{{ 'yes' if labels.team is defined else 'no' }} {{ labels.team == '' }}", "no true"),
        ("{% for name in labels %}{{ name }}{% endfor %} {{ labels|dictsort|map('last')|join }}", "service web"),
        ("{{ clusters|join(', ') }} {{ test }} {{ over }} {{ headline }}", "prod-web-01 false false [FIRING]"),
        (
            "{{ message|toUpper }} {{ toLower(message) }} {{ 'aB cd'|title }}",
            "HIGH CPU USAGE DETECTED high cpu usage detected Ab Cd",
        ),
        ("{{ '  x '|trimSpace }}{{ join('-', stringSlice('a', 'b')) }} {{ ['a', 'b']|join('+') }}", "xa-b a+b"),
        ("{{ match('^High', message) }} {{ message|match('^CPU') }} {{ message is match('C.U') }}", "true false true"),
        (r"{{ 'localhost:80'|reReplaceAll('(?P<host>l.*):(\\d+)', '${host} $2 $1x $$') }}", "localhost 80  $"),
        ("{{ reReplaceAll('a*', '-', 'baac') }}", "-b-c-"),
        ("{{ 'a%20b+c'|urlUnescape }} {{ 'a b/ä'|urlencode }}", "a b c a%20b/%C3%A4"),
        ("{{ now|date('2006-01-02T15:04:05.000Z07:00') }}", "2023-11-14T22:13:20.000Z"),
        (
            "{{ now|tz('Europe/Paris')|date('Mon, 2 Jan 06 3:04PM MST -0700 002 _2') }}",
            "Tue, 14 Nov 23 11:13PM CET +0100 318 14",
        ),
        ("{{ since(alerts[0].StartsAt) }} {{ alerts[0].StartsAt|since|humanizeDuration }}", "0s 0s"),
        (
            "{{ 93784|humanizeDuration }} {{ humanizeDuration(0.0123) }} {{ 61.5|humanizeDuration }}",
            "1d 2h 3m 4s 12.3ms 1m 1s",
        ),
        ("{{ {'a': [1, none, 'x<\"(y)']}|tojson }}", '{"a": [1, null, "x\\u003c\\"\\u0028y\\u0029"]}'),
        ("{{ append(list(1, 2), 3)|sum }} {{ dict(a=1).a }} {{ range(3)|join }}", "6 1 012"),
        (
            "{{ (current_value / threshold_value * 100)|round(1) }} % {{ 7 // 2 }} {{ 7 % 2 }} {{ 2 ** 10 }}",
            "106.2 % 3 1 1024",
        ),
        ("{% set n = namespace(x=0) %}{% for a in alerts %}{% set n.x = n.x + 1 %}{% endfor %}{{ n.x }}", "1"),
        ("{% macro m(a) %}<{{ a }}{{ caller() }}>{% endmacro %}{% call m('x') %}y{% endcall %}", "<xy>"),
        ("{% filter upper %}a{{ 'b' }}{% endfilter %} {% with x = 1 %}{{ x }}{% endwith %}", "AB 1"),
        ("{{ message[:4] }} {{ message[-1] }} {{ [1, 2, 3][1:]|first }} {{ message|length }}", "High d 2 23"),
        (
            "{{ 'a\nb'|indent(2) }} {{ message|truncate(10) }} {{ message|replace('CPU', 'x') }}",
            "a\n  b High CPU… High x usage detected",
        ),
        ("{{ alerts|sort(attribute='cluster_id')|map(attribute='cluster_id')|join }}", "prod-web-01"),
        ("{% for g in alerts|groupby('severity') %}{{ g.grouper }} {{ g.list|length }}{% endfor %}", "critical 1"),
        ("{{ alerts|sort(attribute='fired_at')|map(attribute='duration')|sort|join }}", "0s"),
        ("{{ now == alerts[0].fired_at }} {{ now > alerts[0].fired_at }}", "true false"),
        ("{{ 'x' if false }}{{ none }}{{ true }}{{ 1.50 }}", "true1.5"),
    ],
)
def test_what_is_written_is_said(body: str, said: str) -> None:
    LANGUAGE.check(template(body))
    shown = filled(body)
    assert shown == said or shown.startswith(said)


@pytest.mark.parametrize("field", TEMPLATE_FIELDS)
def test_each_placeholder_is_a_name_with_the_same_meaning(field: str) -> None:
    several = digest()
    plain = NotificationTemplate("page", "Page", "any", "", f"{{{field}}}")
    assert filled(f"{{{{ {field} }}}}", several) == plain.body.render(lambda name: field_value(several, name))


def test_labels_of_several_are_the_distinct_ones_and_common_ones_are_common() -> None:
    two = make_notification(make_listed(labels={"a": "1", "b": "x"}), make_listed(labels={"a": "2", "b": "x"}))
    assert filled("{{ labels.a }} {{ labels.b }} {{ CommonLabels.a }} {{ CommonLabels.b }}", two) == "1, 2 x  x"


def test_a_label_comes_before_a_method_of_its_name() -> None:
    assert filled("{{ labels.Names }}", labelled(Names="mine")) == "mine"


def test_a_resolution_takes_the_default_form_where_the_status_is_not_said() -> None:
    silent = NotificationTemplate("page", "Page", "any", "s", "{{ message }} {{ labels.status }}", language="jinja")
    over = make_notification(make_listed(resolved=True))
    assert LANGUAGE.fill(silent, note()) is not None
    assert LANGUAGE.fill(silent, over) is None
    assert LANGUAGE.fill(silent, digest()) is None
    for saying in (
        "{{ Status }}",
        "{% if alerts[0].firing %}x{% endif %}",
        "{{ Alerts.Resolved|length }}",
        "{{ headline }}",
    ):
        assert LANGUAGE.fill(template(saying, "s"), over) is not None


def test_the_subject_is_filled_too() -> None:
    assert over().subject == "resolved"


def over() -> Message:
    """Return the message of a resolution."""
    told = make_notification(make_listed(resolved=True))
    assert told.status is AlertStatus.RESOLVED
    return message("x", told)
