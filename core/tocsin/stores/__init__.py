"""Stores: where the journal and the records are kept. The interface, and those in memory and in an SQLite file."""

from tocsin.stores.interface import Checkpoint, Entry, Key, Store
from tocsin.stores.memory import MemoryStore
from tocsin.stores.sqlite import SqliteStore

__all__ = ["Checkpoint", "Entry", "Key", "MemoryStore", "SqliteStore", "Store"]
