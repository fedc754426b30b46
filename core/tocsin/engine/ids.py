"""Ids and jitter: hashes of what they stand for, so that the same history always gives the same ones."""

from __future__ import annotations

import hashlib
import json
from typing import Final

__all__ = ["digest_id", "episode_key", "fraction"]


_as_text: Final = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode


def _digest(seed: int, parts: tuple[str | int, ...]) -> bytes:
    return hashlib.blake2b(_as_text((seed, *parts)).encode("ascii"), digest_size=12).digest()


def digest_id(prefix: str, seed: int, *parts: str | int) -> str:
    """Return an id of 96 bits in hexadecimal, after *prefix* and an underscore."""
    return f"{prefix}_{_digest(seed, parts).hex()}"


def episode_key(n: int, alert_id: str) -> str:
    """Return what the *n*-th episode of an alert is kept under."""
    return f"{n}:{alert_id}"


def fraction(seed: int, *parts: str | int) -> float:
    """Return a number in [0, 1) that looks random and depends on the arguments alone."""
    return int.from_bytes(_digest(seed, parts)[:6]) / 2**48
