"""Matchers: both syntaxes, old and new fields, and the labels that are fields of an alert too."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tocsin.model.alert import LABEL_ALONE, VIEW_FIELDS
from tocsin.patterns import parse_label_matchers
from tocsin_server.convert import Conversion, NotAlertmanagerError
from tocsin_server.convert.matcher_syntax import read_matchers
from tocsin_server.convert.matchers import FIELD_NAMES, label_name

Convert = Callable[..., Conversion]


def test_the_fields_of_the_label_view_are_known() -> None:
    assert frozenset(VIEW_FIELDS) == FIELD_NAMES
    assert label_name("severity") == f"{LABEL_ALONE}severity"
    assert label_name(f"{LABEL_ALONE}x") == f"{LABEL_ALONE}{LABEL_ALONE}x"
    assert label_name("team") == "team"


@pytest.mark.parametrize(
    ("text", "matchers"),
    [
        ("", []),
        ("{}", []),
        ("foo=bar", [("foo", "=", "bar")]),
        (" foo != bar ", [("foo", "!=", "bar")]),
        ("foo=", [("foo", "=", "")]),
        ("foo=~bar.*", [("foo", "=~", "bar.*")]),
        ("foo!~bar", [("foo", "!~", "bar")]),
        ('{foo = "bar", dings != "bums", }', [("foo", "=", "bar"), ("dings", "!=", "bums")]),
        ("foo=bar,dings!=bums", [("foo", "=", "bar"), ("dings", "!=", "bums")]),
        (r'{quote="She said: \"Hi, ladies!\""}', [("quote", "=", 'She said: "Hi, ladies!"')]),
        ('statuscode=~"5.."', [("statuscode", "=~", "5..")]),
        (r"a=x\ny\z", [("a", "=", "x\ny\\z")]),
        (r'a="\d\\d"', [("a", "=", r"\d\d")]),
        ("a==b", [("a", "=", "=b")]),
        ("a=b c", [("a", "=", "b c")]),
        ("a={b}", [("a", "=", "{b")]),
        ("a='b'", [("a", "=", "'b'")]),
        ("a:b=c", [("a:b", "=", "c")]),
        ('a="ü🙂"', [("a", "=", "ü🙂")]),
        ('"foo"="bar"', [("foo", "=", "bar")]),
        ('{"foo.bar" =~ "b.z" , x!="y"}', [("foo.bar", "=~", "b.z"), ("x", "!=", "y")]),
        ("ü=x", [("ü", "=", "x")]),
        ("foo.bar=baz", [("foo.bar", "=", "baz")]),
        (r'"a\tb"="\u00fc\x41\101"', [("a\tb", "=", "üAA")]),
        (r'"x"="\xc3\xbc"', [("x", "=", "ü")]),
        ('"x"="y",', [("x", "=", "y")]),
    ],
)
def test_a_text_is_read_as_alertmanager_reads_it(text: str, matchers: list[tuple[str, str, str]]) -> None:
    """By the classic parser where it can, and otherwise by the newer one."""
    assert [(found.name, found.operator.value, found.value) for found in read_matchers(text)] == matchers


@pytest.mark.parametrize(
    "text",
    [
        *("foo", "=bar", "foo bar=x", "foo~bar", 'foo="bar', 'foo=b"ar', 'foo="b"ar"', "a=b,,c=d", ","),
        *('"a"=', '"a""b"', '{"a"="b"', '"a"="b"}', '"a"="b" x', '""="x"', r'"a"="\q"', '"a"="\n"', r'"a"="\xff"'),
        *(r'"a"="\ud800"', r'"a"="\U00110000"', r'"a"="\777"', '"a"!b', '"a"="b",,', "0a=b\\"),
    ],
)
def test_what_neither_reads_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_matchers(text)


def written(convert: Convert, route: str) -> list[str]:
    """The matchers of a child route, which tocsin reads back."""
    found = convert(f"route:\n  receiver: a\n  routes:\n  - {route}\nreceivers: [{{name: a}}]\n")
    (rule,) = found.configuration["routing_rules"]
    matchers: list[str] = rule["routes"][0].get("conditions", {}).get("matchers", [])
    for matcher in matchers:
        assert str(parse_label_matchers(matcher)[0]) == matcher
    return matchers


@pytest.mark.parametrize(
    ("route", "matchers"),
    [
        ("{}", []),
        ("matchers: []", []),
        ("matchers: foo=bar", ['foo="bar"']),
        ("matchers: ['{a=b, c!=d}', 'e=~\"f.g\"']", ['a="b"', 'c!="d"', r'e=~"f[^\n]g"']),
        ("match: {a: b, severity: critical}", ['a="b"', '"labels.severity"="critical"']),
        ("match_re: {a: 'b|c', node_id: .+}", ['a=~"b|c"', r'"labels.node_id"=~"[^\n]+"']),
        ("""matchers: ['"labels.x"="y"', '"ü b"="c"']""", ['"labels.labels.x"="y"', '"ü b"="c"']),
        ("{match: {a: b}, match_re: {c: d}, matchers: [e=f]}", ['a="b"', 'c=~"d"', 'e="f"']),
        (r"""matchers: ['a="x\"\\\n"']""", [r'a="x\"\\\n"']),
    ],
)
def test_all_fields_are_carried_over(convert: Convert, route: str, matchers: list[str]) -> None:
    assert written(convert, route) == matchers


def test_a_regular_expression_that_cannot_be_said_stays_and_is_an_error(convert: Convert) -> None:
    text = (
        "route:\n  receiver: a\n  routes:\n  - matchers:\n    - a=b\n    - 'x=~\"\\\\pL+\"'\nreceivers: [{name: a}]\n"
    )
    found = convert(text, loads=False)
    assert not found.carried_over
    (remark,) = found.remarks
    assert (remark.line, remark.serious) == (6, True)
    assert r"'\\pL+' stays as it is: \p has no counterpart" in remark.text
    (rule,) = found.configuration["routing_rules"]
    assert rule["routes"][0]["conditions"]["matchers"] == ['a="b"', r'x=~"\\pL+"']
    with pytest.raises(Exception, match="Unicode classes"):
        convert(text)


@pytest.mark.parametrize(
    ("route", "problem"),
    [
        ("matchers: [a]", "'a' is no matcher"),
        ("matchers: ['a=~\"(\"']", "'(' is no regular expression: a group is not closed"),
        ("match_re: {a: }", "a is a regular expression"),
        ("match_re: {a: '(?=b)'}", "is no regular expression: Go knows no such kind of group"),
        ("match: {a.b: c}", "match takes no label called 'a.b'; matchers does"),
        ("match: [a]", "is a mapping"),
        ("matchers: [[a]]", "is a text"),
        ("match: {a: [b]}", "is a text"),
    ],
)
def test_what_is_no_matcher_is_refused_with_its_line(
    convert: Convert, refused_by_amtool: Callable[[str], bool], route: str, problem: str
) -> None:
    text = f"route:\n  receiver: a\n  routes:\n  - {route}\nreceivers: [{{name: a}}]\n"
    with pytest.raises(NotAlertmanagerError) as caught:
        convert(text)
    assert problem in caught.value.problem
    assert caught.value.line == 4
    assert refused_by_amtool(text)
