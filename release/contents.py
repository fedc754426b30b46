"""What has to be in a built distribution, and what must not be. Problems are returned as lines, each with its file."""

from __future__ import annotations

import email.parser
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from release.building import Built, members
from release.distributions import Distribution
from release.version import LICENCE, requirement
from tocsin import HOOK_API

__all__ = ["problems"]

_STRAY: Final = re.compile(
    r"(^|/)(tests?|__pycache__|\.venv[^/]*|\.git|\.hypothesis|\.[a-z]+_cache|[^/]*\.egg-info)/|\.py[co]$|(^|/)conftest\.py$"
)
_CACHES: Final = re.compile(r"(^|/)(__pycache__|\.venv[^/]*|\.hypothesis|\.[a-z]+_cache)/|\.py[co]$")


def problems(built: list[Built]) -> list[str]:
    """Return all that is wrong with what was built, tocsin first."""
    licence = (built[0].distribution.folder / LICENCE).read_bytes()
    version = built[0].distribution.version
    found = [
        f"{path.name}: {problem}"
        for one in built
        for path, lines in (
            (one.wheel, _wheel(one.distribution, members(one.wheel), licence, version)),
            (one.sdist, _sdist(one.distribution, members(one.sdist), licence)),
        )
        for problem in lines
    ]
    return [*found, *_overlaps(built)]


def _wheel(distribution: Distribution, files: dict[str, bytes], licence: bytes, version: str) -> Iterator[str]:
    info = f"{distribution.name.replace('-', '_')}-{distribution.version}.dist-info"
    if files.get(f"{info}/licenses/{LICENCE}") != licence:
        yield f"has no licence, or another one than tocsin: make version puts {LICENCE} beside its pyproject.toml"
    for package in distribution.packages:
        if not any(name.startswith(f"{package.name}/") and name.endswith("/py.typed") for name in files):
            yield f"has no py.typed in {package.name}/, so that its types are not seen"
    yield from (f"holds {name}, which nobody needs who installs it" for name in sorted(files) if _STRAY.search(name))
    inside, source = {name for name in files if name.endswith(".py")}, _modules(distribution)
    yield from (f"lacks {name}" for name in sorted(source - inside))
    yield from (f"holds {name}, which is not in the source" for name in sorted(inside - source))
    yield from _metadata(distribution, files.get(f"{info}/METADATA", b"").decode(), version)


def _modules(distribution: Distribution) -> set[str]:
    return {
        path.relative_to(package.parent).as_posix()
        for package in distribution.packages
        for path in package.rglob("*.py")
    }


def _metadata(distribution: Distribution, text: str, version: str) -> Iterator[str]:
    metadata = email.parser.Parser().parsestr(text)
    if metadata["Version"] != version:
        yield f"has version {metadata['Version']}, and tocsin {version}: make version brings them in line"
    if not metadata["License-Expression"] or not metadata["Requires-Python"] or not metadata["Summary"]:
        yield "says too little of itself: license, requires-python and description belong into its pyproject.toml"
    if not str(metadata.get_payload()).strip():
        yield "has no description: readme belongs into its pyproject.toml"
    required = [line.split(";")[0].strip() for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line]
    of_tocsin = [line for line in required if re.match(r"tocsin\s*[\[<>=~!;]|tocsin$", line)]
    if distribution.name == "tocsin":
        return
    wanted = requirement(version, set())
    if [_bounds(line) for line in of_tocsin] != [_bounds(wanted)]:
        yield f"requires {' and '.join(of_tocsin) or 'no tocsin'}, not {wanted}: make version writes it"
    hooks = f"hooks-{HOOK_API[0]}-{HOOK_API[1]}"
    if distribution.plugins and not any(hooks in line for line in of_tocsin):
        yield f"has plugins, and does not say for which hook API it was built: make version adds {hooks}"


def _bounds(line: str) -> set[str]:
    return set(re.sub(r"^tocsin(\[[^\]]*\])?", "", line).replace(" ", "").split(","))


def _sdist(distribution: Distribution, files: dict[str, bytes], licence: bytes) -> Iterator[str]:
    yield from (f"lacks {name}" for name in ("PKG-INFO", "README.md", "pyproject.toml") if name not in files)
    if files.get(LICENCE) != licence:
        yield f"has no licence, or another one than tocsin: make version puts {LICENCE} beside its pyproject.toml"
    yield from (f"holds {name}, a cache" for name in sorted(files) if _CACHES.search(name))
    if distribution.name != "tocsin":
        tests = {path.relative_to(distribution.folder).as_posix() for path in distribution.folder.glob("tests/**/*.py")}
        yield from (f"lacks {name}, so that nobody can test it alone" for name in sorted(tests - files.keys()))


def _overlaps(built: list[Built]) -> Iterator[str]:
    owner: dict[str, Path] = {}
    for one in built:
        for name in sorted(members(one.wheel)):
            if name in owner:
                yield f"{one.wheel.name}: holds {name}, as {owner[name].name} does: installed together, one is lost"
            owner[name] = one.wheel
