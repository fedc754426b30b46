"""The renderer ``text``: a notification as plain text, in a user's words or in the default ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tocsin import (
    ListedAlert,
    Message,
    Notification,
    NotificationTemplate,
    RendererRegistrar,
    field_value,
    hookimpl,
    iso_time,
)
from tocsin_plugins import _wording

__all__ = ["render", "tocsin_register_renderers"]


@hookimpl
def tocsin_register_renderers(registrar: RendererRegistrar) -> None:
    """Register ``text``."""
    registrar.register("text", render)


def render(notification: Notification, template: NotificationTemplate | None) -> Message:
    """Return *notification* as plain text.

    With a template: its subject, on one line, and its body. Without: status and severity stand in the first line of
    subject and body, and of a summary at most twenty alerts are listed and the others counted.
    """
    if template is None:
        return Message(_wording.headline(notification), "\n".join(_body(notification)))

    def values(field: str) -> str | float | None:
        return field_value(notification, field)

    return Message(_wording.one_line(template.subject.render(values)), template.body.render(values), templated=True)


def _body(notification: Notification) -> Iterator[str]:
    yield _wording.headline(notification)
    if notification.level is not None:
        yield f"Nobody has acknowledged it: escalation level {notification.level.value}"
    yield from _single(notification.alerts[0]) if notification.single else _summary(notification)
    yield f"incident: {notification.incident_id}"


def _single(listed: ListedAlert) -> Iterator[str]:
    alert = listed.alert
    if alert.message:
        yield alert.message
    values = _wording.values_line(alert)
    if values:
        yield values
    yield _wording.span_line(listed)
    if alert.node_id:
        yield f"node: {alert.node_id}"
    yield from _pairs("labels", alert.labels)
    for name, text in sorted(alert.annotations.items()):
        yield f"{name}: {text}"
    yield f"alert: {alert.alert_id}"


def _summary(notification: Notification) -> Iterator[str]:
    if not notification.alerts:
        return
    yield f"{len(notification.alerts)} alerts: {_wording.state_line(notification)}"
    yield f"severities: {_wording.severities_line(notification)}"
    clusters = _wording.clusters_line(notification)
    if clusters:
        yield f"clusters: {clusters}"
    fired = [listed.fired_at for listed in notification.alerts]
    yield f"first {iso_time(min(fired))}, last {iso_time(max(fired))}"
    yield from (f"- {line}" for line in _wording.shown_alerts(notification))


def _pairs(title: str, pairs: Mapping[str, str]) -> Iterator[str]:
    if pairs:
        yield f"{title}: " + ", ".join(f"{name}={value}" for name, value in sorted(pairs.items()))
