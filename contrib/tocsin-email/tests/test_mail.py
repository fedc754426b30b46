"""The mail that carries a notification: its headers, both its forms, and what no alert can do to them."""

from __future__ import annotations

import html.parser
import re
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage

import attrs
import pytest
from hostile_notices import any_notification, unhurried
from hypothesis import given
from hypothesis import strategies as st

from tocsin import (
    AlertSeverity,
    EscalationLevel,
    Message,
    Notification,
    NotificationKind,
    NotificationTemplate,
)
from tocsin.testing.samples import make_listed, make_notification, of_each_kind
from tocsin_email import wording
from tocsin_email.mail import LONGEST_BODY, LONGEST_SUBJECT, encoded
from tocsin_email.rendering import HTML_TYPE, render

SENDER = Address("tocsin", addr_spec="tocsin@alerts.a-rather-long-name-of-a-department.example.org")
TO = (Address("Bereitschaft Süd", addr_spec="ops@example.org"), Address(addr_spec="dev@example.org"))
HEADERS = ["From", "To", "Subject", "Date", "Message-ID", "References", "In-Reply-To", "Auto-Submitted"]


def wire(notification: Notification, template: NotificationTemplate | None = None) -> bytes:
    """Return the mail as it goes over the wire."""
    message = notification.message or render(notification, template)
    return encoded(notification, message, SENDER, TO)


def parsed(content: bytes) -> EmailMessage:
    """Return a mail as a reader has it."""
    found = message_from_bytes(content, policy=policy.SMTP)
    assert isinstance(found, EmailMessage)
    return found


