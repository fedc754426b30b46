"""The sandbox: Jinja2's own, narrowed to the data and the functions of this package, and to what can be paid for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from jinja2 import StrictUndefined, pass_context
from jinja2.filters import _GroupTuple  # what groupby makes, which has two names besides its two items
from jinja2.runtime import Context, LoopContext, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace
from markupsafe import Markup

from tocsin import nearest
from tocsin_jinja.budget import TooMuchError, budget, walk
from tocsin_jinja.data import ALERT, Alerts, Record
from tocsin_jinja.functions import FILTERS, FUNCTIONS, TESTS
from tocsin_jinja.holes import flat, hole
from tocsin_jinja.values import Labels, Missing, Pair, as_text

__all__ = ["CONCAT", "FLAT", "ITEMS", "SLICE", "Sandbox"]

ITEMS: Final = "\x00items"
FLAT: Final = "\x00flat"
CONCAT: Final = "\x00concat"
SLICE: Final = "\x00slice"
"""Filters that ``rewriting`` puts in; no template can name them."""

_MOST_MACROS: Final = 30
_COPIED: Final = 16
"""Characters that it costs to make a list or a mapping anew, for each of its items."""

_LOOP: Final = frozenset(
    {"index", "index0", "revindex", "revindex0", "first", "last", "length", "previtem", "nextitem", "depth", "depth0"}
)
_LOOP_CALLS: Final = frozenset({"cycle", "changed"})


def _items(value: Any) -> list[Any]:
    """What a loop goes through; of labels, their names in order."""
    whole = flat(value)
    if not isinstance(whole, (list, tuple, Mapping)):
        raise TypeError("this is nothing that for can go through: neither a list nor labels")
    budget().spend(len(whole))
    found = list(whole)
    for _ in found:
        budget().spend()
    return found


def _flat(value: Any) -> Any:
    return walk(flat(value))


def _concat(values: list[Any]) -> Any:
    """Put texts together; the template's own text stays that where there is any."""
    if any(isinstance(value, Markup) for value in values):
        parts = [value if isinstance(value, Markup) else hole(value) for value in values]
        budget().spend(sum(map(len, parts)))
        return Markup("").join(parts)
    texts = [as_text(flat(value)) for value in values]
    budget().spend(sum(map(len, texts)))
    return "".join(texts)


def _slice(value: Any, start: Any, stop: Any, step: Any) -> Any:
    whole = flat(value)
    if not isinstance(whole, (str, list, tuple)):
        raise TypeError("only a text or a list has a part from here to there")
    part: Any = whole[start:stop:step]
    return walk(Alerts(part) if isinstance(whole, Alerts) else part)


@pass_context
def _finalized(context: Context, value: Any) -> Markup:
    if isinstance(value, Markup):
        budget().spend(len(value))
        return value
    return hole(value)


