"""The contract of backends fails backends that break it, with a message that says what to mend."""

from __future__ import annotations

import asyncio
import base64
import logging
import socket
from collections.abc import Mapping
from typing import Any

import anyio
import attrs
import pytest
from tests.plugins.pigeons import TOKEN, Loft, Pigeon, PigeonConfig, contract_of, plugin_of

import tocsin
from tocsin import AlertStatus, BackendContext, Notification, NotificationKind, Outcome
from tocsin.testing.contracts import BackendContract
from tocsin.testing.receiver import Answer, Arrival

SOUND = plugin_of(Pigeon)


class TestPigeon(BackendContract):
    """Sound as it stands."""

    backend = "pigeon"
    plugins = (SOUND,)
    secrets = (TOKEN,)
    harmful = ("@everyone",)

    def open_receiver(self) -> Loft:
        return Loft()

    def settings(self, receiver: Loft) -> dict[str, Any]:
        return {"loft": receiver.address, "token": TOKEN}


# -- outcomes ----------------------------------------------------------------------------------------------------


class Optimist(Pigeon):
    """Takes every answer for a yes."""

    def judge(self, answer: str) -> Outcome:
        return Outcome.delivered(answer[:3])


class Raising(Pigeon):
    """Lets the network's errors through."""

    async def send(self, notification: Notification) -> Outcome:
        return self.judge(await self.loft.take(self.text(notification), "", ""))


class Retrying(Pigeon):
    """Tries again by itself."""

    async def send(self, notification: Notification) -> Outcome:
        outcome = await self.fly(notification)
        return outcome if outcome.success else await self.fly(notification)


class Silent(Pigeon):
    """Says nothing."""

    async def send(self, notification: Notification) -> Any:
        await self.fly(notification)


class Guessing(Pigeon):
    """Says that the receiver does not have what it may have."""

    async def send(self, notification: Notification) -> Outcome:
        outcome = await self.fly(notification)
        return Outcome.unavailable("lost") if outcome == Outcome.unknown("it did not come back") else outcome


class Impatient(Pigeon):
    """Does not pass on when to come back."""

    def judge(self, answer: str) -> Outcome:
        return attrs.evolve(super().judge(answer), retry_after_seconds=None)


class Repeating(Pigeon):
    """Repeats whatever the receiver says."""

    def judge(self, answer: str) -> Outcome:
        return Outcome.rejected(answer) if answer.startswith("no") else super().judge(answer)


class Rambling(Pigeon):
    """Has no measure."""

    def judge(self, answer: str) -> Outcome:
        return Outcome.delivered("and " * 1000)


# -- content -----------------------------------------------------------------------------------------------------


class Terse(Pigeon):
    """Says that something is wrong, and not what."""

    def text(self, notification: Notification) -> str:
        return f"{notification.status} {notification.notification_id}"


class Picky(Pigeon):
    """Knows no heartbeats."""

    def text(self, notification: Notification) -> str:
        if notification.kind is NotificationKind.HEARTBEAT:
            raise KeyError(notification.kind)
        return super().text(notification)


class Worried(Pigeon):
    """Never says that it is over."""

    def text(self, notification: Notification) -> str:
        return " ".join(listed.alert.message for listed in notification.alerts)


class Ascii(Pigeon):
    """Encodes strictly."""

    def text(self, notification: Notification) -> str:
        assert notification.message is not None
        return notification.message.body.encode().decode()


class CString(Pigeon):
    """Ends where C does."""

    def text(self, notification: Notification) -> str:
        return super().text(notification)[::-1].partition("\x00")[0]


class Parting(Pigeon):
    """Makes two messages of a long one."""

    async def fly(self, notification: Notification) -> Outcome:
        if len(self.text(notification)) > 5000:
            await super().fly(notification)
        return await super().fly(notification)


class Mentioning(Pigeon):
    """Escapes nothing."""

    def text(self, notification: Notification) -> str:
        return super().text(notification).replace("(at)", "@")


