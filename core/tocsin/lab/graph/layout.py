"""Where everything stands: rules in a tree on the left, channels in the middle, escalation policies on the right.

Sizes are in pixels, of text that takes a fixed advance for each column. The work grows with what is drawn, no faster.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import attrs

from tocsin.lab.graph.drawing import Box, Drawing, PolicyBox
from tocsin.lab.graph.texts import cut, shown

__all__ = ["ADVANCE", "COLUMNS", "LINE", "PAD", "Edge", "Layout", "Placed", "lay_out"]

ADVANCE: Final = 7.3
LINE: Final = 17
PAD: Final = 10
COLUMNS: Final = 40
"""Columns of text that a card has."""

_CARD: Final = round(COLUMNS * ADVANCE) + 2 * PAD
_GAP: Final = 12
_INDENT: Final = 28
_BETWEEN: Final = 150
_MARGIN: Final = 28
_TOP: Final = 96


@attrs.frozen(slots=True)
class Placed:
    """A card: its box, its place, its lines as they fit (the title first), and all of its text."""

    box: Box
    kind: str
    x: float
    y: float
    lines: tuple[str, ...]
    whole: str

    @property
    def width(self) -> float:
        """Its width."""
        return _CARD

    @property
    def height(self) -> float:
        """Its height."""
        return _height(len(self.lines))

    def row(self, line: int) -> float:
        """Return where the middle of one of its lines is."""
        return self.y + PAD + LINE * (line + 0.5)

    @property
    def middle(self) -> float:
        """Where the middle of its title is."""
        return self.row(0)


@attrs.frozen(slots=True)
class Edge:
    """A line from one point to another; ``kind`` is how it is drawn, ``on`` whether the drawn alert goes there.

    ``near``: it would, and a gate is shut there.
    """

    kind: str
    start: tuple[float, float]
    end: tuple[float, float]
    on: bool
    near: bool = False


@attrs.frozen(slots=True)
class Layout:
    """All cards and lines, and how much room they take."""

    cards: tuple[Placed, ...]
    edges: tuple[Edge, ...]
    heads: tuple[tuple[float, str], ...]
    width: float
    height: float


def lay_out(drawing: Drawing) -> Layout:
    """Place everything."""
    rules = _rules(drawing)
    deepest = max((rule.depth for rule in drawing.rules), default=0)
    x = _MARGIN + deepest * _INDENT + _CARD + _BETWEEN
    wanted: dict[str, list[float]] = defaultdict(list)
    for card, rule in zip(rules, drawing.rules, strict=True):
        for name in rule.channels:
            wanted[name].append(card.middle)
    channels = _column("channel", drawing.channels, x, wanted)
    policy_wanted: dict[str, list[float]] = defaultdict(list)
    for card, rule in zip(rules, drawing.rules, strict=True):
        if rule.policy is not None:
            policy_wanted[rule.policy].append(card.middle)
    policies = _column("policy", drawing.policies, x + _CARD + _BETWEEN, policy_wanted)
    cards = (*rules, *channels.values(), *policies.values())
    edges = (*_branches(drawing, rules), *_leads(drawing, rules, channels, policies), *_levels(policies, channels))
    heads = [(float(_MARGIN), "routing rules, as they are asked"), (x, "channels")]
    if policies:
        heads.append((x + _CARD + _BETWEEN, "escalation, if nobody answers"))
    return Layout(
        cards,
        edges,
        tuple(heads),
        x + _CARD + _MARGIN + (_CARD + _BETWEEN if policies else 0),
        max((card.y + card.height for card in cards), default=float(_TOP)) + _MARGIN,
    )


def _height(lines: int) -> float:
    return 2 * PAD + lines * LINE


def _card(box: Box, kind: str, x: float, y: float) -> Placed:
    texts = [box.title, *box.lines]
    if isinstance(box, PolicyBox):
        texts += [f"{level.text}: {', '.join(level.channels) or 'nobody'}" for level in box.levels]
    whole = [shown(text) for text in texts]
    return Placed(box, kind, x, y, tuple(cut(line, COLUMNS) for line in whole), "\n".join(whole))


def _rules(drawing: Drawing) -> list[Placed]:
    found: list[Placed] = []
    y: float = _TOP
    for rule in drawing.rules:
        found.append(_card(rule, "rule", _MARGIN + rule.depth * _INDENT, y))
        y += found[-1].height + _GAP
    return found


def _column(kind: str, boxes: Sequence[Box], x: float, wanted: Mapping[str, list[float]]) -> dict[str, Placed]:
    """Place boxes beside what leads to them, as near as there is room; those that nothing leads to come last."""

    def beside(box: Box) -> float:
        found = wanted.get(box.name)
        return sum(found) / len(found) if found else float("inf")

    found: dict[str, Placed] = {}
    y: float = _TOP
    for box in sorted(boxes, key=beside):
        card = _card(box, kind, x, y)
        best = beside(box) - card.height / 2
        if best != float("inf"):
            card = attrs.evolve(card, y=max(y, best))
        found[box.name] = card
        y = card.y + card.height + _GAP
    return found


def _branches(drawing: Drawing, rules: Sequence[Placed]) -> Iterable[Edge]:
    """Yield what leads from a rule to its routes."""
    for card, rule in zip(rules, drawing.rules, strict=True):
        if rule.parent >= 0:
            above = rules[rule.parent]
            yield Edge(
                "branch", (above.x + _INDENT / 2, above.y + above.height), (card.x, card.middle), rule.on or rule.near
            )


def _leads(
    drawing: Drawing, rules: Sequence[Placed], channels: Mapping[str, Placed], policies: Mapping[str, Placed]
) -> Iterable[Edge]:
    """Yield what leads from rules to channels and to policies."""
    for card, rule in zip(rules, drawing.rules, strict=True):
        start = (card.x + card.width, card.middle)
        for name in dict.fromkeys(rule.channels):
            end = channels[name]
            kind = "inherited" if rule.inherits or rule.off else "tells"
            told = name in rule.tells
            yield Edge(kind, start, (end.x, end.middle), told and end.box.on, told and not end.box.on)
        if rule.policy is not None and (rule.names_policy or rule.on):
            policy = policies[rule.policy]
            yield Edge("escalates", (start[0], card.row(1)), (policy.x, policy.middle), rule.on and policy.box.on)


def _levels(policies: Mapping[str, Placed], channels: Mapping[str, Placed]) -> Iterable[Edge]:
    """Yield what leads from the levels of a policy back to channels."""
    for card in policies.values():
        assert isinstance(card.box, PolicyBox), "the column has no other boxes"
        first = len(card.lines) - len(card.box.levels)
        for place, level in enumerate(card.box.levels):
            for name in dict.fromkeys(level.channels):
                end = channels[name]
                yield Edge("level", (card.x, card.row(first + place)), (end.x + end.width, end.middle), card.box.on)
