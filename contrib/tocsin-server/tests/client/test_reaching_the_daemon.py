"""A daemon that is not there, hangs, is something else, or refuses: an exit code, and a line that says what helps."""

from __future__ import annotations

import itertools
import socket
import subprocess
import types
from pathlib import Path
from typing import Any

import httpx
import pytest
from client_runner import Run, run_command
from contract_daemon import ContractDaemon, Reply, running_daemon
from server_processes import alertmanager, program

from tocsin_server.client import connection
from tocsin_server.client.connection import Connection
from tocsin_server.client.token import find_token
from tocsin_server.client.where import Where

SECRET = "s3cr3t-t0k3n"


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def _one_line(text: str) -> str:
    assert text.startswith("tocsin: ")
    assert text.count("\n") == 1
    return text


def test_without_a_daemon_it_is_3_and_says_where_it_looked() -> None:
    url = f"http://127.0.0.1:{_free_port()}"
    done = run_command("alerts", "--url", url)
    assert (done.code, done.out) == (3, "")
    assert _one_line(done.err) == (
        f"tocsin: no daemon can be reached at {url}: connection refused; --url or TOCSIN_URL says where the daemon is\n"
    )


def test_a_host_that_is_not_known_is_3() -> None:
    done = run_command("alerts", "--url", "http://no-such-host.invalid:9093")
    assert done.code == 3
    assert "http://no-such-host.invalid:9093: there is no host of that name" in _one_line(done.err)


def test_a_daemon_that_hangs_is_3_after_the_timeout(daemon: ContractDaemon, tocsin: Run) -> None:
    daemon.answers("GET", "/health", hang=True)
    done = tocsin("status", "--timeout", "50ms")
    assert done.code == 3
    assert f"{daemon.url} did not answer within 0.05s; --timeout gives it longer" in _one_line(done.err)


def test_an_answer_that_goes_on_for_too_long_is_3(
    daemon: ContractDaemon, tocsin: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = itertools.count(step=60)
    monkeypatch.setattr(connection, "time", types.SimpleNamespace(monotonic=lambda: next(clock)))
    daemon.answers("GET", "/health", {"status": "ok"})
    done = tocsin("status")
    assert done.code == 3
    assert "did not answer within 10s" in _one_line(done.err)


def test_an_answer_that_has_no_end_is_3(daemon: ContractDaemon, tocsin: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_LARGEST", 5)
    daemon.answers("GET", "/health", {"status": "ok"})
    assert tocsin("status").code == 3


def test_a_daemon_that_drops_the_connection_is_3(daemon: ContractDaemon, tocsin: Run) -> None:
    daemon.answers("GET", "/health", drop=True)
    done = tocsin("status")
    assert done.code == 3
    assert "broke the connection off, or speaks no HTTP" in _one_line(done.err)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(b"404 page not found\n", 404),
        Reply(b"<html>", 200),
        Reply(b"<html>bad gateway", 502),
        Reply(b"\xff\xfe", 200),
        Reply(b"[" * 100_000, 200),
        Reply(b"9" * 5000, 200),
        Reply("a string", 200),
        Reply([1, 2], 200),
        Reply({"items": 3}, 200),
        Reply({"items": [3]}, 200),
        Reply({"status": "error"}, 404),
        Reply(b"", 302, {"Location": "http://elsewhere.invalid/?token=x"}),
        Reply(b"not gzip", 200, {"Content-Encoding": "gzip"}),
    ],
    ids=str,
)
def test_what_is_not_tocsin_is_3(daemon: ContractDaemon, tocsin: Run, reply: Reply) -> None:
    daemon.answers("GET", "/alerts", reply)
    done = tocsin("alerts")
    assert (done.code, done.out) == (3, "")
    assert daemon.url in _one_line(done.err)
    assert "elsewhere.invalid" not in done.err


def test_a_real_alertmanager_which_has_the_same_port_is_3(tmp_path: Path) -> None:
    config = tmp_path / "alertmanager.yml"
    config.write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
    with alertmanager(config, tmp_path / "data") as running:
        for command in (["alerts"], ["status"], ["watch"], ["ack", "x"], ["silence", "expire", "x"]):
            done = run_command(*command, "--url", running.url)
            assert done.code == 3
            assert f"what answers at {running.url} is not tocsin (status 404" in _one_line(done.err)


