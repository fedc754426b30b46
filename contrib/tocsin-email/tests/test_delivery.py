"""Mail as it arrives at a real server: envelope, login, TLS, and recipients of whom some are refused."""

from __future__ import annotations

from typing import Any

import anyio.lowlevel
import attrs
import pytest
from mail_certificates import Certificates
from post_office import PASSWORD, USERNAME, PostOffice

from tocsin import (
    AlertRoutingRule,
    BackendContext,
    FederationAlertingService,
    Message,
    NotificationChannel,
    OutcomeStatus,
)
from tocsin.testing.samples import make_listed, make_notification
from tocsin_email.backend import EmailBackend
from tocsin_email.settings import EmailConfig
from tocsin_email.verdict import PATIENCE

on_every_loop = pytest.mark.anyio

THREE = ["a@example.org", "b@example.org", "c@example.org"]


def backend(settings: Any) -> EmailBackend:
    """Return a backend with these settings."""
    return EmailBackend(EmailConfig(**{**settings, "to": tuple(settings["to"])}), BackendContext("mail"))


@on_every_loop
async def test_a_mail_arrives_for_all_its_recipients(post_office: PostOffice) -> None:
    sender = backend(post_office.settings(to=["Ops <a@example.org>", "b@example.org"], sender="T <t@example.org>"))
    outcome = await sender.send(make_notification())
    assert (outcome.status, outcome.code, outcome.detail) == (OutcomeStatus.DELIVERED, 250, "250 2.0.0 queued as 4711")
    (come,) = post_office.delivered
    assert (come.sender, come.recipients) == ("t@example.org", ("a@example.org", "b@example.org"))
    assert (come.secured, come.login) == (False, False)
    assert come.mail["To"] == "Ops <a@example.org>, b@example.org"


@on_every_loop
async def test_lines_that_begin_with_a_dot_arrive_as_they_are(post_office: PostOffice) -> None:
    body = ".\n..\n.x\nQUIT\n.\nMAIL FROM:<x@y.org>\n"
    told = attrs.evolve(make_notification(), message=Message("dots", body, templated=True))
    assert (await backend(post_office.settings()).send(told)).success
    (come,) = post_office.delivered
    assert come.part("plain").replace("\r\n", "\n") == body


@on_every_loop
@pytest.mark.parametrize("implicit", [False, True], ids=["starttls", "implicit"])
async def test_over_tls_with_a_login(implicit: bool, certificates: Certificates) -> None:
    with PostOffice(certificates.server, implicit=implicit, auth_require_tls=not implicit) as office:
        settings = office.settings(
            ca_file=certificates.ca_file, username=USERNAME, password=PASSWORD, hello="here.example"
        )
        assert (await backend(settings).send(make_notification())).success
        (come,) = office.delivered
    assert (come.secured, come.login, come.hello) == (True, True, "here.example")


@on_every_loop
@pytest.mark.parametrize("implicit", [False, True], ids=["starttls", "implicit"])
async def test_a_certificate_that_is_not_trusted_keeps_everything_back(
    implicit: bool, certificates: Certificates
) -> None:
    with PostOffice(certificates.server, implicit=implicit) as office:
        outcome = await backend(office.settings()).send(make_notification())
        assert outcome.status is OutcomeStatus.UNAVAILABLE
        assert "the certificate is not accepted" in outcome.detail
        wrong_name = office.settings(ca_file=certificates.ca_file, host="127.0.0.1")
        outcome = await backend(wrong_name).send(make_notification())
        assert "the certificate is not accepted" in outcome.detail
        assert office.offered == []


@on_every_loop
async def test_without_starttls_nothing_is_sent_that_was_to_be_secured(post_office: PostOffice) -> None:
    outcome = await backend(post_office.settings(tls="starttls")).send(make_notification())
    assert outcome.status is OutcomeStatus.UNAVAILABLE
    assert "STARTTLS" in outcome.detail
    assert post_office.offered == []


@on_every_loop
async def test_a_wrong_password_is_refused_for_good(certificates: Certificates) -> None:
    with PostOffice(certificates.server) as office:
        settings = office.settings(ca_file=certificates.ca_file, username=USERNAME, password="wrong-one")
        outcome = await backend(settings).send(make_notification())
    assert (outcome.status, outcome.code) == (OutcomeStatus.REJECTED, 535)
    assert outcome.detail.startswith("login: 535")


@on_every_loop
async def test_a_server_that_takes_no_login_is_not_sent_to(post_office: PostOffice) -> None:
    settings = post_office.settings(username=USERNAME, password=PASSWORD)
    outcome = await backend(settings).send(make_notification())
    assert outcome.status is OutcomeStatus.UNAVAILABLE
    assert post_office.offered == []


@on_every_loop
async def test_a_mail_beyond_the_servers_limit_is_refused_before_it_is_sent() -> None:
    with PostOffice(data_size_limit=500) as office:
        outcome = await backend(office.settings()).send(make_notification())
        assert (outcome.status, outcome.code) == (OutcomeStatus.REJECTED, 552)
        assert office.delivered == []


