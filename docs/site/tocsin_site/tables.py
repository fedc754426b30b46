"""Writes the tables of docs/reference/configuration.md anew from the classes that read the file: `make tables`.

Keys, what they take and their defaults come from the classes; what a key means is written by hand, and kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import attrs

from tocsin.configfile import channels, daemon, policies, rules, suppression
from tocsin.configfile.construction import Form
from tocsin.configfile.shapes import types_of
from tocsin_site.settings import kind_of, written_default

__all__ = ["FORMS", "current"]

FORMS: Final[Mapping[str, Form]] = {
    "channels": channels.CHANNEL,
    "routing_rules": rules.RULE,
    "escalation_policies": policies.POLICY,
    "templates": channels.TEMPLATE,
    "inhibition_rules": suppression.INHIBITION,
    "time_intervals": suppression.INTERVAL,
    "sources": daemon.SOURCE,
    "watchdog": daemon.WATCHDOG,
    "retention": daemon.RETENTION,
    "server": daemon.SERVER,
    "auth_tokens": daemon.TOKEN,
    "tls": daemon.TLS,
}
"""The class of each section that has a table, by its heading."""

_WRITTEN: Final = {
    **dict.fromkeys(("source_matchers", "target_matchers"), "list of text or mappings"),
    **dict.fromkeys(suppression.SPANS, "list of text or whole numbers"),
}
"""What a file takes for fields that it writes in other forms than the class."""
_OTHERWISE: Final = {"rule_id": "`rule-<n>`", "name": "its id"}
_HEAD: Final = "| key | takes | default | meaning |\n| --- | --- | --- | --- |\n"
_TABLE: Final = re.compile(r"^\| key \|.*\n\| ---.*\n((?:\|.*\n)+)", re.MULTILINE)
_PAGE: Final = Path(__file__).resolve().parents[2] / "reference/configuration.md"


def current(page: str) -> str:
    """Return the page with its tables as the classes are now.

    :raises LookupError: for a key of a class without a row: write one, with what it means.
    """
    for heading, form in FORMS.items():
        before, mark, rest = page.partition(f"\n## {heading}\n")
        found = _TABLE.search(rest)
        if not mark or found is None:
            raise LookupError(f"there is no table under the heading {heading}")
        page = before + mark + rest[: found.start()] + _HEAD + _rows(heading, form, found[1]) + rest[found.end() :]
    return page


def _rows(heading: str, form: Form, table: str) -> str:
    fields, hints = form.fields(), types_of(form.kind)
    rows, known = [], set()
    for line in table.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip("|"))]
        keys, meaning = cells[0], cells[-1]
        names = re.findall(r"`(\w+)`", keys)
        known.update(names)
        field = fields.get(names[0])
        if field is not None:
            takes = _WRITTEN.get(names[0]) or kind_of(hints[field.name])
            default = _default(form, names[0], field)
        elif set(names) & {*policies.LEVELS, "escalation_levels"} and form is policies.POLICY:
            takes, default = ("list of text", "`[]`") if names[0] in policies.LEVELS else ("mapping", "`{}`")
        else:
            continue  # it is gone
        rows.append(f"| {keys} | {takes} | {default} | {meaning} |\n")
    if set(fields) - known:
        raise LookupError(f"{heading} has no row for {sorted(set(fields) - known)}")
    return "".join(rows)


def _default(form: Form, name: str, field: attrs.Attribute[Any]) -> str:
    return _OTHERWISE[name] if name in form.otherwise else written_default(field)


if __name__ == "__main__":
    _PAGE.write_text(current(_PAGE.read_text(encoding="utf-8")), encoding="utf-8")
