from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

from dragoman.feedback.learning.echo import ALPHA, MARGIN, Agreements, echo_of, echo_p_values

Counts = tuple[int, int]


class World(NamedTuple):
    """Accuracies in the languages, and labels of a source and audits in each."""

    accuracies: tuple[float, ...]
    labels: int
    audits: int


def found(world: World, *, confirmed: float, worlds: int = 4_000) -> float:
    """Share of worlds in which a source is an echo that takes so many of the wrong answers for right."""
    random = np.random.default_rng(7)
    true = np.array(world.accuracies)
    n, m = (np.full((worlds, len(true)), float(size)) for size in (world.labels, world.audits))
    right = random.binomial(world.labels, true + (1 - true) * confirmed, n.shape).astype(float)
    known = random.binomial(world.audits, true, m.shape).astype(float)
    above = right.sum(-1) / n.sum(-1) - (n * known / m).sum(-1) / n.sum(-1)
    return float(((echo_p_values(right, n, known, m) <= ALPHA) & (above >= MARGIN)).mean())


@pytest.mark.parametrize(
    "world",
    [
        World((0.9,), 1_000, 40),
        World((0.97,), 100_000, 300),
        World((0.6, 0.8, 0.95), 50, 200),
        World((0.9,) * 24, 20, 5),
        World((0.99,) * 24, 1_000, 40),
    ],
)
def test_a_source_that_is_right_as_often_as_the_model_is_hardly_ever_an_echo(world: World) -> None:
    assert found(world, confirmed=0.0, worlds=20_000) <= 0.003


@pytest.mark.parametrize(
    ("world", "confirmed", "power"),
    [
        (World((0.9,), 1_000, 1_000), 0.5, 0.8),
        (World((0.9,) * 24, 20, 5), 0.9, 0.9),
        (World((0.6, 0.8, 0.95), 1_000, 40), 0.9, 0.99),
        (World((0.9,) * 24, 50, 200), 0.5, 0.95),
    ],
)
def test_a_source_that_confirms_wrong_answers_is_found(world: World, confirmed: float, power: float) -> None:
    assert found(world, confirmed=confirmed) >= power


def echo(own: dict[str, Counts], audits: dict[str, Counts]) -> tuple[float, float] | None:
    of = [Agreements({("1", language): counts for language, counts in one.items()}) for one in (own, audits)]
    one = echo_of("agents", *of)
    return (one.agreement, round(one.expected, 4)) if one else None


def test_an_echo_says_how_often_it_agrees_and_how_often_its_languages_are_right() -> None:
    assert echo({"de": (300, 300), "en": (100, 100)}, {"de": (60, 100), "en": (90, 100)}) == (1.0, 0.675)


def test_another_mix_of_languages_is_no_echo() -> None:
    assert echo({"de": (60, 100), "en": (900, 1_000)}, {"de": (600, 1_000), "en": (90, 100)}) is None


@pytest.mark.parametrize("audits", [{}, {"en": (50, 100)}, {"de": (2, 10)}])
def test_without_audits_of_the_same_languages_nothing_can_be_told(audits: dict[str, Counts]) -> None:
    assert echo({"de": (1_000, 1_000)}, audits) is None


def test_a_source_that_corrects_more_than_audits_do_is_no_echo() -> None:
    assert echo({"de": (300, 1_000)}, {"de": (90, 100)}) is None


def test_where_everything_is_right_nothing_can_be_told() -> None:
    assert echo({"de": (1_000, 1_000)}, {"de": (100, 100)}) is None


def test_agreements_are_counted_by_version_and_language() -> None:
    rows = [(("1", "de"), True), (("1", "de"), False), (("2", "de"), True)]
    assert Agreements.of(rows).strata == {("1", "de"): (1, 2), ("2", "de"): (1, 1)}
