"""What people press: only what Slack signed counts, and it is committed, and shown."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio.lowlevel
import attrs
import pytest
from slack_channel import a_firing, entered
from slack_peer import CHANNEL, TOKEN, SlackPeer
from slack_press import SECRET, USER, body_of, headers_of, payload_of

from tocsin import Acknowledged, AlertError, AlertResolved, ConfigurationError, Fact, ServiceClosed, StoreError
from tocsin.testing.http_receiver import Hang
from tocsin.testing.samples import NOW
from tocsin_slack_app import InteractionsConfig, SlackInteractions
from tocsin_slack_app import interactions as interactions_module
from tocsin_slack_app.signature import signature

pytestmark = pytest.mark.anyio
ACKNOWLEDGE, RESOLVE = "tocsin_acknowledge", "tocsin_resolve"

on_one_loop = pytest.mark.parametrize("anyio_backend", ["asyncio"])
"""For what reads and refuses, and waits for nothing."""


@attrs.define
class Door:
    """Takes facts as a service does."""

    facts: list[Fact] = attrs.field(factory=list)
    answer: bool = True
    raises: Exception | None = None

    async def submit(self, *facts: Fact) -> tuple[bool, ...]:
        """Note *facts*."""
        if self.raises is not None:
            raise self.raises
        self.facts += facts
        return (self.answer,) * len(facts)


def settings(slack: SlackPeer, **changes: Any) -> InteractionsConfig:
    """Return settings that lead to *slack*."""
    fields = {"signing_secret": SECRET, "bot_token": TOKEN, "api_url": f"{slack.url}/api"}
    return InteractionsConfig(**{**fields, **changes})


@asynccontextmanager
async def listening(slack: SlackPeer, door: Door, **changes: Any) -> AsyncIterator[SlackInteractions]:
    """Give what takes presses; what is shown of them is there afterwards."""
    async with SlackInteractions(door.submit, settings(slack, **changes), wall_clock=lambda: NOW) as interactions:
        yield interactions


async def posted(slack: SlackPeer, **changes: Any) -> dict[str, Any]:
    """Return the message of an incident that fires."""
    async with entered(slack) as backend:
        assert (await backend.send(a_firing(**changes))).success
    return slack.roots[-1]


async def press(interactions: SlackInteractions, payload: Any, at: float = NOW) -> tuple[int, bytes]:
    """Send what Slack would."""
    body = body_of(payload)
    return await interactions.handle(headers_of(body, at), body)


# -- what is done ------------------------------------------------------------------------------------------------


async def test_an_acknowledgement_is_committed_and_shown_with_who_gave_it(slack: SlackPeer) -> None:
    """The button is gone, the others stay, and so do the metadata by which the message is found."""
    root, door = await posted(slack), Door()
    metadata = root["metadata"]
    async with listening(slack, door) as interactions:
        assert await press(interactions, payload_of(root, ACKNOWLEDGE)) == (200, b"")
        assert door.facts == [Acknowledged("inc-1", f"slack:ada ({USER})")]
    (root,) = slack.roots
    *_, state, actions = root["blocks"]
    said = f"✅ Acknowledged by <@{USER}>"
    assert state["elements"][0]["text"].startswith(f"{said}, <!date^1700000000^")
    assert [button["action_id"] for button in actions["elements"]] == [RESOLVE]
    assert root["metadata"] == metadata
    assert [reply["text"] for reply in slack.replies(root["ts"])] == ["✅ Acknowledged by ada"]


async def test_a_second_acknowledgement_takes_the_place_of_the_first(slack: SlackPeer) -> None:
    root, door = await posted(slack), Door()
    before = dict(root)
    async with listening(slack, door) as interactions:
        await press(interactions, payload_of(before, ACKNOWLEDGE))
        await press(interactions, payload_of(before, ACKNOWLEDGE, user="U0BOB0002", name="bob"))
    states = [block for block in slack.roots[0]["blocks"] if block.get("block_id") == "tocsin_state"]
    assert len(door.facts) == 2
    assert len(states) == 1


async def test_a_resolution_is_committed_and_who_gave_it_is_told(slack: SlackPeer) -> None:
    """The message is changed by the notification that follows."""
    root, door = await posted(slack), Door()
    async with listening(slack, door) as interactions:
        assert await press(interactions, payload_of(root, RESOLVE)) == (200, b"")
    assert door.facts == [AlertResolved("manual-001", f"slack:ada ({USER})")]
    assert [reply["text"] for reply in slack.replies(root["ts"])] == ["☑️ Resolved by ada"]
    assert "chat.update" not in slack.asked()


async def test_who_answers_what_is_over_is_told_so_alone(slack: SlackPeer) -> None:
    root, door = await posted(slack), Door(answer=False)
    async with listening(slack, door) as interactions:
        await press(interactions, payload_of(root, ACKNOWLEDGE))
    (whisper,) = slack.whispers
    assert (whisper["channel"], whisper["user"]) == (CHANNEL, USER)
    assert whisper["text"].startswith("Nothing of this fires any more")
    assert len(slack.messages) == 1


async def test_only_those_who_are_named_may_answer(slack: SlackPeer) -> None:
    root, door = await posted(slack), Door()
    async with listening(slack, door, users=("U0BOB0002",)) as interactions:
        assert await press(interactions, payload_of(root, ACKNOWLEDGE)) == (200, b"")
        assert door.facts == []
        await press(interactions, payload_of(root, ACKNOWLEDGE, user="U0BOB0002", name="bob"))
        assert len(door.facts) == 1
    (whisper,) = slack.whispers
    assert whisper["text"].startswith("You are not among those")


async def test_what_is_about_tocsin_itself_cannot_be_resolved_by_hand(slack: SlackPeer) -> None:
    root = await posted(slack)
    async with listening(slack, Door(raises=AlertError("reserved", "alert_id"))) as interactions:
        assert await press(interactions, payload_of(root, RESOLVE)) == (200, b"")
    assert slack.whispers[0]["text"].startswith("This is about tocsin itself")


async def test_a_button_under_a_test_says_that_it_works(slack: SlackPeer) -> None:
    root, door = await posted(slack, test=True), Door()
    async with listening(slack, door) as interactions:
        await press(interactions, payload_of(root, RESOLVE))
    assert door.facts == []
    assert slack.whispers[0]["text"].startswith("The buttons work")


async def test_a_button_that_only_leads_somewhere_does_nothing(slack: SlackPeer) -> None:
    """Slack tells of it all the same."""
    async with entered(slack, page_url="https://alerts.example.org") as backend:
        await backend.send(a_firing())
    door = Door()
    async with listening(slack, door) as interactions:
        assert await press(interactions, payload_of(slack.roots[0], "tocsin_page")) == (200, b"")
        for payload in ({"type": "view_submission"}, {"type": "block_actions"}, {}, {"type": 7, "actions": 7}):
            assert await press(interactions, payload) == (200, b"")
    assert door.facts == []
    assert slack.asked() == ["chat.postMessage"]


@on_one_loop
@pytest.mark.parametrize(
    ("user", "author"),
    [
        ({"id": USER, "username": "a\nb \u202e" + "x" * 200}, f"slack:a b \ufffd{'x' * 74}… ({USER})"),
        ({"id": USER, "name": "ada"}, f"slack:ada ({USER})"),
        ({"id": USER, "username": 7}, f"slack:{USER}"),
    ],
)
async def test_an_author_is_one_short_line(slack: SlackPeer, user: dict[str, Any], author: str) -> None:
    root, door = await posted(slack), Door()
    async with listening(slack, door) as interactions:
        await press(interactions, {**payload_of(root, ACKNOWLEDGE), "user": user})
    assert door.facts == [Acknowledged("inc-1", author)]
    assert "\u202e" not in slack.replies(root["ts"])[0]["text"]


# -- what is refused ---------------------------------------------------------------------------------------------


def test_the_signature_is_that_of_slacks_documentation() -> None:
    """https://docs.slack.dev/authentication/verifying-requests-from-slack, step by step."""
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name="
        b"foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2F"
        b"hooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015"
        b".47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    wanted = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    assert signature("8f742231b10e8888abcd99yyyzzz85a5", "1531420618", body) == wanted


