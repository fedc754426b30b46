"""The HTML form of a mail: whatever an alert says is text in it, and nothing in it is fetched from anywhere."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Final

from tocsin import AlertSeverity, AlertStatus, ListedAlert, Notification
from tocsin_email import wording

__all__ = ["page", "page_of_text"]

_RESOLVED: Final = "#2e7d32"
_COLORS: Final = {
    AlertSeverity.INFO: "#1976d2",
    AlertSeverity.WARNING: "#f9a825",
    AlertSeverity.ERROR: "#e65100",
    AlertSeverity.CRITICAL: "#c62828",
    AlertSeverity.EMERGENCY: "#6a1b9a",
}
_LINK: Final = re.compile(r"https?://[^\s\"'<>…]+")
_FRAME: Final = (
    '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n</head>\n'
    '<body style="margin:0;padding:16px;font-family:sans-serif;font-size:14px;line-height:1.45;color:#212121">\n'
    '<div style="border-left:6px solid {color};padding:4px 0 4px 14px">\n{content}\n</div>\n</body>\n</html>\n'
)
_WRAPPED: Final = "white-space:pre-wrap;overflow-wrap:anywhere"


def page(notification: Notification) -> str:
    """Return *notification* in the default form."""
    return _framed(notification, wording.headline(notification), "\n".join(_content(notification)))


def page_of_text(notification: Notification, title: str, text: str) -> str:
    """Return a page that shows *text* as it is, below *title*."""
    return _framed(notification, title, f'{_heading(title)}\n<div style="{_WRAPPED}">{html.escape(text)}</div>')


def _framed(notification: Notification, title: str, content: str) -> str:
    resolved = notification.status is AlertStatus.RESOLVED
    color = _RESOLVED if resolved else _COLORS[notification.severity]
    return _FRAME.format(title=html.escape(title), color=color, content=content)


def _content(notification: Notification) -> Iterator[str]:
    yield _heading(wording.headline(notification))
    if occasion := wording.occasion(notification):
        yield f"<p>{html.escape(occasion)}</p>"
    if said := wording.said(notification):
        yield f'<p style="{_WRAPPED}">{html.escape(said)}</p>'
    yield '<table style="border-collapse:collapse">'
    yield from (_row(name, value) for name, value in wording.facts(notification))
    yield "</table>"
    if not notification.single and notification.alerts:
        yield '<ul style="padding-left:18px">'
        yield from (_item(listed, line) for listed, line in wording.listed_alerts(notification))
        yield "</ul>"


def _heading(title: str) -> str:
    return f'<h1 style="font-size:17px;margin:0 0 10px;overflow-wrap:anywhere">{html.escape(title)}</h1>'


def _row(name: str, value: str) -> str:
    head = f'<th style="text-align:left;vertical-align:top;padding:2px 14px 2px 0">{html.escape(name)}</th>'
    return f'<tr>{head}<td style="padding:2px 0;overflow-wrap:anywhere">{_linked(value)}</td></tr>'


def _linked(value: str) -> str:
    """*value*, which is a link where all of it is a URL; what is shown is where it leads."""
    shown = html.escape(value)
    return f'<a href="{shown}" rel="noreferrer">{shown}</a>' if _LINK.fullmatch(value) else shown


def _item(listed: ListedAlert | None, line: str) -> str:
    color = "#616161" if listed is None else _COLORS[listed.alert.severity] if listed.firing else _RESOLVED
    shown = f'<span style="color:#212121">{html.escape(line)}</span>'
    return f'<li style="overflow-wrap:anywhere;color:{color}">{shown}</li>'
