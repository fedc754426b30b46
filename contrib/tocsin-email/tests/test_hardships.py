"""Servers that do not keep to the rules, or to no time, and what is known of a mail then."""

from __future__ import annotations

import logging
import socket
import threading
from typing import Any

import anyio
import anyio.to_thread
import pytest
from scripted_mail_server import HANG, HANG_UP, ScriptedServer

from tocsin import BackendContext, OutcomeStatus
from tocsin.testing.samples import make_notification
from tocsin_email.backend import EmailBackend
from tocsin_email.line import CutError, Line
from tocsin_email.settings import EmailConfig

on_every_loop = pytest.mark.anyio

UNAVAILABLE, UNKNOWN, REJECTED = OutcomeStatus.UNAVAILABLE, OutcomeStatus.UNKNOWN, OutcomeStatus.REJECTED


def backend(settings: Any) -> EmailBackend:
    """Return a backend with these settings."""
    return EmailBackend(EmailConfig(**{**settings, "to": tuple(settings["to"])}), BackendContext("mail"))


@on_every_loop
@pytest.mark.parametrize(
    ("word", "answer", "status", "says"),
    [
        ("", "554 5.7.1 we do not like you", REJECTED, "greeting: 554 5.7.1 we do not like you"),
        ("", "421 too busy", UNAVAILABLE, "greeting: 421 too busy"),
        ("", HANG_UP, UNAVAILABLE, "the connection was closed"),
        ("", "SSH-2.0-OpenSSH_9.6", UNAVAILABLE, "no SMTP answer"),
        ("", "220-" + "\r\n220-".join(["x"] * 300), UNAVAILABLE, "no SMTP answer"),
        ("", "2" * 100_000, UNAVAILABLE, "no SMTP answer"),
        ("EHLO", "550 no", REJECTED, "EHLO: 502"),
        ("MAIL", "xyz", UNAVAILABLE, "no SMTP answer"),
        ("MAIL", "999 what", UNAVAILABLE, "sender: 999 what"),
        ("RCPT", HANG_UP, UNAVAILABLE, "the connection was closed"),
        ("DATA", "250 OK", UNAVAILABLE, "message: 250 OK"),
        ("DATA", "503 5.5.1 no", REJECTED, "message: 503"),
        ("DATA", HANG_UP, UNAVAILABLE, "the connection was closed"),
        (".", HANG_UP, UNKNOWN, "it may have arrived"),
        (".", "354 more", UNKNOWN, "it may have arrived"),
        (".", "\x00\xff", UNKNOWN, "it may have arrived"),
        (".", "250-\r\n250-x\r\n250 \x1b[2Jtaken\u0085", OutcomeStatus.DELIVERED, "250 x [2Jtaken"),
        ("QUIT", HANG_UP, OutcomeStatus.DELIVERED, "250 queued"),
        ("QUIT", "nonsense", OutcomeStatus.DELIVERED, "250 queued"),
    ],
)
async def test_a_strange_answer(
    word: str, answer: str, status: OutcomeStatus, says: str, scripted: ScriptedServer
) -> None:
    scripted.script[word] = answer
    outcome = await backend(scripted.settings()).send(make_notification())
    assert outcome.status is status
    assert says in outcome.detail
    assert outcome.detail.isprintable()


@on_every_loop
@pytest.mark.parametrize("word", ["", "EHLO", "MAIL", "RCPT", "DATA", "."])
async def test_when_time_is_up_the_connection_is_cut(word: str, scripted: ScriptedServer) -> None:
    """Until the mail's end is sent it certainly did not arrive; from then on nobody can say."""
    scripted.script[word] = HANG
    outcome = await backend(scripted.settings(timeout_seconds=0.1)).send(make_notification())
    assert outcome.status is (UNKNOWN if word == "." else UNAVAILABLE)
    assert "within 0.1 s" in outcome.detail
    await anyio.to_thread.run_sync(scripted.wait_until_left)


@on_every_loop
async def test_time_that_is_up_at_the_farewell_changes_nothing(scripted: ScriptedServer) -> None:
    scripted.script["QUIT"] = HANG
    outcome = await backend(scripted.settings(timeout_seconds=0.3)).send(make_notification())
    assert (outcome.status, outcome.code) == (OutcomeStatus.DELIVERED, 250)


@on_every_loop
async def test_a_cancelled_send_leaves_no_connection_and_no_thread(scripted: ScriptedServer) -> None:
    scripted.script["MAIL"] = HANG
    sender = backend(scripted.settings())
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(sender.send, make_notification())
        await anyio.to_thread.run_sync(scripted.wait_until_it_hangs)
        tasks.cancel_scope.cancel()
    await anyio.to_thread.run_sync(scripted.wait_until_left)
    scripted.script["MAIL"] = "250 OK"
    assert (await sender.send(make_notification())).success
    assert sender._threads.borrowed_tokens == 0


