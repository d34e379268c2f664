"""Records to JSON responses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.responses import Response

__all__ = ["json_answer"]


def json_answer(record: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A response with a record, or plain data, as JSON."""
    return Response(msgspec.json.encode(record), status, headers, media_type="application/json")
