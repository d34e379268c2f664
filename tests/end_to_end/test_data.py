import json
from itertools import pairwise

import msgspec
import pytest
from click.testing import CliRunner
from tests.data.openlineage import check_event

from dragoman import open_workspace
from dragoman.cli import cli
from dragoman.monitoring.prediction_log.schema import table_of
from dragoman.records import PredictionRow

from .conftest import write_workspace

CONTRACT = "".join(
    f'[columns.{name}]\ntype = "string"\nrequired = true\n' for name in ("id", "text", "label", "language", "split")
)
PREDICTION = "01JD0000000000000000000000"


def data(*arguments):
    done = CliRunner().invoke(cli, ["data", *map(str, arguments)])
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A workspace whose model is trained on an ingested version, with a prediction in its log."""
    root = write_workspace(tmp_path_factory.mktemp("data") / "shop", epochs=1)
    (root / "contracts").mkdir()
    (root / "contracts" / "support.toml").write_text(CONTRACT)
    spec = root / "models" / "support.toml"
    spec.write_text(spec.read_text().replace('files = ["data/*.jsonl"]', 'dataset = "support"'))
    data("ingest", "support", root / "data" / "texts.jsonl", "-w", root)
    place = open_workspace(root)
    place.train(report=lambda progress: None)
    row = PredictionRow(
        id=PREDICTION, time="2026-11-23T08:00:00.000+00:00", model="support", version="1", task="t", language="de"
    )
    place.tables.append_once(
        "predictions", table_of([msgspec.json.encode(row)])[0], app="test", number=1, partition_by=["date"]
    )
    return place


def test_a_model_is_trained_on_the_version_that_its_spec_names(place):
    run = place.catalog.run(place.registry.resolve("support").run)
    (version,) = place.catalog.dataset_versions("support")
    assert (run.dataset, run.dataset_number, run.dataset_digest) == ("support", 0, version.digest)
    assert place.find_trained(place.spec("support")).run == run
    assert list(place.registry.look(place.registry.resolve("support")).lineage.sources) == ["data/texts.jsonl"]


def test_an_older_version_can_be_named(place):
    spec = place.root / "models" / "support.toml"
    before = spec.read_text()
    spec.write_text(before.replace('"support"\nlabels', '"support/0"\nlabels'))
    assert len(place.test_examples("support")) == 36
    spec.write_text(before)


@pytest.mark.parametrize(
    ("subject", "jobs"),
    [
        ("support/0", ["ingest.support", "train.support"]),
        ("models:/support@champion", ["ingest.support", "train.support"]),
        (PREDICTION, ["ingest.support", "train.support", "serve.support"]),
    ],
)
def test_lineage_goes_from_the_sources_to_a_prediction(place, subject, jobs):
    events = json.loads(data("lineage", subject, "--json", "-w", place.root))
    assert [event["job"]["name"] for event in events] == jobs
    for event in events:
        check_event(event)
    for before, after in pairwise(events):
        names = {(one["namespace"], one["name"]) for one in before["outputs"]}
        assert names & {(one["namespace"], one["name"]) for one in after["inputs"]}


def test_lineage_is_told_in_words(place):
    lines = data("lineage", f"predictions:/{PREDICTION}", "-w", place.root).splitlines()
    assert [line.split(",")[0].strip(" └").split()[0] for line in lines] == [
        "source",
        "dataset",
        "run",
        "models:/support/1",
        "prediction",
    ]
    assert "1 predictions in the log" in lines[3]


def test_events_were_written_as_things_happened(place):
    (file,) = (place.state / "lineage").glob("*.jsonl")
    events = [json.loads(line) for line in file.read_text().splitlines()]
    assert [(event["job"]["name"], event["eventType"]) for event in events] == [
        ("ingest.support", "START"),
        ("ingest.support", "COMPLETE"),
        ("train.support", "START"),
        ("train.support", "COMPLETE"),
    ]
    assert len({event["run"]["runId"] for event in events}) == 2
    for event in events:
        check_event(event)
