"""Rotation: the file makes room for a new one, and older ones move on by one number."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

from tocsin_file.settings import MOST_KEPT

__all__ = ["rotate"]


def rotate(path: Path, keep: int) -> None:
    """Make *path* its own first older file; of older ones, *keep* stay, also where more were kept before.

    Each step is one rename, from the highest number down, so that a crash in between loses nothing: it leaves a number
    free, up to which alone the next rotation moves. Nobody else may rotate meanwhile.

    :raises OSError: when a file cannot be renamed; what is renamed already stays so.
    """
    free = next((number for number in range(1, keep) if not _older(path, number).exists()), keep)
    for number in range(free, 1, -1):
        _older(path, number - 1).replace(_older(path, number))
    path.replace(_older(path, 1))
    _drop(path, keep)


def _drop(path: Path, keep: int) -> None:
    """Remove older files beyond *keep*; what cannot be removed stays, and keeps no rotation back.

    A number that rotation never gives, such as a date, is somebody else's.
    """
    numbered = re.compile(rf"{re.escape(path.name)}\.([1-9][0-9]{{0,3}})")
    with contextlib.suppress(OSError):
        found = [numbered.fullmatch(other.name) for other in path.parent.iterdir()]
        for number in sorted(int(one[1]) for one in found if one):
            if keep < number <= MOST_KEPT:
                with contextlib.suppress(OSError):
                    _older(path, number).unlink()


def _older(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}")
