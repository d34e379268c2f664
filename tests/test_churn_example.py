"""The example of text and features: its data, its view, and the whole way to an answer."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from dragoman import open_workspace
from dragoman.app.datasets import Files
from dragoman.app.feature_rows import FeatureRows
from dragoman.app.workspace import Workspace
from dragoman.errors import GateFailed
from dragoman.records import By, CheckReport, TextInput
from dragoman.training.roc import roc_auc

EXAMPLE = Path(__file__).parent.parent / "examples" / "churn"
CUSTOMERS = 160
VIEW = "customer_activity"
SOURCES = {"events": "events.csv", "messages": "messages.jsonl"}


def make_data(folder: Path, *, customers: int = CUSTOMERS) -> str:
    command = [sys.executable, EXAMPLE / "make_data.py", "--folder", folder, "--customers", str(customers)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A copy of the example with little data, ingested, its view applied, and a short training."""
    root = tmp_path_factory.mktemp("churn") / "workspace"
    shutil.copytree(EXAMPLE, root, ignore=shutil.ignore_patterns("data", ".dragoman", "keys", "__pycache__"))
    make_data(root / "data")
    spec = root / "models" / "churn.toml"
    quick = {"epochs = 12": "epochs = 1", "vocabulary = 8000": "vocabulary = 1200", "roc_auc = 0.85": "roc_auc = 0.99"}
    text = spec.read_text()
    for old, new in quick.items():
        assert old in text
        text = text.replace(old, new)
    spec.write_text(text)
    place = open_workspace(root)
    for name, file in SOURCES.items():
        origin = Files([f"data/{file}"], root)
        place.datasets.ingest(name, origin, append=False, quarantine=False, report=lambda *_: None)
    place.features.apply(place.features.plan(), by=By(actor="tests", reason="an example"))
    list(FeatureRows(place.features).materialize((), full=False, report=lambda *_: None))
    yield place
    place.catalog.close()


@pytest.fixture(scope="module")
def trained(workspace: Workspace) -> Workspace:
    with pytest.raises(GateFailed, match="roc_auc"):
        workspace.train("churn", report=lambda _: None)
    return workspace


def truth_of(folder: Path) -> dict[str, dict[str, str]]:
    with (folder / "truth.csv").open() as file:
        return {row["id"]: row for row in csv.DictReader(file)}


def test_the_data_are_the_same_each_time_and_more_customers_change_none(tmp_path: Path) -> None:
    for name, customers in (("one", 20), ("again", 20), ("more", 30)):
        make_data(tmp_path / name, customers=customers)

    texts = {name: (tmp_path / name / "messages.jsonl").read_text() for name in ("one", "again", "more")}

    assert texts["one"] == texts["again"]
    assert set(texts["one"].splitlines()) < set(texts["more"].splitlines())


def test_the_script_tells_the_best_area_that_can_be_reached(workspace: Workspace, tmp_path: Path) -> None:
    told = make_data(tmp_path)
    rows = [json.loads(line) for line in (tmp_path / "messages.jsonl").read_text().splitlines()]
    test, truth = [row for row in rows if row["split"] == "test"], truth_of(tmp_path)

    area = roc_auc(
        np.array([float(truth[row["id"]]["chance"]) for row in test]),
        np.array([row["label"] == "cancels" for row in test]),
    )

    assert area is not None
    assert f"{area.value:.3f}" in told


@pytest.mark.parametrize("name", SOURCES)
def test_the_data_keep_their_contracts(name: str, workspace: Workspace) -> None:
    report: CheckReport = workspace.datasets.check(
        name, Files([f"data/{SOURCES[name]}"], workspace.root), report=lambda *_: None
    )

    assert report.violations == []
    assert report.rows > CUSTOMERS


def test_the_view_gives_what_the_script_counted_by_itself_for_every_message(workspace: Workspace) -> None:
    counted = truth_of(workspace.root / "data")

    examples = workspace._all_examples("churn")

    names = ("uses_14d", "uses_60d", "failed_60d")
    differing = [
        one.id
        for one in examples
        if [one.features[f"{VIEW}.{name}"] for name in names] != [int(counted[one.id][name]) for name in names]
    ]
    assert len(examples) == len(counted)
    assert differing == []


def test_the_events_have_late_ones_and_corrections(workspace: Workspace) -> None:
    with (workspace.root / "data" / "events.csv").open() as file:
        events = list(csv.DictReader(file))

    days_late = [row for row in events if row["known_at"][:10] > row["happened_at"][:10]]
    assert len({row["event_id"] for row in events}) < len(events)
    assert len(days_late) > len(events) / 10


def test_the_trained_version_answers_with_features_and_without(trained: Workspace) -> None:
    example = trained.test_examples("churn")[0]
    model = trained.load("models:/churn/1")
    try:
        names = [column.name for column in model.columns]
        features = {name: example.features.get(name) for name in names}
        known, unknown = model.predict(
            [
                TextInput(text=example.text, features=features),
                TextInput(text=example.text, features=dict.fromkeys(names)),
            ]
        )
    finally:
        model.close()

    assert len(names) == 3 + 7
    assert {label.label for label in known.labels} == {"stays", "cancels"}
    assert known.labels != unknown.labels


def test_the_registered_bundle_says_what_the_features_are_worth(trained: Workspace) -> None:
    bundle = trained.registry.open(trained.catalog.version("churn", 1))

    report = bundle.evaluation
    assert [one.without for one in report.ablations] == ["features", VIEW]
    assert {one.name for one in report.columns} == set(bundle.features.names)
    assert [pin.name for pin in bundle.lineage.views] == [VIEW]
    assert {one.name for one in bundle.reference.columns} == set(bundle.features.names)
