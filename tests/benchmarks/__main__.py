"""``make bench-micro``: measures each case and prints what one operation costs; see docs/how-to/measure.md."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import pyperf  # type: ignore[import-untyped]  # it has no types
from tests.benchmarks import routes, steps, surroundings
from tests.benchmarks.meter import Case, Reading, measure

CASES: tuple[Case, ...] = (*routes.CASES, *steps.CASES, *surroundings.CASES)


def _arguments(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench-micro", description=__doc__)
    parser.add_argument("words", nargs="*", help="measure only cases whose name has one of these words")
    parser.add_argument("--rounds", type=int, default=7, help="how often each case is timed (default: 7)")
    parser.add_argument("--output", type=Path, help="write the times as pyperf's JSON, for pyperf compare_to")
    return parser.parse_args(arguments)


def _line(reading: Reading) -> str:
    instructions = "-" if reading.instructions is None else f"{reading.instructions:,.0f}"
    return (
        f"{reading.name:<52} {reading.least * 1e6:>9.2f} {reading.median * 1e6:>9.2f} "
        f"{reading.calls:>8.1f} {reading.blocks:>7.1f} {instructions:>12}"
    )


def _suite(readings: Sequence[Reading]) -> pyperf.BenchmarkSuite:
    return pyperf.BenchmarkSuite(
        [
            pyperf.Benchmark([pyperf.Run(reading.seconds, metadata={"name": reading.name}, collect_metadata=False)])
            for reading in readings
        ]
    )


def main(arguments: Sequence[str]) -> int:
    """Measure, print, and write the times down if that is wanted."""
    options = _arguments(arguments)
    cases = [case for case in CASES if not options.words or any(word in case.name for word in options.words)]
    print(f"{'one operation':<52} {'least µs':>9} {'median µs':>9} {'calls':>8} {'blocks':>7} {'instructions':>12}")
    readings = []
    for case in cases:
        readings.append(measure(case, options.rounds))
        print(_line(readings[-1]), flush=True)
    if options.output is not None:
        _suite(readings).dump(str(options.output), replace=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
