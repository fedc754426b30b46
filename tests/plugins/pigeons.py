"""A backend without a network, sound as it stands, and a receiver for it: made to be broken in one way at a time."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, ClassVar

import anyio
import anyio.lowlevel
import attrs

import tocsin
from tocsin import BackendContext, BackendRegistrar, Notification, Outcome
from tocsin.http import excerpt, hide
from tocsin.testing.contracts import BackendContract
from tocsin.testing.receiver import RETRY_AFTER_SECONDS, Answer, Arrival, BackendReceiver

__all__ = ["TOKEN", "Loft", "Pigeon", "PigeonConfig", "contract_of", "plugin_of"]

TOKEN = "s3cret-r1ng"

_LOFTS: dict[str, Loft] = {}


class Loft(BackendReceiver):
    """Where pigeons arrive."""

    def __init__(self) -> None:
        super().__init__()
        self.address = f"loft-{id(self)}"
        self.gone = threading.Event()
        _LOFTS[self.address] = self

    def stop(self) -> None:
        """Let go whoever waits."""
        self.gone.set()
        _LOFTS.pop(self.address, None)

    async def take(self, text: str, key: str | None, incident: str | None, ends: bool | None = None) -> str:
        """Take what a pigeon brings, and answer, or not."""
        if self.answer is Answer.DOWN:
            raise ConnectionRefusedError("no loft")
        self.opened()
        try:
            self.arrived(Arrival(text, key, incident, ends))
            await anyio.lowlevel.checkpoint()
            if self.answer is Answer.HANGS:
                await anyio.sleep_forever()
            if self.answer is Answer.BREAKS_OFF:
                raise ConnectionResetError("the pigeon was lost")
            return {
                Answer.REFUSES: f"no: {TOKEN} {text}",
                Answer.THROTTLES: f"later: {RETRY_AFTER_SECONDS}",
                Answer.FAILS: "closed",
            }.get(self.answer, "yes")
        finally:
            self.closed()


@attrs.frozen(slots=True, kw_only=True)
class PigeonConfig:
    """Where to, and the secret ring on its foot."""

    loft: str
    token: str = attrs.field(repr=hide, validator=lambda _, attribute, value: _ring(attribute, value))
    timeout_seconds: float = 5.0


def _ring(attribute: attrs.Attribute[Any], value: str) -> None:
    if not value.isascii() or not value.isprintable() or value != value.strip():
        raise tocsin.ConfigurationError("a ring has printable ASCII on it", attribute.name)


class Pigeon:
    """Carries notifications as text."""

    def __init__(self, config: Any, context: BackendContext) -> None:
        self.config = config

    @property
    def loft(self) -> Loft:
        """Where it flies to."""
        return _LOFTS[self.config.loft]

    async def send(self, notification: Notification) -> Outcome:
        """Fly once."""
        with anyio.move_on_after(self.config.timeout_seconds):
            return await self.fly(notification)
        return Outcome.unknown("not back in time")

    async def fly(self, notification: Notification) -> Outcome:
        """Fly, for as long as it takes."""
        try:
            known = self.key(notification), self.incident(notification), self.ends(notification)
            answer = await self.loft.take(self.text(notification), *known)
        except ConnectionRefusedError:
            return Outcome.unavailable("there is no loft")
        except ConnectionResetError:
            return Outcome.unknown("it did not come back")
        return self.judge(answer)

    def judge(self, answer: str) -> Outcome:
        """Say what an answer means."""
        if answer.startswith("no"):
            return Outcome.rejected(excerpt(answer, [TOKEN]))
        if answer.startswith("later"):
            return Outcome.throttled("later", retry_after_seconds=float(answer.split()[-1]))
        return Outcome.delivered() if answer == "yes" else Outcome.unavailable(answer)

    def text(self, notification: Notification) -> str:
        """Return what is written on the note."""
        assert notification.message is not None
        text = f"{notification.message.subject}\n{notification.message.body}"
        return text.encode("utf-8", "replace").decode("utf-8").replace("@", "(at)")

    def key(self, notification: Notification) -> str | None:
        """Return what tells an attempt from a repetition."""
        return notification.notification_id

    def incident(self, notification: Notification) -> str | None:
        """Return what belongs together."""
        return notification.incident_id

    def ends(self, notification: Notification) -> bool | None:
        """Return whether it is all over."""
        return notification.over


def plugin_of(factory: Any, config_class: type = PigeonConfig, **options: Any) -> Any:
    """Return a plugin that registers the backend ``pigeon``."""

    class Plugin:
        @tocsin.hookimpl
        def tocsin_register_backends(self, registrar: BackendRegistrar) -> None:
            settings = {"per_incident": True, "timeout_seconds": 65.0, **options}
            registrar.register("pigeon", factory, config_class=config_class, **settings)

    return Plugin()


def contract_of(plugin: Any, **attributes: Any) -> BackendContract:
    """Return the contract that the plugin's ``pigeon`` is held to, with *attributes* of its own."""

    class Contract(BackendContract):
        backend = "pigeon"
        plugins = (plugin,)
        secrets = (TOKEN,)
        harmful: ClassVar = ("@everyone",)

        def open_receiver(self) -> Loft:
            return Loft()

        def settings(self, receiver: Loft) -> Mapping[str, Any]:
            return {"loft": receiver.address, "token": TOKEN}

    for name, value in attributes.items():
        setattr(Contract, name, value)
    return Contract()
