"""How requests get out: to no address that hands out credentials, through a proxy, and with whose certificates."""

from __future__ import annotations

import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import attrs
import httpx
import pytest

from tocsin.config import structure_settings
from tocsin.errors import ConfigurationError
from tocsin.http import HttpOptions, HttpSender
from tocsin.http.addresses import refused_address
from tocsin.model.outcome import OutcomeStatus
from tocsin.testing.http_receiver import HttpReceiver
from tocsin_plugins.slack import SlackConfig
from tocsin_plugins.webhook import WebhookConfig

on_every_loop = pytest.mark.anyio


def post(url: str) -> httpx.Request:
    """Return a request as a backend makes it."""
    return httpx.Request("POST", url, content=b"{}")


# -- addresses ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "169.254.0.1",
        "[fe80::1]",
        "fe80::1%eth0",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::",
        "fd00:ec2::254",
        "100.100.100.200",
        "168.63.129.16",
        "2852039166",
        "0xA9FEA9FE",
        "169.254.43518",
        "169.16689662",
        "0251.0376.0251.0376",
        "169.254.169.254.",
        "metadata.google.internal",
        "Metadata.Google.Internal.",
        "64:ff9b:1::a9fe:a9fe",
        "fd20:ce::254",
        "::ffff:0:169.254.169.254",
    ],
)
def test_link_local_and_metadata_addresses_are_refused_however_they_are_written(host: str) -> None:
    assert refused_address(host)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "10.0.0.1", "192.168.1.1", "hooks.example", "169.253.1.1", ""])
def test_other_addresses_and_names_are_not(host: str) -> None:
    """Receivers in one's own network are what most people have."""
    assert not refused_address(host)


@on_every_loop
@pytest.mark.parametrize("url", ["http://169.254.169.254/latest", "http://[::ffff:a9fe:a9fe]/", "http://0xa9fea9fe/"])
async def test_nothing_is_sent_to_such_an_address(url: str) -> None:
    """It is rejected for good, and says what would allow it; the last one is what resolvers know as such a one, too."""
    outcome = await HttpSender(timeout_seconds=20).send(post(url))
    assert outcome.status in {OutcomeStatus.REJECTED, OutcomeStatus.UNAVAILABLE}
    if "0x" not in url:
        assert (outcome.status, "allow_link_local" in outcome.detail) == (OutcomeStatus.REJECTED, True)


@on_every_loop
@pytest.mark.parametrize("entered", [False, True])
async def test_a_name_that_leads_there_is_refused_before_anything_is_sent(
    receiver: HttpReceiver, monkeypatch: pytest.MonkeyPatch, entered: bool
) -> None:
    """The test takes this machine's own address for such a one."""
    monkeypatch.setattr("tocsin.http.sender.refused_address", lambda host: host == "127.0.0.1")
    url = receiver.url.replace("127.0.0.1", "localhost")
    sender = HttpSender()
    if entered:
        async with sender:
            outcome = await sender.send(post(url))
    else:
        outcome = await sender.send(post(url))
    assert (outcome.status, "allow_link_local" in outcome.detail) == (OutcomeStatus.REJECTED, True)
    assert receiver.requests == []
    assert (await HttpSender(options=HttpOptions(allow_link_local=True)).send(post(url))).success


# -- proxies and certificates ------------------------------------------------------------------------------------


@on_every_loop
async def test_a_proxy_carries_the_request(receiver: HttpReceiver) -> None:
    """It is asked for the whole address, which it alone looks up."""
    proxy = receiver.url.partition("/hook")[0].replace("http://", "http://ops:s3cret@")
    options = HttpOptions(proxy_url=proxy)
    assert (await HttpSender(options=options).send(post("http://receiver.invalid/hook"))).success
    (request,) = receiver.requests
    assert request.target == "http://receiver.invalid/hook"
    assert request.headers["proxy-authorization"].startswith("Basic ")
    assert "s3cret" not in repr(options)


