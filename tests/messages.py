"""Notifications for tests of renderers and backends: plain ones to vary, and arbitrary ones from hypothesis."""

from __future__ import annotations

from hypothesis import settings

from tocsin.testing.samples import NOW, make_alert, make_listed, make_notification
from tocsin.testing.strategies import notifications as any_notification
from tocsin.testing.strategies import texts as any_text

__all__ = ["NOW", "any_notification", "any_text", "make_alert", "make_listed", "make_notification", "unhurried"]

unhurried = settings(deadline=None, max_examples=60)
"""For property tests: what they prove does not depend on how fast the machine is."""
