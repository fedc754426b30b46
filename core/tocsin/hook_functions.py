"""Whether a plugin's functions are hooks that can be called: what would be passed over in silence is told."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tocsin import hookspecs
from tocsin.errors import nearest
from tocsin.registry import KINDS

__all__ = ["hook_of", "wrong_with"]

_PREFIX = "tocsin_register_"

Options = Callable[[object, str], Mapping[str, Any] | None]
"""``options(plugin, name)``: what ``@tocsin.hookimpl`` was given there; None where it does not stand."""


def hook_of(kind: str) -> str:
    """Return the name of the hook for *kind*."""
    return f"{_PREFIX}{kind}s"


def wrong_with(plugin: object, options: Options) -> str | None:
    """Return what is wrong with the hooks of *plugin*, in one line; None if they can be called."""
    known = [hook_of(kind) for kind in KINDS]
    marked = {name: found for name in dir(plugin) if (found := options(plugin, name)) is not None}
    for name, found in marked.items():
        hook = found.get("specname") or name
        if hook not in known:
            return f"unknown hook {hook}{nearest(hook, known)}"
        problem = _called_in_vain(plugin, name, wraps=bool(found.get("wrapper") or found.get("hookwrapper")))
        if problem is not None:
            return problem
    for name in _named_like_hooks(plugin):
        if name not in marked:
            return f"{name} is not marked as a hook: write @tocsin.hookimpl above it" + (
                "" if name in known else f", and the name of one{nearest(name, known)}"
            )
    if marked:
        return None
    return f"there is no hook in it: a plugin has functions such as {known[1]}, with @tocsin.hookimpl above them"


def _named_like_hooks(plugin: object) -> Iterator[str]:
    """Yield the names of what looks like a hook; the specifications themselves, imported, are none."""
    for name in dir(plugin):
        if name.startswith(_PREFIX):
            value = getattr(plugin, name)
            if callable(value) and value is not getattr(hookspecs, name, None):
                yield name


def _called_in_vain(plugin: object, name: str, *, wraps: bool) -> str | None:
    function = getattr(plugin, name)
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        return f"{name} is async: a hook is called once, while nothing runs yet, and is a plain function"
    if inspect.isgeneratorfunction(function) and not wraps:
        return f"{name} has a yield in it, so that calling it does nothing: a hook is a plain function"
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(function).parameters.values()
    wanted = [one.name for one in parameters if one.kind in positional and one.default is one.empty]
    if wanted == ["registrar"]:
        return None
    if isinstance(plugin, type) and wanted[:1] == ["self"]:
        return f"{name} is a method of a class: the plugin is an object of it, {plugin.__name__}()"
    given = f"takes {', '.join(map(repr, wanted))}" if wanted else "takes no argument"
    return f"{name} {given}: a hook is called with one argument, and its name is 'registrar'"
