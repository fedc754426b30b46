"""What people answer with buttons: taken from Slack, committed, and shown under the message."""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Any, Final, Self

import anyio
import anyio.abc

from tocsin import (
    Acknowledged,
    AlertError,
    AlertResolved,
    ConfigurationError,
    ServiceClosed,
    StoreError,
    iso_time,
)
from tocsin_slack_app.blocks import context
from tocsin_slack_app.buttons import ACKNOWLEDGE, ACTIONS, STATE, Block, without
from tocsin_slack_app.mrkdwn import escaped
from tocsin_slack_app.press import MalformedPressError, Press, press_in
from tocsin_slack_app.settings import InteractionsConfig
from tocsin_slack_app.signature import FRESH_SECONDS, is_signed
from tocsin_slack_app.web_api import WebApi

__all__ = ["MOST_BYTES", "SlackInteractions"]

_log: Final = logging.getLogger("tocsin.slack_app")

MOST_BYTES: Final = 1024 * 1024
"""A larger request is refused: the message that comes with a press is never so large."""

_MOST_SEEN: Final = 10_000
_MOST_FOLLOWING: Final = 100
_FAREWELL_SECONDS: Final = 3.0

_OVER: Final = "Nothing of this fires any more, as far as tocsin knows: somebody was faster, or it is over."
_NOT_YOU: Final = "You are not among those who may answer alerts here: tocsin's configuration names them."
_OWN: Final = "This is about tocsin itself, and ends by itself: it cannot be resolved by hand."
_TEST: Final = "The buttons work: tocsin has heard from you. This was a test, and nothing was changed."