@on_one_loop
@pytest.mark.parametrize("age", [-301, -300, 0, 300, 301, 10**9])
async def test_only_what_is_fresh_counts(slack: SlackPeer, age: int) -> None:
    root, door = await posted(slack), Door()
    async with listening(slack, door) as interactions:
        status, _ = await press(interactions, payload_of(root, ACKNOWLEDGE), at=NOW - age)
    assert (status, len(door.facts)) == ((200, 1) if abs(age) <= 300 else (401, 0))


@on_one_loop
@pytest.mark.parametrize(
    "forged",
    [
        {"X-Slack-Signature": ""},
        {"X-Slack-Signature": "v0=" + "0" * 64},
        {"X-Slack-Signature": "v0=ü"},
        {"X-Slack-Signature": "v1=" + "0" * 64},
        {"X-Slack-Request-Timestamp": ""},
        {"X-Slack-Request-Timestamp": f"{NOW:.0f}.0"},
        {"X-Slack-Request-Timestamp": f" {NOW:.0f}"},
        {"X-Slack-Request-Timestamp": f"{NOW + 1:.0f}"},
        {"X-Slack-Request-Timestamp": "١٧٠٠٠٠٠٠٠٠"},
        {"X-Slack-Request-Timestamp": "9" * 5000},
    ],
)
async def test_what_slack_did_not_sign_is_refused(slack: SlackPeer, forged: dict[str, str]) -> None:
    root, door = await posted(slack), Door()
    async with listening(slack, door) as interactions:
        body = body_of(payload_of(root, ACKNOWLEDGE))
        assert (await interactions.handle({**headers_of(body, NOW), **forged}, body))[0] == 401
        assert (await interactions.handle({}, body))[0] == 401
        assert (await interactions.handle(headers_of(body, NOW, "another secret"), body))[0] == 401
        assert (await interactions.handle(headers_of(body, NOW), body + b"&x=1"))[0] == 401
    assert door.facts == []


