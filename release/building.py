"""Builds every distribution, and shows that another build, elsewhere or from an sdist, gives the same bytes.

The time in the archives is that of the last commit (``SOURCE_DATE_EPOCH``), as https://reproducible-builds.org has it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import attrs
from hatchling.build import build_sdist, build_wheel

from release.distributions import Distribution, distributions

__all__ = ["BuildError", "Built", "build_all", "clean_copy", "members", "same_again"]

_EPOCH: Final = "SOURCE_DATE_EPOCH"


class BuildError(Exception):
    """What was built is not what it has to be; each line of it is one problem."""


@attrs.frozen(slots=True)
class Built:
    """A distribution, and the two files that were built of it."""

    distribution: Distribution
    sdist: Path
    wheel: Path


def build_all(root: Path, out: Path) -> list[Built]:
    """Build all distributions below *root* into *out*, tocsin first."""
    out.mkdir(parents=True, exist_ok=True)
    with _time_of_the_last_commit(root):
        return [_build(distribution, out) for distribution in distributions(root)]


def same_again(root: Path, built: list[Built], scratch: Path) -> None:
    """Build from a clean copy of what is under version control, and each wheel from its source distribution.

    :raises BuildError: names each file that is another then, and what in it differs.
    """
    copy = clean_copy(root, scratch / "copy")
    with _time_of_the_last_commit(root):
        again = [_build(distribution, scratch / "again") for distribution in distributions(copy)]
        unpacked = [_wheel_of(one.sdist, scratch / "unpacked") for one in built]
    problems = []
    for one, other, wheel in zip(built, again, unpacked, strict=True):
        problems += _differences("built from a clean copy", one.sdist, other.sdist)
        problems += _differences("built from a clean copy", one.wheel, other.wheel)
        problems += _differences("built from its source distribution", one.wheel, wheel)
    if problems:
        raise BuildError("\n".join(problems))


def clean_copy(root: Path, copy: Path) -> Path:
    """Copy the files below *root* that are under version control, as they are now, with other modes and times."""
    for name in _git(root, "ls-files", "-z").split("\0"):
        if name and (root / name).is_file():
            target = copy / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / name, target)
            target.chmod(0o700 if os.access(root / name, os.X_OK) else 0o600)
            os.utime(target, (1, 1))
    return copy


def members(archive: Path) -> dict[str, bytes]:
    """Return what is in a wheel or a source distribution, by name; of the latter without its topmost folder."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return {name: wheel.read(name) for name in wheel.namelist()}
    with tarfile.open(archive) as sdist:
        files = [(member.name.split("/", 1)[1], sdist.extractfile(member)) for member in sdist.getmembers()]
        return {name: file.read() for name, file in files if file is not None}


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", root, *arguments], check=False, capture_output=True, text=True)
    if done.returncode:
        raise BuildError(f"what is built, and of which time, is asked of git, which says: {done.stderr.strip()}")
    return done.stdout


@contextlib.contextmanager
def _time_of_the_last_commit(root: Path) -> Iterator[None]:
    before = os.environ.get(_EPOCH)
    os.environ[_EPOCH] = before or _git(root, "log", "-1", "--format=%ct").strip()
    try:
        yield
    finally:
        if before is None:
            del os.environ[_EPOCH]


def _build(distribution: Distribution, out: Path) -> Built:
    out.mkdir(parents=True, exist_ok=True)
    with contextlib.chdir(distribution.folder):
        return Built(distribution, out / build_sdist(str(out)), out / build_wheel(str(out)))


def _wheel_of(sdist: Path, folder: Path) -> Path:
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    with contextlib.chdir(folder / sdist.name.removesuffix(".tar.gz")):
        return folder / build_wheel(str(folder))


def _differences(how: str, one: Path, other: Path) -> list[str]:
    if one.name != other.name:
        return [f"{one.name}: {how} it is {other.name}"]
    if one.read_bytes() == other.read_bytes():
        return []
    first, second = members(one), members(other)
    if names := sorted(name for name in first.keys() | second.keys() if first.get(name) != second.get(name)):
        shown = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
        return [f"{one.name}: {how} it differs in {shown} (is that file under version control?)"]
    return [f"{one.name}: {how} it has the same contents in other bytes: times, modes or order"]
