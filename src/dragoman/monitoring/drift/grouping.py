"""One change is one alert: what a look finds in several signals of a language is told together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

import msgspec

from dragoman.records import Alert, Symptom

__all__ = ["grouped", "ungrouped"]

KINDS = ("drift", "language-mix")
OTHERS_NAMED = 3  # signals beside the one that tells most


def grouped(symptoms: Iterable[Symptom]) -> list[Symptom]:
    """One symptom for all signals of a version, kind and language.

    It tells of the signal with the largest effect, names the others, and keeps the evidence of each under `signals`. It
    began when the clearest of them did. Its name is empty, so that it stays the same alert while signals come and go.
    """
    ordered = sorted(symptoms, key=_place)
    return [_together(list(group)) for _, group in groupby(ordered, key=_place)]


def ungrouped(alerts: Iterable[Alert]) -> Iterator[Symptom]:
    """The symptoms of single signals that firing alerts were made of."""
    for alert in alerts:
        for name, evidence in alert.evidence.get("signals", {}).items() if alert.kind in KINDS else ():
            yield Symptom(
                model=alert.model,
                version=alert.version,
                kind=alert.kind,
                name=name,
                language=alert.language,
                severity=alert.severity,
                summary=alert.summary,
                since=evidence.get("since", alert.since),
                evidence=evidence,
            )


def _together(symptoms: Sequence[Symptom]) -> Symptom:
    ranked = sorted(symptoms, key=lambda one: (-one.evidence["effect"], one.name))
    clearest = max(ranked, key=lambda one: one.evidence.get("log_likelihood_ratio", 0.0))
    evidence = ranked[0].evidence | {"signal": ranked[0].name, "signals": {one.name: one.evidence for one in ranked}}
    return msgspec.structs.replace(
        ranked[0],
        name="",
        severity=min(one.severity for one in symptoms),  # "page" is before "ticket"
        summary=ranked[0].summary + _others([one.name for one in ranked[1:]]),
        since=clearest.since,
        evidence=evidence,
    )


def _others(names: Sequence[str]) -> str:
    if not names:
        return "."
    more = len(names) - OTHERS_NAMED
    listed = ", ".join(names[:OTHERS_NAMED]) + (f" and {more} more" if more > 0 else "")
    return f"; changed, too: {listed}."


def _place(symptom: Symptom) -> tuple[str, str, str, str]:
    return symptom.model, symptom.version, symptom.kind, symptom.language
