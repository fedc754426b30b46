"""A drawing as SVG: light or dark as its reader has it, without a script, and with all text as text."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Final

from tocsin.lab.graph.drawing import Drawing
from tocsin.lab.graph.layout import LINE, PAD, Edge, Layout, Placed, lay_out
from tocsin.lab.graph.texts import shown

__all__ = ["svg"]

_STYLE: Final = """
  svg { --paper: #ffffff; --ink: #1f2328; --soft: #57606a; --line: #8c959f; --rule: #f6f8fa; --channel: #ddf4ff;
    --policy: #fff8c5; --path: #0969da; }
  @media (prefers-color-scheme: dark) { svg { --paper: #0d1117; --ink: #e6edf3; --soft: #9198a1; --line: #6e7681;
    --rule: #161b22; --channel: #0c2d4a; --policy: #3a2c00; --path: #58a6ff; } }
  text { font: 12px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: var(--soft); }
  .name { font-weight: bold; fill: var(--ink); }
  .title { font-size: 17px; font-weight: bold; fill: var(--ink); }
  .head { font-weight: bold; }
  rect { stroke: var(--line); }
  .rule rect { fill: var(--rule); } .channel rect { fill: var(--channel); } .policy rect { fill: var(--policy); }
  .off rect { stroke-dasharray: 5 4; } .off text { fill: var(--line); } .off .name { text-decoration: line-through; }
  .on rect { stroke: var(--path); stroke-width: 4; } .on text { fill: var(--ink); }
  path { fill: none; stroke: var(--line); stroke-width: 1.2; }
  .inherited { stroke-dasharray: 2 4; } .escalates { stroke-dasharray: 9 5; } .level { stroke-dasharray: 9 5; }
  path.on { stroke: var(--path); stroke-width: 3.5; } path.level.on { stroke-width: 2; }
  path.near { stroke: var(--path); stroke-width: 3.5; stroke-dasharray: 1 6; }
  path.aside { opacity: 0.35; } .aside text { opacity: 0.45; } .aside rect { stroke-opacity: 0.35; }
  .tells.on, .inherited.on { stroke-dasharray: none; }
""".strip("\n")

_LEGEND: Final = (
    "solid: tells   dotted: as the rule above it   dashed: escalates",
    "thick: the path of this alert (dots: a gate is shut)",
)


def svg(drawing: Drawing) -> str:
    """Return the document."""
    return "\n".join(_Document(drawing, lay_out(drawing)).lines()) + "\n"


class _Document:
    def __init__(self, drawing: Drawing, layout: Layout) -> None:
        self._drawing = drawing
        self._layout = layout
        self._path = bool(drawing.of_alert)

    def lines(self) -> Iterator[str]:
        wide, high = round(self._layout.width), round(self._layout.height)
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" viewBox="0 0 {wide} {high}" '
            'role="img" aria-labelledby="title summary">'
        )
        yield f'<title id="title">{_text(self._drawing.title)}</title>'
        yield f'<desc id="summary">{_text(self._drawing.summary)}</desc>'
        yield f"<style>\n{_STYLE}\n</style>"
        yield '<rect width="100%" height="100%" style="fill: var(--paper); stroke: none"/>'
        yield f'<text class="title" x="28" y="38">{_text(self._drawing.title)}</text>'
        legend = "   ".join(_LEGEND if self._path else _LEGEND[:1])
        yield f'<text x="28" y="58" xml:space="preserve">{_text(legend)}</text>'
        yield from (
            f'<text class="head" x="{_number(x)}" y="84">{_text(head)}</text>' for x, head in self._layout.heads
        )
        yield from map(self._edge, sorted(self._layout.edges, key=lambda edge: edge.on))
        for card in self._layout.cards:
            yield from self._card(card)
        yield "</svg>"

    def _edge(self, edge: Edge) -> str:
        (x1, y1), (x2, y2) = edge.start, edge.end
        if edge.kind == "branch":
            way = f"M{_number(x1)} {_number(y1)}V{_number(y2)}H{_number(x2)}"
        else:
            reach = max(60.0, abs(x2 - x1) / 2)
            first, second = (x1 + reach, x2 - reach) if x2 > x1 else (x1 - reach, x2 + reach)
            way = (
                f"M{_number(x1)} {_number(y1)}C{_number(first)} {_number(y1)} {_number(second)} {_number(y2)} "
                f"{_number(x2)} {_number(y2)}"
            )
        return f'<path class="{self._classes(edge.kind, on=edge.on, near=edge.near)}" d="{way}"/>'

    def _card(self, card: Placed) -> Iterator[str]:
        off = " off" if card.box.off else ""
        yield f'<g class="{self._classes(card.kind, on=card.box.on, near=card.box.near)}{off}">'
        yield f"<title>{_text(card.whole)}</title>"
        yield (
            f'<rect x="{_number(card.x)}" y="{_number(card.y)}" width="{_number(card.width)}" '
            f'height="{_number(card.height)}" rx="6"/>'
        )
        for place, line in enumerate(card.lines):
            kind = ' class="name"' if place == 0 else ""
            x, y = card.x + PAD, card.row(place) + LINE * 0.25
            yield f'<text{kind} x="{_number(x)}" y="{_number(y)}">{_text(line)}</text>'
        yield "</g>"

    def _classes(self, kind: str, *, on: bool, near: bool) -> str:
        if on or near:
            return f"{kind} {'on' if on else 'near'}"
        return f"{kind} aside" if self._path else kind


def _text(text: str) -> str:
    """Return *text* as the content of an element: printable, apart from breaks of lines, and escaped."""
    return escape("\n".join(shown(line) for line in text.split("\n")), quote=True)


def _number(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")
