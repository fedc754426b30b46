"""The buttons under a message, and what is in them: whom an answer is about.

https://docs.slack.dev/reference/block-kit/block-elements/button-element: a button's ``value`` has at most 2,000
characters, and its ``url`` 3,000. What a button holds comes back with who pressed it, in a request that Slack signed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import quote

import attrs

from tocsin import wording

__all__ = [
    "ACKNOWLEDGE",
    "ACTIONS",
    "PAGE",
    "RESOLVE",
    "STATE",
    "Target",
    "actions",
    "page_link",
    "state_in",
    "target_in",
    "without",
]

Block = dict[str, Any]

ACKNOWLEDGE: Final = "tocsin_acknowledge"
RESOLVE: Final = "tocsin_resolve"
PAGE: Final = "tocsin_page"
ACTIONS: Final = "tocsin_actions"
"""The id of the block of buttons."""
STATE: Final = "tocsin_state"
"""The id of the block that says who has answered."""

_VALUE: Final = 2000
_URL: Final = 3000
_STATE: Final = 300
_MOST_ALERTS: Final = 100


@attrs.frozen(slots=True)
class Target:
    """What a button is about: an incident, those of its alerts that fire as far as the channel was told (None: they
    are too many, or not known), and whether it is under a test."""

    incident_id: str
    alert_ids: tuple[str, ...] | None = None
    test: bool = False

    def value(self, *, listing: bool) -> str | None:
        """Return the text that a button holds; None where there is no room for it."""
        if listing and (not self.alert_ids or len(self.alert_ids) > _MOST_ALERTS):
            return None
        document: dict[str, Any] = {"incident": self.incident_id}
        if listing:
            document["alerts"] = list(self.alert_ids or ())
        if self.test:
            document["test"] = True
        text = json.dumps(document, separators=(",", ":"))  # in ASCII: half a surrogate pair is kept as it is
        return text if len(text) <= _VALUE else None

    @classmethod
    def read(cls, value: object) -> Target | None:
        """Return what :meth:`value` made; None for anything else."""
        try:
            document = json.loads(value) if isinstance(value, str) and len(value) <= _VALUE else None
        except (ValueError, RecursionError):
            return None
        if not isinstance(document, dict) or not isinstance(document.get("incident"), str) or not document["incident"]:
            return None
        alerts = document.get("alerts")
        if alerts is not None and not _are_ids(alerts):
            return None
        listed = None if alerts is None else tuple(alerts)
        return cls(document["incident"], listed, document.get("test") is True)


def _are_ids(value: Any) -> bool:
    known = isinstance(value, list) and len(value) <= _MOST_ALERTS
    return known and all(isinstance(item, str) and item for item in value)


def actions(target: Target | None, page: str | None, *, taken: bool = False) -> list[Block]:
    """Return the block of buttons: those that answer for *target*, and one that leads to *page*; empty without any.

    :param taken: whether it is acknowledged already.
    """
    elements = []
    if target is not None:
        elements += [*([] if taken else [_acknowledge(target)]), *_resolve(target)]
    if page is not None:
        elements.append({"type": "button", "text": _plain("Open in tocsin"), "action_id": PAGE, "url": page})
    elements = [element for element in elements if element.get("value") or element.get("url")]
    return [{"type": "actions", "block_id": ACTIONS, "elements": elements}] if elements else []


def _acknowledge(target: Target) -> Block:
    return {
        "type": "button",
        "text": _plain("Acknowledge"),
        "style": "primary",
        "action_id": ACKNOWLEDGE,
        "value": target.value(listing=False),
    }


def _resolve(target: Target) -> list[Block]:
    value = target.value(listing=True)
    if value is None:
        return []
    what = wording.counted(len(target.alert_ids or ()), "alert")
    confirm = {
        "title": _plain("Resolve by hand?"),
        "text": _plain(f"{what}: whoever was told will hear that it is over."),
        "confirm": _plain("Resolve"),
        "deny": _plain("Cancel"),
    }
    button = {"type": "button", "text": _plain("Resolve"), "action_id": RESOLVE, "value": value, "confirm": confirm}
    return [button]


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text}


def page_link(template: str | None, incident_id: str, alert_id: str) -> str | None:
    """Return where the page about an incident is; None where there is none, or its address is too long for Slack."""
    if template is None:
        return None
    filled = template.replace("{incident_id}", _quoted(incident_id)).replace("{alert_id}", _quoted(alert_id))
    return filled if len(filled) <= _URL else None


def _quoted(text: str) -> str:
    return quote(text.encode("utf-8", "replace"), safe="")


def target_in(message: Mapping[str, Any]) -> Target | None:
    """Return what the buttons under a message are about, as far as it can be read; that of *Resolve* lists alerts."""
    found = None
    for element in _elements(message):
        target = Target.read(element.get("value"))
        if target is not None and (found is None or target.alert_ids is not None):
            found = target
    return found


def _elements(message: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    for block in _dicts(message.get("blocks")):
        if block.get("block_id") == ACTIONS:
            yield from _dicts(block.get("elements"))


def state_in(message: Mapping[str, Any]) -> str:
    """Return what a message says about who has answered, in mrkdwn; empty where it says nothing that can be read."""
    for block in _dicts(message.get("blocks")):
        if block.get("block_id") == STATE:
            texts = [element.get("text") for element in _dicts(block.get("elements"))]
            return next((text for text in texts if isinstance(text, str) and len(text) <= _STATE), "")
    return ""


def without(blocks: Iterable[Mapping[str, Any]], *action_ids: str) -> list[Block]:
    """Return *blocks* less the buttons of these names, and less what says who has answered."""
    kept: list[Block] = []
    for block in blocks:
        if block.get("block_id") == STATE:
            continue
        if block.get("block_id") == ACTIONS:
            elements = [one for one in _dicts(block.get("elements")) if one.get("action_id") not in action_ids]
            if elements:
                kept.append({**block, "elements": elements})
        else:
            kept.append(dict(block))
    return kept


def _dicts(value: object) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
