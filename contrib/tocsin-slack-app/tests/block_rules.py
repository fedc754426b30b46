"""What Slack refuses in blocks, by https://docs.slack.dev/reference/block-kit; lengths are measured in UTF-16 units."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["problems_of_blocks", "problems_of_text", "units"]

_CONTROLS = re.compile(r"<(?!(https?://[^\s<>|]+(\|[^<>|]*)?|@[UW][A-Z0-9]+|!date\^[0-9]+\^[^<>|]*\|[^<>]*)>)")
"""A ``<`` that begins neither a link, nor a mention of a member, nor a date."""
_ENTITY = re.compile(r"&(?!(amp|lt|gt);)")


def units(text: str) -> int:
    """Return the length of *text*."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def problems_of_text(value: Any, longest: int, where: str) -> Iterator[str]:
    """Yield what is wrong with mrkdwn, or a plain text."""
    if not isinstance(value, str) or not value.strip():
        yield f"{where}: must be more than 0 characters"
        return
    if units(value) > longest:
        yield f"{where}: must be less than {longest + 1} characters"
    if _CONTROLS.search(value) or _ENTITY.search(value):
        yield f"{where}: a special character is not escaped"


def _text_object(value: Any, longest: int, kinds: tuple[str, ...], where: str) -> Iterator[str]:
    if not isinstance(value, dict) or value.get("type") not in kinds:
        yield f"{where}: must be a text object of {kinds}"
        return
    allowed = {"type", "text", "emoji"} if value["type"] == "plain_text" else {"type", "text", "verbatim"}
    yield from (f"{where}: unknown field {name}" for name in set(value) - allowed)
    yield from problems_of_text(value.get("text"), longest, where)


def problems_of_blocks(blocks: Any) -> list[str]:
    """Return what is wrong with the blocks of a message."""
    if not isinstance(blocks, list) or not 0 < len(blocks) <= 50:
        return ["blocks: from 1 to 50"]
    ids = [block.get("block_id") for block in blocks if block.get("block_id")]
    found = [] if len(ids) == len(set(ids)) else ["block_id: not unique"]
    for index, block in enumerate(blocks):
        rule = _RULES.get(block.get("type"))
        found += [f"blocks[{index}]: unknown type"] if rule is None else list(rule(block, f"blocks[{index}]"))
        if units(block.get("block_id", "")) > 255:
            found.append(f"blocks[{index}].block_id")
    return found


def _header(block: Any, where: str) -> Iterator[str]:
    yield from _text_object(block.get("text"), 150, ("plain_text",), where)


def _section(block: Any, where: str) -> Iterator[str]:
    if "text" not in block and "fields" not in block:
        yield f"{where}: text or fields"
    if "text" in block:
        yield from _text_object(block["text"], 3000, ("mrkdwn", "plain_text"), where)
    if "fields" in block:
        fields = block["fields"]
        if not isinstance(fields, list) or not 1 <= len(fields) <= 10:
            yield f"{where}: from 1 to 10 fields"
            return
        for field in fields:
            yield from _text_object(field, 2000, ("mrkdwn", "plain_text"), where)


def _context(block: Any, where: str) -> Iterator[str]:
    elements = block.get("elements")
    if not isinstance(elements, list) or not 1 <= len(elements) <= 10:
        yield f"{where}: from 1 to 10 elements"
        return
    for element in elements:
        yield from _text_object(element, 3000, ("mrkdwn", "plain_text"), where)


def _actions(block: Any, where: str) -> Iterator[str]:
    elements = block.get("elements")
    if not isinstance(elements, list) or not 1 <= len(elements) <= 25:
        yield f"{where}: from 1 to 25 elements"
        return
    names = [element.get("action_id") for element in elements]
    if len(set(names)) != len(names):
        yield f"{where}: action_id is not unique"
    for element in elements:
        yield from _button(element, where)


def _button(element: Any, where: str) -> Iterator[str]:
    if element.get("type") != "button":
        yield f"{where}: only buttons are known here"
    known = {"type", "text", "action_id", "url", "value", "style", "confirm", "accessibility_label"}
    yield from (f"{where}: unknown field {name}" for name in set(element) - known)
    yield from _text_object(element.get("text"), 75, ("plain_text",), where)
    for name, longest in (("action_id", 255), ("value", 2000), ("url", 3000)):
        value = element.get(name, "x")
        if not isinstance(value, str) or not 0 < units(value) <= longest:
            yield f"{where}.{name}: from 1 to {longest} characters"
    if element.get("style", "primary") not in ("primary", "danger"):
        yield f"{where}.style"
    if "confirm" in element:
        confirm = element["confirm"]
        for name, longest in (("title", 100), ("text", 300), ("confirm", 30), ("deny", 30)):
            yield from _text_object(confirm.get(name), longest, ("plain_text", "mrkdwn"), f"{where}.confirm.{name}")


_RULES: dict[Any, Callable[[Any, str], Iterator[str]]] = {
    "header": _header,
    "section": _section,
    "context": _context,
    "actions": _actions,
    "divider": lambda block, where: iter(()),
}
