"""A Prometheus on loopback that answers as it is told, well or badly, and a real one that scrapes an exporter."""

from __future__ import annotations

import json
import queue
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import parse_qs

import httpx

from tocsin import ClusterMetrics, Fact
from tocsin.testing.http_receiver import HttpReceiver, Received, Reply
from tocsin_prometheus import PrometheusConfig

__all__ = [
    "Exporter",
    "Prometheus",
    "PrometheusPeer",
    "Submitted",
    "config",
    "measured",
    "prometheus",
    "vector",
]

PATIENCE: Final = 60.0
_JSON = {"Content-Type": "application/json"}


def vector(values: Mapping[str, Any], at: float = 1.0, **more: Any) -> dict[str, Any]:
    """Return an answer with a series for each cluster of *values*."""
    result = [{"metric": {"cluster": name}, "value": [at, str(value)]} for name, value in values.items()]
    return {"status": "success", "data": {"resultType": "vector", "result": result}, **more}


class PrometheusPeer(HttpReceiver):
    """https://prometheus.io/docs/prometheus/latest/querying/api/: answers queries with what was put under them.

    The instant of an answer moves on by a second each time that a query is asked, unless :attr:`stands`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, Mapping[str, Any]] = {}
        self.answers: dict[str, Any] = {}
        """Answers that are given instead: a document, bytes, or what HttpReceiver does."""
        self.stands = False
        self._evaluated: dict[str, float] = {}

    def take(self, request: Received) -> Any:
        assert (request.method, request.target) == ("POST", "/prom/api/v1/query")
        assert request.headers["content-type"] == "application/x-www-form-urlencoded"
        form = parse_qs(request.body.decode(), strict_parsing=True)
        assert set(form) == {"query", "timeout"}
        assert re.fullmatch(r"[1-9][0-9]*ms", form["timeout"][0])
        (query,) = form["query"]
        answer = self.answers.get(query)
        if answer is None:
            at = self._evaluated.get(query, 1_700_000_000.0) + (0 if self.stands else 1)
            self._evaluated[query] = at
            answer = vector(self.values.get(query, {}), at)
        if isinstance(answer, dict):
            answer = json.dumps(answer).encode()
        return Reply(200, answer, _JSON) if isinstance(answer, bytes) else answer


def config(url: str, **changes: Any) -> PrometheusConfig:
    """Return settings for two queries, ``cpu`` and ``lat``."""
    settings: dict[str, Any] = {
        "url": f"{url}/prom/",
        "queries": {"cpu_usage_percent": "cpu", "p95_latency_ms": "lat"},
        "name": "fleet",
    }
    return PrometheusConfig(**{**settings, **changes})


class Submitted:
    """What a source submits."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []

    async def __call__(self, *facts: Fact) -> None:
        self.facts += facts

    def taken(self) -> list[Fact]:
        """Return what came since this was asked last."""
        found, self.facts = self.facts, []
        return found


def measured(metrics: list[ClusterMetrics]) -> dict[str, dict[str, float]]:
    """Return the numbers of each cluster."""
    names = ("cpu_usage_percent", "p95_latency_ms", "error_rate_percent", "throughput_rps")
    return {
        one.cluster_id: {name: value for name in names if (value := getattr(one, name)) is not None} for one in metrics
    }


# -- a real one --------------------------------------------------------------------------------------------------


class Exporter(HttpReceiver):
    """Gives metrics to whoever scrapes it: https://prometheus.io/docs/instrumenting/exposition_formats/."""

    def __init__(self, metrics: dict[str, float]) -> None:
        super().__init__()
        self.metrics = metrics

    def take(self, request: Received) -> Reply:
        lines = [f"{name} {value}" for name, value in self.metrics.items()]
        return Reply(200, "\n".join([*lines, ""]).encode(), {"Content-Type": "text/plain; version=0.0.4"})


_SCRAPING: Final = """
global: {{scrape_interval: 250ms, scrape_timeout: 250ms}}
scrape_configs:
- job_name: demo
  static_configs: [{{targets: ["{target}"]}}]
"""


class Prometheus:
    """A real Prometheus, running."""

    def __init__(self, command: list[str], auth: tuple[str, str] | None) -> None:
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1)
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._seen: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            self.url = "http://" + self._said(r'msg="Listening on".* address=(\S+)')
        except BaseException:
            self.stop()
            raise
        self._client = httpx.Client(base_url=self.url, auth=auth, trust_env=False, timeout=PATIENCE)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._seen.append(line)
            self._lines.put(line)
        self._lines.put(None)

    def _said(self, pattern: str) -> str:
        while True:
            line = self._lines.get(timeout=PATIENCE)
            assert line is not None, "it ended before it said so:\n" + "".join(self._seen)
            found = re.search(pattern, line)
            if found:
                return found[1]

    def wait_for(self, query: str, value: float, exporter: Exporter) -> None:
        """Block until *query* has *value*, asked after each time that it has scraped *exporter*."""
        while self.value(query) != value:
            exporter.wait_for_request()

    def value(self, query: str) -> float | None:
        """Return the one value of *query*, or None while it has none."""
        answer = self._client.post("/api/v1/query", data={"query": query})
        if answer.status_code != httpx.codes.OK:
            return None
        result = answer.json()["data"]["result"]
        return float(result[0]["value"][1]) if result else None

    def stop(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait(timeout=PATIENCE)
        self._reader.join(PATIENCE)
        assert self.process.stdout is not None
        self.process.stdout.close()
        if hasattr(self, "_client"):
            self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stop()


@contextmanager
def prometheus(
    folder: Path, exporter: Exporter, *options: str, auth: tuple[str, str] | None = None
) -> Iterator[Prometheus]:
    """Run a real Prometheus that scrapes *exporter*."""
    found = shutil.which("prometheus")
    assert found, "prometheus is needed: apt-get install prometheus"
    file = folder / "prometheus.yml"
    file.write_text(_SCRAPING.format(target=exporter.url.removeprefix("http://")))
    command = [
        found,
        f"--config.file={file}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
        "--web.listen-address=127.0.0.1:0",
    ]
    with Prometheus([*command, *options], auth) as running:
        yield running
