"""Hashes of tokens: SHA-256 for those that machines made, scrypt for those that people chose."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import Final

__all__ = ["fits", "hash_token", "is_slow"]

_PREFIX: Final = "sha256:"
_SCRYPT: Final = re.compile(r"\$scrypt\$ln=(\d+),r=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)")
_MOST_BYTES: Final = 256 * 2**20


def hash_token(token: str) -> str:
    """Return what a configuration holds of a *token* that a machine made.

    It has more than a hundred random bits, so that nothing slower than SHA-256 is needed.
    """
    return _PREFIX + hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def is_slow(hashed: str) -> bool:
    """Whether it takes long, on purpose, to say what fits."""
    return not hashed.startswith(_PREFIX)


def fits(hashed: str, token: str) -> bool:
    """Whether *hashed* is a hash of *token*; how long that takes says nothing of how near it is.

    The form of scrypt's is the string format of the Password Hashing Competition: the logarithm of the cost, the block
    size and the parallelism, then salt and key in base64 without padding (the function is that of RFC 7914). One whose
    cost needs more than 256 MiB fits nothing.
    """
    if not is_slow(hashed):
        return hmac.compare_digest(hashed, hash_token(token))
    found = _SCRYPT.fullmatch(hashed)
    if found is None:
        return False
    cost, block, parallel = 2 ** int(found[1]), int(found[2]), int(found[3])
    key = _decoded(found[5])
    try:
        made = hashlib.scrypt(
            token.encode("utf-8", "surrogatepass"),
            salt=_decoded(found[4]),
            n=cost,
            r=block,
            p=parallel,
            maxmem=_MOST_BYTES,
            dklen=len(key),
        )
    except (ValueError, MemoryError):
        return False
    return hmac.compare_digest(key, made)


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4))
