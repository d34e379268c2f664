from __future__ import annotations

import json
import threading
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.data.sources.test_kafka import FakeBroker

from dragoman.data import staging
from dragoman.data.datasets import ingest
from dragoman.data.ingesting import Ingested, Ingesting, Stores, check_source, contract_digest
from dragoman.data.quarantine import quarantine_table
from dragoman.data.sources import open_source
from dragoman.data.sources.kafka import KafkaTopic
from dragoman.data.stored_rows import stored_batches, verify_version
from dragoman.errors import Conflict, InvalidData, InvalidInput, Untrusted
from dragoman.records import Example
from dragoman.spec.contract_file import parse_contract
from dragoman.store.memory import MemoryCatalog
from dragoman.store.tables import DeltaTables

CONTRACT = """
[columns.id]
type = "string"
required = true
unique = true

[columns.age]
type = "integer"
min = 0

[columns.label]
type = "string"
values = ["x", "y"]
"""
GOOD = [
    {"id": "a", "age": 1, "label": "x"},
    {"id": "b", "age": 2, "label": "y"},
    {"id": "c", "age": None, "label": "x"},
]


class World:
    """A workspace's stores, with a contract."""

    def __init__(self, folder: Path, contract: str = CONTRACT) -> None:
        self.folder, self.contract = folder, parse_contract(contract, name="people")
        self.stores = Stores(DeltaTables(folder / "tables"), MemoryCatalog(), folder / "ingest")

    def write(self, name: str, rows: list) -> str:
        lines = (row if isinstance(row, str) else json.dumps(row) for row in rows)
        (self.folder / name).write_text("".join(f"{line}\n" for line in lines))
        return name

    def source(self, *names: str):
        columns = {name: column.type for name, column in self.contract.columns.items()}
        return open_source(names, folder=self.folder, root=self.folder, columns=columns)

    def ingest(self, rows: list, name: str = "a.jsonl", *, append: bool = False, quarantine: bool = False) -> Ingested:
        self.write(name, rows)
        with Ingesting("people", self.contract, self.stores) as ingesting:
            parent = ingesting.newest if append else None
            return ingesting.run(self.source(name), parent=parent, quarantine=quarantine)

    def rows(self, version=None) -> list[dict]:
        found = stored_batches(version or self.newest, self.stores.tables)
        return sorted((row for batch in found for row in batch.to_pylist()), key=lambda row: str(row["id"]))

    @property
    def newest(self):
        return self.stores.catalog.dataset_versions("people")[-1]

    def quarantine(self) -> list[dict]:
        return self.stores.tables.read(quarantine_table("people")).to_pylist()

    def leftovers(self) -> list[str]:
        inside = [path for path in (self.folder / "ingest").rglob("*") if path.suffix != ".lock"]
        known = [
            pa.array(self.stores.tables.dataset(name, version=number).files).to_pylist()
            for name in self.stores.tables.names()
            for number in range(self.stores.tables.latest(name) + 1)
        ]
        parts = {Path(one).name for files in known for one in files}
        return [str(one) for one in inside] + [
            path.name for path in (self.folder / "tables").glob("*/*.parquet") if path.name not in parts
        ]


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def test_good_rows_become_a_version(world):
    done = world.ingest(GOOD)
    assert done.report.passed
    assert (done.version.number, done.version.rows, done.is_new) == (0, 3, True)
    assert world.rows() == GOOD
    assert done.version.labels == {"x": 2, "y": 1}
    assert done.version.columns == {"id": "string", "age": "int64", "label": "string"}
    assert done.version.contract == contract_digest(world.contract)
    assert list(done.version.sources) == ["a.jsonl"]
    assert world.leftovers() == []


def test_a_broken_contract_writes_nothing(world):
    world.ingest(GOOD)
    done = world.ingest([*GOOD, {"id": "d", "age": -1, "label": "x"}])
    assert done.version is None
    (violation,) = done.report.violations
    assert [row.place for row in violation.examples] == ["a.jsonl:4"]
    assert len(world.stores.catalog.dataset_versions("people")) == 1
    assert world.stores.tables.latest("people") == 0
    assert world.leftovers() == []


def test_a_line_that_cannot_be_read_breaks_the_contract(world):
    done = world.ingest([*GOOD, "{"])
    assert done.version is None
    (violation,) = done.report.violations
    assert (violation.rule, violation.count) == ("readable", 1)
    assert violation.examples[0].place == "a.jsonl:4"
    assert (done.report.rows, done.report.bad_rows) == (4, 1)


