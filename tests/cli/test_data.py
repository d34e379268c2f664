from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.data.openlineage import check_event

from dragoman.app import ingesting, open_workspace
from dragoman.cli import cli
from dragoman.errors import DragomanError

CONTRACT = """
[columns.id]
type = "string"
required = true
unique = true

[columns.text]
type = "string"
required = true
refuse = ["blank"]

[columns.language]
type = "string"
values = ["de", "en"]
"""
ROWS = [{"id": f"r{number}", "text": f"text {number}", "language": "de"} for number in range(4)]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A workspace with a contract, in which the commands run."""
    (tmp_path / "dragoman.toml").touch()
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts" / "chat.toml").write_text(CONTRACT)
    monkeypatch.chdir(tmp_path)
    write("a.jsonl", ROWS)
    return tmp_path


def write(name: str, rows: list) -> None:
    lines = (row if isinstance(row, str) else json.dumps(row) for row in rows)
    Path(name).write_text("".join(f"{line}\n" for line in lines))


def data(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["data", *map(str, arguments)])


def error(*arguments: object) -> DragomanError:
    found = data(*arguments).exception
    assert isinstance(found, DragomanError)
    return found


def test_a_check_that_finds_nothing_ends_with_0(folder):
    done = data("check", "chat", "a.jsonl")
    assert done.exit_code == 0
    assert done.output.startswith("contract 'chat': 4 rows, 0 bad")


def test_a_check_names_rule_count_and_place_and_ends_with_1(folder):
    write("b.jsonl", [*ROWS, {"id": "r9", "text": " ", "language": "de"}, "{", {**ROWS[0], "text": "x"}])
    done = data("check", "chat", "b.jsonl")
    assert done.exit_code == 1
    for part in ("'text' is not blank: 1 of 6 rows", 'b.jsonl:5  " "', "b.jsonl:6  not JSON", "b.jsonl:1", "b.jsonl:7"):
        assert part in done.output
    assert not (folder / ".dragoman").exists()


def test_a_check_prints_json(folder):
    write("b.jsonl", [{"id": "r9", "language": "fr", "text": "x"}])
    report = json.loads(data("check", "chat", "b.jsonl", "--json").output)
    assert report["violations"][0]["examples"][0] == {"file": "b.jsonl", "line": 1, "value": '"fr"'}


def test_rows_become_versions_that_the_log_lists(folder):
    assert "chat/0: 4 rows, 1 languages" in data("ingest", "chat", "a.jsonl").output
    write("b.jsonl", [{"id": "new", "text": "x", "language": "en"}])
    added = data("ingest", "chat", "b.jsonl", "--append")
    assert "chat/1: 5 rows, added to those of chat/0, 2 languages" in added.output
    assert "These rows are not new" in data("ingest", "chat", "*.jsonl").output
    first, second = json.loads(data("log", "chat", "--json").output)
    assert (first["number"], second["number"], second["parent"]) == (0, 1, 0)
    assert [line.split()[0] for line in data("log", "chat").output.splitlines()] == ["version", "chat/0", "chat/1"]


def test_a_broken_contract_ends_with_1_and_makes_no_version(folder):
    write("b.jsonl", [*ROWS, {"id": "r9", "text": " "}])
    done = data("ingest", "chat", "b.jsonl")
    assert done.exit_code == 1
    assert "b.jsonl:5" in done.output
    assert "Nothing was written." in done.output
    assert "has no version" in error("log", "chat").message
    assert json.loads(data("ingest", "chat", "b.jsonl", "--json").output)["version"] is None


def test_bad_rows_are_filed_and_listed(folder):
    write("b.jsonl", [*ROWS, {"id": "r9", "text": "\u0007"}, {"id": "r8", "text": "x", "language": "xx"}])
    done = data("ingest", "chat", "b.jsonl", "--quarantine")
    assert done.exit_code == 0
    assert "2 bad rows are filed" in done.output
    (blank, language) = json.loads(data("quarantine", "chat", "--json").output)
    assert (blank["source"], blank["line"], blank["rule"]) == ("b.jsonl", 5, "blank")
    assert json.loads(language["row"])["language"] == "xx"
    listed = data("quarantine", "chat").output
    assert "b.jsonl:6" in listed
    assert "\u0007" not in listed


def test_without_bad_rows_the_list_is_empty(folder):
    data("ingest", "chat", "a.jsonl")
    assert json.loads(data("quarantine", "chat", "--json").output) == []


def test_an_ingest_stands_in_the_audit_log_with_its_reason(folder):
    data("ingest", "chat", "a.jsonl", "--reason", "first delivery")
    (row,) = open_workspace(folder).catalog.audit_rows()
    assert (row.action, row.subject, row.detail["reason"]) == ("dataset.added", "datasets:/chat/0", "first delivery")


def test_csv_is_read_as_the_options_say(folder):
    Path("a.txt").write_text("r1;'a;b';de\n", encoding="latin-1")
    how = ("--format", "csv", "--delimiter", ";", "--quote", "'", "--encoding", "latin-1")
    assert data("check", "chat", "a.txt", *how, "--columns", "id,text,language").exit_code == 0
    Path("b.txt").write_text("id\ttext\nr1\tx\n")
    assert data("check", "chat", "b.txt", "--format", "csv", "--delimiter", "\\t").exit_code == 0


def test_rows_of_a_query_are_ingested(folder, monkeypatch):
    with sqlite3.connect("shop.db") as connection:
        connection.execute("CREATE TABLE messages (id TEXT, text TEXT)")
        connection.execute("INSERT INTO messages VALUES ('q1', 'hello')")
    connection.close()
    done = data("ingest", "chat", "--sql", "sqlite:///shop.db", "--query", "SELECT * FROM messages")
    assert "chat/0: 1 rows" in done.output
    monkeypatch.setenv("DRAGOMAN_SQL", "sqlite:///shop.db")
    assert "These rows are not new" in data("ingest", "chat", "--query", "SELECT * FROM messages").output
    assert data("check", "chat", "a.jsonl").exit_code == 0
    assert list(json.loads(data("log", "chat", "--json").output)[0]["sources"]) == [
        "sqlite:///shop.db?SELECT * FROM messages"
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["check", "chat"], "The command names no source"),
        (["check", "chat", "a.jsonl", "--sql", "sqlite:///x"], "The command names files and --sql"),
        (["check", "chat", "--sql", "sqlite:///x"], "--sql needs --query"),
        (["check", "chat", "--kafka", "localhost"], "--kafka needs --topic"),
        (["check", "chat", "missing.jsonl"], "No file matches 'missing.jsonl'"),
        (["check", "chatt", "a.jsonl"], "The dataset 'chatt' has no contract"),
        (["log", "nothing"], "The dataset 'nothing' has no version"),
        (["lineage", "chat/1"], "The dataset 'chat' has no version 1"),
        (["lineage", "chat/x"], "names no version of a dataset"),
        (["lineage", "01HABCDEFGH"], "There is no prediction '01HABCDEFGH'"),
        (["lineage", "models:/chat/1"], "There is no model 'chat'"),
        (["verify", "chat/9"], "has no version 9"),
        (["diff", "chat", "0", "5"], "has no version 5"),
        (["watch", "chat", "missing"], "There is no folder"),
    ],
)
def test_wrong_usage_is_refused_with_help(folder, arguments, message):
    data("ingest", "chat", "a.jsonl")
    found = error(*arguments)
    assert message in found.message
    assert found.help
    assert found.exit_code == 2


def test_a_version_is_verified(folder):
    data("ingest", "chat", "a.jsonl")
    assert "chat/0: 4 rows, digest" in data("verify", "chat").output
    next((folder / ".dragoman" / "tables" / "chat").glob("*.parquet")).unlink()
    assert error("verify", "chat").exit_code == 1


def test_two_versions_are_compared_and_one_is_described(folder):
    data("ingest", "chat", "a.jsonl")
    write("b.jsonl", [*ROWS[1:], {"id": "new", "text": "hello", "language": "en"}])
    data("ingest", "chat", "b.jsonl")
    found = json.loads(data("diff", "chat", 0, 1, "--json").output)
    assert (found["added"], found["removed"], found["unchanged"]) == (1, 1, 3)
    assert "chat/0" in data("diff", "chat", 0, 1).output
    assert json.loads(data("report", "chat/1", "--json").output)["rows"] == 4
    assert "chat/1" in data("report", "chat").output
    assert "report.html" in data("report", "chat", "--html", "report.html").output
    assert "chat/1" in (folder / "report.html").read_text(encoding="utf-8")


def test_lineage_names_every_source_of_a_version_and_its_parents(folder):
    data("ingest", "chat", "a.jsonl")
    write("b.jsonl", [{"id": "new", "text": "x"}])
    data("ingest", "chat", "b.jsonl", "--append")
    lines = data("lineage", "chat").output.splitlines()
    assert [line.split(",")[0] for line in lines] == [
        "source a.jsonl",
        "└ dataset chat/0",
        "source b.jsonl",
        "└ dataset chat/1",
    ]
    events = json.loads(data("lineage", "chat/1", "--json").output)
    for event in events:
        check_event(event)
    assert [event["job"]["name"] for event in events] == ["ingest.chat", "ingest.chat"]


def test_a_watched_folder_is_taken_once_file_by_file_where_one_is_bad(folder, monkeypatch):
    monkeypatch.setattr(ingesting.time, "sleep", lambda seconds: None)
    Path("inbox").mkdir()
    write("inbox/a.jsonl", ROWS)
    write("inbox/b.jsonl", [{"id": "bad", "text": ""}])
    write("inbox/c.jsonl.tmp", [{"id": "half", "text": "x"}])
    watched = ("watch", "chat", "inbox", "--once", "--every", "0.1")
    done = data(*watched)
    assert done.exit_code == 1
    assert "a.jsonl: chat/0: 4 rows" in done.output
    assert "b.jsonl: refused. 'text' is not blank: 1 rows break it, first at inbox/b.jsonl:1" in done.output
    assert data(*watched).output == ""
    Path("inbox/c.jsonl.tmp").rename("inbox/c.jsonl")
    assert "c.jsonl: chat/1: 5 rows" in data(*watched).output


def test_the_help_shows_how_each_source_is_named(folder):
    shown = data("ingest", "--help").output
    for part in ("dragoman data ingest support 'data/*.jsonl'", "--kafka localhost:9092 --topic chat", "--quarantine"):
        assert part in shown
