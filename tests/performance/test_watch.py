"""The evaluation, which is pure: measurements in, notices out."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.model.severity import AlertSeverity
from tocsin.performance import ClusterMetrics, PerformanceThresholds
from tocsin.performance.notice import Change, Notice
from tocsin.performance.watch import Watch


def told(notices: list[Notice]) -> list[tuple[str, str, str]]:
    """What became of which alert, and its severity."""
    return [(one.change.value, one.alert.alert_id, one.alert.severity.value) for one in notices]


def watch(**thresholds: Any) -> Watch:
    """A watch with the given thresholds."""
    return Watch(PerformanceThresholds(**thresholds))


def measured(**fields: Any) -> ClusterMetrics:
    """A measurement of cluster c."""
    return ClusterMetrics("c", timestamp=1000.0, **fields)


def test_one_alert_per_cluster_and_metric_grows_worse_and_better_and_ends() -> None:
    """Its id never changes, so a rise from warning to critical is one alert growing worse."""
    one = watch(cpu_warning_percent=80.0, cpu_critical_percent=95.0, hysteresis=0.1)
    story = [
        told(one.report(measured(cpu_usage_percent=value)))
        for value in (70.0, 85.0, 86.0, 97.0, 90.0, 85.0, 75.0, 72.0)
    ]
    assert story == [
        [],
        [("fired", "c:cpu_usage", "warning")],
        [("continues", "c:cpu_usage", "warning")],
        [("worsened", "c:cpu_usage", "critical")],
        [("continues", "c:cpu_usage", "critical")],
        [("improved", "c:cpu_usage", "warning")],
        [("continues", "c:cpu_usage", "warning")],
        [("resolved", "c:cpu_usage", "warning")],
    ]
    assert not list(one.active())


@pytest.mark.parametrize(
    ("fields", "metric", "severity", "value", "threshold", "text"),
    [
        ({"p95_latency_ms": 812.0}, "latency", "warning", 812.0, 500.0, "latency is 812 ms, above 500 ms"),
        ({"error_rate_percent": 12.0}, "error_rate", "critical", 12.0, 10.0, "error_rate is 12 %, above 10 %"),
        ({"health_score": 70.0}, "health_score", "warning", 70.0, 80.0, "health_score is 70, below 80"),
        ({"health_score": 10.0}, "health_score", "critical", 10.0, 50.0, "health_score is 10, below 50"),
        ({"cpu_usage_percent": 99.0}, "cpu_usage", "critical", 99.0, 95.0, "cpu_usage is 99 %, above 95 %"),
        ({"memory_usage_percent": 90.0}, "memory_usage", "warning", 90.0, 85.0, "memory_usage is 90 %, above 85 %"),
        ({"disk_usage_percent": 90.0}, "disk_usage", "warning", 90.0, 85.0, "disk_usage is 90 %, above 85 %"),
    ],
)
def test_each_metric_has_its_alert(
    fields: dict[str, float], metric: str, severity: str, value: float, threshold: float, text: str
) -> None:
    """With value and threshold in the metric's own unit, and a message that says which side is bad."""
    (notice,) = watch().report(measured(**fields))
    alert = notice.alert
    assert (alert.alert_id, alert.metric_name, alert.cluster_id) == (f"c:{metric}", metric, "c")
    assert (alert.severity.value, alert.current_value, alert.threshold_value) == (severity, value, threshold)
    assert alert.message == f"c: {text}"
    assert alert.timestamp == 1000.0


def test_an_alert_within_its_margin_says_so() -> None:
    """It would be odd to read that 490 is above 500."""
    one = watch()
    one.report(measured(avg_latency_ms=600.0))
    (notice,) = one.report(measured(avg_latency_ms=490.0))
    assert notice.alert.message == "c: latency is 490 ms, not yet well clear of 500 ms"


