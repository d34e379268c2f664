"""What a training now would learn from labels, and what it would not."""

from __future__ import annotations

from typing import Any

import msgspec

from dragoman.records import Example, Record

__all__ = ["Collected", "Echo"]


class Echo(Record, frozen=True, kw_only=True):
    """A source whose labels agree with the served answers more often than blind audits say that these are right."""

    source: str
    labels: int  # compared, each text once
    agreement: float  # with the answer that was served
    expected: float  # accuracy in the audits, over the source's own languages and versions
    p_value: float
    held: int = 0  # agreeing labels that do not train


class Collected(Record, frozen=True, kw_only=True):
    """Labelled rows for a training, those that the champion has learned from among them."""

    model: str
    champion: int
    rows: list[Example] = msgspec.field(default_factory=list)  # by id: "label:PREDICTION_ID"
    new: dict[str, int] = msgspec.field(default_factory=dict)  # language → rows that the champion has not learned from
    held: dict[str, int] = msgspec.field(default_factory=dict)  # language → new rows that wait for the next training
    refused: dict[str, int] = msgspec.field(default_factory=dict)  # reason → labels that do not train
    echoes: list[Echo] = msgspec.field(default_factory=list)

    @property
    def total(self) -> int:
        """New rows of all languages."""
        return sum(self.new.values())

    def summary(self) -> dict[str, Any]:
        """Everything but the rows, as plain values."""
        counts = {"rows": len(self.rows), "new": self.new, "held": self.held, "refused": self.refused}
        return counts | {"echoes": msgspec.to_builtins(self.echoes)}
