"""The types of values, and the borders that they keep to."""

from __future__ import annotations

from typing import Literal

__all__ = ["LEAST_INTEGER", "LEAST_TIME", "MOST_INTEGER", "MOST_TIME", "Constant", "Type"]

Type = Literal["number", "integer", "boolean", "string", "time"]
Constant = bool | int | float | str

LEAST_INTEGER, MOST_INTEGER = -(2**63), 2**63 - 1
LEAST_TIME = -62_135_596_800_000_000  # 0001-01-01, microseconds since 1970
MOST_TIME = 253_402_300_799_999_999  # the last one of 9999
