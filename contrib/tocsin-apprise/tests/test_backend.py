"""The backend ``apprise`` with real services of Apprise, on loopback: what they get, and what their answers become."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_plus

import anyio
import anyio.lowlevel
import anyio.to_thread
import attrs
import pytest
from apprise import NotifyType
from apprise_peers import NTFY_PASSWORD, TOKEN, GotifyPeer, JsonPeer, MattermostPeer, NtfyPeer, Peer, RocketPeer

from tocsin import AlertSeverity, AlertStatus, BackendContext, Notification, NotificationKind, Outcome, OutcomeStatus
from tocsin.testing.http_receiver import Bytes, Hang, Reply
from tocsin.testing.samples import make_listed, make_notification
from tocsin_apprise import service as services
from tocsin_apprise.backend import AppriseBackend
from tocsin_apprise.message import notify_type, render
from tocsin_apprise.settings import AppriseConfig
from tocsin_apprise.threads import MOST_THREADS, threads_for

pytestmark = pytest.mark.anyio
PATIENCE = 30

ROCKET = "A" * 24 + "/" + "b" * 64
URLS: dict[str, tuple[Callable[[], Peer], str]] = {
    "ntfy": (NtfyPeer, f"ntfy://ops:{NTFY_PASSWORD}@{{host}}/alerts"),
    "gotify": (GotifyPeer, f"gotify://{{host}}/{TOKEN}"),
    "mattermost": (MattermostPeer, f"mmost://{{host}}/{TOKEN}"),
    "rocket": (RocketPeer, f"rocket://{ROCKET}@{{host}}/%23alerts?avatar=no"),
    "json": (JsonPeer, "json://{host}/x"),
    "xml": (Peer, "xml://{host}/x"),
    "form": (Peer, "form://{host}/x"),
}


def rendered(notification: Notification) -> Notification:
    return attrs.evolve(notification, message=render(notification, None))


def made(url: str, **settings: Any) -> AppriseBackend:
    allowed = ("form", "json", "xml")
    return AppriseBackend(AppriseConfig(url=url, allow_schemes=allowed, **settings), BackendContext("ops"))


def json_backend(peer: Peer, more: str = "", **settings: Any) -> AppriseBackend:
    return made(f"json://{peer.host}/x{more}", **settings)


async def sent(backend: AppriseBackend, notification: Notification | None = None) -> Outcome:
    with anyio.fail_after(PATIENCE):
        return await backend.send(rendered(notification or make_notification()))


@pytest.mark.parametrize("name", URLS)
async def test_a_service_is_told_once(name: str) -> None:
    peer_class, url = URLS[name]
    with peer_class() as peer:
        outcome = await sent(made(url.format(host=peer.host)))
        assert outcome.status is OutcomeStatus.DELIVERED, outcome
        (request,) = peer.requests
    assert "High CPU usage detected" in unquote_plus(request.body.decode())


@pytest.mark.parametrize("name", URLS)
@pytest.mark.parametrize(
    ("code", "status"),
    [
        (302, OutcomeStatus.REJECTED),
        (400, OutcomeStatus.REJECTED),
        (429, OutcomeStatus.THROTTLED),
        (500, OutcomeStatus.UNAVAILABLE),
        (503, OutcomeStatus.UNAVAILABLE),
    ],
)
async def test_a_status_is_found_whatever_the_service(
    name: str, code: int, status: OutcomeStatus, anyio_backend: object
) -> None:
    if anyio_backend != ("trio", {}):
        pytest.skip("no matter of the event loop")
    peer_class, url = URLS[name]
    with peer_class() as peer:
        peer.will(Reply(code, b"s3cret", {"Location": "/elsewhere"}))
        outcome = await sent(made(url.format(host=peer.host)))
        assert (outcome.status, outcome.code) == (status, code)
        assert len(peer.requests) == 1
    assert "s3cret" not in repr(outcome)


async def test_an_answer_that_is_no_http_is_unknown() -> None:
    with JsonPeer() as peer:
        peer.will(Bytes(b"220 smtp.example ESMTP\r\n"))
        assert (await sent(json_backend(peer))).status is OutcomeStatus.UNKNOWN


async def test_redirects_retries_and_waiting_cannot_be_switched_on_in_the_url() -> None:
    with JsonPeer() as peer:
        peer.will(Reply(307, b"", {"Location": f"{peer.url}/elsewhere"}), Reply(503))
        backend = json_backend(peer, "?redirect=yes&retry=5&wait=20&optional=yes")
        assert (await sent(backend)).status is OutcomeStatus.REJECTED
        assert (await sent(backend)).status is OutcomeStatus.UNAVAILABLE
        assert len(peer.requests) == 2


async def test_a_service_that_asks_to_wait_is_not_waited_for() -> None:
    """As Discord's and Matrix's do, through Apprise's throttle, which sleeps."""
    service: Any = services.opened("ntfy://127.0.0.1:1/alerts", 5.0)
    backend = made("ntfy://127.0.0.1:1/alerts")
    backend._idle.append(service)

    def send(**arguments: Any) -> bool:
        service.throttle()
        service.throttle(wait=12.5)
        return True

    service.send = send
    outcome = await sent(backend)
    assert (outcome.status, outcome.retry_after_seconds) == (OutcomeStatus.THROTTLED, 12.5)


