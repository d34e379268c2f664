from __future__ import annotations

import pytest

from dragoman.monitoring.drift.grouping import grouped, ungrouped
from dragoman.records import Alert, Symptom


def symptom(name: str, *, language: str = "ar", effect: float = 0.3, likelihood: float = 10.0, **changes) -> Symptom:
    evidence = {"effect": effect, "log_likelihood_ratio": likelihood, "since": f"since {name}"}
    fields = {"model": "support", "version": "7", "kind": "drift", "severity": "ticket"} | changes
    return Symptom(
        name=name,
        language=language,
        summary=f"{language}, {name}",
        since=evidence["since"],
        evidence=evidence,
        **fields,
    )


def test_signals_of_a_language_become_one_symptom_told_by_the_largest_effect() -> None:
    (one,) = grouped([symptom("tokens"), symptom("script", effect=0.9), symptom("score", likelihood=99.0)])

    assert one.name == ""
    assert one.summary == "ar, script; changed, too: score, tokens."
    assert one.since == "since score"  # it dates the change best
    assert set(one.evidence["signals"]) == {"tokens", "script", "score"}


def test_languages_versions_and_kinds_stay_apart() -> None:
    mix = symptom("language-mix", language="", kind="language-mix")

    found = grouped([symptom("tokens"), symptom("tokens", language="th"), symptom("tokens", version="8"), mix])

    assert len({one.key for one in found}) == 4


def test_many_signals_are_counted_rather_than_listed() -> None:
    (one,) = grouped([symptom(f"s{place}", effect=0.9 - place / 10) for place in range(7)])

    assert one.summary == "ar, s0; changed, too: s1, s2, s3 and 3 more."


@pytest.mark.parametrize("count", [1, 3])
def test_the_signals_of_an_alert_come_back(count: int) -> None:
    signals = [symptom(f"s{place}") for place in range(count)]
    (one,) = grouped(signals)
    alert = Alert(
        id="a",
        status="firing",
        owner="o",
        runbook="r",
        started="",
        updated="",
        **{
            name: getattr(one, name)
            for name in ("model", "version", "kind", "name", "language", "severity", "summary", "since", "evidence")
        },
    )

    back = list(ungrouped([alert]))

    assert {(each.name, each.key) for each in back} == {(each.name, each.key) for each in signals}
    assert [each.evidence for each in sorted(back, key=lambda each: each.name)] == [one.evidence for one in signals]
