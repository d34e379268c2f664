from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from tests.training.tabular.world import ROWS, arrow, spec, table, workspace

from dragoman.app import Workspace, open_workspace
from dragoman.data.table_examples import table_examples
from dragoman.errors import DragomanError, GateFailed, InvalidData, Untrusted
from dragoman.models.scores import softmax
from dragoman.models.tabular import TreeModel
from dragoman.models.tabular.opening import open_tabular
from dragoman.records import DatasetVersion, Report, ValueReport
from dragoman.registry.bundle import Bundle, open_bundle
from dragoman.training.tabular.pipeline import train_table_bundle
from dragoman.training.trained import Trained

TASKS = ["tabular-classification", "tabular-regression"]


def train(folder: Path, task: str = TASKS[0], columns: dict[str, Any] | None = None, **changes: Any) -> Trained:
    made = spec(task, **changes)
    version = DatasetVersion(
        name="customers", number=0, digest="d" * 64, rows=ROWS, splits={}, languages={}, labels={}, sources={},
        created="2026-01-01",
    )  # fmt: skip
    examples = table_examples(arrow(**(columns or {})), made)
    return train_table_bundle(
        made, examples, version, run="run", environment={"python": "3"}, folder=folder, report=lambda progress: None
    )


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Trained]:
    return {task: train(tmp_path_factory.mktemp("bundle"), task) for task in TASKS}


@pytest.fixture
def labels(trained: dict[str, Trained]) -> Bundle:
    return open_bundle(trained[TASKS[0]].folder)


@pytest.fixture
def values(trained: dict[str, Trained]) -> Bundle:
    return open_bundle(trained[TASKS[1]].folder)


def test_a_bundle_of_a_table_holds_its_parts_and_no_tokenizer(labels: Bundle) -> None:
    assert {file.path for file in labels.manifest.files} == {
        "calibration.json", "card.md", "environment.json", "evaluation.json", "features.json", "lineage.json",
        "model.onnx", "parity.json", "reference.msgpack", "spec.json", "trees.safetensors",
    }  # fmt: skip
    assert labels.text is None
    assert labels.features is not None
    assert labels.features.names == ["age", "plan", "spent", "active"]


def test_labels_are_learned_and_calibrated(labels: Bundle) -> None:
    report = labels.evaluation
    assert isinstance(report, Report)
    assert report.accuracy.value > 0.65
    assert report.roc_auc is not None
    assert report.roc_auc.value > 0.65
    assert {score.language for score in report.languages} == {"de", "pt"}
    assert 0.3 < labels.temperature < 3
    assert report.columns[0].name in {"age", "plan", "spent"}


def test_numbers_are_learned_with_intervals(values: Bundle) -> None:
    report = values.evaluation
    assert isinstance(report, ValueReport)
    assert report.skill > 0.6
    assert report.coverage.low < 0.9 < report.coverage.high
    assert values.calibration.intervals is not None
    assert values.calibration.intervals.coverage == 0.9
    assert report.columns[0].name == "age"


def test_what_is_opened_says_what_was_evaluated(labels: Bundle) -> None:
    model, test = open_tabular(labels.folder), table_examples(arrow(), labels.spec).of("test")
    rows = test.table.select(["age", "plan", "spent", "active"]).to_pylist()
    shares = softmax(model.session.predict(model.schema.encode(rows)), temperature=labels.temperature)
    assert isinstance(labels.evaluation, Report)
    assert (shares.argmax(axis=1) == test.truth).mean() == labels.evaluation.accuracy.value
    read = model.schema.encode(rows)
    np.testing.assert_allclose(TreeModel.read(labels.folder).predict(read), model.session.predict(read), atol=1e-6)


def test_the_intervals_of_served_rows_hold_the_truth(values: Bundle) -> None:
    model, test = open_tabular(values.folder), table_examples(arrow(), values.spec).of("test")
    assert values.calibration.intervals is not None
    told = values.calibration.intervals.apply(model.session.predict(model.schema.encode_table(test.table)))
    _, low, high = told.T
    assert isinstance(values.evaluation, ValueReport)
    assert ((low <= test.truth) & (test.truth <= high)).mean() == values.evaluation.coverage.value


@pytest.mark.parametrize("task", TASKS)
def test_the_same_rows_in_any_order_and_on_more_threads_give_the_same_bundle(
    trained: dict[str, Trained], tmp_path: Path, task: str
) -> None:
    turned = {name: values[::-1] for name, values in table().items()}
    other = train(tmp_path, task, turned)
    assert other.manifest == trained[task].manifest


