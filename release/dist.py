"""``python -m release.dist [FOLDER]``: builds all distributions into FOLDER (dist), twice, and checks them."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from release.building import BuildError, Built, build_all, same_again
from release.contents import problems
from release.distributions import ROOT

__all__ = ["main", "make"]


def make(root: Path, out: Path) -> list[Built]:
    """Build all distributions below *root* into *out*, and check them.

    :raises BuildError: when a second build gives other bytes, or something is missing, too much or malformed.
    """
    for old in (*out.glob("*.whl"), *out.glob("*.tar.gz")):
        old.unlink()
    built = build_all(root, out)
    with tempfile.TemporaryDirectory() as scratch:
        same_again(root, built, Path(scratch))
    if found := problems(built):
        raise BuildError("\n".join(found))
    _check("twine", "check", "--strict", *(path for one in built for path in (one.sdist, one.wheel)))
    tocsin, *others = built
    toplevel = ",".join(package.name for package in tocsin.distribution.packages)
    _check("check_wheel_contents", "--no-config", "--toplevel", toplevel, tocsin.wheel)
    if others:
        _check("check_wheel_contents", "--no-config", *(one.wheel for one in others))
    return built


def _check(module: str, *arguments: str | Path) -> None:
    command = [sys.executable, "-m", module, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildError(f"{module} objects:\n{done.stdout}{done.stderr}".rstrip())


def main(arguments: list[str]) -> None:
    """Build all into the folder that is given, or ``dist``; say what was built, or end with what is wrong."""
    out = Path(arguments[0]).resolve() if arguments else ROOT / "dist"
    try:
        built = make(ROOT, out)
    except BuildError as error:
        raise SystemExit(f"release.dist: {error}") from None
    for one in built:
        for path in (one.sdist, one.wheel):
            print(f"{path.stat().st_size:>9}  {path.name}")
    print(f"{len(built)} distributions in {out}, each built three ways to the same bytes, and checked")


if __name__ == "__main__":
    main(sys.argv[1:])