def test_the_same_rows_in_another_order_are_the_same_version(world):
    first = world.ingest(GOOD)
    again = world.ingest(GOOD[::-1], "b.jsonl")
    assert (again.version, again.is_new) == (first.version, False)
    assert world.stores.tables.latest("people") == 0
    assert world.leftovers() == []


def test_other_rows_are_the_next_version_and_the_old_one_stays(world):
    first, second = world.ingest(GOOD).version, world.ingest(GOOD[:2]).version
    assert (first.number, second.number) == (0, 1)
    assert (world.rows(first), world.rows(second)) == (GOOD, GOOD[:2])


def test_with_quarantine_good_rows_are_the_version_and_bad_rows_are_filed(world):
    bad = [{"id": "d", "age": -1, "label": "z"}, "not json", {"id": None, "age": "?", "label": "x"}]
    done = world.ingest([*GOOD, *bad], quarantine=True)
    assert world.rows() == GOOD
    assert (done.quarantined, done.version.quarantined) == (3, 3)
    filed = {row["line"]: row for row in world.quarantine()}
    assert sorted(filed) == [4, 5, 6]
    assert json.loads(filed[4]["row"]) == bad[0]
    assert filed[5]["row"] == "not json"
    assert (filed[5]["rule"], filed[5]["source"]) == ("readable", "a.jsonl")
    assert len(filed[4]["rule"].split(", ")) == 2
    assert "age" in filed[4]["reason"]
    assert "label" in filed[4]["reason"]


def test_bad_rows_are_filed_once_however_often_the_file_is_ingested(world):
    for _ in range(3):
        world.ingest([*GOOD, {"id": "d", "age": -1}], quarantine=True)
    assert len(world.quarantine()) == 1


def test_doubles_are_quarantined_with_their_places(world):
    done = world.ingest([*GOOD, {"id": "a", "age": 9, "label": "x"}], quarantine=True)
    assert [row["id"] for row in world.rows()] == ["b", "c"]
    assert sorted((row["line"], row["rule"]) for row in world.quarantine()) == [(1, "unique"), (4, "unique")]
    assert {json.loads(row["row"])["age"] for row in world.quarantine()} == {1, 9}
    assert done.quarantined == 2
    verify_version(done.version, world.stores.tables, folder=world.folder)


def test_what_no_single_row_is_to_blame_for_breaks_even_with_quarantine(tmp_path):
    world = World(tmp_path, CONTRACT + "[rows]\nmin = 3\n")
    done = world.ingest([*GOOD[:2], {"id": "d", "age": -1}], quarantine=True)
    assert done.version is None
    assert "people-quarantine" not in world.stores.tables.names()
    assert world.leftovers() == []


def test_what_is_left_without_doubles_must_keep_the_contract(tmp_path):
    world = World(tmp_path, CONTRACT + "[rows]\nmin = 3\n")
    done = world.ingest([*GOOD, GOOD[0]], quarantine=True)
    assert (done.version, done.report.passed) == (None, False)
    assert world.leftovers() == []


def test_rows_can_be_added_to_the_newest_version(world):
    first = world.ingest(GOOD[:1], "a.jsonl").version
    second = world.ingest(GOOD[1:], "b.jsonl", append=True).version
    assert (second.number, second.parent, second.rows) == (1, 0, 3)
    assert world.rows(second) == GOOD
    assert world.rows(first) == GOOD[:1]
    assert list(second.sources) == ["a.jsonl", "b.jsonl"]
    assert second.labels == {"x": 2, "y": 1}


def test_rows_added_in_parts_have_the_digest_of_all_at_once(tmp_path):
    (tmp_path / "one").mkdir(), (tmp_path / "two").mkdir()
    one, two = World(tmp_path / "one"), World(tmp_path / "two")
    one.ingest(GOOD[:1], "a.jsonl")
    assert one.ingest(GOOD[1:], "b.jsonl", append=True).version.digest == two.ingest(GOOD).version.digest


def test_added_rows_must_keep_the_contract_with_those_that_are_there(world):
    world.ingest(GOOD)
    done = world.ingest([{"id": "a", "age": 5, "label": "x"}], "b.jsonl", append=True)
    assert done.version is None
    (violation,) = done.report.violations
    assert sorted(row.place for row in violation.examples) == ["b.jsonl:1", "people/0:1"]


