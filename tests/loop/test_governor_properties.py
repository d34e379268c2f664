from __future__ import annotations

from dataclasses import dataclass, field

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragoman.clock import written
from dragoman.feedback.learning.collected import Echo
from dragoman.loop.governor import decide
from dragoman.loop.situation import Drifted
from dragoman.monitoring.resources.cost import Prices
from dragoman.monitoring.times import seconds_of
from dragoman.records import By, Spent
from dragoman.spec import BudgetSpec, SloSpec

from .situations import DAY, HOUR, NOW, collected, held, quality, row, situation, spec

echo = st.builds(
    Echo,
    source=st.just("bot"),
    labels=st.just(100),
    agreement=st.just(0.99),
    expected=st.just(0.9),
    p_value=st.just(1e-9),
    held=st.integers(0, 100),
)
labels = st.builds(
    lambda hi, pt, echoes: collected({"hi": hi, "pt": pt}, echoes=echoes),
    st.integers(0, 600),
    st.integers(0, 600),
    st.lists(echo, max_size=1),
)
rows = st.builds(
    lambda name, audited, share, expected: row(name, right=round(audited * share), audited=audited, expected=expected),
    st.sampled_from(["hi", "pt", "de"]),
    st.integers(0, 300),
    st.floats(0, 1),
    st.floats(0.3, 1),
)
situations = st.builds(
    situation,
    collected=st.none() | labels,
    quality=st.none() | st.lists(rows, max_size=3, unique_by=lambda one: one.language).map(lambda some: quality(*some)),
    held=st.just(held(hi=0.95, pt=0.9, de=0.85)),
    drifted=st.lists(
        st.builds(Drifted, st.sampled_from(["hi", "pt", ""]), st.floats(NOW - 3 * DAY, NOW), st.just("Changed.")),
        max_size=2,
    ),
    release=st.sampled_from(["", "", "01KA"]),
    job=st.sampled_from(["", "", "retrain:1"]),
    begun=st.lists(st.floats(NOW - 60 * DAY, NOW), max_size=2),
    asked=st.none() | st.just(By(actor="anna")),
)
specs = st.builds(
    spec,
    new_labels=st.sampled_from([0, 500]),
    fewest_labels=st.sampled_from([0, 50]),
    loss=st.sampled_from([0.0, 0.02]),
    age_days=st.sampled_from([0.0, 90.0, 200.0]),
    cooldown_days=st.floats(0, 60),
    calendar=st.lists(st.sampled_from(["mon", "sat", "22:00-06:00"]), max_size=1),
    approval=st.booleans(),
    tables=st.just({"slo": SloSpec(quality=0.9), "budget": BudgetSpec(trainings=2)}),
)


@given(situations, specs)
def test_a_verdict_says_what_its_triggers_and_blocks_say(seen, wanted):
    found = decide(seen, wanted, now=NOW, id="1")
    asks, stands = bool(found.triggers), [one.kind for one in found.blocks]
    expected = "none" if not asks else "train" if not stands else "ask" if stands == ["approval"] else "wait"
    assert found.verdict == expected
    assert asks or not stands


@given(situations, specs)
def test_the_same_situation_gives_the_same_decision(seen, wanted):
    assert decide(seen, wanted, now=NOW, id="1") == decide(seen, wanted, now=NOW, id="1")


@given(situations, specs, st.integers(0, 1_000))
def test_more_labels_never_turn_a_training_down(seen, wanted, more):
    rank = {"none": 0, "wait": 1, "ask": 2, "train": 3}
    before = seen.collected or collected({})
    new = msgspec.structs.replace(before, new={**before.new, "de": more})
    few, many = (decide(seen._replace(collected=one), wanted, now=NOW, id="1") for one in (before, new))
    assert {one.kind for one in few.triggers} <= {one.kind for one in many.triggers}
    if few.triggers:
        assert rank[many.verdict] >= rank[few.verdict]


@given(situations, specs)
def test_every_sentence_is_one_and_every_until_lies_ahead(seen, wanted):
    found = decide(seen, wanted, now=NOW, id="1")
    for one in (*found.triggers, *found.blocks):
        assert not one.text[0].islower() or one.kind == "asked"
        assert one.text.endswith(".")
    assert all(seconds_of(one.until) > NOW for one in found.blocks if one.until)


@dataclass
class Years:
    """A model whose trainings begin when they may. Each takes some processor time, and may give a new champion."""

    wanted: object
    begun: list[float] = field(default_factory=list)
    past: list[tuple[str, Spent]] = field(default_factory=list)
    champion: int = 1
    trained: float = 0.0

    def look(self, now: float, new: int, hours: float, *, succeeds: bool) -> None:
        estimate = max((one.cpu_seconds for _, one in self.past[-3:]), default=None)
        seen = situation(
            champion=self.champion,
            trained=self.trained,
            collected=collected({"hi": new}),
            begun=self.begun,
            past=self.past,
            estimate=None if estimate is None else Spent(cpu_seconds=estimate),
            prices=Prices(),
        )
        if decide(seen, self.wanted, now=now, id="1").verdict == "train":
            self.begun.append(now)
            self.past.append((written(now), Spent(cpu_seconds=hours * HOUR)))
            self.champion += succeeds
            self.trained = now if succeeds else self.trained


looks = st.lists(st.tuples(st.floats(0.5, 400), st.integers(0, 1_000), st.booleans()), min_size=20, max_size=60)


@settings(max_examples=30)
@given(looks, st.floats(0.5, 30), st.integers(1, 4), st.sampled_from([7.0, 30.0]))
def test_over_years_no_two_trainings_lie_within_the_cooldown_and_no_budget_is_exceeded(several, cooldown, most, period):
    budget = BudgetSpec(days=period, trainings=most, cpu_hours=3.0 * most)
    years = Years(spec(new_labels=200, cooldown_days=cooldown, tables={"budget": budget}), trained=NOW - 500 * DAY)
    now = NOW
    for hours, new, succeeds in several:
        now += hours * HOUR
        years.look(now, new, 3.0, succeeds=succeeds)
    gaps = [after - before for before, after in zip(years.begun, years.begun[1:], strict=False)]
    assert min(gaps, default=cooldown * DAY) >= cooldown * DAY - 1
    for start in years.begun:
        within = [one for one in years.begun if start <= one < start + period * DAY]
        assert len(within) <= most
        assert 3.0 * len(within) <= budget.cpu_hours


def test_years_have_trainings_at_all():
    years = Years(spec(new_labels=200, cooldown_days=7), trained=NOW - 500 * DAY)
    for day in range(70):
        years.look(NOW + day * DAY, 300, 1.0, succeeds=True)
    assert len(years.begun) == pytest.approx(10)
