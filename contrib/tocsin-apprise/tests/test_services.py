"""What an alert says, at services that make something of markup and of names: it is text there, and calls nobody.

Most of them are at one address of Apprise's; their peers take its place. Each is read as the service reads it.
"""

from __future__ import annotations

import json
import re
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from typing import Any
from urllib.parse import parse_qs

import anyio
import attrs
import pytest
from apprise.plugins import sparkpost
from apprise_peers import NTFY_PASSWORD, TOKEN, MattermostPeer, NtfyPeer, Peer
from reading import seen, seen_html, seen_markdown, seen_without_escapes, seen_zulip

from tocsin import BackendContext, Notification, NotificationTemplate, Outcome, OutcomeStatus
from tocsin.testing.http_receiver import Received, Reply
from tocsin.testing.samples import make_listed, make_notification
from tocsin_apprise import service as services
from tocsin_apprise.backend import AppriseBackend
from tocsin_apprise.message import render
from tocsin_apprise.settings import AppriseConfig

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("anyio_backend", ["trio"])]  # no matter of the event loop
PATIENCE = 30
WEBHOOK = "i" * 24 + "/" + "t" * 64
HOSTILE = (
    "<b>bold</b> [x](http://evil.example) **strong** _soft_ *soft* `code` ~~gone~~ ||hidden|| a&b &lt;\n"
    "# heading\n> quote\n- item\n1. item\n<http://a.example|text> ![x](http://evil.example/i.png)"
)
CALLING = (
    "@everyone x@everyone @here root@here @channel x@channel @all y@all @room x@room.y @online <@U123> <@&7> <!here>"
    ' <!channel|x> <!subteam^S1> <#C1> @ops (@ops) @**all** x@**all** @*team* @_**all** @"user one" <at id=all></at>'
    " <users/all> (met)all(met) https://h.example/<!here> https://h.example/@everyone//ops@everyone.example"
)
CALLS = re.compile(
    r"@(?:everyone|here|channel|all|room|online|team)\b|(?<![\w.])@[\w*_\"]|<[@!#]|<at\b|<users/|\(met\)", re.IGNORECASE
)


def backend_at(url: str, **changes: Any) -> AppriseBackend:
    """Return a backend whose service has *changes*: where a peer is."""
    backend = AppriseBackend(AppriseConfig(url=url), BackendContext("ops"))
    service: Any = services.opened(url, 15.0)
    for name, value in changes.items():
        setattr(service, name, value)
    backend._idle.append(service)
    return backend


async def sent(backend: AppriseBackend, text: str, template: NotificationTemplate | None = None) -> Outcome:
    notification: Notification = make_notification(make_listed(message=text, metric_name=text.split("\n")[0]))
    with anyio.fail_after(PATIENCE):
        return await backend.send(attrs.evolve(notification, message=render(notification, template)))


class FormPeer(Peer):
    """A service that takes a form."""

    @property
    def documents(self) -> list[dict[str, Any]]:
        """What was posted, each field once."""
        return [{name: values[0] for name, values in parse_qs(one.body.decode()).items()} for one in self.requests]


class SlackPeer(Peer):
    """Slack's chat.postMessage."""

    def take(self, request: Received) -> Reply:
        return Reply(200, b'{"ok":true,"channel":"C1","ts":"1"}')


class MatrixPeer(Peer):
    """A Matrix homeserver, as far as logging in and saying something in a room goes."""

    def take(self, request: Received) -> Reply:
        answer: dict[str, Any] = {"event_id": "$1"} if "/send/" in request.target else {}
        if request.target.endswith("/login"):
            answer = {"access_token": "x", "user_id": "@ops:localhost", "home_server": "localhost"}
        if "/join/" in request.target or request.target.endswith("/join"):
            answer = {"room_id": "!a:localhost"}
        if request.target.endswith("/joined_rooms"):
            answer = {"joined_rooms": ["!a:localhost"]}
        return Reply(200, json.dumps(answer).encode())

    @property
    def documents(self) -> list[dict[str, Any]]:
        """What was said."""
        return [one.json() for one in self.requests if "/send/" in one.target]


Read = Callable[[str], tuple[str, list[str]]]


def plain(text: str) -> tuple[str, list[str]]:
    """A service that shows text as text."""
    return seen(text), []


