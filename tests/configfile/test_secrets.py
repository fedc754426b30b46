"""What comes from the environment or from a file of its own is put in, and never shown."""

from __future__ import annotations

import pytest
from tests.configfile.files import Files

from tocsin import ConfigurationError, ConfigurationFileError, LoadedConfiguration
from tocsin.configfile.loading import load_routing

SECRET = "hunter2-Zq9!x"


def _config(loaded: LoadedConfiguration, channel: str = "a") -> dict[str, object]:
    return dict(loaded.configuration.channels[channel].config)


def _one(config: str) -> str:
    return f"channels: {{a: {{backend: webhook, config: {config}}}}}"


def test_a_variable_is_put_in_wherever_there_is_a_string(files: Files) -> None:
    text = """\
    channels:
      a: {backend: webhook, config: {webhook_url: "https://x.example/${TOKEN}?${TOKEN}", headers: {A: "${B:-b}"}}}
    templates: {t: {backend: webhook, subject_template: "${B:-}", body_template: "$${severity} $TOKEN $$ {status}"}}
    """
    loaded = files.load(text, environ={"TOKEN": "t0p"})
    assert _config(loaded) == {"webhook_url": "https://x.example/t0p?t0p", "headers": {"A": "b"}}
    template = loaded.configuration.templates["t"]
    assert template.subject_template == ""
    assert template.body_template == "${severity} $TOKEN $$ {status}"


@pytest.mark.parametrize(
    ("name", "text"), [("a.toml", 'escalation_scheduler = "${S}"'), ("a.json", '{"escalation_scheduler": "${S}"}')]
)
def test_so_it_is_in_every_format(files: Files, name: str, text: str) -> None:
    assert files.load(text, name, {"S": "levels"}).configuration.escalation_scheduler == "levels"


def test_what_is_put_in_is_not_looked_at_again(files: Files) -> None:
    loaded = files.load(_one('{webhook_url: "https://x.example/", external_url: "${A}"}'), environ={"A": "${A}$${B}"})
    assert _config(loaded)["external_url"] == "${A}$${B}"


def test_an_empty_variable_counts_as_set_unless_there_is_something_otherwise(files: Files) -> None:
    loaded = files.load(_one('{webhook_url: "https://x/${A}${A:-b}", external_url: "${C:-d:-e}"}'), environ={"A": ""})
    assert _config(loaded) == {"webhook_url": "https://x/b", "external_url": "d:-e"}


def test_a_variable_that_is_not_set_is_told_by_name_and_nothing_else_is(files: Files) -> None:
    text = _one('{webhook_url: "${SLACK_URL}", method: "${M:-PUT}"}')
    (problem,) = files.problems(text, environ={"SLACK_URI": SECRET, "HOME": "/root"})
    assert (problem.line, problem.column, problem.path) == (1, 56, "channels.a.config.webhook_url")
    assert problem.problem == "the environment variable SLACK_URL is not set; did you mean 'SLACK_URI'?"


@pytest.mark.parametrize("value", ["${", "${}", "${1A}", "${A b}", "${A:b}", "${A"])
def test_what_begins_a_variable_and_is_none_is_told(files: Files, value: str) -> None:
    (problem,) = files.problems(f"routing_rules: [{{name: '{value}'}}]", environ={"A": "a"})
    assert problem.path == "routing_rules[0].name"
    assert "write ${NAME} or ${NAME:-otherwise}, or $${" in problem.problem


def test_a_file_is_put_in_without_its_last_line_end(files: Files) -> None:
    files.write("s3cret\n", "secrets/token")
    files.write("first\nsecond\n\n", "secrets/lines")
    absolute = files.write("https://x.example/", "secrets/url")
    text = _one(f'{{webhook_url: "file:{absolute}", headers: {{A: {{file: secrets/token}}, B: "file:secrets/token"}}}}')
    loaded = files.load(text)
    assert _config(loaded) == {"webhook_url": "https://x.example/", "headers": {"A": "s3cret", "B": "s3cret"}}
    assert loaded.files == (files.folder / "tocsin.yaml", absolute, files.folder / "secrets/token")
    loaded = files.load(_one(f'{{webhook_url: "file://{absolute}", external_url: "file:secrets/lines"}}'))
    assert _config(loaded)["external_url"] == "first\nsecond\n"
    loaded = files.load(
        _one('{webhook_url: "file:${CREDENTIALS}/url"}'), environ={"CREDENTIALS": str(files.folder / "secrets")}
    )
    assert _config(loaded)["webhook_url"] == "https://x.example/"


