"""Text that looks like markup, in each dialect: what is seen is what was written, and nothing is done."""

from __future__ import annotations

from typing import Any

import pytest
from apprise import NotifyFormat
from apprise.manager_plugins import NotificationManager
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from reading import seen, seen_html, seen_markdown, seen_without_escapes, seen_zulip, strict_lines

from tocsin_apprise import markup
from tocsin_apprise import service as services
from tocsin_apprise.markup import MARKED_TEXT, MARKED_TITLES, OCTETS, WITH_TAGS, WITHOUT_ESCAPES, dialect_of
from tocsin_apprise.message import harmless

unhurried = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])

MARKUP = (
    "[x](http://evil.example) <b>bold</b> **strong** _soft_ *soft* `code` ~~gone~~ ||hidden|| <http://a.example|text>"
    " ![x](http://evil.example/i.png) <!-- x --> a&b &lt; &#60; <a href='http://evil.example'>x</a> \\*x\\* C:\\[x](y)"
)
LINES = (
    "# heading\nheading\n===\nheading\n---\n> quote\n- item\n+ item\n1. item\n2) item\n    code\n\tcode\n***\n"
    "```\nx\n```\n"
    "~~~\nx\n~~~\na|b\n-|-\n1|2\n\na|b\n|-|-|\n1|2\n-# small\n"
    "[x]: http://evil.example\n[x]\n<1@x.example> <5 <div>\nx\n</div>\nend\\\n\\"
)
TEXTS = st.one_of(
    st.sampled_from([MARKUP, LINES, f"{LINES}\n{MARKUP}"]),
    st.text(alphabet="ab1 \n\t*_`~[]()<>!#&;|\\/-+.:=$@'\"{}", max_size=60),
)


@pytest.mark.parametrize(
    ("reader", "source", "done"),
    [
        (seen_html, "<b>x</b><!-- x -->", ["b", "comment"]),
        (seen_markdown, "**x** [x](y) <i>", ["strong", "a", "i"]),
        (seen_markdown, "# x\n\na|b\n-|-\n1|2", ["h1", "table", "thead", "tr", "th", "th", "tbody", "tr", "td", "td"]),
        (seen_zulip, r"\*x\* `x`", ["em", "code"]),
        (seen_without_escapes, "a *b* [x](y)", [" *b", "]("]),
    ],
)
def test_the_readers_of_these_tests_do_read(reader: Any, source: str, done: list[str]) -> None:
    assert reader(source)[1] == done


@unhurried
@given(TEXTS)
@example(MARKUP)
@example(LINES)
def test_in_html_text_is_text(text: str) -> None:
    assert seen_html(markup._html(text)) == (seen(text), [])


@unhurried
@given(TEXTS)
@example(MARKUP)
@example(LINES)
def test_in_markdown_text_is_text(text: str) -> None:
    text = harmless(text)
    assert seen_markdown(markup._markdown(text)) == (seen(text), [])


@unhurried
@given(TEXTS)
@example("a\nb\n\nc  \nd\\\ne")
def test_in_commonmark_lines_are_lines(text: str) -> None:
    """Where a line break alone is none."""
    text = harmless(text)
    shown, _ = strict_lines(markup._commonmark(text))
    assert shown == [seen(line) for line in text.split("\n") if seen(line)]


@unhurried
@given(TEXTS)
@example(MARKUP)
@example(LINES)
def test_in_zulips_markdown_text_is_text(text: str) -> None:
    assert seen_zulip(markup._entities(text)) == (seen(text), [])


ALIKE = str.maketrans("*_`~<", "\u2217\u02cd\u02cb\u223c\u2039")


@unhurried
@given(TEXTS)
@example(MARKUP)
@example(LINES)
def test_where_nothing_can_be_escaped_text_looks_alike(text: str) -> None:
    shown, done = seen_without_escapes(markup._lookalike(text))
    assert done == []
    assert shown.translate(ALIKE) == seen(text).translate(ALIKE)


@unhurried
@given(TEXTS)
@example(MARKUP)
@example(LINES)
def test_where_tags_are_known_there_is_none(text: str) -> None:
    made = markup._untagged(text)
    assert seen(made).translate(ALIKE) == seen(text).translate(ALIKE)
    assert seen_html(made.replace("&", "&amp;"))[1] == []
    assert "](" not in made


@pytest.mark.parametrize("rewriting", [markup._markdown, markup._entities, markup._lookalike, markup._untagged])
@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://wiki.example/cpu_load/a-b?x=1&y=2#z", "https://wiki.example/cpu_load/a-b?x=1&y=2#z"),
        ("https://g.example/_x_/*?e=a~b&lt;", "https://g.example/%5Fx%5F/%2A?e=a%7Eb&lt"),
    ],
)
def test_a_url_stays_a_link_that_leads_where_it_led(rewriting: Any, url: str, shown: str) -> None:
    assert rewriting(f"see {url} now").startswith(f"see {shown}")


