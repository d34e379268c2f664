"""Labels, whoever kept them, counted once for the objective of quality and for releases."""

from __future__ import annotations

import random
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.feedback.review.worlds import row_of
from tests.watched import watched

from dragoman.app import label_watch
from dragoman.app.label_watch import LabelWatch
from dragoman.app.monitor import LOG_FOLDER
from dragoman.app.review import Review
from dragoman.app.workspace import Workspace
from dragoman.errors import Unavailable
from dragoman.feedback import arrivals
from dragoman.feedback.labels import LABEL_TABLE, LabelStore
from dragoman.feedback.position import Position
from dragoman.monitoring.prediction_log import PredictionLog
from dragoman.monitoring.prediction_log.schema import encode_row, table_of
from dragoman.monitoring.prediction_log.sink import TABLE
from dragoman.monitoring.service import LanguageCounts, ServiceCounts
from dragoman.records import By, Counts, Label, PredictionRow
from dragoman.release.tally import Tally

NOW = datetime(2026, 7, 1, 12, 20, tzinfo=UTC)
BY = By(actor="test")


class Told(list[tuple[str, str, int]]):
    """An event sink that remembers."""

    def count(self, model: str, objective: str, language: str, *, total: int, bad: int) -> None:
        self.append((objective, language, bad))


class World:
    """A workspace with a log and labels, and the server that counts them."""

    def __init__(self, root: Path, *, spec: str = "") -> None:
        root.mkdir(exist_ok=True)
        self.place, self.now, self.told = watched(root, watching=spec), NOW, Told()
        self.watch = self.server()
        self.watch.begin()

    def server(self) -> LabelWatch:
        specs = {spec.name: spec for spec in self.place.specs()}
        return LabelWatch(self.place, specs, log=self.place.state / LOG_FOLDER, sink=self.told)  # type: ignore[arg-type]

    def answer(self, *ids: str, **changes: Any) -> None:
        """Predictions of `refund`, some minutes ago, in the table."""
        log(self.place, [answer_of(id, **changes) for id in ids])

    def tell(self, id: str, label: str = "refund", **changes: Any) -> None:
        tell(self.place, [(id, label)], **changes)

    def look(self, watch: LabelWatch | None = None) -> int:
        return (watch or self.watch).look(self.now.timestamp())

    def counts(self) -> dict[str, LanguageCounts]:
        """By language, over all hours and versions."""
        together = ServiceCounts()
        for row in self.place.catalog.counts("service", "support"):
            together.merge(ServiceCounts.decode(row.content))
        return together.languages

    def sums(self) -> tuple[int, int]:
        """Right and wrong ones."""
        counts = self.counts().values()
        return sum(one.right for one in counts), sum(one.wrong for one in counts)


def answer_of(id: str, **changes: Any) -> PredictionRow:
    time = (NOW - timedelta(minutes=9)).isoformat(timespec="milliseconds")
    return row_of(id, **{"time": time, "version": "1", "language": "en", "input": f"of {id}", **changes})


def log(place: Workspace, rows: Sequence[PredictionRow]) -> None:
    place.tables.append(TABLE, table_of([encode_row(row) for row in rows])[0])