def test_an_alert_says_where_it_is() -> None:
    """Node, region and labels are taken over; a label of one's own named region wins; the name is shown."""
    one = watch()
    (notice,) = one.report(
        measured(cluster_name="Shop", node_id="n1", region="eu", labels={"service": "db"}, health_score=1.0)
    )
    assert notice.alert.node_id == "n1"
    assert notice.alert.labels == {"region": "eu", "service": "db"}
    assert notice.alert.message.startswith("Shop: ")
    (notice,) = one.report(measured(region="eu", labels={"region": "mine"}, health_score=1.0))
    assert notice.alert.labels == {"region": "mine", "service": "db"}


def test_throughput_is_judged_against_what_is_usual() -> None:
    """No alert before enough samples; then by how far it dropped; back to usual ends it."""
    one = watch(baseline_min_samples=5)
    assert [told(one.report(measured(throughput_rps=rps))) for rps in (100.0, 100.0, 0.0, 100.0, 100.0)] == [[]] * 5
    (notice,) = one.report(measured(throughput_rps=40.0))
    assert told([notice]) == [("fired", "c:throughput", "warning")]
    assert notice.alert.threshold_value == pytest.approx(80.0 * 0.6)
    assert told(one.report(measured(throughput_rps=0.0))) == [("worsened", "c:throughput", "critical")]
    assert told(one.report(measured(throughput_rps=90.0))) == [("resolved", "c:throughput", "critical")]


def test_too_few_requests_say_nothing() -> None:
    """One failed request of one is no error rate; where the number is unknown, the source is trusted."""
    one = watch(min_requests=20)
    assert one.report(measured(error_rate_percent=100.0, avg_latency_ms=9000.0, requests=19)) == []
    assert len(one.report(measured(error_rate_percent=100.0, avg_latency_ms=9000.0, requests=20))) == 2
    assert len(one.report(measured(error_rate_percent=100.0, avg_latency_ms=9000.0))) == 2


def test_what_is_not_told_changes_nothing() -> None:
    """An unknown value neither raises an alert nor ends one."""
    one = watch()
    one.report(measured(health_score=10.0, cpu_usage_percent=99.0))
    assert told(one.report(measured(health_score=100.0))) == [("resolved", "c:health_score", "critical")]
    assert [alert.alert_id for alert in one.active()] == ["c:cpu_usage"]


def test_two_sources_of_one_cluster_make_one_view() -> None:
    """Parts of this period and of the last; what nobody told for longer is unknown again."""
    one = watch()
    one.report(measured(cpu_usage_percent=50.0))
    one.report(measured(throughput_rps=9.0))
    view = one.clusters["c"].latest
    assert (view.cpu_usage_percent, view.throughput_rps) == (50.0, 9.0)
    one.period_ended(1030.0)
    one.report(measured(throughput_rps=8.0))
    view = one.clusters["c"].latest
    assert (view.cpu_usage_percent, view.throughput_rps) == (50.0, 8.0)
    one.period_ended(1060.0)
    one.report(measured(throughput_rps=7.0))
    assert one.clusters["c"].latest.cpu_usage_percent is None


def test_a_silent_cluster_raises_a_critical_alert_which_ends_when_it_reports() -> None:
    """After the configured number of whole periods with nothing; it is repeated with the count; what fired goes on."""
    one = watch(silent_after_intervals=2)
    one.report(measured(cpu_usage_percent=99.0, region="eu"))
    assert one.period_ended(1030.0) == []
    assert one.period_ended(1060.0) == []
    (notice,) = one.period_ended(1090.0)
    assert told([notice]) == [("fired", "c:cluster_silent", "critical")]
    alert = notice.alert
    assert (alert.current_value, alert.threshold_value, alert.timestamp) == (2, 2, 1090.0)
    assert (alert.message, alert.labels) == ("c: has not reported for 2 collection intervals", {"region": "eu"})
    assert told(one.period_ended(1120.0)) == [("continues", "c:cluster_silent", "critical")]
    assert told(one.report(measured(cpu_usage_percent=98.0))) == [
        ("resolved", "c:cluster_silent", "critical"),
        ("continues", "c:cpu_usage", "critical"),
    ]


