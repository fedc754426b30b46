"""The metrics service: collectors and recordings in, alerts out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Self

import anyio
import attrs

from tocsin.errors import ConfigurationError
from tocsin.model.alert import PerformanceAlert
from tocsin.performance.book import Book
from tocsin.performance.collector import CollectorRecord, MetricsCollector
from tocsin.performance.crew import Crew
from tocsin.performance.delivery import Delivery
from tocsin.performance.federation import FederationMetrics
from tocsin.performance.listener import (
    AlertCallback,
    AlertingService,
    FactSink,
    alert_listener,
    resolve_listener,
    service_listener,
)
from tocsin.performance.metrics import ClusterMetrics
from tocsin.performance.rounds import Rounds
from tocsin.performance.settings import Settings
from tocsin.performance.thresholds import PerformanceThresholds
from tocsin.runtime.clocks import Clock, SystemClock

__all__ = ["PerformanceMetricsService", "create_performance_metrics_service"]


class PerformanceMetricsService:
    """Watches clusters and tells its listeners what is wrong with them.

    Measurements come from collectors, from :meth:`ingest_cluster_metrics`, which judges at once, and from the
    ``record_…`` methods, which are put together and judged at the end of each interval. All methods that are not
    ``async`` may be called from any thread.

    Each cluster has at most one alert per metric, ``"<cluster_id>:<metric_name>"``, where the metric is ``latency``,
    ``throughput``, ``error_rate``, ``health_score``, ``cpu_usage``, ``memory_usage``, ``disk_usage`` or
    ``cluster_silent``. The last means that nothing came from a cluster for ``silent_after_intervals`` whole intervals
    of a running collection; what the collection itself was stopped or held up for does not count.

    Listeners run beside the collection while it runs, each in a task of its own. What happens before the collection
    starts, or after it was stopped, waits for the next start: of each alert the latest firing and the latest end.

    :param collection_interval: seconds from one collection to the next.
    :param thresholds: when a measurement is worth an alert.
    :param collectors: asked at the start and after every interval.
    :param clock: where time comes from; None: the machine's.
    :param collector_timeout: seconds after which a collector is cancelled; None: one interval.
    :param callback_patience: seconds after which a callback that does not end is reported as hanging; it is not
        cancelled, and nobody else waits for it.
    :param drain_seconds: how long :meth:`stop_collection` waits for callbacks that are under way or due.
    :param history_limit: how many measurements are kept of each cluster, and of the federation.
    :raises ConfigurationError: for a setting that makes no sense.
    """

    def __init__(
        self,
        collection_interval: float = 30.0,
        thresholds: PerformanceThresholds | None = None,
        collectors: Iterable[MetricsCollector] = (),
        *,
        clock: Clock | None = None,
        collector_timeout: float | None = None,
        callback_patience: float = 30.0,
        drain_seconds: float = 5.0,
        history_limit: int = 1000,
    ) -> None:
        self._settings = Settings(
            collection_interval=collection_interval,
            thresholds=PerformanceThresholds() if thresholds is None else thresholds,
            collector_timeout=collection_interval if collector_timeout is None else collector_timeout,
            callback_patience=callback_patience,
            drain_seconds=drain_seconds,
            history_limit=history_limit,
        )
        own = self._settings
        self._clock: Clock = SystemClock() if clock is None else clock
        self._delivery = Delivery(self._clock, own.callback_patience)
        self._book = Book(own.thresholds, own.history_limit, self._delivery.publish)
        self._rounds = Rounds(
            self._clock,
            own.collection_interval,
            own.collector_timeout,
            self._book,
            self.ingest_cluster_metrics,
            self._delivery.look_after,
        )
        self._run: _Run | None = None
        for collector in collectors:
            self.add_collector(collector)

    @property
    def collection_interval(self) -> float:
        """Seconds from one collection to the next."""
        return self._settings.collection_interval

    @property
    def thresholds(self) -> PerformanceThresholds:
        """When a measurement is worth an alert."""
        return self._settings.thresholds

    @property
    def collecting(self) -> bool:
        """Whether the collection runs."""
        run = self._run
        return run is not None and run.collecting.working and not run.stopping

    # -- what goes in ---------------------------------------------------------------------------------------------

    def add_collector(self, collector: MetricsCollector) -> None:
        """Ask *collector* as well, from the next round on.

        :raises ConfigurationError: when it has no ``collect`` method.
        """
        name = type(collector).__name__
        if not callable(getattr(collector, "collect", None)):
            raise ConfigurationError(f"a collector needs an async method collect(); {name} has none", "collectors")
        self._rounds.collectors = (*self._rounds.collectors, CollectorRecord(collector, name))

    def ingest_cluster_metrics(self, metrics: ClusterMetrics) -> None:
        """Take a measurement and judge it at once; its timestamp, where missing, is now."""
        if not isinstance(metrics, ClusterMetrics):
            raise ConfigurationError(f"expected ClusterMetrics, not {type(metrics).__name__}")
        if metrics.timestamp is None:
            metrics = attrs.evolve(metrics, timestamp=self._clock.wall())
        self._book.report(metrics)

    def record_latency(self, cluster_id: str, milliseconds: float) -> None:
        """One request to the cluster took that long. Judged, as 95th percentile, at the end of the interval."""
        self._book.record(lambda samples: samples.latency(cluster_id, milliseconds))

    def record_throughput(self, cluster_id: str, requests_per_second: float) -> None:
        """The cluster serves that many requests per second; several such in one interval are averaged."""
        self._book.record(lambda samples: samples.throughput(cluster_id, requests_per_second))

    def record_requests(self, cluster_id: str, count: float = 1) -> None:
        """The cluster served *count* requests: the other way to tell the throughput, by counting."""
        self._book.record(lambda samples: samples.requests(cluster_id, count))

    def record_error(self, cluster_id: str, count: float = 1) -> None:
        """*count* requests failed. A failed request is a request: record its latency, or count it, as well.

        The error rate is taken of all requests that the interval's recordings tell of; where they tell of errors
        alone, of these.
        """
        self._book.record(lambda samples: samples.errors(cluster_id, count))

    def forget_cluster(self, cluster_id: str) -> bool:
        """Watch a cluster no longer, because it was taken out of service: its alerts end.

        :returns: False when no such cluster ever reported.
        """
        return self._book.forget(cluster_id)

    # -- who listens ----------------------------------------------------------------------------------------------

    def add_alert_callback(self, callback: AlertCallback) -> None:
        """Call ``callback(alert)`` when an alert fires, changes severity, and with each newer measurement of it.

        The repetition keeps values fresh: for an alerting service the same ``alert_id`` again is an update, which
        notifies nobody. That an alert is over is told to :meth:`add_resolve_callback`; :meth:`connect` wires both, in
        order.

        A coroutine function is awaited in the event loop; any other function runs in a worker thread. The next call
        waits for the one before; meanwhile only the latest of each alert is kept. An exception is logged, by type and
        place, and counted, and the call is made again at the end of the interval, unless the alert is over by then.
        Neither delays the collection nor any other callback.

        :raises ConfigurationError: when *callback* cannot be called.
        """
        self._delivery.add(alert_listener(callback))

    def add_resolve_callback(self, callback: AlertCallback) -> None:
        """Call ``callback(alert)``, with the last that was said of it, when an alert is over.

        In all else as :meth:`add_alert_callback`: a call that fails is made again, until it succeeds.

        :raises ConfigurationError: when *callback* cannot be called.
        """
        self._delivery.add(resolve_listener(callback))

    def connect(self, alerting: AlertingService | FactSink) -> None:
        """Hand every alert to *alerting*, and its end as well: first things first, and repeated until it took them.

        Where the service has ``submit``, as a ``FederationAlertingService`` has, what is due goes there in one
        commit; otherwise to ``process_alert`` and ``resolve_alert``, one at a time.

        :raises ConfigurationError: when *alerting* has neither.
        """
        self._delivery.add(service_listener(alerting))

    # -- life -----------------------------------------------------------------------------------------------------

    async def start_collection(self) -> None:
        """Collect in the background of the running event loop until :meth:`stop_collection` or the loop's end.

        Running already in this loop, it does nothing. Running in another one, it moves here.
        """
        run = self._run
        if run is not None and run.here and run.working:
            if not run.stopping:
                return
            await run.gone()
        elif run is not None:
            run.abandon()
        run = self._run = _Run()
        self._rounds.begin(run.collecting)
        self._delivery.employ(run.delivering)

    async def stop_collection(self) -> None:
        """Stop collecting; callbacks that are under way or due get ``drain_seconds``, those that hang get none.

        What they have not taken by then waits for the next start. Silence is counted afresh after it.
        """
        run = self._run
        if run is None:
            return
        if not run.here:
            self._run = None
            run.abandon()
        elif run.stopping:
            await run.gone()
        else:
            run.stopping = True
            await self._stop(run)

    async def __aenter__(self) -> Self:
        await self.start_collection()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        with anyio.CancelScope(shield=True):
            await self.stop_collection()

    async def _stop(self, run: _Run) -> None:
        try:
            run.collecting.cancel()
            await run.collecting.gone()
            self._delivery.look_after()
            with self._clock.move_on_after(self._settings.drain_seconds):
                await run.delivering.until(self._delivery.settled)
        finally:
            self._delivery.dismiss(run.delivering)
            run.delivering.cancel()
        await run.delivering.gone()

    # -- what comes out -------------------------------------------------------------------------------------------

    def get_cluster_metrics(self, cluster_id: str) -> ClusterMetrics | None:
        """Return what is known of a cluster, put together from its latest measurements; None: it never reported."""
        return self._book.latest(cluster_id)

    def get_all_cluster_metrics(self) -> dict[str, ClusterMetrics]:
        """Return what is known of every cluster, by id."""
        return self._book.all_latest()

    def get_federation_metrics(self) -> FederationMetrics:
        """Return all clusters that report as one: totals and weighted averages, now."""
        return self._book.federation(self._clock.wall())

    def get_active_alerts(self) -> list[PerformanceAlert]:
        """Return the alerts that fire, most severe first."""
        return self._book.active()

    def get_history(self, cluster_id: str) -> Sequence[ClusterMetrics]:
        """Return a cluster's measurements as they came, oldest first: the newest ``history_limit``."""
        return self._book.history(cluster_id)

    def get_federation_history(self) -> Sequence[FederationMetrics]:
        """Return the federation's aggregates, oldest first: one per interval, the newest ``history_limit``."""
        return self._book.federation_history()

    def get_performance_summary(self) -> dict[str, Any]:
        """Return plain data for people and dashboards; its numbers are numbers even where nothing was measured.

        ``collecting``, ``collection_interval``, ``rounds``; ``clusters``, ``silent_clusters``, ``active_alerts``,
        ``alerts_by_severity``, ``measurements``; ``federation`` (totals and averages, 0.0 where unknown);
        ``worst_clusters``, worst first; ``collectors`` and ``callbacks``, one entry for each, which tells how it does
        (``problem``, ``failures``; ``pending``, ``dropped``, ``hung``).
        """
        return {
            "collecting": self.collecting,
            "collection_interval": self.collection_interval,
            "rounds": self._rounds.finished,
            **self._book.summary(self._clock.wall()),
            "collectors": [record.as_dict() for record in self._rounds.collectors],
            "callbacks": [subscription.as_dict() for subscription in self._delivery.subscriptions],
        }


