"""Retraining end to end: labels of a new way of asking become a version that knows it and has forgotten nothing."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from tests.end_to_end.conftest import write_workspace
from tests.feedback.world import write_answers, write_labels
from tests.training.tabular.world import ROWS, write_rows
from tests.training.tabular.world import table as customers
from tests.training.tabular.world import workspace as customers_workspace

from dragoman import clock
from dragoman.app import open_workspace
from dragoman.app.collecting import collect
from dragoman.app.datasets import Files
from dragoman.app.labelled import labelled_of
from dragoman.app.learning import Texts, rests_on
from dragoman.app.remembering import Remembered, remember
from dragoman.app.retraining import retrain_stages
from dragoman.app.training import ensure_trained
from dragoman.app.workspace import Workspace
from dragoman.errors import NotFound
from dragoman.loop.stages import Ended, NotYet, Stage
from dragoman.loop.worker import Worker
from dragoman.records import By, Example, GateResult, Job, Label, PinnedView, PredictionRow

MORE = "\n[log]\ntext = true\n\n[retraining]\nreplay = 1\n"
LABELS = 100  # of a new way of asking, in German
JOB = "retrain:1"
CONTRACT = "".join(f'[columns.{name}]\ntype = "string"\n' for name in ("id", "text", "label", "language", "split"))
CHILD = """
import sys
from dragoman.app import open_workspace
from dragoman.app.retraining import retrain_stages
from dragoman.loop.worker import Worker
place = open_workspace(sys.argv[1])
Worker(place.catalog, {"retrain": retrain_stages(place)}, holder="child", lease_seconds=1.0).run(sys.argv[2])
"""


def quiet(progress: object) -> None:
    """Shows nothing."""


def tell(place: Workspace, model: str, answers: Iterable[tuple[str, dict[str, Any]]]) -> None:
    """Log answers, and what a reviewer says of them."""
    moment = clock.written()
    rows, labels = [], []
    for number, (label, fields) in enumerate(answers):
        id = f"{model}-{number:04}"
        given = {"version": "1", "labels": ["order_status", "refund"], "scores": [0.8, 0.1], **fields}
        rows.append(PredictionRow(id=id, time=moment, model=model, task=place.spec(model).task, **given))
        labels.append(Label(prediction_id=id, model=model, label=label, source="review", time=moment, received=moment))
    write_labels(write_answers(place.tables, rows), labels)


def ask_anew(place: Workspace) -> None:
    """The words of parcels, and of money: only people who have read them know."""
    texts = [f"mein paket storno bitte {number * 31}" for number in range(LABELS)]
    tell(place, "support", [("refund", {"text": text, "language": "de"}) for text in texts])


def job_of(place: Workspace, model: str = "support", id: str = JOB) -> Job:
    moment = clock.written()
    return place.catalog.add_job(Job(id=id, kind="retrain", model=model, due=moment, created=moment))


def work(place: Workspace, id: str = JOB) -> Job:
    return Worker(place.catalog, {"retrain": retrain_stages(place)}, holder="test", lease_seconds=1.0).run(id)


def run_stage(place: Workspace, name: str, job: Job, **output: Any) -> Any:
    stages: dict[str, Stage] = {stage.name: stage for stage in retrain_stages(place)}
    return stages[name].run(msgspec.structs.replace(job, output=job.output | output))


def change_spec(place: Workspace, old: str, new: str) -> None:
    path = place.root / "models" / "support.toml"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def copied(folder: Path, to: Path) -> Workspace:
    return open_workspace(shutil.copytree(folder, to / "shop"))


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a champion, and labels that it has not learned from. Not to be changed."""
    root = write_workspace(tmp_path_factory.mktemp("asked") / "shop", epochs=6)
    with (root / "models" / "support.toml").open("a") as file:
        file.write(MORE)
    place = open_workspace(root)
    place.train(report=quiet)
    ask_anew(place)
    place.catalog.close()
    return root


