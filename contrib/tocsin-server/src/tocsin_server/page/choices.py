"""Choices: filters of an address by name and value, each of which switches on and off when it is clicked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlencode

import attrs
from starlette.requests import Request

from tocsin import nearest
from tocsin_server.web.refusal import Refused

__all__ = ["Choices"]

_MOST: Final = 32
_LONGEST: Final = 2048


@attrs.frozen(slots=True)
class Choices:
    """What was chosen, as pairs of name and value; of each name one of the values has to hold."""

    path: str
    pairs: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, request: Request, known: Mapping[str, Sequence[str] | None]) -> Choices:
        """Return what *request* asks for.

        :param known: the filters, each with the values that there are; None: any.
        :raises Refused: with 400 for anything else; ``page`` is not a filter.
        """
        given = [(name, value) for name, value in request.query_params.multi_items() if name != "page"]
        if len(given) > _MOST or any(len(value) > _LONGEST for _, value in given):
            raise Refused(400, f"at most {_MOST} filters, each of at most {_LONGEST} characters")
        for name, value in given:
            if name not in known:
                raise Refused(400, f"no filter is called {name!r:.80}{nearest(name[:80], known)}")
            values = known[name]
            if values is not None and value not in values:
                raise Refused(400, f"no {name} is called {value!r:.60}; there are {', '.join(values)}")
        return cls(request.url.path.rpartition("/")[2], tuple(dict.fromkeys(given)))

    def allow(self, **values: str) -> bool:
        """Return whether something with these values is among what was chosen."""
        for name, value in values.items():
            chosen = [one for of, one in self.pairs if of == name]
            if chosen and value not in chosen:
                return False
        return True

    def has(self, name: str, value: str) -> bool:
        """Return whether that was chosen."""
        return (name, value) in self.pairs

    def switched(self, name: str, value: str) -> str:
        """Return the address with one more, or without it where it is there."""
        pair = (name, value)
        return self._address(*(one for one in self.pairs if one != pair), *(() if pair in self.pairs else (pair,)))

    def on(self, page: int) -> str:
        """Return the address of another page of the same."""
        return self._address(*self.pairs, ("page", str(page)))

    def _address(self, *pairs: tuple[str, str]) -> str:
        return f"{self.path}?{urlencode(pairs, errors='replace')}" if pairs else self.path
