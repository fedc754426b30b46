"""The one alerting service of this process, in an event loop and a thread of its own, beside Django's threads.

It starts with the first call, so that `manage.py migrate`, the reloader's own process and the parent of a server that
forks hold nothing; and it is left in order when the process ends.
"""

from __future__ import annotations

import atexit
import os
import threading
from concurrent.futures import Future

import anyio
from anyio.from_thread import BlockingPortal
from django.conf import settings

from tocsin import FederationAlertingService, PerformanceAlert, SqliteStore, load_configuration, load_registry

__all__ = ["report", "service", "stop"]


class _Running:
    """The service and the thread in which its loop runs; the portal is the way into that."""

    def __init__(self) -> None:
        started: Future[tuple[BlockingPortal, FederationAlertingService]] = Future()
        self._thread = threading.Thread(target=anyio.run, args=(_serve, started), name="tocsin", daemon=True)
        self._thread.start()
        self.portal, self.alerting = started.result()

    def stop(self) -> None:
        self.portal.call(self.portal.stop)
        self._thread.join()


async def _serve(started: Future[tuple[BlockingPortal, FederationAlertingService]]) -> None:
    """Run the service until the portal is stopped; what keeps it from starting is raised where it was asked for."""
    try:
        loaded = load_configuration(settings.TOCSIN_CONFIGURATION, load_registry())
        alerting = FederationAlertingService(store=SqliteStore(settings.TOCSIN_DATABASE))
        alerting.reconfigure(loaded.configuration)
        async with alerting, BlockingPortal() as portal:
            started.set_result((portal, alerting))
            await portal.sleep_until_stopped()
    except Exception as error:
        if started.done():
            raise
        started.set_exception(error)


class _Process:
    """What this process runs: nothing, or one service."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.running: _Running | None = None


_process = _Process()


def _running() -> _Running:
    with _process.lock:
        if _process.running is None:
            _process.running = _Running()
        return _process.running


def service() -> FederationAlertingService:
    """Return the service. Its synchronous methods (`acknowledge_alert`, `get_active_alerts`, …) work in any thread."""
    return _running().alerting


def report(alert: PerformanceAlert) -> None:
    """Take in an alert that fires; it is committed when this returns, and told in the background."""
    running = _running()
    running.portal.call(lambda: running.alerting.process_alert(alert, wait=False))


def stop() -> None:
    """Give attempts under way their time, and let go of the file. The next call would start anew."""
    with _process.lock:
        running, _process.running = _process.running, None
    if running is not None:
        running.stop()


def _forget() -> None:
    """In the child of a fork: the loop's thread is not there, and the file is the parent's."""
    _process.lock, _process.running = threading.Lock(), None


atexit.register(stop)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
