from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import text
from tests.checks.catalog import api_key, release_record, signature_record
from tests.checks.catalog_loop import loop_job, retrain_decision
from tests.checks.monitoring import silence_record
from tests.checks.store import add_version, dataset_version, run_record

from dragoman.records import AuditRow
from dragoman.store import verification
from dragoman.store.audit import NO_ROWS, Head, hash_of
from dragoman.store.catalog import SqlCatalog
from dragoman.store.exports import read_export, write_export
from dragoman.store.memory import MemoryCatalog
from dragoman.store.verification import check_audit, check_export, rows_of, verify_audit


class World:
    """A catalog with a change of each kind, the file that knows its newest row, and somebody who edits the tables."""

    def __init__(self, url: str, anchor: Path) -> None:
        self.anchor = anchor
        self.catalog = SqlCatalog(url, anchor=anchor)
        self.catalog.add_dataset_version(dataset_version())
        self.catalog.save_run(run_record(status="completed"))
        for bundle in ("b1", "b2"):
            add_version(self.catalog, bundle)
        self.catalog.move_alias("support", "champion", 1, expected=None)
        self.catalog.move_alias("support", "champion", 2, expected=1)
        self.catalog.add_signature(signature_record())
        self.catalog.save_key(api_key(), action="key.created")
        self.catalog.save_release(release_record(), expected=None, action="release.started")

    def edit(self, statement: str, **values: object) -> None:
        with self.catalog._writing() as connection:
            connection.execute(text(statement if values else statement.replace(":", r"\:")), values)

    def problems(self) -> list[str]:
        return verify_audit(self.catalog, self.anchor)

    def cut(self) -> None:
        """Remove the newest row, and mend the head inside the database."""
        last = self.catalog.audit_rows()[-1]
        self.edit("DELETE FROM audit WHERE number = :number", number=last.number)
        self.edit("UPDATE audit_head SET number = :number, hash = :hash", number=last.number - 1, hash=last.previous)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(f"sqlite:///{tmp_path}/catalog.db", tmp_path / "audit.head")
    yield world
    world.catalog.close()


@pytest.fixture
def any_world(url: str, tmp_path: Path) -> Iterator[World]:
    """The same, in a database of each kind that is here."""
    world = World(url, tmp_path / "audit.head")
    yield world
    world.catalog.close()


def test_a_catalog_that_nobody_altered_has_no_problems(any_world: World):
    check = check_audit(any_world.catalog, any_world.anchor)
    assert check == (9, any_world.catalog.audit_head(), [])
    assert msgspec.json.decode(any_world.anchor.read_bytes(), type=Head) == check.head


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE aliases SET number = 1", "alias 'support@champion' points at version 1; the audit log says 2"),
        ("DELETE FROM aliases", "alias 'support@champion' does not exist; the audit log says 2"),
        (
            "INSERT INTO aliases VALUES ('support', 'best', 1)",
            "alias 'support@best' points at version 1; the audit log does not know it",
        ),
        (
            "UPDATE versions SET bundle = 'b9' WHERE number = 1",
            "version 'support/1' has bundle 'b9'; the audit log says 'b1'",
        ),
        (
            "UPDATE versions SET retired = 'now' WHERE number = 1",
            "version 'support/1' has retired 'now'; the audit log says ''",
        ),
        (
            "INSERT INTO versions VALUES ('support', 3, 'b3', 'r', 'o', 'c')",
            "version 'support/3' is in the catalog and not in the audit log",
        ),
        (
            "DELETE FROM versions WHERE number = 1",
            "version 'support/1' is in the audit log and not in the catalog",
        ),
        ("DELETE FROM runs", "run 'r1' is in the audit log and not in the catalog"),
        (
            "UPDATE runs SET record = replace(record, 'abc', 'abd')",
            "run 'r1' has another record than the one in the audit log",
        ),
        (
            "UPDATE dataset_versions SET record = replace(record, '\"d0\"', '\"d1\"')",
            "dataset 'support/0' has digest 'd1'; the audit log says 'd0'",
        ),
        (
            "DELETE FROM signatures",
            "is in the audit log and not in the catalog",
        ),
        (
            "UPDATE releases SET record = replace(record, '\"share\":0.0', '\"share\":1.0')",
            "release 'r1' has share 1.0; the audit log says 0.0",
        ),
        (
            "UPDATE keys SET record = replace(record, 'caller', 'admin')",
            "key 'k1' has role 'admin'; the audit log says 'caller'",
        ),
        (
            "UPDATE keys SET record = replace(record, '5ec7e7', 'e71e')",
            "key 'k1' has another record than the one in the audit log",
        ),
    ],
)
def test_a_table_that_was_edited_by_hand_is_named(world: World, statement: str, problem: str):
    if "INTO versions" in statement:
        statement = statement.replace("versions", "versions (model, number, bundle, run, owner, created)")
    world.edit(statement)
    (found,) = world.problems()
    assert found.endswith(problem)


