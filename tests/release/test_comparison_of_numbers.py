from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from tests.release.evaluations import parity
from tests.release.predictions import predicted

from dragoman.errors import InvalidRequest, WrongTask
from dragoman.records import FeatureColumn, GateResult, RowInput
from dragoman.release import speed
from dragoman.release.baselines import counted_baselines
from dragoman.release.before import check_before
from dragoman.release.cases import Case, cases_of_rows
from dragoman.release.comparison import Comparison, compare_versions
from dragoman.spec import ServingSpec, convert_spec

ROWS = 400


class Row:
    """A model of numbers: `tell` says them of a column. It refuses columns that it does not read."""

    def __init__(self, version: str, tell: Callable[[Any], float], *, reads: str = "x", half: float = 1.7) -> None:
        self.name, self.version, self.tell, self.reads, self.half = "prices", version, tell, reads, half
        self.columns = [FeatureColumn(name=reads, kind="number")]
        self.task, self.serving = SimpleNamespace(name="tabular-regression"), ServingSpec()
        cache = SimpleNamespace(drop=lambda digest: None)
        self.backbone = SimpleNamespace(engine=SimpleNamespace(cache=cache, digest=version))

    def predict(self, inputs: Sequence[RowInput], **options: Any) -> list[Any]:
        if any(one.features.keys() - {self.reads} or one.features.get(self.reads) is None for one in inputs):
            raise InvalidRequest("A column is unknown, or has no value.")
        return [predicted(self.tell(one.features[self.reads]), half=self.half) for one in inputs]


def cases(*, unknown: Sequence[int] = ()) -> list[Case]:
    """The truth is `x` and noise of standard deviation 1; `z` is twice as much."""
    rng = np.random.default_rng(1)
    known = rng.normal(50.0, 10.0, ROWS)
    rows = [
        {
            "x": None if place in unknown else value,
            "z": 2 * value,
            "id": place,
            "language": ("de", "fr")[place % 2],
            "price": value + noise,
        }
        for place, (value, noise) in enumerate(zip(known.tolist(), rng.normal(size=ROWS).tolist(), strict=True))
    ]
    return cases_of_rows(rows, target="price", has_labels=False)


def noisy(deviation: float) -> Callable[[float], float]:
    rng = np.random.default_rng(7)
    return lambda x: x + deviation * float(rng.normal())


@pytest.fixture(autouse=True)
def _few_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "ROUNDS", 2)


def compare(champion: Any, challenger: Any, given: Sequence[Case] | None = None) -> Comparison:
    return compare_versions(champion, challenger, cases() if given is None else given)


def gates(found: Comparison, **tables: Any) -> dict[tuple[str, str], GateResult]:
    spec = convert_spec(
        {
            "name": "prices",
            "owner": "o",
            "task": "tabular-regression",
            "data": {"files": ["f"]},
            "languages": ["de", "fr"],
            "features": {"columns": ["x"]},
            **tables,
        }
    )
    return {(one.gate, one.language): one for one in check_before(found, spec, parity=parity())}


def test_equal_models_of_numbers_lose_no_skill() -> None:
    found = compare(Row("1", float), Row("2", float))

    assert (found.total.measure, found.total.counted, found.total.n) == ("skill", "rows", ROWS)
    assert (found.total.drop.value, found.total.different, found.total.drop_p_value) == (0.0, 0, 1.0)
    assert found.total.champion.value == pytest.approx(0.9, abs=0.02)
    assert found.total.coverage is not None and found.total.coverage.value == pytest.approx(0.9, abs=0.05)
    assert found.speeds.counted == "rows"


def test_a_model_that_is_less_exact_fails_over_all_and_in_every_language() -> None:
    found = gates(compare(Row("1", float), Row("2", noisy(3.0))))

    assert found["skill", ""].verdict == "fail"
    assert [found["forgetting", name].verdict for name in ("de", "fr")] == ["fail", "fail"]
    assert found["skill", ""].text.startswith("skill over all: 0.")
    assert "400 rows can show a drop of" in found["skill", ""].text


def test_one_language_that_is_forgotten_is_named() -> None:
    given = cases()
    shifted = [case._replace(truth=case.truth + 6.0) if case.language == "fr" else case for case in given]  # type: ignore[operator]
    told = {case.input.features["x"]: case.truth for case in shifted}

    found = gates(compare(Row("1", lambda x: float(told[x])), Row("2", float), shifted))  # type: ignore[arg-type]

    assert found["forgetting", "fr"].verdict == "fail"
    assert found["forgetting", "fr"].challenger < found["forgetting", "de"].challenger  # type: ignore[operator]


def test_as_many_rows_differ_as_are_outside_of_the_champions_interval() -> None:
    found = compare(Row("1", float), Row("2", lambda x: x + (5.0 if x > 50 else 0.0)))

    above = sum(case.input.features["x"] > 50 for case in cases())
    assert found.total.different == above
    assert sum(one.disagreements for one in counted_baselines(found.languages).values()) == above


def test_a_refused_row_counts_as_the_naive_answer() -> None:
    found = compare(Row("1", float), Row("2", float, reads="x"), cases(unknown=range(40))).total

    assert found.champion.value == found.challenger.value == pytest.approx(0.81, abs=0.03)


def test_versions_may_read_different_columns() -> None:
    found = compare(Row("1", float), Row("2", lambda z: z / 2, reads="z"))

    assert found.total.different == 0
    assert found.total.drop.value == pytest.approx(0.0)


def test_the_floors_of_numbers_are_skill_and_coverage() -> None:
    found = gates(compare(Row("1", float), Row("2", float, half=0.1)), gates={"skill": 0.5, "coverage": 0.85})
    floors = [one for (gate, _), one in found.items() if gate == "floor"]

    assert [one.verdict for one in floors] == ["fail"]  # of coverage, which comes last
    assert "coverage of the intervals" in floors[0].text
    assert gates(compare(Row("1", float), Row("2", float)), gates={"skill": 0.95})["floor", ""].verdict == "fail"


def test_without_languages_there_is_no_gate_of_forgetting() -> None:
    found = gates(compare(Row("1", float), Row("2", float)), languages=[])

    assert {gate for gate, _ in found} == {"skill", "parity", "latency", "cost"}


def test_a_classifier_is_not_compared_with_a_model_of_numbers() -> None:
    other = Row("2", float)
    other.task.name = "tabular-classification"

    with pytest.raises(WrongTask, match="do the same"):
        compare(Row("1", float), other)


def test_a_small_sample_of_a_worse_model_is_not_enough_evidence() -> None:
    found = gates(compare(Row("1", float), Row("2", noisy(1.0)), cases()[:12]), languages=[])

    assert found["skill", ""].verdict == "not enough evidence"