class _Run:
    """One run of the collection in one event loop; made in that loop."""

    def __init__(self) -> None:
        self.collecting = Crew()
        self.delivering = Crew()
        self.stopping = False

    @property
    def here(self) -> bool:
        """Whether the caller runs in this run's event loop."""
        return self.collecting.here

    @property
    def working(self) -> bool:
        """Whether any of its tasks still runs."""
        return self.collecting.working or self.delivering.working

    async def gone(self) -> None:
        """Return once none of its tasks runs any more."""
        await self.collecting.gone()
        await self.delivering.gone()

    def abandon(self) -> None:
        """Have it end in its own event loop, if that one still runs, without waiting."""
        for crew in (self.collecting, self.delivering):
            crew.call(crew.cancel)


def create_performance_metrics_service(
    collection_interval: float = 30.0,
    custom_thresholds: PerformanceThresholds | None = None,
    collectors: Iterable[MetricsCollector] = (),
    **options: Any,
) -> PerformanceMetricsService:
    """Return a metrics service; *options* are the other arguments of :class:`PerformanceMetricsService`.

    :param collection_interval: seconds from one collection to the next.
    :param custom_thresholds: None: :class:`PerformanceThresholds`' defaults.
    :raises ConfigurationError: for a setting that makes no sense.
    """
    return PerformanceMetricsService(collection_interval, custom_thresholds, collectors, **options)