def tell(place: Workspace, told: Sequence[tuple[str, str]], *, model: str = "support", source: str = "form") -> None:
    time = NOW.isoformat(timespec="milliseconds")
    labels = [
        Label(prediction_id=id, model=model, label=label, source=source, time=time, received=time) for id, label in told
    ]
    LabelStore(place.tables, place.catalog).add(model, labels, by=BY)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look that follows another one is not put off."""
    monkeypatch.setattr(label_watch, "REST", 0.0)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_labels_count_by_language_and_version_in_the_hour_in_which_they_are_counted(world: World) -> None:
    world.answer("a", "b")
    world.answer("c", language="ru", version="2")
    world.answer("d", language="xx")
    for id, label in (("a", "refund"), ("b", "other"), ("c", "refund"), ("d", "refund")):
        world.tell(id, label)

    assert world.look() == 4

    counts = world.counts()
    assert {name: (one.right, one.wrong) for name, one in counts.items()} == {
        "en": (1, 1),
        "ru": (1, 0),
        "other": (1, 0),
    }
    rows = world.place.catalog.counts("service", "support")
    assert [(row.version, row.start, row.replica) for row in rows] == [
        ("1", "2026-07-01T12:00:00Z", "labels"),
        ("2", "2026-07-01T12:00:00Z", "labels"),
    ]
    assert int(counts["en"].events[:, 20].sum()) == 3  # two labels, one of them bad
    assert sorted(world.told) == [
        ("quality", "en", 0),
        ("quality", "en", 1),
        ("quality", "other", 0),
        ("quality", "ru", 0),
    ]


def test_a_prediction_counts_with_its_first_label_only(world: World) -> None:
    world.answer("a")
    world.tell("a", "refund")
    world.tell("a", "other")
    world.look()
    world.tell("a", "other")

    assert world.look() == 0
    assert world.sums() == (1, 0)


def test_what_was_kept_before_anybody_counted_counts_nowhere(tmp_path: Path) -> None:
    place = watched(tmp_path)
    log(place, [answer_of("a"), answer_of("b")])
    tell(place, [("a", "refund")])
    watch = LabelWatch(place, {spec.name: spec for spec in place.specs()}, log=place.state / LOG_FOLDER)
    watch.begin()
    tell(place, [("b", "refund")])

    assert watch.look(NOW.timestamp()) == 1


def test_a_server_that_begins_later_goes_on_where_the_last_one_was(world: World) -> None:
    world.answer("a", "b")
    world.tell("a")
    world.look()
    world.tell("b")

    second = world.server()
    second.begin()

    assert world.look(second) == 1
    assert world.look(world.server()) == 0
    assert world.sums() == (2, 0)


def test_of_two_servers_that_look_at_once_one_counts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.answer("a")
    world.tell("a")
    other, save = world.server(), world.watch._save
    monkeypatch.setattr(world.watch, "_save", lambda *given: (world.look(other), save(*given))[1])

    assert world.look() == 0
    assert world.sums() == (1, 0)
    assert len(world.told) == 1


def test_a_kill_before_the_counts_are_stored_loses_and_doubles_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(rows: Sequence[Counts], *, instead_of: Sequence[Counts] = ()) -> None:
        raise Unavailable("killed")

    world.answer("a")
    world.tell("a")
    with monkeypatch.context() as patch, pytest.raises(Unavailable):
        patch.setattr(world.place.catalog, "save_counts", killed)
        world.look()

    assert world.look(world.server()) == 1
    assert world.sums() == (1, 0)


def test_a_label_waits_for_a_prediction_that_comes_later(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(label_watch, "RETRY_SECONDS", 0.0)
    world.tell("a")
    world.tell("a", "other")
    assert world.look() == 0
    world.answer("a")

    assert world.look(world.server()) == 1
    assert (world.sums(), world.look()) == ((1, 0), 0)


def test_a_label_without_a_prediction_does_not_wait_for_ever(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(label_watch, "RETRY_SECONDS", 0.0)
    world.tell("a")
    for _ in range(label_watch.MOST_TRIES):
        world.look()
    world.answer("a")

    assert world.look(world.server()) == 0


def test_a_prediction_that_is_on_its_way_to_the_table_counts(world: World) -> None:
    log = PredictionLog(world.place.state / LOG_FOLDER, world.place.tables, segment_seconds=3_600.0)
    ticket = log.append([answer_of("a")])
    ticket.wait(10)
    world.tell("a")

    counted, tables = world.look(), world.place.tables.names()
    log.close()

    assert (counted, TABLE in tables) == (1, False)


def test_an_old_answer_a_copy_a_failure_and_another_model_count_nowhere(world: World) -> None:
    world.answer("old", time=(NOW - timedelta(days=31)).isoformat())
    world.answer("copy", mirrored=True, request="x")
    world.answer("failure", error="DeadlineExceeded")
    world.answer("other", model="intents")
    for id in ("old", "copy", "failure", "other"):
        world.tell(id)

    assert world.look() == 0
    assert world.counts() == {}


def test_answers_of_reviewers_count_where_chance_chose_the_task(world: World) -> None:
    world.answer("a", "b")
    world.tell("a", "other", source="review")  # chosen because it is hard
    world.tell("b", "other", source="audit")

    assert world.look() == 1
    assert world.sums() == (0, 1)


def test_many_labels_are_counted_in_parts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.watch._arrivals.most = 3
    names = [f"p{n}" for n in range(10)]
    world.answer(*names)
    tell(world.place, [(name, "refund") for name in [*names[:7], names[0]]])
    tell(world.place, [(name, "other") for name in names])

    counted = [world.look() for _ in range(8)]

    assert counted[:3] == [3, 3, 1]
    assert (sum(counted), world.sums()) == (10, (7, 3))


def test_labels_that_were_moved_to_other_files_do_not_count_again(world: World) -> None:
    from deltalake import DeltaTable

    world.answer("a", "b", "c")
    world.tell("a")
    world.tell("b")
    world.look()
    DeltaTable(world.place.tables.root / LABEL_TABLE).optimize.compact()
    world.tell("c")

    assert world.look() == 1
    assert world.sums() == (3, 0)


def test_labels_whose_files_are_gone_are_passed_over(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.answer("a", "b")
    world.tell("a")
    for path in (world.place.tables.root / LABEL_TABLE).glob("*.parquet"):
        path.unlink()

    assert world.look() == 0
    assert "Labels are not counted" in caplog.text


def test_a_table_in_the_place_of_another_is_counted_from_its_end(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    import shutil

    world.answer("a", "b", "c")
    for id in ("a", "b"):
        world.tell(id)
    world.look()
    shutil.rmtree(world.place.tables.root / LABEL_TABLE)
    world.tell("a")
    world.look()
    world.tell("c")

    assert world.look() == 1
    assert "it is another one" in caplog.text


def test_a_clock_that_goes_back_opens_no_hour_again(world: World) -> None:
    world.answer("a", "b")
    world.tell("a")
    world.look()
    world.now -= timedelta(hours=3)
    world.tell("b")
    world.look()

    (row,) = world.place.catalog.counts("service", "support")
    assert row.start == "2026-07-01T12:00:00Z"
    assert world.sums() == (2, 0)


def test_of_a_model_of_numbers_the_interval_must_hold_the_truth(tmp_path: Path) -> None:
    world = World(tmp_path)
    numbers = {"labels": [], "scores": [], "value": 10.0, "low": 8.0, "high": 12.0}
    world.answer("a", "b", **numbers)
    world.answer("c", "d", **{**numbers, "low": None})
    for id, truth in (("a", "12"), ("b", "12.5"), ("c", "10"), ("d", "no number")):
        world.tell(id, truth)

    assert world.look() == 2
    assert world.sums() == (1, 1)


def test_models_whose_answers_are_not_logged_are_left_to_their_servers(tmp_path: Path) -> None:
    world = World(tmp_path, spec="\n[log]\nenabled = false\n")
    world.answer("a")
    world.tell("a")

    assert world.look() == 0


def test_an_answer_of_the_review_desk_reaches_the_objective(world: World) -> None:
    (world.place.root / "reviewers.toml").write_text('[[reviewers]]\nname = "ana"\nlanguages = ["en"]\n')
    spec = world.place.root / "models" / "support.toml"
    spec.write_text(f"{spec.read_text()}\n[log]\ntext = true\n[review]\ndouble = 0.0\naudit = 1.0\n")
    review = Review(world.place, clock=lambda: world.now)
    world.answer("a")
    review.make("support")
    task = review.next("support", "ana")
    assert task is not None
    review.label(task.id, "other", "ana")

    assert world.look() == 1
    assert world.sums() == (0, 1)


def test_after_a_long_look_there_is_a_rest(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(label_watch, "REST", 1e6)
    world.answer("a", "b")
    world.tell("a")
    assert world.look() == 1
    world.tell("b")

    assert world.look() == 0
    assert world.look(world.server()) == 1


@pytest.mark.parametrize("seed", range(3))
def test_each_prediction_counts_once_whatever_dies_and_whenever(world: World, seed: int) -> None:
    # Servers that look in turns, some of which die before or after they stored; files that are moved; labels again.
    from deltalake import DeltaTable

    draw, names = random.Random(seed), [f"p{n}" for n in range(40)]
    world.answer(*names)
    first: dict[str, str] = {}
    save = world.place.catalog.save_counts
    for _ in range(40):
        watch = draw.choice([world.watch, world.server()])
        watch._arrivals.most = draw.choice([2, 5, 100])
        match draw.choice(["tell", "tell", "look", "die before", "die after", "compact"]):
            case "tell":
                told = [(draw.choice(names), draw.choice(["refund", "other"])) for _ in range(draw.randint(1, 6))]
                for id, label in told:
                    first.setdefault(id, label)
                tell(world.place, told)
            case "look":
                world.look(watch)
            case "compact" if LABEL_TABLE in world.place.tables.names():
                DeltaTable(world.place.tables.root / LABEL_TABLE).optimize.compact()
            case death:
                with pytest.MonkeyPatch.context() as patch, suppress(Unavailable):
                    patch.setattr(world.place.catalog, "save_counts", dying(save, first_saves=death == "die after"))
                    world.look(watch)
    last = world.server()
    while last._arrivals.is_more((last._known or Position()).version):
        world.look(last)

    right = sum(label == "refund" for label in first.values())
    assert world.sums() == (right, len(first) - right)


def dying(save: Any, *, first_saves: bool) -> Any:
    def saved(*given: Any, **options: Any) -> None:
        if first_saves:
            save(*given, **options)
        raise Unavailable("killed")

    return saved


# Releases


def released(world: World, **changes: Any) -> Any:
    from dragoman.api.fakes import fake_release

    release = fake_release(**{"languages": ["en", "ru"], "revision": 0, **changes})
    return world.place.catalog.save_release(release, expected=None, action="release.started", by=BY)


def both_arms(world: World, id: str, champion: str, challenger: str, **changes: Any) -> None:
    told = {"release": "r-1", "input": f"of {id}", **changes}
    world.answer(id, arm="champion", labels=[champion], **told)
    world.answer(f"{id}-copy", arm="challenger", labels=[challenger], mirrored=True, request=id, version="2", **told)


def quality(world: World) -> dict[str, Tally]:
    rows, _ = world.place.catalog.tallies("r-1").get("labels", ([], {}))
    return {cell.language: tally for cell, tally in map(Tally.from_row, rows) if cell.metric == "quality"}


def test_a_release_learns_from_labels_of_inputs_that_both_arms_answered(world: World) -> None:
    released(world)
    both_arms(world, "a", "refund", "other")
    both_arms(world, "b", "refund", "refund", language="ru")
    world.answer("c", release="r-1", arm="champion")
    for id in ("a", "b", "c"):
        world.tell(id)

    assert world.look() == 3
    assert {language: (one.n, one.mean) for language, one in quality(world).items()} == {"en": (1, 1.0), "ru": (1, 0.0)}


def test_an_input_that_comes_again_says_nothing_new_of_a_release(world: World) -> None:
    released(world)
    both_arms(world, "a", "refund", "other")
    both_arms(world, "b", "refund", "other", input="of a")
    world.tell("a")
    world.look()
    world.tell("b")

    assert world.look() == 1
    assert quality(world)["en"].n == 1


def test_what_was_not_told_to_a_release_is_told_after_a_kill(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*given: Any) -> None:
        raise Unavailable("killed")

    released(world)
    both_arms(world, "a", "other", "refund")
    world.tell("a")
    with monkeypatch.context() as patch, pytest.raises(Unavailable):
        patch.setattr(world.place.catalog, "save_tallies", killed)
        world.look()
    assert quality(world) == {}

    assert world.look(world.server()) == 0
    assert quality(world)["en"].mean == -1.0


def test_labels_of_a_release_that_has_ended_are_no_evidence(world: World) -> None:
    release = released(world)
    both_arms(world, "a", "other", "refund")
    ended = msgspec.structs.replace(release, status="rolled_back", finished=release.started)
    world.place.catalog.save_release(ended, expected=release.revision, action="release.rolled_back", by=BY)
    world.tell("a")

    assert world.look() == 1
    assert quality(world) == {}


def test_arrivals_read_no_more_than_they_are_asked_for(world: World) -> None:
    tell(world.place, [(f"p{n}", "refund") for n in range(5)])

    first = arrivals.Arrivals(world.place.tables, most=4).read(-1, 0)
    second = arrivals.Arrivals(world.place.tables, most=4).read(first.version, first.row)

    assert [(len(one.labels), one.version, one.row) for one in (first, second)] == [(4, -1, 4), (1, 0, 0)]
