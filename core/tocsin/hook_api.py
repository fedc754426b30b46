"""Which hook API a plugin was built for, and whether this tocsin can load it.

A distribution says so in the requirement by which it depends on tocsin anyhow::

    dependencies = ["tocsin[hooks-1.0]>=0.1"]

The extra installs nothing. It stands in the installed metadata, so that it is known before anything of the plugin is
imported; it is fixed when the distribution is built; and pip warns when the tocsin that it finds has no such extra.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

__all__ = ["HOOK_API", "built_for", "refusal"]

HOOK_API: Final = (1, 0)
"""The version of the hooks, as (major, minor): a plugin built for the same major and no newer minor is loaded.

A minor version adds (a hook, an argument, a public name); a major one takes away.
"""

_OWN_EXTRAS: Final = re.compile(r"\s*tocsin\s*\[(?P<extras>[^\]]*)\](?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_OF_AN_EXTRA: Final = re.compile(r";.*\bextra\b", re.DOTALL)
_VERSION: Final = re.compile(r"(\d{1,4})\.(\d{1,4})")


def built_for(requirements: Iterable[str]) -> tuple[str, ...]:
    """Return the hook APIs that a distribution's requirements (``Requires-Dist``) name, the newest last.

    What an extra of that distribution requires does not count. A name that is no version is returned as it stands.
    """
    named = set()
    for requirement in requirements:
        found = _OWN_EXTRAS.fullmatch(requirement)
        if found and not _OF_AN_EXTRA.search(found["rest"]):
            extras = (re.sub(r"[-_.]+", "-", extra.strip()).lower() for extra in found["extras"].split(","))
            named |= {extra[6:].replace("-", ".") for extra in extras if extra.startswith("hooks-")}
    return tuple(sorted(named, key=lambda version: (_numbers(version) or (-1, -1), version)))


def refusal(versions: Sequence[str], distribution: str) -> str | None:
    """Return why a plugin of *distribution* that was built for *versions* cannot be loaded, or None if it can.

    One that suits is enough: a distribution may be built for several. None at all says nothing, and is no reason.
    """
    if not versions or any(_suits(version) for version in versions):
        return None
    ours = f"{HOOK_API[0]}.{HOOK_API[1]}"
    numbers = _numbers(versions[-1])
    if numbers is None:
        return (
            f"requires tocsin[hooks-{versions[-1]:.40}], which is no hook API; this tocsin has {ours}: "
            f"{distribution} has to require tocsin[hooks-{ours}]"
        )
    theirs = f"was built for hook API {' and '.join(versions)}, and this tocsin has hook API {ours}"
    if numbers > HOOK_API:
        return f"{theirs}: upgrade tocsin, or install an older {distribution}"
    return f"{theirs}, which is another major version: upgrade {distribution}"


def _suits(version: str) -> bool:
    numbers = _numbers(version)
    return numbers is not None and numbers[0] == HOOK_API[0] and numbers[1] <= HOOK_API[1]


def _numbers(version: str) -> tuple[int, int] | None:
    found = _VERSION.fullmatch(version)
    return (int(found[1]), int(found[2])) if found else None
