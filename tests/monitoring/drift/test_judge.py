from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from tests.monitoring.drift.small import LONGER, USUAL, Shares, hour, profile_of, reference_of

from dragoman.errors import InvalidInput
from dragoman.monitoring.drift import DriftFindings, DriftJudge, DriftRow
from dragoman.profiles import Profile, Reference
from dragoman.records import Symptom
from dragoman.spec import DriftSpec

REFERENCE = reference_of()
BILLING = {"label": np.array([0.2, 0.6, 0.2, 0.0])}
Buckets = list[tuple[str, Profile]]


def traffic(
    hours: int,
    *,
    texts: int = 100,
    change: int = 1_000,
    back: int = 1_000,
    seed: int = 1,
    reference: Reference = REFERENCE,
    **changed: Shares,
) -> Buckets:
    """Hours of both languages; those from `change` to before `back` are as `changed` says."""
    chance = np.random.default_rng(seed)
    now = [changed if change <= place < back else {} for place in range(hours)]
    return [
        (hour(place), profile_of(reference, {"de": texts, "th": texts}, chance, **shares))
        for place, shares in enumerate(now)
    ]


def looked(
    buckets: Buckets,
    *,
    earlier: Sequence[Symptom] = (),
    spec: DriftSpec | None = None,
    reference: Reference = REFERENCE,
) -> DriftFindings:
    return DriftJudge(spec or DriftSpec(), reference).look(buckets, model="support", version="3", earlier=earlier)


def row_of(found: DriftFindings, language: str, signal: str, window: int) -> DriftRow:
    (row,) = (row for row in found.rows if (row.language, row.signal, row.window) == (language, signal, window))
    return row


def test_a_change_is_told_with_its_language_signal_numbers_and_time():
    (symptom,) = looked(traffic(30, change=26, th=LONGER)).symptoms

    assert symptom.key == ("support", "3", "drift", "tokens", "th")
    assert symptom.severity == "ticket"
    assert symptom.since == hour(26)
    assert symptom.summary.startswith("th, tokens 28 or more: 22% → ")
    assert symptom.summary.endswith(f"of the texts of the last 6 hours (n = {symptom.evidence['n']})")


def test_its_evidence_is_all_that_the_sentence_rests_on():
    (symptom,) = looked(traffic(30, change=26, th=LONGER)).symptoms
    evidence = symptom.evidence

    assert evidence["p_value"] <= evidence["level"] < 1e-3
    assert evidence["log10_p"] == pytest.approx(np.log10(evidence["p_value"]))
    assert evidence["effect"] == pytest.approx(abs(evidence["after"] - evidence["before"]))
    assert evidence["effect_low"] < evidence["effect"] < evidence["effect_high"]
    assert (evidence["n"], evidence["reference_n"], evidence["window"], evidence["window_hours"]) == (
        600,
        999,
        6,
        6.0,
    )
    assert evidence["log_likelihood_ratio"] > 10
    assert evidence["since_earliest"] <= symptom.since <= evidence["since_latest"]


def test_without_a_change_every_cell_is_ok():
    found = looked(traffic(30))

    assert found.symptoms == []
    assert {row.verdict for row in found.rows if row.language} == {"ok"}
    assert len(found.rows) == 5 * 4


def test_changes_of_two_signals_are_two_symptoms():
    found = looked(traffic(8, change=0, de=BILLING, th=LONGER))

    assert {(one.language, one.name) for one in found.symptoms} == {("de", "label"), ("th", "tokens")}
    assert row_of(found, "de", "label", 6).what == "label billing"


def test_a_change_below_the_least_one_is_not_told_however_clear():
    little = {"label": np.array([0.57, 0.33, 0.1, 0.0])}
    reference = reference_of(texts=100_000)
    buckets = traffic(4, texts=50_000, change=0, reference=reference, th=little)

    quiet, told = (looked(buckets, spec=DriftSpec(min_change=least), reference=reference) for least in (0.05, 0.02))

    assert quiet.symptoms == []
    assert row_of(quiet, "th", "label", 1).verdict == "ok"
    assert [one.name for one in told.symptoms] == ["label"]


def test_few_texts_are_not_enough_evidence_in_short_windows():
    found = looked(traffic(30, texts=20, change=0, th=LONGER))

    verdicts = [row_of(found, "th", "tokens", window).verdict for window in (1, 6, 24, 168)]
    assert verdicts == ["not enough evidence", "drift", "drift", "drift"]
    assert row_of(found, "th", "tokens", 1).p_value is None


def test_windows_end_with_the_bucket_that_is_looked_at():
    buckets = traffic(30, change=20, th=LONGER)
    judge = DriftJudge(DriftSpec(), REFERENCE)

    early = judge.look(buckets, model="support", at=hour(19))
    late = judge.look(buckets[:25], model="support", at=hour(29))

    assert early.symptoms == []
    assert row_of(early, "th", "tokens", 24).n == 2_000
    assert row_of(late, "th", "tokens", 6).n == 100
    assert row_of(late, "th", "tokens", 1).verdict == "not enough evidence"


def test_one_change_stays_one_symptom_while_it_lasts():
    buckets = traffic(60, change=26, texts=60, th={"tokens": np.array([0.65 / 7] * 7 + [0.175, 0.175])})
    judge, earlier, seen = DriftJudge(DriftSpec(), REFERENCE), [], []
    for last in range(26, 60):
        earlier = judge.look(buckets, model="support", version="3", at=hour(last), earlier=earlier).symptoms
        seen.append(bool(earlier))

    begun = seen.index(True)
    assert begun <= 24
    assert all(seen[begun:])
    assert earlier[0].since in {hour(place) for place in range(24, 30)}