class MentioningInTemplates(Pigeon):
    """Escapes its own words only."""

    def text(self, notification: Notification) -> str:
        text = super().text(notification)
        assert notification.message is not None
        return text.replace("(at)", "@") if notification.message.templated else text


class OwnWords(Pigeon):
    """Has no ear for templates."""

    def text(self, notification: Notification) -> str:
        return f"{notification.status}: {notification.alerts[0].alert.message}"


class Fresh(Pigeon):
    """Makes a new key for each attempt."""

    def key(self, notification: Notification) -> str:
        return f"{notification.notification_id}/{notification.attempt}"


class Keyless(Pigeon):
    """Has no key."""

    def key(self, notification: Notification) -> None:
        return None


class OneKey(Pigeon):
    """Has the same key for all."""

    def key(self, notification: Notification) -> str:
        return "pigeon"


class NoIncident(Pigeon):
    """Forgets what belongs together."""

    def incident(self, notification: Notification) -> None:
        return None


class ManyIncidents(Pigeon):
    """Makes an incident of each notification."""

    def incident(self, notification: Notification) -> str:
        return notification.notification_id


class OneIncident(Pigeon):
    """Puts all into one incident."""

    def incident(self, notification: Notification) -> str:
        return "pigeon"


class Closing(Pigeon):
    """Takes the end of one for the end of all."""

    def ends(self, notification: Notification) -> bool:
        return notification.status is AlertStatus.RESOLVED


class Holding(Pigeon):
    """Never closes an incident."""

    def ends(self, notification: Notification) -> bool:
        return False


class Undecided(Pigeon):
    """Knows no end."""

    def ends(self, notification: Notification) -> None:
        return None


class Mixing(Pigeon):
    """Keeps what it sends where the next send finds it."""

    async def fly(self, notification: Notification) -> Outcome:
        self.current = notification
        await anyio.lowlevel.checkpoint()
        return await super().fly(self.current)


class Shared(Pigeon):
    """Keeps its settings in the class."""

    def __init__(self, config: Any, context: BackendContext) -> None:
        type(self).config = config


# -- secrets -----------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class OpenConfig:
    """Shows its token."""

    loft: str
    token: str


@attrs.frozen(kw_only=True)
class TellingConfig(PigeonConfig):
    """Repeats a token that it does not like."""

    token: str = attrs.field(repr=False, validator=lambda _, attribute, value: _telling(attribute, value))


def _telling(attribute: attrs.Attribute[Any], value: str) -> None:
    if not value.isprintable():
        raise tocsin.ConfigurationError(f"what is {value!r}?", attribute.name)


@attrs.frozen(kw_only=True)
class VagueConfig(PigeonConfig):
    """Does not say which setting it does not like."""

    token: str = attrs.field(repr=False, validator=lambda _, attribute, value: _vague(value))


def _vague(value: str) -> None:
    if not value.isprintable():
        raise tocsin.ConfigurationError("something is wrong")


class Naming(Pigeon):
    """Has its token in its repr."""

    def __repr__(self) -> str:
        return f"Pigeon({self.config.token})"


class Logging(Pigeon):
    """Logs what it does."""

    async def send(self, notification: Notification) -> Outcome:
        logging.getLogger("pigeon").debug("flying with %s", self.config.token)
        return await super().send(notification)


class Printing(Pigeon):
    """Prints what it does."""

    async def send(self, notification: Notification) -> Outcome:
        print("flying with", self.config.token)
        return await super().send(notification)


class Encoding(Pigeon):
    """Repeats its header, in which the token is not to be seen at once."""

    def judge(self, answer: str) -> Outcome:
        header = base64.b64encode(f"ring:{self.config.token}:".encode()).decode()
        return Outcome.rejected(f"refused: {header}") if answer.startswith("no") else super().judge(answer)


class Blurting(Pigeon):
    """Raises with the token in its words."""

    async def send(self, notification: Notification) -> Outcome:
        if self.loft.answer is Answer.BREAKS_OFF:
            raise ValueError(f"https://user:{self.config.token}@loft")
        return await super().send(notification)


