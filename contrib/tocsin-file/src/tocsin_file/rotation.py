"""Rotation: the file makes room for a new one, and older ones move on by one number."""

from __future__ import annotations

from pathlib import Path

__all__ = ["rotate"]


def rotate(path: Path, keep: int) -> None:
    """Make *path* its own first older file; of older ones, *keep* stay.

    Each step is one rename, from the highest number down, so that a crash in between loses nothing: it leaves a number
    free, up to which alone the next rotation moves. Nobody else may rotate meanwhile.

    :raises OSError: when a file cannot be renamed; what is renamed already stays so.
    """
    free = next((number for number in range(1, keep) if not _older(path, number).exists()), keep)
    for number in range(free, 1, -1):
        _older(path, number - 1).replace(_older(path, number))
    path.replace(_older(path, 1))


def _older(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}")
