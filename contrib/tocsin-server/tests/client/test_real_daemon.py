"""The command line against the real daemon, over its real API."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from client_runner import Ended, Run, run_command
from contract_daemon import running_daemon
from server_processes import PATIENCE, Process, Receiver, daemon, receiver, serve_command, until

from tocsin_server.client import following
from tocsin_server.client.connection import Connection
from tocsin_server.client.following import follow
from tocsin_server.client.where import Where

RunAt = Callable[[Process], Run]

NAME = "disk/full 100% ä?#"
READ, OPERATE = "t" * 40, "o" * 40
CONFIG = """
channels:
  hook:
    backend: webhook
    config: {{webhook_url: "{url}"}}
routing_rules:
- rule_id: root
  target_channels: [hook]
  aggregation: {{strategy: none}}
"""


@pytest.fixture
def told() -> Iterator[Receiver]:
    """A receiver of webhooks."""
    with receiver() as made:
        yield made


@pytest.fixture
def config(told: Receiver, tmp_path: Path) -> Path:
    """A configuration that tells that receiver of everything."""
    made = tmp_path / "tocsin.yaml"
    made.write_text(CONFIG.format(url=told.url))
    return made


@pytest.fixture
def served(config: Path, tmp_path: Path) -> Iterator[Process]:
    """A daemon that tells the receiver."""
    with daemon(config, tmp_path / "data") as made:
        yield made


@pytest.fixture
def run_at(monkeypatch: pytest.MonkeyPatch) -> RunAt:
    """Run ``tocsin`` against a daemon, with patience."""

    def at(process: Process) -> Run:
        monkeypatch.setenv("TOCSIN_URL", process.url)

        def call(*arguments: str, stdin: str | None = None) -> Ended:
            return run_command(*arguments, "--timeout", f"{PATIENCE:g}s", stdin=stdin)

        return call

    return at


@pytest.fixture
def run(served: Process, run_at: RunAt) -> Run:
    """Run ``tocsin`` against the daemon."""
    return run_at(served)


def _send(run: Run, alert_id: str = NAME) -> Ended:
    fields = ("--severity", "critical", "--cluster", "eu-1", "--metric", "disk", "--value", "97", "--label", "job=db")
    return run("send", "--id", alert_id, *fields, "--message", "full\x1b[2J\nindeed")


def test_an_alert_is_sent_told_listed_shown_taken_and_resolved(run: Run, told: Receiver) -> None:
    assert _send(run).out == "accepted: 1, new or changed: 1\n"
    assert NAME in json.dumps(told.next(), ensure_ascii=False)
    (listed,) = run("alerts", "--firing", "--severity", "critical", "--filter", 'job=~"d."', "--json").json
    assert (listed["alert_id"], listed["message"]) == (NAME, "full\x1b[2J\nindeed")
    assert "full\\x1b[2J indeed" in run("alerts", "--unacknowledged").out
    assert run("ack", NAME, "--for", "2h", "--comment", "on it").out == f"{NAME}: acknowledged by ann for 2h\n"
    assert run("snooze", NAME, "--for", "30m").code == 0
    assert run("alerts", "--unacknowledged").err == "tocsin: no alerts\n"
    shown = run("show", NAME).out
    assert "acknowledged by ann" in shown
    assert "what happened" in shown
    assert "what comes next" in shown
    assert run("resolve", "-", stdin=NAME).out == f"{NAME}: resolved\n"
    assert run("resolve", NAME).out == f"{NAME}: nothing changed, it is so already\n"
    assert [one["status"] for one in run("alerts", "--resolved", "--json").json] == ["resolved"]


def test_what_is_not_there_or_wrong_is_1_and_said(run: Run) -> None:
    for command in (("show", "x"), ("ack", "x"), ("resolve", "x"), ("redrive", "x"), ("silence", "expire", "x")):
        done = run(*command)
        assert done.code == 1
        assert "'x'" in done.err
    done = run("send", stdin='{"alert_id": "a", "severity": "bad", "cluster_id": "c", "metric_name": "m"}')
    assert done.code == 1
    assert "alert 0: severity: unknown severity 'bad'" in done.err
    assert run("alerts", "--filter", "nonsense").code == 1
    assert run("silence", "add", "nonsense", "--for", "1h").code == 1


def test_a_silence_is_tried_added_listed_and_ended(run: Run) -> None:
    _send(run)
    previewed = run("silence", "preview", 'job="db"', "--json").json
    assert (previewed["count"], previewed["past"]["alert_ids"]) == (1, [NAME])
    silence_id = run("silence", "add", 'job="db"', "--for", "2h", "--comment", "switches").out.strip()
    (listed,) = run("silence", "list", "--filter", 'job="db"', "--json").json
    assert (listed["silence_id"], listed["created_by"], listed["state"]) == (silence_id, "ann", "active")
    assert [one["alert_id"] for one in run("alerts", "--suppressed", "--json").json] == [NAME]
    assert run("silence", "expire", silence_id).out == f"{silence_id}: ended\n"
    assert run("silence", "list").err == "tocsin: no silences\n"
    assert len(run("silence", "list", "--state", "expired", "--json").json) == 1


def test_pages_are_followed(run: Run) -> None:
    fields = {"severity": "info", "cluster_id": "c", "metric_name": "m"}
    sent = json.dumps([{"alert_id": f"a-{number:04}", **fields} for number in range(1005)])
    assert run("send", stdin=sent).code == 0
    assert len(run("alerts", "--json").json) == 1005
    assert len(run("alerts", "--json", "-n", "1001").json) == 1001


def test_deliveries_and_status_say_what_was_sent(run: Run, told: Receiver) -> None:
    _send(run)
    told.next()
    assert run("deliveries", "--channel", "hook", "--json").code == 0
    assert run("deliveries").code == 0
    assert run("redrive", "--all").err == "tocsin: nothing was given up\n"
    done = run("status")
    assert (done.code, done.err) == (0, "")
    assert ": ok" in done.out.splitlines()[0]


def test_what_a_receiver_refused_is_given_up_and_sent_again(config: Path, tmp_path: Path, run_at: RunAt) -> None:
    with running_daemon() as refusing:
        config.write_text(CONFIG.format(url=f"{refusing.url}/nowhere"))
        with daemon(config, tmp_path / "data") as served:
            run = run_at(served)
            _send(run)
            (given_up,) = until(lambda: run("deliveries", "--state", "rejected", "--json").json)
            assert (given_up["channel_id"], given_up["alert_ids"]) == ("hook", [NAME])
            assert "404" in run("deliveries").out
            done = run("redrive", "--all", "--channel", "hook")
            assert done.out == f"{given_up['notification_id']}: is sent again\n"
            for _ in range(2):
                assert refusing.next().path == "/nowhere"


def test_what_happens_is_watched_from_the_start_of_the_journal(run: Run) -> None:
    _send(run)
    done = run("watch", "--since", "0", "-n", "1", "--event", "FactAccepted")
    assert f"{NAME}: AlertFired critical: full\\x1b[2J indeed" in done.out
    (line,) = run("watch", "--since", "0", "-n", "1", "--json").out.splitlines()
    assert json.loads(line)["event"] == "FactAccepted"


def test_whoever_watches_misses_nothing_while_the_daemon_starts_anew(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address stays the same; the daemon is started again in the time in which the connection would wait."""
    remarks: list[str] = []
    restarted: list[Process] = []
    command = serve_command(config, tmp_path / "data")
    first = Process(command, r"^Listening on (\S+)$")
    url = httpx.URL(first.url)

    def start_again(seconds: float) -> None:
        made = Process([*command, "--listen", f"127.0.0.1:{url.port}"], r"^Listening on (\S+)$")
        restarted.append(made)
        _post(made, "b")

    monkeypatch.setattr(following, "pause", start_again)
    try:
        _post(first, "a")
        with Connection(Where(url, timeout=PATIENCE)) as connection:
            events = follow(connection, "0", remarks.append)
            assert _fired(events) == "a"
            first.stop()
            assert _fired(events) == "b"
            events.close()
        assert len(remarks) == len(restarted) == 1
    finally:
        for process in [first, *restarted]:
            process.stop()


