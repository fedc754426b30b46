"""One version for all: ``python -m release.version [VERSION]`` brings every distribution in line with tocsin's own.

The one place is ``version`` in the pyproject.toml of the repository's root, and the hook API is ``tocsin.HOOK_API``.
From these each distribution in contrib/ gets its version and its requirement of tocsin, and from the root its licence.
What is in line already is not touched.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Final

from release.distributions import ROOT, Distribution, distributions
from tocsin import HOOK_API

__all__ = ["LICENCE", "aligned", "main", "requirement", "stray"]

LICENCE: Final = "LICENSE"

_VERSION: Final = re.compile(r"(?P<major>\d+)\.(?P<minor>\d+)\.\d+(?P<pre>(a|b|rc)\d+)?")
_VERSION_LINE: Final = re.compile(r'^version = "[^"]*"$', re.MULTILINE)
_OF_TOCSIN: Final = re.compile(r"tocsin\s*(?:\[(?P<extras>[^\]]*)\])?\s*(?P<bounds>[<>=!~][^;]*)?")


def requirement(version: str, extras: set[str]) -> str:
    """Return how a distribution that is released with tocsin *version* requires it: of the same series.

    A series is a minor version before 1.0, and a major one from then on; a new minor one may be needed in any case.
    """
    found = _parsed(version)
    major, minor = int(found["major"]), int(found["minor"])
    lowest = version if found["pre"] else f"{major}.{minor}"
    end = f"0.{minor + 1}" if major == 0 else str(major + 1)
    named = f"[{','.join(sorted(extras))}]" if extras else ""
    return f"tocsin{named}>={lowest},<{end}"


def _parsed(version: str) -> re.Match[str]:
    found = _VERSION.fullmatch(version)
    if found is None:
        raise SystemExit(
            f"release.version: {version!r} is no version: write MAJOR.MINOR.PATCH, or MAJOR.MINOR.PATCHrcN"
        )
    return found


def aligned(distribution: Distribution, version: str) -> str:
    """Return the text of the pyproject.toml of *distribution* in line with tocsin *version*."""
    text = (distribution.folder / "pyproject.toml").read_text(encoding="utf-8")
    text = _VERSION_LINE.sub(f'version = "{version}"', text, count=1)
    for old in distribution.project.get("dependencies", []):
        text = _required(text, old, version, _hooks() if distribution.plugins else set())
    for extra in distribution.project.get("optional-dependencies", {}).values():
        for old in extra:
            text = _required(text, old, version, set())
    return text


def _hooks() -> set[str]:
    return {f"hooks-{HOOK_API[0]}.{HOOK_API[1]}"}


def _required(text: str, old: str, version: str, hooks: set[str]) -> str:
    found = _OF_TOCSIN.fullmatch(old)
    if found is None:
        return text
    extras = {extra.strip() for extra in (found["extras"] or "").split(",")} - {""}
    named = {extra for extra in extras if not extra.startswith("hooks-")}
    return text.replace(f'"{old}"', f'"{requirement(version, named | hooks)}"')


def stray(root: Path, version: str) -> dict[Path, str]:
    """Return the files below *root* that are out of line, and what should be in them."""
    tocsin, *contrib = distributions(root)
    wanted = {tocsin.folder / "pyproject.toml": aligned(tocsin, version)}
    licence = (root / LICENCE).read_text(encoding="utf-8")
    for distribution in contrib:
        wanted[distribution.folder / "pyproject.toml"] = aligned(distribution, version)
        wanted[distribution.folder / LICENCE] = licence
    return {
        path: text for path, text in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != text
    }


def main(arguments: list[str]) -> None:
    """Bring all in line with the version that is given, or with tocsin's."""
    if len(arguments) > 1:
        raise SystemExit("usage: python -m release.version [VERSION]")
    version = arguments[0] if arguments else distributions()[0].version
    _parsed(version)
    changed = stray(ROOT, version)
    for path, text in changed.items():
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(ROOT).as_posix())
    print(f"all distributions are {version}; {len(changed)} files changed")


if __name__ == "__main__":
    main(sys.argv[1:])
