"""The schemas of everything that is sent and answered, as OpenAPI 3.1 has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tocsin_server.api.answered import ANSWERED
from tocsin_server.api.asked import ASKED
from tocsin_server.api.shapes import Schema

__all__ = ["SCHEMAS"]

SCHEMAS: Final[Mapping[str, Schema]] = dict(sorted({**ASKED, **ANSWERED}.items()))