def slack_plain(text: str) -> tuple[str, list[str]]:
    """Slack, told that nothing is markup: it still takes ``<``, and characters by their names."""
    found = re.findall(r"<[^>]*>", text)
    return seen(text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")), found


def slack_marked(text: str) -> tuple[str, list[str]]:
    """Slack, which reads its own marks too."""
    shown, found = slack_plain(text)
    return shown, [*found, *seen_without_escapes(text)[1]]


@attrs.frozen
class Place:
    """Where a service is, and how what it gets is read: the names of fields, and the reading of each."""

    peer: type[Peer]
    url: str
    changes: dict[str, str]
    fields: dict[str, Read]
    allowed: tuple[str, ...] = ()


PLACES: dict[str, Place] = {
    "telegram": Place(
        Peer, "tgram://123456789:abcdefg_hijk/1/", {"notify_url": "{url}/bot"}, {"text": seen_html}, ("b",)
    ),
    "discord": Place(Peer, f"discord://{WEBHOOK}", {"notify_url": "{url}"}, {"content": seen_markdown}),
    "discord-embed": Place(
        Peer,
        f"discord://{WEBHOOK}?format=markdown",
        {"notify_url": "{url}"},
        {"embeds.0.title": seen_markdown, "embeds.0.description": seen_markdown},
    ),
    "mattermost": Place(MattermostPeer, f"mmost://{{host}}/{TOKEN}", {}, {"text": seen_markdown}),
    "zulip": Place(FormPeer, "zulip://bot@org/" + "a" * 32, {"notify_url": "{url}"}, {"content": seen_zulip}),
    "slack": Place(
        SlackPeer,
        "slack://xoxb-1234-1234-abc124/#ops",
        {"api_url": "{url}/api/{{}}"},
        {"attachments.0.title": slack_plain, "attachments.0.text": slack_plain},
    ),
    "slack-mrkdwn": Place(
        SlackPeer,
        "slack://xoxb-1234-1234-abc124/#ops?format=markdown",
        {"api_url": "{url}/api/{{}}"},
        {"attachments.0.title": slack_plain, "attachments.0.text": slack_marked},
    ),
    "matrix": Place(MatrixPeer, "matrix://ops:secret@{host}/!a:localhost", {}, {"body": plain}),
    "matrix-html": Place(
        MatrixPeer, "matrix://ops:secret@{host}/!a:localhost?format=html", {}, {"formatted_body": seen_html}, ("h1",)
    ),
    "ntfy": Place(NtfyPeer, f"ntfy://ops:{NTFY_PASSWORD}@{{host}}/alerts", {}, {"title": plain, "message": plain}),
    "revolt": Place(Peer, f"revolt://{WEBHOOK}", {"notify_url": "{url}/"}, {"embeds.0.description": seen_markdown}),
    "webhooks of rocket": Place(
        Peer,
        "rocket://" + "A" * 24 + "/" + "b" * 64 + "@{host}/%23a?avatar=no",
        {},
        {"text": seen_markdown},
        ("h1",),
    ),
}


@contextmanager
def at(place: Place) -> Iterator[tuple[Peer, AppriseBackend]]:
    """Give the peer of *place*, and a backend that leads to it."""
    with place.peer() as peer:
        changes = {name: value.format(url=peer.url) for name, value in place.changes.items()}
        yield peer, backend_at(place.url.replace("{host}", peer.host), **changes)


def field(document: Any, path: str) -> str:
    """Return the text at *path*."""
    for step in path.split("."):
        document = document[int(step) if step.isdecimal() else step]
    assert isinstance(document, str)
    return document


@pytest.mark.parametrize("name", PLACES)
async def test_markup_in_an_alert_is_text(name: str) -> None:
    place = PLACES[name]
    with at(place) as (peer, backend):
        outcome = await sent(backend, HOSTILE)
        assert outcome.status is OutcomeStatus.DELIVERED, outcome
        document = peer.documents[-1]
    shown = ""
    for path, read in place.fields.items():
        text, done = read(field(document, path))
        assert [one for one in done if one not in place.allowed] == []
        shown += text
    alike = str.maketrans("\u2217\u02cd\u02cb\u223c\u2039", "*_`~<")
    assert seen(HOSTILE) in shown.translate(alike)


@pytest.mark.parametrize("name", PLACES)
async def test_an_alert_calls_nobody(name: str) -> None:
    with at(PLACES[name]) as (peer, backend):
        assert (await sent(backend, CALLING)).success
        document = peer.documents[-1]
    texts = json.dumps(document, ensure_ascii=False).replace('\\"', '"')
    assert CALLS.findall(texts) == []
    assert "allow_mentions" not in texts
    assert "content" not in document or "👉" not in document["content"]


async def test_whom_the_url_names_is_called() -> None:
    """An operator's own mentions stay, and those of an alert add nobody to them."""
    with Peer() as peer:
        backend = backend_at(f"discord://{WEBHOOK}?format=markdown&ping=%3C%40123%3E", notify_url=peer.url)
        assert (await sent(backend, CALLING)).success
        (document,) = peer.documents
    assert document["content"] == "👉 <@123>"
    assert document["allow_mentions"] == {"parse": [], "users": ["123"], "roles": []}


async def test_whom_a_template_names_is_called() -> None:
    with MattermostPeer() as peer:
        backend = backend_at(f"mmost://{peer.host}/{TOKEN}")
        template = NotificationTemplate("t", "T", "any", "{severity}", "@ops look: {message} {status}")
        assert (await sent(backend, "@ops", template)).success
        (document,) = peer.documents
    assert "@ops look: @\u200bops" in document["text"]


class _Mail(socketserver.StreamRequestHandler):
    """A mail server that takes one mail."""

    def handle(self) -> None:
        self.wfile.write(b"220 x\r\n")
        while line := self.rfile.readline():
            verb = line[:4].upper().strip()
            if verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                mail = bytearray()
                while (line := self.rfile.readline()) not in (b".\r\n", b""):
                    mail += line.removeprefix(b".")
                self.server.mails.append(bytes(mail))  # type: ignore[attr-defined]
            self.wfile.write(b"221 x\r\n" if verb == b"QUIT" else b"250 x\r\n")


@pytest.mark.parametrize(("form", "kind"), [("text", "text/plain"), ("html", "text/html")])
async def test_a_mail_shows_what_an_alert_says(form: str, kind: str) -> None:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Mail) as server:
        server.mails = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        where = f"127.0.0.1:{server.server_address[1]}"
        url = f"mailto://{where}?from=a@example.org&to=b@example.org&mode=insecure&format={form}"
        try:
            outcome = await sent(backend_at(url), HOSTILE)
        finally:
            server.shutdown()
            thread.join()
        assert outcome.success, outcome
        (mail,) = server.mails  # type: ignore[attr-defined]
    parts = {one.get_content_type(): one for one in message_from_bytes(mail, policy=policy.default).walk()}
    read = seen_html if form == "html" else plain
    text, done = read(parts[kind].get_content())
    assert seen(HOSTILE) in text
    assert set(done) <= {"html", "head", "body"}


