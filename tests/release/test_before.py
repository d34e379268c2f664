from __future__ import annotations

import numpy as np
import pytest
from tests.release.evaluations import compared, drawn, parity, ratio, spec_with

from dragoman.records import Agreement, Form, FormReport, GateResult, TuningReport
from dragoman.release.before import check_before, check_forgetting
from dragoman.release.comparison import Comparison
from dragoman.release.paired import Pairs
from dragoman.spec import ModelSpec

EQUAL = Pairs(both=1_000, lost=5, gained=5, neither=90)
FAR = Pairs(both=100, lost=40, gained=5, neither=5)


def check(comparison: Comparison, spec: ModelSpec | None = None) -> list[GateResult]:
    return check_before(comparison, spec or spec_with(languages=("en", "th")), parity=parity())


def result(results: list[GateResult], gate: str, language: str = "") -> GateResult:
    (found,) = [one for one in results if (one.gate, one.language) == (gate, language)]
    return found


def failed(results: list[GateResult]) -> list[tuple[str, str]]:
    return [(one.gate, one.language) for one in results if one.verdict == "fail"]


def test_an_equal_challenger_with_many_texts_passes_every_gate() -> None:
    results = check(compared({"en": EQUAL, "th": EQUAL}))

    assert {one.verdict for one in results} == {"pass"}
    assert [(one.gate, one.language) for one in results] == [
        ("accuracy", ""), ("forgetting", "en"), ("forgetting", "th"),
        ("floor", ""), ("floor", "en"), ("floor", "th"), ("parity", ""), ("latency", ""), ("cost", ""),
    ]  # fmt: skip


def test_a_language_that_lost_much_is_named_with_its_numbers() -> None:
    found = result(check(compared({"en": EQUAL, "th": FAR})), "forgetting", "th")

    assert (found.verdict, found.n, found.limit) == ("fail", 150, 0.05)
    assert (found.champion, found.challenger) == pytest.approx((140 / 150, 105 / 150))
    assert found.text == (
        "forgetting in th, accuracy: 0.933 to 0.700, a drop of 23.3 points (16.5 to 30.1); "
        "at most 5.0 points are allowed; 150 texts can show a drop of 13.4 points"
    )


def test_forgetting_alone_is_judged_over_all_rows_where_there_are_no_languages() -> None:
    found = compared({"en": EQUAL, "th": FAR})
    by_language = check_forgetting(found.total, found.languages, margin=0.05)
    (over_all,) = check_forgetting(found.total, [], margin=0.01)

    assert failed(by_language) == [("forgetting", "th")]
    assert (over_all.language, over_all.verdict) == ("", "fail")


def test_few_texts_are_not_enough_evidence_and_say_what_they_could_show() -> None:
    results = check(compared({"en": EQUAL, "th": Pairs(2, 1, 0, 0)}))

    assert result(results, "forgetting", "th").verdict == "not enough evidence"
    assert "3 texts cannot show any drop" in result(results, "forgetting", "th").text
    assert result(results, "floor", "th").verdict == "not enough evidence"
    assert failed(results) == []


def test_a_language_of_the_spec_without_texts_is_never_passed() -> None:
    results = check(compared({"en": EQUAL}))

    for gate in ("forgetting", "floor"):
        found = result(results, gate, "th")
        assert (found.n, found.verdict, found.text) == (
            0,
            "not enough evidence",
            f"{gate} in th: there are no evaluation texts",
        )


def test_a_language_that_the_spec_does_not_name_is_judged_too() -> None:
    assert failed(check(compared({"en": EQUAL, "sw": FAR}))) == [("accuracy", ""), ("forgetting", "sw")]


def test_a_small_loss_that_is_certain_but_allowed_does_not_fail() -> None:
    lost = Pairs(both=9_000, lost=300, gained=0, neither=700)
    spec = spec_with(languages=("en",), release={"before": {"accuracy": 0.04, "forgetting": 0.04}})

    assert {one.verdict for one in check(compared({"en": lost}), spec)} == {"pass"}


def test_floors_hold_over_all_and_per_language() -> None:
    low = Pairs(both=140, lost=0, gained=0, neither=160)

    assert failed(check(compared({"en": EQUAL, "th": low}))) == [("floor", ""), ("floor", "th")]