# -- life --------------------------------------------------------------------------------------------------------


class Early(Pigeon):
    """Looks up its address while it is made."""

    def __init__(self, config: Any, context: BackendContext) -> None:
        super().__init__(config, context)
        socket.getaddrinfo("127.0.0.1", 1)


class Clinging(Pigeon):
    """Keeps a connection."""

    async def send(self, notification: Notification) -> Outcome:
        self.loft.opened()
        return await super().send(notification)


class Working(Pigeon):
    """Leaves a task behind."""

    async def send(self, notification: Notification) -> Outcome:
        self.task = asyncio.ensure_future(asyncio.sleep(3600))
        return await super().send(notification)


class Littering(Pigeon):
    """Leaves a socket to the collector."""

    async def send(self, notification: Notification) -> Outcome:
        self.socket = socket.socket()
        return await super().send(notification)


class Swallowing(Pigeon):
    """Takes a cancellation for an answer."""

    async def send(self, notification: Notification) -> Outcome:
        try:
            return await self.fly(notification)
        except BaseException:
            return Outcome.delivered("surely")


class Translating(Pigeon):
    """Makes an error of a cancellation."""

    async def send(self, notification: Notification) -> Outcome:
        try:
            return await self.fly(notification)
        except BaseException as error:
            raise ValueError("interrupted") from error


class Blocking(Pigeon):
    """Waits without awaiting."""

    async def send(self, notification: Notification) -> Outcome:
        if self.loft.answer is Answer.HANGS:
            loft = self.loft
            loft.arrived(Arrival("a pigeon"))
            loft.gone.wait()
            return Outcome.unknown("stopped")
        return await super().send(notification)


class Shielding(Pigeon):
    """Will not be disturbed."""

    async def send(self, notification: Notification) -> Outcome:
        loft = self.loft
        if loft.answer is not Answer.HANGS:
            return await super().send(notification)
        with anyio.CancelScope(shield=True):
            loft.arrived(Arrival("a pigeon"))
            await anyio.to_thread.run_sync(loft.gone.wait)
        return Outcome.unknown("stopped")


class Locking(Pigeon):
    """Sends one after another, and keeps the lock of a send that was cancelled."""

    def __init__(self, config: Any, context: BackendContext) -> None:
        super().__init__(config, context)
        self.busy = anyio.Semaphore(1)

    async def send(self, notification: Notification) -> Outcome:
        await self.busy.acquire()
        outcome = await super().send(notification)
        self.busy.release()
        return outcome


class Queueing(Pigeon):
    """Sends one after another."""

    def __init__(self, config: Any, context: BackendContext) -> None:
        super().__init__(config, context)
        self.busy = anyio.Semaphore(1)

    async def send(self, notification: Notification) -> Outcome:
        async with self.busy:
            return await super().send(notification)


class Confusing(Pigeon):
    """Takes any answer for its own."""

    def __init__(self, config: Any, context: BackendContext) -> None:
        super().__init__(config, context)
        self.answered = anyio.Event()

    async def fly(self, notification: Notification) -> Outcome:
        async def listen() -> None:
            await Pigeon.fly(self, notification)
            self.answered.set()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(listen)
            await self.answered.wait()
            tasks.cancel_scope.cancel()
        return Outcome.delivered()


class Lost(Pigeon):
    """Never arrives."""

    async def fly(self, notification: Notification) -> Outcome:
        return Outcome.delivered()


class Hasty(Pigeon):
    """Does not wait for an answer."""

    async def fly(self, notification: Notification) -> Outcome:
        with anyio.move_on_after(0.01):
            return await super().fly(notification)
        return Outcome.delivered()


class Strict(Pigeon):
    """Raises when its time is up."""

    async def send(self, notification: Notification) -> Outcome:
        with anyio.fail_after(self.config.timeout_seconds):
            return await self.fly(notification)


