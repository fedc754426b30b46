"""``/metrics``: what the daemon does, for Prometheus; counted by those who do it, and read when somebody asks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

import attrs
from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric

from tocsin import AlertSeverity, Event, FederationAlertingService, NotificationChanged, NotificationState
from tocsin_server.alertmanager.severities import Severities
from tocsin_server.alertmanager.status import SPOKEN, version
from tocsin_server.intake import Intakes

__all__ = ["Metrics", "Reloads", "Seen"]

_ENDED: Final = (
    NotificationState.DELIVERED,
    NotificationState.REJECTED,
    NotificationState.UNKNOWN,
    NotificationState.DEAD,
    NotificationState.MERGED,
    NotificationState.CANCELLED,
)


class Seen:
    """Counts what happened to notifications; an observer of the service."""

    def __init__(self) -> None:
        self.notifications: Counter[tuple[str, str]] = Counter()

    def __call__(self, event: Event) -> None:
        """Take in one event."""
        if isinstance(event, NotificationChanged) and event.state in _ENDED:
            self.notifications[event.channel_id, event.state.value] += 1


@attrs.define(slots=True)
class Reloads:
    """How the configuration was read last, and when (wall time)."""

    succeeded: bool = True
    at: float = 0.0


class Metrics:
    """The metrics of one daemon."""

    def __init__(
        self,
        alerting: FederationAlertingService,
        intakes: Intakes,
        seen: Seen,
        reloads: Reloads,
        severities: Severities,
    ) -> None:
        self._alerting = alerting
        self._intakes = intakes
        self._seen = seen
        self._reloads = reloads
        self.severities = severities
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)

    def exposed(self, accepted: str) -> tuple[bytes, str]:
        """Return the metrics and their media type: OpenMetrics where that is accepted, else the text format."""
        try:
            encode, media_type = choose_encoder(accepted)
        except (ValueError, IndexError, KeyError):  # a header that makes no sense asks for nothing in particular
            encode, media_type = choose_encoder("")
        return encode(self._registry), media_type

    def collect(self) -> Iterator[Metric]:
        """Yield every metric, as it is now."""
        yield from self._about()
        yield from self._alerts()
        yield from self._received()
        yield from self._deliveries()

    def _about(self) -> Iterator[Metric]:
        yield InfoMetricFamily("tocsin_build", "The version of the daemon.", value={"version": version()})
        spoken = GaugeMetricFamily(
            "alertmanager_build_info", "The Alertmanager whose API this is.", labels=("version", "branch")
        )
        spoken.add_metric((SPOKEN, "tocsin"), 1)
        yield spoken
        for prefix in ("tocsin", "alertmanager"):
            yield GaugeMetricFamily(
                f"{prefix}_config_last_reload_successful",
                "Whether the configuration that was read last could be taken.",
                value=float(self._reloads.succeeded),
            )
            yield GaugeMetricFamily(
                f"{prefix}_config_last_reload_success_timestamp_seconds",
                "When the configuration in force was taken.",
                value=self._reloads.at,
            )

    def _alerts(self) -> Iterator[Metric]:
        by_severity = self._alerting.firing_by_severity
        firing = GaugeMetricFamily("tocsin_alerts_firing", "Alerts that fire.", labels=("severity",))
        for severity in AlertSeverity:
            firing.add_metric((severity.value,), by_severity[severity])
        yield firing
        text = "Alerts whose severity counted as warning."
        yield CounterMetricFamily("tocsin_alerts_unknown_severity", text, value=self.severities.unknown)

    def _received(self) -> Iterator[Metric]:
        came_in = self._intakes.by_interface()
        received = CounterMetricFamily(
            "tocsin_alerts_received",
            "Alerts that came in, by the interface; a source repeats what it finds.",
            labels=("interface", "status"),
        )
        invalid = CounterMetricFamily(
            "tocsin_alerts_invalid",
            "Alerts that came in and could not be taken, by the interface.",
            labels=("interface",),
        )
        for interface, counts in came_in.items():
            received.add_metric((interface, "firing"), counts.firing)
            received.add_metric((interface, "resolved"), counts.resolved)
            invalid.add_metric((interface,), counts.invalid)
        yield from (received, invalid)
        theirs = came_in["alertmanager"]
        as_there = CounterMetricFamily(
            "alertmanager_alerts_received", "Alerts that came in over Alertmanager's API.", labels=("status", "version")
        )
        as_there.add_metric(("firing", "v2"), theirs.firing)
        as_there.add_metric(("resolved", "v2"), theirs.resolved)
        yield as_there
        invalid_there = CounterMetricFamily(
            "alertmanager_alerts_invalid",
            "Alerts that came in over Alertmanager's API and could not be taken.",
            labels=("version",),
        )
        invalid_there.add_metric(("v2",), theirs.invalid)
        yield invalid_there

    def _deliveries(self) -> Iterator[Metric]:
        yield _counter(
            "tocsin_notifications",
            "Notifications that came to an end, by channel and how.",
            ("channel", "state"),
            self._seen.notifications.items(),
        )
        gaps: Counter[tuple[str, ...]] = Counter()
        for gap in self._alerting.gaps:
            gaps[gap.kind.value,] += gap.count
        yield _counter("tocsin_gaps", "What was owed and could not be given, by kind.", ("kind",), gaps.items())
        open_now = self._alerting.open_circuits
        circuits = GaugeMetricFamily(
            "tocsin_circuit_open", "Whether a channel is left alone since its receiver fails.", labels=("channel",)
        )
        for channel_id in self._alerting.channels:
            circuits.add_metric((channel_id,), float(channel_id in open_now))
        yield circuits
        yield GaugeMetricFamily(
            "tocsin_undelivered",
            "Notifications that were given up and are kept.",
            value=len(self._alerting.undelivered),
        )


def _counter(name: str, text: str, labels: tuple[str, ...], values: Iterable[tuple[tuple[str, ...], Any]]) -> Metric:
    family = CounterMetricFamily(name, text, labels=labels)
    for key, value in values:
        family.add_metric(key, value)
    return family
