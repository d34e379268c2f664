from __future__ import annotations

import math
from datetime import date, timedelta
from pathlib import Path

import msgspec
import numpy as np
import pytest

from dragoman.app import Workspace, open_workspace
from dragoman.errors import DragomanError, GateFailed, InvalidData, InvalidSpec
from dragoman.models.forecasting import read_head
from dragoman.records import ForecastPrediction, ValueReport
from dragoman.registry.bundle import Bundle
from dragoman.serving.model import Model

SPEC = """
name = "demand"
task = "forecasting"
owner = "team@example.com"

[data]
files = ["data/*.csv"]
target = "sold"
time = "day"

[forecast]
step = "1d"
horizon = 3
season = 7
series = ["shop"]
known = ["promotion"]

[features]
columns = ["promotion", "weather"]

[trees]
rounds = 60
learning_rate = 0.2
leaves = 8
"""
SIZES = {"a": 10.0, "b": 1000.0}
DAYS = 300


def sold(shop: str, day: date, *, promoted: bool) -> float:
    weekly = 1 + 0.5 * math.sin(day.weekday() / 7 * 2 * math.pi)
    return SIZES[shop] * weekly * (1.5 if promoted else 1.0)


def csv_of(days: int = DAYS) -> str:
    chance = np.random.default_rng(0)
    lines = ["day,shop,promotion,weather,sold"]
    for number in range(days):
        day = date(2025, 1, 1) + timedelta(days=number)
        for shop in SIZES:
            promoted = number % 11 == 0
            noise = chance.normal(1, 0.05)
            lines.append(f"{day},{shop},{int(promoted)},{chance.choice(['sun', 'rain'])},{sold(shop, day, promoted=promoted) * noise:.4f}")  # fmt: skip # noqa: E501
    return "\n".join(lines) + "\n"


def made(folder: Path, *, spec: str = SPEC, rows: str | None = None) -> Workspace:
    for name, text in {"dragoman.toml": "", "models/demand.toml": spec, "data/demand.csv": rows or csv_of()}.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    return open_workspace(folder)


def train(place: Workspace) -> Bundle:
    outcome = place.train(report=lambda progress: None)
    return place.registry.open(outcome.version)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    place = made(tmp_path_factory.mktemp("demand"))
    place.train(report=lambda progress: None)
    return place


@pytest.fixture(scope="module")
def bundle(workspace: Workspace) -> Bundle:
    return workspace.registry.open(workspace.registry.resolve("demand"))


@pytest.fixture
def model(workspace: Workspace):
    with workspace.load("demand") as loaded:
        yield loaded


def ask(model: Model, history: list[float | None], **features) -> ForecastPrediction:
    known = features.pop("known", None)
    row = {"history": history, "time": "2025-06-01", "features": features} | ({"known": known} if known else {})
    (answer,) = model.predict([row])
    return answer


def weeks(shop: str, count: int = 4) -> list[float]:
    """The days up to 2025-06-01, a Sunday."""
    days = [date(2025, 6, 1) - timedelta(days=back) for back in reversed(range(7 * count))]
    return [sold(shop, day, promoted=False) for day in days]


def test_the_evaluation_tells_steps_and_series_beside_the_naive_answer(bundle):
    report = bundle.evaluation
    assert isinstance(report, ValueReport)
    assert [one.name for one in report.groups["step"]] == ["1", "2", "3"]
    assert sorted(one.name for one in report.groups["series"]) == ["a", "b"]
    assert report.skill > 0.3
    assert report.coverage.value > 0.8
    assert report.mae.low < report.mae.value < report.mae.high


def test_a_bundle_says_how_its_forecasts_are_read(bundle):
    head = read_head(bundle.folder)
    assert (head.series, head.known, head.floor) == (["shop"], ["promotion"], 0.0)
    assert [one.name for one in bundle.features.columns[len(head.shape.columns) :]] == ["shop", "promotion", "weather"]
    assert bundle.features.columns[-2].kind == "number"


def test_what_is_told_is_near_what_will_be(model):
    answer = ask(model, weeks("b"), shop="b", weather="sun")
    expected = [sold("b", date(2025, 6, 1) + timedelta(days=step), promoted=False) for step in (1, 2, 3)]
    assert [one.time for one in answer.forecast] == [f"2025-06-0{day}T00:00:00Z" for day in (2, 3, 4)]
    for told, truth in zip(answer.forecast, expected, strict=True):
        assert told.low <= told.value <= told.high
        assert told.value == pytest.approx(truth, rel=0.15)


def test_what_is_known_ahead_counts_at_its_step(model):
    plain, promoted = (
        [one.value for one in ask(model, weeks("a"), shop="a", known={"promotion": given}).forecast]
        for given in ([0, 0, 0], [0, 1, 0])
    )
    assert promoted[1] > 1.2 * plain[1]
    assert (promoted[0], promoted[2]) == (plain[0], plain[2])


def test_a_short_history_with_gaps_is_answered(model):
    assert len(ask(model, [None, 12.0, None, 9.0], shop="a").forecast) == 3


def test_the_same_rows_give_the_same_bundle(bundle, tmp_path):
    again = train(made(tmp_path))
    assert {file.path: file.digest for file in again.manifest.files} == {
        file.path: file.digest for file in bundle.manifest.files
    }


def test_a_trained_model_is_not_trained_again(workspace):
    assert not workspace.train(report=lambda progress: None).trained


def test_a_forecast_below_its_gates_is_registered_and_not_the_champion(tmp_path):
    place = made(tmp_path, spec=SPEC + "\n[gates]\nskill = 0.99\n")
    with pytest.raises(GateFailed, match="skill"):
        place.train(report=lambda progress: None)
    assert place.catalog.alias("demand", "champion") is None


def test_files_that_break_the_contract_of_their_dataset_are_not_trained_on(tmp_path):
    place = made(tmp_path, rows=csv_of() + "2026-01-01,a,0,sun,-1\n")
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts/demand.toml").write_text('extra = "keep"\n[columns.sold]\ntype = "number"\nmin = 0\n')
    with pytest.raises(GateFailed, match="'sold' is at least 0"):
        place.train(report=lambda progress: None)
    assert place.catalog.dataset_versions("demand") == []


@pytest.mark.parametrize(
    ("spec", "rows", "kind", "message"),
    [
        (SPEC.replace('time = "day"', ""), None, InvalidSpec, "The spec of 'demand' has no 'data.time'."),
        (SPEC.replace('series = ["shop"]', ""), None, InvalidData, "The series 'all' has two values at"),
        (SPEC.replace('"1d"', '"1w"'), None, InvalidData, "The series 'a' has a value at 2025-01-02"),
        (SPEC, csv_of(days=5), InvalidData, "The split 'train' has no time in which 3 steps could be told."),
        (SPEC.replace('target = "sold"', 'target = "weather"'), None, DragomanError, ""),
    ],
)
def test_rows_that_are_no_series_are_refused(tmp_path, spec, rows, kind, message):
    with pytest.raises(kind) as refusal:
        made(tmp_path, spec=spec, rows=rows).train(report=lambda progress: None)
    assert refusal.value.message.startswith(message)
    assert refusal.value.help


def test_the_answer_goes_to_json(model):
    answer = ask(model, weeks("a"), shop="a")
    assert msgspec.json.decode(msgspec.json.encode(answer), type=ForecastPrediction) == answer
