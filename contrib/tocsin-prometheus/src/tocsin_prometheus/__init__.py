"""Prometheus for tocsin: what PromQL says of each cluster, as measurements that are watched."""

from tocsin_prometheus.collector import NothingAnswered, PrometheusCollector
from tocsin_prometheus.settings import PrometheusConfig, Query
from tocsin_prometheus.source import PrometheusSource

__all__ = ["NothingAnswered", "PrometheusCollector", "PrometheusConfig", "PrometheusSource", "Query"]