def test_more_than_two_labels_are_learned(tmp_path: Path) -> None:
    plans = {"files": ["x"], "target": "plan", "labels": ["gold", "silver", "free"]}
    made = train(tmp_path, data=plans, features={"columns": ["age", "spent", "price"]})
    assert isinstance(made.evaluation, Report)
    assert made.evaluation.roc_auc is None
    assert open_tabular(made.folder).session.outputs == 3


def test_columns_of_views_are_read_by_their_names(tmp_path: Path) -> None:
    views = {"columns": ["age"], "views": ["orders"]}
    data = {"files": ["x"], "target": "left", "labels": ["no", "yes"], "time": "at"}
    times = [f"2026-01-{1 + row % 28:02}T00:{row % 60:02}:00" for row in range(ROWS)]
    made = train(tmp_path, columns={"orders.spent": table()["spent"], "at": times}, data=data, features=views)
    schema = open_bundle(made.folder).features
    assert schema is not None
    assert [(column.name, column.view) for column in schema.columns] == [("age", ""), ("orders.spent", "orders")]


def test_a_changed_bundle_is_not_opened(trained: dict[str, Trained], tmp_path: Path) -> None:
    made = train(tmp_path)
    (made.folder / "features.json").write_bytes(b"{}")
    with pytest.raises(Untrusted, match=r"features\.json"):
        open_bundle(made.folder)


def test_the_card_says_what_the_model_reads_and_how_well_it_does(labels: Bundle, values: Bundle) -> None:
    card = (labels.folder / "card.md").read_text()
    assert "- Columns: age, plan, spent, active" in card
    assert "Area under the ROC curve" in card
    card = (values.folder / "card.md").read_text()
    assert "Mean absolute error" in card
    assert "The intervals, made to hold 90% of the true values" in card
    assert "## Columns that count" in card


def test_the_reference_knows_the_columns_and_the_answers(labels: Bundle, values: Bundle) -> None:
    for bundle, answer in ((labels, "label"), (values, "value")):
        assert bundle.reference is not None
        assert [column.name for column in bundle.reference.columns] == ["active", "age", "plan", "spent"]
        assert all(answer in one.layouts for one in bundle.reference.languages.values())