@pytest.mark.parametrize(
    "text",
    ["cpu_usage on prod-web-01 is 85.0 > 80", "a - b, 3 + 4 = 7: x!", "[FIRING] CRITICAL x", "node-7 (eu)", "#5? C#"],
)
@pytest.mark.parametrize("rewriting", [markup._markdown, markup._lookalike])
def test_plain_words_stay_as_they_are(rewriting: Any, text: str) -> None:
    """Some clients show a backslash, in the preview of a notification for instance."""
    assert rewriting(f"x {text}") == f"x {text}"


def test_every_service_with_a_dialect_of_its_own_is_one_of_apprises() -> None:
    known: Any = NotificationManager
    manager = known()
    services._known()
    names = {kind.__name__ for kind in manager.plugins()}
    assert {
        *MARKED_TEXT,
        *MARKED_TITLES,
        *WITHOUT_ESCAPES,
        *WITH_TAGS,
        *OCTETS,
        "NotifyZulip",
        "NotifyTelegram",
    } <= names


WEBHOOK = "i" * 24 + "/" + "t" * 64


@pytest.mark.parametrize(
    ("url", "wanted", "body", "title"),
    [
        ("ntfy://127.0.0.1:1/alerts", NotifyFormat.TEXT, "*a*", "*a*"),
        ("ntfy://127.0.0.1:1/alerts?format=markdown", NotifyFormat.MARKDOWN, r"\*a\*", "*a*"),
        (f"discord://{WEBHOOK}", NotifyFormat.TEXT, r"\*a\*", r"\*a\*"),
        (f"discord://{WEBHOOK}?format=markdown", NotifyFormat.MARKDOWN, r"\*a\*", r"\*a\*"),
        ("mmost://127.0.0.1/" + "3" * 32, NotifyFormat.TEXT, r"\*a\*", r"\*a\*"),
        ("zulip://bot@org/" + "a" * 32, NotifyFormat.TEXT, "&#42;a&#42;", "*a*"),
        ("zulip://bot@org/" + "a" * 32 + "?format=markdown", NotifyFormat.MARKDOWN, "&#42;a&#42;", "*a*"),
        ("ryver://apprise/ckhrjW8w672m6HG", NotifyFormat.TEXT, r"\*a\*", r"\*a\*"),
        ("slack://xoxb-1234-1234-abc124/#ops", NotifyFormat.TEXT, "*a*", "*a*"),
        ("slack://xoxb-1234-1234-abc124/#ops?format=markdown", NotifyFormat.MARKDOWN, "\u2217a\u2217", "*a*"),
        ("opsgenie://" + "a" * 32, NotifyFormat.TEXT, "*a*", "*a*"),
        ("gchat://workspace/key/token", NotifyFormat.MARKDOWN, "\u2217a\u2217", "\u2217a\u2217"),
        ("tgram://123456789:abcdefg_hijklmnop/1/", NotifyFormat.HTML, "*a*", "*a*"),
        ("mailto://user:pass@example.com", NotifyFormat.TEXT, "*a*", "*a*"),
    ],
)
def test_each_service_has_the_dialect_that_it_reads(url: str, wanted: NotifyFormat, body: str, title: str) -> None:
    dialect = dialect_of(services.opened(url, 5.0))
    assert (dialect.format, dialect.body("*a*"), dialect.title("*a*")) == (wanted, body, title)


def test_what_counts_octets_is_measured_in_octets() -> None:
    octets = dialect_of(services.opened("ntfy://127.0.0.1:1/alerts", 5.0))
    units = dialect_of(services.opened("gotify://127.0.0.1:1/" + "a" * 16, 5.0))
    assert (octets.size("é🔔"), octets.most) == (6, 4096)
    assert units.size("é🔔") == 3


def test_what_apprise_escapes_last_is_measured_too() -> None:
    assert dialect_of(services.opened("slack://xoxb-1234-1234-abc124/#ops", 5.0)).size("a&b") == 7


@pytest.mark.parametrize("url", ["opsgenie://" + "a" * 32, "lark://abcdefgh-1234", "feishu://abcdefgh-1234"])
def test_a_tag_where_apprise_says_that_there_is_text_is_none(url: str) -> None:
    dialect = dialect_of(services.opened(url, 5.0))
    said = "<b>x</b> [y](http://evil.example) 1 < 2"
    assert dialect.body(said) == dialect.title(said) == "‹b>x‹/b> [y]\u200b(http://evil.example) 1 < 2"
