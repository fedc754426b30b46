"""How property tests are run."""

from __future__ import annotations

from hypothesis import settings

__all__ = ["unhurried"]

unhurried = settings(deadline=None, max_examples=60)
"""What they prove does not depend on how fast the machine is."""
