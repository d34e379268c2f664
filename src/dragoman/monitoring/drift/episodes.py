"""From looks to symptoms: one change is one symptom, from its alarm until it has gone."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dragoman.monitoring.drift.dating import find_onset
from dragoman.monitoring.drift.effect import change_interval
from dragoman.monitoring.drift.embedding import embedding_shift
from dragoman.monitoring.drift.grid import MIX, Cell, Sums
from dragoman.monitoring.drift.look import Look
from dragoman.monitoring.drift.moved import Moved
from dragoman.monitoring.times import stamp
from dragoman.records import AlertKind, Symptom
from dragoman.spec import DriftSpec

__all__ = ["symptoms_of"]

ALPHA = 0.05  # of the interval of an effect, over all parts of a cell together

DATES = ("since", "since_earliest", "since_latest", "log_likelihood_ratio")

Buckets = Sequence[tuple[float, Sums]]


def symptoms_of(
    spec: DriftSpec, looks: Sequence[Look], buckets: Buckets, *, model: str, version: str, earlier: Sequence[Symptom]
) -> list[Symptom]:
    """What has drifted now. `looks` are through windows of rising length; `buckets` are in order of time."""
    known = {symptom.key: symptom for symptom in earlier}
    found = []
    for place, cell in enumerate(looks[0].grid.cells):
        kind: AlertKind = "language-mix" if cell.signal == MIX else "drift"
        before = known.get((model, version, kind, cell.signal, cell.language))
        if (look := _telling(looks, place, before)) is not None:
            evidence = _evidence(spec, look, place, buckets, before)
            found.append(
                Symptom(
                    model=model,
                    version=version,
                    kind=kind,
                    name=cell.signal,
                    language=cell.language,
                    severity=spec.severity,
                    summary=_summary(cell, evidence, look.grid.counted),
                    since=evidence["since"],
                    evidence=evidence,
                )
            )
    return found


def _telling(looks: Sequence[Look], cell: int, before: Symptom | None) -> Look | None:
    """The look that shows the change: through the window that has told it, or the one with the clearest alarm."""
    told = before.evidence.get("window", 0) if before is not None else 0
    alarms = [look for look in looks if look.is_alarm(cell) and _is_now(looks, look, cell)]
    if alarms:
        return next((look for look in alarms if look.window == told), min(alarms, key=lambda a: a.found.log_p[cell]))
    decided = next((look for look in looks if 0 < told <= look.window and look.tested[cell]), None)
    return decided if decided is not None and decided.still_holds(cell) and _is_now(looks, decided, cell) else None


def _is_now(looks: Sequence[Look], look: Look, cell: int) -> bool:
    """Whether no shorter window shows that what this one has seen is over."""
    moved = look.moved(cell)
    return not any(other.is_over(cell, moved) for other in looks if other.window < look.window)


def _evidence(spec: DriftSpec, look: Look, cell: int, buckets: Buckets, before: Symptom | None) -> dict[str, Any]:
    """What the summary rests on."""
    moved, log_p = look.moved(cell), float(look.found.log_p[cell])
    low, high = _interval(look, cell, moved)
    return {
        "p_value": math.exp(log_p),
        "log10_p": log_p / math.log(10),
        "level": float(look.levels[cell]),
        "effect": moved.size,
        "effect_low": low,
        "effect_high": high,
        "n": moved.texts,
        "reference_n": moved.before_texts,
        "window": look.window,
        "window_hours": look.window * spec.every_minutes / 60,
        "what": moved.what,
        "before": moved.before,
        "after": moved.after,
        "inflation": look.inflation_at(moved),
        **_embedding(look, cell, moved),
        **_date(look, moved, buckets, before),
    }


def _interval(look: Look, cell: int, moved: Moved) -> tuple[float, float]:
    """Of the change's size, with that of all other parts of the cell at once."""
    scale, alpha = look.inflation_at(moved), ALPHA * float(look.found.weight[cell])
    counts = (moved.hits, moved.texts, moved.before_hits, moved.before_texts)
    low, high = change_interval(*(count / scale for count in counts), alpha=alpha)
    ends = (low, high) if moved.after >= moved.before else (-high, -low)
    return max(ends[0], 0.0), ends[1]


def _embedding(look: Look, cell: int, moved: Moved) -> dict[str, float]:
    """Effect sizes of the whole vectors."""
    row, reference = look.grid.cells[cell].row, look.standard.sums
    if look.grid.cells[cell].signal != "embedding":
        return {}
    shift = embedding_shift(look.now.features[row], moved.texts, reference.features[row], moved.before_texts)
    return {"mmd2": shift.mmd2, "centroid_shift": shift.centroid} if shift is not None else {}


def _date(look: Look, moved: Moved, buckets: Buckets, before: Symptom | None) -> dict[str, Any]:
    """When it began, from what is clearer: the buckets as they are now, or those of an earlier look.

    A change at the first bucket may be older than that: then an earlier look knows better.
    """
    scale = look.inflation_at(moved)
    hits = np.array([sums.counts[moved.bins].sum() for _, sums in buckets]) / scale
    texts = np.array([sums.counts[moved.whole].sum() for _, sums in buckets]) / scale
    onset = find_onset(hits, texts, moved.before_hits / scale, moved.before_texts / scale)
    if before is not None and before.since:
        is_older = onset.bucket == 0 and before.since < stamp(buckets[0][0])
        if is_older or before.evidence.get("log_likelihood_ratio", 0.0) >= onset.log_likelihood_ratio:
            return {"since": before.since} | {name: before.evidence[name] for name in DATES if name in before.evidence}
    times = (stamp(buckets[place][0]) for place in onset[:3])
    return dict(zip(DATES, [*times, onset.log_likelihood_ratio], strict=True))


def _summary(cell: Cell, evidence: Mapping[str, Any], counted: str) -> str:
    """Such as "th, tokens 35 to 48: 12% → 31% of the texts of the last 6 hours (n = 410)"."""
    where = f"{cell.language}, " if cell.language else ""
    change = f"{_percent(evidence['before'])} → {_percent(evidence['after'])}"
    return (
        f"{where}{evidence['what']}: {change} of the {counted} of the last {_hours(evidence)} (n = {evidence['n']:,})"
    )


def _percent(share: float) -> str:
    return f"{share:.0%}" if 0.095 <= share <= 0.905 or share in {0.0, 1.0} else f"{share:.1%}"


def _hours(evidence: Mapping[str, Any]) -> str:
    hours = evidence["window_hours"]
    if hours < 1:
        return "minute" if hours * 60 == 1 else f"{hours * 60:g} minutes"
    return "hour" if hours == 1 else f"{hours:g} hours"
