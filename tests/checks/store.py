"""What every store keeps, as lists of checks. A new implementation is tested by adding it to a fixture."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragoman.errors import Conflict, InvalidData, InvalidInput, NotFound
from dragoman.records import DatasetVersion, Run, Version
from dragoman.store.base import Blobs, Catalog, Tables

__all__ = ["BLOBS_CHECKS", "CATALOG_CHECKS", "TABLES_CHECKS", "add_version", "dataset_version", "run_record"]

UNHOLDABLE = ("\ud800", "nul\0", "")  # a lone surrogate, a NUL, and nothing
HUGE = 2**70


# Catalog ------------------------------------------------------------------------------------------------------------


def dataset_version(**changes: Any) -> DatasetVersion:
    record = DatasetVersion(
        name="support",
        number=0,
        digest="d0",
        rows=3,
        splits={"train": 2, "test": 1},
        languages={"en": 2, "sw": 1},
        labels={"refund": 3},
        sources={"en.jsonl": "ab"},
        created="2026-01-01T00:00:00Z",
    )
    return msgspec.structs.replace(record, **changes)


def run_record(**changes: Any) -> Run:
    record = Run(
        id="r1",
        model="support",
        status="running",
        spec={"owner": "a@example.com", "languages": ["en", "हिन्दी"], "training": {"seed": 0, "dropout": 0.1}},
        spec_digest="s1",
        dataset="support",
        dataset_number=0,
        dataset_digest="d0",
        code={"commit": "abc"},
        environment={"python": "3.11"},
        hardware={"cpus": "2"},
        seed=0,
        started="2026-01-01T00:00:00Z",
    )
    return msgspec.structs.replace(record, **changes)


def add_version(catalog: Catalog, bundle: str = "b1", *, model: str = "support") -> Version:
    return catalog.add_version(model=model, bundle=bundle, run="r1", owner="a@example.com", created="2026-01-01")


def a_dataset_version_comes_back_as_it_was(catalog: Catalog) -> None:
    record = catalog.add_dataset_version(dataset_version())
    assert record == dataset_version()
    assert catalog.dataset_version("support", 0) == record
    assert catalog.find_dataset_version("support", "d0") == record


def the_same_rows_are_one_dataset_version(catalog: Catalog) -> None:
    first = catalog.add_dataset_version(dataset_version())
    assert catalog.add_dataset_version(dataset_version(number=5, created="later")) == first
    assert catalog.dataset_versions("support") == [first]


def a_dataset_number_is_taken_once(catalog: Catalog) -> None:
    catalog.add_dataset_version(dataset_version())
    with pytest.raises(Conflict, match="Version 0 of the dataset 'support'"):
        catalog.add_dataset_version(dataset_version(digest="d1"))
    assert [version.digest for version in catalog.dataset_versions("support")] == ["d0"]


def dataset_versions_are_listed_by_number(catalog: Catalog) -> None:
    for number in (10, 2, 0):
        catalog.add_dataset_version(dataset_version(number=number, digest=f"d{number}"))
    catalog.add_dataset_version(dataset_version(name="other"))
    assert [version.number for version in catalog.dataset_versions("support")] == [0, 2, 10]


def an_unknown_dataset_version_is_answered_with_the_known_ones(catalog: Catalog) -> None:
    catalog.add_dataset_version(dataset_version(number=4))
    with pytest.raises(NotFound, match=r"no version 3.*has version 4"):
        catalog.dataset_version("support", 3)
    with pytest.raises(NotFound, match="no dataset 'nobody'"):
        catalog.dataset_version("nobody", 0)
    assert catalog.find_dataset_version("support", "dx") is None


def a_run_comes_back_as_it_was(catalog: Catalog) -> None:
    run = run_record(metrics={"accuracy": 0.1 + 0.2}, message="a 'quoted' \"text\"; 日本語 🙂 \u200f")
    catalog.save_run(run)
    assert catalog.run("r1") == run


def a_saved_run_replaces_the_one_with_its_id(catalog: Catalog) -> None:
    catalog.save_run(run_record())
    catalog.save_run(run_record(status="completed", model="renamed", metrics={"accuracy": 0.9}))
    assert catalog.run("r1").status == "completed"
    assert [run.metrics for run in catalog.runs(model="renamed")] == [{"accuracy": 0.9}]
    assert catalog.runs(model="support") == []


def runs_are_listed_newest_first(catalog: Catalog) -> None:
    for id, day, model in (("a", 2, "support"), ("b", 3, "other"), ("c", 1, "support"), ("d", 2, "support")):
        catalog.save_run(run_record(id=id, started=f"2026-01-0{day}T00:00:00Z", model=model))
    assert [run.id for run in catalog.runs()] == ["b", "d", "a", "c"]
    assert [run.id for run in catalog.runs(model="support")] == ["d", "a", "c"]


def an_unknown_run_is_not_found(catalog: Catalog) -> None:
    with pytest.raises(NotFound, match="no run 'r9'"):
        catalog.run("r9")


def a_record_that_was_given_away_can_be_changed(catalog: Catalog) -> None:
    run = run_record()
    catalog.save_run(run)
    run.spec["owner"] = "changed"
    catalog.run("r1").spec["owner"] = "changed"
    assert catalog.run("r1").spec["owner"] == "a@example.com"


def versions_are_numbered_from_one_for_each_model(catalog: Catalog) -> None:
    numbers = [add_version(catalog, bundle, model=model).number for model in ("b", "a") for bundle in ("x", "y")]
    assert numbers == [1, 2, 1, 2]
    assert catalog.models() == ["a", "b"]
    assert [version.bundle for version in catalog.versions("b")] == ["x", "y"]


def the_same_bundle_is_one_version(catalog: Catalog) -> None:
    first = add_version(catalog, "x")
    catalog.move_alias("support", "champion", 1, expected=None)
    again = catalog.add_version(model="support", bundle="x", run="r2", owner="b@example.com", created="later")
    assert again == msgspec.structs.replace(first, aliases=["champion"])
    assert len(catalog.versions("support")) == 1


def an_unknown_version_is_answered_with_the_known_ones(catalog: Catalog) -> None:
    add_version(catalog, "x")
    add_version(catalog, "y")
    with pytest.raises(NotFound, match=r"'support' has no version 3.*versions 1, 2"):
        catalog.version("support", 3)
    with pytest.raises(NotFound, match="no model 'nobody'"):
        catalog.version("nobody", 1)
    assert catalog.versions("nobody") == []


def a_version_knows_its_aliases(catalog: Catalog) -> None:
    for bundle in "xy":
        add_version(catalog, bundle)
    for alias, number in (("stable", 1), ("champion", 1), ("challenger", 2)):
        catalog.move_alias("support", alias, number, expected=None)
    assert catalog.version("support", 1).aliases == ["champion", "stable"]
    assert [version.aliases for version in catalog.versions("support")] == [["champion", "stable"], ["challenger"]]


def an_alias_moves_only_from_the_expected_version(catalog: Catalog) -> None:
    for bundle in "xyz":
        add_version(catalog, bundle)
    catalog.move_alias("support", "champion", 1, expected=None)
    catalog.move_alias("support", "champion", 2, expected=1)
    for expected in (1, 3, None, HUGE):
        with pytest.raises(Conflict, match="'support@champion' points at version 2"):
            catalog.move_alias("support", "champion", 3, expected=expected)
    assert catalog.alias("support", "champion") == 2


def an_alias_that_does_not_exist_moves_from_nowhere(catalog: Catalog) -> None:
    add_version(catalog)
    with pytest.raises(Conflict, match="'support@champion' does not exist"):
        catalog.move_alias("support", "champion", 1, expected=1)
    assert catalog.alias("support", "champion") is None


def an_alias_points_only_at_versions_of_its_model(catalog: Catalog) -> None:
    add_version(catalog, model="support")
    for model, number in (("support", 2), ("support", 0), ("support", HUGE), ("nobody", 1)):
        with pytest.raises(NotFound):
            catalog.move_alias(model, "champion", number, expected=None)
        assert catalog.alias(model, "champion") is None


def what_cannot_be_held_is_not_found(catalog: Catalog) -> None:
    add_version(catalog)
    catalog.add_dataset_version(dataset_version())
    for name in UNHOLDABLE:
        assert catalog.versions(name) == catalog.runs(model=name) == catalog.dataset_versions(name) == []
        assert catalog.alias(name, name) is catalog.find_dataset_version(name, name) is None
        for ask in (catalog.version, catalog.dataset_version):
            with pytest.raises(NotFound):
                ask(name, 1)
    for ask in (catalog.version, catalog.dataset_version):
        for number in (HUGE, -HUGE, 2**40):
            with pytest.raises(NotFound):
                ask("support", number)


def what_cannot_be_held_is_refused(catalog: Catalog) -> None:
    with pytest.raises(InvalidInput, match="cannot be stored"):
        catalog.save_run(run_record(message="\udfff"))
    with pytest.raises(InvalidInput, match="cannot be stored"):
        add_version(catalog, model="\ud800")
    assert catalog.runs() == catalog.models() == []


def versions_registered_at_once_have_no_gaps(catalog: Catalog) -> None:
    with ThreadPoolExecutor(8) as pool:
        added = list(pool.map(lambda number: add_version(catalog, f"b{number // 2}"), range(24)))
    assert sorted({version.number for version in added}) == list(range(1, 13))
    assert {(version.number, version.bundle) for version in added} == {
        (version.number, version.bundle) for version in catalog.versions("support")
    }


def one_of_many_moves_of_an_alias_wins(catalog: Catalog) -> None:
    for number in range(9):
        add_version(catalog, f"b{number}")

    def moves(number: int, expected: int | None) -> bool:
        try:
            catalog.move_alias("support", "champion", number, expected=expected)
        except Conflict:
            return False
        return True

    for expected in (None, 1):
        with ThreadPoolExecutor(8) as pool:
            won = list(pool.map(lambda number, old=expected: moves(number, old), range(2, 10)))
        assert won.count(True) == 1
        assert catalog.alias("support", "champion") == won.index(True) + 2
        catalog.move_alias("support", "champion", 1, expected=won.index(True) + 2)


CATALOG_CHECKS: list[Callable[[Catalog], None]] = [
    a_dataset_version_comes_back_as_it_was,
    the_same_rows_are_one_dataset_version,
    a_dataset_number_is_taken_once,
    dataset_versions_are_listed_by_number,
    an_unknown_dataset_version_is_answered_with_the_known_ones,
    a_run_comes_back_as_it_was,
    a_saved_run_replaces_the_one_with_its_id,
    runs_are_listed_newest_first,
    an_unknown_run_is_not_found,
    a_record_that_was_given_away_can_be_changed,
    versions_are_numbered_from_one_for_each_model,
    the_same_bundle_is_one_version,
    an_unknown_version_is_answered_with_the_known_ones,
    a_version_knows_its_aliases,
    an_alias_moves_only_from_the_expected_version,
    an_alias_that_does_not_exist_moves_from_nowhere,
    an_alias_points_only_at_versions_of_its_model,
    what_cannot_be_held_is_not_found,
    what_cannot_be_held_is_refused,
    versions_registered_at_once_have_no_gaps,
    one_of_many_moves_of_an_alias_wins,
]


# Blobs --------------------------------------------------------------------------------------------------------------


def any_bytes_come_back(blobs: Blobs, folder: Path) -> None:
    @settings(max_examples=25, deadline=None, database=None)
    @given(data=st.binary(max_size=4096))
    def check(data: bytes) -> None:
        digest = blobs.put_bytes(data)
        assert digest == hashlib.sha256(data).hexdigest()
        assert blobs.get_bytes(digest) == data
        assert blobs.exists(digest)

    check()


def a_file_and_its_bytes_are_one_blob(blobs: Blobs, folder: Path) -> None:
    data = b"weights" * 500_000  # more than one chunk of a copy
    (folder / "file").write_bytes(data)
    digests = {blobs.put_file(folder / "file"), blobs.put_bytes(data), blobs.put_file(folder / "file")}
    assert digests == {hashlib.sha256(data).hexdigest()}
    assert blobs.get_bytes(digests.pop()) == data


def a_file_that_is_not_there_is_not_found(blobs: Blobs, folder: Path) -> None:
    for path in (folder / "missing", folder):
        with pytest.raises(NotFound, match="There is no file"):
            blobs.put_file(path)


def an_unknown_blob_is_not_found(blobs: Blobs, folder: Path) -> None:
    (folder / "secret").write_text("secret")
    for digest in ("0" * 64, "", "ab", "../secret", str(folder / "secret"), "A" * 64, "0" * 63 + "\n", "\0" * 64):
        assert not blobs.exists(digest)
        with pytest.raises(NotFound, match="There is no blob"):
            blobs.get_bytes(digest)
        with pytest.raises(NotFound, match="There is no blob"):
            blobs.copy_to(digest, folder / "copy")
    assert not (folder / "copy").exists()


def a_copy_can_be_changed(blobs: Blobs, folder: Path) -> None:
    digest = blobs.put_bytes(b"content")
    path = folder / "deep" / "er" / "copy"
    blobs.copy_to(digest, path)
    assert path.read_bytes() == b"content"
    with path.open("r+b") as file:
        file.write(b"CHANGED")
    assert blobs.get_bytes(digest) == b"content"
    assert [entry.name for entry in path.parent.iterdir()] == ["copy"]


def a_copy_replaces_a_file(blobs: Blobs, folder: Path) -> None:
    (folder / "copy").write_bytes(b"a longer old content")
    blobs.copy_to(blobs.put_bytes(b"new"), folder / "copy")
    assert (folder / "copy").read_bytes() == b"new"


def the_same_content_can_be_put_at_once(blobs: Blobs, folder: Path) -> None:
    data = bytes(200_000)
    with ThreadPoolExecutor(8) as pool:
        digests = set(pool.map(blobs.put_bytes, [data] * 16))
    assert len(digests) == 1
    assert blobs.get_bytes(digests.pop()) == data


BLOBS_CHECKS: list[Callable[[Blobs, Path], None]] = [
    any_bytes_come_back,
    a_file_and_its_bytes_are_one_blob,
    a_file_that_is_not_there_is_not_found,
    an_unknown_blob_is_not_found,
    a_copy_can_be_changed,
    a_copy_replaces_a_file,
    the_same_content_can_be_put_at_once,
]


# Tables -------------------------------------------------------------------------------------------------------------


def rows(*numbers: int) -> pa.Table:
    texts = pa.array([f"№ {number}" for number in numbers], pa.string())
    return pa.table({"number": pa.array(numbers, pa.int64()), "text": texts})


def numbers_in(table: pa.Table) -> list[int]:
    return sorted(table["number"].to_pylist())


def versions_of_a_table_count_from_zero(tables: Tables) -> None:
    assert tables.latest("examples") is None
    assert [tables.overwrite("examples", rows(1)), tables.append("examples", rows(2))] == [0, 1]
    assert [tables.append("other", rows(1)), tables.overwrite("other", rows(2))] == [0, 1]
    assert tables.latest("examples") == tables.latest("other") == 1


def every_version_of_a_table_stays_readable(tables: Tables) -> None:
    tables.overwrite("examples", rows(1, 2))
    tables.append("examples", rows(3))
    tables.overwrite("examples", rows(9))
    read = [numbers_in(tables.read("examples", version=version)) for version in (0, 1, 2)]
    assert read == [[1, 2], [1, 2, 3], [9]]
    assert numbers_in(tables.read("examples")) == [9]


def values_of_many_types_come_back(tables: Tables) -> None:
    table = pa.table(
        {
            "text": ["नमस्ते 🙂", "a\0b\n", None],
            "count": pa.array([1, None, -(2**62)], pa.int64()),
            "score": [0.1, float("inf"), None],
            "flag": [True, False, None],
            "labels": [["x", "y"], [], None],
        }
    )
    tables.overwrite("examples", table)
    assert tables.read("examples").equals(table)


def a_table_without_rows_keeps_its_columns(tables: Tables) -> None:
    assert tables.overwrite("examples", rows()) == 0
    assert tables.read("examples").schema.equals(rows().schema)
    tables.append("examples", rows(1))
    assert numbers_in(tables.read("examples")) == [1]


def an_overwrite_may_change_the_columns(tables: Tables) -> None:
    tables.overwrite("examples", rows(1))
    tables.overwrite("examples", pa.table({"score": [0.5]}))
    assert tables.read("examples").column_names == ["score"]
    assert tables.read("examples", version=0).column_names == ["number", "text"]


def appended_rows_take_the_order_and_types_of_the_table(tables: Tables) -> None:
    tables.overwrite("examples", rows(1))
    tables.append("examples", pa.table({"text": ["two"], "number": pa.array([2], pa.int32())}))
    read = tables.read("examples")
    assert read.schema.equals(rows().schema)
    assert numbers_in(read) == [1, 2]


def rows_that_do_not_fit_are_refused(tables: Tables) -> None:
    tables.overwrite("examples", rows(1))
    for wrong, message in (
        (pa.table({"number": [1]}), "the rows have 'number'"),
        (rows(1).append_column("more", pa.array([1])), "'more'"),
        (pa.table({"number": ["one"], "text": ["one"]}), "do not fit the table 'examples'"),
    ):
        with pytest.raises(InvalidData, match=message):
            tables.append("examples", wrong)
    assert tables.latest("examples") == 0


def an_unknown_table_or_version_is_not_found(tables: Tables) -> None:
    tables.overwrite("examples", rows(1))
    for version in (1, -1, HUGE):
        with pytest.raises(NotFound, match=rf"'examples' has no version {version}.*versions 0 to 0"):
            tables.read("examples", version=version)
    for name in ("nobody", "../examples", "", "\0", "Examples"):
        with pytest.raises(NotFound, match="There is no table"):
            tables.read(name)
        assert tables.latest(name) is None


def a_table_has_a_plain_name(tables: Tables) -> None:
    for name in ("", "..", "../up", "a/b", "Upper", "a b", ".hidden", "x" * 65, "naïve", "a\n"):
        for write in (tables.overwrite, tables.append):
            with pytest.raises(InvalidInput, match="cannot be the name of a table"):
                write(name, rows(1))
    assert tables.names() == []


def tables_are_listed_by_name(tables: Tables) -> None:
    for name in ("support", "a-b_2", "zoo", "support"):
        tables.append(name, rows(1))
    assert tables.names() == ["a-b_2", "support", "zoo"]


def rows_written_at_once_are_all_there(tables: Tables) -> None:
    with ThreadPoolExecutor(6) as pool:
        versions = list(pool.map(lambda number: tables.append("examples", rows(number)), range(6)))
    assert sorted(versions) == list(range(6))
    assert numbers_in(tables.read("examples")) == list(range(6))
    for number, version in enumerate(versions):
        assert number in numbers_in(tables.read("examples", version=version))


TABLES_CHECKS: list[Callable[[Tables], None]] = [
    versions_of_a_table_count_from_zero,
    every_version_of_a_table_stays_readable,
    values_of_many_types_come_back,
    a_table_without_rows_keeps_its_columns,
    an_overwrite_may_change_the_columns,
    appended_rows_take_the_order_and_types_of_the_table,
    rows_that_do_not_fit_are_refused,
    an_unknown_table_or_version_is_not_found,
    a_table_has_a_plain_name,
    tables_are_listed_by_name,
    rows_written_at_once_are_all_there,
]