@pytest.mark.parametrize("error", [KeyError("s3cret"), SystemExit(3), UnicodeEncodeError("ascii", "s3cret", 0, 1, "x")])
async def test_a_plugin_that_raises_is_an_outcome(error: BaseException) -> None:
    service: Any = services.opened("ntfy://127.0.0.1:1/alerts", 5.0)
    backend = made("ntfy://127.0.0.1:1/alerts")
    backend._idle.append(service)

    def send(**arguments: Any) -> bool:
        raise error

    service.send = send
    outcome = await sent(backend)
    assert outcome.status is OutcomeStatus.UNKNOWN
    assert type(error).__name__ in outcome.detail
    assert "s3cret" not in repr(outcome)
    assert not backend._idle, "a service that broke is not used again"


# -- time, and threads -------------------------------------------------------------------------------------------


async def abandoned(backend: AppriseBackend, peer: Peer, count: int) -> None:
    """Have *count* sends hang, and give them up."""
    async with anyio.create_task_group() as tasks:
        for _ in range(count):
            before = len(peer.arrivals)
            tasks.start_soon(backend.send, rendered(make_notification()))
            assert await anyio.to_thread.run_sync(_more, peer, before)
        tasks.cancel_scope.cancel()


def _more(peer: Peer, before: int) -> bool:
    return peer.wait_until(lambda: len(peer.arrivals) > before, PATIENCE)


async def ended(url: str) -> None:
    """Wait until no thread of *url* runs."""
    with anyio.fail_after(PATIENCE):
        while threads_for(url).running:
            await anyio.lowlevel.checkpoint()


