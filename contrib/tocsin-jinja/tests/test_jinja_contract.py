"""Templates of Jinja keep the contract of renderers, through each bundled renderer that takes templates."""

from __future__ import annotations

import re
from typing import ClassVar

import attrs

from tocsin import Message, Notification, NotificationTemplate
from tocsin.testing.contracts import RendererContract
from tocsin_jinja.language import JinjaLanguage

LANGUAGE = JinjaLanguage()


class InJinja(RendererContract):
    """The contract, with its templates' placeholders in Jinja's form; its default form is a template too."""

    default: ClassVar = NotificationTemplate(
        "default",
        "Default",
        "any",
        "[{{ status|upper }}] {{ severity }}: {{ metric_name }} of {{ cluster_id }}",
        "{% for alert in alerts %}- {{ alert.status }}: {{ alert.message }} ({{ alert.current_value }}, "
        "{{ alert.metric_name }}, {{ alert.labels|dictsort|map('join', '=')|join(', ') }})\n"
        "{% else %}nothing{% endfor %}",
        language="jinja",
    )

    def render(self, notification: Notification, template: NotificationTemplate | None = None) -> Message:
        """Return what the language and the renderer make of it."""
        used = self.default if template is None else in_jinja(template)
        LANGUAGE.check(used)
        message = super().render(notification, LANGUAGE.fill(used, notification))
        assert message.templated
        return attrs.evolve(message, templated=template is not None)


def in_jinja(template: NotificationTemplate) -> NotificationTemplate:
    """Return a template of placeholders in Jinja's form."""
    subject, body = (
        re.sub(r"\{(\w+)\}", r"{{ \1 }}", text) for text in (template.subject_template, template.body_template)
    )
    return attrs.evolve(template, subject_template=subject, body_template=body, language="jinja")


class TestText(InJinja):
    """Through the renderer ``text``."""

    renderer = "text"


class TestJson(InJinja):
    """Through the renderer ``json``."""

    renderer = "json"


class TestSlack(InJinja):
    """Through the renderer ``slack``."""

    renderer = "slack"
