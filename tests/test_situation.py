from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.unreleased import SPEC

from dragoman import clock
from dragoman.api.fakes import fake_release
from dragoman.app.situation import situation_of
from dragoman.app.workspace import Workspace, open_workspace
from dragoman.clock import written
from dragoman.errors import NotFound
from dragoman.loop.governor import decide
from dragoman.loop.requests import request_job
from dragoman.loop.situation import Drifted, Situation
from dragoman.monitoring.resources.cost import Prices
from dragoman.monitoring.times import seconds_of
from dragoman.records import (
    Alert,
    BundleFile,
    By,
    Interval,
    Job,
    LabelCounts,
    LanguageScore,
    LiveQuality,
    Manifest,
    Report,
    RetrainDecision,
    Run,
    Spent,
)
from dragoman.registry.bundle import EVALUATION_FILE
from dragoman.registry.manifest import encode_manifest

NOW = seconds_of("2026-06-01T12:00:00Z")
DAY = 86_400.0


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """Version 2 of `support` is the champion: trained 20 days ago, and evaluated on 300 texts."""
    monkeypatch.setattr(clock, "_now", lambda: NOW)
    (tmp_path / "models").mkdir()
    (tmp_path / "dragoman.toml").write_text("")
    (tmp_path / "models" / "support.toml").write_text(SPEC)
    place = open_workspace(tmp_path)
    for name, accuracy in (("a", 0.5), ("b", 0.9)):
        place.catalog.add_version(
            model="support", bundle=bundle(place, accuracy), run=name, owner="o", created="2026-01-01"
        )
    place.catalog.move_alias("support", "champion", 2, expected=None)
    place.catalog.save_run(run("b", days=20))
    yield place
    place.catalog.close()


def bundle(place: Workspace, accuracy: float) -> str:
    found = Interval(value=accuracy, low=accuracy - 0.1, high=accuracy + 0.1, n=300)
    report = Report(
        split="test",
        accuracy=found,
        macro_f1=accuracy,
        calibration_error=0.03,
        languages=[LanguageScore(language="th", accuracy=found, macro_f1=accuracy)],
        confusions=[],
    )
    content = msgspec.json.encode(report)
    file = BundleFile(path=EVALUATION_FILE, digest=place.blobs.put_bytes(content), size=len(content))
    return place.blobs.put_bytes(
        encode_manifest(Manifest(format=1, model="support", task="text-classification", files=[file]))
    )


def run(id: str, *, days: float) -> Run:
    return Run(
        id=id, model="support", status="completed", spec={}, spec_digest="", dataset="support", dataset_number=1,
        dataset_digest="", code={}, environment={}, hardware={}, seed=0, started=written(NOW - (days + 1) * DAY),
        finished=written(NOW - days * DAY), spent=Spent(cpu_seconds=600),
    )  # fmt: skip


def quality(*, version: str = "2", days: float = 0.0) -> LiveQuality:
    return LiveQuality(
        model="support",
        version=version,
        since=written(NOW - 30 * DAY),
        until=written(NOW - days * DAY),
        maturity_days=2,
        level=0.95,
        languages=[],
        delays=[],
        labels=LabelCounts(labels=0, judged=0, repeated=0, contradictions=0, unknown=0, sources={}),
    )


def found(place: Workspace, *, live: LiveQuality | None = None) -> Situation:
    return situation_of(place, "support", quality=live, collected=None, prices=Prices())


def alert(place: Workspace, id: str, **fields: str) -> None:
    given = {"kind": "drift", "version": "2", "language": "th", "since": written(NOW - DAY), "status": "firing"}
    told = Alert(
        id=id,
        model="support",
        severity="ticket",
        summary="th, tokens: 10% → 30%.",
        owner="o",
        runbook="r",
        started=written(NOW),
        updated=written(NOW),
        **{**given, **fields},
    )
    place.catalog.save_alerts([told])


def retraining(place: Workspace, id: str, *, days: float, **fields: Any) -> None:
    created = written(NOW - days * DAY)
    place.catalog.add_job(Job(id=id, kind="retrain", model="support", created=created, due=created, **fields))