def test_a_file_is_read_only_where_a_secret_may_stand(files: Files) -> None:
    loaded = files.load("routing_rules: [{name: 'file:none'}]\nchannels: {a: {backend: console}}")
    assert loaded.configuration.routing_rules[0].name == "file:none"
    (problem,) = files.problems("routing_rules: [{name: {file: none}}]")
    assert problem.problem == "expected a string, not a mapping"


def test_a_sources_settings_and_a_tokens_hash_may_come_from_a_file(files: Files) -> None:
    files.write("pass", "password")
    files.write(f"sha256:{'0' * 64}\n", "hash")
    text = """\
    sources: {c: {source: clock, config: {every_seconds: 1, password: {file: password}}}}
    server: {auth_tokens: [{name: me, scopes: [admin], hash: "file:hash"}]}
    """
    loaded = files.load(text)
    assert loaded.sources["c"][1].password == "pass"
    assert loaded.server.auth_tokens[0].hash == f"sha256:{'0' * 64}"


@pytest.mark.parametrize(
    ("value", "column", "problem"),
    [
        ("file:none", 56, "the file '{folder}/none' cannot be read: No such file or directory"),
        ("{file: none}", 63, "the file '{folder}/none' cannot be read: No such file or directory"),
        ("{file: 5}", 63, "expected the path of a file, a string"),
        ("file:.", 56, "the file '{folder}' is a directory"),
        ("file:latin", 56, "the file '{folder}/latin' is not UTF-8"),
        ("file:large", 56, "the file '{folder}/large' is larger than 1,000,000 bytes"),
        ('"file:${SECRET}"', 56, "the file that is named here cannot be read: No such file or directory"),
    ],
)
def test_a_file_that_cannot_be_put_in_is_told_once(files: Files, value: str, column: int, problem: str) -> None:
    (files.folder / "latin").write_bytes(b"\xe9")
    (files.folder / "large").write_bytes(b"x" * 1_000_001)
    (found,) = files.problems(_one(f"{{webhook_url: {value}}}"), environ={"SECRET": SECRET})
    assert (found.column, found.problem) == (column, problem.format(folder=files.folder))


PLACES = [
    "channels: {a: {backend: '@'}}",
    "channels: {a: {backend: webhook, config: {webhook_url: '@'}}}",
    "channels: {a: {backend: webhook, config: {webhook_url: 'ftp://@'}}}",
    "channels: {a: {backend: webhook, config: {webhook_url: 'http://x', method: '@'}}}",
    "channels: {a: {backend: webhook, config: {webhook_url: 'http://x', format: '@'}}}",
    "channels: {a: {backend: webhook, config: {webhook_url: 'http://x', secret: '@'}}}",
    "channels: {a: {backend: webhook, config: {webhook_url: 'http://x', headers: {a: \"@\\t\\n\"}}}}",
    "channels: {a: {backend: webhook, config: {webhook_url: 'http://x', timeout_seconds: '@'}}}",
    "channels: {a: {backend: rude, config: {word: '@', loud: '@'}}}",
    "channels: {a: {backend: console, min_severity: '@'}}",
    "channels: {a: {backend: console, fallback: '@'}}",
    "channels: {a: {backend: console, rate_limit_per_minute: '@'}}",
    "channels: {a: {backend: console, template_name: '@'}}",
    "routing_rules: [{rule_id: '@'}, {rule_id: '@'}]",
    "routing_rules: [{conditions: {severity: '@'}}]",
    "routing_rules: [{conditions: {severity: ['@', info]}}]",
    "routing_rules: [{conditions: {cluster_pattern: '(@'}}]",
    "routing_rules: [{conditions: {matchers: '@'}}]",
    "routing_rules: [{conditions: {matchers: ['a=~\"(@\"']}}]",
    "routing_rules: [{conditions: {explodes: '@'}}]",
    "routing_rules: [{conditions: {since: '@'}}]",
    "routing_rules: [{target_channels: ['@']}]",
    "routing_rules: [{receiver: '@'}]",
    "routing_rules: [{aggregation: {strategy: '@'}}]",
    "routing_rules: [{aggregation: {strategy: grouping, group_by: ['@', '@']}}]",
    "routing_rules: ['@']",
    "templates: {t: {backend: '@', subject_template: '{severty}', body_template: '@'}}",
    "escalation_policies: {p: {first: ['@'], repeat: '@'}}",
    "inhibition_rules: [{source_matchers: ['@'], target_matchers: ['a=~\"[@\"']}]",
    "inhibition_rules: [{source_matchers: [{name: a, operator: '@', value: '@'}], target_matchers: [a=b]}]",
    "inhibition_rules: [{source_matchers: [{name: a, operator: '=~', value: '(@'}], target_matchers: [a=b]}]",
    "time_intervals: {n: [{weekdays: ['@'], location: '@', months: ['@']}]}",
    "time_intervals: {n: [{times: [{start_time: '@', end_time: '24:00'}]}]}",
    "sources: {s: {source: '@'}}",
    "sources: {s: {source: clock, config: {every_seconds: 1, mode: '@', form: '@', limits: {most: '@'}}}}",
    "escalation_scheduler: '@'",
    "catch_all_channel: '@'",
    "watchdog: {channel_id: '@'}",
    "server: {listen: '@', external_url: '@', log_level: '@', severity_labels: {a: '@'}}",
    "server: {auth_tokens: [{name: '@', scopes: ['@'], hash: '@'}], tls: {certificate: '@', key: {file: '@'}}}",
]


