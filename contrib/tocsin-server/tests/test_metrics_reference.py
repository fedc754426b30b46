"""docs/reference/metrics.md has every metric that `/metrics` gives, in the code's own words, and no other."""

from __future__ import annotations

import re

from prometheus_client.metrics_core import Metric
from server_repository import documentation

from tocsin import FederationAlertingService, ServerSettings
from tocsin_server.alertmanager.severities import Severities
from tocsin_server.daemon.metrics import Metrics, Reloads, Seen
from tocsin_server.intake import Intakes

PAGE = documentation("reference/metrics.md").read_text(encoding="utf-8")


def _metrics() -> Metrics:
    async def submit(*facts: object) -> None:
        """Nothing is submitted here."""

    alerting = FederationAlertingService()
    severities = Severities(ServerSettings().severity_labels)
    return Metrics(alerting, Intakes.to(submit), Seen(), Reloads(), severities)


def _row(family: Metric) -> str:
    name = {"counter": f"{family.name}_total", "info": f"{family.name}_info"}.get(family.type, family.name)
    labels = ", ".join(f"`{label}`" for label in getattr(family, "_labelnames", ())) or "none"
    if family.type == "info":
        labels = ", ".join(f"`{label}`" for label in family.samples[0].labels)
    return f"| `{name}` | {family.type} | {labels} | {family.documentation} |"


def test_the_page_has_every_metric_in_its_own_words() -> None:
    assert re.findall(r"^\| `(?:tocsin|alertmanager)_.*$", PAGE, re.MULTILINE) == [
        _row(family) for family in _metrics().collect()
    ]


def test_what_else_is_exposed_is_named_by_its_beginning() -> None:
    """Metrics of the process and of Python come from prometheus_client."""
    exposed = set(re.findall(r"^# TYPE (\w+)", _metrics().exposed("")[0].decode(), re.MULTILINE))
    named = tuple(re.findall(r"`(\w+_)…`", PAGE))
    others = {name for name in exposed if not name.startswith(("tocsin_", "alertmanager_"))}
    assert [name for name in others if not name.startswith(named)] == []
