from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragoman.clock import written
from dragoman.loop.budget import Past, estimate_of, has_limits, larger, refusals, uses
from dragoman.loop.costs import price_of
from dragoman.monitoring.resources.cost import Prices
from dragoman.monitoring.times import seconds_of
from dragoman.records import Block, Spent
from dragoman.spec import BudgetSpec, DataSpec, ModelSpec

DAY = 86_400.0
NOW = seconds_of("2026-03-31T00:00:00Z")
PRICES = Prices(cpu_hour=0.5, gpu_hour=2.0, currency="EUR")
BUDGET = BudgetSpec(days=7, trainings=4, cpu_hours=10, gpu_hours=3, price=8)

hours = st.floats(0, 4)
works = st.builds(lambda cpu, gpu: Spent(cpu_seconds=3_600 * cpu, gpu_seconds=3_600 * gpu), hours, hours)
shares = st.floats(0, 1)
pauses = st.floats(0, 5).map(lambda days: days * DAY)
limits = st.one_of(st.just(0.0), st.floats(0.1, 12))
budgets = st.builds(
    BudgetSpec,
    days=st.floats(0.5, 20),
    trainings=st.integers(0, 5),
    cpu_hours=limits,
    gpu_hours=limits,
    price=limits,
)


def cpu(hours: float, *, days_ago: float = 0.0) -> Past:
    return Past(written(NOW - days_ago * DAY), Spent(cpu_seconds=3_600 * hours))


def asked(budget: BudgetSpec, past: Sequence[Past], estimate: float | None = None) -> list[Block]:
    """What stands against a training of so many hours now."""
    spent = None if estimate is None else Spent(cpu_seconds=3_600 * estimate)
    return refusals(budget, past, spent, PRICES, now=NOW)


def of_window(allowed: Sequence[Past], end: float, days: float) -> list[Spent]:
    """What began in the period that ends then."""
    moments = [(round(1_000 * seconds_of(one.time)), one.spent) for one in allowed]
    last = round(1_000 * end)
    return [spent for moment, spent in moments if last - round(1_000 * days * DAY) < moment <= last]


@settings(max_examples=150)
@given(budgets, st.lists(st.tuples(pauses, works, shares), max_size=25))
def test_what_is_allowed_never_takes_more_than_the_budget_in_any_period(
    budget: BudgetSpec, course: list[tuple[float, Spent, float]]
) -> None:
    allowed: list[Past] = []
    now = NOW
    for pause, estimate, share in course:
        now += pause
        if not refusals(budget, allowed, estimate, PRICES, now=now):
            took = Spent(cpu_seconds=share * estimate.cpu_seconds, gpu_seconds=share * estimate.gpu_seconds)
            allowed.append(Past(written(now), took))

    for one in allowed:
        window = of_window(allowed, seconds_of(one.time), budget.days)
        assert not budget.trainings or len(window) <= budget.trainings
        sums = [
            (budget.cpu_hours, sum(spent.cpu_seconds for spent in window) / 3_600),
            (budget.gpu_hours, sum(spent.gpu_seconds for spent in window) / 3_600),
            (budget.price, sum(price_of(spent, PRICES) for spent in window)),
        ]
        assert all(total <= most + 1e-9 for most, total in sums if most)


@given(budgets, st.lists(st.tuples(pauses, works), max_size=12), st.one_of(st.none(), works))
def test_a_block_is_over_at_its_time_and_not_before(
    budget: BudgetSpec, course: list[tuple[float, Spent]], estimate: Spent | None
) -> None:
    past = [Past(written(NOW - ago), spent) for ago, spent in course]
    blocks = refusals(budget, past, estimate, PRICES, now=NOW)
    if not blocks:
        return
    if not all(block.until for block in blocks):
        assert refusals(budget, past, estimate, PRICES, now=NOW + 1_000 * DAY)
        return
    until = max(seconds_of(block.until) for block in blocks)
    assert refusals(budget, past, estimate, PRICES, now=until) == []
    assert refusals(budget, past, estimate, PRICES, now=until - 0.002)


@given(budgets, st.lists(st.tuples(pauses, works), max_size=8), works)
def test_the_order_of_the_past_does_not_matter(
    budget: BudgetSpec, course: list[tuple[float, Spent]], estimate: Spent
) -> None:
    past = [Past(written(NOW - ago), spent) for ago, spent in course]
    forwards = refusals(budget, past, estimate, PRICES, now=NOW)
    assert refusals(budget, past[::-1], estimate, PRICES, now=NOW) == forwards


