"""The command ``tocsin``: its own commands, those of plugins, and what happens to plugins that are broken."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import importlib_metadata
import pytest

from tocsin import cli

Install = Callable[..., None]
Run = Callable[..., tuple[int, str, str]]

GOOD = """
import click, tocsin

def make_greet():
    @click.command()
    def greet():
        "Say hello."
        click.echo("hello")
    return greet

@tocsin.hookimpl
def tocsin_register_commands(registrar):
    registrar.register("greet", make_greet)
"""

BAD_COMMANDS = """
import click, tocsin

def explode():
    raise RuntimeError("no such thing as a free lunch")

@click.command()
def fail():
    raise tocsin.StoreError("the disk is full")

@click.command()
def interrupted():
    raise KeyboardInterrupt

@click.command()
def seven():
    return 7

@tocsin.hookimpl
def tocsin_register_commands(registrar):
    registrar.register("explode", explode)
    registrar.register("fail", lambda: fail)
    registrar.register("interrupted", lambda: interrupted)
    registrar.register("nonsense", lambda: 42)
    registrar.register("plugins", explode)
    registrar.register("seven", lambda: seven)
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Install a distribution of one plugin module, as pip would have left it."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def put(name: str, source: str, requirement: str = "tocsin[hooks-1.0]>=0.1") -> None:
        module = name.replace("-", "_")
        tmp_path.joinpath(f"{module}.py").write_text(source)
        metadata = tmp_path / f"{module}-1.2.dist-info"
        metadata.mkdir()
        metadata.joinpath("METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\nRequires-Dist: {requirement}\n"
        )
        metadata.joinpath("entry_points.txt").write_text(f"[tocsin]\n{name} = {module}\n")
        importlib.invalidate_caches()
        monkeypatch.delitem(sys.modules, module, raising=False)

    return put


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run ``tocsin`` with the given arguments; give exit code, standard output and standard error."""

    def call(*arguments: str) -> tuple[int, str, str]:
        code = cli.main(arguments)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def _rows(text: str) -> dict[tuple[str, str], dict[str, str | None]]:
    return {(row["kind"], row["name"]): row for row in json.loads(text)}


def test_plugins_json_is_an_array_of_kind_name_distribution_version_hook_api_state(run: Run, install: Install) -> None:
    install("acme-greet", GOOD)
    code, out, err = run("plugins", "--json")
    assert code == 0
    assert err == ""
    assert _rows(out)["command", "greet"] == {
        "kind": "command",
        "name": "greet",
        "distribution": "acme-greet",
        "version": "1.2",
        "hook_api": "1.0",
        "state": "loaded",
    }


def test_every_bundled_plugin_is_listed_as_loaded(run: Run) -> None:
    _, out, _ = run("plugins", "--json")
    found = {key for key, row in _rows(out).items() if row["distribution"] == "tocsin" and row["state"] == "loaded"}
    assert found >= {
        *(("backend", name) for name in ("console", "slack", "webhook")),
        *(
            ("matcher", name)
            for name in ("severity", "cluster_pattern", "metric_name", "node_id", "labels", "matchers")
        ),
        *(("aggregator", name) for name in ("window", "grouping", "none")),
        ("escalation_scheduler", "levels"),
        *(("renderer", name) for name in ("text", "json")),
    }


def test_a_broken_plugin_shows_with_its_error_and_takes_no_other_down(run: Run, install: Install) -> None:
    install("acme-broken", "raise ImportError('needs libfrobnicate')")
    install("acme-greet", GOOD)
    code, out, _ = run("plugins", "--json")
    assert code == 0
    rows = _rows(out)
    assert rows["plugin", "acme-broken"]["state"] == "failed"
    assert rows["plugin", "acme-broken"]["distribution"] == "acme-broken"
    assert "needs libfrobnicate" in str(rows["plugin", "acme-broken"]["error"])
    assert rows["command", "greet"]["state"] == "loaded"


def test_the_plain_table_has_a_header_a_line_per_row_and_the_errors(run: Run, install: Install) -> None:
    install("acme-broken", "raise ImportError('needs libfrobnicate')")
    install("acme-greet", GOOD)
    code, out, _ = run("plugins")
    lines = out.splitlines()
    assert code == 0
    assert lines[0].split() == ["kind", "name", "plugin", "distribution", "version", "hook_api", "state"]
    assert ["command", "greet", "acme-greet", "acme-greet", "1.2", "1.0", "loaded"] in [line.split() for line in lines]
    assert "acme-broken (acme-broken): ImportError: needs libfrobnicate" in lines
    assert "\x1b" not in out


def test_a_plugin_for_a_newer_hook_api_is_refused_and_says_what_to_upgrade(run: Run, install: Install) -> None:
    install("acme-next", "from tocsin import what_comes_next", "tocsin[cli,hooks-1.7]>=0.9")
    _, out, _ = run("plugins", "--json")
    row = _rows(out)["plugin", "acme-next"]
    assert (row["state"], row["hook_api"]) == ("failed", "1.7")
    _, out, _ = run("plugins")
    assert out.splitlines()[-1] == (
        "acme-next (acme-next): was built for hook API 1.7, and this tocsin has hook API 1.0: "
        "upgrade tocsin, or install an older acme-next"
    )


def test_a_plugin_that_does_not_say_for_which_hook_api_it_was_built_is_loaded(run: Run, install: Install) -> None:
    install("acme-greet", GOOD, "tocsin>=0.1")
    _, out, _ = run("plugins", "--json")
    row = _rows(out)["command", "greet"]
    assert (row["state"], row["hook_api"]) == ("loaded", None)
    _, out, _ = run("plugins")
    assert ["command", "greet", "acme-greet", "acme-greet", "1.2", "-", "loaded"] in map(str.split, out.splitlines())


def test_the_plain_table_of_working_plugins_ends_with_its_last_row(run: Run, install: Install) -> None:
    install("acme-greet", GOOD)
    disabled = [argument for name in _failing(run) for argument in ("--disable", name)]
    _, out, _ = run("plugins", *disabled)
    assert "" not in out.splitlines()


def _failing(run: Run) -> list[str]:
    _, out, _ = run("plugins", "--json")
    return [row["name"] for row in json.loads(out) if row["state"] == "failed"]


def test_disabling_one_by_name_leaves_it_out_and_says_so(run: Run, install: Install) -> None:
    install("acme-greet", GOOD)
    code, out, _ = run("plugins", "--json", "--disable", "acme-greet")
    rows = _rows(out)
    assert code == 0
    assert rows["plugin", "acme-greet"]["state"] == "disabled"
    assert ("command", "greet") not in rows


def test_a_disabled_plugin_is_not_imported(run: Run, install: Install) -> None:
    install("acme-broken", "raise ImportError('needs libfrobnicate')")
    _, out, _ = run("plugins", "--json", "--disable", "acme-broken")
    assert "error" not in _rows(out)["plugin", "acme-broken"]


def test_disabling_what_does_not_exist_is_refused_and_names_the_nearest(run: Run, install: Install) -> None:
    install("acme-greet", GOOD)
    code, _, err = run("plugins", "--disable", "acme-great")
    assert code == 2
    assert "no plugin is called 'acme-great'; did you mean 'acme-greet'?" in err


def test_a_command_of_a_plugin_runs_and_is_listed_in_the_help(run: Run, install: Install) -> None:
    install("acme-greet", GOOD)
    assert run("greet") == (0, "hello\n", "")
    code, out, _ = run("--help")
    assert code == 0
    assert "Say hello." in out


def test_a_command_whose_factory_raises_is_reported_and_the_others_work(run: Run, install: Install) -> None:
    install("acme-greet", GOOD)
    install("acme-bad", BAD_COMMANDS)
    code, out, err = run("--help")
    assert code == 0
    assert "greet" in out
    assert "explode" not in out
    assert "command 'explode' of acme-bad (acme-bad 1.2) failed: RuntimeError: no such thing as a free lunch" in err
    assert "command 'nonsense' of acme-bad (acme-bad 1.2) is int, not a click.Command" in err
    code, _, err = run("explode")
    assert code == 2
    assert "the command 'explode' could not be loaded" in err
    assert err.count("RuntimeError") == 1


def test_a_plugin_cannot_replace_a_command_of_tocsin(run: Run, install: Install) -> None:
    install("acme-bad", BAD_COMMANDS)
    code, out, _ = run("plugins", "--json")
    assert code == 0
    assert ("command", "plugins") in _rows(out)


def test_an_unknown_command_is_refused_and_names_the_nearest(run: Run, install: Install) -> None:
    install("acme-broken", "raise ImportError('needs libfrobnicate')")
    code, _, err = run("plugin")
    assert code == 2
    assert (
        "no such command 'plugin'; did you mean 'plugins'? (some plugins failed to load: see 'tocsin plugins')" in err
    )


def test_a_shell_that_completes_an_unknown_command_hears_of_no_error(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_TOCSIN_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "tocsin nonsense plug")
    monkeypatch.setenv("COMP_CWORD", "2")
    with pytest.raises(SystemExit) as ended:
        run()
    assert ended.value.code == 0


def test_an_error_of_tocsin_is_one_line_and_exit_code_1(run: Run, install: Install) -> None:
    install("acme-bad", BAD_COMMANDS)
    assert run("fail") == (1, "", "tocsin: the disk is full\n")


def test_a_command_chooses_its_exit_code_by_returning_it(run: Run, install: Install) -> None:
    install("acme-bad", BAD_COMMANDS)
    assert run("seven")[0] == 7


def test_an_interrupted_command_says_so_and_exits_with_130(run: Run, install: Install) -> None:
    install("acme-bad", BAD_COMMANDS)
    code, _, err = run("interrupted")
    assert code == 130
    assert "tocsin: stopped" in err


def test_the_version_is_that_of_the_distribution_and_loads_no_plugin(run: Run, install: Install) -> None:
    install("acme-loud", "raise SystemExit('loaded')")
    code, out, err = run("--version")
    assert code == 0
    assert out == f"tocsin {importlib_metadata.version('tocsin')}, hook API 1.0\n"
    assert err == ""


def test_without_click_one_message_says_what_to_install(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    code, out, err = run("plugins")
    assert (code, out) == (2, "")
    assert err == "tocsin: the command line needs click and rich: pip install 'tocsin[cli]'\n"


def test_python_m_tocsin_is_the_same_command(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["tocsin", "--version"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(Path(cli.__file__).parents[1] / "__main__.py"), run_name="__main__")
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("tocsin ")


class _Terminal(io.StringIO):
    """What a program takes for a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Run ``tocsin`` on a terminal with colours, 200 columns wide; give what it shows there."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("NO_COLOR", raising=False)

    def call(*arguments: str) -> str:
        with contextlib.redirect_stdout(_Terminal()) as shown:
            assert cli.main(arguments) == 0
        return shown.getvalue()

    return call


def test_on_a_terminal_the_table_has_colours(install: Install, on_a_terminal: Callable[..., str]) -> None:
    install("acme-greet", GOOD)
    install("acme-broken", "raise ImportError('needs [red]libfrobnicate')")
    shown = on_a_terminal("plugins")
    assert "\x1b[32mloaded" in shown
    assert "acme-broken (acme-broken): ImportError: needs [red]libfrobnicate" in shown


def test_without_rich_a_terminal_gets_the_plain_table(
    install: Install, on_a_terminal: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    install("acme-greet", GOOD)
    monkeypatch.setitem(sys.modules, "rich.console", None)
    shown = on_a_terminal("plugins")
    assert "acme-greet" in shown
    assert "\x1b" not in shown


def test_the_module_of_the_console_script_needs_no_click() -> None:
    program = "import sys, tocsin.cli; print(sorted({'click', 'rich'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