def _post(process: Process, alert_id: str) -> None:
    alert = {"alert_id": alert_id, "severity": "info", "cluster_id": "c", "metric_name": "m"}
    process.client.post("/api/tocsin/v1/alerts", json=alert).raise_for_status()


def _fired(events: Any) -> str:
    """Return which alert fires next."""
    for event in events:
        fact = json.loads(event.data).get("fact", {})
        if fact.get("type") == "AlertFired":
            return str(fact["alert"]["alert_id"])
    raise AssertionError("it ended")


def _hashed(token: str) -> str:
    return f"sha256:{hashlib.sha256(token.encode()).hexdigest()}"


def test_tokens_are_wanted_and_their_scopes_hold(config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = [
        {"name": "reader", "scopes": ["read"], "hash": _hashed(READ)},
        {"name": "operator", "scopes": ["read", "operate"], "hash": _hashed(OPERATE)},
    ]
    config.write_text(config.read_text() + f"server: {json.dumps({'auth_tokens': tokens})}\n")
    file = tmp_path / "token"
    with daemon(config, tmp_path / "data") as served:
        monkeypatch.setenv("TOCSIN_URL", served.url)
        done = run_command("alerts")
        assert (done.code, "wants a token" in done.err) == (1, True)
        monkeypatch.setenv("TOCSIN_TOKEN", "nonsense")
        assert "does not know the token of TOCSIN_TOKEN" in run_command("alerts").err
        file.write_text(READ)
        assert run_command("alerts", "--token-file", str(file)).code == 0
        done = run_command("ack", "x", "--token-file", str(file))
        assert done.code == 1
        assert "the token 'reader' does not have the scope 'operate'" in done.err
        assert READ not in done.err
        file.write_text(OPERATE)
        assert "no alert" in run_command("ack", "x", "--token-file", str(file)).err


def test_a_port_where_something_else_listens_is_3(told: Receiver) -> None:
    done = run_command("status", "--url", told.url.removesuffix("/hook"))
    assert done.code == 3
    assert "is not tocsin" in done.err
