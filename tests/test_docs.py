"""The code in README and docs runs, its links lead somewhere, and the example does what it says."""

from __future__ import annotations

import ast
import functools
import gc
import inspect
import re
import subprocess
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import attrs
import pytest

import tocsin
from tocsin import discovery, hookspecs, registry
from tocsin.registry import KINDS

ROOT = Path(__file__).resolve().parents[1]
FENCE = re.compile(r"^(?P<above>[^\n]*)\n(?:```|~~~)python[^\n]*\n(?P<code>.*?)^(?:```|~~~)$", re.DOTALL | re.MULTILINE)
NOT_RUN = re.compile(r"<!-- not run: \S.*-->")
EXCERPT = re.compile(r"<!-- excerpt of: \S+ -->")
"""What tests/test_docs_blocks.py compares with the file that it is from, and other tests run there."""
EXAMPLE = ROOT / "docs/examples/watch_this_machine.py"

Backend = tuple[str, dict[str, Any]]


@attrs.frozen
class Document:
    """One Markdown file."""

    path: Path
    text: str

    def blocks(self) -> Iterator[types.CodeType]:
        """Yield the file's Python blocks that are not marked; a traceback shows the file's own line."""
        for found in FENCE.finditer(self.text):
            if NOT_RUN.search(found["above"]) or EXCERPT.search(found["above"]):
                continue
            padding = "\n" * self.text.count("\n", 0, found.start("code"))
            flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
            yield compile(padding + found["code"], str(self.path), "exec", flags=flags, dont_inherit=True)


def _documents() -> list[Document]:
    paths = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("contrib/*/README.md")]
    return [Document(path, path.read_text(encoding="utf-8")) for path in sorted(paths)]


DOCUMENTS = _documents()
WITH_CODE = [document for document in DOCUMENTS if FENCE.search(document.text)]


def _id(document: Document) -> str:
    return document.path.relative_to(ROOT).as_posix()


def _awaits(block: types.CodeType) -> bool:
    return bool(block.co_flags & inspect.CO_COROUTINE)


async def _run_inside(blocks: list[types.CodeType], namespace: dict[str, Any]) -> None:
    for block in blocks:
        result = eval(block, namespace)
        if inspect.iscoroutine(result):
            await result


