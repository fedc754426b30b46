"""How notices reach those who listen: plain callbacks, and an alerting service."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Final, Protocol, runtime_checkable

import anyio
import anyio.to_thread

from tocsin.errors import ConfigurationError
from tocsin.model.alert import PerformanceAlert
from tocsin.model.facts import AlertFired, AlertResolved
from tocsin.performance.notice import Notice
from tocsin.performance.subscription import Subscription

__all__ = ["AlertCallback", "AlertingService", "FactSink", "alert_listener", "resolve_listener", "service_listener"]

AlertCallback = Callable[[PerformanceAlert], Any]
"""Takes an alert; may be a coroutine function, and a plain function otherwise runs in a worker thread."""

_BATCH: Final = 1000
"""For how many alerts one submission to an alerting service stands."""


class AlertingService(Protocol):
    """What :meth:`PerformanceMetricsService.connect` needs; ``FederationAlertingService`` offers it."""

    def process_alert(self, alert: PerformanceAlert, /) -> Awaitable[Any]:
        """Take an alert that fires, or still fires."""
        ...

    def resolve_alert(self, alert_id: str, /) -> Any:
        """Take the end of an alert; callable from any thread."""
        ...


@runtime_checkable
class FactSink(Protocol):
    """What an alerting service may offer instead: many facts in one commit, without waiting for any delivery."""

    def submit(self, *facts: Any) -> Awaitable[Any]:
        """Commit *facts* in order."""
        ...


def alert_listener(callback: AlertCallback) -> Subscription:
    """Return the subscription of a callback that takes alerts that fire."""
    _check_callable(callback)
    return Subscription(_name(callback), lambda notice: not notice.resolved, partial(_call_each, callback))


def resolve_listener(callback: AlertCallback) -> Subscription:
    """Return the subscription of a callback that takes alerts that are over."""
    _check_callable(callback)
    return Subscription(_name(callback), lambda notice: notice.resolved, partial(_call_each, callback))


def service_listener(alerting: AlertingService | FactSink) -> Subscription:
    """Return the subscription of an alerting service: firings and resolutions through one queue, so in their order."""
    name = type(alerting).__name__
    if isinstance(alerting, FactSink):
        return Subscription(name, lambda notice: True, partial(_submit, alerting), batch=_BATCH)
    for method in ("process_alert", "resolve_alert"):
        if not callable(getattr(alerting, method, None)):
            raise ConfigurationError(f"cannot connect to a {name}: it has no {method}()")
    return Subscription(name, lambda notice: True, partial(_hand_over, alerting))


def _check_callable(callback: object) -> None:
    if not callable(callback):
        raise ConfigurationError(f"a callback must be a function or coroutine function, not {type(callback).__name__}")


def _name(callback: object) -> str:
    """Name a callback without its repr, which may show the object that it is bound to, secrets included."""
    inner = callback.func if isinstance(callback, partial) else callback
    return getattr(inner, "__qualname__", type(inner).__name__)


async def _call_each(callback: AlertCallback, notices: Sequence[Notice]) -> None:
    for notice in notices:
        await _call(callback, notice.alert)


async def _call(callback: Callable[[Any], Any], argument: object) -> None:
    """Call a coroutine function here, and anything else in a thread: were it to block, it would block the loop."""
    if inspect.iscoroutinefunction(callback) or inspect.iscoroutinefunction(type(callback).__call__):
        await callback(argument)
        return

    def call() -> tuple[Any]:
        return (callback(argument),)  # wrapped, since trio refuses a thread that returns a coroutine

    limiter = anyio.CapacityLimiter(1)
    (result,) = await anyio.to_thread.run_sync(call, abandon_on_cancel=True, limiter=limiter)
    if inspect.isawaitable(result):
        await result


async def _submit(alerting: FactSink, notices: Sequence[Notice]) -> None:
    await alerting.submit(
        *(AlertResolved(one.alert.alert_id) if one.resolved else AlertFired(one.alert) for one in notices)
    )


async def _hand_over(alerting: AlertingService, notices: Sequence[Notice]) -> None:
    for notice in notices:
        if notice.resolved:
            await _call(alerting.resolve_alert, notice.alert.alert_id)
        else:
            await alerting.process_alert(notice.alert)
