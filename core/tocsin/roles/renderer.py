"""The role of a renderer: it turns a notification and a template into what the backend sends."""

from __future__ import annotations

from typing import Protocol

from tocsin.model.notification import Message, Notification
from tocsin.model.template import NotificationTemplate

__all__ = ["Renderer"]


class Renderer(Protocol):
    """Turns a notification into a message; pure, and called once per attempt."""

    def __call__(self, notification: Notification, template: NotificationTemplate | None, /) -> Message:
        """Return the message; *template* is None where the default form is due.

        The core has decided already that *template* may be used (see :class:`NotificationTemplate` on ``{status}``).
        An exception is recorded as a gap, and the notification goes out in the core's plain form.
        """
        ...
