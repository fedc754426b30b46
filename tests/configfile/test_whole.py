"""One file that uses everything becomes the same configuration in every format."""

from __future__ import annotations

import json
from typing import Any

import attrs
import pytest
import yaml
from tests.configfile.files import Files
from tests.configfile.plugin import ClockConfig, Limits, Mode
from tests.configfile.whole import WHOLE

from tocsin import (
    Aggregation,
    AlertRoutingRule,
    AlertSeverity,
    AuthToken,
    Configuration,
    EscalationLevel,
    EscalationPolicy,
    InhibitionRule,
    LabelMatcher,
    LoadedConfiguration,
    MatchOperator,
    NotificationChannel,
    NotificationTemplate,
    ServerSettings,
    TimeInterval,
    TimeRange,
    TlsSettings,
    Watchdog,
)

ENVIRONMENT = {"TOKEN": "t0ken"}


def _toml(value: Any) -> str:
    """Write a value as TOML does inline; there is no null in it."""
    if isinstance(value, dict):
        entries = (f"{json.dumps(key)} = {_toml(item)}" for key, item in value.items() if item is not None)
        return "{" + ", ".join(entries) + "}"
    if isinstance(value, list):
        return "[" + ",\n".join(map(_toml, value)) + "]"
    return json.dumps(value)


def _in(ending: str) -> str:
    if ending == "yaml":
        return WHOLE
    plain = yaml.safe_load(WHOLE)
    if ending == "json":
        return json.dumps(plain, indent=1)
    return "\n".join(f"{key} = {_toml(value)}" for key, value in plain.items())


@pytest.fixture(params=["yaml", "json", "toml"])
def loaded(request: pytest.FixtureRequest, files: Files) -> LoadedConfiguration:
    """The whole file, in one format."""
    return files.load(_in(request.param), f"tocsin.{request.param}", ENVIRONMENT)


def test_the_configuration(loaded: LoadedConfiguration) -> None:
    assert loaded.configuration == Configuration(
        channels={
            "team": NotificationChannel(
                "team",
                "slack",
                {"webhook_url": "https://hooks.example/t0ken", "timeout_seconds": 5},
                "warning",
                rate_limit_per_minute=20,
                template_name="short",
                fallback="console",
                fallback_after_seconds=60,
                human=True,
                send_resolved=False,
            ),
            "console": NotificationChannel("console", "console"),
        },
        receivers={"both": ("team", "console"), "nobody": ()},
        routing_rules=(
            AlertRoutingRule(
                "tree",
                "All of production",
                {
                    "cluster_pattern": "prod-.*",
                    "severity": ["error", "critical"],
                    "matchers": ['team=~"db|web"'],
                },
                ["team"],
                "hurry",
                priority=10,
                continue_matching=False,
                mute_time_intervals=["nights"],
                aggregation=Aggregation("grouping", {"group_by": ["cluster_id"], "group_wait_seconds": 10}),
                routes=(
                    AlertRoutingRule(
                        "rule-1-1'", conditions={"labels": {"noise": "yes"}}, receiver="nobody", continue_matching=True
                    ),
                    AlertRoutingRule("rule-1-1", active_time_intervals=["nights"]),
                ),
            ),
            AlertRoutingRule("rule-2", receiver="both"),
        ),
        escalation_policies={
            "hurry": EscalationPolicy(
                "hurry",
                "Hurry",
                {
                    EscalationLevel.IMMEDIATE: ["console"],
                    EscalationLevel.FIRST: ["team"],
                    EscalationLevel.FINAL: ["team", "console"],
                },
                ["console"],
                {EscalationLevel.FIRST: 60},
                2,
                7200,
            )
        },
        templates={"short": NotificationTemplate("short", "Short", "slack", "{severity}", "{status} {message}")},
        aggregation=Aggregation("window", {"window_seconds": 120, "fold_below": "error"}),
        inhibition_rules=(
            InhibitionRule(
                (
                    LabelMatcher("alertname", MatchOperator.EQUAL, "Down"),
                    LabelMatcher("severity", MatchOperator.EQUAL, "critical"),
                ),
                (
                    LabelMatcher("severity", MatchOperator.REGEX, "info|warning"),
                    LabelMatcher("a", MatchOperator.NOT_EQUAL, "b"),
                ),
                ("cluster_id",),
                "down",
            ),
        ),
        time_intervals={
            "nights": (
                TimeInterval(
                    (TimeRange("22:00", "24:00"),),
                    ("monday:friday",),
                    ("1", "-3:-1"),
                    ("january", "12"),
                    ("2026:2028",),
                    "Europe/Berlin",
                ),
            )
        },
        watchdog=Watchdog("console", 60, "team", 30),
        retain_resolved_seconds=1,
        retain_deliveries_seconds=2,
        retain_journal_seconds=3.5,
        catch_all_channel="console",
    )


def test_the_sources(loaded: LoadedConfiguration) -> None:
    settings = ClockConfig(every_seconds=2, mode=Mode.FAST, limits=Limits(7, ("a",)), extra={"a": 1})
    assert loaded.sources == {"clock": ("clock", settings)}