def part(mail: EmailMessage, subtype: str) -> str:
    """Return the text or the HTML of a mail."""
    body = mail.get_body((subtype,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def template(subject: str, body: str) -> NotificationTemplate:
    """Return a user's template."""
    return NotificationTemplate("own", "Own", "email", subject, body)


class Elements(html.parser.HTMLParser):
    """Collects the elements and the text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.links: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.add(tag)
        self.links += [value or "" for name, value in attributes if name not in ("style", "rel", "charset", "lang")]

    def handle_data(self, data: str) -> None:
        """Note text."""
        self.text += data


def test_the_link_stands_last_in_text_and_is_one_in_html() -> None:
    mail = parsed(wire(make_notification(link="https://alerts.example/alerts/a")))
    assert part(mail, "plain").endswith("Incident: inc-1\nLink: https://alerts.example/alerts/a\n")
    assert 'href="https://alerts.example/alerts/a"' in part(mail, "html")


def test_a_single_alert_as_text_and_as_html() -> None:
    mail = parsed(wire(make_notification()))
    assert mail["Subject"] == "[FIRING] CRITICAL cpu_usage on prod-web-01"
    assert (mail["From"], mail["To"]) == (
        "tocsin <tocsin@alerts.a-rather-long-name-of-a-department.example.org>",
        "Bereitschaft Süd <ops@example.org>, dev@example.org",
    )
    assert mail["Date"] == "Tue, 14 Nov 2023 22:13:20 +0000"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content_type() == "multipart/alternative"
    assert [one.get_content_type() for one in mail.iter_parts()] == ["text/plain", "text/html"]
    assert part(mail, "plain") == (
        "[FIRING] CRITICAL cpu_usage on prod-web-01\n\nHigh CPU usage detected\n\n"
        "Cluster: prod-web-01\nNode: node-7\nMetric: cpu_usage\nValue: 85\nThreshold: 80\n"
        "Fires since: 2023-11-14T22:13:20.000Z\nLabels: service=web\nrunbook: https://wiki.example/cpu\n"
        "Alert: manual-001\nIncident: inc-1\n"
    )
    page = Elements(part(mail, "html"))
    assert page.links == ["https://wiki.example/cpu"]
    for said in ("High CPU usage detected", "node-7", "manual-001", "inc-1"):
        assert said in page.text


@pytest.mark.parametrize(
    ("kind", "subject", "said"),
    [
        ("more", "[FIRING] EMERGENCY cpu_usage: 2 alerts in 2 clusters", "There is more of it"),
        ("escalation", "[FIRING] CRITICAL cpu_usage on prod-web-01 (escalation: final)", "escalation level final."),
        (
            "repeat",
            "[FIRING] CRITICAL cpu_usage: 2 alerts, 1 resolved, in 1 cluster (repeat: still firing)",
            "It is still",
        ),
        ("resolved", "[RESOLVED] CRITICAL cpu_usage on prod-web-01", "Resolved: 2023-11-14T22:14:20.000Z"),
        ("digest", "[FIRING] CRITICAL cpu_usage: 301 alerts, 1 resolved, in 301 clusters (digest)", "… and 281 more"),
        ("heartbeat", "[HEARTBEAT] tocsin is alive", "mark"),
        ("test", "[TEST] [FIRING] CRITICAL cpu_usage on prod-web-01", "This is a test of the channel."),
    ],
)
def test_every_kind_says_what_it_is(kind: str, subject: str, said: str) -> None:
    mail = parsed(wire(of_each_kind("mark")[kind]))
    assert mail["Subject"] == subject
    assert said in part(mail, "plain")
    assert said in Elements(part(mail, "html")).text.replace("Resolved2", "Resolved: 2")


def test_the_colour_is_that_of_the_severity_and_green_once_it_is_over() -> None:
    assert "border-left:6px solid #c62828" in part(parsed(wire(make_notification())), "html")
    emergency = make_notification(make_listed(severity=AlertSeverity.EMERGENCY))
    assert "border-left:6px solid #6a1b9a" in part(parsed(wire(emergency)), "html")
    assert "border-left:6px solid #2e7d32" in part(parsed(wire(make_notification(make_listed(resolved=True)))), "html")


# -- one conversation --------------------------------------------------------------------------------------------


def test_the_mails_of_an_incident_are_one_conversation() -> None:
    of_one = [parsed(wire(one)) for name, one in of_each_kind("x").items() if name not in ("heartbeat", "test")]
    other = parsed(wire(make_notification(incident_id="inc-2", notification_id="ntf-other")))
    assert len({mail["Message-ID"] for mail in (*of_one, other)}) == len(of_one) + 1
    roots = {mail["References"] for mail in of_one}
    assert roots == {mail["In-Reply-To"] for mail in of_one}
    assert len(roots) == 1
    assert other["References"] not in roots
    assert not roots & {mail["Message-ID"] for mail in of_one}


def test_all_attempts_of_a_notification_are_one_mail() -> None:
    first = make_notification(notification_id="ntf_0a1b2c3d4e5f60718293a4b5")
    again = attrs.evolve(first, attempt=7)
    ids = {parsed(wire(one))["Message-ID"] for one in (first, again)}
    assert ids == {"<ntf_0a1b2c3d4e5f60718293a4b5@alerts.a-rather-long-name-of-a-department.example.org>"}


def test_an_id_is_never_folded_however_long_the_domain_is() -> None:
    """The standard library would fold a long one into an encoded word, which no reader knows for an id."""
    long = Address(addr_spec=f"t@{'department.' * 20}example.org")
    notification = make_notification(incident_id="x" * 80)
    content = encoded(notification, render(notification, None), long, TO).decode("ascii")
    for name in ("Message-ID", "In-Reply-To", "References"):
        assert re.search(rf"^{name}:\s+<[A-Za-z0-9_-]+@{re.escape(long.domain)}>\r$", content, re.MULTILINE)


# -- whatever an alert says ----------------------------------------------------------------------------------------


@unhurried
@given(any_notification())
def test_no_alert_changes_what_a_mail_is_made_of(notification: Notification) -> None:
    content = wire(notification)
    content.decode("ascii")
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", content)
    assert content.endswith(b"\r\n")
    assert len(content) < 400_000
    assert max(map(len, content.split(b"\r\n"))) <= 998
    mail = parsed(content)
    assert [name for name in mail if name not in ("MIME-Version", "Content-Type")] == [
        name for name in HEADERS if name not in ("References", "In-Reply-To")
    ][:5] + [name for name in mail if name in ("References", "In-Reply-To")] + ["Auto-Submitted"]
    assert mail["To"] == "Bereitschaft Süd <ops@example.org>, dev@example.org"
    assert not mail.defects
    assert re.fullmatch(r"<[A-Za-z0-9_-]+@[a-z.-]+>", mail["Message-ID"])
    assert "".join(mail["Subject"].split()) == "".join(wording.headline(notification).replace("=?", "= ?").split())
    assert len(mail["Subject"]) <= LONGEST_SUBJECT
    assert not re.search(r"[\x00-\x1f\x7f\u2028\u202e]", str(mail["Subject"]))
    page = Elements(part(mail, "html"))
    assert page.elements <= {
        *(
            "html",
            "head",
            "meta",
            "title",
            "body",
            "div",
            "h1",
            "p",
            "table",
            "tr",
            "th",
            "td",
            "ul",
            "li",
            "span",
            "a",
        ),
    }
    assert all(link.startswith(("https://", "http://")) for link in page.links)


@unhurried
@given(st.text(st.characters(), max_size=400), st.text(st.characters(), max_size=400))
def test_no_message_of_a_template_changes_what_a_mail_is_made_of(subject: str, body: str) -> None:
    message = Message(subject, body, templated=True)
    content = wire(attrs.evolve(make_notification(), message=message))
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", content)
    mail = parsed(content)
    assert mail["Bcc"] is None
    assert not mail.defects
    assert Elements(part(mail, "html")).elements <= {"html", "head", "meta", "title", "body", "div", "h1"}


def test_a_long_subject_in_another_script_survives() -> None:
    subject = "Плотина прорвана: " + "вода " * 30
    message = Message(subject, "x", templated=True)
    assert parsed(wire(attrs.evolve(make_notification(), message=message)))["Subject"] == subject.strip()


def test_a_long_subject_in_ascii_begins_on_its_own_line() -> None:
    subject = "[FIRING] CRITICAL a_rather_long_name_of_a_metric on a-rather-long-name-of-a-cluster (escalation: final)"
    message = Message(subject, "x", templated=True)
    assert f"\r\nSubject: {subject}\r\n".encode() in wire(attrs.evolve(make_notification(), message=message))


def test_an_encoded_word_in_an_alert_stays_what_it_looks_like() -> None:
    listed = make_listed(metric_name="=?utf-8?q?=0ABcc:_victim@example.org?=")
    assert "= ?utf-8?q?=0ABcc:_victim@example.org?=" in parsed(wire(make_notification(listed)))["Subject"]


@pytest.mark.parametrize("word", ["=?utf-8?q?x=0D=0ABcc:_victim@example.org?=", "=?utf-8?b?eA0KQmNjOiB2?="])
def test_an_encoded_word_ends_no_header_where_a_template_leaves_the_subject_blank(word: str) -> None:
    content = wire(make_notification(make_listed(metric_name=word)), template(" ", "{message}"))
    mail = parsed(content)
    assert b"\r\nBcc:" not in content
    assert sorted(mail.keys()) == sorted([*HEADERS, "MIME-Version", "Content-Type"])
    assert word.replace("=?", "= ?") in mail["Subject"]


def test_what_is_too_long_is_cut_and_says_so() -> None:
    endless = make_notification(make_listed(message="m" * 100_000, labels={"a": "l" * 50_000}))
    mail = parsed(wire(endless))
    assert "… (96040 more characters)" in part(mail, "plain")
    assert "… (49042 more characters)" in part(mail, "html")
    templated = attrs.evolve(endless, message=Message("s" * 300, "b" * (LONGEST_BODY + 1), templated=True))
    mail = parsed(wire(templated))
    assert str(mail["Subject"]).endswith("… (90 more characters)")
    assert "… (41 more characters)" in part(mail, "plain")


def test_what_could_hide_or_turn_text_around_is_shown_as_missing() -> None:
    mail = parsed(wire(make_notification(make_listed(message="a\u2028b\u202ec\x1bd\ud800e\u200d\n\tf"))))
    for form in ("plain", "html"):
        assert "a\ufffdb\ufffdc\ufffdd\ufffde\u200d\n\tf" in part(mail, form)


def test_only_addresses_of_the_web_are_links() -> None:
    urls = [
        "javascript:alert(1)",
        "https://ok.example/x?a=1&b=2",
        'https://x"onmouseover=y',
        "data:text/html,x",
        "ftp://x",
    ]
    listed = make_listed(annotations={f"a{number}": url for number, url in enumerate(urls)}, generator_url=urls[0])
    assert Elements(part(parsed(wire(make_notification(listed))), "html")).links == ["https://ok.example/x?a=1&b=2"]


# -- templates -----------------------------------------------------------------------------------------------------


def test_a_plain_template_is_text_and_a_page_that_shows_it() -> None:
    own = template("{status}: {metric_name}", "Dear all,\n  {message} <b>now</b>\n.\n")
    mail = parsed(wire(make_notification(make_listed(message="<i>x</i>")), own))
    assert mail["Subject"] == "firing: cpu_usage"
    assert part(mail, "plain") == "Dear all,\n  <i>x</i> <b>now</b>\n.\n"
    assert "<i>" not in part(mail, "html")
    assert "Dear all,\n  <i>x</i> <b>now</b>" in Elements(part(mail, "html")).text


def test_a_template_of_html_stands_and_what_is_in_the_alert_is_escaped() -> None:
    own = template("{status}", "<!DOCTYPE html>\n<p>{message} &amp; {labels.service}</p>")
    hostile = make_notification(make_listed(message="<script>alert(1)</script>", labels={"service": "a&b\ud800"}))
    message = render(hostile, own)
    assert message.content_type == HTML_TYPE
    mail = parsed(wire(hostile, own))
    assert "<p>&lt;script&gt;alert(1)&lt;/script&gt; &amp; a&amp;b\ufffd</p>" in part(mail, "html")
    assert part(mail, "plain").startswith("[FIRING] CRITICAL cpu_usage")


def test_text_that_only_looks_like_an_element_is_text() -> None:
    assert render(make_notification(), template("{status}", "<{severity}> {message}")).content_type != HTML_TYPE
    assert render(make_notification(), template("{status}", "<pager> {message}")).content_type != HTML_TYPE


def test_the_cores_own_words_are_sent_where_the_renderer_failed() -> None:
    plain = attrs.evolve(make_notification(), message=Message("[FIRING] CRITICAL: 1 alert(s)", "plain words"))
    mail = parsed(wire(plain))
    assert (mail["Subject"], part(mail, "plain")) == ("[FIRING] CRITICAL: 1 alert(s)", "plain words\n")


def test_an_escalation_without_a_level_is_one() -> None:
    told = make_notification(kind=NotificationKind.ESCALATION)
    assert parsed(wire(told))["Subject"].endswith("(escalation)")
    assert "Nobody has acknowledged it." in part(parsed(wire(told)), "plain")
    assert "level first." in render(make_notification(level=EscalationLevel.FIRST), None).body
