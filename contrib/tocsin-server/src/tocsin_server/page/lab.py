"""The lab: tries a configuration with the command line, one at a time, in processes of their own that end in time."""

from __future__ import annotations

import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import attrs
import yaml

from tocsin import LoadedConfiguration
from tocsin.threads import Threads

__all__ = ["Lab", "Original", "Question", "Tried"]

_OF_A_REQUEST: Final = 2 / 3
"""So much of the time that a request may take, all of it may."""

_OF_THE_REST: Final = 0.6
"""And so much of what is then left, a proof, for the comparison is yet to come."""

_LARGEST_ANSWER: Final = 4_000_000
_MOST_MEMORY: Final = 2 * 1024**3
_NICE: Final = 10
_KEPT: Final = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "SYSTEMROOT")
_LONGEST_COMPLAINT: Final = 600
_DUMPER: Final = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


@attrs.frozen(slots=True)
class Original:
    """The configuration that is in force, as its files say it: without secrets, with the ``variables`` that decide.

    ``store`` has the recorded history; ``seconds`` is how long one may be tried.
    """

    text: str = attrs.field(repr=False)
    variables: Mapping[str, str] = attrs.field(repr=False)
    file: Path
    store: Path
    seconds: float

    @classmethod
    def of(cls, loaded: LoadedConfiguration, store: Path) -> Original:
        """Return what was *loaded*."""
        seconds = loaded.server.request_timeout_seconds * _OF_A_REQUEST
        return cls(loaded.copied, loaded.variables, loaded.files[0], store.absolute(), seconds)

    def as_yaml(self) -> str:
        """Return it as people write it."""
        plain = json.loads(self.text)
        text: str = yaml.dump(
            plain, Dumper=_DUMPER, sort_keys=False, allow_unicode=True, default_flow_style=None, width=110
        )
        return text


@attrs.frozen(slots=True)
class Question:
    """What is asked of a configuration: whether alerts of a severity are told in time, and since when (or from the
    journal's beginning) the history is compared. Seconds, in wall time.
    """

    severity: str = "critical"
    within: int = 900
    since: float | None = None


@attrs.frozen(slots=True)
class Tried:
    """What was found; a part is None where it was not come to, and a text where it failed."""

    problems: list[dict[str, Any]] = attrs.field(factory=list)
    proof: dict[str, Any] | str | None = None
    diff: dict[str, Any] | str | None = None
    failure: str = ""


class Lab:
    """Tries out; what runs is not touched.

    :param original: returns the configuration that is in force.
    """

    def __init__(self, original: Callable[[], Original]) -> None:
        self.original = original
        self._threads = Threads(1)

    async def tried(self, text: str, question: Question) -> Tried:
        """Return what check, prove and diff say of a configuration in YAML.

        :raises BusyError: when another one is tried; one that nobody waits for any more is given up, and ends.
        """
        trial = _Trial(text, question, self.original())
        try:
            return await self._threads.call(trial.run)
        finally:
            trial.give_up()


class _Failed(Exception):
    """A command has no answer; the text says why."""


class _Trial:
    """One configuration that is tried, from a thread."""

    def __init__(self, text: str, question: Question, original: Original) -> None:
        self._text = text
        self._question = question
        self._original = original
        self._until = time.monotonic() + original.seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._given_up = False

    def give_up(self) -> None:
        """Let it end soon."""
        self._given_up = True
        if self._process is not None:
            self._process.kill()

    def run(self) -> Tried:
        """Check, and if nothing is wrong prove and diff."""
        with tempfile.TemporaryDirectory(prefix="tocsin-") as name:
            folder = Path(name)
            new, old = folder / "copy.yaml", folder / "original.json"
            new.write_text(self._text, encoding="utf-8")
            old.write_text(self._original.text, encoding="utf-8")
            try:
                problems = self._answer(folder, 1.0, "check", "--alone", "--json", new)
            except _Failed as failed:
                return Tried(failure=str(failed))
            if any(one["kind"] == "error" for one in problems):
                return Tried(problems)
            return Tried(problems, self._proof(folder, new), self._diff(folder, old, new))

    def _proof(self, folder: Path, new: Path) -> dict[str, Any] | str:
        asked = self._question
        options = ("--severity", asked.severity, "--within", f"{asked.within}s")
        return self._part(folder, _OF_THE_REST, "prove", "--alone", "--json", *options, "--config", new)

    def _diff(self, folder: Path, old: Path, new: Path) -> dict[str, Any] | str:
        since = self._question.since
        options = () if since is None else ("--from", repr(since))
        return self._part(folder, 1.0, "diff", "--alone", "--json", *options, old, new, self._original.store)

    def _part(self, folder: Path, share: float, *arguments: str | Path) -> dict[str, Any] | str:
        try:
            found: dict[str, Any] = self._answer(folder, share, *arguments)
        except _Failed as failed:
            return str(failed)
        return found

    def _answer(self, folder: Path, share: float, *arguments: str | Path) -> Any:
        """Return what a command prints as JSON, which has this *share* of the time that is left."""
        name = arguments[0]
        seconds = max(0.0, self._until - time.monotonic()) * share
        out, complaints = folder / f"{name}.out", folder / f"{name}.err"
        with out.open("wb") as said, complaints.open("wb") as complained:
            code = self._code(seconds, folder, arguments, said, complained)
        if code is None:
            raise _Failed(f"it took longer than {seconds:.0f} s, and was stopped; 'tocsin {name}' has no limit")
        try:
            return json.loads(out.read_bytes())
        except ValueError:
            text = complaints.read_bytes()[-_LONGEST_COMPLAINT:].decode("utf-8", "replace")
            raise _Failed(text.replace(f"{folder}{os.sep}", "").strip() or f"it ended with {code}") from None

    def _code(self, seconds: float, folder: Path, arguments: tuple[Any, ...], out: Any, complaints: Any) -> int | None:
        """Return how a command ended; None: not in time."""
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        process = self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "tocsin", *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=complaints,
            cwd=folder,
            env={**self._original.variables, **kept, "NO_COLOR": "1"},
            start_new_session=True,
        )
        try:
            _bound(process.pid, math.ceil(self._original.seconds) + 1)
            if self._given_up:
                return None
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        finally:
            process.kill()
            process.wait()


def _bound(pid: int, seconds: int) -> None:
    """Let a process have bounds of its own, and let the daemon go first; one that ended already needs none."""
    limits = {
        resource.RLIMIT_AS: _MOST_MEMORY,
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_FSIZE: _LARGEST_ANSWER,
    }
    try:
        for kind, most in limits.items():
            if hasattr(resource, "prlimit"):
                resource.prlimit(pid, kind, (most, most))
        os.setpriority(os.PRIO_PROCESS, pid, _NICE)
    except ProcessLookupError:
        pass
