"""What was configured, checked: one immutable value, and errors that say what, where and what would be right."""

from tocsin.config.conditions import NamedCondition, compile_conditions
from tocsin.config.configuration import Configuration
from tocsin.config.plain import configuration_digest, configuration_from_plain, configuration_to_plain
from tocsin.config.references import unknown_references
from tocsin.config.settings import structure_settings
from tocsin.config.shape import check_shape

__all__ = [
    "Configuration",
    "NamedCondition",
    "check_shape",
    "compile_conditions",
    "configuration_digest",
    "configuration_from_plain",
    "configuration_to_plain",
    "structure_settings",
    "unknown_references",
]