def test_with_quarantine_an_added_double_is_filed_and_the_row_that_was_there_stays(world):
    world.ingest(GOOD)
    new = [{"id": "a", "age": 5, "label": "x"}, {"id": "z", "age": 5, "label": "x"}]
    world.ingest(new, "b.jsonl", append=True, quarantine=True)
    assert world.rows() == [*GOOD, new[1]]
    assert [(row["source"], row["line"]) for row in world.quarantine()] == [("b.jsonl", 1)]


def test_adding_nothing_new_gives_the_version_that_is_there(world):
    first = world.ingest(GOOD).version
    again = world.ingest(GOOD, append=True)
    assert (again.version, again.is_new) == (first, False)
    only_bad = world.ingest([{"id": "d", "age": -1}], "b.jsonl", append=True, quarantine=True)
    assert (only_bad.version, only_bad.is_new, only_bad.quarantined) == (first, False, 1)


def test_rows_are_added_to_the_newest_version_though_the_table_has_gone_on(world):
    world.ingest(GOOD[:2])
    world.stores.tables.overwrite("people", pa.table({"id": ["?"], "age": [0], "label": ["x"]}))  # no version names it
    done = world.ingest(GOOD[2:], "b.jsonl", append=True)
    assert (done.version.number, done.version.parent) == (2, 0)
    assert world.rows() == GOOD


def test_columns_that_the_contract_does_not_name_may_be_kept(tmp_path):
    world = World(tmp_path, 'extra = "keep"\n' + CONTRACT)
    rows = [GOOD[0], {**GOOD[1], "note": 1}, {**GOOD[2], "note": 2.5, "more": {"k": [1]}}]
    world.ingest(rows)
    assert world.newest.columns == {
        "id": "string",
        "age": "int64",
        "label": "string",
        "note": "double",
        "more": "string",
    }
    assert [row["note"] for row in world.rows()] == [None, 1.0, 2.5]
    world.ingest([{"id": "d", "age": 1, "label": "x", "new": "n"}], "b.jsonl", append=True)
    assert [row["new"] for row in world.rows()] == [None, None, None, "n"]
    verify_version(world.newest, world.stores.tables, folder=tmp_path)


def test_a_column_that_has_two_types_is_refused(tmp_path):
    world = World(tmp_path, 'extra = "keep"\n' + CONTRACT)
    with pytest.raises(InvalidData, match="values of two types"):
        world.ingest([{**GOOD[0], "note": 1}, {**GOOD[1], "note": "one"}])
    assert world.leftovers() == []


@pytest.mark.parametrize("rows", [["{}"], []])
def test_there_is_no_version_without_rows(world, rows):
    with pytest.raises(InvalidData) if not rows else pytest.raises(AssertionError):
        assert world.ingest(rows).version


def test_an_error_in_the_source_leaves_nothing(world):
    world.ingest(GOOD)
    (world.folder / "b.csv").write_bytes(b"PK\x03\x04")
    with pytest.raises(InvalidData), Ingesting("people", world.contract, world.stores) as ingesting:
        ingesting.run(world.source("a.jsonl", "b.csv"))
    assert world.leftovers() == []
    assert world.newest.number == 0


def test_only_one_process_ingests_at_a_time(world):
    caught = []

    def other() -> None:
        with pytest.raises(Conflict) as error, Ingesting("people", world.contract, world.stores):
            pass
        caught.append(error.value)

    with Ingesting("people", world.contract, world.stores):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert "people.lock is held by process" in caught[0].message


@pytest.mark.parametrize("name", ["predictions", "labels", "a-quarantine", "Upper", "x" * 60])
def test_a_name_that_a_table_has_is_refused(world, name):
    with pytest.raises(InvalidInput):
        Ingesting(name, world.contract, world.stores)


def test_a_version_whose_files_were_changed_is_not_added_to(world):
    world.ingest(GOOD)
    changed = pa.table({"id": ["a", "b", "X"], "age": [1, 2, None], "label": ["x", "y", "x"]})
    (part,) = (world.folder / "tables" / "people").glob("*.parquet")
    pa.parquet.write_table(changed, part)
    with pytest.raises(Untrusted, match="its digest is"):
        world.ingest([{"id": "d", "age": 1, "label": "x"}], "b.jsonl", append=True)
    part.unlink()
    with pytest.raises(Untrusted, match="files were changed"):
        verify_version(world.newest, world.stores.tables, folder=world.folder)


