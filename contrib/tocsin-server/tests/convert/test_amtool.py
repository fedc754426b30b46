"""Routing, compared with the real amtool: whatever the tree and the labels, the same receivers in the same order.

``TOCSIN_AMTOOL_TREES`` says how many trees are tried (150), ``TOCSIN_AMTOOL_SEED`` from which seed on (0). Each tree is
asked about eight sets of labels. ``make routes`` is the long form, with thousands of trees.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import yaml

from tocsin import AlertView, PerformanceAlert, Registry, load_configuration
from tocsin.engine.compile import compile_plan
from tocsin.engine.plan import Plan
from tocsin_server.convert import as_yaml, converted

TREES: Final = int(os.environ.get("TOCSIN_AMTOOL_TREES", "150"))
SEED: Final = int(os.environ.get("TOCSIN_AMTOOL_SEED", "0"))
LABEL_SETS: Final = 8
NAMES: Final = ("severity", "cluster_id", "alertname", "team", "metric_name", "node_id", "alert_id", "env")
VALUES: Final = ("", "critical", "warning", "db", "db-1", "a\nb", "DB", "a.b", "ü", 'q"x', "a,b", "a\\b", "{x}", "10")
PATTERNS: Final = (
    *(".*", ".+", "db.*", "(?s).*", "(?s:a.b)|db", "(?i)db-?.*", "critical|warning", "", "|db", "a.b", "a[^x]b"),
    *("[[:alpha:]]+", r"\w+", r"db-\d", "[a-c.]+", r"a\.b", "^db$", "(db|critical)", "a.*b", "x{0}", ".{2,3}", "[]a]b"),
    *(r"[^\n]*", "[^d].*", "c(?i:R)itical", r"\Qa.b\E", "{x}", r"a\\b", r'q"x', "a,b", r"(?:.|\n)*", "(?P<n>d)b", "ü?"),
    *("(?i)(?s)A.B", "d(?i)B", "a|b(?i)|DB", r"\x64b", r"1\d?", r"[\d]+", r"a\sb", r"a\Sb", r".\bb|db", "d??b", "db$|"),
)
OPERATORS: Final = ("=", "!=", "=~", "!~")


def _pattern_or_value(chance: random.Random, operator: str) -> str:
    return chance.choice(PATTERNS if "~" in operator else VALUES)


def _matcher(chance: random.Random) -> str:
    """A matcher in the classic syntax: quoted, or bare where that can be read."""
    operator = chance.choice(OPERATORS)
    value = _pattern_or_value(chance, operator)
    spaces = chance.choice(("", " "))
    if re.fullmatch(r"[\w.|*+-]+", value) and chance.random() < 0.5:
        return f"{chance.choice(NAMES)}{spaces}{operator}{spaces}{value}"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'{chance.choice(NAMES)}{spaces}{operator}{spaces}"{escaped}"'


def _matchers(chance: random.Random) -> list[str]:
    found = [_matcher(chance) for _ in range(chance.choice((1, 1, 2)))]
    if len(found) > 1 and chance.random() < 0.3:
        return ["{" + ", ".join(found) + chance.choice(("", ",", ", ")) + "}"]
    return found


def _conditions(chance: random.Random) -> dict[str, Any]:
    route: dict[str, Any] = {}
    if chance.random() < 0.3:
        route["match"] = {chance.choice(NAMES): chance.choice(VALUES) for _ in range(chance.choice((1, 1, 2)))}
    if chance.random() < 0.3:
        route["match_re"] = {chance.choice(NAMES): chance.choice(PATTERNS) for _ in range(chance.choice((1, 1, 2)))}
    if chance.random() < 0.6:
        route["matchers"] = _matchers(chance)
    return route


def _route(chance: random.Random, depth: int) -> dict[str, Any]:
    route = _conditions(chance)
    if chance.random() < 0.7:
        route["receiver"] = f"r{chance.randrange(6)}"
    if chance.random() < 0.4:
        route["continue"] = True
    if depth and chance.random() < 0.6:
        route["routes"] = [_route(chance, depth - 1) for _ in range(chance.randint(1, 4))]
    return route


def tree(seed: int) -> dict[str, Any]:
    """A configuration of Alertmanager's with a random tree."""
    chance = random.Random(seed)
    route = {"receiver": "r0", "routes": [_route(chance, 3) for _ in range(chance.randint(1, 5))]}
    return {"route": route, "receivers": [{"name": f"r{number}"} for number in range(6)]}


def label_set(chance: random.Random) -> dict[str, str]:
    """Some labels; a label may be there and empty."""
    return {name: chance.choice(VALUES) for name in NAMES if chance.random() < 0.5}


def plan(file: Path, text: str, registry: Registry) -> Plan:
    """What tocsin makes of its own configuration *text*, which is written to *file*."""
    file.write_text(text, encoding="utf-8")
    return compile_plan(load_configuration(file, registry, environ={}).configuration, registry)


def receivers(compiled: Plan, labels: dict[str, str]) -> list[str]:
    """The receivers of an alert with *labels*, whose fields say something else, in order, repetitions included."""
    alert = PerformanceAlert("critical", "db", "critical", "db-1", node_id="a.b", labels=labels)
    by_id = {node.rule.rule_id: node.receiver or "" for node in compiled.nodes}
    return [by_id[rule_id] for rule_id in compiled.route(AlertView(alert)).rule_ids]


def _asked(amtool: str, file: Path, labels: dict[str, str]) -> list[str]:
    texts = []
    for name, value in labels.items():
        escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        texts.append(f'{name}="{escaped}"')
    command = [amtool, "config", "routes", "test", f"--config.file={file}", *texts]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout.strip().split(",")


def _difference(amtool: str, registry: Registry, folder: Path, seed: int) -> str | None:
    """Return what differs for the tree of *seed*, if something does."""
    file = folder / f"{seed}.yml"
    file.write_text(yaml.safe_dump(tree(seed), allow_unicode=True), encoding="utf-8")
    found = converted(file.read_text(encoding="utf-8"))
    assert found.carried_over, [str(remark) for remark in found.remarks]
    compiled = plan(folder / f"tocsin-{seed}.yml", as_yaml(found.configuration, "a test"), registry)
    chance = random.Random(f"labels {seed}")
    for _ in range(LABEL_SETS):
        labels = label_set(chance)
        ours, theirs = receivers(compiled, labels), _asked(amtool, file, labels)
        if ours != theirs:
            return f"seed {seed}, {labels}: {ours}, but amtool says {theirs}:\n{file.read_text(encoding='utf-8')}"
    file.unlink()
    return None


def test_whatever_the_tree_and_the_labels_the_receivers_are_those_of_amtool(
    amtool: str, registry: Registry, tmp_path: Path
) -> None:
    with ThreadPoolExecutor(2) as pool:
        found = pool.map(lambda seed: _difference(amtool, registry, tmp_path, seed), range(SEED, SEED + TREES))
        differences = [difference for difference in found if difference is not None]
    assert not differences, f"{len(differences)} of {TREES} trees differ, the first:\n{differences[0]}"
