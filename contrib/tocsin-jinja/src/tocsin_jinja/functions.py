"""What templates can call: the functions of Alertmanager's templates, and those of Jinja's that are harmless.

https://prometheus.io/docs/alerting/latest/notifications/#functions. A function of Alertmanager's is a filter as well,
as in a pipeline of Go's: what it is applied to is its last argument.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any, Final
from urllib.parse import unquote_plus

from jinja2 import filters, pass_context, tests
from jinja2.runtime import Context

from tocsin.http import json_content
from tocsin_jinja.budget import TooMuchError, budget, walk
from tocsin_jinja.holes import flat, own_text
from tocsin_jinja.patterns import match, re_replace_all
from tocsin_jinja.times import date, humanize_duration, tz
from tocsin_jinja.values import Duration, Instant, as_text, as_value

__all__ = ["FILTERS", "FUNCTIONS", "NOW", "TESTS", "bounded"]

NOW: Final = "\x00now"
"""The variable, which no template can name, of when the notification was made."""


_FILTERS: Final[Mapping[str, Any]] = filters.FILTERS
_TESTS: Final[Mapping[str, Any]] = tests.TESTS

MOST_ITEMS: Final = 10_000
_WIDEST_INDENT: Final = 80
_FINEST: Final = 12
_UNSAYABLE: Final = re.compile(r"[^A-Za-z0-9 .,:;/{}\[\]\"\\+-]")


def bounded(function: Callable[..., Any], *, cheap: bool = False) -> Callable[..., Any]:
    """Return *function* so that what goes in and what comes out is paid for, and is whole: no text with holes.

    *cheap*: it does not look at all of what it is given.
    """
    passed = getattr(function, "jinja_pass_arg", None)
    first = 0 if passed is None else 1

    def taken(value: Any) -> Any:
        whole = flat(value) if function is not filters.do_default else value
        if cheap:
            budget().spend()
            return whole
        return walk(whole)

    @functools.wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        values = [*args[:first], *map(taken, args[first:])]
        made = function(*values, **{name: taken(value) for name, value in options.items()})
        if isinstance(made, (str, int, float, list, tuple, Mapping)) or not isinstance(made, Iterable):
            return made if cheap else walk(made)
        return walk(_list(made))

    if passed is not None:
        call.jinja_pass_arg = passed  # type: ignore[attr-defined]  # by this Jinja knows what to pass
    return call


def _list(values: Iterable[Any]) -> list[Any]:
    made = list(islice(values, MOST_ITEMS + 1))
    if len(made) > MOST_ITEMS:
        raise TooMuchError(f"a list has more than {MOST_ITEMS:,} items")
    return made


def _range(*bounds: int) -> list[int]:
    return _list(range(*bounds))


def _text(value: Any) -> str:
    return as_text(flat(value))


def _upper(text: Any) -> str:
    return _text(text).upper()


def _lower(text: Any) -> str:
    return _text(text).lower()


def _title(text: Any) -> str:
    """Capitalise each word: what follows anything but a letter, a digit or an apostrophe."""
    return re.sub(r"[^\W_]+(?:['’][^\W_]+)*", lambda word: word[0][:1].upper() + word[0][1:].lower(), _text(text))


def _trim(text: Any, characters: str | None = None) -> str:
    return _text(text).strip(characters)


def _join(separator: Any, values: Iterable[Any]) -> str:
    parts = [_text(value) for value in _list(values)]
    joint = _text(separator)
    budget().spend(len(joint) * len(parts))
    return joint.join(parts)


def _joined(values: Iterable[Any], separator: Any = "") -> str:
    return _join(separator, values)


def _replace(text: Any, old: str, new: str, count: int = -1) -> str:
    whole = _text(text)
    budget().spend(whole.count(old) * len(new))
    return whole.replace(old, new, count)


def _indent(text: Any, width: int = 4, first: bool = False) -> str:
    if not 0 <= width <= _WIDEST_INDENT:
        raise ValueError(f"an indentation is 0 to {_WIDEST_INDENT} wide")
    lines = _text(text).split("\n")
    budget().spend(width * len(lines))
    return "\n".join(" " * width + line if (number or first) and line else line for number, line in enumerate(lines))


def _truncate(text: Any, length: int = 255, killwords: bool = False, end: str = "…") -> str:
    whole = _text(text)
    if len(whole) <= length:
        return whole
    cut = whole[: max(0, length - len(end))]
    return (cut if killwords else cut.rsplit(" ", 1)[0]) + end


def _round(number: float, digits: int = 0) -> float:
    if not 0 <= digits <= _FINEST:
        raise ValueError(f"a number is rounded to 0 to {_FINEST} digits")
    return round(float(number), digits)


@pass_context
def _since(context: Context, when: Instant) -> Duration:
    """How long ago *when* was when the notification was made: a template has no clock."""
    if not isinstance(when, Instant):
        raise TypeError("this is no instant, such as StartsAt")
    return Duration(context.parent[NOW].seconds - when.seconds)


def _string_slice(*values: Any) -> list[str]:
    return [_text(value) for value in values]


def _append(values: list[Any], *more: Any) -> list[Any]:
    return [*values, *more]


def _safe(text: Any) -> Any:
    """The template's author answers for it: it is not escaped."""
    return own_text(_text(text))