async def test_what_was_recorded_and_sent_again_does_nothing(slack: SlackPeer) -> None:
    root, door = await posted(slack), Door()
    async with listening(slack, door) as interactions:
        for _ in range(3):
            assert await press(interactions, payload_of(root, RESOLVE)) == (200, b"")
    assert len(door.facts) == 1


async def test_what_was_seen_is_forgotten_when_it_would_be_too_old(
    slack: SlackPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interactions_module, "_MOST_SEEN", 3)
    root, now = await posted(slack), [NOW]
    async with SlackInteractions(Door().submit, settings(slack), wall_clock=lambda: now[0]) as interactions:
        for step in range(5):
            now[0] = NOW + step
            await press(interactions, payload_of(root, ACKNOWLEDGE), at=now[0])
        assert len(interactions._seen) == 3
        now[0] = NOW + 1000
        await press(interactions, payload_of(root, ACKNOWLEDGE), at=now[0])
        assert len(interactions._seen) == 1


async def test_a_header_may_be_written_in_any_case(slack: SlackPeer) -> None:
    root, door = await posted(slack), Door()
    body = body_of(payload_of(root, ACKNOWLEDGE))
    headers = {name.upper(): value for name, value in headers_of(body, NOW).items()}
    async with listening(slack, door) as interactions:
        assert await interactions.handle(headers, body) == (200, b"")
    assert len(door.facts) == 1


def _without(*path: str) -> Any:
    def changed(payload: dict[str, Any]) -> dict[str, Any]:
        inner = payload
        for name in path[:-1]:
            inner[name] = dict(inner[name])
            inner = inner[name]
        del inner[path[-1]]
        return payload

    return changed


def _with_value(value: object) -> Any:
    def changed(payload: dict[str, Any]) -> dict[str, Any]:
        return {**payload, "actions": [{**payload["actions"][0], "value": value}]}

    return changed


@on_one_loop
@pytest.mark.parametrize(
    "change",
    [
        *(
            _without("user"),
            _without("user", "id"),
            _without("channel"),
            _without("message"),
            _without("message", "ts"),
        ),
        *(_with_value(None), _with_value("{}"), _with_value('{"incident": ""}'), _with_value("[" * 1000)),
        *(_with_value('{"incident": "inc-1"}'), _with_value('{"incident": "inc-1", "alerts": []}')),
        lambda payload: {**payload, "user": {"id": "<!channel>"}},
        lambda payload: {**payload, "message": {"ts": "1"}},
        lambda payload: {**payload, "channel": {"id": "general"}},
    ],
)
async def test_what_slack_would_not_send_is_refused(slack: SlackPeer, change: Any) -> None:
    root, door = await posted(slack), Door()
    async with listening(slack, door) as interactions:
        assert (await press(interactions, change(payload_of(root, RESOLVE))))[0] == 400
    assert door.facts == []