def test_a_symptom_holds_where_it_would_not_begin():
    buckets = traffic(1, texts=100, change=0, th={"tokens": np.array([0.56 / 7] * 7 + [0.22, 0.22])}, seed=2)
    (earlier,) = looked(traffic(1, texts=100, change=0, th=LONGER)).symptoms

    assert looked(buckets).symptoms == []
    assert [one.key for one in looked(buckets, earlier=[earlier]).symptoms] == [earlier.key]


def test_a_change_that_is_over_is_not_told_any_more():
    buckets = traffic(40, change=20, back=30, texts=400, th=LONGER)
    judge = DriftJudge(DriftSpec(), REFERENCE)
    during = judge.look(buckets, model="support", at=hour(29)).symptoms

    after = judge.look(buckets, model="support", at=hour(36), earlier=during)

    assert [one.language for one in during] == ["th"]
    assert row_of(after, "th", "tokens", 24).verdict == "drift"
    assert after.symptoms == []


def test_the_time_of_the_clearest_look_is_kept():
    buckets = traffic(260, change=20, th=LONGER)
    judge = DriftJudge(DriftSpec(), REFERENCE)
    early = judge.look(buckets, model="support", at=hour(60)).symptoms

    late = judge.look(buckets[200:], model="support", earlier=early).symptoms

    assert [one.since for one in late] == [early[0].since]
    assert hour(18) <= early[0].since <= hour(22)


def test_texts_that_come_many_times_are_no_change():
    """A quarter of these hours would alarm if every copy counted."""
    chance = np.random.default_rng(1)
    buckets = []
    for place in range(30):
        profile = profile_of(REFERENCE, {"th": 60}, chance)
        for _ in range(3):
            profile.merge(profile)
        buckets.append((hour(place), profile))
    judge = DriftJudge(DriftSpec(), REFERENCE)

    found = [judge.look(buckets, model="support", at=hour(last)).symptoms for last in range(12, 30)]

    assert not any(found)


def test_traffic_as_the_reference_is_compared_with_nothing_until_it_is_there():
    spec = DriftSpec(reference="traffic")
    buckets = traffic(30, change=0, th=LONGER)

    found = DriftJudge(spec, REFERENCE).look(buckets, model="support")

    assert found.symptoms == []
    assert {row.verdict for row in found.rows} == {"not enough evidence"}


def test_traffic_that_never_was_like_the_bundle_is_compared_with_itself():
    spec = DriftSpec(reference="traffic")
    buckets = traffic(360, change=0, th=LONGER)
    judge = DriftJudge(spec, REFERENCE, baseline=buckets[:336])

    found = judge.look([*buckets[200:], *_changed(12, at=360)], model="support")

    assert {(one.language, one.name) for one in found.symptoms} == {("th", "tokens"), ("de", "label")}
    assert row_of(found, "de", "tokens", 168).n == 36 * 100
    assert row_of(judge.look(buckets[200:], model="support"), "th", "tokens", 6).verdict == "ok"


def _changed(hours: int, *, at: int) -> Buckets:
    chance = np.random.default_rng(5)
    return [
        (hour(at + place), profile_of(REFERENCE, {"de": 100, "th": 100}, chance, de=BILLING)) for place in range(hours)
    ]


def test_the_language_mix_is_compared_with_first_traffic():
    first = traffic(48)
    chance = np.random.default_rng(2)
    later = [(hour(48 + place), profile_of(REFERENCE, {"de": 100, "th": 30, "xx": 9}, chance)) for place in range(6)]

    (symptom,) = DriftJudge(DriftSpec(), REFERENCE, baseline=first).look(later, model="support", version="3").symptoms

    assert (symptom.kind, symptom.name, symptom.language) == ("language-mix", "language-mix", "")
    assert symptom.summary.startswith("language th: 50% → 22% of the texts of the last ")
    assert looked(later).symptoms == []


def test_a_short_bucket_is_named_in_minutes():
    spec = DriftSpec(every_minutes=60, windows=[1])
    (symptom,) = looked(traffic(3, texts=300, change=2, th=LONGER), spec=spec).symptoms

    assert "texts of the last hour (n = 300)" in symptom.summary
    quarter = DriftSpec(every_minutes=15, windows=[1])
    assert (
        "of the last 15 minutes" in looked(traffic(3, texts=300, change=2, th=LONGER), spec=quarter).symptoms[0].summary
    )


def test_more_accepted_false_alarms_find_more():
    buckets = traffic(1, texts=60, change=0, th={"tokens": np.array([0.56 / 7] * 7 + [0.22, 0.22])}, seed=0)
    rows = [row_of(looked(buckets, spec=DriftSpec(false_alarms=knob)), "th", "tokens", 1) for knob in (0.01, 100.0)]

    assert [row.verdict for row in rows] == ["ok", "drift"]
    assert rows[0].p_value == rows[1].p_value


def test_a_profile_of_another_reference_is_refused():
    other = reference_of(texts=500)

    with pytest.raises(InvalidInput):
        looked([(hour(0), Profile(other))])


def test_nothing_to_watch_is_nothing_found():
    empty = Reference({}, {}, None)

    assert looked([(hour(0), Profile(empty))], reference=empty) == ([], [])
    assert looked([]).symptoms == []


def test_usual_shares_add_up():
    assert all(shares.sum() == pytest.approx(1.0) for shares in [*USUAL.values(), *LONGER.values(), *BILLING.values()])
