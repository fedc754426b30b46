"""What the distribution of a plugin may not be called, because the plugin or its tools need what is called so.

``python -m tests.authoring.needed`` writes it into the template's hook, which can import nothing, and sees no
environment but that of cookiecutter.
"""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

from release.distributions import distributions
from tests.authoring.generated import TEMPLATE

__all__ = ["HOOK", "needed", "written"]

HOOK: Final = TEMPLATE / "hooks/pre_gen_project.py"
BESIDE: Final = ("build", "cookiecutter", "hatchling", "hypothesis", "pip", "setuptools", "twine", "uvloop", "wheel")
"""What the docs install beside a plugin, or builds it."""
NAMES: Final = ("conftest", "src", "test", "tests")
"""What Python finds in a plugin's folder."""

_LIST: Final = re.compile(r"(?<=\nNEEDED = \[\n).*?(?=\]\n)", re.DOTALL)
_NAME: Final = re.compile(r"[A-Za-z0-9][\w.-]*")
_FORMS: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def needed() -> list[str]:
    """Return the names of all distributions, and of all that they import, that any of the tools depends on: sorted.

    The tools are tocsin with its extras, what is in contrib/, what the template's pyproject.toml names, and BESIDE.
    """
    waiting = [*BESIDE, *(_name(line) for line in _required())]
    seen: set[str] = set()
    imported = {package.name.replace("_", "-") for one in distributions() for package in one.packages}
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        for found in importlib.metadata.distributions(name=name):
            waiting += [_name(line) for line in found.requires or () if "extra ==" not in line]
            imported |= set(_modules(found))
    ours = {one.name for one in distributions()[1:]}
    return sorted(name for name in {*seen, *imported, *NAMES} - ours if _FORMS.fullmatch(name))


def _required() -> Iterator[str]:
    (template,) = TEMPLATE.glob("*/pyproject.toml")
    yield from re.findall(r'"([a-z][\w.-]*(?:\[[\w.,-]+\])?>=[\d.]+[^"]*)"', template.read_text(encoding="utf-8"))
    for one in distributions():
        yield one.name
        yield from one.project["dependencies"]
    for name, extra in distributions()[0].project["optional-dependencies"].items():
        if name not in {"dev", "docs"}:
            yield from extra


def _name(requirement: str) -> str:
    found = _NAME.match(requirement)
    assert found, requirement
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def _modules(distribution: importlib.metadata.Distribution) -> Iterator[str]:
    for file in distribution.files or ():
        first = PurePosixPath(file).parts[0]
        if file.suffix == ".py" and not first.startswith((".", "__")):
            yield first.removesuffix(".py").replace("_", "-").lower()


def written(text: str) -> str:
    """Return the hook's *text* with the names that it has, and those that are needed."""
    names = {*re.findall(r'"([^"]+)"', _LIST.findall(text)[0]), *needed()}
    lines, line = [], ""
    for name in sorted(names):
        if len(line) + len(name) > 100:
            lines.append(line)
            line = ""
        line += f'{", " if line else ""}"{name}"'
    return _LIST.sub(lambda _: "".join(f"    *({one}),\n" for one in [*lines, line]), text)


if __name__ == "__main__":
    HOOK.write_text(written(HOOK.read_text(encoding="utf-8")), encoding="utf-8")