@on_one_loop
@pytest.mark.parametrize(
    "body", [b"", b"payload=", b"payload=[]", b"payload=7", b"x=1", b"\xff", b"payload=" + b"[" * 9999]
)
async def test_a_form_that_cannot_be_read_is_refused(slack: SlackPeer, body: bytes) -> None:
    async with listening(slack, Door()) as interactions:
        assert (await interactions.handle(headers_of(body, NOW), body))[0] == 400


async def test_what_is_too_large_is_refused_unread(slack: SlackPeer) -> None:
    body = b"x" * (interactions_module.MOST_BYTES + 1)
    async with listening(slack, Door()) as interactions:
        assert (await interactions.handle(headers_of(body, NOW), body))[0] == 413


# -- what goes wrong ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "status"),
    [(StoreError("disk full"), 503), (ServiceClosed("left"), 503), (ConfigurationError("reserved", "alert_id"), 400)],
)
async def test_what_cannot_be_committed_is_not_said_to_be(slack: SlackPeer, error: Exception, status: int) -> None:
    """Slack shows to who pressed that it did not work."""
    root, door = await posted(slack), Door(raises=error)
    async with listening(slack, door) as interactions:
        assert (await press(interactions, payload_of(root, ACKNOWLEDGE)))[0] == status
    assert slack.asked() == ["chat.postMessage"]


async def test_what_is_committed_stays_so_when_slack_cannot_show_it(
    slack: SlackPeer, caplog: pytest.LogCaptureFixture
) -> None:
    root, door = await posted(slack), Door()
    slack.will_fail("chat.update", "fatal_error")
    slack.will_fail("chat.postMessage", "is_archived")
    with caplog.at_level(logging.WARNING):
        async with listening(slack, door) as interactions:
            assert await press(interactions, payload_of(root, ACKNOWLEDGE)) == (200, b"")
    assert len(door.facts) == 1
    said = [record.message.rpartition(": ")[2] for record in caplog.records]
    assert said == ["fatal_error", "the channel is archived"]


async def test_slack_is_not_kept_waiting_for_what_is_shown(slack: SlackPeer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is who leaves."""
    monkeypatch.setattr(interactions_module, "_FAREWELL_SECONDS", 0.01)
    root, door = await posted(slack), Door()
    slack.will(Hang())
    async with listening(slack, door) as interactions:
        assert await press(interactions, payload_of(root, ACKNOWLEDGE)) == (200, b"")
    assert len(slack.messages) == 1


async def test_only_so_much_is_shown_at_a_time(slack: SlackPeer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interactions_module, "_MOST_FOLLOWING", 1)
    root, door = await posted(slack), Door()
    async with listening(slack, door) as interactions:
        for second in range(3):
            await press(interactions, payload_of(root, RESOLVE), at=NOW + second)
    assert len(door.facts) == 3
    assert len(slack.replies(root["ts"])) == 1


async def test_a_step_that_raises_ends_no_other(slack: SlackPeer, monkeypatch: pytest.MonkeyPatch) -> None:
    root, door = await posted(slack), Door()

    async def raising(*_: Any) -> None:
        raise RuntimeError("this is a bug")

    async with listening(slack, door) as interactions:
        monkeypatch.setattr(interactions, "_show", raising)
        await press(interactions, payload_of(root, RESOLVE))
        await anyio.lowlevel.checkpoint()
        door.answer = False
        await press(interactions, payload_of(root, RESOLVE), at=NOW + 1)
    assert len(slack.whispers) == 1


async def test_a_message_without_blocks_is_left_as_it_is(slack: SlackPeer) -> None:
    root, door = await posted(slack), Door()
    payload = payload_of(root, ACKNOWLEDGE)
    payload["message"] = {"ts": root["ts"], "text": 7}
    async with listening(slack, door) as interactions:
        assert await press(interactions, payload) == (200, b"")
    assert slack.asked() == ["chat.postMessage", "chat.postMessage"]
