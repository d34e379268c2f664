from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.checks.store import add_version

from dragoman.app import open_workspace
from dragoman.cli import cli, main
from dragoman.records import By


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A workspace in which four things were changed."""
    (tmp_path / "dragoman.toml").touch()
    catalog = open_workspace(tmp_path).catalog
    for bundle in ("b" * 64, "c" * 64):
        add_version(catalog, bundle)
    catalog.move_alias("support", "champion", 1, expected=None, by=By(actor="ada", reason="first"))
    catalog.move_alias("support", "champion", 2, expected=1, by=By(actor="ada", reason="better"))
    return tmp_path


def audit(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["audit", *map(str, arguments)])


def edit(folder: Path, statement: str) -> None:
    with sqlite3.connect(folder / ".dragoman" / "catalog.sqlite") as connection:
        connection.execute(statement)
    connection.close()


def test_the_list_shows_who_changed_what_and_why(folder: Path):
    lines = audit("list", "-w", folder).output.splitlines()
    assert len(lines) == 5
    for part in ("4", "ada", "alias.moved", "models:/support@champion", "from=1", "to=2", "reason=better"):
        assert part in lines[-1]
    assert "bundle=bbbbbbbbbbbb…" in lines[1]


def test_the_list_can_be_narrowed_and_printed_as_json(folder: Path):
    rows = json.loads(audit("list", "-w", folder, "--action", "alias.", "--json").output)
    assert [row["detail"]["to"] for row in rows] == [1, 2]
    rows = json.loads(audit("list", "-w", folder, "--last", 1, "--json").output)
    assert [row["number"] for row in rows] == [4]
    assert json.loads(audit("list", "-w", folder, "--subject", "models:/nobody/1", "--json").output) == []


def test_a_whole_log_is_verified(folder: Path):
    done = audit("verify", "-w", folder)
    head = open_workspace(folder).catalog.audit_head()
    assert done.output == f"4 rows, chain whole, head 4:{head.hash}\n"
    assert done.exit_code == 0


def test_an_edited_alias_is_named_with_exit_code_1(folder: Path):
    edit(folder, "UPDATE aliases SET number = 1")
    done = audit("verify", "-w", folder)
    assert done.output == "alias 'support@champion' points at version 1; the audit log says 2\n"
    assert done.exit_code == 1


def test_the_answer_no_is_exit_code_1_of_the_process(folder: Path, capsys: pytest.CaptureFixture[str]):
    edit(folder, "UPDATE audit SET actor = 'eve' WHERE number = 3")
    with pytest.raises(SystemExit) as ended:
        main(["audit", "verify", "-w", str(folder)])
    assert ended.value.code == 1
    assert "row 3 was changed" in capsys.readouterr().out


def test_problems_can_be_printed_as_json(folder: Path):
    edit(folder, "DELETE FROM audit WHERE number = 2")
    done = audit("verify", "-w", folder, "--json")
    told = json.loads(done.output)
    assert (told["rows"], told["head"]["number"], told["problems"][0]) == (3, 4, "row 2 is missing")
    assert done.exit_code == 1


def test_a_cut_log_whose_head_was_mended_is_noticed(folder: Path):
    edit(folder, "UPDATE audit_head SET number = 3, hash = (SELECT previous FROM audit WHERE number = 4)")
    edit(folder, "DELETE FROM audit WHERE number = 4")
    edit(folder, "UPDATE aliases SET number = 1")
    done = audit("verify", "-w", folder)
    assert done.output == "row 4 is missing: row 4 was noted earlier\n"
    assert done.exit_code == 1


def test_an_export_is_verified_without_a_workspace(folder: Path):
    path = folder / "elsewhere" / "audit.jsonl"
    assert audit("export", "-w", folder, "--output", path).output == f"4 rows written to {path}\n"
    head = open_workspace(folder).catalog.audit_head()
    done = audit("verify", "-w", "/nowhere", "--file", path, "--head", f"4:{head.hash}")
    assert done.output == f"4 rows, chain whole, head 4:{head.hash}\n"
    path.write_bytes(path.read_bytes().replace(b"better", b"worse!"))
    done = audit("verify", "--file", path)
    assert done.output.startswith("row 4 was changed")
    assert done.exit_code == 1


def test_an_export_goes_to_the_standard_output(folder: Path):
    lines = audit("export", "-w", folder).output.splitlines()
    assert [json.loads(line)["number"] for line in lines] == [1, 2, 3, 4]


def test_a_head_that_was_noted_earlier_must_be_in_the_log(folder: Path):
    done = audit("verify", "-w", folder, "--head", f"3:{'0' * 64}")
    assert done.output == "row 3 has another hash than was noted earlier\n"
    assert done.exit_code == 1


@pytest.mark.parametrize("head", ["3", "x:" + "0" * 64, "3:abc", ":"])
def test_a_head_that_is_none_is_wrong_usage(head: str, folder: Path, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        main(["audit", "verify", "-w", str(folder), "--head", head])
    assert ended.value.code == 2
    assert f"'{head}' is no head of an audit log" in capsys.readouterr().err