# -- trying again ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["discord", "revolt", "slack", "telegram"])
async def test_a_service_that_asks_for_less_is_asked_once(name: str) -> None:
    with at(PLACES[name]) as (peer, backend):
        peer.will(*[Reply(429, b'{"retry_after":1}', {"Retry-After": "1"})] * 3)
        outcome = await sent(backend, "x")
        assert outcome.status is OutcomeStatus.THROTTLED, outcome
        assert len(peer.requests) == 1


@pytest.mark.parametrize(
    ("wait", "told"),
    [(b"0", 0.0), (b"-5", 0.0), (b"1500", 1.5), (b"1e999", 86_400.0), (b"NaN", 86_400.0)],
)
async def test_matrix_is_asked_once_however_short_it_wants_us_to_wait(wait: bytes, told: float) -> None:
    with MatrixPeer() as peer:
        peer.will(*[Reply(429, b'{"errcode":"M_LIMIT_EXCEEDED","retry_after_ms":' + wait + b"}")] * 3)
        outcome = await sent(backend_at(f"matrix://ops:secret@{peer.host}/!a:localhost"), "x")
        assert (outcome.status, outcome.retry_after_seconds) == (OutcomeStatus.THROTTLED, told)
        assert len(peer.requests) == 1


async def test_fluxer_is_asked_once() -> None:
    with Peer() as peer:
        peer.will(*[Reply(429, b"", {"Retry-After": "1"})] * 3)
        url = f"fluxers://{'1' * 18}/{'b' * 64}"
        outcome = await sent(backend_at(url, notify_url=f"{peer.url}/{{webhook_id}}"), "x")
        assert outcome.status is OutcomeStatus.THROTTLED, outcome
        assert len(peer.requests) == 1


async def test_sparkpost_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with Peer() as peer:
        monkeypatch.setitem(sparkpost.SPARKPOST_API_LOOKUP, "us", peer.url)
        peer.will(*[Reply(429)] * 3)
        outcome = await sent(backend_at("sparkpost://ops@example.org/" + "a" * 40 + "/b@example.org"), "x")
        assert outcome.status is OutcomeStatus.THROTTLED, outcome
        assert len(peer.requests) == 1
