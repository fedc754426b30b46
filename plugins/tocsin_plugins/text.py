"""The renderer ``text``: a notification as plain text, in a user's words or in the default ones."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin import (
    ListedAlert,
    Message,
    Notification,
    NotificationTemplate,
    RendererRegistrar,
    field_value,
    hookimpl,
    iso_time,
    wording,
)

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
        return Message(wording.headline(notification), "\n".join(_body(notification)))

    def values(field: str) -> str | float | None:
        return field_value(notification, field)

    return Message(wording.one_line(template.subject.render(values)), template.body.render(values), templated=True)


def _body(notification: Notification) -> Iterator[str]:
    yield wording.headline(notification)
    level = wording.level_line(notification)
    if level:
        yield level
    yield from _single(notification.alerts[0]) if notification.single else _summary(notification)
    yield f"incident: {notification.incident_id}"
    if notification.link:
        yield f"link: {notification.link}"


def _single(listed: ListedAlert) -> Iterator[str]:
    alert = listed.alert
    if alert.message:
        yield alert.message
    values = wording.values_line(alert)
    if values:
        yield values
    yield wording.span_line(listed)
    if alert.node_id:
        yield f"node: {alert.node_id}"
    labels = wording.labels_line(alert)
    if labels:
        yield f"labels: {labels}"
    for name, text in sorted(alert.annotations.items()):
        yield f"{name}: {text}"
    yield f"alert: {alert.alert_id}"


def _summary(notification: Notification) -> Iterator[str]:
    if not notification.alerts:
        return
    yield f"{len(notification.alerts)} alerts: {wording.state_line(notification)}"
    yield f"severities: {wording.severities_line(notification)}"
    clusters = wording.clusters_line(notification)
    if clusters:
        yield f"clusters: {clusters}"
    fired = [listed.fired_at for listed in notification.alerts]
    yield f"first {iso_time(min(fired))}, last {iso_time(max(fired))}"
    yield from (f"- {line}" for line in wording.shown_alerts(notification))