@on_every_loop
async def test_more_attempts_than_connections_wait_within_their_time(scripted: ScriptedServer) -> None:
    scripted.script[""] = HANG
    sender = backend(scripted.settings(timeout_seconds=0.2))
    outcomes = []

    async def send() -> None:
        outcomes.append(await sender.send(make_notification()))

    async with anyio.create_task_group() as tasks:
        for _ in range(7):
            tasks.start_soon(send)
    assert {one.status for one in outcomes} == {UNAVAILABLE}
    assert len(outcomes) == 7


@on_every_loop
async def test_a_name_that_leads_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*arguments: Any, **options: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr("tocsin_email.line.socket.getaddrinfo", unknown)
    sender = backend({"host": "mail.invalid", "to": ["a@b.org"], "sender": "t@b.org"})
    outcome = await sender.send(make_notification())
    assert (outcome.status, outcome.detail) == (UNAVAILABLE, "mail.invalid:587: the host name does not resolve")


@on_every_loop
async def test_the_next_address_is_tried_where_one_does_not_answer(
    scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = scripted.server_address[1]
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        dead = closed.getsockname()
    both = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in (dead, ("127.0.0.1", port))]
    monkeypatch.setattr("tocsin_email.line.socket.getaddrinfo", lambda *arguments, **options: both)
    assert (await backend(scripted.settings()).send(make_notification())).success
    both.pop()
    outcome = await backend(scripted.settings()).send(make_notification())
    assert outcome.detail.endswith("the connection was refused")


@on_every_loop
async def test_starttls_takes_nothing_that_was_said_before_it(scripted: ScriptedServer) -> None:
    """What an attacker puts between STARTTLS and the handshake is no answer."""
    scripted.script |= {"EHLO": "250-scripted\r\n250 STARTTLS", "STARTTLS": "220 go\r\n250-injected\r\n250 AUTH PLAIN"}
    outcome = await backend(scripted.settings(tls="starttls")).send(make_notification())
    assert outcome.status is UNAVAILABLE
    assert [line for line in scripted.heard if line.startswith(("AUTH", "MAIL"))] == []


@on_every_loop
async def test_what_the_server_repeats_of_a_password_is_blotted_out(
    scripted: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    scripted.script |= {
        "EHLO": "250-scripted\r\n250 AUTH PLAIN",
        "AUTH": "535 not dG9jc2luAHMzY3JldC1vbmU= nor AHRvY3NpbgBzM2NyZXQtb25l nor s3cret-one",
    }
    settings = scripted.settings(username="tocsin", password="s3cret-one")
    outcome = await backend(settings).send(make_notification())
    assert outcome.status is REJECTED
    assert "s3cret-one" not in outcome.detail + caplog.text
    assert "AHRvY3NpbgBzM2NyZXQtb25l" not in outcome.detail + caplog.text


@on_every_loop
@pytest.mark.parametrize("challenge", ["334 %%%", "334", "334 " + "x" * 1_500])
async def test_a_strange_challenge_at_login(challenge: str, scripted: ScriptedServer) -> None:
    scripted.script |= {"EHLO": "250-scripted\r\n250 AUTH CRAM-MD5 LOGIN", "AUTH": challenge}
    settings = scripted.settings(username="tocsin", password="s3cret-one")
    assert (await backend(settings).send(make_notification())).status in (UNAVAILABLE, REJECTED)


@on_every_loop
async def test_a_server_that_offers_no_known_login(scripted: ScriptedServer) -> None:
    scripted.script["EHLO"] = "250-scripted\r\n250 AUTH GSSAPI"
    settings = scripted.settings(username="tocsin", password="s3cret-one")
    outcome = await backend(settings).send(make_notification())
    assert outcome.status is UNAVAILABLE
    assert "no form of login" in outcome.detail


def test_a_line_that_is_cut_before_it_is_made_is_never_made(scripted: ScriptedServer) -> None:
    line = Line()
    line.cut()
    with pytest.raises(CutError):
        line.open("127.0.0.1", scripted.server_address[1], 1.0)


def test_whoever_waits_for_a_line_is_woken_when_it_is_cut(scripted: ScriptedServer) -> None:
    line = Line()
    with line.open("127.0.0.1", scripted.server_address[1], 60.0) as made:
        made.recv(100)
        heard: list[bytes] = []
        waiting = threading.Thread(target=lambda: heard.append(made.recv(100)))
        waiting.start()
        line.cut()
        waiting.join(30)
        assert heard == [b""]
    line.close()