@attrs.frozen
class Certificates:
    """Who signs, and certificates of a receiver and of a client that it signed."""

    authority: Path
    receiver: Path
    client: Path
    client_key: Path


def _openssl(*arguments: object) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Certificates that nobody but the test trusts."""
    folder = tmp_path_factory.mktemp("certificates")
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    authority, key = folder / "ca.pem", folder / "ca.key"
    _openssl("req", "-x509", *kind, "-keyout", key, "-out", authority, "-days", 2, "-subj", "/CN=authority")
    made = []
    for name in ("receiver", "client"):
        request, own_key, signed = (folder / f"{name}.{end}" for end in ("csr", "key", "pem"))
        (folder / "ext").write_text("subjectAltName=IP:127.0.0.1\n")
        _openssl("req", *kind, "-keyout", own_key, "-out", request, "-subj", f"/CN={name}")
        signer = ["-CA", authority, "-CAkey", key, "-CAcreateserial", "-days", 2, "-extfile", folder / "ext"]
        _openssl("x509", "-req", "-in", request, "-out", signed, *signer)
        made.append((signed, own_key))
    both = folder / "receiver-both.pem"
    both.write_text(made[0][0].read_text() + made[0][1].read_text())
    return Certificates(authority, both, *made[1])


@pytest.fixture
def secured(certificates: Certificates) -> Iterator[str]:
    """The URL of a receiver that speaks TLS and takes requests of clients with a certificate alone."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            return

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            return  # a client without a certificate

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=certificates.authority)
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # the authority is one as many are, without a key usage
    context.load_cert_chain(certificates.receiver)
    server = Server(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join()


@on_every_loop
async def test_an_authority_and_a_certificate_of_ones_own(secured: str, certificates: Certificates) -> None:
    trusting = HttpOptions(ca_file=str(certificates.authority))
    both = attrs.evolve(trusting, client_certificate=str(certificates.client), client_key=str(certificates.client_key))
    assert (await HttpSender(options=both).send(post(secured))).success
    assert not (await HttpSender(options=trusting).send(post(secured))).success
    untrusting = await HttpSender().send(post(secured))
    assert (untrusting.status, "certificate" in untrusting.detail) == (OutcomeStatus.UNAVAILABLE, True)


def test_files_that_cannot_be_used_are_named_by_their_setting(tmp_path: Path, certificates: Certificates) -> None:
    """As early as the channel is configured."""
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("nothing")
    for settings, where in (
        ({"ca_file": str(tmp_path / "none.pem")}, "http.ca_file"),
        ({"ca_file": str(nonsense)}, "http.ca_file"),
        ({"client_certificate": str(nonsense)}, "http.client_certificate"),
        ({"client_certificate": str(certificates.client)}, "http.client_certificate"),
        ({"client_key": str(certificates.client_key)}, "http.client_key"),
        ({"proxy_url": "nowhere"}, "http.proxy_url"),
        ({"colour": "red"}, "http.colour"),
    ):
        for config_class in (WebhookConfig, SlackConfig):
            with pytest.raises(ConfigurationError) as caught:
                structure_settings({"webhook_url": "https://hooks.example/x", "http": settings}, config_class)
            assert caught.value.where == where


def test_the_machines_authorities_are_read_once(monkeypatch: pytest.MonkeyPatch, certificates: Certificates) -> None:
    """However many channels there are, and again where the environment names others."""
    made: list[ssl.SSLContext] = []
    original = httpx.create_ssl_context

    def counted() -> ssl.SSLContext:
        made.append(original())
        return made[-1]

    monkeypatch.setattr(httpx, "create_ssl_context", counted)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))
    for _ in range(3):
        HttpOptions().transport()
    assert len(made) == 1
    assert len(made[0].get_ca_certs()) == 1, "those that the environment names"
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.client))
    HttpOptions().transport()
    assert len(made) == 2
