from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dragoman.app import open_workspace
from dragoman.cli import cli
from dragoman.errors import Conflict, InvalidInput, NotFound
from dragoman.registry.keys import PASSPHRASE_VARIABLE, fingerprint_of, new_key, public_pem, write_private_key
from dragoman.registry.manifest import write_manifest


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "dragoman.toml").write_text("")
    return tmp_path / "shop"


def run(root: Path, *arguments: object) -> Result:
    return CliRunner().invoke(cli, ["keys", *map(str, arguments), "-w", str(root)], catch_exceptions=False)


def shown(root: Path) -> dict[str, object]:
    return json.loads(run(root, "show", "--json").stdout)


def partner(tmp_path: Path) -> Path:
    (tmp_path / "partner.pem").write_bytes(public_pem(new_key().public_key()))
    return tmp_path / "partner.pem"


def test_a_signing_key_is_made_private_and_its_public_part_is_trusted(root: Path) -> None:
    done = run(root, "signing", "--name", "ci", "--reason", "first key")

    private, public = root / ".dragoman" / "keys" / "signing.pem", root / "keys" / "ci.pub"
    assert f"private: {private}" in done.stdout
    assert f"public:  {public}" in done.stdout
    assert private.stat().st_mode & 0o777 == 0o600
    assert shown(root)["trusted"] == [
        {"name": "ci", "fingerprint": shown(root)["signing_key"], "file": str(public), "signs": True}
    ]


def test_a_key_of_ones_own_is_taken(root: Path, tmp_path: Path) -> None:
    key = new_key()
    write_private_key(tmp_path / "mine.pem", key)

    run(root, "signing", "--import", tmp_path / "mine.pem")

    assert shown(root)["signing_key"] == fingerprint_of(key.public_key())


def test_another_key_takes_its_place_only_when_asked(root: Path, tmp_path: Path) -> None:
    run(root, "signing")
    write_private_key(tmp_path / "mine.pem", new_key())

    with pytest.raises(Conflict, match="There is another signing key"):
        run(root, "signing", "--import", tmp_path / "mine.pem")
    run(root, "signing", "--import", tmp_path / "mine.pem", "--replace")

    assert len(shown(root)["trusted"]) == 2


def test_a_private_key_that_others_may_read_is_not_taken(root: Path, tmp_path: Path) -> None:
    write_private_key(tmp_path / "mine.pem", new_key())
    (tmp_path / "mine.pem").chmod(0o644)

    with pytest.raises(InvalidInput, match="open to others") as refusal:
        run(root, "signing", "--import", tmp_path / "mine.pem")
    assert refusal.value.help.startswith("chmod 600")


def test_the_passphrase_comes_from_the_environment(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSPHRASE_VARIABLE, "secret")
    run(root, "signing")
    assert shown(root)["signing_key"]

    monkeypatch.delenv(PASSPHRASE_VARIABLE)
    assert shown(root)["signing_key"] == ""
    assert PASSPHRASE_VARIABLE in run(root, "show").stderr


def test_the_files_may_be_elsewhere(root: Path, tmp_path: Path) -> None:
    (root / "dragoman.toml").write_text(f'signing_key = "{tmp_path}/there.pem"\ntrusted_keys = "trusted"\n')

    run(root, "signing", "--name", "ci")

    assert (tmp_path / "there.pem").exists()
    assert (root / "trusted" / "ci.pub").exists()


def test_a_public_key_is_trusted_and_untrusted_and_both_are_told(root: Path, tmp_path: Path) -> None:
    assert "Trusted: partner" in run(root, "trust", partner(tmp_path), "--reason", "a contract").stdout
    (key,) = shown(root)["trusted"]

    assert "Not trusted any more: partner" in run(root, "untrust", key["fingerprint"][:12]).stdout

    assert shown(root)["trusted"] == []
    rows = open_workspace(root).catalog.audit_rows(action="signing_key.")
    assert [row.action for row in rows] == ["signing_key.trusted", "signing_key.untrusted"]
    assert rows[0].detail == {"name": "partner", "reason": "a contract"}


def test_a_key_gets_the_name_that_is_given(root: Path, tmp_path: Path) -> None:
    run(root, "trust", partner(tmp_path), "--name", "press")

    assert (root / "keys" / "press.pub").exists()


def test_a_private_key_is_never_trusted(root: Path, tmp_path: Path) -> None:
    write_private_key(tmp_path / "mine.pem", new_key())

    with pytest.raises(InvalidInput, match="holds a private key"):
        run(root, "trust", tmp_path / "mine.pem")


def test_an_unknown_key_cannot_be_untrusted(root: Path) -> None:
    with pytest.raises(NotFound, match="'nobody' names no trusted key"):
        run(root, "untrust", "nobody")


def test_untrusting_names_the_versions_that_are_refused_from_then_on(root: Path, tmp_path: Path) -> None:
    run(root, "signing", "--name", "ci")
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "card.md").write_text("# small\n")
    write_manifest(tmp_path / "bundle", model="small", task="text-classification")
    open_workspace(root).registry.register(tmp_path / "bundle", run="r", owner="o", created="c")

    done = run(root, "untrust", "ci")

    assert "models:/small/1 is refused now: models:/small/1 is signed by a key that is not trusted" in done.stdout


def test_the_table_says_which_key_signs(root: Path, tmp_path: Path) -> None:
    run(root, "signing", "--name", "ci")
    run(root, "trust", partner(tmp_path))

    lines = run(root, "show").stdout.splitlines()

    assert [line.split()[0] for line in lines] == ["name", "ci", "partner"]
    assert [line.endswith("signs here") for line in (line.rstrip() for line in lines)] == [False, True, False]


def test_it_says_that_there_is_no_signing_key(root: Path) -> None:
    assert "There is no signing key" in run(root, "show").stderr


def test_it_says_that_the_signing_key_is_not_trusted(root: Path) -> None:
    run(root, "signing", "--name", "ci")
    run(root, "untrust", "ci")

    assert "is not trusted; `dragoman keys signing` trusts it." in run(root, "show").stderr
