"""What tocsin finds through the entry point: the source ``prometheus``."""

from __future__ import annotations

from tocsin import SourceRegistrar, hookimpl
from tocsin_prometheus.settings import PrometheusConfig
from tocsin_prometheus.source import PrometheusSource

__all__ = ["tocsin_register_sources"]


@hookimpl
def tocsin_register_sources(registrar: SourceRegistrar) -> None:
    """Register ``prometheus``."""
    registrar.register("prometheus", PrometheusSource, config_class=PrometheusConfig)
