"""Simulate, and check: ``python -m tests.simulation --seed 7 --hours 24``; see docs/how-to/simulate.md."""

from __future__ import annotations

import argparse
import logging
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.simulation.checker import Checker
from tests.simulation.checks.reading import read
from tests.simulation.plot import Operation, random_plot
from tests.simulation.run import simulate

SHOWN = 20


def _arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make simulate", description=__doc__)
    parser.add_argument("--seed", type=int, default=None, help="what the run is drawn from (default: any)")
    parser.add_argument("--hours", type=float, default=12.0, help="virtual hours before all calms down (default: 12)")
    parser.add_argument("--runs", type=int, default=1, help="how many seeds, from SEED on (default: 1)")
    parser.add_argument("--backend", choices=("asyncio", "trio"), default="asyncio")
    parser.add_argument("--keep", type=Path, default=None, help="keep the runs' files in this folder")
    return parser.parse_args(arguments)


def _complaints(seed: int, hours: float, folder: Path, backend: str, operations: int | None = None) -> list[str]:
    """Run and check; whatever else goes wrong is a complaint too."""
    shutil.rmtree(folder, ignore_errors=True)
    try:
        simulate(seed, hours, folder, operations=operations, backend=backend)
    except Exception as error:
        return [f"the run itself failed: {error!r}"]
    return Checker(read(folder)).run()


def _shortest(seed: int, hours: float, folder: Path, backend: str, plot: list[Operation]) -> list[Operation]:
    """Return the shortest beginning of the plot that fails as well, as far as halving finds it."""
    fine, failing = 0, len(plot)
    while failing - fine > 1:
        middle = (fine + failing) // 2
        if _complaints(seed, hours, folder, backend, middle):
            failing = middle
        else:
            fine = middle
    return plot[:failing]


def _report(seed: int, hours: float, folder: Path, backend: str, found: list[str]) -> None:
    print(f"seed {seed} breaks {len(found)} promises:")
    print("\n".join(f"  {text}" for text in found[:SHOWN]))
    plot = _shortest(seed, hours, folder, backend, random_plot(seed, hours)[1])
    print(f"the first {len(plot)} operations are enough; the last of them:")
    for name, arguments in plot[-SHOWN:]:
        print(f"  {name} { ({key: value for key, value in arguments.items() if key != 'settings'}) }")
    print(f"again: make simulate SEED={seed} HOURS={hours:g} BACKEND={backend}")


def main(arguments: list[str]) -> int:
    """Run the seeds; return 1 if a promise was broken."""
    options = _arguments(arguments)
    first = random.randrange(1_000_000) if options.seed is None else options.seed
    logging.disable(logging.CRITICAL)
    began, hours, broken = time.monotonic(), 0.0, 0
    with tempfile.TemporaryDirectory() as temporary:
        for seed in range(first, first + options.runs):
            folder = (options.keep or Path(temporary)) / str(seed)
            found = _complaints(seed, options.hours, folder, options.backend)
            if not found:
                checker = Checker(read(folder))
                checker.run()
                hours += checker.alert_hours
            else:
                broken += 1
                _report(seed, options.hours, folder, options.backend, found)
    print(
        f"{options.runs} runs from seed {first} on {options.backend}: {hours:,.0f} alert-hours "
        f"in {time.monotonic() - began:.0f} s, {broken} of them broke a promise"
    )
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