class Sandbox(ImmutableSandboxedEnvironment):
    """Nothing has an attribute here but this package's own data, and nothing can be called but its functions."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "**", "%"})

    def __init__(self) -> None:
        super().__init__(
            undefined=StrictUndefined,
            autoescape=True,
            optimized=False,
            finalize=_finalized,
            keep_trailing_newline=False,
            cache_size=0,
        )
        self.globals = {**FUNCTIONS, "namespace": Namespace}
        self.filters = {**FILTERS, ITEMS: _items, FLAT: _flat, CONCAT: _concat, SLICE: _slice}
        self.tests = dict(TESTS)
        self._callable = frozenset(map(id, FUNCTIONS.values()))

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return a field."""
        return self._read(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Return a field, or an item of a list."""
        return self._read(obj, flat(argument))

    def _read(self, obj: Any, name: Any) -> Any:
        budget().spend()
        if isinstance(obj, StrictUndefined):
            return obj
        try:
            return _field(obj, name)
        except (LookupError, TypeError, AttributeError):
            return self.undefined(hint=_unknown(obj, name))

    def is_safe_callable(self, obj: Any) -> bool:
        """Whether a template may call it."""
        if isinstance(obj, Macro) or obj is Namespace or id(obj) in self._callable:
            return True
        owner, name = getattr(obj, "__self__", None), getattr(obj, "__name__", "")
        return (isinstance(owner, LoopContext) and name in _LOOP_CALLS) or getattr(obj, "is_labels_method", False)

    def call(self, context: Context, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Call a macro or a function; macros are only so deep in one another."""
        spent = budget()
        spent.spend()
        spent.depth += 1
        try:
            if spent.depth > _MOST_MACROS:
                raise TooMuchError(f"macros call one another more than {_MOST_MACROS} deep")
            return super().call(context, obj, *args, **kwargs)
        finally:
            spent.depth -= 1

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Add, subtract, …; only numbers are multiplied, so that nothing grows."""
        left, right = walk(flat(left)), walk(flat(right))
        if operator == "+" and isinstance(left, (str, list)) and type(left) is type(right):
            return walk(left + right)  # type: ignore[operator]  # both are of one type
        if not all(isinstance(side, (int, float)) for side in (left, right)):
            raise TypeError(f"{operator} is for numbers{'' if operator != '+' else '; ~ puts texts together'}")
        if operator == "**" and not (abs(left) <= 10**9 and abs(right) <= 64):
            raise TooMuchError("this power is too high")
        return walk(super().call_binop(context, operator, left, right))


def _field(obj: Any, name: Any) -> Any:
    """Return a field of one of our own things, or of a loop; or an item."""
    if isinstance(obj, Labels):
        return _of_labels(obj, name)
    if isinstance(obj, Record):
        return obj.read(name)
    if isinstance(obj, Alerts) and isinstance(name, str):
        budget().spend(_COPIED * len(obj))
        return obj.only({"firing": True, "resolved": False}[name.lower()])
    if isinstance(obj, Pair):
        return {"Name": obj.name, "name": obj.name, "Value": obj.value, "value": obj.value}[name]
    if isinstance(obj, LoopContext) and (name in _LOOP or name in _LOOP_CALLS):
        return getattr(obj, name)
    if isinstance(obj, Namespace) and not str(name).startswith("_"):
        return getattr(obj, name)
    if isinstance(obj, _GroupTuple) and name in ("grouper", "list"):
        return getattr(obj, name)
    if isinstance(obj, dict) or (isinstance(obj, (list, tuple)) and isinstance(name, int)):
        return obj[name]
    if isinstance(obj, str) and isinstance(name, int):
        return str(flat(obj))[name]
    raise LookupError(name)


def _of_labels(labels: Labels, name: Any) -> Any:
    known: dict[str, Callable[[], Any]] = {
        "SortedPairs": lambda: labels.pairs,
        "Names": lambda: labels.names,
        "Values": lambda: [pair.value for pair in labels.pairs],
        "Remove": lambda: _Remove(labels),
    }
    budget().spend(_COPIED * len(labels) if name in known else 0)
    if name in labels:
        return labels[name]
    return known[name]() if name in known else Missing(name=str(name))


class _Remove:
    """Alertmanager's ``Remove``: the labels without some."""

    is_labels_method = True

    def __init__(self, labels: Labels) -> None:
        self._labels = labels

    def __call__(self, names: Any) -> Labels:
        return self._labels.remove([as_text(name) for name in _items(names)])


def _unknown(obj: Any, name: Any) -> str:
    """Say what there is no such thing of."""
    if isinstance(obj, Record):
        return f"{obj.called} has no field {name!r:.60}{nearest(str(name), ALERT)}"
    if isinstance(obj, Alerts):
        return (
            f"alerts have firing and resolved, and no {name!r:.60}"
            if isinstance(name, str)
            else "there is no such alert"
        )
    if isinstance(obj, str):
        return f"a text has no {name!r:.60}; filters change it: |upper, |replace, …"
    if isinstance(obj, (list, tuple)):
        return f"a list has no {name!r:.60}"
    return f"there is no {name!r:.60} here"
