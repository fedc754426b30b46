"""A real Prometheus sends, a real receiver is told, and a real amtool reads and silences."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from server_processes import Process, Receiver, daemon, program, receiver, running

CONFIG = """
channels:
  hook:
    backend: webhook
    config: {{webhook_url: "{url}", format: alertmanager}}
receivers: {{team: [hook]}}
routing_rules:
- rule_id: root
  receiver: team
  aggregation: {{strategy: none}}
"""

PROMETHEUS = """
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [rules.yml]
scrape_configs:
- job_name: watched
  file_sd_configs:
  - files: [targets.json]
    refresh_interval: 1s
alerting:
  alertmanagers:
  - static_configs:
    - targets: ["{target}"]
"""

RULES = """
groups:
- name: g
  rules:
  - alert: Wanted
    expr: up{job="watched"} == 1
    labels: {severity: page, cluster: prod-eu-1}
    annotations: {summary: "somebody wants to know about {{ $labels.instance }}"}
"""


@pytest.fixture
def told() -> Iterator[Receiver]:
    """A receiver of webhooks."""
    with receiver() as made:
        yield made


@pytest.fixture
def ours(told: Receiver, tmp_path: Path) -> Iterator[Process]:
    """The daemon, which tells that receiver of everything."""
    config = tmp_path / "tocsin.yaml"
    config.write_text(CONFIG.format(url=told.url))
    with daemon(config, tmp_path / "data") as made:
        yield made


def test_what_prometheus_finds_arrives_when_it_fires_and_when_it_resolves(
    ours: Process, told: Receiver, tmp_path: Path
) -> None:
    """Under one fingerprint, and told once each, however often Prometheus repeats it."""
    target = ours.url.removeprefix("http://")
    (tmp_path / "prometheus.yml").write_text(PROMETHEUS.format(target=target))
    (tmp_path / "rules.yml").write_text(RULES)
    (tmp_path / "targets.json").write_text(json.dumps([{"targets": [target]}]))
    command = [
        program("prometheus"),
        f"--config.file={tmp_path / 'prometheus.yml'}",
        f"--storage.tsdb.path={tmp_path / 'tsdb'}",
        "--web.listen-address=127.0.0.1:0",
        "--rules.alert.resend-delay=1s",
    ]
    with running(command, r"msg=\"Listening on\" address=(\S+)") as prometheus:
        firing = told.next()
        (told_of,) = firing["alerts"]
        assert (firing["status"], firing["receiver"]) == ("firing", "hook")
        labels = {"alertname": "Wanted", "cluster": "prod-eu-1", "severity": "page", "job": "watched"}
        assert told_of["labels"] == {**labels, "instance": target}
        assert told_of["annotations"] == {"summary": f"somebody wants to know about {target}"}
        assert told_of["generatorURL"].startswith("http://")
        (listed,) = ours.client.get("/api/v2/alerts").json()
        assert (listed["fingerprint"], listed["startsAt"]) == (told_of["fingerprint"], told_of["startsAt"])
        (tmp_path / "targets.json").write_text("[]")
        resolved = told.next()
        assert (resolved["status"], resolved["alerts"][0]["fingerprint"]) == ("resolved", told_of["fingerprint"])
        assert ours.client.get("/api/v2/alerts").json() == []
        assert prometheus.client.get("/-/healthy").status_code == 200
    assert told.requests.empty()


def test_prometheus_scrapes_the_daemon(ours: Process, tmp_path: Path) -> None:
    """Its metrics can be read, as OpenMetrics and in the older form."""
    tool = program("promtool")
    text = ours.client.get("/metrics").text
    checked = subprocess.run([tool, "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    assert "error" not in checked.stderr.lower(), checked.stderr
    open_metrics = ours.client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert open_metrics.headers["content-type"].startswith("application/openmetrics-text")
    assert open_metrics.text.endswith("# EOF\n")
    assert 'alertmanager_build_info{branch="tocsin",version="0.25.0"} 1.0' in open_metrics.text


class Amtool:
    """The real amtool, on one server."""

    def __init__(self, url: str) -> None:
        self._command = [program("amtool"), f"--alertmanager.url={url}"]

    def __call__(self, *arguments: str, code: int = 0) -> str:
        """Run a command; return what it prints."""
        done = subprocess.run([*self._command, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stderr
        return done.stdout

    def json(self, *arguments: str) -> Any:
        """Run a command; return what it prints as JSON."""
        return json.loads(self("-o", "json", *arguments))


@pytest.fixture
def amtool(ours: Process) -> Amtool:
    """amtool on the daemon."""
    return Amtool(ours.url)


def test_amtool_adds_and_queries_alerts(amtool: Amtool, told: Receiver) -> None:
    amtool("alert", "add", "disk", "severity=critical", "instance=a", "--annotation=summary=full")
    assert told.next()["alerts"][0]["labels"]["alertname"] == "disk"
    amtool("alert", "add", "cpu", "severity=warning", "instance=b")
    assert [one["labels"]["alertname"] for one in amtool.json("alert", "query", "severity=~crit.*")] == ["disk"]
    assert len(amtool.json("alert")) == 2
    assert "disk" in amtool("alert", "query", "--receiver=team")
    assert amtool.json("alert", "query", "--receiver=nobody") == []


def test_amtool_silences(amtool: Amtool, told: Receiver) -> None:
    """What is silenced is told to nobody until it is not any more."""
    silence = amtool("silence", "add", "alertname=disk", "--comment=known", "--author=ada", "--duration=1h").strip()
    amtool("alert", "add", "disk", "instance=a")
    assert amtool.json("alert", "query") == []
    (shown,) = amtool.json("alert", "query", "--silenced")
    assert shown["status"] == {**shown["status"], "state": "suppressed", "silencedBy": [silence]}
    (known,) = amtool.json("silence", "query")
    assert (known["createdBy"], known["comment"], known["status"]) == ("ada", "known", {"state": "active"})
    amtool("silence", "update", "--comment=still known", silence)
    assert amtool.json("silence", "query", "alertname=disk")[0]["comment"] == "still known"
    assert told.requests.empty()
    amtool("silence", "expire", silence)
    assert told.next()["alerts"][0]["labels"]["alertname"] == "disk"
    assert amtool.json("silence", "query") == []
    assert [one["id"] for one in amtool.json("silence", "query", "--expired")] == [silence]


def test_amtool_reads_what_kind_of_server_it_is(amtool: Amtool) -> None:
    """It reads the configuration strictly."""
    assert "team" in amtool("config", "show")
    assert "team" in amtool("config", "routes")
    assert amtool("config", "routes", "test", "severity=page").strip() == "team"
    assert "disabled" in amtool("cluster", "show")


def test_what_is_not_repeated_resolves_at_its_end(ours: Process, told: Receiver) -> None:
    """And after the timeout where no end was told."""
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2))
    ours.client.post("/api/v2/alerts", json=[{"labels": {"alertname": "short"}, "endsAt": soon}])
    assert told.next()["status"] == "firing"
    assert told.next()["status"] == "resolved"
    assert ours.client.get("/api/v2/alerts").json() == []
