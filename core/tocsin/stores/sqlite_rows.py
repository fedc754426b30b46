"""Entries, records and configurations as rows of a database, each with a digest that is checked when it is read.

Text is JSON in UTF-8, with escapes where a string has lone surrogates. What serves as a key or stands in an index is a
hash, for it may be any string of any length.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Mapping
from typing import Any, Final

import attrs

from tocsin.errors import UnstorableError
from tocsin.journal import Entry, entry_from_plain, entry_to_plain, subjects
from tocsin.stores.json_text import decode, encode, quote

__all__ = [
    "LARGEST",
    "PARTITION",
    "Bounds",
    "EntryRow",
    "JournalRow",
    "digest",
    "entry_row",
    "from_text",
    "hashes",
    "key_of",
    "keyed_digest",
    "keyed_intact",
    "numbers_digest",
    "pack",
    "subject_hash",
    "to_text",
]

PARTITION: Final = ""
"""The partition of every row: one node has one. Stores that several nodes share will have more."""

LARGEST: Final = 256 * 2**20
"""Bytes of JSON that one entry, record or configuration may have."""

_KEY_BYTES: Final = 16
_SALT: Final = PARTITION.encode()

EntryRow = tuple[str, int, float, bytes, int, str]
"""A row of the journal as it is written: partition, ordinal, wall time, subjects' hashes, digest, JSON."""

_ENTRY: Final = struct.Struct("<qdq")


def to_text(value: Any, what: str, *named: str, finite: bool = False) -> bytes:
    """Return *value* as JSON; *finite* as :func:`tocsin.stores.json_text.encode` has it.

    :raises UnstorableError: when it is no plain data, or more than :data:`LARGEST`; it says *what* that is, a format
        for what is *named*.
    """
    try:
        text = encode(value, finite=finite)
    except (TypeError, ValueError, RecursionError) as error:
        problem = f"it is not plain data ready for JSON ({type(error).__name__})"
        raise UnstorableError(f"{what.format(*named)} cannot be kept: {problem}") from error
    if len(text) > LARGEST:
        problem = f"it has {len(text)} bytes, more than {LARGEST}; submit less at a time"
        raise UnstorableError(f"{what.format(*named)} cannot be kept: {problem}")
    return text


from_text: Final = decode
"""Return what :func:`to_text` gave some bytes for; their digest has been checked."""


def digest(*parts: bytes) -> int:
    """Return 64 bits that another sequence of *parts* does not have, as a signed integer."""
    hasher = hashlib.blake2b(digest_size=8)
    for part in parts:
        hasher.update(len(part).to_bytes(8, "little"))
        hasher.update(part)
    return int.from_bytes(hasher.digest(), "little", signed=True)


def key_of(*names: str) -> bytes:
    """Return 16 bytes that stand for *names*: too many for anybody to find two that collide."""
    text = "[" + ", ".join(map(quote, names)) + "]"  # as JSON has it, and faster
    return hashlib.blake2b(text.encode("ascii"), digest_size=_KEY_BYTES).digest()


def subject_hash(subject: str) -> int:
    """Return 64 bits of an alert's or incident's id; two that collide cost a look at an entry too many."""
    found = hashlib.blake2b(quote(subject).encode(), digest_size=8).digest()
    return int.from_bytes(found, "little", signed=True)


def pack(subject_hashes: Iterable[int]) -> bytes:
    """Return hashes as bytes, in order."""
    ordered = sorted(set(subject_hashes))
    return struct.pack(f"<{len(ordered)}q", *ordered)


def hashes(about: bytes) -> tuple[int, ...]:
    """Return what :func:`pack` gave *about* for; bytes that it never gave are cut to whole hashes."""
    count = len(about) // 8
    return struct.unpack(f"<{count}q", about[: count * 8])