def test_the_champion_comes_with_its_training_and_its_evaluation(place):
    seen = found(place)
    assert (seen.champion, seen.trained) == (2, NOW - 20 * DAY)
    assert {name: one.value for name, one in seen.held.items()} == {"all": 0.9, "th": 0.9}
    assert (seen.calibration_error, seen.estimate.cpu_seconds, len(seen.past)) == (0.03, 600, 1)


def test_a_champion_without_a_run_is_as_old_as_its_registration(place):
    place.catalog.move_alias("support", "champion", 1, expected=2)
    assert found(place).trained == seconds_of("2026-01-01T00:00:00Z")


def test_without_a_champion_there_is_nothing_to_judge(place):
    with pytest.raises(NotFound, match="'other' has no champion"):
        situation_of(place, "other", quality=None, collected=None, prices=Prices())


def test_drift_is_that_of_the_champion(place):
    alert(place, "1")
    alert(place, "2", language="", kind="language-mix", since="")
    alert(place, "3", version="1")
    alert(place, "4", kind="slo")
    alert(place, "5", language="de", status="resolved", ended=written(NOW))
    assert found(place).drifted == [
        Drifted("th", NOW - DAY, "th, tokens: 10% → 30%."),
        Drifted("", NOW, "th, tokens: 10% → 30%."),
    ]


def test_trainings_count_from_their_beginning_if_they_began(place):
    retraining(place, "retrain:1", days=9, status="failed")
    retraining(place, "retrain:2", days=5, status="cancelled")
    retraining(place, "retrain:3", days=1, status="running")
    seen = found(place)
    assert (seen.begun, seen.job) == ([NOW - 9 * DAY, NOW - DAY], "retrain:3")


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ({"champion": 2, "dataset": "datasets:/support/2", "result": "forgot"}, 620),
        ({"champion": 2, "dataset": "datasets:/support/2", "result": "releasing"}, 620),
        ({"champion": 2, "dataset": "datasets:/support/2", "result": "spec changed"}, 0),
        ({"champion": 1, "dataset": "datasets:/support/2", "result": "forgot"}, 0),
        ({"champion": 2, "result": "gates failed"}, 0),
    ],
)
def test_labels_of_a_training_that_made_no_champion_are_known(place, output, expected):
    labels = {"labels": {"new": {"de": 600, "th": 20}}}
    retraining(place, "retrain:1", days=9, status="done", output=output | labels)
    assert found(place).tried == expected


def test_an_active_release_is_seen(place):
    release = fake_release(champion=1, challenger=2)
    place.catalog.save_release(release, expected=None, action="release.started", by=By(actor="ada"))
    assert found(place).release == release.id


def test_requests_and_decisions_of_people_are_seen(place):
    place.catalog.add_job(request_job("support", By(actor="ada", reason="New products."), now=written(NOW - DAY)))
    decision = RetrainDecision(id="1", model="support", champion=2, time=written(NOW), verdict="ask", approved_by="ada")
    place.catalog.save_decision(decision)
    seen = found(place)
    assert (seen.asked.actor, seen.decisions[0].approved_by) == ("ada", "ada")


@pytest.mark.parametrize(
    ("live", "note"),
    [
        (quality(version="1"), "that of version 1, not of the champion, version 2"),
        (quality(days=1.5), "1.5 days old, too old to decide by"),
    ],
)
def test_live_quality_of_something_else_is_left_out_and_said(place, live, note):
    seen = found(place, live=live)
    assert seen.quality is None
    assert note in seen.notes[0]


def test_live_quality_of_today_is_looked_at(place):
    seen = found(place, live=quality(days=0.5))
    assert (seen.quality.version, seen.notes) == ("2", [])


def test_a_decision_can_be_made_and_stored(place):
    decision = decide(found(place, live=quality()), place.spec(), now=NOW, id="support:now")
    assert place.catalog.save_decision(decision).verdict == "none"
