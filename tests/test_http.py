"""``tocsin.http``: what comes of a request, whatever the receiver does, and what of it may be seen."""

from __future__ import annotations

import gc
import logging
import socket
import ssl
import threading
from contextlib import AbstractContextManager
from typing import Any

import anyio
import anyio.to_thread
import attrs
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.properties import unhurried

from tocsin.errors import ConfigurationError
from tocsin.http import (
    HttpSender,
    WebhookSigner,
    excerpt,
    hide,
    http_headers,
    http_url,
    json_content,
    outcome_of,
    redact_url,
    retry_after_seconds,
    seconds,
    signing_secret,
)
from tocsin.http.verdict import failure_outcome
from tocsin.model.outcome import Outcome, OutcomeStatus
from tocsin.testing.http_receiver import Bytes, Hang, HttpReceiver, Received, Reply, Reset
from tocsin.testing.samples import NOW
from tocsin.testing.strategies import any_text

on_every_loop = pytest.mark.anyio
TOKEN = "T0KEN-in-the-path"


def post(url: str, **options: Any) -> httpx.Request:
    """Return a request as a backend makes it."""
    return httpx.Request("POST", url, content=b"{}", **options)


def answer(status: int, body: str = "", **headers: str) -> httpx.Response:
    """Return an answer as the sender hands it to a judge."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, headers=named, text=body, request=post(f"https://example.org/{TOKEN}"))


# -- what an answer means ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (200, OutcomeStatus.DELIVERED),
        (204, OutcomeStatus.DELIVERED),
        (299, OutcomeStatus.DELIVERED),
        (101, OutcomeStatus.REJECTED),
        (301, OutcomeStatus.REJECTED),
        (304, OutcomeStatus.REJECTED),
        (307, OutcomeStatus.REJECTED),
        (400, OutcomeStatus.REJECTED),
        (404, OutcomeStatus.REJECTED),
        (408, OutcomeStatus.UNAVAILABLE),
        (410, OutcomeStatus.REJECTED),
        (425, OutcomeStatus.UNAVAILABLE),
        (429, OutcomeStatus.THROTTLED),
        (500, OutcomeStatus.UNAVAILABLE),
        (503, OutcomeStatus.UNAVAILABLE),
        (599, OutcomeStatus.UNAVAILABLE),
        (999, OutcomeStatus.UNAVAILABLE),
    ],
)
def test_a_status_code_decides_the_outcome(code: int, status: OutcomeStatus) -> None:
    outcome = outcome_of(answer(code))
    assert outcome.status is status
    assert outcome.code == code
    assert str(code) in outcome.detail


@pytest.mark.parametrize("code", [408, 425, 429, 500, 503])
def test_what_may_be_tried_again_honours_retry_after(code: int) -> None:
    assert outcome_of(answer(code, retry_after="17")).retry_after_seconds == 17.0


def test_a_detail_shows_what_the_receiver_says_on_one_line_of_limited_length() -> None:
    detail = outcome_of(answer(400, "in\nvalid\x1b[2J_payload " + "x" * 1000)).detail
    assert detail.startswith("400 Bad Request: in valid [2J_payload xxx")
    assert len(detail) <= 220


def test_an_answer_that_names_a_decompressor_as_its_charset_is_read_as_utf_8() -> None:
    outcome = outcome_of(answer(400, "plain", content_type="text/plain; charset=zlib_codec"))
    assert outcome.detail == "400 Bad Request: plain"


# -- Retry-After -------------------------------------------------------------------------------------------------

DATE = "Tue, 14 Nov 2023 22:13:20 GMT"


@pytest.mark.parametrize(
    ("value", "date", "expected"),
    [
        ("0", "", 0.0),
        ("120", "", 120.0),
        (" 120 ", "", 120.0),
        ("0.75", "", 0.75),
        ("-5", "", None),
        ("1e3", "", None),
        ("soon", "", None),
        ("", "", None),
        ("٣", "", None),
        ("999999999999", "", 86_400.0),
        ("9" * 400, "", None),
        ("Tue, 14 Nov 2023 22:14:20 GMT", DATE, 60.0),
        ("Tuesday, 14-Nov-23 22:14:20 GMT", DATE, 60.0),
        ("Tue Nov 14 22:14:20 2023", DATE, 60.0),
        ("Tue, 14 Nov 2023 23:14:20 +0100", DATE, 60.0),
        ("Tue, 14 Nov 2023 22:12:20 GMT", DATE, 0.0),
        ("Tue, 14 Nov 2024 22:13:20 GMT", DATE, 86_400.0),
        ("Tue, 14 Nov 2023 22:14:20 GMT", "", None),
        ("Tue, 14 Nov 2023 22:14:20 GMT", "yesterday", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_anything_else_is_ignored(
    value: str, date: str, expected: float | None
) -> None:
    headers = httpx.Headers([(b"retry-after", value.encode()), (b"date", date.encode())])
    assert retry_after_seconds(headers) == expected


@unhurried
@given(st.text(st.characters(codec="latin-1")), st.text(st.characters(codec="latin-1")))
def test_no_retry_after_raises_or_asks_for_more_than_a_day(value: str, date: str) -> None:
    headers = httpx.Headers([(b"retry-after", value.encode("latin-1")), (b"date", date.encode("latin-1"))])
    wait = retry_after_seconds(headers)
    assert wait is None or 0 <= wait <= 86_400


# -- sending, to a real receiver ---------------------------------------------------------------------------------


@on_every_loop
async def test_what_the_receiver_takes_is_delivered(receiver: HttpReceiver) -> None:
    async with HttpSender() as sender:
        outcome = await sender.send(post(f"{receiver.url}/hook?a=1", headers={"X-Team": "ops"}))
    assert outcome == Outcome.delivered("200 OK: ok", code=200)
    (request,) = receiver.requests
    assert (request.method, request.target, request.body) == ("POST", "/hook?a=1", b"{}")
    assert request.headers["x-team"] == "ops"
    assert request.headers["accept-encoding"] == "identity"


@on_every_loop
async def test_a_receiver_in_trouble_is_unavailable_and_says_why(receiver: HttpReceiver) -> None:
    receiver.will(Reply(500, b"disk full"), Reply(503, b"", {"Retry-After": "9"}))
    async with HttpSender() as sender:
        assert await sender.send(post(receiver.url)) == Outcome.unavailable(
            "500 Internal Server Error: disk full", code=500
        )
        assert await sender.send(post(receiver.url)) == Outcome.unavailable(
            "503 Service Unavailable", code=503, retry_after_seconds=9.0
        )


@on_every_loop
async def test_a_date_without_a_date_beside_it_counts_from_our_own_clock(receiver: HttpReceiver) -> None:
    receiver.will(Reply(429, b"slow down", {"Retry-After": "Tue, 14 Nov 2023 22:14:20 GMT"}))
    async with HttpSender(wall_clock=lambda: NOW) as sender:
        outcome = await sender.send(post(receiver.url))
    assert outcome == Outcome.throttled("429 Too Many Requests: slow down", code=429, retry_after_seconds=60.0)


@on_every_loop
async def test_a_redirect_is_not_followed_and_its_target_not_shown(receiver: HttpReceiver) -> None:
    receiver.will(Reply(307, b"gone to " + TOKEN.encode(), {"Location": f"{receiver.url}/{TOKEN}"}))
    async with HttpSender() as sender:
        outcome = await sender.send(post(receiver.url))
    assert outcome.status is OutcomeStatus.REJECTED
    assert "redirects are not followed" in outcome.detail
    assert TOKEN not in repr(outcome)
    assert len(receiver.requests) == 1


@on_every_loop
@pytest.mark.parametrize(
    "failure",
    [
        Reset(),
        Reset(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"),
        Bytes(b""),
        Bytes(b"\x00\xff no HTTP at all\r\n\r\n"),
        Bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"),
        Bytes(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        Bytes(b"HTTP/1.1 two hundred\r\n\r\n"),
    ],
    ids=["reset", "reset-in-body", "closed", "garbage", "short-body", "bad-chunk", "bad-status"],
)
async def test_a_request_that_gets_no_legible_answer_may_have_arrived(
    receiver: HttpReceiver, failure: Reset | Bytes
) -> None:
    receiver.will(failure)
    async with HttpSender() as sender:
        outcome = await sender.send(post(receiver.url))
        assert outcome.status is OutcomeStatus.UNKNOWN
        assert "may have arrived" in outcome.detail
        assert (await sender.send(post(receiver.url))).success, "the sender still works"


@on_every_loop
async def test_a_refusal_whose_text_breaks_off_stays_a_refusal(receiver: HttpReceiver) -> None:
    receiver.will(Bytes(b"HTTP/1.1 429 Slow\r\nRetry-After: 3\r\nContent-Length: 10\r\n\r\nabc"))
    async with HttpSender() as sender:
        outcome = await sender.send(post(receiver.url))
    assert outcome == Outcome.throttled("429 Too Many Requests: abc", code=429, retry_after_seconds=3.0)


@on_every_loop
@pytest.mark.parametrize("size", [65_535, 65_536, 65_537, 3_000_000])
async def test_of_an_answer_at_most_64_kib_are_read(receiver: HttpReceiver, size: int) -> None:
    receiver.will(Reply(200, b"x" * size))
    seen = []

    def judge(response: httpx.Response) -> Outcome:
        seen.append(len(response.content))
        return outcome_of(response)

    async with HttpSender() as sender:
        assert (await sender.send(post(receiver.url), judge)).success
        assert (await sender.send(post(receiver.url))).success
    assert seen == [min(size, 65_536)]


@on_every_loop
async def test_how_much_of_an_answer_is_read_can_be_said(receiver: HttpReceiver) -> None:
    receiver.will(Reply(200, b"x" * 200_000), Reply(200, b"x" * 10))
    seen = []

    def judge(response: httpx.Response) -> Outcome:
        seen.append(len(response.content))
        return outcome_of(response)

    for most in (100_000, 5):
        await HttpSender(answer_bytes=most).send(post(receiver.url), judge)
    assert seen == [100_000, 5]


@on_every_loop
async def test_an_answer_without_end_is_cut(receiver: HttpReceiver) -> None:
    """A receiver that keeps its body open after 64 KiB is not waited for."""
    receiver.will(Hang(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n" + b"x" * 65_536))
    async with HttpSender() as sender:
        assert (await sender.send(post(receiver.url))).success


@on_every_loop
async def test_a_compressed_answer_is_not_unpacked(receiver: HttpReceiver) -> None:
    receiver.will(Reply(400, b"\x1f\x8b\x08 not really", {"Content-Encoding": "gzip"}))
    async with HttpSender() as sender:
        assert await sender.send(post(receiver.url)) == Outcome.rejected("400 Bad Request", code=400)


@on_every_loop
async def test_a_refused_connection_is_unavailable_for_certain() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    outcome = await HttpSender().send(post(f"http://127.0.0.1:{port}/{TOKEN}"))
    assert outcome == Outcome.unavailable(f"http://127.0.0.1:{port}/…: the connection was refused")


@on_every_loop
async def test_a_receiver_that_does_not_speak_tls_is_unavailable(receiver: HttpReceiver) -> None:
    address = receiver.url.replace("http://", "https://")
    outcome = await HttpSender().send(post(f"{address}/{TOKEN}"))
    assert outcome == Outcome.unavailable(f"{address}/…: TLS failed")


@on_every_loop
async def test_a_request_that_http_does_not_allow_is_rejected(receiver: HttpReceiver) -> None:
    broken = post(receiver.url, headers=[(b"x-evil", b"a\r\nX-More: b")])
    outcome = await HttpSender().send(broken)
    assert outcome.status is OutcomeStatus.REJECTED
    assert receiver.requests == []


# -- time and cancellation ---------------------------------------------------------------------------------------


class _Expiry:
    """Stands for the timeout: its scope ends when the test says so."""

    def __init__(self) -> None:
        self.scope = anyio.CancelScope()

    def __call__(self, limit: float | None) -> AbstractContextManager[object, bool]:
        return self.scope


@on_every_loop
async def test_a_cancelled_send_leaves_nothing_behind(receiver: HttpReceiver) -> None:
    receiver.will(Hang())
    async with HttpSender() as sender:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(sender.send, post(receiver.url))
            await anyio.to_thread.run_sync(receiver.wait_for_request)
            tasks.cancel_scope.cancel()
        await anyio.to_thread.run_sync(receiver.wait_for_departure)
        assert (await sender.send(post(receiver.url))).success


@on_every_loop
async def test_a_send_cancelled_amid_the_answer_leaves_nothing_behind(receiver: HttpReceiver) -> None:
    receiver.will(Hang(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"))
    async with HttpSender() as sender:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(sender.send, post(receiver.url))
            await anyio.to_thread.run_sync(receiver.wait_for_request)
            tasks.cancel_scope.cancel()
        await anyio.to_thread.run_sync(receiver.wait_for_departure)


@on_every_loop
@pytest.mark.parametrize("goes_away", [False, True])
async def test_a_send_that_ends_amid_the_request_leaves_nothing_behind(goes_away: bool) -> None:
    """The body is larger than what sockets hold: it is being written when the receiver goes, or the time is up."""
    expiry = _Expiry()
    outcomes = []

    async def send(url: str) -> None:
        request = httpx.Request("POST", url, content=bytes(32 << 20))
        outcomes.append(await HttpSender(timeout_seconds=3, expires_after=expiry).send(request))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(send, f"http://127.0.0.1:{listener.getsockname()[1]}/")
            connection, _ = await anyio.to_thread.run_sync(listener.accept)
            await anyio.to_thread.run_sync(connection.recv, 1)
            if goes_away:
                connection.close()
            else:
                expiry.scope.cancel()
    connection.close()
    gc.collect()
    assert [outcome.status for outcome in outcomes] == [OutcomeStatus.UNKNOWN]


@on_every_loop
async def test_a_timeout_after_the_request_left_is_unknown(receiver: HttpReceiver) -> None:
    receiver.will(Hang())
    expiry = _Expiry()
    outcomes = []

    async def send() -> None:
        sender = HttpSender(timeout_seconds=3, expires_after=expiry)
        outcomes.append(await sender.send(post(f"{receiver.url}/{TOKEN}")))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(send)
        await anyio.to_thread.run_sync(receiver.wait_for_request)
        expiry.scope.cancel()
    assert outcomes == [Outcome.unknown(f"{receiver.url}/…: no answer within 3 s; it may have arrived")]


class _NeverConnects(httpx.AsyncBaseTransport):
    """A transport that reports as httpcore does, and stays in the middle of connecting."""

    def __init__(self, expiry: _Expiry) -> None:
        self._expiry = expiry

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.extensions["trace"]("connection.connect_tcp.started", {})
        self._expiry.scope.cancel()
        await anyio.sleep_forever()
        raise AssertionError


@on_every_loop
async def test_a_timeout_while_connecting_is_unavailable() -> None:
    expiry = _Expiry()
    sender = HttpSender(timeout_seconds=3, expires_after=expiry, transport=lambda: _NeverConnects(expiry))
    outcome = await sender.send(post(f"https://example.org/{TOKEN}"))
    assert outcome == Outcome.unavailable("https://example.org/…: no connection within 3 s")


@on_every_loop
async def test_the_timeout_is_the_loops_own(receiver: HttpReceiver) -> None:
    """However soon it comes, before or after the request left, it ends the attempt and nothing is delivered."""
    receiver.will(Hang())
    outcome = await HttpSender(timeout_seconds=0.01).send(post(receiver.url))
    assert outcome.status in (OutcomeStatus.UNKNOWN, OutcomeStatus.UNAVAILABLE)
    assert "within 0.01 s" in outcome.detail


@on_every_loop
async def test_a_send_that_hangs_delays_no_other(receiver: HttpReceiver) -> None:
    receiver.will(Hang())
    async with HttpSender() as sender, anyio.create_task_group() as tasks:
        tasks.start_soon(sender.send, post(receiver.url))
        await anyio.to_thread.run_sync(receiver.wait_for_request)
        for _ in range(3):
            assert (await sender.send(post(receiver.url))).success
        tasks.cancel_scope.cancel()


# -- connections -------------------------------------------------------------------------------------------------


@on_every_loop
async def test_an_entered_sender_keeps_its_connection_and_a_bare_one_does_not(receiver: HttpReceiver) -> None:
    async with HttpSender() as sender:
        for _ in range(3):
            await sender.send(post(receiver.url))
    assert receiver.connections == 1
    for _ in range(2):
        await sender.send(post(receiver.url))
    assert receiver.connections == 3


class _Together(HttpReceiver):
    """Answers nobody until so many have asked."""

    def __init__(self, many: int) -> None:
        super().__init__()
        self._all = threading.Barrier(many, timeout=30.0)

    def take(self, request: Received) -> Reply:
        self._all.wait()
        return Reply()


@on_every_loop
async def test_as_many_connections_are_kept_as_sends_ran_at_once() -> None:
    """A backend may be registered for more than eight; no send may open a connection that was there."""
    with _Together(12) as receiver:
        async with HttpSender() as sender:
            for _ in range(2):
                async with anyio.create_task_group() as tasks:
                    for _ in range(12):
                        tasks.start_soon(sender.send, post(receiver.url))
        assert receiver.connections == 12


@on_every_loop
async def test_cookies_are_not_kept(receiver: HttpReceiver) -> None:
    receiver.will(Reply(200, b"", {"Set-Cookie": "track=me"}))
    async with HttpSender() as sender:
        await sender.send(post(receiver.url))
        await sender.send(post(receiver.url))
    assert "cookie" not in receiver.requests[1].headers


@on_every_loop
async def test_the_environment_chooses_no_proxy(receiver: HttpReceiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert (await HttpSender().send(post(receiver.url))).success


@on_every_loop
async def test_user_and_password_of_a_url_become_basic_authentication(receiver: HttpReceiver) -> None:
    address = receiver.url.replace("http://", "http://ops:pass%40word@")
    assert (await HttpSender().send(post(address))).success
    assert receiver.requests[0].headers["authorization"] == "Basic b3BzOnBhc3NAd29yZA=="
    assert "pass" not in receiver.requests[0].headers["host"]


@on_every_loop
async def test_the_receivers_own_date_is_what_its_retry_after_counts_from(receiver: HttpReceiver) -> None:
    dates = {"Retry-After": "Tue, 14 Nov 2023 22:14:20 GMT", "Date": "Tue, 14 Nov 2023 22:14:00 GMT"}
    receiver.will(Reply(503, b"", dates))
    outcome = await HttpSender(wall_clock=lambda: NOW).send(post(receiver.url))
    assert outcome.retry_after_seconds == 20.0


# -- secrets -----------------------------------------------------------------------------------------------------


@on_every_loop
async def test_no_secret_is_shown_even_if_the_receiver_repeats_it(
    receiver: HttpReceiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    told = "Cannot POST /hooks/T0KEN%2Fraw/s3cret-path as Bearer s3cret-bearer for ops:s3cret-pass, key r0uting-key"
    receiver.will(*(Reply(status, told.encode()) for status in (200, 400, 429, 500)), Bytes(told.encode()))
    address = receiver.url.replace("//", "//ops:s3cret-pass@") + "/hooks/T0KEN%2Fraw/s3cret-path?token=s3cret-query"
    async with HttpSender(secrets=["r0uting-key"]) as sender:
        for _ in range(5):
            request = post(address, headers={"Authorization": "Bearer s3cret-bearer"})
            outcome = await sender.send(request)
            assert "s3cret" not in repr(outcome)
            assert "T0KEN" not in repr(outcome)
            assert "r0uting" not in repr(outcome)
    assert len(receiver.requests) == 5
    assert "s3cret" not in caplog.text


def _failed(error: Exception, cause: BaseException) -> Outcome:
    error.__cause__ = cause
    return failure_outcome(error, post(f"https://ops:{TOKEN}@example.org/{TOKEN}"))


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        (socket.gaierror(-2, TOKEN), "the host name does not resolve"),
        (ExceptionGroup(TOKEN, [ConnectionRefusedError(TOKEN)]), "the connection was refused"),
        (ssl.SSLError(1, TOKEN), "TLS failed"),
        (TimeoutError(TOKEN), "the connection timed out"),
        (OSError(TOKEN), "the connection failed"),
    ],
)
def test_a_failure_to_connect_is_named_in_our_own_words(cause: BaseException, said: str) -> None:
    outcome = _failed(httpx.ConnectError(TOKEN), cause)
    assert outcome == Outcome.unavailable(f"https://example.org/…: {said}")


def test_a_certificate_that_is_not_accepted_is_unavailable_and_says_why() -> None:
    error = ssl.SSLCertVerificationError(1, TOKEN)
    error.verify_message = "self-signed certificate"
    outcome = _failed(httpx.ConnectError(TOKEN), error)
    assert outcome == Outcome.unavailable(
        "https://example.org/…: the certificate is not accepted (self-signed certificate)"
    )


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://hooks.slack.com/services/T/B/x?y=z#f", "https://hooks.slack.com/…"),
        ("http://ops:secret@[::1]:8080/x", "http://[::1]:8080/…"),
        ("no url", "***"),
        ("http://", "***"),
        ("http://example.org:port/secret", "***"),
        (None, "***"),
    ],
)
def test_of_a_url_only_scheme_host_and_port_are_shown(url: object, shown: str) -> None:
    assert redact_url(url) == shown


@unhurried
@given(any_text())
def test_an_excerpt_is_one_short_printable_line(text: str) -> None:
    shown = excerpt(text)
    assert len(shown) <= 200
    assert shown.isprintable() or not shown


def test_a_hidden_value_shows_only_whether_it_is_set() -> None:
    assert (hide("secret"), hide({"a": "secret"}), hide(None), hide({})) == ("***", "***", "None", "{}")


# -- settings ----------------------------------------------------------------------------------------------------


@attrs.frozen
class _Settings:
    url: Any = attrs.field(default="https://example.org/x", validator=http_url)
    headers: Any = attrs.field(factory=dict, validator=http_headers)
    patience: Any = attrs.field(default=1.0, validator=seconds)
    secret: Any = attrs.field(default=None, validator=signing_secret)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org",
        "http://127.0.0.1:8080/x?y=z",
        "http://[::1]/",
        "https://user:pass@example.org/",
        "https://bücher.example/",
        "http://alertmanager./",
    ],
)
def test_an_absolute_http_url_is_taken(url: str) -> None:
    assert _Settings(url=url).url == url


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("", "is missing"),
        (None, "is missing"),
        ("example.org/secret", "starts with neither"),
        ("ftp://example.org/secret", "starts with neither"),
        ("file:///secret", "starts with neither"),
        ("https:///secret", "has no valid host"),
        ("https://a..b/secret", "has no valid host"),
        ("https://" + "a" * 64 + "/secret", "has no valid host"),
        ("https://example.org/secret ", "contains a space"),
        ("https://example.org/secret\n", "contains a space"),
        ("https://example.org:port/secret", "is not a valid URL"),
        ("https://[secret", "has no valid host"),
    ],
)
def test_any_other_url_is_refused_without_repeating_it(url: object, problem: str) -> None:
    with pytest.raises(ConfigurationError, match=problem) as caught:
        _Settings(url=url)
    assert caught.value.where == "url"
    assert "secret" not in str(caught.value).replace("may be secret", "")


@pytest.mark.parametrize(
    ("headers", "problem", "where"),
    [
        ({"Host": "secret"}, "set by the connection", "headers.Host"),
        ({"content-length": "secret"}, "set by the connection", "headers.content-length"),
        ({"Transfer-Encoding": "secret"}, "set by the connection", "headers.Transfer-Encoding"),
        ({"X-A": "secret\r\nX-B: secret"}, "not visible ASCII", "headers.X-A"),
        ({"X-A": "secret\x00"}, "not visible ASCII", "headers.X-A"),
        ({"X-A": "secrét"}, "not visible ASCII", "headers.X-A"),
        ({"X-A": " secret"}, "not visible ASCII", "headers.X-A"),
        ({"X-A": 7}, "not visible ASCII", "headers.X-A"),
        ({"X A": "secret"}, "not a header's name", "headers.X A"),
        ({"": "secret"}, "not a header's name", "headers."),
        ({"X-A": "secret", "x-a": "secret"}, "given twice", "headers.x-a"),
        ("X-A: secret", "mapping", "headers"),
    ],
)
def test_headers_that_could_break_the_request_are_refused(headers: object, problem: str, where: str) -> None:
    with pytest.raises(ConfigurationError, match=problem) as caught:
        _Settings(headers=headers)
    assert caught.value.where == where
    assert "secret" not in str(caught.value).replace("may be secret", "")


def test_ordinary_headers_are_taken() -> None:
    headers = {"Authorization": "Bearer your-token", "X-Empty": "", "Content-Type": "text/x"}
    assert _Settings(headers=headers).headers == headers


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), "3", None, True])
def test_a_timeout_is_a_number_above_zero(value: object) -> None:
    with pytest.raises(ConfigurationError, match="above zero") as caught:
        _Settings(patience=value)
    assert caught.value.where == "patience"


# -- content and signatures --------------------------------------------------------------------------------------


def test_json_says_null_for_what_it_cannot_say() -> None:
    document = {"a": [float("nan"), (float("inf"), -1.5)], "b": {"c": "ü\ud800"}}
    assert json_content(document) == '{"a": [null, [null, -1.5]], "b": {"c": "ü?"}}'.encode()


SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
"""The specification's own example, in two parts so that no scanner takes it for a leak."""


def test_a_signature_is_that_of_the_standards_own_example() -> None:
    signature = WebhookSigner.from_secret(SECRET).signature(
        "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, b'{"test": 2432232314}'
    )
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_signer_does_not_show_its_key() -> None:
    assert repr(WebhookSigner.from_secret(SECRET)) == "WebhookSigner()"


@pytest.mark.parametrize("secret", ["", "whsec_", "not base64!", "whsec_geheim*", 7])
def test_a_secret_in_another_form_is_refused_without_repeating_it(secret: object) -> None:
    with pytest.raises(ConfigurationError, match="whsec_ followed by base64") as caught:
        _Settings(secret=secret)
    assert caught.value.where == "secret"
    assert "geheim" not in str(caught.value)