def _to_json(value: Any) -> Any:
    """Return *value* as JSON that is no markup anywhere: all but letters, digits and blanks is escaped in its texts."""
    said = json_content(_plain(value)).decode("utf-8")
    return own_text(
        _UNSAYABLE.sub(
            lambda found: json.dumps(found[0])[1:-1] if ord(found[0]) > 126 else f"\\u{ord(found[0]):04x}", said
        )
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {_text(name): _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value if isinstance(value, bool) else as_value(value)


def _url_unescape(text: Any) -> str:
    """https://pkg.go.dev/net/url#QueryUnescape"""
    return unquote_plus(_text(text), errors="replace")


_ALERTMANAGER: Final[Mapping[str, Callable[..., Any]]] = {
    "toUpper": _upper,
    "toLower": _lower,
    "title": _title,
    "trimSpace": lambda text: _text(text).strip(),
    "join": _join,
    "match": lambda pattern, text: match(_text(pattern), _text(text)),
    "reReplaceAll": lambda pattern, new, text: re_replace_all(_text(pattern), _text(new), _text(text)),
    "safeHtml": _safe,
    "safeUrl": _safe,
    "urlUnescape": _url_unescape,
    "stringSlice": _string_slice,
    "date": date,
    "since": _since,
    "tz": tz,
    "humanizeDuration": humanize_duration,
    "toJson": _to_json,
    "list": lambda *values: list(values),
    "append": _append,
}


def _as_filter(function: Callable[..., Any]) -> Callable[..., Any]:
    passed = getattr(function, "jinja_pass_arg", None)
    if passed is not None:
        return function

    def call(value: Any, *args: Any) -> Any:
        return function(*args, value)

    return call


_JINJA: Final[Mapping[str, Callable[..., Any]]] = {
    **{name: _FILTERS[name] for name in ("abs", "dictsort", "float", "groupby", "int", "items", "map", "max")},
    **{name: _FILTERS[name] for name in ("min", "reject", "rejectattr", "reverse", "select", "selectattr")},
    **{name: _FILTERS[name] for name in ("sort", "sum", "unique", "urlencode", "wordcount", "filesizeformat")},
    "capitalize": lambda text: _text(text).capitalize(),
    "indent": _indent,
    "join": _joined,
    "list": _list,
    "lower": _lower,
    "replace": _replace,
    "round": _round,
    "safe": _safe,
    "string": _text,
    "title": _title,
    "tojson": _to_json,
    "trim": _trim,
    "truncate": _truncate,
    "upper": _upper,
}
_CHEAP: Final = ("count", "d", "default", "first", "last", "length")

FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {
    "range": bounded(_range),
    "dict": bounded(dict),
    **{name: bounded(function) for name, function in _ALERTMANAGER.items()},
}
FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    **{name: bounded(_as_filter(function)) for name, function in _ALERTMANAGER.items()},
    **{name: bounded(function) for name, function in _JINJA.items()},
    **{name: bounded(_FILTERS[name], cheap=True) for name in _CHEAP},
}
TESTS: Final[Mapping[str, Callable[..., Any]]] = {
    **{name: bounded(function) for name, function in _TESTS.items() if name not in ("filter", "test", "sameas")},
    **{name: _TESTS[name] for name in ("defined", "undefined")},
    "match": bounded(lambda text, pattern: match(_text(pattern), _text(text))),
}
