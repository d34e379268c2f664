from __future__ import annotations

from collections import Counter

from dragoman.monitoring.sampler import Sampler


def test_a_few_things_are_all_kept() -> None:
    sampler: Sampler[int] = Sampler(10)

    for number in range(7):
        sampler.offer(number)

    assert sampler.take() == list(range(7))
    assert sampler.take() == []


def test_of_many_things_each_has_the_same_chance() -> None:
    counts: Counter[int] = Counter()
    for seed in range(2_000):
        sampler: Sampler[int] = Sampler(5, seed=seed)
        for number in range(50):
            sampler.offer(number)
        counts.update(sampler.take())

    assert sum(counts.values()) == 10_000
    squares = sum((counts[number] - 200) ** 2 / 200 for number in range(50))
    assert squares < 85  # the 99.9th percentile of chi squared with 49 degrees of freedom
