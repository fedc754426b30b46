"""The long form: ``python -m tests.durability KILLS [SEED]``, several ordeals with one seed each."""

from __future__ import annotations

import secrets
import sys
import tempfile
from pathlib import Path
from typing import Final

from tests.durability.ordeal import undergo

_KILLS_PER_ORDEAL: Final = 40


def main(kills: int, seed: int) -> int:
    """Kill that many times; return the exit status."""
    print(f"make kill9 KILLS={kills} SEED={seed}")
    broken = False
    while kills > 0:
        with tempfile.TemporaryDirectory() as folder:
            report = undergo(Path(folder), seed, min(kills, _KILLS_PER_ORDEAL))
        print(f"seed {seed}: {report}", flush=True)
        for problem in report.problems:
            print(f"  {problem}")
        broken |= bool(report.problems)
        kills -= _KILLS_PER_ORDEAL
        seed += 1
    return int(broken)


if __name__ == "__main__":
    sys.exit(
        main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 and sys.argv[2] else secrets.randbelow(10**6))
    )