def test_a_check_writes_nothing(world):
    world.write("a.jsonl", [GOOD[0], {"id": "b", "age": -1}])
    report = check_source(world.source("a.jsonl"), world.contract, report=lambda _: None)
    assert (report.passed, report.bad_rows) == (False, 1)
    assert not (world.folder / "tables").exists()


def test_many_rows_are_in_many_parts_and_all_there(world, monkeypatch):
    monkeypatch.setattr(staging, "GROUP_ROWS", 10)
    monkeypatch.setattr(staging, "PART_ROWS", 30)
    rows = [{"id": f"{number:03}", "age": number, "label": "x"} for number in range(100)]
    world.write("b.jsonl", rows[50:])
    world.write("a.jsonl", rows[:50])
    with Ingesting("people", world.contract, world.stores) as ingesting:
        ingesting.run(world.source("*.jsonl"))
    assert world.rows() == rows
    assert len(list((world.folder / "tables" / "people").glob("*.parquet"))) > 1


def test_progress_is_told(world):
    told = []
    world.write("a.jsonl", GOOD)
    with Ingesting("people", world.contract, world.stores) as ingesting:
        ingesting.run(world.source("a.jsonl"), report=told.append)
    assert [one.doing for one in told] == ["checking", "storing"]
    assert (told[0].rows, told[0].share, told[1].share) == (3, 1.0, 1.0)


def test_rows_are_added_to_a_version_that_a_training_made(world):
    rows = [{"id": "a", "text": "t", "label": "x", "language": "de", "split": "train"}]
    examples = [Example(**row) for row in rows]
    ingest(examples, name="people", sources={}, tables=world.stores.tables, catalog=world.stores.catalog)
    world.contract = parse_contract('extra = "keep"\n[columns.id]\ntype = "string"\nunique = true\n', name="people")
    done = world.ingest([{"id": "b", "text": "new"}], append=True)
    assert (done.version.number, done.version.rows, done.version.parent) == (1, 2, 0)
    assert [row["split"] for row in world.rows()] == ["train", None]


def test_every_message_of_a_topic_is_in_one_version_and_bad_ones_are_filed_once(world):
    broker = FakeBroker([json.dumps(GOOD[0]).encode(), b"{"])

    def read() -> Ingested:
        with Ingesting("people", world.contract, world.stores) as ingesting:
            parent = ingesting.newest
            since = parent.positions.get("kafka:chat") if parent else None
            source = KafkaTopic(broker, "chat", columns={"age": "integer"}, since=since)
            return ingesting.run(source, parent=parent, quarantine=True)

    assert read().version.positions == {"kafka:chat": {"0": 2}}
    assert read().is_new is False
    broker.partitions[0].append(b"[")
    assert read().version.number == 0  # a bad message alone makes no version, and waits for the next good one
    broker.partitions[0].append(json.dumps(GOOD[1]).encode())
    assert read().version.positions == {"kafka:chat": {"0": 4}}
    assert world.rows() == GOOD[:2]
    filed = sorted((row["source"], row["line"]) for row in world.quarantine())
    assert filed == [("kafka:chat/0", 1), ("kafka:chat/0", 2)]


ROWS = st.lists(
    st.fixed_dictionaries(
        {"id": st.sampled_from("abcdef"), "age": st.integers(-1, 3), "label": st.sampled_from(["x", "y", "z"])}
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=15)
@given(ROWS)
def test_every_row_is_in_the_version_or_filed_and_none_in_both(tmp_path_factory, rows):
    world = World(tmp_path_factory.mktemp("any"))
    done = world.ingest(rows, quarantine=True)
    is_good = [row["age"] >= 0 and row["label"] != "z" for row in rows]
    ids = [row["id"] for row, good in zip(rows, is_good, strict=True) if good]
    kept = [row for row, good in zip(rows, is_good, strict=True) if good and ids.count(row["id"]) == 1]
    if not kept:
        assert done.version is None
        return
    assert world.rows() == sorted(kept, key=lambda row: row["id"])
    assert done.quarantined == len(rows) - len(kept)
    assert world.leftovers() == []
