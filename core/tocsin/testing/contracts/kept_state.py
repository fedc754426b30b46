"""That the state of an aggregator or a scheduler can be kept: it goes into a store as JSON, and comes back."""

from __future__ import annotations

import json
from typing import Any, Final

import attrs

from tocsin.journal.plain import compact_converter
from tocsin.testing.contracts.owing import owes

__all__ = ["kept"]

_CONVERTER: Final = compact_converter()
_MEND: Final = (
    "let state_class be an attrs class of plain, annotated fields (numbers, strings, tuples and dicts of them), or None"
)


def kept(plugin: Any, state: Any, source: str) -> Any:
    """Return *state* as a service has it after a restart, which is equal to what it was."""
    version, kind = plugin.state_version, plugin.state_class
    owes(
        isinstance(version, int) and not isinstance(version, bool),
        f"state_version is {version!r}",
        "count it from 1, and let it rise when the state's fields change",
        source,
    )
    if kind is None:
        owes(state is None, f"there is no state_class, but the state is {state!r:.80}", _MEND, source)
        return None
    owes(isinstance(kind, type) and attrs.has(kind), f"state_class is {kind!r:.80}", _MEND, source)
    owes(isinstance(state, kind), f"the state is {state!r:.80}, and no {kind.__name__}", _MEND, source)
    try:
        back = _CONVERTER.structure(json.loads(json.dumps(_CONVERTER.unstructure(state))), kind)
    except Exception as error:  # whatever it is, its author is told
        raise AssertionError(
            f"the state {state!r:.80} cannot be kept: {type(error).__name__}: {error!s:.120}\n"
            f"  to mend it: {_MEND}\n  the contract: {source}"
        ) from error
    owes(back == state, f"the state {state!r:.80} comes back from a store as {back!r:.80}", _MEND, source)
    return back
