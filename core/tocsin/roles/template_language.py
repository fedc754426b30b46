"""The role of a template language: what templates may be written in besides placeholders."""

from __future__ import annotations

from typing import Protocol

from tocsin.model.notification import Notification
from tocsin.model.template import NotificationTemplate

__all__ = ["TemplateLanguage"]


class TemplateLanguage(Protocol):
    """Reads the templates whose ``language`` is its name. Pure, and bounded: a template is data, and never code."""

    def check(self, template: NotificationTemplate, /) -> None:
        """Return if *template* can be used; called when it is configured, and again when anything else is.

        :raises TemplateError: when it cannot; ``where`` is ``subject_template`` or ``body_template``, and the problem
            says in which line of that.
        """
        ...

    def fill(self, template: NotificationTemplate, notification: Notification, /) -> NotificationTemplate | None:
        """Return :meth:`NotificationTemplate.filled` for *notification*; None where the backend's own form is due.

        That is due where the template does not say what is told, above all that it is over. Called once per attempt.
        An exception is recorded as a gap, and the backend's own form goes out.
        """
        ...
