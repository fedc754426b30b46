"""One message per incident, and each event told once: over restarts, lost answers, and what people do in Slack."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from slack_channel import a_firing, an_end, entered, incident, more, rendered
from slack_peer import SlackPeer, done, failed, limited

from tocsin import AlertSeverity, NotificationKind, OutcomeStatus
from tocsin.testing.http_receiver import Bytes, Reply, Reset
from tocsin.testing.samples import NOW, make_notification
from tocsin_slack_app import finding
from tocsin_slack_app.buttons import state_in, target_in

pytestmark = pytest.mark.anyio


async def test_an_incident_is_one_message_with_a_thread(slack: SlackPeer) -> None:
    """People are told in the thread, and then the message is changed to how things stand."""
    async with entered(slack) as backend:
        for notification in (a_firing(), more(), an_end(incidents=(incident(2, 0),))):
            assert (await backend.send(notification)).success
    (root,) = slack.roots
    assert slack.asked() == ["chat.postMessage", *(["chat.postMessage", "chat.update"] * 2)]
    assert [reply["metadata"]["event_payload"]["notification_id"] for reply in slack.replies(root["ts"])] == [
        "ntf-more",
        "ntf-end",
    ]
    assert root["text"].startswith("🟢 [RESOLVED] CRITICAL cpu_usage: 2 alerts in 2 clusters")
    assert root["metadata"]["event_payload"]["notification_id"] == "ntf-first"
    assert target_in(root) is None


async def test_a_first_message_costs_one_call(slack: SlackPeer) -> None:
    """Also in a channel that hears of the incident late, by an escalation."""
    async with entered(slack) as backend:
        await backend.send(a_firing(kind=NotificationKind.ESCALATION))
    assert slack.asked() == ["chat.postMessage"]


@pytest.mark.parametrize("newest_first", [True, False])
async def test_after_a_restart_the_message_is_found_again(slack: SlackPeer, newest_first: bool) -> None:
    """Also in a channel in which a lot else was said, and on a later page."""
    slack.page, slack.newest_first = 7, newest_first
    async with entered(slack) as backend:
        await backend.send(a_firing())
    slack.messages += [{"type": "message", "ts": f"{int(NOW) + 2 + n}.000000", "text": "chatter"} for n in range(20)]
    async with entered(slack) as backend:
        assert (await backend.send(more())).success
        assert (await backend.send(more(notification_id="ntf-again"))).success
    assert len([root for root in slack.roots if "metadata" in root]) == 1
    assert slack.asked().count("conversations.history") == (3 if newest_first else 1)


async def test_what_others_posted_is_not_taken_for_it(slack: SlackPeer) -> None:
    """Another channel of tocsin, another incident, an event in a thread, and what another app says in its metadata."""
    async with entered(slack, "other") as backend:
        await backend.send(a_firing(channel_id="other"))
        await backend.send(more(channel_id="other"))
        await backend.send(a_firing(incident_id="inc-2", incidents=()))
    ids = {"incident_id": "inc-1", "channel_id": "ops"}
    strange: list[Any] = [
        {},
        {"event_type": "tocsin_incident"},
        {"event_type": "theirs", "event_payload": ids},
        [],
        None,
    ]
    for metadata in strange:
        slack.messages.append({"ts": f"{int(NOW) + 5}.000000", "metadata": metadata})
    before = len(slack.roots)
    async with entered(slack) as backend:
        await backend.send(more())
    assert len(slack.roots) == before + 1


@pytest.mark.parametrize("lost", [Reset(), Reset(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{"), Bytes(b"?")])
@pytest.mark.parametrize("restarted", [False, True])
async def test_a_message_whose_answer_was_lost_is_not_posted_again(
    slack: SlackPeer, lost: Any, restarted: bool
) -> None:
    """Slack has it: the second attempt finds it, and later events go under it."""
    async with entered(slack) as backend:
        lose_the_answer(slack, lost)
        assert (await backend.send(a_firing())).status is OutcomeStatus.UNKNOWN
        if not restarted:
            outcome = await backend.send(a_firing(attempt=2))
    if restarted:
        async with entered(slack) as backend:
            outcome = await backend.send(a_firing(attempt=2))
    assert outcome.success
    assert outcome.detail == "Slack had it already"
    assert len(slack.messages) == 1


async def test_a_message_that_did_not_arrive_is_posted_by_the_next_attempt(slack: SlackPeer) -> None:
    async with entered(slack) as backend:
        slack.will(Reset())
        assert (await backend.send(a_firing())).status is OutcomeStatus.UNKNOWN
        assert slack.messages == []
        assert (await backend.send(a_firing(attempt=2))).success
    assert len(slack.messages) == 1


@pytest.mark.parametrize("restarted", [False, True])
async def test_an_event_whose_answer_was_lost_is_not_told_again(slack: SlackPeer, restarted: bool) -> None:
    async with entered(slack) as backend:
        await backend.send(a_firing())
        lose_the_answer(slack, Reset())
        assert (await backend.send(more())).status is OutcomeStatus.UNKNOWN
        if not restarted:
            assert (await backend.send(more(attempt=2))).success
    if restarted:
        async with entered(slack) as backend:
            assert (await backend.send(more(attempt=2))).success
    (root,) = slack.roots
    assert len(slack.replies(root["ts"])) == 1
    assert "2 alerts" in root["text"]


@pytest.mark.parametrize("restarted", [False, True])
async def test_an_event_that_is_told_while_the_message_stays_as_it_was_is_not_told_again(
    slack: SlackPeer, restarted: bool
) -> None:
    """People know; the message is changed by a later attempt."""
    async with entered(slack) as backend:
        await backend.send(a_firing())
        slack.will_fail("chat.update", limited(3))
        outcome = await backend.send(an_end())
        assert outcome.status is OutcomeStatus.UNKNOWN
        assert "the message above it is not changed" in outcome.detail
        if not restarted:
            assert (await backend.send(an_end(attempt=2))).success
    if restarted:
        async with entered(slack) as backend:
            assert (await backend.send(an_end(attempt=2))).success
    (root,) = slack.roots
    assert len(slack.replies(root["ts"])) == 1
    assert "RESOLVED" in root["text"]
    assert ("conversations.replies" in slack.asked()) is restarted


async def test_a_message_that_may_not_be_changed_any_more_is_told_all_the_same(slack: SlackPeer) -> None:
    async with entered(slack) as backend:
        await backend.send(a_firing())
        slack.will_fail("chat.update", "edit_window_closed")
        outcome = await backend.send(an_end())
    assert outcome.success
    assert outcome.detail.endswith("the message above it is not changed: edit_window_closed")


async def test_a_message_that_somebody_deleted_is_posted_anew(slack: SlackPeer) -> None:
    """And the events that follow go under the new one."""
    async with entered(slack) as backend:
        await backend.send(a_firing())
        slack.delete(slack.roots[0]["ts"])
        assert (await backend.send(more())).success
        assert (await backend.send(more(notification_id="ntf-third"))).success
    (root,) = slack.roots
    assert root["metadata"]["event_payload"]["notification_id"] == "ntf-more"
    assert len(slack.replies(root["ts"])) == 1


@pytest.mark.parametrize("error", ["thread_not_found", "cannot_reply_to_message", "message_not_found"])
async def test_a_thread_that_takes_no_reply_is_begun_anew(slack: SlackPeer, error: str) -> None:
    async with entered(slack) as backend:
        await backend.send(a_firing())
        slack.will_fail("chat.postMessage", error)
        assert (await backend.send(more())).success
    assert len(slack.roots) == 2


@pytest.mark.parametrize("error", ["missing_scope", "not_in_channel"])
async def test_where_slack_cannot_be_asked_an_alert_that_is_there_twice_is_better_than_none(
    slack: SlackPeer, error: str
) -> None:
    async with entered(slack) as backend:
        slack.will_fail("conversations.history", error)
        assert (await backend.send(a_firing(attempt=2))).success
    async with entered(slack) as backend:
        slack.will_fail("conversations.history", error)
        assert (await backend.send(more())).success
    assert len(slack.roots) == 2


@pytest.mark.parametrize(
    ("answer", "status", "seconds"),
    [
        (limited(23), OutcomeStatus.THROTTLED, 23.0),
        (failed("internal_error"), OutcomeStatus.UNAVAILABLE, None),
        (Reply(503, b"", {"Retry-After": "7"}), OutcomeStatus.UNAVAILABLE, 7.0),
        (Reply(200, b"no JSON"), OutcomeStatus.UNAVAILABLE, None),
    ],
)
async def test_while_slack_does_not_say_what_it_has_nothing_is_posted(
    slack: SlackPeer, answer: Reply, status: OutcomeStatus, seconds: float | None
) -> None:
    """This attempt has certainly told nobody; from the fourth on, it is posted nevertheless."""
    async with entered(slack) as backend:
        for attempt in (2, 3, 4):
            slack.will_fail("conversations.history", answer)
            outcome = await backend.send(a_firing(attempt=attempt))
            if attempt < 4:
                assert (outcome.status, outcome.retry_after_seconds) == (status, seconds)
                assert slack.messages == []
    assert outcome.success
    assert len(slack.messages) == 1


@pytest.mark.parametrize("kind", ["digest", "heartbeat", "test"])
async def test_what_belongs_to_no_incident_is_a_message_of_its_own_and_there_once(slack: SlackPeer, kind: str) -> None:
    changes: dict[str, Any] = {"test": True} if kind == "test" else {"kind": NotificationKind(kind)}
    first = rendered(make_notification(**changes))
    async with entered(slack) as backend:
        lose_the_answer(slack, Reset())
        assert (await backend.send(first)).status is OutcomeStatus.UNKNOWN
        assert (await backend.send(attrs.evolve(first, attempt=2))).success
        assert (await backend.send(attrs.evolve(first, notification_id="ntf-2"))).success
        await backend.send(more())
    assert len(slack.roots) == 3, "it is not taken for the message of an incident"
    assert "chat.update" not in slack.asked()


@pytest.mark.parametrize("restarted", [False, True])
async def test_the_button_resolves_what_fires_as_far_as_the_channel_was_told(slack: SlackPeer, restarted: bool) -> None:
    """Over all its notifications: one that tells of a second alert does not list the first."""
    async with entered(slack) as backend:
        await backend.send(a_firing())
        await backend.send(more(incidents=(incident(3, 3),)))
        assert resolvable(slack) == ("manual-001", "manual-002")
        ended = an_end(incidents=(incident(3, 2),), still_firing=1)
        if not restarted:
            await backend.send(ended)
    if restarted:
        async with entered(slack) as backend:
            await backend.send(ended)
    assert resolvable(slack) == ("manual-002",)


async def test_what_cannot_be_known_is_not_resolved_by_a_button(slack: SlackPeer) -> None:
    """The message is gone that listed the first alerts; until a notification lists all that fires."""
    async with entered(slack) as backend:
        await backend.send(a_firing())
        slack.roots[0]["blocks"] = slack.roots[0]["blocks"][:1]
    async with entered(slack) as backend:
        await backend.send(more(incidents=(incident(3, 3),)))
        assert resolvable(slack) is None
        await backend.send(more(notification_id="ntf-all", incidents=(incident(3, 1),)))
        assert resolvable(slack) == ("manual-002",)


def resolvable(slack: SlackPeer) -> tuple[str, ...] | None:
    """Return what the button under the incident's message would resolve."""
    target = target_in(slack.roots[0])
    return None if target is None else target.alert_ids


