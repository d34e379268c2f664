"""The command over a workspace itself, whose only server is gone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.watched import watched

from dragoman.cli import cli
from dragoman.monitoring.service import ServiceCounts
from dragoman.monitoring.times import bucket_of
from dragoman.records import Counts


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A workspace that answered 30 texts in English in this hour, 10 of them in an hour before."""
    import time

    catalog = watched(tmp_path).catalog
    for hours, texts in ((0, 20), (2, 10)):
        counts = ServiceCounts()
        own = counts.language("en")
        own.requests = own.texts = texts
        own.add_times(queue=0.001, inference=0.01, total=0.012)
        start = bucket_of(time.time() - 3_600 * hours, minutes=60)
        row = Counts(kind="service", model="support", version="1", start=start, replica="a", content=counts.encode())
        catalog.save_counts([row])
    catalog.close()
    return tmp_path


def asked(place: Path, *arguments: str) -> Any:
    done = CliRunner().invoke(cli, ["monitor", *arguments, "-w", str(place), "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_the_overview_is_of_what_was_stored(place: Path) -> None:
    (model,) = asked(place)["models"]

    assert (model["model"], model["texts"], model["owner"]) == ("support", 30, "team@example.com")
    assert [(row["language"], row["texts"]) for row in model["versions"][0]["languages"]] == [("en", 30), ("ru", 0)]
    assert model["p50_ms"] == pytest.approx(12, rel=0.06)


def test_nothing_is_known_of_drift_before_anything_was_profiled(place: Path) -> None:
    assert asked(place, "drift", "support") == []


def test_a_silence_is_kept_and_ended(place: Path) -> None:
    made = asked(place, "silence", "add", "support", "--hours", "2", "--reason", "moving the database")
    ended = asked(place, "silence", "end", made["id"])

    (kept,) = asked(place, "silence", "list", "--all")
    assert (kept["id"], kept["reason"]) == (made["id"], "moving the database")
    assert kept["ends"] == ended["ends"] < made["ends"]


def test_objectives_and_alerts_are_listed(place: Path) -> None:
    assert {one["objective"] for one in asked(place, "slo")} == {"availability", "latency"}
    assert asked(place, "alerts") == []
