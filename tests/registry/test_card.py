from __future__ import annotations

import msgspec
import pytest
from tests.training.world import small_spec

from dragoman.records import (
    Agreement,
    Form,
    FormReport,
    Interval,
    LanguageScore,
    ParityReport,
    Report,
    TuningReport,
)
from dragoman.registry.bundle import Lineage
from dragoman.registry.card import Evidence, model_card


def interval(value: float, n: int) -> Interval:
    return Interval(value=value, low=value - 0.05, high=value + 0.05, n=n)


def evidence() -> Evidence:
    return Evidence(
        lineage=Lineage(
            run="run-1", dataset="small", dataset_number=4, dataset_digest="d" * 64, sources={}, base="scratch:mini"
        ),
        evaluation=Report(
            split="test",
            accuracy=interval(0.9, 200),
            macro_f1=0.88,
            calibration_error=0.031,
            languages=[
                LanguageScore(language="sw", accuracy=interval(0.8, 90), macro_f1=0.7),
                LanguageScore(language="en", accuracy=interval(0.95, 110), macro_f1=0.9),
            ],
            confusions=[("refund", "invoice", 7), ("invoice", "refund", 3)],
        ),
        parity=ParityReport(
            texts=512,
            max_hidden_difference=2e-6,
            max_logit_difference=3e-6,
            label_agreement=1.0,
            languages={"en": 1.0, "sw": 1.0},
            tolerance=1e-4,
        ),
        temperature=1.25,
    )


@pytest.mark.parametrize(
    "fact",
    [
        "# small",
        "Owner: team@example.com",
        "2 labels: refund, invoice",
        "scratch:mini",
        "small, version 4, digest dddddddddddddddd\n",
        "run-1, seed 0",
        "Accuracy 0.900 (0.850 to 0.950) (95% Wilson interval) over 200 texts",
        "calibration error 0.031 at temperature 1.25",
        "| sw | 90 | 0.800 (0.750 to 0.850) | 0.700 |\n| en | 110 |",
        "| refund | invoice | 7 |",
        "2.0e-06 in hidden states and 3.0e-06 in logits (tolerance 1e-04), same label in 100.00%",
        "other sources may do worse",
    ],
)
def test_the_card_tells(fact: str) -> None:
    assert fact in model_card(small_spec(), evidence())


def tuning(*, trimmed: bool, trimming: str) -> TuningReport:
    forms = [
        Form(precision="fp32", backend="x", threads=0),
        Form(precision="int8", backend="y", threads=1, trimmed=True),
    ]
    agreement = Agreement(
        texts=90, labels=0.981, languages={"en": 1.0, "sw": 0.962}, score_distance=0.0123, cosine=0.99871
    )
    reports = [
        FormReport(form=forms[0], tokens_per_second=800.4, single_ms=9.5, agreement=agreement),
        FormReport(
            form=forms[1],
            tokens_per_second=3100.0,
            single_ms=2.125,
            agreement=agreement,
            accuracy=0.9,
            missed=["a", "b"],
        ),
    ]
    return TuningReport(
        processor="a processor", cores=2, gate=0.995, language_gate=0.98, pieces=900, kept_pieces=300,
        trimming=trimming, forms=reports, chosen=forms[trimmed],
    )  # fmt: skip


@pytest.mark.parametrize(
    "fact",
    [
        "Measured on a processor with 2 cores; agreement is with the first form, over 90 texts.",
        "Gates: 99.50% over all, 98.00% in every language.",
        "Served as: int8 y, 1 thread, trimmed.",
        "Trimmed forms keep 300 of 900 pieces (seen).\n",
        "| fp32 x, all cores | 800 | 9.50 | 98.10% | sw 96.20% | 0.0123 | 0.99871 |  | yes |",
        "| int8 y, 1 thread, trimmed | 3100 | 2.12 | 98.10% | sw 96.20% | 0.0123 | 0.99871 | 0.900 | a; b |",
    ],
)
def test_the_card_of_a_tuned_model_tells(fact: str) -> None:
    assert fact in model_card(small_spec(), evidence()._replace(tuning=tuning(trimmed=True, trimming="seen")))


def test_the_card_says_when_no_trimmed_form_was_chosen() -> None:
    card = model_card(small_spec(), evidence()._replace(tuning=tuning(trimmed=False, trimming="seen")))
    assert "Trimmed forms keep 300 of 900 pieces (seen). None of them was chosen." in card


def test_the_card_says_when_there_was_nothing_to_trim() -> None:
    whole = msgspec.structs.replace(tuning(trimmed=False, trimming="seen"), kept_pieces=900)
    assert "Trimming (seen) would drop no piece." in model_card(small_spec(), evidence()._replace(tuning=whole))


def test_the_card_of_a_model_that_was_not_trimmed_does_not_speak_of_it() -> None:
    assert "rimmed forms" not in model_card(
        small_spec(), evidence()._replace(tuning=tuning(trimmed=False, trimming=""))
    )
