from __future__ import annotations

from pathlib import Path

import pytest
from tests.data.openlineage import check_event

from dragoman.data.lineage import LineageEvents, Trained
from dragoman.data.lineage_sources import name_of_source
from dragoman.records import CheckReport, DatasetVersion, Run, Version, Violation

ROOT = Path("/srv/shop")
EVENTS = LineageEvents(ROOT, ROOT / ".dragoman" / "tables")
DATASET = DatasetVersion(
    name="support",
    number=3,
    digest="d" * 64,
    rows=7,
    splits={},
    languages={},
    labels={},
    sources={"data/a.jsonl": "a" * 64, "postgresql://ada@db/prod?SELECT id FROM t": "b" * 64},
    created="2026-11-23T07:48:11+00:00",
    columns={"id": "string", "n": "int64"},
    contract="c" * 64,
    parent=2,
)
RUN = Run(
    id="0123456789abcdef",
    model="support",
    status="completed",
    spec={"owner": "team@example.com"},
    spec_digest="e" * 64,
    dataset="support",
    dataset_number=3,
    dataset_digest="d" * 64,
    code={},
    environment={},
    hardware={},
    seed=0,
    started="2026-11-23T08:00:00+00:00",
    finished="2026-11-23T08:10:00+00:00",
)
MODEL = Version(model="support", number=7, bundle="f" * 64, run=RUN.id, owner="team@example.com", created="2026-11-23")


def test_an_ingest_goes_from_its_sources_and_the_version_before_to_the_version():
    event = EVENTS.ingest(DATASET)
    check_event(event)
    assert (event["eventType"], event["eventTime"]) == ("COMPLETE", "2026-11-23T07:48:11Z")
    assert event["job"]["namespace"] == "dragoman/shop"
    assert [(one["namespace"], one["name"]) for one in event["inputs"]] == [
        ("file", "/srv/shop/data/a.jsonl"),
        ("postgres://db:5432", "prod"),
        ("file", "/srv/shop/.dragoman/tables/support"),
    ]
    assert event["inputs"][0]["facets"]["dragoman_digest"]["sha256"] == "a" * 64
    assert event["inputs"][2]["facets"]["version"]["datasetVersion"] == "2"
    (output,) = event["outputs"]
    assert output["facets"]["version"]["datasetVersion"] == "3"
    assert output["facets"]["schema"]["fields"] == [{"name": "id", "type": "string"}, {"name": "n", "type": "int64"}]
    assert output["outputFacets"]["outputStatistics"]["rowCount"] == 7
    assert event["job"]["facets"]["sql"]["query"] == "SELECT id FROM t"


def test_the_events_of_one_thing_have_one_id():
    again = LineageEvents(ROOT, ROOT / "elsewhere")
    assert EVENTS.ingest(DATASET, kind="START")["run"]["runId"] == again.ingest(DATASET)["run"]["runId"]
    assert EVENTS.ingest(DATASET)["run"]["runId"] != EVENTS.training(Trained(RUN, DATASET))["run"]["runId"]


def test_a_training_goes_from_its_dataset_version_to_model_versions():
    event = EVENTS.training(Trained(RUN, DATASET, [MODEL]))
    check_event(event)
    assert (event["eventType"], event["eventTime"]) == ("COMPLETE", "2026-11-23T08:10:00Z")
    assert event["inputs"][0]["name"] == EVENTS.ingest(DATASET)["outputs"][0]["name"]
    assert [(one["namespace"], one["name"]) for one in event["outputs"]] == [("dragoman/shop", "models:/support")]
    assert event["outputs"][0]["facets"]["version"]["datasetVersion"] == "7"
    assert event["job"]["facets"]["ownership"]["owners"] == [{"name": "team@example.com"}]


def test_a_training_that_runs_or_failed_says_so():
    from msgspec.structs import replace

    running = EVENTS.training(Trained(replace(RUN, status="running", finished=""), None))
    failed = EVENTS.training(Trained(replace(RUN, status="failed", message="no memory"), DATASET))
    check_event(running), check_event(failed)
    assert (running["eventType"], failed["eventType"]) == ("START", "FAIL")
    assert failed["run"]["facets"]["errorMessage"]["message"] == "no memory"


def test_a_broken_contract_is_a_run_that_failed():
    report = CheckReport(
        contract="support",
        rows=3,
        bad_rows=1,
        rules=2,
        violations=[
            Violation(rule="min", words="'age' is at least 0", column="age", count=1, rows=3),
            Violation(rule="row-count", words="there are 10 rows", observed="3 rows"),
        ],
    )
    event = EVENTS.refused("support", {"a.csv": "a" * 64}, report, at="2026-11-23T07:48:11")
    check_event(event)
    assert event["eventType"] == "FAIL"
    assert event["inputs"][0]["inputFacets"]["dataQualityAssertions"]["assertions"] == [
        {"assertion": "min", "success": False, "column": "age"},
        {"assertion": "row-count", "success": False},
    ]


def test_a_prediction_comes_from_a_model_version():
    event = EVENTS.prediction("01ABC", "2026-11-23T09:00:00+01:00", MODEL)
    check_event(event)
    assert event["eventTime"] == "2026-11-23T08:00:00Z"
    assert event["inputs"] == EVENTS.training(Trained(RUN, DATASET, [MODEL]))["outputs"]
    assert event["outputs"][0]["facets"]["dragoman_prediction"]["id"] == "01ABC"


@pytest.mark.parametrize(
    ("name", "namespace", "named", "version"),
    [
        ("data/a.csv", "file", "/srv/shop/data/a.csv", ""),
        ("/elsewhere/a.csv", "file", "/elsewhere/a.csv", ""),
        ("lake/events@12", "file", "/srv/shop/lake/events", "12"),
        ("sqlite:////var/shop.db?SELECT 1", "file", "/var/shop.db", ""),
        ("sqlite:///shop.db?SELECT 1", "file", "/srv/shop/shop.db", ""),
        ("postgresql://ada@db.example:6000/prod?SELECT 1#2", "postgres://db.example:6000", "prod", ""),
        ("kafka:chat/0@5-9", "kafka", "chat", "0:5-9"),
    ],
)
def test_sources_have_the_names_of_openlineage(name, namespace, named, version):
    found = name_of_source(name, ROOT)
    assert (found.namespace, found.name, found.version) == (namespace, named, version)


def test_a_query_that_was_read_again_is_told_without_its_number():
    assert name_of_source("sqlite:///a.db?SELECT 1#2", ROOT).query == "SELECT 1"
