"""What a model's trainings may still take in a sliding period, and what is refused before it begins."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import reduce
from operator import itemgetter
from typing import NamedTuple

from dragoman.clock import written
from dragoman.loop.costs import HOUR, price_of
from dragoman.monitoring.resources.cost import Prices
from dragoman.monitoring.times import seconds_of
from dragoman.records import Block, Record, Spent
from dragoman.spec import BudgetSpec, ModelSpec

__all__ = ["BudgetUse", "Past", "estimate_of", "has_limits", "larger", "refusals", "uses"]

DAY = 86_400_000  # milliseconds: whole numbers, so that a training leaves the period at `until`
TRAININGS = "trainings"
LOOKED_AT = 3  # trainings that an estimate rests on


class Past(NamedTuple):
    """A training that began: it counts from then on, for a whole period."""

    time: str
    spent: Spent  # of one that runs, at least what it is expected to take


class BudgetUse(Record, frozen=True, kw_only=True):
    """How much of one limit is used."""

    model: str
    limit: str  # the key of `[budget]`
    used: float
    most: float
    unit: str
    days: float  # of the period, which ends now


class Limit(NamedTuple):
    """One limit of a budget."""

    name: str  # its key in the spec
    most: float
    of: Callable[[Spent], float]  # what a training takes of it
    unit: str  # after a number

    def room_with(self, used: Sequence[float], needs: float | None) -> bool:
        """Whether one more fits. One whose needs nobody knows fits while anything is left."""
        total = math.fsum(used)
        return total < self.most if needs is None else total + needs <= self.most


def has_limits(budget: BudgetSpec) -> bool:
    """Whether anything is limited."""
    return max(budget.trainings, budget.cpu_hours, budget.gpu_hours, budget.price) > 0


def estimate_of(past: Sequence[Spent]) -> Spent | None:
    """What a training would take: of each kind, the most that one of the last three took. None: nobody knows.

    `past` has the newest first.
    """
    return reduce(larger, past[:LOOKED_AT]) if past else None


def larger(one: Spent, other: Spent) -> Spent:
    """The larger one in every field."""
    return Spent(
        seconds=max(one.seconds, other.seconds),
        cpu_seconds=max(one.cpu_seconds, other.cpu_seconds),
        gpu_seconds=max(one.gpu_seconds, other.gpu_seconds),
        gb_seconds=max(one.gb_seconds, other.gb_seconds),
        stored_bytes=max(one.stored_bytes, other.stored_bytes),
    )


def refusals(
    budget: BudgetSpec, past: Sequence[tuple[str, Spent]], estimate: Spent | None, prices: Prices, *, now: float
) -> list[Block]:
    """Why a training may not begin at `now` (seconds since 1970); empty if it may. One block for each limit.

    Where no training takes more than its estimate, those that began in any period of `budget.days` never take more
    together than the budget: at the beginning of the last of them all others were counted. Without an estimate, one may
    begin while anything is left. `until` is when enough of `past` has left the period, where waiting helps.
    """
    period, counted = round(budget.days * DAY), _counted(budget, past, now)
    blocks = [_priceless(budget)] if budget.price and not prices else []
    for limit in _limits(budget, prices):
        used = [(begun, limit.of(one)) for begun, one in counted]
        needs = limit.of(estimate or Spent()) if estimate or limit.unit == TRAININGS else None
        if not limit.room_with([amount for _, amount in used], needs):
            text, until = _text(limit, used, needs, budget.days), _until(limit, used, needs, period)
            blocks.append(Block(kind="budget", text=text, until=until))
    return blocks


def uses(spec: ModelSpec, past: Sequence[tuple[str, Spent]], prices: Prices, *, now: float) -> list[BudgetUse]:
    """How much of each limit of a model is used at `now`, by what `refusals` counts too."""
    budget = spec.budget
    counted = [one for _, one in _counted(budget, past, now)]
    return [
        BudgetUse(
            model=spec.name,
            limit=limit.name,
            used=math.fsum(map(limit.of, counted)),
            most=limit.most,
            unit=limit.unit,
            days=budget.days,
        )
        for limit in _limits(budget, prices)
    ]


def _limits(budget: BudgetSpec, prices: Prices) -> list[Limit]:
    limits = [
        Limit("trainings", budget.trainings, lambda spent: 1.0, TRAININGS),
        Limit("cpu_hours", budget.cpu_hours, lambda spent: spent.cpu_seconds / HOUR, "CPU hours"),
        Limit("gpu_hours", budget.gpu_hours, lambda spent: spent.gpu_seconds / HOUR, "GPU hours"),
        Limit("price", budget.price if prices else 0.0, lambda spent: price_of(spent, prices), prices.currency),
    ]
    return [limit for limit in limits if limit.most]


def _counted(budget: BudgetSpec, past: Sequence[tuple[str, Spent]], now: float) -> list[tuple[int, Spent]]:
    """Those that began in the period that ends at `now`, with the milliseconds when they did, the oldest first."""
    after = round(1_000 * now) - round(budget.days * DAY)
    found = [(round(1_000 * seconds_of(time)), spent) for time, spent in past]
    return sorted([(begun, spent) for begun, spent in found if begun > after], key=itemgetter(0))


def _text(limit: Limit, used: Sequence[tuple[int, float]], needs: float | None, days: float) -> str:
    total = math.fsum(amount for _, amount in used)
    most, period = f"{_number(limit.most)} {limit.unit}", "24 hours" if days == 1 else f"{_number(days)} days"
    if needs is not None and needs > limit.most:
        return f"A training takes about {_number(needs)} {limit.unit}; the budget is {most} in {period}."
    verb = "began" if limit.unit == TRAININGS else "were used"
    if total > limit.most:
        return (
            f"{_number(total)} {limit.unit} {verb} in the last {period}, more than the budget of {_number(limit.most)}."
        )
    return f"{_number(total)} of {most} {verb} in the last {period}{_expected(limit, needs)}."


def _expected(limit: Limit, needs: float | None) -> str:
    return "" if needs is None or limit.unit == TRAININGS else f"; a training takes about {_number(needs)} more"


def _until(limit: Limit, used: Sequence[tuple[int, float]], needs: float | None, period: int) -> str:
    """When enough has left the period, the oldest first; empty if it never will have."""
    amounts = [amount for _, amount in used]
    for place, (begun, _) in enumerate(used, start=1):
        if limit.room_with(amounts[place:], needs):
            return written((begun + period) / 1_000)
    return ""


def _priceless(budget: BudgetSpec) -> Block:
    text = (
        f"The budget is {_number(budget.price)} in money, and there are no prices: set `price_cpu_hour`, or give the "
        "budget in hours."
    )
    return Block(kind="budget", text=text)


def _number(value: float) -> str:
    return f"{value:.3g}" if value < 1_000 else f"{value:,.0f}"
