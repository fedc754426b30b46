"""This machine as a cluster of its own, measured with psutil (``pip install 'tocsin[host]'``)."""

from __future__ import annotations

import importlib
import socket
from collections.abc import Mapping
from typing import Any, Final

import anyio.to_thread
import attrs

from tocsin.errors import ConfigurationError
from tocsin.performance.metrics import ClusterMetrics

__all__ = ["HostCollector", "cpu_percent"]

_SHORTEST: Final = 0.2
"""Seconds of processor time that a CPU share must be made of: over less, one busy moment looks like overload."""

_IDLE: Final = ("idle", "iowait")
_COUNTED_TWICE: Final = ("guest", "guest_nice")
"""Linux counts the time of virtual machines in ``user`` and ``nice`` already."""


def cpu_percent(before: Mapping[str, float], after: Mapping[str, float]) -> float | None:
    """Return how busy the processors were between two readings of their times, in percent; None: too short to tell.

    The arguments map the kinds of processor time to seconds, as ``psutil.cpu_times()`` has them.
    """
    spent = {
        kind: max(0.0, seconds - before.get(kind, 0.0)) for kind, seconds in after.items() if kind not in _COUNTED_TWICE
    }
    total = sum(spent.values())
    if total < _SHORTEST:
        return None
    return (total - sum(spent.get(kind, 0.0) for kind in _IDLE)) / total * 100.0


class HostCollector:
    """Measures this machine: processors, memory, disk and load. The first CPU share comes with the second measurement.

    :param cluster_id: what the machine is called in alerts; None: its host name.
    :param node_id: None: its host name.
    :param disk_path: the file system whose space is measured; None: none.
    :raises ConfigurationError: when psutil is not installed.
    """

    def __init__(
        self,
        cluster_id: str | None = None,
        *,
        node_id: str | None = None,
        cluster_name: str | None = None,
        region: str | None = None,
        labels: Mapping[str, str] | None = None,
        disk_path: str | None = "/",
    ) -> None:
        self._psutil = _psutil()
        host = socket.gethostname() or "localhost"
        self._identity = ClusterMetrics(
            cluster_id=host if cluster_id is None else cluster_id,
            cluster_name=cluster_name,
            region=region,
            node_id=host if node_id is None else node_id,
            labels=labels or {},
        )
        self._disk_path = disk_path
        self._cpu_times: Mapping[str, float] | None = None

    @property
    def cluster_id(self) -> str:
        """What the machine is called in alerts."""
        return self._identity.cluster_id

    async def collect(self) -> list[ClusterMetrics]:
        """Measure once, in a worker thread: the system calls may block."""
        return [await anyio.to_thread.run_sync(self._measure)]

    def _measure(self) -> ClusterMetrics:
        fields: dict[str, Any] = {
            "cpu_usage_percent": self._cpu(),
            "memory_usage_percent": self._psutil.virtual_memory().percent,
            "load_average": self._psutil.getloadavg()[0],
        }
        if self._disk_path is not None:
            fields["disk_usage_percent"] = self._psutil.disk_usage(self._disk_path).percent
        return attrs.evolve(self._identity, **fields)

    def _cpu(self) -> float | None:
        after = self._psutil.cpu_times()._asdict()
        before, self._cpu_times = self._cpu_times, after
        return None if before is None else cpu_percent(before, after)


def _psutil() -> Any:
    try:
        return importlib.import_module("psutil")
    except ImportError:
        raise ConfigurationError("HostCollector needs psutil: pip install 'tocsin[host]'") from None
