from __future__ import annotations

import argparse

import pytest
from bench.game_day.__main__ import languages_of
from bench.game_day.exports import BAD, CONTRACT, broken, export, spoilt
from bench.game_day.place import LANGUAGES, PLAN, REVIEWERS, reviewers_text, spec_text
from bench.game_day.world import Writing

from dragoman.spec import parse_spec
from dragoman.spec.contract_file import parse_contract
from dragoman.spec.reviewers_file import parse_reviewers

ORDINARY = {"de": [Writing(f"text {number}", "de", "order_status") for number in range(40)]}


@pytest.mark.parametrize("languages", [LANGUAGES, ("en", "hi", "pt")])
def test_the_spec_of_a_day_is_one_that_is_accepted(languages):
    spec = parse_spec(spec_text(languages) + PLAN)
    assert spec.languages == list(languages)
    assert spec.gates.accuracy == 0.75
    assert spec.retraining is not None
    assert spec.release is not None


def test_somebody_reviews_each_language():
    reviewers = parse_reviewers(reviewers_text())
    assert {one.name for one in reviewers} == set(REVIEWERS)
    assert set(LANGUAGES) == {language for one in reviewers for language in one.languages}


def test_languages_that_nothing_changes_in_are_refused():
    assert languages_of("pt,hi,de") == ("de", "hi", "pt")
    for text, word in (("de,en", "hi, pt"), ("hi,pt,xx", "xx")):
        with pytest.raises(argparse.ArgumentTypeError, match=word):
            languages_of(text)


def test_an_export_is_the_same_each_time_and_its_contract_is_one():
    assert export(ORDINARY, 2) == export(ORDINARY, 2) != export(ORDINARY, 1)
    contract = parse_contract(CONTRACT.replace("LABELS", '"order_status"'), name="tickets")
    assert set(contract.columns) == set(export(ORDINARY, 1)[0])


def test_a_broken_export_has_other_names_spellings_and_dates():
    before, after = export(ORDINARY, 1)[61], broken(export(ORDINARY, 1))[61]
    assert before["label"] == "order_status"
    assert before["closed_at"] == "2026-03-02T13:01:00Z"
    assert (after["message"], after["label"], after["closed_at"]) == (before["text"], "Order Status", "02.03.26 13:01")


def test_a_spoilt_export_has_its_bad_rows():
    assert sum(row["label"] == "Order_Status" for row in spoilt(export(ORDINARY, 3))) == BAD