class SlackInteractions:
    """Takes Slack's requests, and hands to tocsin what was pressed. It is an async context manager.

    Each request has to be signed by Slack, fresh, and not seen before. It is answered once what was pressed is
    committed, well within the three seconds that Slack allows; the message in Slack is changed afterwards.

    :param submit: the service's door, ``alerting.submit``.
    :param wall_clock: seconds since the epoch.
    """

    def __init__(
        self,
        submit: Callable[..., Awaitable[Any]],
        config: InteractionsConfig,
        *,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._submit = submit
        self._config = config
        self._wall_clock = wall_clock
        self._api = WebApi(config.bot_token, config.api_url, config.timeout_seconds, config.http)
        self._seen: OrderedDict[str, float] = OrderedDict()
        self._following = 0
        self._tasks: anyio.abc.TaskGroup | None = None

    async def __aenter__(self) -> Self:
        await self._api.__aenter__()
        self._tasks = await anyio.create_task_group().__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        tasks, self._tasks = self._tasks, None
        assert tasks is not None, "it was entered"
        try:
            tasks.cancel_scope.deadline = anyio.current_time() + _FAREWELL_SECONDS
            await tasks.__aexit__(kind, error, trace)
        except BaseExceptionGroup as group:
            if group.exceptions != (error,):
                raise
        finally:
            await self._api.__aexit__(kind, error, trace)

    async def handle(self, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        """Take one request, and return the status and the body of its answer.

        :param headers: the names in any case.
        :param body: as it came, of at most :data:`MOST_BYTES`.
        """
        if len(body) > MOST_BYTES:
            return 413, b"too large"
        found = {name.lower(): value for name, value in headers.items()}
        now = self._wall_clock()
        if not is_signed(self._config.signing_secret, found, body, now):
            return 401, b"not signed by Slack, or too old"
        if not self._is_new(found["x-slack-signature"], now):
            return 200, b""
        try:
            press = press_in(body)
            if press is not None:
                await self._take(press)
        except (MalformedPressError, ConfigurationError) as error:
            _log.warning("a request that Slack signed cannot be understood: %s", type(error).__name__)
            return 400, b"cannot be understood"
        except (StoreError, ServiceClosed) as error:
            _log.error("what was pressed in Slack could not be committed: %s", type(error).__name__)
            return 503, b"could not be committed"
        return 200, b""

    def _is_new(self, signed: str, now: float) -> bool:
        """Whether no request with this signature came before; it is forgotten once it would be too old anyway."""
        while self._seen and (len(self._seen) >= _MOST_SEEN or next(iter(self._seen.values())) < now):
            self._seen.popitem(last=False)
        if signed in self._seen:
            return False
        self._seen[signed] = now + 2 * FRESH_SECONDS
        return True

    async def _take(self, press: Press) -> None:
        if self._config.users and press.user_id not in self._config.users:
            _log.warning("%s may not answer alerts, and pressed a button", press.author)
            self._follow(self._whisper, press, _NOT_YOU)
        elif press.target.test:
            self._follow(self._whisper, press, _TEST)
        else:
            await self._answer(press)

    async def _answer(self, press: Press) -> None:
        try:
            done = await self._is_committed(press)
        except AlertError:
            self._follow(self._whisper, press, _OWN)
        else:
            self._follow(*((self._show, press) if done else (self._whisper, press, _OVER)))

    async def _is_committed(self, press: Press) -> bool:
        """Hand on what was pressed; return False where tocsin knows of nothing that it is about."""
        facts: list[Acknowledged | AlertResolved]
        if press.action == ACKNOWLEDGE:
            facts = [Acknowledged(press.target.incident_id, press.author)]
        else:
            facts = [AlertResolved(alert_id, press.author) for alert_id in press.target.alert_ids or ()]
        answers = await self._submit(*facts)
        return any(answers)

    def _follow(self, step: Callable[..., Awaitable[None]], *arguments: Any) -> None:
        """Do in the background what Slack need not wait for; what is committed stays so, whatever comes of it."""
        if self._tasks is None or self._following >= _MOST_FOLLOWING:
            _log.warning("what was pressed in Slack is committed, and not shown there: too much is under way")
            return
        self._following += 1
        self._tasks.start_soon(self._carried_out, step, arguments)

    async def _carried_out(self, step: Callable[..., Awaitable[None]], arguments: tuple[Any, ...]) -> None:
        try:
            await step(*arguments)
        except Exception as error:  # noqa: BLE001  one message that cannot be changed must not end the others
            _log.error("what was pressed in Slack is committed, and not shown there: %s", type(error).__name__)
        finally:
            self._following -= 1

    async def _show(self, press: Press) -> None:
        """Show under the message who has it, and in its thread what was done.

        A resolution is told by a notification, which changes the message; only who did it is told here. A message that
        was changed since it was pressed is shown as it was then, until its next change. In the thread people are named,
        and not mentioned: whoever has just pressed a button needs no notification of it.
        """
        if press.action == ACKNOWLEDGE:
            now = self._wall_clock()
            when = f"<!date^{int(now)}^{{date_short_pretty}} {{time}}|{escaped(iso_time(now))}>"
            state = f"✅ Acknowledged by <@{press.user_id}>, {when}"
            await self._update(press, _with_state(without(press.blocks, ACKNOWLEDGE), state))
        said = "✅ Acknowledged" if press.action == ACKNOWLEDGE else "☑️ Resolved"
        who = escaped(press.user_name) or press.user_id
        message = {"text": f"{said} by {who}", "parse": "none", "link_names": False}
        answer = await self._api.post({"channel": press.channel, "thread_ts": press.ts, **message})
        _note(answer.ok, "its thread", answer.outcome.detail)

    async def _update(self, press: Press, blocks: list[Block]) -> None:
        if not press.blocks:
            return
        message = {"channel": press.channel, "ts": press.ts, "text": press.text, "blocks": blocks}
        answer = await self._api.update({**message, "parse": "none", "link_names": False})
        _note(answer.ok, "the message", answer.outcome.detail)

    async def _whisper(self, press: Press, text: str) -> None:
        answer = await self._api.whisper({"channel": press.channel, "user": press.user_id, "text": text})
        _note(answer.ok, "an answer", answer.outcome.detail)


def _with_state(blocks: list[Block], text: str) -> list[Block]:
    """Return *blocks* with a line that says who has answered, above the buttons."""
    place = next((index for index, block in enumerate(blocks) if block.get("block_id") == ACTIONS), len(blocks))
    return [*blocks[:place], context(text, STATE), *blocks[place:]]


def _note(ok: bool, what: str, problem: str) -> None:
    if not ok:
        _log.warning("what was pressed in Slack is committed, and %s there is as it was: %s", what, problem)