async def test_after_its_time_a_send_is_unknown_and_its_thread_is_counted() -> None:
    """A receiver that says a little again and again is within every timeout of a socket."""
    with JsonPeer() as peer:
        peer.will(Hang(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"))
        backend = json_backend(peer, timeout_seconds=0.2)
        service = services.opened(backend._config.url, 60.0)
        backend._idle.append(service)
        outcome = await sent(backend)
        assert outcome == Outcome.unknown("JSON: no answer within 0.2 s; it may have arrived")
        assert threads_for(backend._config.url).abandoned == 1
        peer.stop()
        await ended(backend._config.url)
    assert threads_for(backend._config.url).abandoned == 0


async def test_a_thread_ends_by_itself_when_the_time_is_up() -> None:
    """So a receiver that says nothing takes no thread for longer than a send may take."""
    with JsonPeer() as peer:
        peer.will(Hang())
        backend = json_backend(peer, timeout_seconds=0.2)
        assert (await sent(backend)).status is OutcomeStatus.UNKNOWN
        await ended(backend._config.url)
        await anyio.to_thread.run_sync(peer.wait_for_departure)


def test_a_connection_waits_as_long_as_a_send_may_take_and_no_longer() -> None:
    """Or less, where the URL says so."""
    plain: Any = services.opened("ntfy://127.0.0.1:1/alerts", 7.0)
    short: Any = services.opened("ntfy://127.0.0.1:1/alerts?rto=2&cto=50", 7.0)
    assert (plain.socket_connect_timeout, plain.socket_read_timeout) == (7.0, 7.0)
    assert (short.socket_connect_timeout, short.socket_read_timeout) == (7.0, 2.0)


async def test_when_all_threads_hang_nothing_more_is_sent_and_that_is_said() -> None:
    with JsonPeer() as peer, JsonPeer() as other:
        peer.will(*[Hang()] * MOST_THREADS)
        backend = json_backend(peer, timeout_seconds=60)
        await abandoned(backend, peer, MOST_THREADS)
        outcome = await sent(backend)
        assert outcome == Outcome.unavailable("JSON: all 8 threads are taken, 8 of them by sends given up")
        again = json_backend(peer, timeout_seconds=30)
        assert (await sent(again)).status is OutcomeStatus.UNAVAILABLE, "a reload does not make more of them"
        assert len(peer.requests) == MOST_THREADS
        assert (await sent(json_backend(other))).success, "another destination is not held up"
        peer.stop()
        await ended(backend._config.url)


async def test_one_service_is_used_again_and_by_one_thread_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    made_anew = []

    def counted(url: str, timeout_seconds: float) -> Any:
        made_anew.append(url)
        return services.opened(url, timeout_seconds)

    monkeypatch.setattr("tocsin_apprise.backend.opened", counted)
    with JsonPeer() as peer:
        async with json_backend(peer) as backend:
            for _ in range(3):
                assert (await sent(backend)).success
            assert len(made_anew) == 1
            peer.will(Hang())
            await abandoned(backend, peer, 1)
            assert (await sent(backend)).success
            assert len(made_anew) == 2
            url = backend._config.url
        peer.stop()
        await ended(url)
    assert backend._idle == []


async def test_services_that_are_left_are_let_go_in_a_thread() -> None:
    """Some log out over the network when they are collected: that must not hold up the event loop."""
    where: list[str] = []
    gone = threading.Event()

    class Leaving:
        def __del__(self) -> None:
            where.append(threading.current_thread().name)
            gone.set()

    async with made("ntfy://127.0.0.1:1/alerts") as backend:
        backend._idle.append(Leaving())  # type: ignore[arg-type]  # all that matters is that it is let go
    assert await anyio.to_thread.run_sync(gone.wait, PATIENCE)
    assert where == ["tocsin-apprise"]


# -- what it is told as ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"severity": AlertSeverity.INFO}, NotifyType.INFO),
        ({"severity": AlertSeverity.WARNING}, NotifyType.WARNING),
        ({"severity": AlertSeverity.ERROR}, NotifyType.FAILURE),
        ({"severity": AlertSeverity.EMERGENCY}, NotifyType.FAILURE),
        ({"status": AlertStatus.RESOLVED}, NotifyType.SUCCESS),
        ({"kind": NotificationKind.HEARTBEAT}, NotifyType.SUCCESS),
    ],
)
async def test_severity_and_state_are_a_type(changes: dict[str, Any], kind: NotifyType) -> None:
    notification = make_notification(make_listed(), **changes)
    assert notify_type(notification) is kind
    with JsonPeer() as peer:
        assert (await sent(json_backend(peer), notification)).success
        assert peer.documents[0]["type"] == kind.value


async def test_a_service_of_markdown_shows_what_an_alert_says_as_it_is() -> None:
    with RocketPeer() as peer:
        url = URLS["rocket"][1].format(host=peer.host)
        text = "*bold* [x](https://evil.example) `code` @all"
        assert (await sent(made(url), make_notification(make_listed(message=text)))).success
        said = peer.documents[0]["text"]
    assert r"\*bold\* \[x\]\(https" in said
    assert "@\u200ball" in said


@pytest.mark.parametrize("mode", ["", "?overflow=truncate", "?overflow=upstream"])
async def test_what_is_too_long_is_cut_and_that_is_seen(mode: str) -> None:
    with MattermostPeer() as peer:
        alerts = [make_listed(alert_id=f"a{n}", message="m" * 5000) for n in range(20)]
        notification = make_notification(*alerts)
        url = URLS["mattermost"][1].format(host=peer.host) + mode
        assert (await sent(made(url), notification)).success
        (document,) = peer.documents
    assert len(document["text"]) <= 4000
    assert document["text"].endswith("…")
    assert document["text"].startswith("[FIRING] CRITICAL")


async def test_a_message_is_split_where_the_url_says_so() -> None:
    with MattermostPeer() as peer:
        notification = make_notification(*[make_listed(alert_id=f"a{n}", message="m" * 5000) for n in range(20)])
        url = URLS["mattermost"][1].format(host=peer.host) + "?overflow=split"
        assert (await sent(made(url), notification)).success
        texts = [document["text"] for document in peer.documents]
    assert len(texts) > 1
    assert sum(text.count("- [FIRING]") for text in texts) == 20
