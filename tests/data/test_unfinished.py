"""An ingest that dies between any two of its steps."""

from __future__ import annotations

import pytest
from tests.data.test_ingesting import GOOD, World

from dragoman.data import new_version, unfinished
from dragoman.data.ingesting import Ingesting
from dragoman.data.stored_rows import verify_version
from dragoman.errors import StorageFull
from dragoman.store.tables import DeltaTables

NEW = [{"id": "n", "age": 7, "label": "x"}, {"id": "bad", "age": -7, "label": "x"}]


class Killed(BaseException):
    """Stands for SIGKILL."""


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path)
    world.ingest(GOOD)
    return world


def killed_at(patch: pytest.MonkeyPatch, place: object, name: str, *, number: int = 1, is_after: bool = False) -> None:
    """The process dies before, or after, a function is called the nth time; it cannot clean up."""
    real, calls = getattr(place, name), []

    def deadly(*arguments, **options):
        calls.append(name)
        if len(calls) < number:
            return real(*arguments, **options)
        if is_after:
            real(*arguments, **options)
        raise Killed

    patch.setattr(place, name, deadly)
    patch.setattr(Ingesting, "_settle", lambda self: None)
    patch.setattr("dragoman.data.ingest_run.IngestRun.__exit__", lambda self, *_: self.measure.close())


STEPS = {
    "before bad rows are filed": (DeltaTables, "add_parts", 1, False),
    "after bad rows are filed": (DeltaTables, "add_parts", 1, True),
    "before the intent is written": (unfinished.Intent, "write", 2, False),
    "after the intent is written": (unfinished.Intent, "write", 2, True),
    "before the commit": ("dragoman.store.tables", "commit_parts", 2, False),
    "after the commit": ("dragoman.store.tables", "commit_parts", 2, True),
    "after the rows are in the table": (DeltaTables, "add_parts", 2, True),
}


@pytest.mark.parametrize("step", STEPS)
def test_the_old_version_or_the_new_one_is_there_and_nothing_else(world, step):
    place, name, number, is_after = STEPS[step]
    if isinstance(place, str):
        import importlib

        place = importlib.import_module(place)
    with pytest.MonkeyPatch.context() as patch:
        killed_at(patch, place, name, number=number, is_after=is_after)
        with pytest.raises(Killed):
            world.ingest(NEW, "b.jsonl", append=True, quarantine=True)
    assert world.rows(world.newest) == GOOD
    world.ingest(NEW, "b.jsonl", append=True, quarantine=True)
    assert [row["id"] for row in world.rows()] == ["a", "b", "c", "n"]
    assert len(world.quarantine()) == 1
    assert world.leftovers() == []
    for version in world.stores.catalog.dataset_versions("people"):
        verify_version(version, world.stores.tables, folder=world.folder)


def test_rows_that_are_in_the_table_get_their_version_when_the_next_ingest_begins(world):
    with pytest.MonkeyPatch.context() as patch:
        killed_at(patch, DeltaTables, "add_parts", is_after=True)
        with pytest.raises(Killed):
            world.ingest(NEW[:1], "b.jsonl", append=True)
    assert world.newest.number == 0
    with Ingesting("people", world.contract, world.stores):
        pass
    assert (world.newest.number, world.newest.rows) == (1, 4)
    assert world.leftovers() == []


def test_part_files_that_were_moved_without_a_commit_are_taken_back(world, monkeypatch):
    real = new_version.NewVersion._commit

    def halfway(self, record, mode):
        moved = world.folder / "tables" / "people" / self.rows.parts[0].path.name
        unfinished.Intent(table="people", mark=self.task.mark, after=self.latest, record=record).write(self.task.folder)
        self.rows.parts[0].path.replace(moved)
        raise Killed

    monkeypatch.setattr(new_version.NewVersion, "_commit", halfway)
    with pytest.raises(Killed):
        world.ingest(NEW[:1], "b.jsonl", append=True)
    assert world.leftovers() == []
    monkeypatch.setattr(new_version.NewVersion, "_commit", real)
    assert world.ingest(NEW[:1], "b.jsonl", append=True).version.number == 1


def test_a_catalog_that_cannot_be_written_leaves_an_intent_that_the_next_ingest_ends(world, monkeypatch):
    def full(record, *, by=None):
        raise StorageFull("No space left.", help="Free some.")

    with monkeypatch.context() as patch:
        patch.setattr(world.stores.catalog, "add_dataset_version", full)
        with pytest.raises(StorageFull):
            world.ingest(NEW[:1], "b.jsonl", append=True)
        assert world.newest.number == 0
    with Ingesting("people", world.contract, world.stores):
        pass
    assert world.newest.number == 1
    assert world.leftovers() == []