def test_a_silence_that_was_edited_by_hand_is_named(world: World):
    world.catalog.save_silence(silence_record(ends="2026-11-01"), action="silence.created")
    assert world.problems() == []
    world.edit("UPDATE silences SET record = replace(record, '2026-11-01\"', '2027-11-01\"')")
    assert world.problems() == ["silence 's1' has ends '2027-11-01'; the audit log says '2026-11-01'"]


def test_a_decision_that_was_edited_by_hand_is_named(world: World):
    decision = world.catalog.save_decision(retrain_decision(verdict="ask"))
    world.catalog.save_decision(msgspec.structs.replace(decision, approved_by="ada"))
    world.catalog.add_job(loop_job(id="retrain:d1", kind="retrain"))
    assert world.problems() == []
    world.edit("UPDATE retrain_decisions SET record = replace(record, 'ada', 'bob')")
    assert world.problems() == ["retraining 'd1' has approved_by 'bob'; the audit log says 'ada'"]
    world.edit("UPDATE retrain_decisions SET record = replace(replace(record, 'bob', 'ada'), '620', '20')")
    assert world.problems() == ["retraining 'd1' has another record than the one in the audit log"]
    world.edit("DELETE FROM retrain_decisions")
    assert world.problems() == ["retraining 'd1' is in the audit log and not in the catalog"]


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE audit SET actor = 'eve' WHERE number = 5", "row 5 was changed"),
        ("UPDATE audit SET detail = '{\"to\":2}' WHERE number = 5", "row 5 was changed"),
        ("UPDATE audit SET detail = '{' WHERE number = 5", "The audit log was changed: its row 5 cannot be read"),
        ("UPDATE audit SET hash = 'x' WHERE number = 5", "row 5 was changed"),
        ("DELETE FROM audit WHERE number = 5", "row 5 is missing"),
        ("DELETE FROM audit WHERE number > 6", "rows 7 to 9 are missing: the head of the log says so"),
        ("DELETE FROM audit", "rows 1 to 9 are missing: the head of the log says so"),
        ("UPDATE audit_head SET number = 4", "the head of the log is row 4, but there are rows up to 9"),
        ("UPDATE audit_head SET hash = 'x'", "the head of the log has another hash than row 9"),
        ("DELETE FROM audit_head", "The audit log was changed: it has no head"),
        ("UPDATE audit SET number = number + 100 WHERE number = 9", "rows 9 to 108 are missing"),
    ],
)
def test_an_altered_log_is_named(world: World, statement: str, problem: str):
    world.edit(statement)
    assert any(found.startswith(problem) for found in world.problems())


def test_a_cut_end_with_a_mended_head_is_noticed_outside_of_the_database(any_world: World):
    any_world.cut()
    assert verify_audit(any_world.catalog) == ["release 'r1' is in the catalog and not in the audit log"]
    assert "row 9 is missing: row 9 was noted earlier" in any_world.problems()


def test_rows_written_after_a_cut_do_not_hide_it(any_world: World):
    any_world.cut()
    for number in range(4):
        any_world.catalog.audit("labels.added", "models:/support", detail={"labels": number})
    assert "row 9 has another hash than was noted earlier" in any_world.problems()


def test_a_row_noted_by_a_person_shows_a_history_that_was_rewritten(world: World):
    noted = world.catalog.audit_head()
    assert verify_audit(world.catalog, known=[noted]) == []
    other = MemoryCatalog()
    for number in range(noted.number):
        other.audit("labels.added", "models:/support", detail={"labels": number})
    assert verify_audit(other) == []
    assert verify_audit(other, known=[noted]) == ["row 9 has another hash than was noted earlier"]


@pytest.mark.parametrize(("content", "problem"), [(None, "there is no "), ("", "cannot be read: it was changed")])
def test_an_anchor_that_was_removed_or_damaged_is_named(world: World, content: str | None, problem: str):
    world.anchor.unlink() if content is None else world.anchor.write_text(content)
    (found,) = world.problems()
    assert problem in found
    assert str(world.anchor) in found