@pytest.mark.parametrize("text", PLACES)
@pytest.mark.parametrize("secret", [SECRET, "x" * 40 + SECRET * 20, "Hunter2Zq", "é-Hunter2-é"])
def test_a_secret_that_is_refused_is_not_shown(files: Files, text: str, secret: str) -> None:
    problems = files.problems(text.replace("@", "${SECRET}"), environ={"SECRET": secret})
    shown = repr(problems).lower()
    assert "hunter2" not in shown
    assert "xxxx" not in shown


@pytest.mark.parametrize("text", [text for text in PLACES if text.startswith(("channels", "sources"))])
def test_a_secret_file_that_is_refused_is_not_shown(files: Files, text: str) -> None:
    files.write(SECRET, "s")
    if "config" in text:
        problems = files.problems(text.replace("'@'", "{file: s}").replace("'ftp://@'", "'file:s'"))
        assert "hunter2" not in repr(problems).lower()


@pytest.mark.parametrize(
    "name", ["backend: webhook, config: {webhook_url: 'ftp://hunter2/'", "backend: rude, config: {loud: hunter2"]
)
def test_what_stands_in_a_channels_settings_is_not_repeated_by_us(files: Files, name: str) -> None:
    problems = files.problems(f"channels: {{a: {{{name}, extra: hunter3}}}}}}")
    assert "hunter3" not in repr(problems)


def test_a_number_that_may_be_a_secret_is_not_repeated(files: Files) -> None:
    for written in ("190:20:30", "0o17", "012", "1e9", "yes", "2026-01-01"):
        problems = files.problems(f"channels: {{a: {{backend: rude, config: {{loud: {written}, word: {written}}}}}}}")
        assert written not in repr([problem.problem for problem in problems])


def test_the_reason_is_told_where_it_says_nothing_of_the_secret(files: Files) -> None:
    (problem,) = files.problems(_one("{webhook_url: '${URL}'}"), environ={"URL": "hooks.example/hunter2"})
    assert problem.problem.startswith("webhook_url starts with neither https:// nor http://")
    (problem,) = files.problems(_one("{webhook_url: '${URL}'}"), environ={"URL": "https://hooks.example/ hunter2"})
    assert problem.problem == "what came from ${URL} is refused; it is not shown"
    (problem,) = files.problems("routing_rules: [{conditions: {severity: '${S}'}}]", environ={"S": "hunter2"})
    assert problem.problem.startswith("unknown severity '***'; known are: critical")


def test_nothing_of_it_is_in_a_repr_or_a_warning(files: Files) -> None:
    text = """\
    channels:
      a: {backend: webhook, config: {webhook_url: "https://x.example/${S}"}}
      "b": {backend: slack, config: {webhook_url: "https://x.example/${S}"}}
    routing_rules:
      - {rule_id: "${S}", name: "${S}", conditions: {cluster_pattern: "${C}"}, target_channels: ["${A}"]}
    templates: {t: {name: "${S}", backend: console, subject_template: "${S}", body_template: "${S}"}}
    sources: {c: {source: clock, config: {every_seconds: 1, password: "${S}"}}}
    server: {external_url: "https://${C}.example/"}
    """
    loaded = files.load(text, environ={"S": SECRET, "A": "a", "C": "Hunter2"})
    shown = (repr(loaded) + str(loaded) + "".join(map(str, loaded.warnings))).lower()
    assert "hunter2" not in shown
    assert len(loaded.warnings) >= 3
    assert loaded.configuration.routing_rules[0].rule_id == SECRET


