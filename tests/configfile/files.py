"""Writes files into a folder, and reads them as configurations."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path

import attrs
import pytest

from tocsin import ConfigurationFileError, LoadedConfiguration, Problem, Registry, load_configuration


@attrs.frozen
class Files:
    """A folder; the file that is read is called ``tocsin`` and an ending, ``.yaml`` unless said otherwise."""

    folder: Path
    registry: Registry

    def write(self, text: str, name: str = "tocsin.yaml") -> Path:
        """Write *text*, without its indentation, and return where."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    def load(
        self, text: str, name: str = "tocsin.yaml", environ: Mapping[str, str] | None = None
    ) -> LoadedConfiguration:
        """Write the file and read it."""
        return load_configuration(self.write(text, name), self.registry, environ=environ or {})

    def problems(
        self, text: str, name: str = "tocsin.yaml", environ: Mapping[str, str] | None = None
    ) -> tuple[Problem, ...]:
        """Write the file and return what is wrong with it: something is, in the folder's own files."""
        with pytest.raises(ConfigurationFileError) as caught:
            self.load(text, name, environ)
        found = caught.value.problems
        assert found
        assert [one for one in found if not Path(one.file).is_relative_to(self.folder)] == []
        assert [one for one in found if one.line < 1 or one.column < 1] == []
        assert str(caught.value).splitlines() == [str(problem) for problem in found]
        return found

    def told(
        self, text: str, name: str = "tocsin.yaml", environ: Mapping[str, str] | None = None
    ) -> list[tuple[int, int, str]]:
        """Return line, column and path of everything that is wrong."""
        return [(one.line, one.column, one.path) for one in self.problems(text, name, environ)]

    def warned(self, text: str, environ: Mapping[str, str] | None = None) -> list[tuple[int, str, str]]:
        """Return line, path and text of every warning."""
        return [(one.line, one.path, one.problem) for one in self.load(text, environ=environ).warnings]
