"""The walk over everything that fires, to decide it anew: how it begins, and whether it is over.

:mod:`tocsin.engine.reviews` does it, step by step.
"""

from __future__ import annotations

from typing import Final

from tocsin.engine.state import Incident, State
from tocsin.engine.turn import Turn

__all__ = ["DONE", "REROUTING", "active", "begin", "pass_by", "set_out"]

DONE: Final = -1
"""Where a walk stands that is over, in place of an incident's number."""

_ASKING: Final = 1
REROUTING: Final = 2


def active(state: State) -> bool:
    """Whether something is left to be decided anew."""
    return state.review_serial != DONE or bool(state.review.ranks)


def begin(turn: Turn, *, rerouting: bool = False) -> None:
    """Have every firing episode decided anew, from the first one on; *rerouting*: by the rules as well."""
    if not turn.state.firing:
        return
    state = turn.tx.edit(turn.state)
    if state.review_serial == DONE:
        set_out(turn, rerouting, gathering=rerouting)
    elif state.review_serial == state.review_member == 0:  # it has not set out yet
        set_out(turn, rerouting or state.rerouting, gathering=rerouting or state.gathering)
    else:  # one that always began anew would never come to the last
        state.review_again = max(state.review_again, REROUTING if rerouting else _ASKING)


def set_out(turn: Turn, rerouting: bool, gathering: bool) -> None:
    """Let the walk begin at the first incident, and end before those that are opened from now on."""
    state = turn.tx.edit(turn.state)
    state.review_serial, state.review_member, state.review_again = 0, 0, 0
    state.review_end, state.review_until = state.incidents_opened, state.episodes_made
    state.rerouting, state.gathering = rerouting, gathering


def pass_by(turn: Turn, incident: Incident) -> None:
    """Go on behind an incident, for all of it was decided, or nothing of it fires any more."""
    waited = turn.walked_through(incident)
    state = turn.tx.edit(turn.state)
    state.review_serial, state.review_member = incident.serial + 1, 0
    if waited:
        for channel_id in incident.lines:
            turn.lane(channel_id)
