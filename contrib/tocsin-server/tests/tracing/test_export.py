"""The daemon with traces: they go to a collector over OTLP/HTTP, and who is not there does not hold it up."""

from __future__ import annotations

import gzip
import json
import queue
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import attrs
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from server_processes import PATIENCE, Process, daemon, receiver, running, serve_command

CONFIG: Final = """
channels: {{hook: {{backend: webhook, config: {{webhook_url: "{url}", format: alertmanager}}}}}}
routing_rules: [{{rule_id: all, target_channels: [hook]}}]
aggregation: {{strategy: none}}
server: {server}
"""
LISTENING: Final = r"^Listening on (\S+)$"
TRACE: Final = "0af7651916cd43dd8448eb211c80319c"
HEADERS: Final = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
ALERTS: Final = [{"labels": {"alertname": "cpu"}}]


def written(folder: Path, url: str = "http://127.0.0.1:9/", **server: Any) -> Path:
    """Write a configuration, and return its path."""
    path = folder / "tocsin.yaml"
    path.write_text(CONFIG.format(url=url, server=json.dumps(server)))
    return path


@attrs.define
class Collector:
    """Takes traces; what came in, and with which headers."""

    url: str = ""
    requests: queue.Queue[tuple[dict[str, str], ExportTraceServiceRequest]] = attrs.field(factory=queue.Queue)
    spans: dict[str, Any] = attrs.field(factory=dict)
    service: str = ""

    def wait_for(self, *names: str) -> None:
        """Wait until spans of these names came in."""
        while not set(names) <= set(self.spans):
            headers, request = self.requests.get(timeout=PATIENCE)
            assert headers["api-key"] == "s3cret"
            for resource in request.resource_spans:
                about = {one.key: one.value.string_value for one in resource.resource.attributes}
                self.service = about["service.name"]
                for scope in resource.scope_spans:
                    self.spans |= {span.name: span for span in scope.spans}


@contextmanager
def collector() -> Iterator[Collector]:
    """Run one on a free port of loopback."""
    made = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/traces"
            body = self.rfile.read(int(self.headers["Content-Length"]))
            plain = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
            made.requests.put((dict(self.headers.items()), ExportTraceServiceRequest.FromString(plain)))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    made.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_traces_go_where_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also what was not handed on yet when the daemon ends; the attempt leads back to the request."""
    with collector() as there, receiver() as told:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", there.url)
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "api-key=s3cret")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
        monkeypatch.setenv("OTEL_SERVICE_NAME", "pager")
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "3600000")
        with daemon(written(tmp_path, told.url, traces=True), tmp_path / "data") as ours:
            ours.client.post("/api/v2/alerts", json=ALERTS, headers=HEADERS).raise_for_status()
            told.next()
            delivered(ours)
            assert ours.stop() == 0
        there.wait_for("POST /api/v2/alerts", "commit", "send hook")
    request, commit, attempt = (there.spans[name] for name in ("POST /api/v2/alerts", "commit", "send hook"))
    assert there.service == "pager"
    assert (request.trace_id.hex(), commit.trace_id.hex()) == (TRACE, TRACE)
    assert commit.parent_span_id == request.span_id
    assert [(link.trace_id.hex(), link.span_id) for link in attempt.links] == [(TRACE, commit.span_id)]
    assert attempt.start_time_unix_nano <= attempt.end_time_unix_nano
    assert {one.key: one.value.int_value for one in attempt.attributes}["tocsin.code"] == 200
    assert "s3cret" not in "".join(ours.lines.seen)


def delivered(ours: Process) -> None:
    """Wait until the daemon knows that the receiver has it."""
    while 'state="delivered"} 1.0' not in ours.client.get("/metrics").text:
        pass


def test_a_collector_that_is_not_there_holds_nothing_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it has to do is done, and it ends with 0; the log says what is wrong, and shows no header."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "api-key=s3cret")
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
    with receiver() as told, daemon(written(tmp_path, told.url, traces=True), tmp_path / "data") as ours:
        ours.client.post("/api/v2/alerts", json=ALERTS).raise_for_status()
        assert told.next()["status"] == "firing"
        assert ours.stop() == 0
        said = "".join(ours.lines.seen)
    assert "s3cret" not in said


def test_without_the_packages_traces_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one line that says what to install; nobody who wants none misses them."""
    absent = tmp_path / "absent/opentelemetry"
    absent.mkdir(parents=True)
    (absent / "__init__.py").write_text("raise ImportError('No module named opentelemetry')\n")
    monkeypatch.setenv("PYTHONPATH", str(absent.parent))
    code, said = refused(serve_command(written(tmp_path, traces=True), tmp_path / "data"))
    assert code == 2
    assert "Traceback" not in said
    assert said.splitlines()[-1].endswith(
        "traces need OpenTelemetry: pip install 'tocsin-server[otel]' @ server.traces"
    )
    with running(serve_command(written(tmp_path), tmp_path / "data"), LISTENING) as ours:
        assert ours.client.get("/-/ready").text == "OK"


def test_variables_that_mean_nothing_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the line that says where to look."""
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "-1")
    code, said = refused(serve_command(written(tmp_path, traces=True), tmp_path / "data"))
    assert (code, "variables OTEL_" in said, "Traceback" in said) == (2, True, False)


def refused(command: list[str | Path]) -> tuple[int, str]:
    """Run what does not come up; return its exit code and what it says."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    return done.returncode, done.stderr


def test_traces_begin_and_end_with_the_daemon(tmp_path: Path) -> None:
    """A reload says so, and changes nothing about them."""
    path = written(tmp_path)
    with daemon(path, tmp_path / "data") as ours:
        written(tmp_path, traces=True)
        ours.client.post("/-/reload").raise_for_status()
        ours.lines.wait_for("server.traces changes when the daemon is started again")
        ours.client.post("/api/v2/alerts", json=ALERTS, headers=HEADERS).raise_for_status()
