"""The command ``tocsin serve``: how it begins, what it refuses, and how it ends."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
from pathlib import Path

import pytest
from server_processes import PATIENCE, daemon, receiver, running, serve_command, until
from server_repository import documentation

LISTENING = r"^Listening on (\S+)$"

CONFIG = """
channels: {{hook: {{backend: webhook, config: {{webhook_url: "{url}", format: alertmanager}}}}}}
routing_rules: [{{rule_id: all, target_channels: [hook]}}]
aggregation: {{strategy: none}}
server: {server}
"""
DELIVERED = 'tocsin_notifications_total{channel="hook",state="delivered"} 1.0'
TOKEN = "s3cret-token"


def written(folder: Path, server: str = "{}", url: str = "http://127.0.0.1:9/") -> Path:
    """Write a configuration, and return its path."""
    path = folder / "tocsin.yaml"
    path.write_text(CONFIG.format(url=url, server=server))
    return path


def refused(*command: str | Path) -> tuple[int, str]:
    """Run what does not come up; return its exit code and what it says."""
    done = subprocess.run(list(command), capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


def test_the_example_runs_and_watches_this_machine(tmp_path: Path) -> None:
    """And SIGTERM ends it with 0."""
    with running(
        serve_command(documentation("examples/watch-this-machine.yaml"), tmp_path / "data"), LISTENING
    ) as ours:
        assert ours.client.get("/-/ready").text == "OK"
        assert (tmp_path / "data/tocsin.db").exists()
        assert ours.stop() == 0


def test_ctrl_c_ends_it_as_well(tmp_path: Path) -> None:
    with running(serve_command(written(tmp_path), tmp_path / "data"), LISTENING) as ours:
        assert ours.stop(signal.SIGINT) == 0


def test_a_configuration_that_cannot_work_is_refused_with_all_that_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "tocsin.yaml"
    path.write_text("chanels: {}\nrouting_rules:\n- {rule_id: r, target_channels: [nobody]}\n")
    code, said = refused(*serve_command(path, tmp_path / "data"))
    assert code == 2
    assert f"{path}:1:1" in said
    assert f"{path}:3:" in said


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        (["--listen", "nowhere"], "127.0.0.1:9093"),
        (["--listen", "203.0.113.1:9093"], "auth_tokens"),
        (["--listen", "0.0.0.0:0"], "auth_tokens"),
    ],
)
def test_where_it_cannot_listen(tmp_path: Path, options: list[str], wanted: str) -> None:
    """Nor listens where others could reach it without a token."""
    code, said = refused(*serve_command(written(tmp_path), tmp_path / "data", *options))
    assert (code, wanted in said) == (2, True)


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        code, said = refused(*serve_command(written(tmp_path), tmp_path / "data", "--listen", address))
    assert (code, f"cannot listen on {address}: Address already in use" in said) == (2, True)


def test_a_store_that_is_in_use_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path)
    with daemon(path, tmp_path / "data"):
        code, said = refused(*serve_command(path, tmp_path / "data"))
    assert code == 1
    assert str(tmp_path / "data") in said


def test_what_was_told_is_not_told_again_after_a_restart_and_a_kill(tmp_path: Path) -> None:
    """What fires goes on firing, and its end is told."""
    with receiver() as told:
        path = written(tmp_path, url=told.url)
        posted = [{"labels": {"alertname": "cpu", "severity": "page"}}]
        with daemon(path, tmp_path / "data") as ours:
            ours.client.post("/api/v2/alerts", json=posted).raise_for_status()
            assert told.next()["status"] == "firing"
            until(lambda: DELIVERED in ours.client.get("/metrics").text)  # what is not known for sure is sent again
            ours.stop(signal.SIGKILL)
        with daemon(path, tmp_path / "data") as ours:
            (listed,) = ours.client.get("/api/v2/alerts").json()
            assert listed["labels"] == posted[0]["labels"]
            ended = {**posted[0], "endsAt": listed["startsAt"], "startsAt": listed["startsAt"]}
            ours.client.post("/api/v2/alerts", json=[ended]).raise_for_status()
            assert told.next()["status"] == "resolved"
        assert told.requests.empty()


def test_a_reload_takes_what_the_file_says_now_or_changes_nothing(tmp_path: Path) -> None:
    with receiver() as told, receiver() as other:
        path = written(tmp_path, url=told.url)
        with daemon(path, tmp_path / "data") as ours:
            path.write_text("nonsense: [")
            answer = ours.client.post("/-/reload")
            assert (answer.status_code, str(path) in answer.text) == (400, True)
            assert "last_reload_successful 0.0" in ours.client.get("/metrics").text
            ours.client.post("/api/v2/alerts", json=[{"labels": {"alertname": "one"}}])
            assert told.next()["alerts"][0]["labels"] == {"alertname": "one"}
            written(tmp_path, url=other.url)
            ours.process.send_signal(signal.SIGHUP)
            ours.lines.wait_for("the configuration was reloaded")
            assert "last_reload_successful 1.0" in ours.client.get("/metrics").text
            ours.client.post("/api/v2/alerts", json=[{"labels": {"alertname": "two"}}])
            assert other.next()["alerts"][0]["labels"] == {"alertname": "two"}
        assert told.requests.empty()


def test_tokens_have_scopes_and_are_never_shown(tmp_path: Path) -> None:
    """Each is as good as its scope; the two health requests need none."""
    tokens = {"in": "ingest", "see": "read", "act": "operate", "all": "admin"}
    listed = [
        {"name": name, "scopes": [scope], "hash": f"sha256:{hash_of(name + TOKEN)}"} for name, scope in tokens.items()
    ]
    path = written(tmp_path, server=json.dumps({"auth_tokens": listed}))
    requests = [
        ("POST", "/api/v2/alerts", {"ingest"}),
        ("GET", "/api/v2/alerts", {"read"}),
        ("GET", "/api/v2/alerts/groups", {"read"}),
        ("GET", "/api/v2/silences", {"read"}),
        ("POST", "/api/v2/silences", {"operate"}),
        ("GET", "/api/v2/status", {"read"}),
        ("GET", "/api/v2/receivers", {"read"}),
        ("GET", "/metrics", {"read"}),
        ("POST", "/-/reload", set()),
    ]
    with daemon(path, tmp_path / "data") as ours:
        for method, url, allowed in requests:
            assert ours.client.request(method, url).status_code == 401
            wrong = {"Authorization": "Bearer wrong"}
            assert ours.client.request(method, url, headers=wrong).status_code == 401
            for name, scope in tokens.items():
                headers = {"Authorization": f"Bearer {name}{TOKEN}"}
                answer = ours.client.request(method, url, headers=headers)
                refused_here = answer.status_code in {401, 403}
                assert refused_here is (scope not in {*allowed, "admin"}), (method, url, scope)
                assert TOKEN not in answer.text
        assert ours.client.get("/-/healthy").status_code == ours.client.get("/-/ready").status_code == 200
        ours.stop()
        assert TOKEN not in "".join(ours.lines.seen)


def hash_of(token: str) -> str:
    """Return the SHA-256 of a token, as a user would make it."""
    return subprocess.run(["sha256sum"], input=token, capture_output=True, text=True, check=True).stdout[:64]


def test_bounds_are_kept_with_a_clear_answer(tmp_path: Path) -> None:
    """What is too large is refused, and of who is too slow the connection is closed."""
    bounds = {"max_body_bytes": 2048, "max_alerts_per_request": 2, "max_labels": 3, "max_label_length": 20}
    path = written(tmp_path, server=json.dumps({**bounds, "request_timeout_seconds": 1}))
    with daemon(path, tmp_path / "data") as ours:
        url = "/api/v2/alerts"
        ours.client.headers["Content-Type"] = "application/json"
        alerts = [{"labels": {"a": str(number)}} for number in range(3)]
        assert ours.client.post(url, json=alerts).status_code == 413
        assert ours.client.post(url, content=b" " * 3000).status_code == 413
        assert ours.client.post(url, content=iter([b" " * 1500, b" " * 1500])).status_code == 413
        assert ours.client.post(url, json=[{"labels": dict.fromkeys("abcd", "x")}]).status_code == 400
        assert ours.client.post(url, json=[{"labels": {"a": "x" * 21}}]).status_code == 400
        assert ours.client.post(url, content=b"[" * 100).status_code == 400
        host, port = ours.url.removeprefix("http://").split(":")
        for sent in (
            b"",
            b"GET / HTTP/1.1\r\nHost: ::1\r\nX-Slow: ",
            b"GET /-/ready HTTP/1.1\r\nHost: [::1]\r\n\r\nGET /",
        ):
            with socket.create_connection((host, int(port)), timeout=PATIENCE) as slow:
                slow.sendall(sent)
                while slow.recv(4096):
                    pass
        head = b"POST /api/v2/alerts HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        with socket.create_connection((host, int(port)), timeout=PATIENCE) as slow:
            slow.sendall(head + b"Content-Length: 100\r\n\r\n[")
            assert slow.recv(4096).startswith(b"HTTP/1.1 408")
        assert ours.client.get("/api/v2/alerts").json() == []


def test_pages_of_other_sites_are_refused(tmp_path: Path) -> None:
    """Neither may they change anything, nor, under a name that was made to lead here, read anything."""
    path = written(tmp_path, server=json.dumps({"external_url": "https://alerts.example/tocsin"}))
    with daemon(path, tmp_path / "data") as ours:
        silence = json.dumps({"matchers": []})

        def post(**headers: str) -> int:
            return ours.client.post("/api/v2/silences", content=silence, headers=headers).status_code

        declared = {"Content-Type": "application/json"}
        assert post(**{"Content-Type": "text/plain"}) == 415
        assert post(**declared, Origin="https://evil.example") == 403
        assert post(**declared, Origin="null") == 403
        assert post(**declared, Origin=ours.url) == 422
        for host, code in (
            ("evil.example", 421),
            ("evil.example:9093", 421),
            ("localhost", 200),
            ("localhost:9093", 200),
            ("[::1]:9093", 200),
            ("10.0.0.7", 200),
            ("alerts.example", 200),
        ):
            assert ours.client.get("/api/v2/alerts", headers={"Host": host}).status_code == code, host
        assert "access-control-allow-origin" not in ours.client.get("/api/v2/alerts", headers={"Origin": "x"}).headers
