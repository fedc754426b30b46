"""TLS: certificates that change while the daemon runs, whom it lets in, and who does not come to the point."""

from __future__ import annotations

import json
import signal
import socket
import ssl
import subprocess
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from server_processes import PATIENCE, Process, running, serve_command

LISTENING: Final = r"^Listening on (\S+)$"
CONFIG: Final = """
channels: {{screen: {{backend: console}}}}
routing_rules: [{{rule_id: all, target_channels: [screen]}}]
server: {server}
"""
MUCH_LESS_THAN_A_MINUTE: Final = 30.0


def written(folder: Path, **server: Any) -> Path:
    """Write a configuration, and return its path."""
    path = folder / "tocsin.yaml"
    path.write_text(CONFIG.format(server=json.dumps(server)))
    return path


def reload(ours: Process) -> None:
    """Let the daemon read its configuration anew."""
    ours.process.send_signal(signal.SIGHUP)
    ours.lines.wait_for("the configuration was reloaded")


def test_it_speaks_tls_and_takes_a_new_certificate_at_a_reload(tmp_path: Path) -> None:
    first, second = make_certificate(tmp_path, "first"), make_certificate(tmp_path, "second")
    certificate, key = tmp_path / "now.crt", tmp_path / "now.key"
    install(first, certificate, key)
    path = written(tmp_path, tls={"certificate": str(certificate), "key": str(key)})
    with running(serve_command(path, tmp_path / "data"), LISTENING) as ours:
        assert ours.url.startswith("https://")
        assert ready(ours.url, first) == "OK"
        with pytest.raises(httpx.ConnectError):
            ready(ours.url, second)
        install(second, certificate, key)
        reload(ours)
        assert ready(ours.url, second) == "OK"
        certificate.write_text("no certificate")
        ours.process.send_signal(signal.SIGHUP)
        ours.lines.wait_for("the configuration was not reloaded")
        assert ready(ours.url, second) == "OK"


def make_certificate(folder: Path, name: str) -> Path:
    """Make a certificate for loopback; its key lies beside it."""
    made = folder / f"{name}.crt"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
    ]
    subject = ["-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(folder / f"{name}.key"), "-out", str(made)]
    subprocess.run([*command, *subject, *files], capture_output=True, check=True)
    return made


def install(made: Path, certificate: Path, key: Path) -> None:
    """Put a certificate in its place."""
    certificate.write_bytes(made.read_bytes())
    key.write_bytes(made.with_suffix(".key").read_bytes())


def ready(url: str, trusted: Path, own: Path | None = None) -> str:
    """Ask whether the daemon is ready, trusting one certificate alone, and showing one's *own*."""
    context = ssl.create_default_context(cafile=trusted)
    if own is not None:
        context.load_cert_chain(own, own.with_suffix(".key"))
    return httpx.get(f"{url}/-/ready", verify=context, trust_env=False, timeout=PATIENCE).text


def test_who_signs_the_certificates_of_clients_may_change_at_a_reload(tmp_path: Path) -> None:
    """Whether it is another file, or the file holds another one; then who came in before does not any more."""
    server, one, other = (make_certificate(tmp_path, name) for name in ("server", "one", "other"))
    files = {"certificate": str(server), "key": str(server.with_suffix(".key"))}
    path = written(tmp_path, tls={**files, "client_ca": str(one)})
    with running(serve_command(path, tmp_path / "data"), LISTENING) as ours:
        lets_in(ours, server, one, other)
        written(tmp_path, tls={**files, "client_ca": str(other)})
        reload(ours)
        lets_in(ours, server, other, one)
        other.write_bytes(one.read_bytes())
        other.with_suffix(".key").write_bytes(one.with_suffix(".key").read_bytes())
        reload(ours)
        assert ready(ours.url, server, one) == "OK"
        written(tmp_path, tls=files)
        reload(ours)
        assert ready(ours.url, server) == "OK"
        assert ours.stop() == 0
        assert "Traceback" not in "".join(ours.lines.seen)


def lets_in(ours: Process, server: Path, known: Path, stranger: Path) -> None:
    """Check that the daemon lets one client in, and neither another one nor one that shows nothing."""
    assert ready(ours.url, server, known) == "OK"
    for own in (stranger, None):
        with pytest.raises(httpx.TransportError):
            ready(ours.url, server, own)


def test_a_session_from_before_a_reload_opens_no_door_after_it(tmp_path: Path) -> None:
    """A client that was let in cannot come back on its ticket once its authority is not trusted any more."""
    server, one, other = (make_certificate(tmp_path, name) for name in ("server", "one", "other"))
    files = {"certificate": str(server), "key": str(server.with_suffix(".key"))}
    path = written(tmp_path, tls={**files, "client_ca": str(one)})
    context = ssl.create_default_context(cafile=server)
    context.load_cert_chain(one, one.with_suffix(".key"))
    with running(serve_command(path, tmp_path / "data"), LISTENING) as ours:
        ticket = asked(ours, context, None)
        assert ticket is not None
        written(tmp_path, tls={**files, "client_ca": str(other)})
        reload(ours)
        with pytest.raises((ssl.SSLError, ConnectionError)):
            asked(ours, context, ticket)


def asked(ours: Process, context: ssl.SSLContext, ticket: ssl.SSLSession | None) -> ssl.SSLSession | None:
    """Ask whether the daemon is ready over a connection that resumes a session; return the session."""
    address = ("127.0.0.1", int(ours.url.rpartition(":")[2]))
    with (
        socket.create_connection(address, timeout=PATIENCE) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1", session=ticket) as secure,
    ):
        secure.sendall(b"GET /-/ready HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answer = secure.recv(4096)
        if not answer.startswith(b"HTTP/1.1 200"):
            raise ConnectionError(answer)
        return secure.session


@pytest.mark.parametrize("sent", [b"", b"\x16\x03\x01\x02\x00\x01\x00"], ids=["nothing", "half a hello"])
def test_who_never_finishes_the_handshake_is_cut_off(tmp_path: Path, sent: bytes) -> None:
    """After the time that a request has, and not after asyncio's own minute; also behind a reload."""
    made = make_certificate(tmp_path, "made")
    files = {"certificate": str(made), "key": str(made.with_suffix(".key"))}
    path = written(tmp_path, tls=files, request_timeout_seconds=1)
    with running(serve_command(path, tmp_path / "data"), LISTENING) as ours:
        for _ in range(2):
            address = ("127.0.0.1", int(ours.url.rpartition(":")[2]))
            with socket.create_connection(address, timeout=MUCH_LESS_THAN_A_MINUTE) as slow:
                slow.sendall(sent)
                assert slow.recv(1) == b""
            assert ready(ours.url, made) == "OK"
            reload(ours)