def test_one_interval_of_silence_is_spelt_right() -> None:
    """Singular and plural."""
    one = watch(silent_after_intervals=1)
    one.report(measured())
    one.period_ended(1030.0)
    (notice,) = one.period_ended(1060.0)
    assert notice.alert.message == "c: has not reported for 1 collection interval"


def test_periods_in_which_the_collection_was_held_up_do_not_count() -> None:
    """Nor does what came before a stop; and a cluster that counts as dead stays so over it."""
    one = watch(silent_after_intervals=2)
    one.report(measured())
    for _ in range(10):
        assert one.period_ended(1030.0, counted=False) == []
    assert one.period_ended(1060.0) == []
    one.resume()
    assert one.period_ended(1090.0) == []
    assert told(one.period_ended(1120.0)) == [("fired", "c:cluster_silent", "critical")]
    one.resume()
    (notice,) = one.period_ended(1150.0)
    assert told([notice]) == [("continues", "c:cluster_silent", "critical")]
    assert notice.alert.current_value == 3


def test_a_report_before_a_stop_is_no_report_after_it() -> None:
    """The first whole period after the start is counted by what came in it."""
    one = watch(silent_after_intervals=1)
    one.report(measured())
    one.resume()
    assert told(one.period_ended(1030.0)) == [("fired", "c:cluster_silent", "critical")]


def test_silence_can_be_switched_off() -> None:
    """None: a cluster that comes and goes is nobody's business."""
    one = watch(silent_after_intervals=None)
    one.report(measured())
    assert [one.period_ended(float(n)) for n in range(50)] == [[]] * 50


def test_a_forgotten_cluster_has_no_alerts_and_may_come_back() -> None:
    """All of its alerts end; one that was never known has none."""
    one = watch()
    one.report(measured(cpu_usage_percent=99.0, memory_usage_percent=99.0))
    assert {change for change, _, _ in told(one.forget("c"))} == {"resolved"}
    assert one.forget("c") == []
    assert told(one.report(measured(cpu_usage_percent=99.0))) == [("fired", "c:cpu_usage", "critical")]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("report"), st.sampled_from(["a", "b"]), st.floats(0, 100), st.floats(0, 100)),
        st.tuples(st.just("period"), st.booleans()),
        st.just(("resume",)),
        st.tuples(st.just("forget"), st.sampled_from(["a", "b"])),
    ),
    max_size=40,
)


@given(STEPS)
def test_whatever_happens_the_notices_tell_exactly_what_fires(steps: list[tuple[Any, ...]]) -> None:
    """Who listens to every notice knows every alert that fires, with its severity; no change is told twice."""
    one, known = watch(silent_after_intervals=2, baseline_min_samples=3), dict[str, AlertSeverity]()
    for step in steps:
        for notice in _take(one, step):
            alert_id, severity = notice.alert.alert_id, notice.alert.severity
            before = known.get(alert_id)
            assert (notice.change is Change.FIRED) == (before is None)
            assert (notice.change is Change.WORSENED) == (before is not None and before < severity)
            assert (notice.change is Change.IMPROVED) == (before is not None and before > severity)
            if notice.resolved:
                del known[alert_id]
            else:
                known[alert_id] = severity
        assert {alert.alert_id: alert.severity for alert in one.active()} == known


def _take(one: Watch, step: tuple[Any, ...]) -> list[Notice]:
    kind, *rest = step
    if kind == "report":
        cluster_id, cpu, rps = rest
        return one.report(ClusterMetrics(cluster_id, cpu_usage_percent=cpu, throughput_rps=rps, health_score=rps))
    if kind == "period":
        return one.period_ended(0.0, counted=rest[0])
    if kind == "forget":
        return one.forget(rest[0])
    one.resume()
    return []
