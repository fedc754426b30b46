"""``make bench``: measures ``tocsin serve`` and Alertmanager in turns; see docs/how-to/measure.md."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import attrs
from tests.bench import daemons
from tests.bench.figures import Figure, Result, Run, document, table
from tests.bench.scenarios import SCENARIOS, Scenario


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of turns: give 1 or more")
    return int(text)


def _arguments(arguments: Sequence[str]) -> argparse.Namespace:
    names = [scenario.name for scenario in SCENARIOS]
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=f"of {', '.join(names)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="few alerts: shows that it runs, and not how fast")
    parser.add_argument("--turns", type=_positive, help="how often each daemon is measured (default: 2 or 3; quick: 1)")
    parser.add_argument("--output", type=Path, help="write everything there as JSON")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.scenarios if name not in names]
    if unknown:
        parser.error(f"there is no scenario {unknown[0]!r}: there are {', '.join(names)}")
    if options.output is not None and not options.output.absolute().parent.is_dir():
        parser.error(f"--output {options.output}: its folder does not exist")
    return options


def measured(scenario: Scenario, names: Sequence[str], turns: int, *, quick: bool) -> list[Result]:
    """Measure the daemons in turns, so that what disturbs the machine disturbs each.

    :raises daemons.Broken: when one of them fails.
    """
    runs: dict[Figure, dict[str, list[Run]]] = {}
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        for turn in range(turns):
            for name in names:
                for figure, run in scenario.measure(name, Path(folder) / f"{turn}-{name}", quick).items():
                    runs.setdefault(figure, {}).setdefault(name, []).append(run)
                print(f"{scenario.name}: turn {turn + 1} of {turns}, {name}", file=sys.stderr, flush=True)
    return [
        Result(attrs.evolve(figure, target=None) if quick else figure, of["tocsin"], of.get("alertmanager", []))
        for figure, of in runs.items()
    ]


def main(arguments: Sequence[str]) -> int:
    """Measure, print the table, and write everything down if that is wanted."""
    options = _arguments(arguments)
    names = ["tocsin", "alertmanager"] if daemons.found() else ["tocsin"]
    if len(names) == 1:
        print(f"{daemons.ALERTMANAGER} is not installed: only tocsin is measured, and there are no ratios")
    results: list[Result] = []
    try:
        for scenario in SCENARIOS:
            if not options.scenarios or scenario.name in options.scenarios:
                turns = options.turns or (1 if options.quick else scenario.turns)
                results += measured(scenario, names, turns, quick=options.quick)
    except daemons.Broken as broken:
        print(f"bench: {broken}", file=sys.stderr)
        return 1
    print(table(results))
    if options.quick:
        print("quick: it runs; these figures say nothing about how fast it is")
    if options.output is not None:
        options.output.write_text(json.dumps(document(results), indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the daemons are ended, and their folders removed
    sys.exit(main(sys.argv[1:]))
