"""All that is wrong in the files: collected, so that one reading tells everything."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import attrs

from tocsin.configfile.document import MASK, Entry, Items, Node, Place, Scalar, Table, origins, plain, scalars
from tocsin.configfile.kinds import kind_of, trap
from tocsin.errors import ConfigurationError, ConfigurationFileError, Problem

__all__ = ["Findings", "Spot", "Unreadable"]


class Unreadable(Exception):
    """A file that says nothing: there is one problem, and nothing else can be found in it.

    *unopened*: it is not in its text, which was not read; the problem goes on where the file's name ends.
    """

    def __init__(self, place: Place, problem: str, *, unopened: bool = False) -> None:
        self.place = place
        self.problem = problem
        self.unopened = unopened
        super().__init__(problem)


class Findings:
    """Problems, in the order of the files and of their lines; each is kept once."""

    def __init__(self) -> None:
        self._found: dict[Problem, None] = {}
        self._files: dict[str, int] = {}

    def enter(self, file: str) -> None:
        """Note that *file* is read now: its problems come after those of the files before it."""
        self._files.setdefault(file, len(self._files))

    def add(self, place: Place, path: str, problem: str) -> None:
        """Note one problem."""
        self.enter(place.file)
        text = " ".join(problem.splitlines())
        self._found[Problem(place.file, place.line, place.column, path, text)] = None

    def problems(self) -> tuple[Problem, ...]:
        """Return all of them."""
        return tuple(sorted(self._found, key=lambda one: (self._files[one.file], one.line, one.column)))

    def check(self) -> None:
        """Raise :exc:`ConfigurationFileError` if anything was found."""
        if self._found:
            raise ConfigurationFileError(self.problems())


@attrs.frozen(slots=True, eq=False)
class Spot:
    """A value in its place: where it stands, its path, and where to tell what is wrong with it.

    ``key`` is the place of its key. What is ``hidden`` may be a secret as it is written, and is not repeated.
    """

    node: Node
    path: str
    key: Place
    findings: Findings
    hidden: bool = False

    def entries(self) -> Iterator[tuple[str, Spot]]:
        """Yield the keys of a mapping, and what stands under them; of anything else, nothing."""
        if isinstance(self.node, Table):
            for name, entry in self.node.entries.items():
                yield name, self._under(name, entry)

    def items(self) -> Iterator[Spot]:
        """Yield the items of a list; of anything else, nothing."""
        if isinstance(self.node, Items):
            for index, item in enumerate(self.node.items):
                yield Spot(item, f"{self.path}[{index}]", item.place, self.findings, self.hidden)

    def get(self, name: str) -> Spot | None:
        """Return what stands under the key *name* of a mapping, or None."""
        entry = self.node.entries.get(name) if isinstance(self.node, Table) else None
        return None if entry is None else self._under(name, entry)

    def _under(self, name: str, entry: Entry) -> Spot:
        path = f"{self.path}.{name}" if self.path else name
        return Spot(entry.node, path, entry.place, self.findings, self.hidden)

    def within(self, where: str) -> Spot:
        """Return what stands at the path *where* below here, or as near to it as there is anything."""
        if not where:
            return self
        for index, item in enumerate(self.items()):
            prefix = f"[{index}]"
            if where.startswith(prefix):
                return item.within(where.removeprefix(prefix).removeprefix("."))
        best = max(
            (name for name, _ in self.entries() if where == name or where.startswith((f"{name}.", f"{name}["))),
            key=len,
            default=None,
        )
        child = None if best is None else self.get(best)
        return self if best is None or child is None else child.within(where.removeprefix(best).removeprefix("."))

    def plain(self) -> object:
        """Return the value as plain data."""
        return plain(self.node)

    @property
    def lost(self) -> bool:
        """Whether a value in it is missing, which was told."""
        return any(scalar.lost for scalar in scalars(self.node))

    def refuse(self, problem: str) -> None:
        """Say what is wrong with the value."""
        self.findings.add(self.node.place, self.path, problem)

    def refuse_key(self, problem: str, name: str = "") -> None:
        """Say what is wrong with the key, or that the key *name* is missing below it."""
        path = f"{self.path}.{name}" if name and self.path else name or self.path
        self.findings.add(self.key, path, problem)

    def refuse_kind(self, expected: str) -> None:
        """Say that the value is of another kind than *expected*."""
        if isinstance(self.node, Scalar) and self.node.referred:
            came_from = " and ".join(self.node.origins)
            self.refuse(f"expected {expected}; what came from {came_from} is something else, and is not shown")
            return
        hint = trap(self.node, hidden=self.hidden) if isinstance(self.node, Scalar) else ""
        self.refuse(f"expected {expected}, not {kind_of(self.node)}{hint}")

    def accepts(self, check: Callable[[object], object], ignored: str = "", *, value: object = None) -> bool:
        """Whether *check* takes the value; what it raises is told, without what must not be shown.

        *value* is what was made of it (None: it is as it stands). *ignored* is how the paths of its errors begin, where
        they repeat what this value's path ends in.
        """
        if self.lost:
            return False
        error = attempt(check, self.plain() if value is None else value)
        if error is not None:
            self.refuse_with(error, lambda: attempt(check, plain(self.node, masked=True)), ignored)
        return error is None

    def refuse_with(
        self, error: ConfigurationError, again: Callable[[], ConfigurationError | None], ignored: str = ""
    ) -> None:
        """Tell *error*; *again* makes it anew from masked values, to see whether it repeats one of them."""
        where = error.where
        if ignored and (where == ignored or where.startswith((f"{ignored}.", f"{ignored}["))):
            where = where.removeprefix(ignored).removeprefix(".")
        spot = self.within(where)
        problem = _shown(self.node, error.problem, again)
        hint = trap(spot.node, hidden=spot.hidden) if isinstance(spot.node, Scalar) else ""
        spot.refuse(problem if "YAML" in problem else problem + hint)


def attempt(check: Callable[[object], object], value: object) -> ConfigurationError | None:
    """Return the error that *check* raises for *value*, or None; any other exception becomes one."""
    try:
        check(value)
    except ConfigurationError as error:
        return error
    except Exception as error:  # noqa: BLE001  a plugin's class may raise anything; its text may hold a secret
        return ConfigurationError(f"this is refused ({type(error).__name__})")
    return None


def _shown(node: Node, problem: str, again: Callable[[], ConfigurationError | None]) -> str:
    """Return *problem*, or, if it says more than it would of masked values, only where the refused value came from."""
    came_from = origins(node)
    if not came_from:
        return problem
    masked = again()
    if masked is not None:
        hidden = problem
        for scalar in scalars(node):
            if scalar.origins and scalar.value:
                hidden = hidden.replace(str(scalar.value), MASK)
        if hidden == masked.problem:
            return masked.problem
    return f"what came from {' and '.join(came_from)} is refused; it is not shown"
