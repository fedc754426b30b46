"""What a channel of the backend ``email`` can be told, and how it is told what is wrong."""

from __future__ import annotations

from email.headerregistry import Address
from pathlib import Path
from typing import Any

import pytest
from mail_certificates import Certificates

from tocsin import ConfigurationError, FederationAlertingService, NotificationChannel, load_configuration, load_registry
from tocsin_email.settings import EmailConfig

GIVEN = {"host": "mail.example.org", "to": ["ops@example.org"], "sender": "tocsin@example.org"}


def refusal(**changes: Any) -> ConfigurationError:
    """Return what a service says to a channel with these settings."""
    alerting = FederationAlertingService()
    with pytest.raises(ConfigurationError) as caught:
        alerting.add_channel(NotificationChannel("mail", "email", config={**GIVEN, **changes}))
    return caught.value


@pytest.mark.parametrize(("tls", "port"), [("starttls", 587), ("implicit", 465), ("none", 25)])
def test_the_port_follows_from_how_the_connection_is_secured(tls: Any, port: int) -> None:
    assert EmailConfig(host="mail", to=("a@b.org",), sender="t@b.org", tls=tls).server_port == port
    assert EmailConfig(host="mail", to=("a@b.org",), sender="t@b.org", tls=tls, port=2525).server_port == 2525


def test_without_a_word_the_connection_is_secured() -> None:
    assert EmailConfig(host="mail", to=("a@b.org",), sender="t@b.org").tls == "starttls"


@pytest.mark.parametrize(
    ("text", "name", "address"),
    [
        ("ops@example.org", "", "ops@example.org"),
        ("<ops@example.org>", "", "ops@example.org"),
        ("Ops Team <ops@example.org>", "Ops Team", "ops@example.org"),
        ('"Doe, Jane" <jane+alerts@example.org>', "Doe, Jane", "jane+alerts@example.org"),
        ("Bereitschaft Süd <süd@example.org>".replace("süd@", "sued@"), "Bereitschaft Süd", "sued@example.org"),
        ("root@localhost", "", "root@localhost"),
        ("root@[192.0.2.1]", "", "root@[192.0.2.1]"),
    ],
)
def test_addresses_as_people_write_them(text: str, name: str, address: str) -> None:
    config = EmailConfig(host="mail", to=(text,), sender=text)
    assert config.recipients == (Address(name, addr_spec=address),) == (config.originator,)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "ops",
            "@example.org",
            "ops@",
            "ops@exam ple.org",
            "ops@example.org, dev@example.org",
        ),
        *("a@b <ops@example.org>", "Ops <ops@example.org> x", "O\nps <ops@example.org>", "öps@example.org"),
        *("ops@exämple.org", "ops@example.org>\r\nRCPT TO:<x@y", "o\x00ps@example.org", '"o p"@example.org'),
        *("x" * 65 + "@example.org", "ops@" + "x." * 130 + "org", "ops@example.org.", "O\u2028ps <ops@example.org>"),
    ],
)
def test_what_is_no_address_is_refused_in_its_place(text: str) -> None:
    error = refusal(to=["dev@example.org", text])
    assert error.where.endswith("to[1]")
    assert "an address such as ops@example.org" in error.problem
    assert refusal(sender=text).where.endswith("sender")


@pytest.mark.parametrize(
    ("changes", "where", "problem"),
    [
        ({"to": []}, "to", "a list of 1 to 100 addresses, not 0"),
        ({"to": ["ops@example.org"] * 101}, "to", "not 101"),
        ({"to": "ops@example.org"}, "to", "expected a list, not str"),
        ({"host": "mail.example.org\r\nX"}, "host", "the name or address of a mail server"),
        ({"host": "mail.example.org."}, "host", "the name or address of a mail server"),
        ({"host": ""}, "host", "the name or address of a mail server"),
        ({"port": 0}, "port", "from 1 to 65535, not 0"),
        ({"port": 65_536}, "port", "not 65536"),
        ({"tls": "start_tls"}, "tls", "did you mean 'starttls'"),
        ({"username": "tocsin"}, "password", "a username needs its password"),
        ({"password": "s3cret"}, "username", "a password needs its username"),
        ({"username": "tocsin", "password": "s3crét"}, "password", "visible ASCII"),
        ({"username": "toc\nsin", "password": "s3cret"}, "username", "visible ASCII"),
        ({"username": "tocsin", "password": "s3cret", "tls": "none"}, "tls", "a password goes over TLS alone"),
        ({"hello": "me and you"}, "hello", "the name by which this machine greets"),
        ({"timeout_seconds": 61}, "timeout_seconds", "at most 60 seconds"),
        ({"timeout_seconds": 0}, "timeout_seconds", "above zero"),
        ({"ca_file": "/nonexistent"}, "ca_file", "the file cannot be read"),
        ({"ca_file": __file__}, "ca_file", "no certificates in PEM form"),
        ({"ca_file": "x", "tls": "none"}, "ca_file", "tls is none"),
        ({"smarthost": "mail:25"}, "smarthost", "unknown setting 'smarthost'"),
    ],
)
def test_each_mistake_is_one_clear_error_in_its_place(changes: dict[str, Any], where: str, problem: str) -> None:
    error = refusal(**changes)
    assert error.where.split(".")[-1].partition("[")[0] == where
    assert any(part in error.problem for part in problem.split("|"))
    assert "s3cr" not in str(error)


def test_a_password_may_go_to_this_very_machine_without_tls() -> None:
    for host in ("localhost", "127.0.0.1", "::1"):
        EmailConfig(host=host, to=("a@b.org",), sender="t@b.org", tls="none", username="t", password="s3cret")


def test_a_recipient_that_is_named_twice_is_one() -> None:
    config = EmailConfig(host="m", to=("a@b.org", "c@d.org", "A <a@b.org>"), sender="t@b.org")
    assert [one.addr_spec for one in config.recipients] == ["a@b.org", "c@d.org"]


def test_the_password_is_not_in_the_repr() -> None:
    config = EmailConfig(host="m", to=("a@b.org",), sender="t@b.org", username="tocsin", password="s3cret")
    assert "s3cret" not in repr(config)
    assert "tocsin" in repr(config)


def test_a_configuration_file_has_such_a_channel(tmp_path: Path, certificates: Certificates) -> None:
    file = tmp_path / "tocsin.json"
    (tmp_path / "password").write_text("s3cret\n")
    file.write_text(
        f"""{{"channels": {{"mail": {{"backend": "email", "config": {{
            "host": "mail.example.org", "port": 587, "tls": "starttls", "ca_file": "{certificates.ca_file}",
            "to": ["Ops <ops@example.org>"], "sender": "tocsin@example.org",
            "username": "tocsin", "password": {{"file": "{tmp_path / "password"}"}}}}}}}},
            "routing_rules": [{{"rule_id": "all", "conditions": {{}}, "target_channels": ["mail"]}}]}}"""
    )
    loaded = load_configuration(file, load_registry())
    assert "s3cret" not in repr(loaded)
