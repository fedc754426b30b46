"""What a channel of the backend ``exec`` can be told, and what of it cannot work."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

import attrs

from tocsin import ConfigurationError
from tocsin.http import attempt_timeout, hide

__all__ = ["OURS", "RETRY_EXIT_CODES", "ExecConfig", "found"]

OURS: Final = "TOCSIN_"
"""How the names of variables begin that tocsin sets itself."""

RETRY_EXIT_CODES: Final = (69, 71, 74, 75, 126, 127)
"""What a later attempt may mend. EX_UNAVAILABLE, EX_OSERR, EX_IOERR and EX_TEMPFAIL:
https://man.freebsd.org/cgi/man.cgi?query=sysexits. A command that may not be executed, or is not there, as a shell and
``env`` say: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_08_02."""

_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}")
_LONGEST: Final = 32_768
"""Bytes in an argument or a variable; no system takes less: execve(2)."""

_MOST: Final = 256


def found(name: str, environment: Mapping[str, str]) -> str | None:
    """Return the path of the program *name*, or None: an absolute one as it is, a bare one looked for along PATH."""
    path = environment.get("PATH", os.environ.get("PATH", os.defpath))
    return shutil.which(name, path=path)


def _problem(name: str, environment: Mapping[str, str]) -> str:
    if "/" in name and not name.startswith("/"):
        return "is an absolute path, such as /usr/local/bin/page, or a bare name that is looked for along PATH"
    path = found(name, environment)
    if path is not None:
        return "is a text that begins with no line such as #!/bin/sh" if _is_bare_text(path) else ""
    if not name.startswith("/"):
        return "is a program's name that is on no folder of PATH; write its absolute path"
    try:
        if Path(name).is_dir():
            return "is a folder, and no program"
        missing = "it may not be executed (chmod +x)" if Path(name).exists() else "no such file"
    except OSError as error:
        missing = error.strerror or type(error).__name__
    return f"is no program: {missing}"


def _is_bare_text(path: str) -> bool:
    """Whether a file is a text that names no interpreter: some systems' libraries would give it to a shell."""
    try:
        with Path(path).open("rb") as file:
            start = file.read(256)
    except OSError:  # it may be executed and not be read
        return False
    return not start.startswith(b"#!") and b"\x00" not in start


def _command(instance: object, attribute: attrs.Attribute[tuple[str, ...]], value: tuple[str, ...]) -> None:
    if not 1 <= len(value) <= _MOST or not value[0]:
        problem = f"{attribute.name} is a list: the program, then its arguments, at most {_MOST}; no shell reads it"
        raise ConfigurationError(problem, attribute.name)
    for index, one in enumerate(value):
        if not _passable(one):
            problem = f"an argument has at most {_LONGEST} bytes, no NUL, and no half of a surrogate pair"
            raise ConfigurationError(problem, f"{attribute.name}[{index}]")


def _environment(instance: object, attribute: attrs.Attribute[Any], value: Mapping[str, str]) -> None:
    if len(value) > _MOST:
        raise ConfigurationError(f"{attribute.name} has at most {_MOST} variables", attribute.name)
    for name, text in value.items():
        where = f"{attribute.name}.{name[:60]}"
        if not _VARIABLE.fullmatch(name):
            raise ConfigurationError("a variable's name has letters, digits and underscores, no digit first", where)
        if name.startswith(OURS):
            raise ConfigurationError(f"variables whose names begin with {OURS} are set by tocsin itself", where)
        if not _passable(text):
            problem = f"a variable has at most {_LONGEST} bytes, no NUL, and no half of a surrogate pair"
            raise ConfigurationError(f"{problem} (not shown: it may be secret)", where)


def _passable(text: str) -> bool:
    """Whether the system takes it as an argument or a variable."""
    try:
        return len(text.encode("utf-8")) <= _LONGEST and "\x00" not in text
    except UnicodeEncodeError:
        return False


def _folder(instance: object, attribute: attrs.Attribute[str | None], value: str | None) -> None:
    if value is not None and not (_passable(value) and Path(value).is_absolute() and Path(value).is_dir()):
        raise ConfigurationError(f"{attribute.name} is the absolute path of a folder that there is", attribute.name)


def _exit_codes(instance: object, attribute: attrs.Attribute[tuple[int, ...]], value: tuple[int, ...]) -> None:
    for index, code in enumerate(value):
        if not 1 <= code <= 255:
            raise ConfigurationError(f"an exit code is 1 to 255, not {code}", f"{attribute.name}[{index}]")


def _program(command: tuple[str, ...]) -> str:
    """Show the program, and of its arguments only how many: one may be a secret."""
    return f"({command[0]!r}, and {len(command) - 1} arguments)" if command else "()"


@attrs.frozen(slots=True, kw_only=True, hash=False)
class ExecConfig:
    """Settings of an exec channel.

    ``command`` is the program and its arguments, which no shell reads: an absolute path, or a name that is looked for
    along PATH. ``environment`` are variables beside those that every program gets; any of them may be a secret.
    ``working_directory`` is where it runs (None: where tocsin does). ``timeout_seconds`` limits one run, at most 60;
    then the program and what it started are ended. ``retry_exit_codes`` are those after which it is run again later;
    0 says that the notification is delivered, and any other code what ``other_exit_codes`` has: ``rejected`` or
    ``unavailable``.

    :raises ConfigurationError: for a setting that cannot work; no variable's value is repeated.
    """

    command: tuple[str, ...] = attrs.field(validator=_command, repr=_program)
    environment: Mapping[str, str] = attrs.field(factory=dict, validator=_environment, repr=hide)
    working_directory: str | None = attrs.field(default=None, validator=_folder)
    timeout_seconds: float = attrs.field(default=10.0, validator=attempt_timeout)
    retry_exit_codes: tuple[int, ...] = attrs.field(default=RETRY_EXIT_CODES, validator=_exit_codes)
    other_exit_codes: Literal["rejected", "unavailable"] = "rejected"

    def __attrs_post_init__(self) -> None:
        problem = _problem(self.command[0], self.environment)
        if problem:
            raise ConfigurationError(f"{self.command[0]!r:.200} {problem}", "command[0]")