@on_every_loop
@pytest.mark.parametrize(
    ("where", "answer", "status"),
    [
        ("MAIL", "550 5.7.1 not you", OutcomeStatus.REJECTED),
        ("MAIL", "451 4.3.0 later", OutcomeStatus.UNAVAILABLE),
        ("ops@example.org", "550 5.1.1 no such user", OutcomeStatus.REJECTED),
        ("ops@example.org", "450 4.7.1 greylisted", OutcomeStatus.UNAVAILABLE),
        ("DATA", "554 5.7.1 spam", OutcomeStatus.REJECTED),
        ("DATA", "452 4.3.1 full", OutcomeStatus.UNAVAILABLE),
    ],
)
async def test_permanent_answers_reject_and_temporary_ones_do_not(
    where: str, answer: str, status: OutcomeStatus, post_office: PostOffice
) -> None:
    post_office.answers[where] = answer
    outcome = await backend(post_office.settings()).send(make_notification())
    assert (outcome.status, outcome.code) == (status, int(answer[:3]))
    assert answer in outcome.detail


# -- several recipients --------------------------------------------------------------------------------------------


@on_every_loop
async def test_who_is_refused_for_good_keeps_it_from_no_other_and_is_named(post_office: PostOffice) -> None:
    post_office.answers["b@example.org"] = "550 5.1.1 no such user"
    outcome = await backend(post_office.settings(to=THREE)).send(make_notification())
    assert (outcome.status, outcome.code) == (OutcomeStatus.DELIVERED, 250)
    assert outcome.detail == "2 of 3 recipients have it; refused: b@example.org (550 5.1.1 no such user)"
    assert post_office.delivered[0].recipients == ("a@example.org", "c@example.org")


@on_every_loop
async def test_who_is_put_off_is_tried_again_alone(post_office: PostOffice) -> None:
    """The others have it already; the channel counts as told meanwhile."""
    post_office.answers["b@example.org"] = "451 4.3.0 later"
    sender = backend(post_office.settings(to=THREE))
    first = await sender.send(make_notification())
    assert (first.status, first.code) == (OutcomeStatus.UNKNOWN, 451)
    assert first.detail == "2 of 3 recipients have it; refused: b@example.org (451 4.3.0 later)"
    other = await sender.send(make_notification(notification_id="ntf-other"))
    assert other.status is OutcomeStatus.UNKNOWN
    second = await sender.send(make_notification(attempt=2))
    assert second.status is OutcomeStatus.UNKNOWN
    del post_office.answers["b@example.org"]
    third = await sender.send(make_notification(attempt=3))
    assert third.status is OutcomeStatus.DELIVERED
    assert [come.recipients for come in post_office.delivered] == [
        ("a@example.org", "c@example.org"),
        ("a@example.org", "c@example.org"),
        ("b@example.org",),
    ]
    assert post_office.delivered[2].mail["To"] == ", ".join(THREE)
    assert len({come.mail["Message-ID"] for come in post_office.delivered}) == 2


@on_every_loop
async def test_who_is_put_off_again_and_again_is_not_waited_for_without_end(post_office: PostOffice) -> None:
    """A mailbox that is full must not open the circuit of a channel that reaches everybody else."""
    post_office.answers["b@example.org"] = "452 4.2.2 mailbox full"
    sender = backend(post_office.settings(to=THREE))
    outcomes = [await sender.send(make_notification(attempt=number)) for number in range(1, PATIENCE + 1)]
    assert [one.status for one in outcomes[:-1]] == [OutcomeStatus.UNKNOWN] * (PATIENCE - 1)
    assert outcomes[-1].status is OutcomeStatus.DELIVERED
    assert "2 of 3 recipients have it" in outcomes[-1].detail
    assert len(post_office.delivered) == 1


@on_every_loop
async def test_nobody_has_it_and_one_was_only_put_off(post_office: PostOffice) -> None:
    post_office.answers |= {"a@example.org": "550 no", "b@example.org": "450 later", "c@example.org": "550 no"}
    outcome = await backend(post_office.settings(to=THREE)).send(make_notification())
    assert (outcome.status, outcome.code) == (OutcomeStatus.UNAVAILABLE, 450)
    post_office.answers["b@example.org"] = "551 gone"
    outcome = await backend(post_office.settings(to=THREE)).send(make_notification())
    assert outcome.status is OutcomeStatus.REJECTED
    assert post_office.delivered == []


@on_every_loop
async def test_of_many_refused_the_first_are_named(post_office: PostOffice) -> None:
    many = [f"p{number}@example.org" for number in range(100)]
    post_office.answers |= dict.fromkeys(many, f"550 {'x' * 300}")
    outcome = await backend(post_office.settings(to=many)).send(make_notification())
    assert outcome.status is OutcomeStatus.REJECTED
    assert outcome.detail.startswith("refused: p0@example.org (550 xxx")
    assert outcome.detail.endswith("and 97 more")
    assert len(outcome.detail) <= 1_000


# -- in a service --------------------------------------------------------------------------------------------------


@on_every_loop
async def test_an_alert_and_its_end_are_one_conversation(post_office: PostOffice) -> None:
    alerting = FederationAlertingService(strict=True)
    alerting.add_channel(NotificationChannel("mail", "email", config=dict(post_office.settings())))
    alerting.add_routing_rule(_everything())
    async with alerting:
        await alerting.process_alert(make_listed().alert)
        alerting.resolve_alert("manual-001")
        while len(post_office.delivered) < 2:
            await _moment()
    fired, over = (come.mail for come in post_office.delivered)
    assert fired["Subject"].startswith("[FIRING]")
    assert over["Subject"].startswith("[RESOLVED]")
    assert fired["References"] == over["References"]
    assert fired["Message-ID"] != over["Message-ID"]


def _everything() -> Any:
    return AlertRoutingRule(rule_id="all", conditions={}, target_channels=["mail"])


async def _moment() -> None:
    await anyio.lowlevel.checkpoint()
