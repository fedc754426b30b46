"""Templates of Jinja in a configuration file and in a service."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from stage import template

from tocsin import (
    AlertRoutingRule,
    ConfigurationError,
    GapKind,
    NotificationChannel,
    NotificationTemplate,
    TemplateError,
    load_configuration,
    load_registry,
)
from tocsin.testing.samples import make_alert


def test_a_file_is_refused_with_the_line_of_the_template_and_of_its_text(tmp_path: Path) -> None:
    file = tmp_path / "tocsin.json"
    body = json.dumps("fine\n{{ mesage }}")
    file.write_text(
        '{"templates": {"page": {"backend": "slack", "language": "jinja", "subject_template": "{{ Status }}",\n'
        f'"body_template": {body}}}}}}}'
    )
    problem = r"tocsin\.json:2:18: templates\.page\.body_template: line 2: there is no 'mesage'; did you mean 'message'"
    with pytest.raises(ConfigurationError, match=problem):
        load_configuration(file, load_registry())


def test_a_service_refuses_a_template_and_keeps_the_one_that_it_has(alerting: Any) -> None:
    alerting.add_template(template("{{ message }}"))
    with pytest.raises(TemplateError, match="line 1: Expected an expression"):
        alerting.add_template(template("{% if %}"))
    assert alerting.templates["page"].body_template == "{{ message }}"


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("body", "said", "gaps"),
    [
        ("{% for a in Alerts %}{{ a.Labels.service }} {{ Status }}{% endfor %}", "web firing", 0),
        ("{{ Status }} {{ 1 / (0 if labels.really else 1) }}", "High CPU usage detected", 1),
    ],
)
async def test_a_notification_is_told_in_its_words_or_in_the_default_ones(
    alerting: Any, tocsin_recording: Any, body: str, said: str, gaps: int
) -> None:
    page = NotificationTemplate("page", "Page", "recording", "{{ Status }}", body, language="jinja")
    alerting.add_template(page)
    alerting.add_channel(NotificationChannel("pager", "recording", template_name="page"))
    alerting.add_routing_rule(AlertRoutingRule("all", target_channels=["pager"]))
    async with alerting:
        await alerting.process_alert(make_alert(labels={"service": "web", "really": "yes"}))
        (told,) = tocsin_recording.received("pager")
        assert said in told.message.body
        found = [gap for gap in alerting.gaps if gap.kind is GapKind.RENDERER_FAILED]
    assert len(found) == gaps