def test_the_server(loaded: LoadedConfiguration, files: Files) -> None:
    server = loaded.server
    assert [attrs.evolve(token, hash="sha256:" + "0" * 64) for token in server.auth_tokens] == [
        AuthToken(name="prometheus", scopes=("ingest", "read"), hash="sha256:" + "0" * 64),
        AuthToken(name="ada", scopes=("admin",), hash="sha256:" + "0" * 64),
    ]
    assert attrs.evolve(server, auth_tokens=()) == ServerSettings(
        listen="[::1]:0",
        data=str(files.folder / "data"),
        external_url="https://alerts.example.org/tocsin",
        resolve_timeout_seconds=60,
        cluster_labels=("dc", "cluster"),
        severity_labels={"page": AlertSeverity.CRITICAL, "notice": AlertSeverity.INFO},
        max_body_bytes=1024,
        max_alerts_per_request=5,
        max_labels=6,
        max_label_length=700,
        max_connections=8,
        request_timeout_seconds=9,
        alertmanager_configuration="route: {receiver: team}",
        traces=True,
        log_format="json",
        log_level="debug",
    )


def test_nothing_in_it_is_suspicious(loaded: LoadedConfiguration) -> None:
    assert loaded.warnings == ()


def test_words_are_known_in_any_case(files: Files) -> None:
    text = """\
    channels: {a: {backend: console, min_severity: CRITICAL}}
    escalation_policies: {p: {IMMEDIATE: [a], level_delays_seconds: {First: 1}}}
    sources: {c: {source: clock, config: {every_seconds: 1, mode: Fast}}}
    """
    loaded = files.load(text)
    assert loaded.configuration.channels["a"].min_severity is AlertSeverity.CRITICAL
    assert loaded.configuration.escalation_policies["p"].level_delays_seconds == {EscalationLevel.FIRST: 1}
    assert loaded.sources["c"][1].mode is Mode.FAST


def test_a_file_that_says_little_has_the_defaults(files: Files) -> None:
    loaded = files.load("channels: {}")
    assert loaded.configuration == Configuration()
    assert loaded.server == ServerSettings()
    assert loaded.sources == {}


def test_every_field_of_the_server_has_its_key(files: Files) -> None:
    text = "".join(f"  {field.name}: ~\n" for field in attrs.fields(ServerSettings))
    nullable = {"alertmanager_configuration", "data", "external_url", "tls"}
    told = {path for _, _, path in files.told(f"server:\n{text}")}
    assert told == {f"server.{field.name}" for field in attrs.fields(ServerSettings)} - {
        f"server.{n}" for n in nullable
    }


def test_tls_names_files_beside_the_one_that_names_them(files: Files) -> None:
    for name in ("cert", "key", "ca"):
        files.write("PEM", f"pki/{name}.pem")
    text = "server: {tls: {certificate: cert.pem, key: 'file:key.pem', client_ca: {file: ca.pem}}}"
    files.write(text, "pki/server.yaml")
    loaded = files.load("include: [pki/server.yaml]")
    paths = {name: files.folder / "pki" / f"{name}.pem" for name in ("cert", "key", "ca")}
    assert loaded.server.tls == TlsSettings(
        certificate=str(paths["cert"]), key=str(paths["key"]), client_ca=str(paths["ca"])
    )
    assert loaded.files[2:] == tuple(paths.values())


@pytest.mark.parametrize(
    ("server", "path", "problem"),
    [
        ("{listen: 'localhost'}", "server.listen", "an address and a port"),
        ("{listen: 'localhost:70000'}", "server.listen", "an address and a port"),
        ("{listen: '::1:80'}", "server.listen", "an address and a port"),
        ("{external_url: 'alerts.example.org'}", "server.external_url", "how others reach the daemon"),
        ("{external_url: 'https://a:b@c.example'}", "server.external_url", "how others reach the daemon"),
        ("{external_url: 'https://c.example/?a'}", "server.external_url", "how others reach the daemon"),
        ("{external_url: 'https://[x'}", "server.external_url", "how others reach the daemon"),
        ("{external_url: 'https://c.example:99999'}", "server.external_url", "how others reach the daemon"),
        ("{external_url: 'https://c.example/a b'}", "server.external_url", "how others reach the daemon"),
        ("{auth_tokens: [{name: a, scopes: [], hash: x}]}", "server.auth_tokens[0].scopes", "at least one scope"),
        ("{auth_tokens: [{name: a, scopes: [read]}]}", "server.auth_tokens[0].hash", "this is required"),
        ("{tls: {certificate: tocsin.yaml, key: none}}", "server.tls.key", "there is no file"),
        ("{tls: {certificate: tocsin.yaml, key: {file: none, a: b}}}", "server.tls.key", "expected a string"),
        ("{max_labels: true}", "server.max_labels", "expected a whole number, not true"),
        ("{max_body_bytes: 5}", "server.max_body_bytes", "from 1,024 to"),
        ("{severity_labels: {a: b}}", "server.severity_labels.a", "means nothing here"),
        ("{cluster_labels: ['']}", "server.cluster_labels", "non-empty names"),
        ("{request_timeout_seconds: 0}", "server.request_timeout_seconds", "greater than zero"),
        ("[]", "server", "expected a mapping, not a list"),
    ],
)
def test_what_the_server_refuses(files: Files, server: str, path: str, problem: str) -> None:
    found = {one.path: one.problem for one in files.problems(f"server: {server}")}
    assert problem in found[path]


def test_a_tokens_name_stands_once(files: Files) -> None:
    token = f"{{name: a, scopes: [read], hash: 'sha256:{'0' * 64}'}}"
    assert [path for _, _, path in files.told(f"server: {{auth_tokens: [{token}, {token}]}}")] == [
        "server.auth_tokens[1].name"
    ]
