"""The life of the daemon: what it is made of, how it begins, changes while it runs, and ends."""

from __future__ import annotations

import logging
import signal
import ssl
from collections.abc import AsyncIterable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import anyio
import anyio.abc
import anyio.to_thread
from starlette.types import ASGIApp

from tocsin import (
    Clock,
    ConfigurationError,
    FederationAlertingService,
    LoadedConfiguration,
    ObserverRegistrar,
    ServerSettings,
    ServiceClosed,
    SqliteStore,
    StoreError,
    SystemClock,
    hookimpl,
)
from tocsin_server.alertmanager.api import AlertmanagerApi
from tocsin_server.alertmanager.ingest import Ingest
from tocsin_server.alertmanager.posted import Bounds, Reader
from tocsin_server.alertmanager.reports import Reports
from tocsin_server.alertmanager.severities import Severities
from tocsin_server.alertmanager.silences import Silences
from tocsin_server.api.api import TocsinApi
from tocsin_server.api.heartbeat_file import HeartbeatFile
from tocsin_server.api.heartbeats import Heartbeats
from tocsin_server.api.pulse import Pulse
from tocsin_server.daemon.app import Interface, application
from tocsin_server.daemon.collector import collect_in_quiet
from tocsin_server.daemon.health import health_routes
from tocsin_server.daemon.listening import Address, Limits, Listener, Tls, bound
from tocsin_server.daemon.logs import set_up_logs
from tocsin_server.daemon.metrics import Metrics, Reloads, Seen
from tocsin_server.daemon.sources import Made, Sources
from tocsin_server.intake import Intakes, Submit
from tocsin_server.page.health import Parts
from tocsin_server.page.links import notification_link
from tocsin_server.page.looks import Looks
from tocsin_server.page.page import page_routes
from tocsin_server.page.refusals import refused_to_people
from tocsin_server.page.sessions import Sessions
from tocsin_server.page.visitors import Visitors
from tocsin_server.web.scopes import Guard, Token

if TYPE_CHECKING:
    from tocsin_server.tracing.traces import Traces

__all__ = ["HEARTBEATS", "STORE", "Daemon"]

_log: Final = logging.getLogger("tocsin")

STORE: Final = "tocsin.db"
"""The name of the store's file in the data folder."""

HEARTBEATS: Final = "heartbeats.json"
"""And that of the heartbeats' file."""

_TOGETHER: Final = 500
_DRAIN_SECONDS: Final = 4.0
_FAREWELL_SECONDS: Final = 2.0


class _Plugin:
    """What the daemon itself plugs into the service."""

    def __init__(self, seen: Seen, pulse: Pulse, traces: Traces | None) -> None:
        self._seen = seen
        self._pulse = pulse
        self._traces = traces

    @hookimpl
    def tocsin_register_observers(self, registrar: ObserverRegistrar) -> None:
        registrar.register("daemon-metrics", self._seen)
        registrar.register("daemon-pulse", self._pulse)
        if self._traces is not None:
            registrar.register("daemon-traces", self._traces)


