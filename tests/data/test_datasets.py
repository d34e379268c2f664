from __future__ import annotations

import random
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.data.datasets import digest_examples, ingest, load_examples
from dragoman.errors import NotFound, Untrusted
from dragoman.records import DatasetVersion, Example
from dragoman.store.catalog import SqlCatalog
from dragoman.store.memory import MemoryCatalog, MemoryTables
from dragoman.store.tables import DeltaTables

SOURCES = {"data/en.jsonl": "ab" * 32}


def example(id: str, **changes: str) -> Example:
    fields = {"text": f"text {id}", "label": "refund", "language": "en", "split": "train"}
    return Example(id=id, **(fields | changes))


ROWS = [example("b"), example("a", language="de", split="test"), example("c", label="invoice", text="où\u2028 😀\x00")]
EXAMPLES = st.lists(
    st.builds(
        Example,
        id=st.text(max_size=4),
        text=st.text(max_size=10),
        label=st.sampled_from(["x", "y"]),
        language=st.sampled_from(["en", "de"]),
        split=st.sampled_from(["train", "dev", "test"]),
    ),
    max_size=8,
    unique_by=lambda row: row.id,
)


class World:
    """Stores in memory."""

    def __init__(self) -> None:
        self.tables, self.catalog = MemoryTables(), MemoryCatalog()

    def ingest(self, examples: list[Example], name: str = "support") -> DatasetVersion:
        return ingest(examples, name=name, sources=SOURCES, tables=self.tables, catalog=self.catalog)

    def load(self, version: DatasetVersion) -> list[Example]:
        return load_examples(version, tables=self.tables)


def test_a_version_counts_its_rows() -> None:
    version = World().ingest(ROWS)
    assert (version.name, version.number, version.rows) == ("support", 0, 3)
    assert version.splits == {"test": 1, "train": 2}
    assert version.languages == {"de": 1, "en": 2}
    assert version.labels == {"invoice": 1, "refund": 2}
    assert version.sources == SOURCES


def test_a_version_gives_its_rows_back_sorted_by_id() -> None:
    world = World()
    assert world.load(world.ingest(ROWS)) == sorted(ROWS, key=lambda row: row.id)


@given(EXAMPLES, st.randoms(use_true_random=False))
def test_the_same_rows_in_any_order_are_the_same_version(rows: list[Example], chance: random.Random) -> None:
    world = World()
    first = world.ingest(rows)
    again = world.ingest(chance.sample(rows, len(rows)))
    assert again == first
    assert world.tables.latest("support") == 0
    assert world.load(first) == sorted(rows, key=lambda row: row.id)


@given(EXAMPLES, EXAMPLES)
def test_digests_are_equal_exactly_when_the_rows_are(one: list[Example], other: list[Example]) -> None:
    same = sorted(one, key=lambda row: row.id) == sorted(other, key=lambda row: row.id)
    assert (digest_examples(one) == digest_examples(other)) == same


@pytest.mark.parametrize("field", ["id", "text", "label", "language", "split"])
def test_every_field_counts_in_the_digest(field: str) -> None:
    assert digest_examples([example("a", **{field: "z"} if field != "id" else {})]) != digest_examples([example("b")])


def test_fields_do_not_run_into_each_other() -> None:
    one, other = example("a", text="bc", label="d"), example("a", text="b", label="cd")
    assert digest_examples([one]) != digest_examples([other])


def test_changed_rows_are_the_next_version_and_the_old_one_stays() -> None:
    world = World()
    first, second = world.ingest(ROWS), world.ingest(ROWS[:2])
    assert (first.number, second.number) == (0, 1)
    assert len(world.load(first)) == 3
    assert world.ingest(ROWS) == first
    assert world.tables.latest("support") == 1


def test_two_datasets_may_have_the_same_rows() -> None:
    world = World()
    versions = [world.ingest(ROWS, name) for name in ("one", "two")]
    assert [version.name for version in versions] == ["one", "two"]
    assert world.load(versions[1]) == world.load(versions[0])


def test_rows_that_were_changed_in_the_table_are_untrusted() -> None:
    world = World()
    version = world.ingest(ROWS)
    world.tables.append("support", world.tables.read("support").slice(0, 1))
    changed = DatasetVersion(**{field: getattr(version, field) for field in version.__struct_fields__} | {"number": 1})
    with pytest.raises(Untrusted, match=f"Version 1 of the dataset 'support' has changed.*{version.digest}"):
        world.load(changed)


def test_a_table_of_something_else_is_untrusted() -> None:
    world = World()
    version = world.ingest(ROWS)
    world.tables = MemoryTables()
    world.tables.overwrite("support", pa.table({"id": ["a"], "score": [0.5]}))
    with pytest.raises(Untrusted, match="not a dataset"):
        world.load(version)


def test_a_version_whose_table_is_gone_is_not_found() -> None:
    world = World()
    version = world.ingest(ROWS)
    world.tables = MemoryTables()
    with pytest.raises(NotFound):
        world.load(version)


def test_an_ingest_that_died_before_the_catalog_is_done_again() -> None:
    world = World()
    world.ingest(ROWS)
    world.catalog = MemoryCatalog()
    again = world.ingest(ROWS)
    assert again.number == 1
    assert world.load(again) == sorted(ROWS, key=lambda row: row.id)


def test_the_stores_on_disk_give_the_same_rows_back(tmp_path: Path) -> None:
    tables, catalog = DeltaTables(tmp_path / "tables"), SqlCatalog(f"sqlite:///{tmp_path}/catalog.db")
    version = ingest(ROWS, name="support", sources=SOURCES, tables=tables, catalog=catalog)
    assert load_examples(catalog.dataset_version("support", version.number), tables=tables) == sorted(
        ROWS, key=lambda row: row.id
    )


def test_the_digest_stays_the_same_between_releases() -> None:
    assert digest_examples(ROWS) == "299ee64b4ba03eb421236d836af4e31aeed30d45588c59b0751bc8835489deff"