def test_something_that_speaks_no_http_is_3(daemon: ContractDaemon) -> None:
    done = run_command("status", "--url", daemon.url.replace("http://", "https://"))
    assert done.code == 3
    assert "speaks no TLS; does the address begin with http:// instead?" in _one_line(done.err)


def test_a_refusal_is_1_and_in_the_daemons_words(daemon: ContractDaemon, tocsin: Run) -> None:
    daemon.answers("GET", "/alerts", {"error": "no severity is called 'bad'; did you mean 'info'?"}, status=400)
    done = tocsin("alerts")
    assert (done.code, done.out, done.err) == (1, "", "tocsin: no severity is called 'bad'; did you mean 'info'?\n")


def test_every_problem_of_a_refusal_is_a_line(daemon: ContractDaemon, tocsin: Run) -> None:
    problems = [{"index": 1, "path": "severity", "problem": "unknown"}, {"problem": "too many"}]
    daemon.answers("POST", "/alerts", {"error": "2 problems", "errors": problems}, status=400)
    done = tocsin("send", stdin='[{"alert_id": "a"}, {"alert_id": "b"}]')
    assert done.code == 1
    assert done.err == "tocsin: 2 problems\n  alert 1: severity: unknown\n  too many\n"


def test_a_failure_is_1_and_says_when_to_try_again(daemon: ContractDaemon, tocsin: Run) -> None:
    daemon.answers("GET", "/alerts", {"error": "nothing could be kept"}, status=503, headers={"Retry-After": "5"})
    done = tocsin("alerts")
    assert done.code == 1
    assert done.err == f"tocsin: {daemon.url} failed: nothing could be kept; try again in 5 s\n"


def test_what_a_refusal_says_cannot_steer_a_terminal(daemon: ContractDaemon, tocsin: Run) -> None:
    daemon.answers("GET", "/alerts", {"error": "no \x1b[2J\nsuch\ud800"}, status=400)
    assert tocsin("alerts").err == "tocsin: no \\x1b[2J such\\ud800\n"


def test_without_a_token_that_is_wanted_it_says_how_to_give_one(daemon: ContractDaemon, tocsin: Run) -> None:
    for status in (401, 403):
        daemon.answers("GET", "/alerts", {"error": "this needs a token"}, status=status)
        done = tocsin("alerts")
        assert done.code == 1
        assert "wants a token: put one into a file and name that with --token-file or TOCSIN_TOKEN_FILE" in done.err


def test_a_401_of_a_proxy_says_how_to_give_a_token_as_well(daemon: ContractDaemon, tocsin: Run) -> None:
    daemon.answers("GET", "/alerts", b"<html>", status=401)
    done = tocsin("alerts")
    assert done.code == 1
    assert "wants a token" in _one_line(done.err)


