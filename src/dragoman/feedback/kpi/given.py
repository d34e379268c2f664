"""One event as a caller or a file gives it, and what may be wrong with it."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import NamedTuple

from dragoman.feedback.checks import LabelFault
from dragoman.serving.suggestion import shown, suggest
from dragoman.spec import ModelSpec

__all__ = ["CLOCKS_DIFFER", "GivenEvent", "event_fault"]

CLOCKS_DIFFER = timedelta(minutes=5)  # between the teller and here: no reason to refuse


class GivenEvent(NamedTuple):
    """What a subject did; what is not said is empty or None."""

    subject: str
    name: str
    value: float | None = None
    time: datetime | None = None  # with a zone
    id: str = ""
    place: str = ""  # "line 3" of a file


def event_fault(spec: ModelSpec, event: GivenEvent, *, now: datetime) -> LabelFault | None:
    """What is wrong with an event, to be read after its place; None for one that is right."""
    names = [kpi.name for kpi in spec.kpis]
    if not names:
        return LabelFault(f"is of no KPI: '{spec.name}' has none.", "Add [[kpis]] to the spec.")
    if event.name not in names:
        text = f"has the name {shown(event.name)}, which '{spec.name}' does not count."
        return LabelFault(text, suggest(event.name, names))
    if event.value is not None and not (math.isfinite(event.value) and event.value >= 0):
        text = f"has the value {event.value!r}."
        return LabelFault(text, "Give a number that is not below 0; what is bad gets a name of its own.")
    if event.time is not None and event.time > now + CLOCKS_DIFFER:
        return LabelFault(f"is of {event.time.isoformat()}, which is yet to come.", "Give the time when it happened.")
    return None