class Daemon:
    """One service and everything before it.

    :param read: reads the configuration anew, for a reload.
    :param data: the folder of the store, which is made where it is not there.
    :param listen: where to listen, whatever the configuration says; None: where it says.
    :raises ConfigurationError: when it cannot work as configured.
    :raises StoreError: when the store cannot be opened.
    """

    def __init__(
        self,
        loaded: LoadedConfiguration,
        read: Callable[[], LoadedConfiguration],
        data: Path,
        *,
        listen: Address | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._read = read
        self._settings = loaded.server
        self._wanted_sources = loaded.sources
        self.address = listen or Address.parse(loaded.server.listen)
        _check_open_door(self.address, loaded.server)
        tls = _tls_of(loaded.server)
        self._context = None if tls is None else tls.context()
        self._clock: Clock = clock or SystemClock()
        self._seen, self._pulse = Seen(), Pulse()
        self._traces = _traces_of(loaded.server)
        self._reloads = Reloads(at=self._clock.wall())
        self._started_at, self._begun_at = self._clock.wall(), self._clock.now()
        self._ready = self._stopping = False
        self._reloading = anyio.Lock()
        self._interface = Interface()
        self._listener: Listener | None = None
        self._tasks: anyio.abc.TaskGroup | None = None
        self._socket = bound(self.address)
        try:
            self.alerting = self._service(loaded, data)
        except BaseException:  # raised again
            self._socket.close()
            raise
        submit = self.alerting.submit
        self._submit: Submit = submit if self._traces is None else self._traces.door(submit)
        self._intakes = Intakes.to(self._submit)
        self._reports = Reports(self._clock, loaded.server.resolve_timeout_seconds)
        self._heartbeats = Heartbeats(self.alerting, self._clock, HeartbeatFile(data / HEARTBEATS))
        self._sources = Sources(self.alerting.registry, self._intakes.source.take, self._clock)
        self._sessions = Sessions(self._clock)
        self._looks = Looks(self.alerting, self._clock, lambda: self._sources.stopped)
        self._made_sources = self._sources.make(loaded.sources)
        self._interface.current = self._application(loaded.server)

    def _service(self, loaded: LoadedConfiguration, data: Path) -> FederationAlertingService:
        try:
            data.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigurationError(f"the data folder {data} cannot be made: {error.strerror}", "data") from None
        alerting = FederationAlertingService(
            strict=True,
            plugins=[_Plugin(self._seen, self._pulse, self._traces)],
            store=SqliteStore(data / STORE),
            clock=self._clock,
            drain_seconds=_DRAIN_SECONDS,
            links=lambda notification: notification_link(self._settings.external_url, notification),
        )
        alerting.reconfigure(loaded.configuration)
        return alerting

    def _application(self, settings: ServerSettings) -> ASGIApp:
        guard = Guard(Token(one.name, one.hash, frozenset(one.scopes)) for one in settings.auth_tokens)
        severities = Severities(settings.severity_labels)
        bounds = Bounds(settings.max_labels, settings.max_label_length)
        ingest = Ingest(
            Reader(bounds, severities, settings.cluster_labels),
            self._reports,
            self._clock,
            self._intakes.alertmanager,
            most=settings.max_alerts_per_request,
        )
        api = AlertmanagerApi(
            self.alerting,
            self._clock,
            ingest,
            self._reports,
            Silences(self.alerting, self._clock, self._submit),
            self._started_at,
            settings.max_body_bytes,
            settings.alertmanager_configuration,
        )
        own = TocsinApi(
            self.alerting,
            self._submit,
            self._clock,
            guard,
            self._intakes,
            self._heartbeats,
            self._pulse,
            bounds,
            self._begun_at,
            settings.max_body_bytes,
            settings.max_alerts_per_request,
        )
        metrics = Metrics(self.alerting, self._intakes, self._seen, self._reloads, severities)
        outside = urlsplit(settings.external_url or "")
        visitors = Visitors(guard, self._sessions, https=outside.scheme == "https")
        routes = [
            *api.routes(guard),
            *own.routes(),
            *health_routes(guard, self.reload, lambda: self._ready, metrics),
            *page_routes(self.alerting, self._submit, visitors, self._looks, self._pulse, self._clock, self._parts()),
        ]
        app = application(
            routes,
            settings.request_timeout_seconds,
            names=() if outside.hostname is None else (outside.hostname,),
            by_any_name=not guard.open,
            origin=outside.netloc,
            refused=refused_to_people,
        )
        return app if self._traces is None else self._traces.serving(app, routes)

    def _parts(self) -> Parts:
        return Parts(
            self._heartbeats,
            lambda: self._sources.running,
            lambda: self._sources.stopped,
            lambda: (self._reloads.succeeded, self._reloads.at),
            self._started_at,
        )

    @property
    def url(self) -> str:
        """Where it is reached, once it listens."""
        host, port = self._socket.getsockname()[:2]
        scheme = "http" if self._context is None else "https"
        return f"{scheme}://{Address(str(host), int(port))}"

    async def run(self, listens: Callable[[], None]) -> None:
        """Run until :meth:`stop`, SIGTERM or SIGINT; *listens* is called once requests are answered."""
        numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        with anyio.open_signal_receiver(*numbers) as signals:  # until the very end, which a signal must not cut off
            async with anyio.create_task_group() as watch:
                watch.start_soon(self._heed, signals)
                try:
                    await self._live(listens)
                finally:
                    if self._traces is not None:
                        await self._traces.close(_FAREWELL_SECONDS)
                watch.cancel_scope.cancel()

    async def _live(self, listens: Callable[[], None]) -> None:
        async with self.alerting, anyio.create_task_group() as tasks:
            self._tasks = tasks
            await self._adopt()
            tasks.start_soon(self._reports.run, self.alerting.submit)
            tasks.start_soon(self._heartbeats.run)
            tasks.start_soon(collect_in_quiet, self._clock)
            self._sources.want(tasks, self._wanted_sources, self._made_sources)
            await self._serve(listens)
            tasks.cancel_scope.cancel()

    async def _serve(self, listens: Callable[[], None]) -> None:
        def ready() -> None:
            self._ready = True
            listens()

        limits = Limits(self._settings.max_connections, self._settings.request_timeout_seconds)
        self._listener = Listener(self._interface, self._socket, limits, self._context, ready)
        if self._stopping:  # somebody said so before it listened
            self._listener.stop()
        try:
            await self._listener.serve()
        finally:
            self._ready = False
            self._socket.close()

    async def _adopt(self) -> None:
        """Take the alerts over that an earlier process was told of."""
        ids = self.alerting.active_alert_ids
        for start in range(0, len(ids), _TOGETHER):
            states = await anyio.to_thread.run_sync(self.alerting.alert_states, ids[start : start + _TOGETHER])
            self._reports.adopt(states)

    async def _heed(self, signals: AsyncIterable[signal.Signals]) -> None:
        async for number in signals:
            if number != signal.SIGHUP:
                _log.info("stopping: %s", signal.Signals(number).name)
                self.stop()
            elif self._ready and not self._stopping:
                await self._reload_or_log()
            else:
                _log.warning("SIGHUP does nothing while the daemon starts or stops")

    async def _reload_or_log(self) -> None:
        try:
            await self.reload()
        except (ConfigurationError, StoreError, ServiceClosed) as error:
            _log.error("the configuration was not reloaded, and the old one stays in force: %s", error)
        except Exception:  # noqa: BLE001  whatever it is, what runs goes on; the log has all of it
            _log.exception("the configuration was not reloaded, and the old one stays in force")

    def stop(self) -> None:
        """Take no more requests, and let :meth:`run` return."""
        self._stopping = True
        self._pulse.close()
        if self._listener is not None:
            self._listener.stop()

    async def reload(self) -> None:
        """Read the configuration anew and put it into force, or change nothing.

        :raises ConfigurationError: when it cannot work.
        """
        async with self._reloading:
            self._reloads.succeeded = False
            loaded = await anyio.to_thread.run_sync(self._read)
            _check_open_door(self.address, loaded.server)
            tls = _tls_of(loaded.server)  # what cannot serve is refused before anything changes
            context = None if tls is None else await anyio.to_thread.run_sync(tls.context)
            made = self._sources.make(loaded.sources)
            await anyio.to_thread.run_sync(self.alerting.reconfigure, loaded.configuration)
            self._take(loaded, made)
            await self._renew(context)
            self._reloads.succeeded, self._reloads.at = True, self._clock.wall()
            for warning in loaded.warnings:
                _log.warning("configuration: %s", warning)
            _log.info("the configuration was reloaded")

    def _take(self, loaded: LoadedConfiguration, made: Made) -> None:
        settings, before = loaded.server, self._settings
        set_up_logs(settings.log_format, settings.log_level)
        self._reports.resolve_timeout = settings.resolve_timeout_seconds
        for name in ("listen", "data", "max_connections", "request_timeout_seconds", "traces"):
            if getattr(settings, name) != getattr(before, name):
                _log.warning("server.%s changes when the daemon is started again", name)
        self._settings = settings
        assert self._tasks is not None, "it runs"
        self._sources.want(self._tasks, loaded.sources, made)
        self._interface.current = self._application(settings)

    async def _renew(self, context: ssl.SSLContext | None) -> None:
        """Let new connections have the certificates that are in the files now, and clients need those."""
        if (context is None) is not (self._context is None):
            _log.warning("server.tls begins or ends when the daemon is started again")
        elif context is not None and self._listener is not None:
            await self._listener.renew(context)


def _tls_of(settings: ServerSettings) -> Tls | None:
    return None if settings.tls is None else Tls(settings.tls.certificate, settings.tls.key, settings.tls.client_ca)


def _traces_of(settings: ServerSettings) -> Traces | None:
    if not settings.traces:
        return None
    try:
        from tocsin_server.tracing.traces import Traces
    except ImportError:
        raise ConfigurationError(
            "traces need OpenTelemetry: pip install 'tocsin-server[otel]'", "server.traces"
        ) from None
    return Traces.exported()


def _check_open_door(address: Address, settings: ServerSettings) -> None:
    """Without tokens only this machine may reach the daemon."""
    if settings.auth_tokens:
        return
    if not address.loopback:
        raise ConfigurationError(
            f"whoever reaches {address} could silence every alert: give server.auth_tokens, or listen on 127.0.0.1",
            "server.auth_tokens",
        )
    _log.warning("everybody on this machine may do everything: server.auth_tokens is empty")
