"""From what callers tell to what is kept: personal data leaves it here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from dragoman.feedback.kpi.given import GivenEvent
from dragoman.records import KpiEvent
from dragoman.serving.ids import new_id
from dragoman.text.redaction import Redactor

__all__ = ["as_kept"]


def as_kept(model: str, given: Sequence[GivenEvent], redactor: Redactor, *, now: datetime) -> list[KpiEvent]:
    """The events with pseudonyms; one without a time happened now.

    An event without an id that says its time has one made of all that it says, and of how often the same was said
    before it here: told again, it is the same one.
    """
    said: Counter[GivenEvent] = Counter()
    kept = []
    for one in given:
        same = one._replace(place="")
        kept.append(_kept(model, same, redactor, now=now, before=said[same]))
        said[same] += 1
    return kept


def _kept(model: str, one: GivenEvent, redactor: Redactor, *, now: datetime, before: int) -> KpiEvent:
    time = (one.time or now).astimezone(UTC).isoformat(timespec="milliseconds")
    if one.id:
        told = one.id
    elif one.time is not None:
        told = "\0".join((one.subject, one.name, repr(one.value), time, str(before)))
    else:
        told = ""
    return KpiEvent(
        id=redactor.pseudonym(told, kind="EVENT_ID" if one.id else "EVENT") if told else new_id(),
        model=model,
        subject=redactor.pseudonym(one.subject, kind="SUBJECT"),
        name=one.name,
        value=1.0 if one.value is None else one.value,
        time=time,
        received=now.isoformat(timespec="milliseconds"),
    )
