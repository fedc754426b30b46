"""Templates in a language that a plugin brings: checked where they are configured, filled where they are used."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import attrs
import pytest

import tocsin
from tocsin import (
    AlertRoutingRule,
    ConfigurationError,
    GapKind,
    Message,
    Notification,
    NotificationChannel,
    NotificationTemplate,
    Registry,
    TemplateError,
    TemplateLanguageRegistrar,
    field_value,
    load_configuration,
    load_registry,
)
from tocsin.model.template import GivenField
from tocsin.testing.samples import HOSTILE, make_alert, make_listed, make_notification

SLACK: Any = load_registry().renderers["slack"].spec.render
TEXT: Any = load_registry().renderers["text"].spec.render


class Percent:
    """``%`` stands for the first alert's message."""

    def check(self, template: NotificationTemplate, /) -> None:
        if "%%" in template.body_template:
            raise TemplateError("line 1: there is no %%", "body_template")

    def fill(self, template: NotificationTemplate, notification: Notification, /) -> NotificationTemplate | None:
        if "raise" in template.body_template:
            raise RuntimeError(notification.alerts[0].alert.message)
        if "default" in template.body_template:
            return None
        first, *others = template.body_template.split("%")
        body: list[str | float | None] = [first]
        for text in others:
            body += [notification.alerts[0].alert.message, text]
        return template.filled([template.subject_template], body)


class Plugin:
    """Brings it."""

    @tocsin.hookimpl
    def tocsin_register_template_languages(self, registrar: TemplateLanguageRegistrar) -> None:
        registrar.register("percent", Percent())


@pytest.fixture
def registry() -> Registry:
    """The installed plugins, and this one."""
    return load_registry(extra=[Plugin()])


def template(body: str, language: str = "percent") -> NotificationTemplate:
    """Return a template of the recording backend."""
    return NotificationTemplate("page", "Page", "recording", "{s}", body, language=language)


def filled(body: str, message: str) -> NotificationTemplate:
    """Return what the language makes of *body*."""
    found = Percent().fill(template(body), make_notification(make_listed(message=message)))
    assert found is not None
    return found


def test_what_is_given_is_escaped_by_the_renderer_and_what_the_author_wrote_is_not() -> None:
    note = make_notification(make_listed(message="<!channel>"))
    message = SLACK(note, filled("*<!here>* %", "<!channel>"))
    assert message == Message("{s}", "*<!here>* &lt;!channel&gt;", templated=True)


@pytest.mark.parametrize("value", [*HOSTILE.values(), None, 1.5, float("nan")])
def test_a_body_of_json_stays_json(value: str | float | None) -> None:
    pieces = ['{"in": "a ', value, '", "bare": ', value, "}"]
    one = template("").filled([""], pieces)
    assert one.is_json
    decoded = json.loads(TEXT(make_notification(), one).body)
    shown = "nan" if value != value else "" if value is None else str(value)
    assert decoded == {"in": f"a {shown}", "bare": None if value != value else value}


def test_a_value_is_what_was_given_whatever_the_notification_has() -> None:
    assert [field_value(make_notification(), GivenField(value)) for value in ("{severity}", 1.0, None)] == [
        "{severity}",
        1.0,
        None,
    ]


def test_no_brace_of_another_language_is_a_placeholder() -> None:
    assert template("{unknown_field} {status}").subject.fields == frozenset()


def test_a_service_refuses_what_the_language_refuses(alerting_with: Any) -> None:
    alerting = alerting_with(Plugin())
    with pytest.raises(TemplateError, match="line 1: there is no %%") as caught:
        alerting.add_template(template("%%"))
    assert caught.value.where == "templates.page.body_template"
    with pytest.raises(
        ConfigurationError, match="no template language is called 'percnt'; did you mean 'percent'"
    ) as other:
        alerting.add_template(template("", "percnt"))
    assert other.value.where == "templates.page.language"


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"body_template": "a %% b"}, r"3:18: templates\.page\.body_template: line 1: there is no %%"),
        (
            {"language": "percnt"},
            r"4:13: templates\.page\.language: no template language is called 'percnt'; did you mean",
        ),
    ],
)
def test_a_file_is_refused_with_the_line(
    tmp_path: Path, registry: Registry, changes: dict[str, str], problem: str
) -> None:
    values = {"subject_template": "s", "body_template": "%", "language": "percent", "backend": "console", **changes}
    file = tmp_path / "tocsin.json"
    lines = ",\n".join(f'"{name}": {json.dumps(value)}' for name, value in values.items())
    file.write_text(f'{{"templates": {{"page": {{\n{lines}}}}}}}')
    with pytest.raises(ConfigurationError, match=problem):
        load_configuration(file, registry)
    file.write_text(re.sub("%%|percnt", lambda found: {"%%": "%"}.get(found[0], "percent"), file.read_text()))
    loaded = load_configuration(file, registry).configuration
    assert loaded.templates["page"].language == "percent"


@pytest.fixture
def alerting_with(tocsin_clock: Any, tocsin_recording: Any) -> Any:
    """Make a service with a plugin, and a channel that is told of everything."""

    def made(plugin: object) -> tocsin.FederationAlertingService:
        alerting = tocsin.FederationAlertingService(clock=tocsin_clock, plugins=[plugin, tocsin_recording], seed=1)
        alerting.add_channel(NotificationChannel("pager", "recording", template_name="page"))
        alerting.add_routing_rule(AlertRoutingRule("all", target_channels=["pager"]))
        return alerting

    return made


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("body", "said", "gaps"),
    [("It says: %.", "It says: full.", 0), ("default", "full", 0), ("raise", "full", 1)],
)
async def test_a_notification_is_filled_or_takes_the_default_form(
    alerting_with: Any, tocsin_recording: Any, body: str, said: str, gaps: int
) -> None:
    alerting = alerting_with(Plugin())
    alerting.add_template(template(body))
    async with alerting:
        await alerting.process_alert(make_alert(message="full"))
        (told,) = tocsin_recording.received("pager")
        assert said in told.message.body
        assert told.message.templated is (body == "It says: %.")
        found = [gap for gap in alerting.gaps if gap.kind is GapKind.RENDERER_FAILED]
        assert len(found) == gaps
    assert attrs.evolve(told, message=None)
