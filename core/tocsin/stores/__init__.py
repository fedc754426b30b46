"""Stores: where the journal is kept. The interface, and the one that keeps it in memory."""

from tocsin.stores.interface import Entry, Store
from tocsin.stores.memory import MemoryStore

__all__ = ["Entry", "MemoryStore", "Store"]
