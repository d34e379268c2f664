"""Answers of models of numbers."""

from __future__ import annotations

from typing import Any

from dragoman.records import ValuePrediction
from dragoman.release.outcome import UNKNOWN

TRAITS: dict[str, Any] = {"language": UNKNOWN, "script": "", "tokens": 0, "windows": 1, "truncated": False}


def predicted(value: float, id: str = "p", *, half: float = 1.7) -> ValuePrediction:
    return ValuePrediction(id=id, **TRAITS, value=value, low=value - half, high=value + half)
