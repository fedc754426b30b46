"""The two modules offer tocsin's own objects under the guide's names."""

from __future__ import annotations

import tocsin
from mpreg.federation import federation_alerting, performance_metrics


def test_every_name_is_tocsins_own_object() -> None:
    for module in (federation_alerting, performance_metrics):
        for name in module.__all__:
            assert getattr(module, name) is getattr(tocsin, name)


def test_import_star_of_both_gives_what_the_guides_production_example_uses() -> None:
    namespace: dict[str, object] = {}
    exec("from mpreg.federation.federation_alerting import *", namespace)
    assert {"AlertSeverity", "PerformanceAlert", "FederationAlertingService", "EscalationPolicy"} <= namespace.keys()
    exec("from mpreg.federation.performance_metrics import *", namespace)
    assert {"create_performance_metrics_service", "create_production_thresholds"} <= namespace.keys()
    assert "steer" not in namespace


def test_both_modules_offer_the_alert_itself() -> None:
    assert performance_metrics.PerformanceAlert is federation_alerting.PerformanceAlert
    assert performance_metrics.AlertSeverity is federation_alerting.AlertSeverity
