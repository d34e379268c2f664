from __future__ import annotations

import numpy as np

from dragoman.profiles import Reference
from dragoman.records import FeatureColumn
from dragoman.training.reference import reference_of_rows

COLUMNS = [FeatureColumn(name="age", kind="number"), FeatureColumn(name="plan", kind="category")]
ROWS = [{"age": place % 7, "plan": ("gold", "free")[place % 2], "note": "x"} for place in range(80)]


def signals(reference: Reference, language: str = "und") -> set[str]:
    return set(reference.languages[language].layouts)


def test_a_model_of_numbers_profiles_columns_value_and_width() -> None:
    values = np.array([[place / 3, place / 3 - 1, place / 3 + place % 5] for place in range(80)])

    found = reference_of_rows(ROWS, COLUMNS, languages=[""] * 80, values=values)

    assert (found.mix, found.probe) == ({"und": 80}, None)
    assert signals(found) == {"number.age", "missing.age", "category.plan", "missing.plan", "value", "width"}
    assert int(found.languages["und"].counts["value"].sum()) == 80


def test_a_classifier_of_rows_profiles_columns_label_score_and_entropy() -> None:
    scores = np.array([[0.7, 0.3], [0.4, 0.6]] * 40)

    found = reference_of_rows(ROWS, COLUMNS, languages=["de", "en"] * 40, labels=["yes", "no"], scores=scores)

    assert signals(found, "en") >= {"label", "score", "entropy", "number.age", "category.plan"}
    assert found.languages["en"].layouts["label"].categories == ["no"]
    assert found.mix == {"de": 40, "en": 40}
