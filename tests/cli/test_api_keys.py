from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from dragoman.app import open_workspace
from dragoman.cli import cli
from dragoman.errors import Conflict
from dragoman.registry.api_keys import digest_of_secret, read_key
from dragoman.settings import WORKSPACE_FILE

PAGE = Path(__file__).parents[2] / "docs" / "access.md"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / WORKSPACE_FILE).write_text("", encoding="utf-8")
    return tmp_path


def run(place: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["keys", *arguments, "--workspace", str(place)])


def listed(place: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run(place, "list", "--json").stdout)
    return found


def new(place: Path, name: str = "ci", *arguments: str) -> str:
    return run(place, "new", "--role", "caller", "--name", name, *arguments).stdout.strip()


def test_a_new_key_is_alone_on_standard_output_and_its_digest_alone_is_kept(place: Path) -> None:
    done = run(place, "new", "--role", "caller", "--model", "support", "--name", "ci", "--expires", "90d")
    (kept,) = open_workspace(place).catalog.keys()
    assert done.exit_code == 0
    assert read_key(done.stdout.rstrip("\n")).id == kept.id
    assert digest_of_secret(read_key(done.stdout.strip()).secret) == kept.digest
    assert "it is not shown again" in done.stderr


def test_a_model_that_is_not_there_yet_is_noted(place: Path) -> None:
    done = run(place, "new", "--role", "caller", "--model", "suport", "--name", "ci")
    assert (done.exit_code, "note: there is no model 'suport' yet." in done.stderr) == (0, True)


def test_as_json_a_new_key_comes_with_what_is_kept(place: Path) -> None:
    made = json.loads(new(place, "ci", "--json"))
    assert (made["role"], made["models"], made["expires"], made["state"]) == ("caller", [], "", "active")
    assert read_key(made["key"]).id == made["id"]


def test_a_list_shows_neither_secrets_nor_digests(place: Path) -> None:
    text = new(place)
    new(place, "cd", "--expires", "1h")
    rotated = run(place, "rotate", "ci", "--grace", "1h").stdout.strip()
    run(place, "revoke", "cd")
    shown = run(place, "list", "--json").stdout + run(place, "list").stdout
    secrets = [read_key(one).secret for one in (text, rotated)]
    assert [one for one in (*secrets, *map(digest_of_secret, secrets)) if one[:12] in shown] == []
    assert [(row["name"], row["state"]) for row in listed(place)] == [("ci", "active"), ("cd", "revoked")]


def test_a_key_is_revoked_by_name_and_the_log_says_why(place: Path) -> None:
    new(place)
    done = run(place, "revoke", "ci", "--reason", "leaked")
    row = open_workspace(place).catalog.audit_rows(action="key.revoked")[-1]
    assert (done.exit_code, row.detail["reason"]) == (0, "leaked")
    assert listed(place)[0]["state"] == "revoked"


def test_a_key_that_was_revoked_is_not_rotated(place: Path) -> None:
    new(place)
    run(place, "revoke", "ci")
    assert isinstance(run(place, "rotate", "ci").exception, Conflict)


def test_a_rotated_key_is_another_with_the_same_id(place: Path) -> None:
    first, second = new(place), run(place, "rotate", "ci", "--grace", "30m", "--expires", "2w").stdout.strip()
    assert read_key(first).id == read_key(second).id
    assert read_key(first).secret != read_key(second).secret
    assert listed(place)[0]["previous_expires"] < listed(place)[0]["expires"]


@pytest.mark.parametrize("time", ["", "90", "d", "0d", "-1d", "1.5h", "90 d", "3661d", "99999999999s", "1y"])
def test_a_time_that_is_none_is_wrong_usage(place: Path, time: str) -> None:
    done = run(place, "new", "--role", "caller", "--name", "ci", "--expires", time)
    assert (done.exit_code, listed(place)) == (2, [])
    assert "write a number and s, m, h, d or w" in done.stderr or "is too long" in done.stderr


def test_the_commands_of_the_page_work_in_their_order(place: Path) -> None:
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("dragoman keys")]
    commands = [shlex.split(line.partition(" > ")[0], comments=True)[2:] for line in lines]
    assert [(command, run(place, *command).exit_code) for command in commands] == [(command, 0) for command in commands]
    assert {row["name"]: row["state"] for row in listed(place)} == {
        "ada": "active",
        "ci": "revoked",
        "prometheus": "active",
    }


def test_a_role_that_there_is_not_is_wrong_usage(place: Path) -> None:
    done = run(place, "new", "--role", "root", "--name", "ci")
    assert done.exit_code == 2
    assert "viewer" in done.stderr
