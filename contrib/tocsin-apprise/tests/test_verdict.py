"""What is made of Apprise's "no": by the status that it logs, and by the exception that it handles."""

from __future__ import annotations

import logging
import smtplib
import socket
import ssl
from collections.abc import Callable

import pytest
import requests
import urllib3
import urllib3.connection
import urllib3.exceptions

from tocsin import OutcomeStatus
from tocsin_apprise.hearing import Heard, hearing, service_logger
from tocsin_apprise.verdict import ToldToWait, outcome_of, sign_of_error, sign_of_status

S = OutcomeStatus
POOL = urllib3.HTTPConnectionPool("h")
CONNECTION = urllib3.connection.HTTPConnection("h")


def wrapped(reason: Exception) -> Exception:
    """As requests raises it."""
    return requests.exceptions.ConnectionError(urllib3.exceptions.MaxRetryError(POOL, "/s3cret", reason))


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (302, S.REJECTED),
        (400, S.REJECTED),
        (401, S.REJECTED),
        (404, S.REJECTED),
        (408, S.UNAVAILABLE),
        (413, S.REJECTED),
        (425, S.UNAVAILABLE),
        (429, S.THROTTLED),
        (500, S.UNAVAILABLE),
        (503, S.UNAVAILABLE),
        (599, S.UNAVAILABLE),
    ],
)
def test_a_status_means_what_it_means_elsewhere(code: int, status: OutcomeStatus) -> None:
    outcome = outcome_of("ntfy", sign_of_status(code))
    assert (outcome.status, outcome.code) == (status, code)
    assert outcome.detail.startswith(f"ntfy: {code}")


def test_a_status_of_success_says_nothing_about_a_failure() -> None:
    assert sign_of_status(200) is None


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (wrapped(urllib3.exceptions.NewConnectionError(CONNECTION, "s3cret")), S.UNAVAILABLE),
        (wrapped(urllib3.exceptions.NameResolutionError("s3cret", CONNECTION, socket.gaierror())), S.UNAVAILABLE),
        (wrapped(urllib3.exceptions.ProxyError("s3cret", OSError())), S.UNAVAILABLE),
        (wrapped(urllib3.exceptions.SSLError(ssl.SSLCertVerificationError("s3cret"))), S.UNAVAILABLE),
        (requests.exceptions.ConnectTimeout(urllib3.exceptions.ConnectTimeoutError("s3cret")), S.UNAVAILABLE),
        (ConnectionRefusedError("s3cret"), S.UNAVAILABLE),
        (socket.gaierror("s3cret"), S.UNAVAILABLE),
        (requests.exceptions.ReadTimeout("s3cret"), S.UNKNOWN),
        (wrapped(urllib3.exceptions.ReadTimeoutError(POOL, "/s3cret", "")), S.UNKNOWN),
        (
            requests.exceptions.ConnectionError(urllib3.exceptions.ProtocolError("s3cret", ConnectionResetError())),
            S.UNKNOWN,
        ),
        (requests.exceptions.SSLError(ssl.SSLError("s3cret")), S.UNKNOWN),
        (requests.exceptions.ChunkedEncodingError("s3cret"), S.UNKNOWN),
        (requests.exceptions.InvalidHeader("s3cret"), S.REJECTED),
        (requests.exceptions.InvalidURL("s3cret"), S.REJECTED),
        (smtplib.SMTPAuthenticationError(535, b"s3cret"), S.REJECTED),
        (smtplib.SMTPDataError(451, b"s3cret"), S.UNAVAILABLE),
        (smtplib.SMTPRecipientsRefused({"s3cret": (550, b"")}), S.REJECTED),
        (smtplib.SMTPRecipientsRefused({"s3cret": (450, b"")}), S.UNAVAILABLE),
        (smtplib.SMTPRecipientsRefused({}), S.UNAVAILABLE),
        (smtplib.SMTPServerDisconnected("s3cret"), S.UNKNOWN),
        (ToldToWait(7.5), S.THROTTLED),
        (KeyError("s3cret"), S.UNKNOWN),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else value.value,
)
def test_an_exception_means_unavailable_only_if_nothing_can_have_left(error: Exception, status: OutcomeStatus) -> None:
    outcome = outcome_of("ntfy", sign_of_error(error))
    assert outcome.status is status
    assert "s3cret" not in repr(outcome)


def test_how_long_to_wait_is_passed_on_within_bounds() -> None:
    waits = [sign_of_error(ToldToWait(seconds)).retry_after_seconds for seconds in (7.5, -1.0, 1e9)]
    assert waits == [7.5, 0.0, 86_400.0]


def test_a_failure_without_a_reason_is_tried_again() -> None:
    assert outcome_of("ntfy", None).status is S.UNAVAILABLE


# -- what is heard -----------------------------------------------------------------------------------------------


def heard(*says: Callable[[logging.Logger], object]) -> Heard:
    with hearing() as found:
        for say in says:
            say(service_logger)
    return found


def failing(log: logging.Logger) -> None:
    try:
        raise ConnectionRefusedError("s3cret")
    except OSError:
        log.warning("A Connection error occurred sending to s3cret")


def test_the_last_thing_that_went_wrong_counts() -> None:
    first = heard(lambda log: log.warning("Failed to send: error=%s.", 503), failing).sign
    assert first is not None
    assert first.status is S.UNAVAILABLE
    assert first.code is None
    last = heard(failing, lambda log: log.warning(f"Failed to send: Bad, error={400}.")).sign
    assert last is not None
    assert last.code == 400


@pytest.mark.parametrize("text", ["error=200.", "error=12.", "error=5030", "error=abc", "no such thing"])
def test_what_is_no_status_of_a_failure_says_nothing(text: str) -> None:
    assert heard(lambda log: log.warning(text)).sign is None


def test_a_line_that_cannot_be_put_together_harms_nobody() -> None:
    assert heard(lambda log: log.warning("%d", "x")).sign is None


def test_what_is_logged_meanwhile_is_heard_and_not_logged_and_other_lines_are_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    shared = logging.getLogger("apprise")
    pool = logging.getLogger("urllib3.connectionpool")
    with hearing() as found:
        shared.error("s3cret error=404.")
        pool.debug("GET /s3cret")
    assert found.sign is not None
    shared.error("somebody else's")
    assert [record.getMessage() for record in caplog.records] == ["somebody else's"]