class Denying(Pigeon):
    """Says, once its time is up, that nothing arrived."""

    async def send(self, notification: Notification) -> Outcome:
        with anyio.move_on_after(self.config.timeout_seconds):
            return await self.fly(notification)
        return Outcome.unavailable("not back in time")


class Endless(Pigeon):
    """Does not mind its own timeout."""

    async def send(self, notification: Notification) -> Outcome:
        return await self.fly(notification)


class Untried(Pigeon):
    """Does not like to be tried."""

    async def fly(self, notification: Notification) -> Outcome:
        return Outcome.rejected("a test?") if notification.test else await super().fly(notification)


OUTCOME = "test_each_answer_has_its_outcome"
LEFT = "test_it_is_left_without_anything_open"
PASSES = "test_a_cancellation_passes"
KEYS = "test_an_attempt_is_known_by_its_notification"
ENDS = "test_an_incident_ends_with_the_last_of_its_alerts"
INCIDENTS = "test_an_incident_has_one_key_for_all_its_life"
OTHERS = "test_a_send_that_hangs_holds_up_no_other"
HOSTILE = "test_hostile_text_survives"
KINDS = "test_every_kind_of_notification_is_sent"
SERVICE = "test_a_service_sends_with_it"
TIMEOUT = "test_its_own_timeout_is_kept"

BROKEN: list[tuple[type[Pigeon], str, Answer | None, str]] = [
    (Optimist, OUTCOME, Answer.REFUSES, "and not rejected.*return Outcome.rejected"),
    (Optimist, OUTCOME, Answer.THROTTLES, "and not throttled.*retry_after_seconds"),
    (Optimist, OUTCOME, Answer.FAILS, "and not unavailable"),
    (Raising, OUTCOME, Answer.DOWN, "send raised ConnectionRefusedError: no loft.*catch what network"),
    (Guessing, OUTCOME, Answer.BREAKS_OFF, "and not unknown.*may have it"),
    (Retrying, OUTCOME, Answer.FAILS, "arrived 2 times.*try once"),
    (Silent, OUTCOME, Answer.TAKES, "send returned None.*return Outcome.delivered"),
    (Impatient, "test_when_to_come_back_is_passed_on", None, "asked for 17 s, and the outcome says None"),
    (Repeating, OUTCOME, Answer.REFUSES, r"detail has \['\\n'.*which a terminal would act on.*excerpt"),
    (Rambling, OUTCOME, Answer.TAKES, "detail has 4000 characters.*cut"),
    (Terse, KINDS, None, "of the kind 'firing' no alert's message arrived"),
    (Picky, KINDS, None, "send raised KeyError.*HEARTBEAT"),
    (Worried, "test_that_it_is_over_can_be_seen", None, "a resolution arrives as.*notification.status"),
    (Ascii, HOSTILE, None, "lone surrogate: send raised UnicodeEncodeError.*errors='replace'"),
    (CString, HOSTILE, None, "NUL: what stands beside it is lost"),
    (Parting, HOSTILE, None, "very long: .*arrived 2 times"),
    (Mentioning, "test_nothing_in_an_alert_is_acted_on", None, "act on what an alert says: '@everyone'"),
    (MentioningInTemplates, "test_nothing_in_an_alert_is_acted_on", None, r"says: '@everyone' \(in a template\)"),
    (Silent, "test_sends_at_the_same_time_do_not_mix", None, "send returned None"),
    (Silent, OTHERS, None, "send returned None"),
    (OwnWords, "test_a_template_has_its_words", None, "of a template's words nothing arrived"),
    (Fresh, KEYS, None, "three attempts of one notification arrived under"),
    (Keyless, KEYS, None, "without a key.*idempotency key.*exempt 'key'"),
    (OneKey, KEYS, None, "two notifications arrived under the same key"),
    (NoIncident, INCIDENTS, None, "without an incident's key.*deduplication key"),
    (ManyIncidents, INCIDENTS, None, "one incident's notifications arrived under"),
    (OneIncident, INCIDENTS, None, "two incidents arrived under the same key"),
    (Closing, ENDS, None, "as what ends it: False, True, True.*where notification.over"),
    (Holding, ENDS, None, "as what ends it: False, False, False"),
    (Mixing, "test_sends_at_the_same_time_do_not_mix", None, "of 8 notifications.*arrived together.*no attributes"),
    (OneKey, "test_sends_at_the_same_time_do_not_mix", None, "8 notifications arrived under the keys"),
    (Shared, "test_channels_are_apart", None, "0 and 3 arrived.*nothing in its class"),
    (Naming, "test_no_secret_is_in_a_repr", None, "the backend's repr shows the secret"),
    (Early, "test_making_it_does_no_io", None, "did I/O: .*getaddrinfo.*connect in send"),
    (Clinging, LEFT, None, "2 connections stayed open.*__aexit__"),
    (Working, LEFT, None, "tasks go on: .*Task"),
    (Littering, LEFT, None, "left unclosed: .*unclosed <socket"),
    (Swallowing, PASSES, None, "was cancelled returned Outcome.*never BaseException"),
    (Translating, PASSES, None, "was cancelled raised ValueError"),
    (Blocking, PASSES, None, "nothing went on for 0.3 s.*instead of blocking the event loop"),
    (Shielding, PASSES, None, "nothing went on for 0.3 s.*let cancellations pass"),
    (Locking, PASSES, None, "nothing went on for 0.3 s.*release locks"),
    (Queueing, OTHERS, None, "nothing went on for 0.3 s.*hold none while waiting"),
    (Lost, KINDS, None, "nothing arrived at a receiver that takes.*send to where"),
    (Confusing, OTHERS, None, "while the receiver hung, its send returned"),
    (Hasty, TIMEOUT, None, "after its timeout an attempt that arrived.*DELIVERED"),
    (Denying, TIMEOUT, None, "an attempt that arrived at a receiver that hangs is .*UNAVAILABLE.*may have arrived"),
    (Strict, TIMEOUT, None, "send raised TimeoutError"),
    (Endless, TIMEOUT, None, "nothing went on for 0.3 s"),
    (Untried, SERVICE, None, "a service that tries a channel with these settings gets .*a test?"),
    (Swallowing, SERVICE, None, "that the framework gives up is .*surely"),
]


