"""The long form: ``make month EVENTS=1000000``. A file with a month of alert events is replayed; how long that takes.

Alerts come in bursts of a metric, as they do: most are alone, some are hundreds. Instants are whole minutes, as in a
range of Prometheus. There are two hundred rules, an escalation policy and a rate limit. The end is 1 if an event took
more than 180 microseconds of one core, reading included, which is three minutes for a million.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tocsin import (
    AlertRoutingRule,
    Configuration,
    EscalationPolicy,
    NotificationChannel,
    discovery,
)
from tocsin.engine.compile import compile_plan
from tocsin.lab.history.labels import Labels
from tocsin.lab.history.reading import read_history
from tocsin.lab.replay.report import Report
from tocsin.lab.replay.run import replay

_START = 1_790_000_040.0
_MONTH = 30 * 86_400.0
_MINUTE = 60.0
_METRICS = 300
_RULES = 200
_LARGEST = 400
_MICROSECONDS = 180.0


def _configuration() -> Configuration:
    rules = [
        AlertRoutingRule(
            f"rule-{number}",
            conditions={"metric_name": [f"metric-{number}"], "severity": ["critical", "error"]},
            target_channels=["pager" if number % 3 else "chat"],
            escalation_policy_id="on-call",
        )
        for number in range(_RULES)
    ]
    everything = AlertRoutingRule("all", conditions={"cluster_pattern": "prod-.*"}, target_channels=["mail"])
    return Configuration(
        channels={
            "pager": NotificationChannel("pager", "console"),
            "chat": NotificationChannel("chat", "console"),
            "mail": NotificationChannel("mail", "console", rate_limit_per_minute=60),
        },
        routing_rules=(*rules, everything),
        escalation_policies={
            "on-call": EscalationPolicy("on-call", escalation_levels={"immediate": ["pager"], "first": ["chat"]})
        },
    )


def _alerts(events: int) -> Iterator[dict[str, object]]:
    """Yield half as many alerts as there are to be events: each fires, and resolves."""
    chance = random.Random(1)
    left = events // 2
    while left > 0:
        began = _START + chance.random() * _MONTH
        metric = f"metric-{chance.randrange(_METRICS)}"
        severity = chance.choice(("info", "warning", "error", "critical"))
        for _ in range(min(left, _LARGEST, int(chance.paretovariate(0.9)))):
            left -= 1
            at = (began + chance.random() * 3 * _MINUTE) // _MINUTE * _MINUTE
            yield {
                "alert_id": f"{metric} {chance.randrange(3000)}",
                "cluster_id": chance.choice(("prod-1", "prod-2", "dev-1")),
                "severity": severity,
                "metric_name": metric,
                "timestamp": at,
                "resolved_at": at + _MINUTE * (1 + int(chance.expovariate(1 / 12))),
            }


def run(events: int, folder: Path) -> tuple[Report, float]:
    """Replay a file of so many events; return the report, and the seconds of one core."""
    plan = compile_plan(_configuration(), discovery.load().registry)
    path = folder / "month.jsonl"
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(alert)}\n" for alert in _alerts(events))
    began = time.process_time()
    report = replay(read_history(path, Labels()), discovery.load().registry, plan)
    return report, time.process_time() - began


def main(arguments: Sequence[str]) -> int:
    """Replay, and print how long it took."""
    parser = argparse.ArgumentParser(prog="make month", description=__doc__)
    parser.add_argument("events", type=int, nargs="?", default=1_000_000)
    events = parser.parse_args(arguments).events
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        report, seconds = run(events, Path(folder))
    each = seconds / events * 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{events} events, {report.sent} notifications: {seconds:.1f} s of one core, {each:.0f} µs for an event; "
        f"{peak:.0f} MiB at the most"
    )
    return int(each > _MICROSECONDS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
