"""Changes: what two configurations differ in, piece by piece, so that each piece can be made alone."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

import attrs

__all__ = ["Change", "changes_between"]

Plain = dict[str, Any]

_UNDECIDING: Final = frozenset(
    {"plugins", "templates", "retain_resolved_seconds", "retain_deliveries_seconds", "retain_journal_seconds"}
)
"""What no decision about who is told depends on."""

_UNDECIDING_FIELDS: Final = frozenset({"config", "template_name", "name", "channel_id", "rule_id", "policy_id"})
_SHOWN: Final = 60


@attrs.frozen(slots=True, eq=False)
class Change:
    """One difference: ``path`` as in a configuration file, ``section`` and ``name`` of what is changed.

    ``make`` changes a plain configuration in place. ``rule_ids`` are those of a changed rule, and of its routes.
    """

    path: str
    section: str
    name: str
    text: str
    make: Callable[[Plain], None] = attrs.field(repr=False)
    rule_ids: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return f"{self.path}: {self.text}"


def changes_between(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Change, ...]:
    """Return what leads from one plain configuration to another, as far as decisions depend on it.

    Made in their order on a copy of *old*, they give what decides as *new* does.
    """
    rules = [*old["routing_rules"], *new["routing_rules"]]
    found = [
        attrs.evolve(change, rule_ids=frozenset(_ids(rule for rule in rules if rule["rule_id"] == change.name)))
        for change in _rules(old["routing_rules"], new["routing_rules"])
    ]
    for section in sorted({*old, *new} - _UNDECIDING - {"routing_rules"}):
        before, after = old.get(section), new.get(section)
        if section in ("channels", "escalation_policies", "receivers", "time_intervals"):
            found += _named(section, before or {}, after or {})
        elif section == "aggregation" and isinstance(before, Mapping) and isinstance(after, Mapping):
            found += _aggregation(before, after)
        elif before != after:
            found.append(_whole(section, before, after))
    return tuple(found)


def _shown(value: Any) -> str:
    text = "none" if value is None or value in ([], (), {}) else str(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _turned(before: Any, after: Any) -> str:
    return f"{_shown(before)} → {_shown(after)}"


def _whole(section: str, before: Any, after: Any) -> Change:
    text = "changed" if isinstance(before, list) else _turned(before, after)
    return Change(section, section, section, text, partial(_put, section, after, True))


def _aggregation(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    section = "aggregation"
    if before["strategy"] != after["strategy"]:
        text = _turned(before["strategy"], after["strategy"])
        yield Change(f"{section}.strategy", section, "", text, partial(_put, section, after, True))
        return
    for name, path, old, new, make in _fields(section, before["settings"], after["settings"]):
        yield Change(
            path, section, name, _turned(old, new), partial(_within, section, partial(_within, "settings", make))
        )


Field = tuple[str, str, Any, Any, Callable[[Plain], None]]


def _fields(path: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Field]:
    """Yield the fields that differ, down to single values: name, path, values, and what puts the new one in place."""
    for name in sorted({*before, *after} - _UNDECIDING_FIELDS):
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            for _, inner_path, one, other, make in _fields(f"{path}.{name}", old, new):
                yield name, inner_path, one, other, partial(_within, name, make)
        else:
            yield name, f"{path}.{name}", old, new, partial(_put, name, new, name in after)


def _within(name: str, make: Callable[[Plain], None], plain: Plain) -> None:
    plain[name] = dict(plain[name])
    make(plain[name])


def _put(name: str, new: Any, there: bool, plain: Plain) -> None:
    if there:
        plain[name] = copy.deepcopy(new)
    else:
        plain.pop(name, None)


def _named(section: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for name in sorted({*before, *after}):
        path = f"{section}.{name}"
        old, new = before.get(name), after.get(name)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            for _, field_path, one, other, make in _fields(path, old, new):
                yield Change(field_path, section, name, _turned(one, other), partial(_of_named, section, name, make))
        elif old != new:
            text = "added" if name not in before else "removed" if name not in after else _turned(old, new)
            put = partial(_put, name, new, name in after)
            yield Change(path, section, name, text, partial(_within, section, put))


def _of_named(section: str, name: str, make: Callable[[Plain], None], plain: Plain) -> None:
    if name in plain[section]:
        make(plain[section][name])


# -- rules ---------------------------------------------------------------------------------------------------------


def _rules(old: Sequence[Plain], new: Sequence[Plain]) -> Iterator[Change]:
    """Yield what became of each top-level rule, and, where nothing else says it, of their order."""
    renamed: dict[str, str] = dict(_renamed(old, new))
    for was, to in renamed.items():
        yield Change(f"routing_rules.{was}", "routing_rules", to, f"renamed to {to}", partial(_rename, was, to))
    before = {renamed.get(name, name): rule for name, rule in _by_id(old)}
    after = {rule["rule_id"]: rule for rule in new}
    for name in before:
        if name not in after:
            yield Change(f"routing_rules.{name}", "routing_rules", name, "removed", partial(_remove, name))
    for place, rule in enumerate(new):
        name = rule["rule_id"]
        if name not in before:
            following = [one["rule_id"] for one in new[place + 1 :]]
            yield Change(f"routing_rules.{name}", "routing_rules", name, "added", partial(_add, rule, following))
        elif name not in renamed.values():
            yield from _rule(f"routing_rules.{name}", before[name], rule, name)
    order = [name for name in after if name in before]
    if order != [name for name in before if name in after]:
        yield Change("routing_rules", "routing_rules", "", "in another order", partial(_order, list(after)))


def _ids(rules: Iterable[Plain]) -> Iterator[str]:
    for rule in rules:
        yield rule["rule_id"]
        yield from _ids(rule["routes"])


def _by_id(rules: Sequence[Plain]) -> Iterator[tuple[str, Plain]]:
    for rule in rules:
        yield rule["rule_id"], rule


def _renamed(old: Sequence[Plain], new: Sequence[Plain]) -> Iterator[tuple[str, str]]:
    """Yield the rules that have another id and are the same besides."""
    gone = [rule for rule in old if all(rule["rule_id"] != one["rule_id"] for one in new)]
    come = [rule for rule in new if all(rule["rule_id"] != one["rule_id"] for one in old)]
    for rule in gone:
        same = next((one for one in come if _decides(one) == _decides(rule)), None)
        if same is not None:
            come.remove(same)
            yield rule["rule_id"], same["rule_id"]


def _decides(rule: Plain) -> Plain:
    return {name: value for name, value in rule.items() if name not in _UNDECIDING_FIELDS}


def _rename(name: str, to: str, plain: Plain) -> None:
    for rule in plain["routing_rules"]:
        if rule["rule_id"] == name:
            rule["rule_id"] = to


def _remove(name: str, plain: Plain) -> None:
    plain["routing_rules"] = [rule for rule in plain["routing_rules"] if rule["rule_id"] != name]


def _add(rule: Plain, following: Sequence[str], plain: Plain) -> None:
    """Put a rule before the first of those that follow it, or at the end."""
    rules = plain["routing_rules"]
    places = [place for place, one in enumerate(rules) if one["rule_id"] in following]
    rules.insert(min(places, default=len(rules)), copy.deepcopy(rule))


def _order(order: Sequence[str], plain: Plain) -> None:
    places = {name: place for place, name in enumerate(order)}
    plain["routing_rules"].sort(key=lambda rule: places.get(rule["rule_id"], len(places)))


def _of_rule(name: str, make: Callable[[Plain], None], plain: Plain) -> None:
    for rule in plain["routing_rules"]:
        if rule["rule_id"] == name:
            make(rule)


def _rule(path: str, old: Plain, new: Plain, name: str) -> Iterator[Change]:
    for field, field_path, before, after, make in _fields(path, old, new):
        text = "changed" if field == "routes" else _turned(before, after)
        yield Change(field_path, "routing_rules", name, text, partial(_of_rule, name, make))
