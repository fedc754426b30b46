"""From a template's syntax to what the sandbox runs: what it may have, and what is put in so that all is paid for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from jinja2 import nodes
from jinja2.visitor import NodeTransformer

from tocsin import TemplateError
from tocsin_jinja.holes import own_text
from tocsin_jinja.sandbox import CONCAT, FLAT, ITEMS, SLICE

__all__ = ["at_line", "refuse_foreign", "rewritten"]

_DEEPEST: Final = 60
_MOST_NODES: Final = 5_000
_WIDEST: Final = 10**18
_STATEMENTS: Final = (
    "Assign",
    "AssignBlock",
    "CallBlock",
    "FilterBlock",
    "For",
    "If",
    "Macro",
    "Output",
    "Template",
    "With",
)
_EXPRESSIONS: Final = (
    *("Add", "And", "Call", "Compare", "Concat", "CondExpr", "Const", "Dict", "Div", "Filter", "FloorDiv", "Getattr"),
    *("Getitem", "Keyword", "List", "Mod", "Mul", "NSRef", "Name", "Neg", "Not", "Operand", "Or", "Pair", "Pos", "Pow"),
    *("Slice", "Sub", "TemplateData", "Test", "Tuple"),
)
_ALLOWED: Final = frozenset((*_STATEMENTS, *_EXPRESSIONS))
_CALLED: Final = {"EvalContextModifier": "autoescape", "Scope": "autoescape", "ScopedEvalContextModifier": "autoescape"}
_ELSEWHERE: Final = frozenset({"Extends", "FromImport", "Import", "Include"})


def at_line(line: int, problem: str) -> TemplateError:
    """Return an error about a line of the template, which begin at 1."""
    return TemplateError(f"line {line}: {problem}")


def _walked(tree: nodes.Node) -> Iterator[tuple[nodes.Node, int]]:
    pending = [(tree, 0)]
    while pending:
        node, depth = pending.pop()
        yield node, depth
        pending += ((child, depth + 1) for child in node.iter_child_nodes())


def refuse_foreign(tree: nodes.Template) -> None:
    """Raise :exc:`TemplateError` for the first thing that no template may have."""
    for count, (node, depth) in enumerate(_walked(tree)):
        if count > _MOST_NODES:
            raise TemplateError(f"it has more than {_MOST_NODES:,} parts")
        problem = _problem(node, depth)
        if problem:
            raise at_line(node.lineno or 1, problem)


def _problem(node: nodes.Node, depth: int) -> str:
    name = type(node).__name__
    if depth > _DEEPEST:
        return f"this is nested too deeply; at most {_DEEPEST} levels are read"
    if name in _ELSEWHERE:
        return "there are no other templates to take something from; macros stand in the template itself"
    if name not in _ALLOWED:
        return f"{_CALLED.get(name, name.lower())} is not for templates of notifications"
    if isinstance(node, nodes.For) and node.recursive:
        return "a loop that calls itself is not for templates of notifications"
    if isinstance(node, nodes.Call) and (node.dyn_args is not None or node.dyn_kwargs is not None):
        return "a call has each of its arguments; * and ** are not for templates of notifications"
    if isinstance(node, nodes.Const) and isinstance(node.value, int) and abs(node.value) > _WIDEST:
        return "this number is too large"
    return ""


def rewritten(tree: nodes.Template) -> nodes.Template:
    """Return *tree* with the filters put in that :mod:`tocsin_jinja.sandbox` counts with."""
    made: nodes.Template = _Rewriting().visit(tree)
    return made


def _filter(name: str, node: Any, *args: nodes.Expr | None) -> nodes.Filter:
    given = [nodes.Const(None, lineno=node.lineno) if one is None else one for one in args]
    return nodes.Filter(node, name, given, [], None, None, lineno=node.lineno)


class _Rewriting(NodeTransformer):
    """Each ``visit_`` is called by the name of the node's class."""

    def visit_TemplateData(self, node: nodes.TemplateData) -> nodes.Node:  # noqa: N802
        """The template's own text, which is paid for wherever it is put out."""
        return nodes.MarkSafe(nodes.Const(str(own_text(node.data)), lineno=node.lineno), lineno=node.lineno)

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        node.iter = _filter(ITEMS, node.iter)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return _filter(CONCAT, nodes.List(node.nodes, lineno=node.lineno))

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        node.expr = _filter(FLAT, node.expr)
        for operand in node.ops:
            operand.expr = _filter(FLAT, operand.expr)
        return node

    def visit_Pair(self, node: nodes.Pair) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        node.key = _filter(FLAT, node.key)
        return node

    def visit_CondExpr(self, node: nodes.CondExpr) -> nodes.Node:  # noqa: N802
        """Without an else it is empty."""
        self.generic_visit(node)
        if node.expr2 is None:
            node.expr2 = nodes.Const("", lineno=node.lineno)
        return node

    def visit_Getitem(self, node: nodes.Getitem) -> Any:  # noqa: N802
        self.generic_visit(node)
        if isinstance(node.arg, nodes.Slice):
            return _filter(SLICE, node.node, node.arg.start, node.arg.stop, node.arg.step)
        return node
