from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from dragoman.feedback.review.allocation import allocate
from dragoman.feedback.review.chance import Chance

SIZES = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 40), max_size=8)


@settings(max_examples=200, deadline=None)
@given(sizes=SIZES, total=st.integers(0, 60), least=st.integers(0, 5), seed=st.text(max_size=3))
def test_shares_sum_up_and_leave_nobody_without_a_chance(sizes, total, least, seed):
    shares = allocate(sizes, total, least=least, chance=Chance(seed))

    assert sum(one.tasks for one in shares.values()) == min(total, sum(sizes.values()))
    for name, share in shares.items():
        assert 0 <= share.tasks <= sizes[name]
        assert share.inclusion > 0 or total == 0
        assert abs(share.tasks - share.inclusion * sizes[name]) < 1


@settings(max_examples=100, deadline=None)
@given(sizes=SIZES, least=st.integers(1, 5), more=st.integers(0, 30))
def test_every_language_has_its_least_where_there_are_enough_tasks(sizes, least, more):
    needed = sum(min(least, size) for size in sizes.values())

    shares = allocate(sizes, needed + more, least=least, chance=Chance("x"))

    assert all(share.tasks >= min(least, sizes[name]) for name, share in shares.items())


def test_what_is_above_the_least_is_in_proportion():
    shares = allocate({"en": 900, "de": 100, "th": 2}, 103, least=1, chance=Chance("x"))

    counts = {name: share.tasks for name, share in shares.items()}
    assert counts["th"] in (1, 2)
    assert 90 <= counts["en"] <= 91
    assert 10 <= counts["de"] <= 11


def test_a_language_that_is_full_leaves_its_part_to_others():
    shares = allocate({"en": 1_000, "de": 3}, 500, least=3, chance=Chance("x"))

    assert {name: share.tasks for name, share in shares.items()} == {"en": 497, "de": 3}
    assert shares["de"].inclusion == 1.0


def test_of_more_languages_than_tasks_each_has_the_same_chance():
    sizes = dict.fromkeys("abcdefghij", 5)
    seen: Counter[str] = Counter()

    for seed in range(2_000):
        shares = allocate(sizes, 3, least=1, chance=Chance(str(seed)))
        seen.update({name: share.tasks for name, share in shares.items()})

    assert {round(share.inclusion, 9) for share in shares.values()} == {0.06}
    assert all(abs(seen[name] / 2_000 - 0.3) < 0.04 for name in sizes)  # four standard errors
