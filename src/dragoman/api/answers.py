"""Records to JSON responses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
from starlette.responses import Response

JSON = (b"content-type", b"application/json")

__all__ = ["encode_json", "json_answer"]


class JsonAnswer(Response):
    """A response whose body is JSON already."""

    def __init__(self, body: bytes, status: int) -> None:  # not the parent's, which works out what is known here
        self.status_code, self.body, self.background = status, body, None
        self.raw_headers = [(b"content-length", b"%d" % len(body)), JSON]


def json_answer(record: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A response with a record, or plain data, as JSON. Arrays become lists."""
    answer = JsonAnswer(encode_json(record), status)
    if headers:
        answer.headers.update(headers)
    return answer


def as_list(value: Any) -> Any:
    """A whole array at once: a Python loop over its numbers would take ten times as long."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} has no JSON form")


encode_json = msgspec.json.Encoder(enc_hook=as_list).encode
