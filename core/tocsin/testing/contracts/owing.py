"""How a contract says that it is broken: what was found, what would mend it, and where the contract is written."""

from __future__ import annotations

__all__ = ["owes"]


def owes(holds: object, found: str, mend: str, source: str) -> None:
    """Raise :exc:`AssertionError` unless *holds*.

    :param found: what the plugin did, with the values that show it.
    :param mend: what its author may do about it.
    :param source: where the plugin's contract says so: a public name, or a page of the documentation.
    """
    __tracebackhide__ = True
    if not holds:
        raise AssertionError(f"{found}\n  to mend it: {mend}\n  the contract: {source}")
