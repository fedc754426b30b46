"""What was configured, checked: one immutable value, and errors that say what, where and what would be right."""

from tocsin.config.conditions import NamedCondition, compile_conditions
from tocsin.config.configuration import Aggregation, Configuration
from tocsin.config.references import unknown_references
from tocsin.config.settings import structure_settings

__all__ = [
    "Aggregation",
    "Configuration",
    "NamedCondition",
    "compile_conditions",
    "structure_settings",
    "unknown_references",
]
