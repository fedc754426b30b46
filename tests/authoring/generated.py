"""What the template makes of answers, typed as a person types them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import attrs
from tests.environments import ROOT, run

__all__ = ["KINDS", "LICENCES", "TEMPLATE", "Answers", "generate"]

TEMPLATE: Final = ROOT / "cookiecutter-backend"
KINDS: Final = ("backend", "matcher", "aggregator", "scheduler")
LICENCES: Final = ("Apache-2.0", "MIT")


@attrs.frozen
class Answers:
    """What somebody answers; an empty string takes the default."""

    kind: str
    name: str = ""
    distribution: str = ""
    description: str = ""
    author: str = ""
    licence: str = "Apache-2.0"

    def typed(self) -> str:
        """Return them as lines, in the order of the questions."""
        kind, licence = str(KINDS.index(self.kind) + 1), str(LICENCES.index(self.licence) + 1)
        return "".join(
            f"{answer}\n" for answer in (kind, self.name, self.distribution, self.description, self.author, licence)
        )


def generate(answers: Answers, folder: Path) -> Path:
    """Let cookiecutter ask, in an empty *folder* that is its home too, and return what it made there."""
    made = folder / "made"
    run(
        *(sys.executable, "-m", "cookiecutter", TEMPLATE, "--output-dir", made),
        folder=folder,
        typed=answers.typed(),
        HOME=str(folder),
        PYTHONUTF8="1",
    )
    (found,) = made.iterdir()
    return found