@pytest.fixture(scope="module")
def done(asked: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same after a retraining. Not to be changed."""
    place = copied(asked, tmp_path_factory.mktemp("done"))
    job_of(place)
    work(place)
    place.catalog.close()
    return place.root


@pytest.fixture
def before(asked: Path, tmp_path: Path) -> Iterator[Workspace]:
    place = copied(asked, tmp_path)
    yield place
    place.catalog.close()


@pytest.fixture
def after(done: Path, tmp_path: Path) -> Iterator[Workspace]:
    place = copied(done, tmp_path)
    yield place
    place.catalog.close()


# One retraining -----------------------------------------------------------------------------------------------------


def test_a_retraining_learns_what_is_new_and_forgets_nothing(after: Workspace) -> None:
    job = after.catalog.job(JOB)
    assert (job.status, job.output["result"], job.output["alias"]) == ("done", "released", "champion"), job
    learned, old = job.output["learned"]["de"], job.output["old"]
    assert learned["candidate"] > learned["champion"] + 0.5
    assert all(row["candidate"] >= row["champion"] - 0.05 for row in old.values())
    assert (job.output["forgot"], [gate["language"] for gate in job.output["gates"]]) == ([], ["de", "en", "ru"])
    assert after.catalog.alias("support", "champion") == 2


def test_its_rows_are_a_version_that_says_where_they_come_from(after: Workspace) -> None:
    run = after.catalog.run(after.registry.resolve("support").run)
    version = after.datasets.version(f"{run.dataset}/{run.dataset_number}")
    assert [name for name in version.sources if not name.startswith("data/")] == [
        "datasets:/support/0",
        "labels:/support",
    ]
    counted = after.catalog.job(JOB).output["labels"]
    assert version.rows == 216 + counted["rows"]
    assert (counted["new"]["de"] + counted["held"]["de"], counted["refused"]) == (LABELS, {})
    after.datasets.verify(version)
    inputs = after.lineage.events.ingest(version)["inputs"]
    assert sorted(Path(one["name"]).name for one in inputs) == ["labels", "support", "texts.jsonl"]


def test_what_was_learned_is_not_new_and_makes_room_for_what_waited(after: Workspace) -> None:
    counted = after.catalog.job(JOB).output["labels"]
    found = collect(after, "support")
    assert found.champion == 2
    assert found.total == counted["held"]["de"] > 0
    assert found.held == {}


def test_the_champion_stays_while_spec_and_files_are_the_same(after: Workspace) -> None:
    told: list[str] = []
    ensure_trained(after, show=told.append)
    assert [line.partition(" (")[0] for line in told] == ["models:/support/2 is up to date, the champion"]
    outcome = after.train(report=quiet)
    assert (outcome.version.number, outcome.trained, outcome.alias) == (2, False, "champion")


def test_the_same_training_by_hand_gives_the_old_version_and_no_alias(after: Workspace) -> None:
    first = after.catalog.run(after.catalog.version("support", 1).run)
    outcome = after.train_on(after.spec(), after.datasets.version(f"support/{first.dataset_number}"), report=quiet)
    assert (outcome.version.number, after.crown(after.spec(), outcome)) == (1, "")
    assert after.catalog.alias("support", "champion") == 2


def test_a_changed_spec_is_newer_than_the_champion(after: Workspace) -> None:
    change_spec(after, "epochs = 6", "epochs = 5")
    assert after.find_trained(after.spec()) is None


def test_a_version_that_forgot_what_the_champion_knows_is_found_out(after: Workspace) -> None:
    run = after.catalog.run(after.registry.resolve("support").run)
    dataset = after.datasets.version(f"{run.dataset}/{run.dataset_number}")
    found = remember(after, after.spec(), dataset, champion=2, candidate=1)
    assert (found.forgot, found.learned) == (["de"], {})


# Killed, and run again ----------------------------------------------------------------------------------------------


def test_a_retraining_that_was_killed_goes_on_to_the_same_version(before: Workspace, done: Path) -> None:
    job_of(before)
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(before.root), JOB], env=environment)
    wait_for_checkpoint(before.root)
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert before.catalog.job(JOB).stage == "assemble"
    job = finished(before)
    assert (job.status, job.output["version"]) == ("done", 2), job
    assert len(before.catalog.versions("support")) == 2
    assert before.registry.resolve("support").bundle == open_workspace(done).registry.resolve("support").bundle


def wait_for_checkpoint(root: Path) -> None:
    deadline = time.monotonic() + 60
    while not list(root.glob(".dragoman/runs/*/checkpoint.pt")):
        assert time.monotonic() < deadline, "no checkpoint appeared"
        time.sleep(0.005)


def finished(place: Workspace) -> Job:
    """The job when the lease of the killed process has run out, and another one has gone on."""
    deadline = time.monotonic() + 60
    while not (job := work(place)).is_over:
        assert time.monotonic() < deadline, job
        time.sleep(0.1)
    return job


def test_every_stage_run_again_gives_the_same(after: Workspace) -> None:
    job = after.catalog.job(JOB)
    again = run_stage(after, "train", job)
    assert {name: again[name] for name in ("run", "version")} == {name: job.output[name] for name in ("run", "version")}
    assert run_stage(after, "release", job)["result"] == "released"
    assert len(after.catalog.versions("support")) == 2


# Ends ---------------------------------------------------------------------------------------------------------------


def ended(place: Workspace, stage: str, job: Job, **output: Any) -> dict[str, Any]:
    with pytest.raises(Ended) as caught:
        run_stage(place, stage, job, **output)
    return caught.value.output


def test_where_the_champion_has_learned_from_all_there_is_nothing_is_trained(after: Workspace) -> None:
    change_spec(after, "replay = 1", 'replay = 1\nsources = ["agents"]')
    shutil.rmtree(after.state / "tables" / "labels")
    shutil.rmtree(after.state / "tables" / "predictions")
    found = ended(after, "assemble", job_of(after, id="retrain:2"))
    assert (found["result"], found["labels"]["new"]) == ("nothing new", {})


def test_a_version_that_misses_its_gates_is_not_released(after: Workspace) -> None:
    change_spec(after, "[log]", "[gates]\nskill = 0.5\n\n[log]")
    found = ended(after, "train", after.catalog.job(JOB))
    assert (found["result"], found["version"]) == ("gates failed", 2)


@pytest.mark.parametrize("stage", ["train", "compare", "release"])
def test_a_job_that_began_with_another_spec_ends(after: Workspace, stage: str) -> None:
    change_spec(after, "epochs = 6", "epochs = 5")
    assert ended(after, stage, after.catalog.job(JOB))["result"] == "spec changed"


def test_a_version_that_forgot_is_not_released(after: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    gates = [
        GateResult(gate="forgetting", language=one, verdict=verdict)
        for one, verdict in (("ru", "fail"), ("de", "pass"))
    ]
    monkeypatch.setattr("dragoman.app.retraining.remember", lambda *given, **named: Remembered({}, {}, gates))
    after.catalog.move_alias("support", "champion", 1, expected=2)
    found = ended(after, "compare", after.catalog.job(JOB))
    assert (found["result"], found["forgot"]) == ("forgot", ["ru"])


def test_a_champion_that_moved_after_the_comparison_ends_the_job(after: Workspace) -> None:
    after.catalog.add_version(model="support", bundle="c" * 64, run="r", owner="o", created="2026-07-01")
    after.catalog.move_alias("support", "champion", 3, expected=2)
    assert ended(after, "release", after.catalog.job(JOB))["result"] == "champion moved"


# Releases -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def planned(after: Workspace) -> Workspace:
    """The retrained version has passed all gates, and the spec has a release plan."""
    change_spec(after, "[log]", "[release]\nsteps = [5, 100]\n\n[log]")
    after.catalog.move_alias("support", "champion", 1, expected=2)
    return after


def test_with_a_plan_a_release_begins_once(planned: Workspace) -> None:
    job = planned.catalog.job(JOB)
    first, second = run_stage(planned, "release", job), run_stage(planned, "release", job)
    assert first == second
    assert (first["result"], first["alias"]) == ("releasing", "challenger")
    (release,) = planned.catalog.releases(model="support")
    assert (release.id, release.challenger, release.actor, release.is_active) == (first["release"], 2, "loop", True)
    assert planned.catalog.alias("support", "challenger") == 2


def test_another_release_is_waited_for(planned: Workspace) -> None:
    job = planned.catalog.job(JOB)
    run_stage(planned, "release", job)
    with pytest.raises(NotYet, match="Another release"):
        run_stage(planned, "release", msgspec.structs.replace(job, id="retrain:other"))


def test_a_version_that_was_rolled_back_is_not_released_again(planned: Workspace) -> None:
    job = planned.catalog.job(JOB)
    run_stage(planned, "release", job)
    (release,) = planned.catalog.releases(model="support")
    over = msgspec.structs.replace(release, status="rolled_back")
    planned.catalog.save_release(over, expected=release.revision, action="release.rolled_back", by=By(actor="ada"))
    other = msgspec.structs.replace(job, id="retrain:other")
    assert ended(planned, "release", other)["result"] == "rolled back before"


# Tables and numbers -------------------------------------------------------------------------------------------------


def test_a_model_of_a_table_learns_from_the_columns_that_were_served(tmp_path: Path) -> None:
    place = customers_workspace(tmp_path / "shop", extra="[retraining]\nreplay = 2\n")
    place.train(report=quiet)
    columns = customers(100, seed=1)
    rows = [{name: values[place] for name, values in columns.items()} for place in range(100)]
    told = [
        (
            row["left"],
            {"language": row["language"], "features": {key: row[key] for key in ("age", "plan", "spent", "active")}},
        )
        for row in rows
    ]
    tell(place, "customers", told)
    job_of(place, "customers")
    job = work(place)
    assert (job.status, job.output.get("result")) == ("done", "released"), job
    assert job.output["rows"] == ROWS + job.output["labels"]["rows"] > ROWS + 90
    assert job.output["old"]["*"]["n"] == len(place.test_table("customers"))
    assert collect(place, "customers").total == 0


def test_a_model_of_numbers_learns_from_newer_data_only(tmp_path: Path) -> None:
    place = customers_workspace(tmp_path / "shop", "tabular-regression", "[retraining]\nage_days = 30\n")
    place.train(report=quiet)
    assert collect(place, "customers").total == 0
    job_of(place, "customers")
    assert work(place).output["result"] == "nothing new"
    write_rows(
        place.root / "data" / "more.csv", {**customers(200, seed=3), "id": [f"n{number}" for number in range(200)]}
    )
    job_of(place, "customers", id="retrain:2")
    assert work(place, "retrain:2").output["result"] == "released"


def test_a_dataset_that_people_ingest_gets_no_rows_of_labels(tmp_path: Path) -> None:
    place = open_workspace(write_workspace(tmp_path / "shop"))
    (place.root / "contracts").mkdir()
    (place.root / "contracts" / "support.toml").write_text(CONTRACT)
    change_spec(place, 'files = ["data/*.jsonl"]', 'dataset = "support"')
    files = Files(["data/*.jsonl"], place.root)
    place.datasets.ingest("support", files, append=False, quarantine=False, report=quiet)
    data, row = (
        labelled_of(place, place.spec()),
        Example(id="label:p1", text="x", label="refund", language="de", split="dev"),
    )
    version = data.store([row])
    assert (version.uri, version.rows) == ("datasets:/support-with-labels/0", 217)
    assert data.learned(version) == [row]
    newest = place.datasets.version("support")
    assert (newest.rows, rests_on(version, newest.digest)) == (216, True)
    assert data.store([]) == newest


def test_a_model_without_a_champion_has_nothing_to_compare_with(tmp_path: Path) -> None:
    place = customers_workspace(tmp_path / "shop")
    with pytest.raises(NotFound, match="has no champion"):
        collect(place, "customers")


class Orders:
    """A join that finds two orders of everybody."""

    digest = "d"

    def __init__(self) -> None:
        self.pins = [PinnedView(name="orders", digest="d", dataset="orders", dataset_number=1)]

    def __call__(self, rows: pa.Table, views: Sequence[str], time: str) -> pa.Table:
        return rows.append_column("orders.count", pa.array([2] * len(rows)))


def test_a_text_of_labels_keeps_the_features_that_were_served(tmp_path: Path) -> None:
    place = open_workspace(write_workspace(tmp_path / "shop"))
    change_spec(place, "\nlabels =", '\ntime = "at"\nlabels =')
    change_spec(place, "[training]", '[features]\nviews = ["orders"]\n\n[training]')
    known = {"label": "refund", "language": "de", "split": "train"}
    rows = [
        Example(id="label:p1", text="a", features={"orders.count": 7}, **known),
        Example(id="d1", text="b", features={"at": "2026-01-01"}, **known),
    ]
    found = {row.id: row.features for row in Texts(place, place.spec()).with_views(rows, Orders())}
    assert found == {"label:p1": {"orders.count": 7}, "d1": {"at": "2026-01-01", "orders.count": 2}}