def test_an_anchor_that_was_moved_on_is_named(world: World):
    world.anchor.write_bytes(msgspec.json.encode(Head(number=12, hash="0" * 64)))
    assert world.problems() == ["rows 10 to 12 are missing: row 12 was noted earlier"]


def test_nothing_is_written_to_a_log_whose_head_was_altered(any_world: World):
    any_world.edit("UPDATE audit_head SET number = 4")
    before = any_world.catalog.version("support", 1)
    with pytest.raises(Exception, match=r"it has a row 5, and its head says 4"):
        any_world.catalog.move_alias("support", "champion", 1, expected=2)
    assert any_world.catalog.alias("support", "champion") == 2
    assert any_world.catalog.version("support", 1) == before


def test_rows_of_other_parts_change_no_facts(world: World):
    for action in ("labels.added", "version.exported", "release", "alias.seen", "key.used", "signing_key.trusted"):
        world.catalog.audit(action, "models:/support", detail={"to": 9, "status": "x", "signature": "s", "role": "y"})
    assert world.problems() == []


def test_a_log_is_read_page_by_page(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(verification, "PAGE", 2)
    assert [row.number for row in rows_of(world.catalog)] == list(range(1, 10))
    assert [row.number for row in rows_of(world.catalog, action="version.registered", after=3)] == [4]
    assert world.problems() == []


def test_changes_meanwhile_are_no_problems(any_world: World):
    stop = threading.Event()

    def change() -> None:
        number = 2
        while not stop.is_set():
            any_world.catalog.move_alias("support", "champion", 3 - number, expected=number)
            number = 3 - number
            stop.wait(0.002)

    writer = threading.Thread(target=change)
    writer.start()
    found = [any_world.problems() for _ in range(5)]
    stop.set()
    writer.join()
    assert found == [[]] * 5


def test_an_empty_log_without_an_anchor_is_whole(tmp_path: Path):
    assert check_audit(MemoryCatalog(), tmp_path / "audit.head") == (0, NO_ROWS, [])


# Exports


@pytest.fixture
def export(world: World, tmp_path: Path) -> Path:
    path = tmp_path / "audit.jsonl"
    with path.open("wb") as file:
        assert write_export(rows_of(world.catalog), file) == 9
    return path


def test_an_export_holds_the_rows(world: World, export: Path):
    assert list(read_export(export)) == world.catalog.audit_rows()
    assert check_export(export, known=[world.catalog.audit_head()]) == (9, world.catalog.audit_head(), [])


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (b'"to":2', b'"to":1', "row 6 was changed"),
        (b'"number":3', b'"number":33', "rows 3 to 32 are missing"),
        (b'{"action":"key', b'{"deed":"key', "line 8 of "),
        (b"caller", b"\xff", "line 8 of "),
    ],
)
def test_an_altered_export_is_named(export: Path, old: bytes, new: bytes, problem: str):
    export.write_bytes(export.read_bytes().replace(old, new))
    assert any(found.startswith(problem) for found in check_export(export).problems)


def test_an_export_without_its_end_needs_a_noted_head(world: World, export: Path):
    export.write_bytes(b"".join(export.read_bytes().splitlines(keepends=True)[:-1]))
    assert check_export(export).problems == []
    found = check_export(export, known=[world.catalog.audit_head()]).problems
    assert found == ["row 9 is missing: row 9 was noted earlier"]


# The page about it

PAGE = Path(__file__).parents[2] / "docs" / "audit.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def test_the_row_on_the_page_has_its_hash():
    (block,) = blocks("json")
    row = msgspec.json.decode(block, type=AuditRow)
    assert hash_of(row) == row.hash


def test_the_code_on_the_page_verifies_an_export(export: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    (code,) = blocks("python")
    monkeypatch.chdir(export.parent)
    head = check_export(export).head
    exec(code, {})
    assert capsys.readouterr().out == f"9 rows, head {head.hash}\n"
    export.write_bytes(export.read_bytes().replace(b'"to":2', b'"to":1'))
    with pytest.raises(AssertionError, match="row 6 was changed"):
        exec(code, {})


def test_the_page_names_every_action_of_the_catalog(world: World):
    page = PAGE.read_text(encoding="utf-8")
    actions = {row.action for row in world.catalog.audit_rows()}
    assert {one for one in actions if not one.startswith("release.") and f"`{one}`" not in page} == set()
