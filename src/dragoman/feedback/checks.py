"""Whether a label is one that a model can have."""

from __future__ import annotations

import math
from typing import NamedTuple

import msgspec

from dragoman.serving.suggestion import shown, suggest
from dragoman.spec import ModelSpec

__all__ = ["LabelFault", "label_fault"]


class LabelFault(NamedTuple):
    """What is wrong with a label, to be read after its place, and what to do."""

    text: str
    help: str


def label_fault(spec: ModelSpec, label: str) -> LabelFault | None:
    """None for one of the model's labels; of a model of numbers, for a finite number as text."""
    if spec.has_labels:
        if label in spec.data.labels:
            return None
        text = f"is {shown(label)}, which '{spec.name}' does not have."
        return LabelFault(text, suggest(label, spec.data.labels))
    if _is_number(label):
        return None
    return LabelFault(f"is {shown(label)}, and '{spec.name}' answers numbers.", "Give the true number: 12.5.")


def _is_number(label: str) -> bool:
    try:
        return math.isfinite(msgspec.json.decode(label, type=float))
    except msgspec.DecodeError:
        return False
