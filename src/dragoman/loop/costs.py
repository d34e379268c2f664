"""What work costs: one line for each thing that takes something, and their sums by whatever is asked for."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Literal, get_args

from dragoman.monitoring.resources.cost import Prices
from dragoman.records import Record, Spent

__all__ = [
    "HOUR",
    "KEYS",
    "CostKey",
    "CostKind",
    "CostLine",
    "CostSum",
    "Taken",
    "price_of",
    "summed",
    "taken_by",
    "total",
]

HOUR = 3_600.0  # seconds

CostKey = Literal["model", "version", "language", "team", "run", "place"]
CostKind = Literal["serving", "training", "storage"]
KEYS: tuple[CostKey, ...] = get_args(CostKey)


def price_of(spent: Spent, prices: Prices) -> float:
    """Money, in the currency of the prices: hours of cores, of GPUs, and of gigabytes of memory.

    What stays stored is not in it: that costs every month.
    """
    per_hour = (
        spent.cpu_seconds * prices.cpu_hour + spent.gpu_seconds * prices.gpu_hour + spent.gb_seconds * prices.gb_hour
    )
    return per_hour / HOUR


class Taken(Record, frozen=True, kw_only=True):
    """What something took, and what that costs."""

    core_hours: float = 0.0
    gpu_hours: float = 0.0
    gb_hours: float = 0.0  # of memory
    stored_bytes: int = 0  # on disk now
    cost: float | None = None  # None: there are no prices


class CostLine(Record, frozen=True, kw_only=True):
    """One thing that takes something. A key is empty where it has none: trainings have no language."""

    kind: CostKind
    model: str = ""  # empty: shared by all
    version: str = ""
    language: str = ""
    team: str = ""
    run: str = ""
    place: str = ""  # on disk
    texts: int = 0  # that were answered
    trainings: int = 0
    taken: Taken


class CostSum(Record, frozen=True, kw_only=True):
    """What all lines of a name took together."""

    name: str  # of a model, a version, …; empty: what has none
    texts: int
    trainings: int
    serving: Taken
    training: Taken
    storage: Taken
    cost: float | None
    cost_per_1000: float | None  # of serving 1,000 predictions; None without any, or without prices


def taken_by(spent: Spent, prices: Prices) -> Taken:
    """What a training took."""
    return Taken(
        core_hours=spent.cpu_seconds / HOUR,
        gpu_hours=spent.gpu_seconds / HOUR,
        gb_hours=spent.gb_seconds / HOUR,
        cost=price_of(spent, prices) if prices else None,
    )


def summed(lines: Iterable[CostLine], *, by: CostKey) -> list[CostSum]:
    """One sum for each name, the dearest first, and last that of what has none.

    Every line is in exactly one of them, so they add up to `total`.
    """
    groups: dict[str, list[CostLine]] = {}
    for line in lines:
        groups.setdefault(getattr(line, by), []).append(line)
    sums = [total(group, name=name) for name, group in groups.items()]
    return sorted(sums, key=_dearest)


def total(lines: Sequence[CostLine], *, name: str = "") -> CostSum:
    """The sum of lines."""
    parts = {kind: _together([line.taken for line in lines if line.kind == kind]) for kind in get_args(CostKind)}
    costs = [taken.cost for taken in parts.values() if taken.cost is not None]
    texts, served = sum(line.texts for line in lines), parts["serving"].cost
    return CostSum(
        name=name,
        texts=texts,
        trainings=sum(line.trainings for line in lines),
        cost=math.fsum(costs) if costs else None,
        cost_per_1000=None if served is None or not texts else 1_000 * served / texts,
        **parts,
    )


def _together(taken: Sequence[Taken]) -> Taken:
    costs = [one.cost for one in taken if one.cost is not None]
    return Taken(
        core_hours=math.fsum(one.core_hours for one in taken),
        gpu_hours=math.fsum(one.gpu_hours for one in taken),
        gb_hours=math.fsum(one.gb_hours for one in taken),
        stored_bytes=sum(one.stored_bytes for one in taken),
        cost=math.fsum(costs) if costs else None,
    )


def _dearest(one: CostSum) -> tuple[bool, float, float, str]:
    hours = sum(part.core_hours + part.gpu_hours for part in (one.serving, one.training))
    return not one.name, -(one.cost or 0.0), -hours, one.name
