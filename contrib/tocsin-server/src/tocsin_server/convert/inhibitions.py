"""Inhibition rules, in their old and their new form."""

from __future__ import annotations

from typing import Any, Final

from tocsin_server.convert.document import Section, Value
from tocsin_server.convert.matchers import Keys, label_name, matcher_texts
from tocsin_server.convert.remarks import NotAlertmanagerError, Remarks

__all__ = ["inhibition_rules"]

_SOURCE: Final = Keys("source_match", "source_match_re", "source_matchers")
_TARGET: Final = Keys("target_match", "target_match_re", "target_matchers")
_EVERY_ALERT: Final = 'alert_id=~".*"'
_FIELDS: Final = (
    "name",
    "source_match",
    "source_match_re",
    "source_matchers",
    "target_match",
    "target_match_re",
    "target_matchers",
    "equal",
)


def inhibition_rules(root: Section, remarks: Remarks) -> list[dict[str, Any]]:
    """Return the inhibition rules of *root*, in their order."""
    return [_rule(value, remarks) for value in root.values("inhibit_rules") if not value.absent]


def _rule(value: Value, remarks: Remarks) -> dict[str, Any]:
    section = value.section(known=_FIELDS)
    rule: dict[str, Any] = {"name": section.text("name")} if section.text("name") else {}
    for key, keys in (("source_matchers", _SOURCE), ("target_matchers", _TARGET)):
        rule[key] = matcher_texts(section, keys, remarks) or [_EVERY_ALERT]
    names = section.texts("equal")
    if "" in names:
        raise NotAlertmanagerError(f"{value.name}.equal names a label without a name", section.line_of("equal"))
    if names:
        rule["equal"] = list(dict.fromkeys(label_name(name) for name in names))
    return rule
