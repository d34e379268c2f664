from __future__ import annotations

import pytest
from tests.training.world import small_spec

from dragoman.records import Interval, LanguageScore, ParityReport, Report
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
