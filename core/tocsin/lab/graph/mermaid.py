"""A drawing as a Mermaid flowchart. Whatever a name holds, it is text in the diagram and never a part of its code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from tocsin.lab.graph.drawing import Box, Drawing, RuleBox
from tocsin.lab.graph.texts import shown

__all__ = ["mermaid"]

_SAFE: Final = frozenset(" .,_-+*/=()!?%'")
"""Characters beside letters and digits that mean nothing to Mermaid within quotes."""

_BEGINS: Final = frozenset("\\$")
"""Characters that begin something also where they are written as references; an invisible one follows them."""

_STYLES: Final = (
    "classDef rule fill:#f6f8fa,stroke:#57606a,color:#1f2328",
    "classDef channel fill:#ddf4ff,stroke:#0969da,color:#1f2328",
    "classDef policy fill:#fff8c5,stroke:#9a6700,color:#1f2328",
    "classDef off fill:#ffffff,stroke:#8c959f,color:#6e7781,stroke-dasharray:4",
    "classDef on stroke-width:4px",
)


def mermaid(drawing: Drawing) -> str:
    """Return the text of the flowchart; on the path of an alert arrows are thick."""
    return "\n".join(_Text(drawing).lines()) + "\n"


class _Text:
    def __init__(self, drawing: Drawing) -> None:
        self._drawing = drawing
        self._channels = {box.name: f"c{place}" for place, box in enumerate(drawing.channels)}
        self._policies = {box.name: f"p{place}" for place, box in enumerate(drawing.policies)}

    def lines(self) -> Iterator[str]:
        drawing = self._drawing
        yield "flowchart LR"
        yield f'  alert(["{_label([drawing.of_alert or "an alert"])}"])'
        yield from (f"  r{place}{_box(rule)}" for place, rule in enumerate(drawing.rules))
        yield from (f"  {self._channels[box.name]}{_box(box, '([', '])')}" for box in drawing.channels)
        yield from (f"  {self._policies[box.name]}{_box(box, '[[', ']]')}" for box in drawing.policies)
        for place, rule in enumerate(drawing.rules):
            yield from self._arrows(place, rule)
        for policy in drawing.policies:
            arrow = "==>" if policy.on else "-->"
            for level in policy.levels:
                yield from (
                    f'  {self._policies[policy.name]} {arrow}|"{_label([level.text])}"| {self._channels[name]}'
                    for name in dict.fromkeys(level.channels)
                )
        yield from (f"  {style}" for style in _STYLES)
        yield from self._classes()

    def _arrows(self, place: int, rule: RuleBox) -> Iterator[str]:
        above = "alert" if rule.parent < 0 else f"r{rule.parent}"
        yield f"  {above} {'==>' if rule.on or rule.near else '-->'} r{place}"
        for name in dict.fromkeys(rule.channels):
            plain = "-.->" if rule.inherits or rule.off else "-->"
            yield f"  r{place} {'==>' if name in rule.tells else plain} {self._channels[name]}"
        if rule.policy is not None and (rule.names_policy or rule.on):
            on = rule.on and any(box.on and box.name == rule.policy for box in self._drawing.policies)
            yield f"  r{place} {'==>' if on else '-.->'} {self._policies[rule.policy]}"

    def _classes(self) -> Iterator[str]:
        names: list[tuple[str, str, Box]] = [
            (f"r{place}", "rule", rule) for place, rule in enumerate(self._drawing.rules)
        ]
        names += [(self._channels[box.name], "channel", box) for box in self._drawing.channels]
        names += [(self._policies[box.name], "policy", box) for box in self._drawing.policies]
        for kind in ("rule", "channel", "policy"):
            yield from _class(kind, (name for name, of, _ in names if of == kind))
        yield from _class("off", (name for name, _, box in names if box.off))
        yield from _class("on", (name for name, _, box in names if box.on))


def _class(kind: str, names: Iterable[str]) -> Iterator[str]:
    found = ",".join(names)
    if found:
        yield f"  class {found} {kind}"


def _box(box: Box, begin: str = "[", end: str = "]") -> str:
    return f'{begin}"{_label([box.title, *box.lines])}"{end}'


def _label(lines: Iterable[str]) -> str:
    return "<br/>".join(_escaped(shown(line)) for line in lines)


def _escaped(text: str) -> str:
    """Return *text* with everything that Mermaid or HTML could take for code as a reference to the character."""
    return "".join(char if char.isalnum() or char in _SAFE else _reference(char) for char in text)


def _reference(char: str) -> str:
    return f"#{ord(char)};#8203;" if char in _BEGINS else f"#{ord(char)};"