def test_a_training_that_fits_exactly_is_allowed() -> None:
    assert asked(BudgetSpec(days=7, cpu_hours=10), [cpu(6.5, days_ago=3)], 3.5) == []


def test_a_refusal_says_what_is_used_what_is_expected_and_until_when() -> None:
    (block,) = asked(BudgetSpec(days=7, cpu_hours=10), [cpu(3, days_ago=5), cpu(6.5, days_ago=3)], 1.25)
    assert block.kind == "budget"
    assert block.text == "9.5 of 10 CPU hours were used in the last 7 days; a training takes about 1.25 more."
    assert block.until == "2026-04-02T00:00:00.000Z"


def test_each_limit_has_a_block_of_its_own() -> None:
    spent = Spent(cpu_seconds=3_600 * 9, gpu_seconds=3_600 * 2.5)
    past = [Past(written(NOW - DAY), one) for one in (spent, Spent(), Spent(), Spent())]
    blocks = refusals(BUDGET, past, spent, PRICES, now=NOW)
    assert [block.text for block in blocks] == [
        "4 of 4 trainings began in the last 7 days.",
        "9 of 10 CPU hours were used in the last 7 days; a training takes about 9 more.",
        "2.5 of 3 GPU hours were used in the last 7 days; a training takes about 2.5 more.",
        "A training takes about 9.5 EUR; the budget is 8 EUR in 7 days.",
    ]
    assert [block.until for block in blocks] == ["2026-04-06T00:00:00.000Z"] * 3 + [""]


def test_a_first_training_is_allowed_and_further_unknown_ones_while_anything_is_left() -> None:
    budget = BudgetSpec(days=1, cpu_hours=10)
    assert asked(budget, []) == []
    assert asked(budget, [cpu(9.99)]) == []
    (block,) = asked(budget, [cpu(10)])
    assert block.text == "10 of 10 CPU hours were used in the last 24 hours."


def test_an_estimate_that_was_exceeded_is_told() -> None:
    (block,) = asked(BudgetSpec(days=1, cpu_hours=10), [cpu(12.4)], 1.0)
    assert block.text == "12.4 CPU hours were used in the last 24 hours, more than the budget of 10."


def test_a_budget_of_money_without_prices_lets_nothing_begin() -> None:
    (block,) = refusals(BudgetSpec(price=50), [], None, Prices(), now=NOW)
    assert "set `price_cpu_hour`" in block.text
    assert block.until == ""


def test_what_is_used_is_what_a_refusal_counts() -> None:
    spec = ModelSpec(name="support", owner="o", data=DataSpec(), budget=BudgetSpec(days=7, trainings=4, cpu_hours=10))
    found = uses(spec, [cpu(9, days_ago=8), cpu(3, days_ago=6), cpu(6.5)], PRICES, now=NOW)
    assert [(one.limit, one.used, one.most) for one in found] == [("trainings", 2, 4), ("cpu_hours", 9.5, 10)]
    assert asked(spec.budget, [cpu(9.5)], 1)[0].text.startswith("9.5 of 10 CPU hours")


def test_without_limits_nothing_is_refused() -> None:
    assert not has_limits(BudgetSpec())
    assert asked(BudgetSpec(), [cpu(1e6)], 1e6) == []


@pytest.mark.parametrize("limit", ["trainings", "cpu_hours", "gpu_hours", "price"])
def test_any_limit_is_one(limit: str) -> None:
    assert has_limits(BudgetSpec(**{limit: 1}))


def test_an_estimate_is_the_most_that_one_of_the_last_three_took() -> None:
    past = [Spent(cpu_seconds=5, seconds=9), Spent(cpu_seconds=7, stored_bytes=4), Spent(gb_seconds=2)]
    older = Spent(cpu_seconds=1_000)
    assert estimate_of([*past, older]) == Spent(cpu_seconds=7, seconds=9, stored_bytes=4, gb_seconds=2)
    assert estimate_of([]) is None


@given(works, works)
def test_the_larger_of_two_is_at_least_each(one: Spent, other: Spent) -> None:
    both = larger(one, other)
    assert both == larger(other, one) == larger(both, one)
    assert math.isclose(both.cpu_seconds, max(one.cpu_seconds, other.cpu_seconds))