def test_a_token_that_is_not_known_or_does_not_suffice_is_named_by_its_origin(
    daemon: ContractDaemon, tocsin: Run, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text(f"{SECRET}\n")
    daemon.answers("GET", "/alerts", {"error": "this needs a token"}, status=401)
    done = tocsin("alerts", "--token-file", str(file))
    assert f"does not know the token of {file}" in _one_line(done.err)
    daemon.answers("GET", "/alerts", {"error": "the token 'x' does not have the scope 'read'"}, status=403)
    done = tocsin("alerts", "--token-file", str(file))
    assert done.code == 1
    assert f"the token of {file} does not suffice at {daemon.url}: the token 'x' does not have" in _one_line(done.err)
    assert SECRET not in done.err


def test_a_token_is_in_no_repr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_TOKEN", SECRET)
    where = Where(httpx.URL("http://127.0.0.1:1"), find_token(None))
    with Connection(where) as made:
        assert SECRET not in f"{where!r} {where.token!r} {vars(made)!r} {where.client().headers!r}"


def test_the_token_of_a_file_goes_before_that_of_the_environment(
    daemon: ContractDaemon, tocsin: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon.answers("GET", "/alerts", {"items": [], "next": None})
    monkeypatch.setenv("TOCSIN_TOKEN", "from-the-environment")
    tocsin("alerts")
    file = tmp_path / "token"
    file.write_text(f"  {SECRET}\n")
    monkeypatch.setenv("TOCSIN_TOKEN_FILE", str(file))
    tocsin("alerts")
    sent = [asked.headers["authorization"] for asked in daemon.asked]
    assert sent == ["Bearer from-the-environment", f"Bearer {SECRET}"]


@pytest.mark.parametrize("content", [b"", b" \n", b"two words", b"two\nlines", b"\xff\xfe", "tökén".encode()])
def test_a_file_without_a_token_is_2_and_its_content_is_not_shown(
    tocsin: Run, daemon: ContractDaemon, tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "token"
    file.write_bytes(content)
    done = tocsin("alerts", "--token-file", str(file))
    assert done.code == 2
    assert f"{file} holds no token" in done.err
    assert not content.strip() or content.split()[0].decode("latin-1") not in done.err.replace("one word", "")
    assert daemon.asked == []


def test_a_token_file_that_cannot_be_read_is_2(tocsin: Run, tmp_path: Path) -> None:
    for file in (tmp_path / "absent", tmp_path):
        done = tocsin("alerts", "--token-file", str(file))
        assert done.code == 2
        assert f"{file} cannot be read" in done.err


def test_a_strange_token_of_the_environment_is_2_and_not_shown(tocsin: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_TOKEN", f"{SECRET}\nInjected: yes")
    done = tocsin("alerts")
    assert done.code == 2
    assert SECRET not in done.err


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:9093",
        "ftp://localhost",
        "http://",
        "http://[::1",
        "http://a:b:c",
        f"http://ann:{SECRET}@localhost",
        f"http://localhost/?token={SECRET}",
        f"http://localhost/#{SECRET}",
        f"nonsense {SECRET}",
        "http://\x00",
        "http://a\udcff.example",
    ],
)
def test_what_is_no_address_is_2_and_shows_nothing_of_it(url: str) -> None:
    done = run_command("alerts", "--url", url)
    assert done.code == 2
    assert SECRET not in done.err + done.out


def test_an_address_may_have_a_path_before_that_of_the_api(daemon: ContractDaemon) -> None:
    run_command("status", "--url", f"{daemon.url}/alerting/")
    assert [asked.path for asked in daemon.asked] == ["/alerting/api/tocsin/v1/health"]


def test_an_address_of_loopback_is_asked_without_a_proxy(
    daemon: ContractDaemon, tocsin: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon.answers("GET", "/alerts", {"items": [], "next": None})
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert tocsin("alerts").code == 0


@pytest.mark.parametrize(("proxy", "code"), [("http://ann:{}@127.0.0.1:1", 3), ("nonsense://ann:{}@x", 2)])
def test_a_proxy_that_fails_does_not_show_its_password(proxy: str, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, proxy.format(SECRET))
    done = run_command("alerts", "--url", "http://daemon.example:9093")
    assert done.code == code
    assert SECRET not in done.err


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1, signed by itself, with its key."""
    folder = tmp_path_factory.mktemp("tls")
    made = folder / "server.pem"
    command: list[Any] = [program("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-days", "2", "-subj", "/CN=tocsin", "-addext", "subjectAltName=IP:127.0.0.1"]
    command += ["-keyout", folder / "key.pem", "-out", folder / "cert.pem"]
    subprocess.run(command, check=True, capture_output=True)
    made.write_bytes((folder / "cert.pem").read_bytes() + (folder / "key.pem").read_bytes())
    return made


def test_a_certificate_that_nobody_vouches_for_is_3_and_one_that_ca_names_is_trusted(certificate: Path) -> None:
    with running_daemon(certificate) as daemon:
        daemon.answers("GET", "/alerts", {"items": [], "next": None})
        done = run_command("alerts", "--url", daemon.url)
        assert done.code == 3
        assert f"TLS with {daemon.url} failed: self-signed certificate; --ca names" in _one_line(done.err)
        assert run_command("alerts", "--url", daemon.url, "--ca", str(certificate)).code == 0


def test_a_file_without_certificates_is_2(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("nothing")
    for path in (file, tmp_path / "absent"):
        done = run_command("alerts", "--url", "https://127.0.0.1:1", "--ca", str(path))
        assert done.code == 2
        assert f"{path} holds no certificates in PEM" in done.err


@pytest.mark.parametrize("arguments", [["alerts", "--nonsense"], ["show"], ["snooze", "x", "--for", "30"], ["ack"]])
def test_wrong_usage_is_2(arguments: list[str]) -> None:
    assert run_command(*arguments).code == 2