def _held(contract: BackendContract, name: str, *arguments: Any) -> None:
    """Hold the backend to one of the contract's tests."""
    method = getattr(contract, name)
    if not asyncio.iscoroutinefunction(method):
        method(*arguments)
        return
    anyio.run(method, *arguments)


def _fails(message: str) -> Any:
    return pytest.raises(AssertionError, match=f"(?s){message}.*the contract: ")


@pytest.mark.parametrize(
    ("kind", "name", "answer", "message"), BROKEN, ids=[f"{kind.__name__}-{name}" for kind, name, *_ in BROKEN]
)
def test_a_broken_backend_is_told_what_to_mend(
    kind: type[Pigeon], name: str, answer: Answer | None, message: str
) -> None:
    """And where that is written; a sound one passes the same test."""
    arguments = () if answer is None else (answer,)
    # the second comes to its wait only after much else
    patience = 0.3 if message.startswith("nothing went on") else 3.0 if message.startswith(("2 ", "nothing")) else 30.0
    with _fails(message):
        _held(contract_of(plugin_of(kind), patience_seconds=patience), name, *arguments)
    _held(contract_of(SOUND), name, *arguments)


@pytest.mark.parametrize("kind", [Logging, Printing, Blurting, Repeating, Encoding])
def test_a_backend_that_tells_its_secret_is_told(kind: type[Pigeon], capsys: pytest.CaptureFixture[str]) -> None:
    """Of the log, the output, what it raises, and what it repeats."""
    name = "test_no_secret_is_in_an_outcome_a_log_or_the_output"
    with _fails(f"an outcome, a log or the output shows the secret '{TOKEN}'.*blot secrets out"):
        _held(contract_of(plugin_of(kind)), name, capsys)
    _held(contract_of(SOUND), name, capsys)


