from __future__ import annotations

import msgspec
from tests.registry.records import interval, release, report, value_report
from tests.training.world import small_spec

from dragoman.records import Finding, LanguageScore, Release, Verdict
from dragoman.registry.gaps import known_gaps
from dragoman.spec import GatesSpec, convert_spec

SPEC = msgspec.structs.replace(small_spec(), languages=["en", "ru", "sw"], gates=GatesSpec(worst_language_accuracy=0.8))


def gaps(found=None, releases: tuple[Release, ...] = (), number: int = 2) -> list[str]:
    return known_gaps(SPEC, found or report(en=0.9, ru=0.9, sw=0.9), releases, number)


def finding(metric: str, language: str, verdict: Verdict) -> Finding:
    return Finding(
        metric=metric, language=language, scope="language", n=9, effect=0, low=-1, high=1, limit=0.01, e_value=1,
        e_safe=1, verdict=verdict,
    )  # fmt: skip


def test_that_all_texts_have_one_source_is_always_said() -> None:
    (only,) = gaps()

    assert only.startswith("The texts of the test split come from the same source as the training texts")


def test_languages_below_the_floor_come_first_then_those_that_may_be() -> None:
    assert gaps(report(en=0.9, ru=0.7, sw=0.82))[:2] == [
        "Below the floor of 0.800: ru 0.700 (0.650 to 0.750).",
        "May be below the floor of 0.800: sw 0.820 (0.770 to 0.870).",
    ]


def test_languages_without_texts_are_named() -> None:
    assert "No evaluation texts: ru, sw." in gaps(report(en=0.9))


def test_languages_with_wide_intervals_are_named() -> None:
    wide = LanguageScore(language="ru", accuracy=interval(0.9, half=0.1, n=20), macro_f1=0.9)
    found = msgspec.structs.replace(report(en=0.9, sw=0.9), languages=[wide])

    assert "Too few evaluation texts for an interval narrower than 15 points: ru (20 texts)." in gaps(found)


def test_what_releases_could_not_decide_is_named_with_its_metrics() -> None:
    found = [
        finding("errors", "en", "pass"),
        finding("latency", "ru", "not enough evidence"),
        finding("errors", "ru", "not enough evidence"),
        finding("errors", "all", "not enough evidence"),
    ]

    assert "Not decided by release rel-1: ru (latency, errors)." in gaps(releases=(release(findings=found),))
    assert len(gaps(releases=(release(findings=found),), number=1)) == 1  # of the champion nothing was asked


NUMBERS = convert_spec(
    {
        "name": "price", "owner": "o", "task": "tabular-regression", "features": {"columns": ["x"]},
        "data": {"files": ["x"], "target": "y"},
    }
)  # fmt: skip


def test_intervals_that_hold_too_little_and_groups_without_skill_are_told() -> None:
    found = known_gaps(NUMBERS, value_report(coverage=0.8), (), 2)

    assert found[0].startswith("The intervals hold fewer true values than they are made for: 0.800 (0.780 to 0.820)")
    assert found[1] == "No better than the naive answer, by language: pt (50 rows)."
    assert found[2].startswith("The rows of the test split come from the same source as the training rows")


def test_intervals_that_may_hold_enough_are_no_gap() -> None:
    assert len(known_gaps(NUMBERS, value_report(coverage=0.89, groups={}), (), 2)) == 1
