"""What is told of costs."""

from __future__ import annotations

from dragoman.loop.budget import BudgetUse
from dragoman.loop.costs import CostKey, CostSum
from dragoman.records import Record

__all__ = ["CostReport"]


class CostReport(Record, frozen=True, kw_only=True):
    """What models took and cost in a period, and what is left of their budgets."""

    by: CostKey
    since: str
    until: str
    currency: str  # empty: there are no prices
    disk_is_whole: bool  # False: there were too many files to look at all
    sums: list[CostSum]  # the dearest first; what has no name comes last
    total: CostSum
    budgets: list[BudgetUse]  # of the models that have one, each over its own period
