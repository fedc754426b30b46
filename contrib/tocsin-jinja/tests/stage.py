"""What the tests share: templates, filled and rendered."""

from __future__ import annotations

from typing import Any

import attrs

from tocsin import Message, Notification, NotificationTemplate, load_registry
from tocsin.testing.samples import make_alert, make_listed, make_notification, of_each_kind
from tocsin_jinja.language import JinjaLanguage

__all__ = ["LANGUAGE", "checked", "digest", "filled", "labelled", "message", "note", "template"]

LANGUAGE = JinjaLanguage()
RENDERERS = load_registry().renderers


def template(body: str, subject: str = "{{ status }}") -> NotificationTemplate:
    """Return a template of Jinja."""
    return NotificationTemplate("page", "Page", "any", subject, body, language="jinja")


def checked(body: str) -> None:
    """Check a body as a configuration does."""
    LANGUAGE.check(template(body))


def note(**changes: Any) -> Notification:
    """Return a notification of one alert that fires."""
    return make_notification(make_listed(**changes))


def digest() -> Notification:
    """Return a notification of 301 alerts, of which one has resolved."""
    return of_each_kind("said")["digest"]


def message(body: str, notification: Notification | None = None, renderer: str = "text") -> Message:
    """Return what a renderer makes of a template."""
    told = notification or note()
    made = LANGUAGE.fill(template(body), told)
    assert made is not None
    return RENDERERS[renderer].spec.render(told, made)


def filled(body: str, notification: Notification | None = None, renderer: str = "text") -> str:
    """Return the body of that."""
    return message(body, notification, renderer).body


def labelled(**labels: str) -> Notification:
    """Return a notification of one alert with these labels."""
    return make_notification(attrs.evolve(make_listed(), alert=make_alert(labels=labels)))
