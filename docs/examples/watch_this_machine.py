"""Watch this machine: CPU, memory and disk, and say so on this screen when one of them is in trouble.

Read it from top to bottom, change a number, and start it again: `.venv/bin/python docs/examples/watch_this_machine.py`.
"""

from __future__ import annotations

import argparse

import anyio

from tocsin import (
    AlertSeverity,
    EscalationLevel,
    EscalationPolicy,
    FederationAlertingService,
    HostCollector,
    PerformanceAlert,
    PerformanceMetricsService,
    PerformanceThresholds,
    create_console_channel,
    create_performance_metrics_service,
    create_severity_routing_rule,
)

# From where on it is worth telling somebody, in percent.
THRESHOLDS = PerformanceThresholds(
    cpu_warning_percent=85,
    cpu_critical_percent=97,
    memory_warning_percent=85,
    memory_critical_percent=95,
    disk_warning_percent=85,
    disk_critical_percent=95,
)


def make_alerting() -> FederationAlertingService:
    """Who is told, of what, and who comes next if nobody answers."""
    alerting = FederationAlertingService()

    # Channels: where messages go. Both are this screen; in real life the second is a pager or a phone.
    alerting.add_channel(create_console_channel("screen"))
    alerting.add_channel(create_console_channel("on-call", AlertSeverity.CRITICAL))

    # Escalation: minutes in real life, seconds here, so that you can watch it happen.
    alerting.add_escalation_policy(
        EscalationPolicy(
            policy_id="nobody-answers",
            escalation_levels={
                EscalationLevel.FIRST: ["on-call"],
                EscalationLevel.FINAL: ["screen", "on-call"],
            },
            level_delays_seconds={EscalationLevel.FIRST: 10, EscalationLevel.FINAL: 60},
        )
    )

    # Rules: which alerts go where.
    alerting.add_routing_rule(create_severity_routing_rule("worth-a-look", ["info", "warning", "error"], ["screen"]))
    alerting.add_routing_rule(
        create_severity_routing_rule(
            "urgent", ["critical", "emergency"], ["screen"], escalation_policy_id="nobody-answers"
        )
    )
    return alerting


def make_metrics(alerting: FederationAlertingService) -> PerformanceMetricsService:
    """What is measured, how often, and where the alerts go."""
    metrics = create_performance_metrics_service(collection_interval=2.0, custom_thresholds=THRESHOLDS)
    metrics.add_collector(HostCollector())
    metrics.connect(alerting)
    return metrics


# What `--drill` pretends, to show what an urgent alert looks like.
DRILL = PerformanceAlert(
    alert_id="drill",
    cluster_id="this-machine",
    severity=AlertSeverity.CRITICAL,
    metric_name="drill",
    message="This is a drill: in 10 seconds it goes to on-call, for nobody acknowledges it.",
)

WELCOME = """\
tocsin watches this machine's CPU, memory and disk, every two seconds. All is well while nothing is printed.

Try next:
  --drill           a made-up critical alert, that nobody answers
  --seconds 30      the same as now, and it ends by itself
  edit this file: set cpu_warning_percent to 1
  .venv/bin/tocsin plugins            where else alerts can go, and what they can be matched by
Ctrl-C ends it.
"""


async def main(seconds: float | None, drill: bool) -> None:
    """Watch for *seconds*, or until somebody presses Ctrl-C."""
    print(WELCOME)
    alerting = make_alerting()
    async with alerting, make_metrics(alerting):
        if drill:
            await alerting.process_alert(DRILL)
        with anyio.move_on_after(seconds):
            await anyio.sleep_forever()
    sent = alerting.get_alerting_statistics()["delivery_stats"]["total_sent"]
    print(f"Stopped. Messages sent: {sent}.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Watch this machine.")
    parser.add_argument("--seconds", type=float, help="stop after so many seconds (default: go on until Ctrl-C)")
    parser.add_argument("--drill", action="store_true", help="begin with a made-up critical alert")
    options = parser.parse_args()
    try:
        anyio.run(main, options.seconds, options.drill)
    except KeyboardInterrupt:
        print("Stopped.")