def _entry_digest(ordinal: int, wall_time: float, about: bytes, data: bytes) -> int:
    return digest(PARTITION.encode(), _ENTRY.pack(ordinal, wall_time, len(about)), about, data)


def entry_row(entry: Entry) -> EntryRow:
    """Return the journal's row of *entry*; StoreError when it cannot be written."""
    text = to_text(entry_to_plain(entry), f"entry {entry.ordinal}", finite=True)
    # SQLite keeps no sign of a zero
    wall_time = entry.wall_time + 0.0
    about = pack(subject_hash(subject) for subject in subjects(entry))
    check = _entry_digest(entry.ordinal, wall_time, about, text)
    return PARTITION, entry.ordinal, wall_time, about, check, text.decode("utf-8")


@attrs.frozen(slots=True)
class JournalRow:
    """A row of the journal as it was read: nothing of it is trusted before :attr:`intact`."""

    ordinal: Any
    wall_time: Any
    about: Any
    digest: Any
    data: Any

    @property
    def intact(self) -> bool:
        """Whether it is what was written."""
        try:
            return bool(self.digest == _entry_digest(self.ordinal, self.wall_time, self.about, self.data))
        except (TypeError, struct.error):  # a damaged row's values are of any type
            return False

    def plain(self) -> Mapping[str, Any]:
        """Return the entry as plain data."""
        plain: Mapping[str, Any] = from_text(self.data)
        return plain

    def entry(self) -> Entry:
        """Return the entry; ValueError when this version of tocsin cannot read it."""
        return entry_from_plain(self.plain())


def keyed_digest(key: bytes, data: bytes) -> int:
    """Return the digest of a record's or a configuration's row."""
    # a restart reads them all: one call of the hash for each
    found = hashlib.blake2b(data, digest_size=8, key=key, salt=_SALT).digest()
    return int.from_bytes(found, "little", signed=True)


def keyed_intact(key: object, check: object, data: object) -> bool:
    """Whether a record's or a configuration's row is what was written; a damaged one's values are of any type."""
    if not isinstance(key, bytes) or len(key) != _KEY_BYTES or not isinstance(data, bytes):
        return False
    return keyed_digest(key, data) == check


def numbers_digest(values: tuple[int, ...]) -> int:
    """Return the digest of a row of integers."""
    return digest(PARTITION.encode(), struct.pack(f"<{len(values)}q", *values))


@attrs.frozen(slots=True)
class Bounds:
    """What a store knows of itself, in one row: it makes rows that vanished as visible as rows that changed.

    ``format``: of the journal's entries. ``first``: the ordinal of the oldest entry, or of the next if there is none.
    ``last``: the newest entry's ordinal, when the row was written. ``checkpoint``: the ordinal that the records stand
    for (-1: there was none). ``records`` and ``total``: their number and the sum of their digests, modulo 2**64.
    ``indexed``: the entries up to this ordinal are in the index of subjects.
    """

    format: int
    first: int = 1
    last: int = 0
    checkpoint: int = -1
    records: int = 0
    total: int = 0
    indexed: int = 0

    def row(self) -> tuple[int, ...]:
        """Return the values of the row, the digest last."""
        values = attrs.astuple(self)
        return *values, numbers_digest(values)

    @classmethod
    def from_row(cls, row: tuple[Any, ...]) -> Bounds | None:
        """Return the bounds that :meth:`row` gave, or None when *row* is not what was written."""
        try:
            made = cls(*row[:-1])
            return made if made.row() == tuple(row) else None
        except (TypeError, struct.error):
            return None

    def reaching(self, newest: int) -> Bounds:
        """Return the bounds with the newest entry's ordinal."""
        return attrs.evolve(self, last=newest)

    def with_records(self, count: int, total: int) -> Bounds:
        """Return the bounds after the records' number and the sum of their digests changed by so much."""
        wrapped = (self.total + total + 2**63) % 2**64 - 2**63
        return attrs.evolve(self, records=self.records + count, total=wrapped)
