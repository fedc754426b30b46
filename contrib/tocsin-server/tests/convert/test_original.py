"""What clients of Alertmanager's API read back of a configuration that was converted."""

from __future__ import annotations

import subprocess
from pathlib import Path

from server_processes import daemon, program

from tocsin_server.convert import converted
from tocsin_server.convert.writing import as_yaml

TEXT = """\
global: {resolve_timeout: 7m, slack_api_url: "https://hooks.slack.com/services/s3cret"}
route:
  receiver: team
  group_by: [alertname]
  routes:
  - receiver: pager
    matchers: ['severity=~"page|crit"', 'money="${5}"']
    continue: true
  - {receiver: "null", match: {team: web}, mute_time_intervals: [nights]}
receivers:
- name: team
  slack_configs: [{send_resolved: true}]
- name: pager
  webhook_configs: [{url: "http://127.0.0.1:9/s3cret"}]
- name: "null"
time_intervals:
- {name: nights, time_intervals: [{times: [{start_time: "22:00", end_time: "24:00"}]}]}
"""


def test_it_has_the_routing_as_it_was_and_no_secret() -> None:
    original = converted(TEXT).configuration["server"]["alertmanager_configuration"]
    assert "s3cret" not in original
    assert "resolve_timeout: 7m" in original
    assert "'severity=~\"page|crit\"'" in original


def test_amtool_reads_it_from_the_daemon_and_tests_routes_with_it(tmp_path: Path) -> None:
    """Strictly, as it reads every configuration."""
    config = tmp_path / "tocsin.yaml"
    config.write_text(as_yaml(converted(TEXT).configuration, "alertmanager.yml"))
    with daemon(config, tmp_path / "data") as ours:

        def amtool(*arguments: str) -> str:
            command = [program("amtool"), f"--alertmanager.url={ours.url}", *arguments]
            return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

        assert amtool("config", "routes", "test", "severity=page", "money=${5}", "team=web") == "pager,null"
        assert amtool("config", "routes", "test", "severity=info") == "team"
        (tmp_path / "shown.yml").write_text(amtool("config", "show"))
        assert "SUCCESS" in amtool("check-config", str(tmp_path / "shown.yml"))