# What cannot be learned from ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("task", "columns", "changes", "message"),
    [
        (TASKS[0], {"left": None}, {}, "no column 'left'"),
        (TASKS[1], {"price": [7.0] * ROWS}, {}, "'price' is 7 in every row"),
        (TASKS[1], {"price": [float("nan"), *[1.0] * (ROWS - 1)]}, {}, "1 of 600 rows have no finite 'price'"),
        (TASKS[1], {"price": [None, *[1.0] * (ROWS - 1)]}, {}, "1 of 600 rows have no finite 'price'"),
        (TASKS[1], {"price": ["cheap"] * ROWS}, {}, "does not hold numbers"),
        (TASKS[0], {"left": ["no"] * ROWS}, {}, "No row of the train split has the label 'yes'"),
        (TASKS[0], {"left": ["maybe", *["no", "yes"] * (ROWS // 2 - 1), "no"]}, {}, "'maybe', which 'data.labels'"),
        (TASKS[0], {"left": [None, *["no"] * (ROWS - 1)]}, {}, "1 of 600 rows have no 'left'"),
        (TASKS[0], {"plan": [f"p{row}" for row in range(ROWS)]}, {}, "it names rows, not kinds"),
        (TASKS[0], {}, {"features": {"columns": ["age", "left"]}}, "names 'left', which is what the model is to tell"),
        (TASKS[0], {}, {"features": {"columns": ["aged"]}}, "no column 'aged'"),
        (TASKS[0], {"split": ["train"] * ROWS}, {}, "'dev' has no rows"),
        (TASKS[0], {"split": ["training"] * ROWS}, {}, "'split' has 'training'"),
        (TASKS[1], {"split": ["dev", "test", *["train"] * (ROWS - 2)]}, {}, "dev split has 1 rows; intervals"),
    ],
)
def test_data_that_cannot_be_learned_from_is_refused_with_help(
    tmp_path: Path, task: str, columns: dict[str, Any], changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidData, match=message) as raised:
        train(tmp_path, task, columns, **changes)
    assert raised.value.help


# Through a workspace ------------------------------------------------------------------------------------------------


def quiet(progress: Any) -> None:
    """Nobody watches."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    place = workspace(tmp_path_factory.mktemp("place") / "customers", TASKS[1], "[gates]\nskill = 0.5\n")
    place.train(report=quiet)
    return place


def test_a_workspace_trains_registers_and_crowns(place: Workspace) -> None:
    version = place.registry.resolve("customers")
    run = place.catalog.run(version.run)
    assert version.aliases == ["champion"]
    assert {"mae", "skill", "coverage", "rmse", "r2"} == run.metrics.keys()
    dataset = place.datasets.version("customers")
    assert (dataset.rows, dataset.columns["age"]) == (ROWS, "int64")
    place.datasets.verify(dataset)


def test_nothing_is_trained_again_until_something_changes(place: Workspace) -> None:
    found = place.find_trained(place.spec())
    assert found is not None
    assert not place.train(report=quiet).trained
    path = place.root / "models" / "customers.toml"
    path.write_text(path.read_text().replace("leaves = 8", "leaves = 7"))
    assert open_workspace(place.root).find_trained(place.spec()) is None


def test_rows_that_cannot_be_learned_from_are_not_stored(tmp_path: Path) -> None:
    place = workspace(tmp_path / "bad", left=["no"] * ROWS)
    with pytest.raises(InvalidData, match="has the label 'yes'"):
        place.train(report=quiet)
    assert place.catalog.dataset_versions("customers") == []
    assert not (place.state / "tables" / "customers").exists()


def test_the_test_rows_can_be_asked_for(place: Workspace) -> None:
    found = place.test_table("customers")
    assert 30 < found.num_rows < 100
    assert {"age", "plan", "price", "language"} <= set(found.column_names)


def test_a_version_without_skill_is_registered_but_not_the_champion(tmp_path: Path) -> None:
    place = workspace(tmp_path / "poor", TASKS[1], "[gates]\nskill = 0.99\n")
    with pytest.raises(GateFailed, match="skill 0"):
        place.train(report=quiet)
    assert [version.aliases for version in place.catalog.versions("customers")] == [[]]


def test_a_version_of_a_dataset_trains_the_same_model_as_its_files(tmp_path: Path, place: Workspace) -> None:
    other = workspace(tmp_path / "ingested", TASKS[1])
    other.train(report=quiet)
    path = other.root / "models" / "customers.toml"
    path.write_text(path.read_text().replace("files = ['data/*.csv']", 'dataset = "customers/0"'))
    before, after = (TreeModel.read(one.registry.fetch(one.registry.resolve("customers"))) for one in (place, other))
    other = open_workspace(other.root)
    made = other.train(report=quiet)
    again = TreeModel.read(other.registry.fetch(made.version))
    for one in (after, again):
        np.testing.assert_array_equal(one.leaves, before.leaves)


def test_a_training_needs_no_torch(tmp_path: Path) -> None:
    place = workspace(tmp_path / "light")
    code = (
        "import sys\n"
        "class Finder:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name in ('torch', 'sentencepiece'): raise ImportError(name)\n"
        "sys.meta_path.insert(0, Finder())\n"
        "from dragoman.cli import main\n"
        f"sys.argv = ['dragoman', 'train', '--workspace', {str(place.root)!r}]\n"
        "main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "models:/customers/1 is the champion: accuracy 0." in done.stdout
    assert "ROC AUC 0." in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["list"],
        ["show", "customers"],
        ["card", "customers"],
        ["verify", "customers"],
        ["diff", "customers/1", "customers"],
    ],
)
def test_the_commands_of_models_know_models_of_numbers(place: Workspace, arguments: list[str]) -> None:
    from click.testing import CliRunner

    from dragoman.cli import cli

    done = CliRunner().invoke(cli, ["models", *arguments, "--workspace", str(place.root)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert done.output


def test_a_bundle_is_examined_by_its_columns(place: Workspace) -> None:
    from dragoman.registry.examination import examine

    found = examine(place.registry, place.registry.resolve("customers"))
    assert found.ok
    assert {check.what: check.text for check in found.checks}["columns"] == "4, as many as its graph reads"


def test_tuning_is_refused_for_a_model_that_reads_no_texts(place: Workspace) -> None:
    with pytest.raises(DragomanError, match=r"reads no texts"):
        place.tune("customers", report=lambda step: None)


def test_records_of_the_bundle_are_plain_json(values: Bundle) -> None:
    calibration = json.loads((values.folder / "calibration.json").read_bytes())
    assert set(calibration) == {"intervals"}
    assert msgspec.json.decode((values.folder / "parity.json").read_bytes())["label_agreement"] == 1.0
