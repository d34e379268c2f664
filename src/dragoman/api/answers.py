"""Records to JSON responses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
from starlette.responses import Response

__all__ = ["encode_json", "json_answer"]


def json_answer(record: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A response with a record, or plain data, as JSON. Arrays become lists."""
    return Response(encode_json(record), status, headers, media_type="application/json")


def as_list(value: Any) -> Any:
    """A whole array at once: a Python loop over its numbers would take ten times as long."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} has no JSON form")


encode_json = msgspec.json.Encoder(enc_hook=as_list).encode
