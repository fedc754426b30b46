"""What the runtime awaits: methods that have to be ``async def``, told before they are called."""

from __future__ import annotations

import inspect

__all__ = ["unawaited"]


def unawaited(owner: object, method: str, arguments: str) -> str | None:
    """Return why *owner*, an object or a class, has no ``async def`` called *method*; None if it has.

    A plain function would block the event loop and do its work, and then be taken for one that failed, since what it
    returns cannot be awaited. So one that returns an awaitable is none that is taken either.
    """
    kind = owner if isinstance(owner, type) else type(owner)
    found = getattr(owner, method, None)
    wanted = f"`async def {method}(self, {arguments})`"
    if found is None:
        return f"{kind.__name__} has no {method}: write {wanted}"
    if inspect.isroutine(found) and not inspect.iscoroutinefunction(inspect.unwrap(found)):
        return f"{method} of {kind.__name__} is no async def: write {wanted}, and leave what blocks to tocsin.threads"
    return None