def test_a_templates_field_that_came_from_elsewhere_is_not_shown(files: Files) -> None:
    text = "templates: {t: {backend: slack, subject_template: '{${F}}', body_template: a}}"
    (problem,) = files.problems(text, environ={"F": "severty"})
    assert "severty" not in problem.problem


def test_a_token_shows_its_name_and_no_hash(files: Files) -> None:
    text = f"server: {{auth_tokens: [{{name: me, scopes: [read], hash: 'sha256:{'a' * 64}'}}]}}"
    (token,) = files.load(text).server.auth_tokens
    assert repr(token) == "AuthToken(name='me', scopes=('read',), hash=***)"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("the backend refuses this", "the backend refuses this"),
        ("'HUNTER2-ZQ9…' is no name", "this is refused together with the rest"),
        ("'Hunter2-Zq9!x' is no name", "this is refused together with the rest"),
    ],
)
def test_what_only_the_whole_tells_is_told_unless_it_repeats_a_secret(
    files: Files, monkeypatch: pytest.MonkeyPatch, said: str, told: str
) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise ConfigurationError(said, "channels.b.backend")

    monkeypatch.setattr("tocsin.configfile.sections.compile_plan", refuse)
    text = _one('{webhook_url: "https://x/${S}", external_url: "${S}"}')[:-1] + ", b: {backend: console}}"
    (problem,) = files.problems(text, environ={"S": SECRET})
    assert (problem.path, problem.problem) == ("channels.b.backend", told)


# -- what is only asked needs no secrets -----------------------------------------------------------------------------

ASKED = """\
channels:
  chat: {backend: slack, config: {webhook_url: "https://hooks.example/${NOWHERE}"}, min_severity: error}
  file: {backend: slack, config: {webhook_url: {file: nowhere.txt}}}
  ops: {backend: console}
routing_rules: [{target_channels: [chat, file, ops]}]
server:
  auth_tokens: [{name: a, scopes: [read], hash: "${NOWHERE}"}, {name: b, scopes: [read], hash: "file:nowhere.txt"}]
  tls: {certificate: nowhere.pem, key: nowhere.pem}
"""


def test_a_configuration_is_asked_without_its_secrets(files: Files) -> None:
    read = load_routing(files.write(ASKED), files.registry, environ={})
    assert list(read.plan.channels) == ["chat", "file", "ops"]
    assert read.plan.channels["chat"].recorded
    assert not read.plan.channels["ops"].recorded
    assert read.plan.channels["chat"].channel.min_severity.value == "error"
    assert [(one.line, one.path) for one in read.missing] == [
        (2, "channels.chat.config.webhook_url"),
        (3, "channels.file.config.webhook_url"),
        (7, "server.auth_tokens[0].hash"),
        (7, "server.auth_tokens[1].hash"),
    ]
    assert {one.path for one in read.missing} < {path for _, _, path in files.told(ASKED)}


@pytest.mark.parametrize(
    "text",
    [
        "channels: {a: {backend: '${NOWHERE}'}}",
        "channels: {a: {backend: console, min_severity: '${NOWHERE}'}}",
        "channels: {a: {backend: console}}\nrouting_rules: [{target_channels: ['${NOWHERE}']}]",
        "channels: {a: {backend: slack, config: {webhook_url: 'https://x/${NOWHERE}'}, fallback: '${NOWHERE}'}}",
        "aggregation: {window_seconds: '${NOWHERE}'}",
        "aggregation: {strategy: grouping, group_by: ['${NOWHERE}']}",
    ],
)
def test_what_decides_is_needed_all_the_same(files: Files, text: str) -> None:
    with pytest.raises(ConfigurationFileError) as caught:
        load_routing(files.write(text), files.registry, environ={})
    assert [one.problem for one in caught.value.problems] == ["the environment variable NOWHERE is not set"]


def test_what_is_wrong_beside_a_missing_secret_is_told(files: Files) -> None:
    text = "channels: {a: {backend: slack, config: {webhook_url: '${NOWHERE}'}, min_severity: hgih}}"
    with pytest.raises(ConfigurationFileError, match="hgih"):
        load_routing(files.write(text), files.registry, environ={})