@pytest.mark.parametrize("answer", [limited(3), failed("missing_scope"), done(messages=[{"ts": "1.2"}, 7])])
async def test_who_has_acknowledged_an_incident_is_asked_of_its_message(slack: SlackPeer, answer: Reply) -> None:
    """Where that cannot be had, that it is acknowledged is said all the same."""
    async with entered(slack) as backend:
        await backend.send(a_firing())
        slack.will_fail("conversations.history", answer)
        assert (await backend.send(more(incidents=(incident(2, 2, acknowledged=True),)))).success
    (root,) = slack.roots
    assert state_in(root) == "✅ Acknowledged"
    assert "tocsin_acknowledge" not in str(root["blocks"])


async def test_only_so_many_incidents_are_remembered(slack: SlackPeer, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is not is asked for."""
    monkeypatch.setattr(finding, "_MOST_THREADS", 2)
    async with entered(slack) as backend:
        for number in range(3):
            await backend.send(a_firing(incident_id=f"inc-{number}", incidents=()))
        assert "conversations.history" not in slack.asked()
        severity = AlertSeverity.CRITICAL
        await backend.send(more(incident_id="inc-2", incidents=(), told_severity=severity))
        assert "conversations.history" not in slack.asked()
        await backend.send(more(incident_id="inc-0", incidents=(), told_severity=severity))
        assert slack.asked().count("conversations.history") == 1
    assert len(slack.roots) == 3


@pytest.mark.parametrize("newest_first", [True, False])
async def test_one_look_finds_the_messages_of_many_incidents(slack: SlackPeer, newest_first: bool) -> None:
    """After a restart Slack is not asked for each of them; of two messages of one incident the later counts."""
    slack.newest_first = newest_first
    async with entered(slack) as backend:
        for name in ("inc-1", "inc-2", "inc-3", "inc-2"):
            await backend.send(a_firing(incident_id=name, incidents=(), notification_id=f"ntf-{len(slack.roots)}"))
            backend._threads.forget(name)
    async with entered(slack) as backend:
        for name in ("inc-9", "inc-3", "inc-1", "inc-2"):
            await backend.send(more(incident_id=name, incidents=(), notification_id=f"ntf-more-{name}"))
    assert slack.asked().count("conversations.history") == 1
    assert [len(slack.replies(root["ts"])) for root in slack.roots] == [1, 0, 1, 1, 0]


async def test_an_answer_that_does_not_say_which_message_it_is_does_no_harm(slack: SlackPeer) -> None:
    """The next event looks for it."""
    async with entered(slack) as backend:
        slack.will_fail("chat.postMessage", done())
        assert (await backend.send(a_firing())).success
        assert (await backend.send(more())).success
    assert "conversations.history" in slack.asked()


def lose_the_answer(slack: SlackPeer, lost: Any) -> None:
    """Let Slack take the next call, whose answer never arrives as it should."""
    take = slack.take

    def once(request: Any) -> Any:
        slack.take = take  # type: ignore[method-assign]  # once
        assert take(request).status == 200
        return lost

    slack.take = once  # type: ignore[method-assign]  # for one call
