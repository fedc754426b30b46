"""An alert as Prometheus and Alertmanager see it: a set of labels, and the fingerprint of that set."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from tocsin.model.alert import PerformanceAlert

__all__ = ["fingerprint", "label_set"]

_OFFSET: Final = 0xCBF29CE484222325
_PRIME: Final = 0x100000001B3
_MASK: Final = 0xFFFFFFFFFFFFFFFF


def fingerprint(labels: Mapping[str, str]) -> str:
    """Return the label set's fingerprint, 16 hexadecimal digits, as Alertmanager has it.

    It is FNV-1a, 64 bits, over the labels in order of name, name and value each followed by 0xFF: that of Prometheus'
    client libraries (``LabelSet.Fingerprint`` in prometheus/common).
    """
    return _fingerprint(tuple(labels.items()))


@lru_cache(maxsize=65_536)
def _fingerprint(labels: tuple[tuple[str, str], ...]) -> str:
    encoded = sorted((name.encode("utf-8", "replace"), value.encode("utf-8", "replace")) for name, value in labels)
    digest = _OFFSET
    for byte in b"".join(name + b"\xff" + value + b"\xff" for name, value in encoded):
        digest = (digest ^ byte) * _PRIME & _MASK
    return f"{digest:016x}"


def label_set(alert: PerformanceAlert) -> dict[str, str]:
    """Return the alert's labels as Alertmanager's API and webhooks show them, in order of name; none is empty.

    An alert whose id is its labels' fingerprint came through that API, and its labels are all there is. Of any other,
    what every Prometheus rule has is added where it is absent: ``alertname``, ``cluster`` and ``severity``.
    """
    own = {"alertname": alert.metric_name, "cluster": alert.cluster_id, "severity": alert.severity.value}
    labels = alert.labels if alert.alert_id == fingerprint(alert.labels) else {**own, **alert.labels}
    return {name: value for name, value in sorted(labels.items()) if value}
