"""Fresh environments: what is installed there is truly installed, and nothing of this checkout is on the path."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

__all__ = ["ROOT", "build", "make", "pip", "run", "surroundings"]

ROOT = Path(__file__).resolve().parents[1]


def surroundings() -> dict[str, str]:
    """Return this process's environment, without what would lead another Python to this one's modules."""
    return {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "COV_CORE"))}


def run(*command: str | Path, folder: str | Path = ROOT.anchor, typed: str = "", **variables: str) -> str:
    """Run *command* away from the source tree, with *typed* on its input and further environment *variables*.

    What it prints is in the error if it fails.
    """
    done = subprocess.run(
        [str(part) for part in command],
        input=typed,
        capture_output=True,
        encoding="utf-8",
        check=False,
        cwd=folder,
        env={**surroundings(), **variables},
    )
    assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def build(source: Path, folder: Path, *options: str) -> Path:
    """Build the distribution in *source* with this environment's hatchling into *folder*, and return the wheel."""
    run(sys.executable, "-m", "build", "--no-isolation", *options, "--outdir", folder, source)
    (wheel,) = folder.glob("*.whl")
    return wheel


def make(folder: Path) -> Path:
    """Make an environment in *folder* that has nothing, not even pip, and return its interpreter."""
    venv.create(folder, symlinks=True)
    return folder / "bin" / "python"


def pip(python: Path, *arguments: str | Path) -> None:
    """Install with this environment's pip: quicker than giving each new one a pip of its own.

    What is imported is compiled then: most of it never is.
    """
    installing = ("--disable-pip-version-check", "install", "--quiet", "--no-compile")
    run(sys.executable, "-m", "pip", "--python", python, *installing, *arguments)