@pytest.mark.parametrize(
    ("config_class", "name", "message"),
    [
        (OpenConfig, "test_no_secret_is_in_a_repr", "the config's repr shows the secret .*repr=tocsin.http.hide"),
        (TellingConfig, "test_no_secret_is_in_an_error_about_settings", "the error about token shows the secret"),
        (VagueConfig, "test_no_secret_is_in_an_error_about_settings", "does not say where.*attribute.name"),
    ],
)
def test_a_config_that_tells_its_secret_is_told(config_class: type, name: str, message: str) -> None:
    """In its repr, and in errors."""
    with _fails(message):
        _held(contract_of(plugin_of(Pigeon, config_class)), name)
    _held(contract_of(SOUND), name)


@pytest.mark.parametrize(
    ("secrets", "message"),
    [((), "names no secrets"), (("ring",), "is shorter than"), (("another-secret",), r"is not in settings\(\)")],
)
def test_an_author_who_forgets_the_secrets_is_told(secrets: tuple[str, ...], message: str) -> None:
    """Nothing would be looked for otherwise."""
    with _fails(message):
        _held(contract_of(SOUND, secrets=secrets), "test_the_secrets_are_named")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"timeout_seconds": 0.0}, "one attempt may take 0.0 s"),
        ({"timeout_seconds": 5.0}, "its own timeout of 5.0 s comes no sooner than the framework's of 5 s"),
        ({"concurrency": 0}, "0 sends at a time"),
        ({"renderer": "tetx"}, "the renderer 'tetx', which nobody registers"),
    ],
)
def test_a_registration_that_makes_no_sense_is_told(options: Mapping[str, Any], message: str) -> None:
    """By what would."""
    with _fails(message):
        _held(contract_of(plugin_of(Pigeon, **options)), "test_its_registration_makes_sense")


def test_an_author_is_told_what_is_missing() -> None:
    """The name, the receiver, the settings."""
    with _fails("no backend is registered as 'dove'; registered are: "):
        _held(contract_of(SOUND, backend="dove"), "test_its_registration_makes_sense")
    with pytest.raises(NotImplementedError, match="open_receiver"):
        BackendContract().open_receiver()
    with pytest.raises(NotImplementedError, match="settings"):
        BackendContract().settings(None)
    contract = contract_of(SOUND, settings=lambda self, receiver: {"loft": "x", "tokn": TOKEN})
    with pytest.raises(AssertionError, match=r"settings\(\) are none that .pigeon. takes: .*tok"):
        _held(contract, "test_no_secret_is_in_a_repr")


def test_what_cannot_be_done_is_exempted_by_name() -> None:
    """And skipped with the reason."""
    contract = contract_of(SOUND, exempt={"refuses": "a loft refuses nothing"})
    with pytest.raises(pytest.skip.Exception, match="refuses: a loft refuses nothing"):
        _held(contract, OUTCOME, Answer.REFUSES)
    for options, name in (({"per_incident": False}, INCIDENTS), ({"concurrency": 1}, OTHERS)):
        with pytest.raises(pytest.skip.Exception, match="registered"):
            _held(contract_of(plugin_of(Pigeon, **options)), name)


def test_a_receiver_that_does_not_say_what_ends_an_incident_is_told() -> None:
    """By what the skipped test shows."""
    with pytest.raises(pytest.skip.Exception, match=r"Arrival\.ends"):
        _held(contract_of(plugin_of(Undecided)), ENDS)


def test_an_exemption_that_is_misspelt_is_told() -> None:
    """With the nearest one; and one without a reason."""
    for exempt in ({"refusse": "a loft refuses nothing"}, {"refuses": ""}):
        with _fails("`exempt` has 'refus.*'.*did you mean 'refuses'|with the reason ''"):
            _held(contract_of(SOUND, exempt=exempt), "test_the_exemptions_are_known")
