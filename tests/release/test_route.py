from __future__ import annotations

import itertools

import pytest

from dragoman.release.route import CHALLENGER, CHAMPION, Route

SUBJECTS = [f"user-{number}" for number in range(4_000)]


def route(share: float, *, release: str = "r1", mirror: float = 1.0) -> Route:
    return Route(release=release, model="support", champion="7", challenger="8", share=share, mirror=mirror)


def challenged(one: Route) -> set[str]:
    return {subject for subject in SUBJECTS if one.arm_of(subject) == CHALLENGER}


@pytest.mark.parametrize("share", [0.01, 0.05, 0.25, 0.5])
def test_the_challenger_answers_its_share_of_the_subjects(share: float) -> None:
    spread = 4 * (share * (1 - share) / len(SUBJECTS)) ** 0.5
    assert len(challenged(route(share))) / len(SUBJECTS) == pytest.approx(share, abs=spread)


def test_nobody_meets_the_challenger_in_shadow_and_everybody_at_the_end() -> None:
    assert challenged(route(0.0)) == set()
    assert challenged(route(1.0)) == set(SUBJECTS)


def test_a_subject_that_met_the_challenger_stays_with_it_as_the_share_grows() -> None:
    shares = [0.01, 0.05, 0.25, 0.5, 1.0]
    groups = [challenged(route(share)) for share in shares]
    assert all(before < after for before, after in itertools.pairwise(groups))


def test_another_release_draws_its_subjects_anew() -> None:
    first, second = challenged(route(0.25)), challenged(route(0.25, release="r2"))
    assert len(first & second) / len(first) == pytest.approx(0.25, abs=0.06)


def test_copies_are_drawn_apart_from_the_arms() -> None:
    one = route(0.5, mirror=0.5)
    mirrored = {subject for subject in SUBJECTS if one.is_mirrored(subject)}
    assert len(mirrored & challenged(one)) / len(SUBJECTS) == pytest.approx(0.25, abs=0.03)


def test_each_arm_has_its_version() -> None:
    assert (route(0.1).version_of(CHAMPION), route(0.1).version_of(CHALLENGER)) == ("7", "8")


def test_a_subject_may_be_any_text() -> None:
    assert route(1.0).arm_of("\ud800 \0 заказ") == CHALLENGER
