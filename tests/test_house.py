"""The house rules that neither ruff, mypy nor import-linter can say; CONTRIBUTING.md has them in words."""

from __future__ import annotations

import ast
import re
import types
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

import tocsin
from tocsin import hookspecs

ROOT = Path(__file__).resolve().parents[1]
LONGEST_MODULE = 400
PUBLIC_API = {"tocsin", "tocsin.http", "tocsin.patterns", "tocsin.wording"}


@attrs.frozen
class Module:
    """One source file, read and parsed."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        """Where it stands in the repository."""
        return self.path.relative_to(ROOT).as_posix()


def _parse(path: Path) -> Module:
    text = path.read_text(encoding="utf-8")
    return Module(path, text, ast.parse(text, str(path)))


def _under(*folders: str) -> list[Module]:
    paths = (path for folder in folders for path in sorted(ROOT.glob(f"{folder}/**/*.py")))
    return [_parse(path) for path in paths]


CORE = _under("core/tocsin")
PLUGINS = _under("plugins/tocsin_plugins")
CONTRIB = _under("contrib/*/src")
TESTS = _under("tests", "contrib/*/tests")
EXAMPLES = _under("docs/examples")
RELEASE = _under("release")
SHIPPED = [*CORE, *PLUGINS, *CONTRIB]


def _imports(tree: ast.AST) -> Iterator[tuple[int, str, str]]:
    """Every import as (line, module, name); the name is empty for ``import module``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = "." * node.level + (node.module or "")
            yield from ((node.lineno, source, alias.name) for alias in node.names)


def _calls(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every call as (line, dotted name), as far as the callee is a plain dotted name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, (ast.Name, ast.Attribute)):
            yield node.lineno, ast.unparse(node.func)


def _public_names(tree: ast.Module) -> list[str] | None:
    """The value of ``__all__``, or None where there is none."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(ast.unparse(target) == "__all__" for target in node.targets):
            names: list[str] = ast.literal_eval(node.value)
            return names
    return None


def _rank(name: str) -> tuple[int, str]:
    """Constants first, then classes, then the rest: the order that ruff gives ``__all__``."""
    if name.isupper():
        return 0, name
    return (1, name) if name[0].isupper() else (2, name)


def test_there_is_something_to_check() -> None:
    assert len(CORE) > 20
    assert all((PLUGINS, CONTRIB, TESTS, EXAMPLES, RELEASE))


def test_every_module_has_a_docstring() -> None:
    everything = [*SHIPPED, *TESTS, *EXAMPLES, *RELEASE]
    assert [module.name for module in everything if not ast.get_docstring(module.tree)] == []


def test_no_module_holds_more_than_one_noun_can_fill() -> None:
    assert [module.name for module in [*SHIPPED, *RELEASE] if len(module.text.splitlines()) > LONGEST_MODULE] == []


def test_no_module_is_called_utils() -> None:
    vague = {"utils", "util", "helpers", "misc", "common"}
    assert [module.name for module in SHIPPED if module.path.stem in vague or module.path.parent.name in vague] == []


def test_public_names_are_sorted_and_unique() -> None:
    listed = {module.name: _public_names(module.tree) for module in [*SHIPPED, *RELEASE]}
    assert [name for name, names in listed.items() if names and names != sorted(set(names), key=_rank)] == []


def test_tocsin_lists_exactly_its_public_names() -> None:
    public = {
        name
        for name, value in vars(tocsin).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    }
    assert set(tocsin.__all__) == public


def test_only_the_clocks_sleep() -> None:
    sleepers = [
        f"{module.name}:{line}"
        for module in [*CORE, *PLUGINS]
        for line, callee in _calls(module.tree)
        if re.fullmatch(r"((anyio|asyncio|time|trio)\.)?sleep(_until|_forever)?", callee)
        and module.name not in {"core/tocsin/runtime/clocks.py", "core/tocsin/testing/clock.py"}
    ]
    assert sleepers == []


def test_in_the_model_only_templates_and_time_intervals_know_the_calendar() -> None:
    users = {
        module.name
        for module in CORE
        for _, source, _ in _imports(module.tree)
        if source.split(".")[0] in {"calendar", "datetime", "zoneinfo"}
        and module.name.startswith(("core/tocsin/model/", "core/tocsin/engine/"))
    }
    assert users <= {"core/tocsin/model/_calendar.py", "core/tocsin/model/template.py"}


def test_plugins_and_contrib_import_only_the_public_api() -> None:
    private = [
        f"{module.name}:{line} {source}.{name}"
        for module in [*PLUGINS, *CONTRIB]
        for line, source, name in _imports(module.tree)
        if source.split(".")[0] == "tocsin"
        and (source not in PUBLIC_API or (source == "tocsin" and name and name not in _offered()))
    ]
    assert private == []


def _offered() -> set[str]:
    return {*tocsin.__all__, "http", "patterns", "wording"}


def test_every_blind_except_says_why() -> None:
    """``except Exception`` and ``except BaseException`` need a reason on their own line."""
    bare = [
        f"{module.name}:{number}"
        for module in SHIPPED
        for number, line in enumerate(module.text.splitlines(), 1)
        if re.search(r"except\b.*\b(Base)?Exception\b.*:", line) and not re.search(r"#.*\w{3}", line)
    ]
    assert bare == []


HOOKS = sorted(name for name in vars(hookspecs) if name.startswith("tocsin_"))


def test_every_hook_is_public_there() -> None:
    assert [name for name in hookspecs.__all__ if name.startswith("tocsin_")] == HOOKS


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_has_a_heading_in_the_reference(hook: str) -> None:
    reference = (ROOT / "docs/reference/hooks.md").read_text(encoding="utf-8")
    assert re.findall(rf"^## `?{hook}`?$", reference, re.MULTILINE) != []


def test_the_reference_has_no_heading_for_a_hook_that_is_gone() -> None:
    reference = (ROOT / "docs/reference/hooks.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^## `?(tocsin_\w+)`?$", reference, re.MULTILINE)) == HOOKS


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_has_a_test_that_names_it(hook: str) -> None:
    here = Path(__file__).name
    assert [module.name for module in TESTS if hook in module.text and module.path.name != here] != []


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_documents_its_arguments_and_gives_an_example(hook: str) -> None:
    text = getattr(hookspecs, hook).__doc__
    assert ":param registrar:" in text
    assert "Example::" in text