def test_a_floor_of_nought_is_none_and_one_of_one_allows_no_error() -> None:
    equal = compared({"en": EQUAL, "th": EQUAL})
    strict = spec_with(languages=("en", "th"), gates={"worst_language_accuracy": 1.0})

    assert [one for one in check(equal, spec_with(gates={})) if one.gate == "floor"] == []
    assert failed(check(equal, strict)) == [("floor", "en"), ("floor", "th")]


@pytest.mark.parametrize(("hidden", "logits"), [(2e-4, 0.0), (0.0, 2e-4), (float("nan"), 0.0), (0.0, float("nan"))])
def test_a_graph_that_is_not_the_trained_model_fails(hidden: float, logits: float) -> None:
    results = check_before(compared({"en": EQUAL}), spec_with(languages=("en",)), parity=parity(hidden, logits))

    assert failed(results) == [("parity", "")]


def tuned(agreement: float) -> TuningReport:
    forms = [Form(precision=precision, backend="x", threads=0) for precision in ("fp32", "int8")]
    reports = [
        FormReport(
            form=form,
            tokens_per_second=1.0,
            single_ms=1.0,
            agreement=Agreement(texts=200, labels=share, languages={"th": share}, score_distance=0.0, cosine=1.0),
        )
        for form, share in zip(forms, (1.0, agreement), strict=True)
    ]
    return TuningReport(
        processor="p", cores=2, gate=0.9, language_gate=0.9, pieces=9, kept_pieces=9, trimming="", forms=reports,
        chosen=forms[1],
    )  # fmt: skip


@pytest.mark.parametrize(("agreement", "verdict"), [(0.999, "pass"), (0.97, "fail")])
def test_the_served_form_is_held_to_the_spec_of_today(agreement: float, verdict: str) -> None:
    spec = spec_with(languages=("en",))
    results = check_before(compared({"en": EQUAL}), spec, parity=parity(), tuning=tuned(agreement))
    found = [one for one in results if one.gate == "parity"][1]

    assert (found.verdict, found.challenger, found.limit, found.n) == (verdict, agreement, 0.995, 200)
    assert "int8 x, all cores" in found.text


@pytest.mark.parametrize(
    ("value", "spread", "verdict"),
    [(1.2, 0.1, "pass"), (1.5, 0.5, "not enough evidence"), (1.9, 0.2, "fail")],
)
@pytest.mark.parametrize("gate", ["latency", "cost"])
def test_speed_is_judged_by_the_whole_interval(gate: str, value: float, spread: float, verdict: str) -> None:
    found = result(check(compared({"en": EQUAL}, **{gate: ratio(value, spread=spread)})), gate)

    assert (found.verdict, found.limit, found.n) == (verdict, 1.5, 21)
    assert f"{value:.2f} times as much" in found.text


# Error rates --------------------------------------------------------------------------------------------------------

CHECKS = 400


def verdicts(**world) -> list[list[GateResult]]:
    chance = np.random.default_rng(4)
    return [check(drawn(chance, **world), spec_with()) for _ in range(CHECKS)]


@pytest.mark.parametrize("texts", [30, 115, 400])
def test_an_equal_challenger_fails_no_gate_beyond_a_few_percent(texts: int) -> None:
    assert np.mean([bool(failed(results)) for results in verdicts(texts=texts)]) <= 0.03


def test_a_language_that_lost_thirty_points_always_fails() -> None:
    assert all(("forgetting", "th") in failed(results) for results in verdicts(lost={"th": 0.3}))


def test_what_the_gates_find_of_smaller_losses() -> None:
    one_language = verdicts(lost={"th": 0.15})
    everywhere = verdicts(less=0.02)

    assert np.mean([("forgetting", "th") in failed(results) for results in one_language]) > 0.7
    assert np.mean([("accuracy", "") in failed(results) for results in everywhere]) > 0.8


def test_a_loss_as_large_as_the_margin_passes_in_a_twentieth_of_cases() -> None:
    found = [result(results, "forgetting", "th").verdict for results in verdicts(lost={"th": 0.05})]

    assert found.count("pass") <= 0.08 * CHECKS


def test_an_equal_challenger_passes_where_its_texts_suffice() -> None:
    found = [result(results, "forgetting", "th").verdict for results in verdicts(texts=400)]

    assert found.count("pass") > 0.9 * CHECKS
