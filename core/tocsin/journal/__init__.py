"""The journal: what was taken in and what was decided, one entry per commit, and its form as JSON."""

from tocsin.journal.entry import ConfigurationChanged, Entry, Input, Restarted, subjects
from tocsin.journal.plain import FORMAT, entry_from_plain, entry_to_plain

__all__ = [
    "FORMAT",
    "ConfigurationChanged",
    "Entry",
    "Input",
    "Restarted",
    "entry_from_plain",
    "entry_to_plain",
    "subjects",
]
