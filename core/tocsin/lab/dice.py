"""Dice that always fall alike: chance that is made from names, so that a run can be had again."""

from __future__ import annotations

import hashlib

__all__ = ["chance"]


def chance(*names: object) -> float:
    """Return a number from 0 up to 1, the same for the same names and another for others."""
    digest = hashlib.blake2b(repr(names).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64