def _run(document: Document, backend: Backend, monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """Run the document's blocks in order, in one namespace, and return that as a module.

    Blocks that await run inside an event loop, as in a notebook; otherwise they start their own with ``anyio.run``.
    """
    module = types.ModuleType(f"document_{document.path.stem}")
    monkeypatch.setitem(sys.modules, module.__name__, module)  # attrs and pluggy look up where a class was defined
    blocks = list(document.blocks())
    name, options = backend
    in_loop = functools.partial(anyio.run, backend=name, backend_options=options)
    if any(_awaits(block) for block in blocks):
        in_loop(_run_inside, blocks, vars(module))
    else:
        monkeypatch.setattr(anyio, "run", in_loop)
        for block in blocks:
            eval(block, vars(module))
    return module


def _readme() -> Document:
    (readme,) = (document for document in DOCUMENTS if _id(document) == "README.md")
    return readme


@pytest.fixture
def collector() -> Iterator[None]:
    """The collector of garbage has its own settings again afterwards."""
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


@pytest.mark.parametrize("document", WITH_CODE, ids=_id)
def test_the_code_runs(
    document: Document, anyio_backend: Backend, monkeypatch: pytest.MonkeyPatch, collector: None
) -> None:
    _run(document, anyio_backend, monkeypatch)


def test_readme_and_hooks_have_code() -> None:
    assert {"README.md", "docs/reference/hooks.md"} <= {_id(document) for document in WITH_CODE}


def test_a_block_that_is_not_run_says_why() -> None:
    marks = [mark for document in DOCUMENTS for mark in re.findall(r"<!-- *not run.*", document.text)]
    assert [mark for mark in marks if not NOT_RUN.match(mark)] == []


def test_the_readme_example_tells_the_team_and_then_that_it_is_over(
    anyio_backend: Backend, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _run(_readme(), anyio_backend, monkeypatch)
    shown = capsys.readouterr().out
    assert "/var is almost full" in shown
    assert "resolved" in shown.lower()


def test_the_readme_plugin_is_a_plugin(anyio_backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    found = _load(_run(_readme(), anyio_backend, monkeypatch))
    assert list(found.registry.backends) == ["pager"]


def test_the_hooks_of_the_reference_register_something_of_each_kind(
    anyio_backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    (reference,) = (document for document in DOCUMENTS if _id(document) == "docs/reference/hooks.md")
    found = _load(_run(reference, anyio_backend, monkeypatch))
    assert [registration.kind for registration in found.registry] == list(KINDS)


def test_each_hooks_section_of_the_reference_has_the_example_of_that_hook() -> None:
    (reference,) = (document for document in DOCUMENTS if _id(document) == "docs/reference/hooks.md")
    sections = re.split(r"^## (tocsin_\w+)$", reference.text, flags=re.MULTILINE)[1:]
    examples = {
        hook: re.findall(r"@tocsin\.hookimpl\ndef (\w+)\(", "".join(found["code"] for found in FENCE.finditer(text)))
        for hook, text in zip(sections[::2], sections[1::2], strict=True)
    }
    assert examples == {f"tocsin_register_{kind}s": [f"tocsin_register_{kind}s"] for kind in KINDS}


def test_each_hooks_section_of_the_reference_has_every_setting_of_its_registrar() -> None:
    (reference,) = (document for document in DOCUMENTS if _id(document) == "docs/reference/hooks.md")
    sections = re.split(r"^## (tocsin_\w+)$", reference.text, flags=re.MULTILINE)[1:]
    of_hook = dict(zip(sections[::2], sections[1::2], strict=True))
    missing = [
        f"{hook}: {name}"
        for hook, section in of_hook.items()
        for name, parameter in inspect.signature(_registrar(hook).register).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY and f"`{name}`" not in section
    ]
    assert missing == []


def _registrar(hook: str) -> Any:
    name = inspect.get_annotations(getattr(hookspecs, hook))["registrar"]
    return getattr(registry, name)


def test_the_readme_names_every_distribution() -> None:
    names = [path.parent.name for path in ROOT.glob("contrib/*/pyproject.toml")]
    assert [name for name in sorted(names) if f"](contrib/{name}/README.md)" not in _readme().text] == []


def _load(plugin: types.ModuleType) -> discovery.Discovery:
    found = discovery.load(extra=[plugin], entry_points=[])
    assert found.failures == ()
    return found


@pytest.mark.parametrize("document", DOCUMENTS, ids=_id)
def test_relative_links_lead_somewhere(document: Document) -> None:
    targets = re.findall(r"\]\((?!\w+:)([^)#\s]+)", document.text)
    assert [target for target in targets if not (document.path.parent / target).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=_id)
def test_links_to_headings_lead_somewhere(document: Document) -> None:
    for target, heading in re.findall(r"\]\((?!\w+:)([^)#\s]*)#([^)\s]+)\)", document.text):
        text = (document.path.parent / target).read_text(encoding="utf-8") if target else document.text
        assert heading in {_slug(line) for line in re.findall(r"^#+ (.*)$", text, re.MULTILINE)}, target


def _slug(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-")


def test_every_decision_is_in_the_list() -> None:
    folder = ROOT / "docs/adr"
    listed = re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", (folder / "README.md").read_text(encoding="utf-8"))
    assert listed == sorted(path.name for path in folder.glob("[0-9]*.md"))


def _meanings(source: str) -> dict[str, list[tuple[str, str]]]:
    """Return name and docstring of each member of the enumerations in a module's text."""
    found: dict[str, list[tuple[str, str]]] = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef):
            pairs = zip(node.body, node.body[1:], strict=False)
            found[node.name] = [
                (str(ast.literal_eval(one.value)), " ".join(str(ast.literal_eval(other.value)).split()))
                for one, other in pairs
                if isinstance(one, ast.Assign) and isinstance(other, ast.Expr)
            ]
    return found


def test_every_reason_stands_in_the_reference_in_the_codes_own_words() -> None:
    code = _meanings((ROOT / "core/tocsin/model/reason.py").read_text(encoding="utf-8"))
    page = (ROOT / "docs/reference/reasons.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)` \| (.+) \|$", page, re.MULTILINE) == [row for rows in code.values() for row in rows]
    assert {name: len(rows) for name, rows in code.items()} == {
        "Action": len(tocsin.Action),
        "Reason": len(tocsin.Reason),
        "GapKind": len(tocsin.GapKind),
    }


def _watch(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", EXAMPLE, *arguments], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_the_example_says_what_it_does_and_ends_by_itself() -> None:
    shown = _watch("--seconds", "0")
    assert "tocsin watches this machine" in shown
    assert "Try next:" in shown
    assert shown.splitlines()[-1].startswith("Stopped. Messages sent:")


def test_the_examples_drill_is_told_on_the_screen() -> None:
    assert "This is a drill" in _watch("--seconds", "0", "--drill")


def test_the_example_runs_with_what_make_run_installs() -> None:
    """It may import tocsin, its extras cli and host, anyio and the standard library: nothing else is there."""
    tree = ast.parse(EXAMPLE.read_text(encoding="utf-8"))
    sources = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    sources |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert {source for source in sources if source.split(".")[0] not in sys.stdlib_module_names} == {"anyio", "tocsin"}
