"""The settings of an exec channel: each mistake is one clear error, and no variable is repeated."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from programs import written

from tocsin import ConfigurationError, FederationAlertingService, NotificationChannel, load_configuration, load_registry
from tocsin_exec.settings import ExecConfig


@pytest.mark.parametrize(
    ("settings", "where", "problem"),
    [
        ({}, "command", "required"),
        ({"command": []}, "command", "a list: the program, then its arguments"),
        ({"command": "true | mail root"}, "command", "expected a list, not str"),
        ({"command": ["no-such-program-here"]}, "command[0]", "no folder of PATH"),
        ({"command": ["bin/page"]}, "command[0]", "an absolute path"),
        ({"command": ["/no/such/program"]}, "command[0]", "no such file"),
        ({"command": ["/"]}, "command[0]", "a folder"),
        ({"command": ["/etc/passwd"]}, "command[0]", "may not be executed"),
        ({"command": ["true", "a\x00b"]}, "command[1]", "no NUL"),
        ({"command": ["true", "\ud800"]}, "command[1]", "surrogate"),
        ({"command": ["true", 1]}, "command[1]", "a string"),
        ({"command": ["true"], "environment": {"A-B": "s3cret"}}, "environment.A-B", "letters, digits"),
        (
            {"command": ["true"], "environment": {"TOCSIN_KIND": "s3cret"}},
            "environment.TOCSIN_KIND",
            "by tocsin itself",
        ),
        ({"command": ["true"], "environment": {"A": "s3cret\x00"}}, "environment.A", "may be secret"),
        ({"command": ["true"], "environment": {"A": 1}}, "environment", "a string"),
        ({"command": ["true"], "working_directory": "/no/such"}, "working_directory", "a folder that there is"),
        ({"command": ["true"], "working_directory": "."}, "working_directory", "absolute"),
        ({"command": ["true"], "timeout_seconds": 61}, "timeout_seconds", "at most 60"),
        ({"command": ["true"], "retry_exit_codes": [0]}, "retry_exit_codes[0]", "1 to 255"),
        ({"command": ["true"], "other_exit_codes": "delivered"}, "other_exit_codes", "rejected"),
        ({"command": ["true"], "shell": True}, "shell", "unknown setting"),
    ],
)
def test_each_mistake_is_one_clear_error_in_its_place(settings: dict[str, Any], where: str, problem: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(problem)) as caught:
        FederationAlertingService().add_channel(NotificationChannel("page", "exec", config=settings))
    assert caught.value.where.startswith(f"channels.page.config.{where}".removesuffix(".A") if where else "")
    assert "s3cret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_with_a_program_that_is_not_there_is_refused_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "tocsin.json"
    file.write_text('{"channels": {"page": {"backend": "exec",\n "config": {"command": ["/no/such/program"]}}}}')
    with pytest.raises(
        ConfigurationError, match=r"tocsin\.json:2:\d+: .*command\[0\]: '/no/such/program' is no program"
    ):
        load_configuration(file, load_registry())


def test_a_text_without_an_interpreter_is_no_program(tmp_path: Path) -> None:
    program = tmp_path / "page"
    program.write_text("echo hello\n")
    program.chmod(0o700)
    with pytest.raises(ConfigurationError, match="begins with no line such as #!/bin/sh"):
        ExecConfig(command=(str(program),))


def test_arguments_and_variables_are_not_shown(tmp_path: Path) -> None:
    program = written(tmp_path, "")
    shown = repr(ExecConfig(command=(program, "--token=s3cret"), environment={"TOKEN": "s3cret"}))
    assert "s3cret" not in shown
    assert program in shown
