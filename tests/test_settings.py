from __future__ import annotations

from pathlib import Path

import pytest

from dragoman.errors import InvalidSpec, NotFound
from dragoman.settings import SETTINGS, WORKSPACE_FILE, Settings, read_settings


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for setting in SETTINGS:
        monkeypatch.delenv(setting.variable, raising=False)


def workspace(folder: Path, text: str = "") -> Path:
    (folder / WORKSPACE_FILE).write_text(text, encoding="utf-8")
    return folder


def test_an_empty_file_gives_the_defaults(tmp_path: Path) -> None:
    settings = read_settings(workspace(tmp_path))

    assert settings._asdict() == {setting.name: setting.default for setting in SETTINGS}


def test_every_setting_has_a_row_with_help_and_a_field() -> None:
    assert Settings._fields == tuple(setting.name for setting in SETTINGS)
    assert all(setting.help.endswith(".") for setting in SETTINGS)
    assert all(setting.variable == f"DRAGOMAN_{setting.name.upper()}" for setting in SETTINGS)


def test_the_command_line_wins_over_the_environment_over_the_file_over_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = workspace(tmp_path, "port = 1\n")
    assert read_settings(root).port == 1

    monkeypatch.setenv("DRAGOMAN_PORT", "2")
    assert read_settings(root).port == 2

    assert read_settings(root, {"port": 3}).port == 3
    assert read_settings(root, {"port": None}).port == 2


@pytest.mark.parametrize(
    ("name", "written", "value"),
    [
        ("host", "0.0.0.0", "0.0.0.0"),
        ("port", "9000", 9000),
        ("drain_seconds", "1.5", 1.5),
        ("drain_seconds", "2", 2.0),
        ("catalog", "postgresql://db/dragoman", "postgresql://db/dragoman"),
    ],
)
def test_the_environment_gives_values_of_the_right_type(
    name: str, written: str, value: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"DRAGOMAN_{name.upper()}", written)

    found = getattr(read_settings(workspace(tmp_path)), name)

    assert found == value
    assert type(found) is type(value)


def test_a_whole_number_is_enough_for_a_fraction(tmp_path: Path) -> None:
    assert read_settings(workspace(tmp_path, "drain_seconds = 3")).drain_seconds == 3


@pytest.mark.parametrize(
    ("text", "message", "help"),
    [
        ("prot = 1", "unknown setting 'prot'", "did you mean 'port'?"),
        ("zzzzzz = 1", "unknown setting 'zzzzzz'", "valid settings are host, port,"),
        ('port = "8080"', "'port' is '8080', expected int", "Port that"),
        ("port = true", "'port' is True, expected int", "Port that"),
        ("port = 80.5", "'port' is 80.5, expected int", "Port that"),
        ("port = 65536", "'port' is 65536, expected int from 0 to 65535", "Port that"),
        ("port = -1", "'port' is -1, expected int from 0 to 65535", "Port that"),
        ("drain_seconds = nan", "'drain_seconds' is nan, expected float from 0", "How long"),
        ("drain_seconds = -0.5", "'drain_seconds' is -0.5, expected float from 0", "How long"),
        ("max_body_bytes = -1", "'max_body_bytes' is -1, expected int from 1", "Largest"),
        ("host = 1", "'host' is 1, expected str", "Address that"),
        ('access = "shut"', "'access' is 'shut', expected 'auto' or 'keys' or 'open'", "Whether callers"),
        ('drain_seconds = "x"', "'drain_seconds' is 'x', expected float", "How long"),
        ("[port]\na = 1", "'port' is {'a': 1}, expected int", "Port that"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(text: str, message: str, help: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidSpec) as refusal:
        read_settings(workspace(tmp_path, text))

    assert refusal.value.message.startswith(f"{WORKSPACE_FILE}: {message}")
    assert refusal.value.help.startswith(help)


def test_an_unknown_setting_from_the_caller_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(InvalidSpec, match=r"unknown setting 'prot'.* did you mean 'port'"):
        read_settings(workspace(tmp_path), {"prot": 1})


@pytest.mark.parametrize("value", ["8080", True, 80.5, 65_536])
def test_a_wrong_value_from_the_caller_is_refused_by_name(value: object, tmp_path: Path) -> None:
    with pytest.raises(InvalidSpec, match=r"'port' is .*, expected int from 0 to 65535"):
        read_settings(workspace(tmp_path), {"port": value})


@pytest.mark.parametrize("value", ["http", "70000", "9" * 5_000])
def test_a_wrong_variable_is_refused_by_name(value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRAGOMAN_PORT", value)

    with pytest.raises(InvalidSpec, match=f"DRAGOMAN_PORT is '{value}', expected int from 0 to 65535"):
        read_settings(workspace(tmp_path))


@pytest.mark.parametrize("content", [b"port = ", b"\xff\xfe", b"port = 1\nport = 2"])
def test_a_file_that_is_not_toml_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / WORKSPACE_FILE).write_bytes(content)

    with pytest.raises(InvalidSpec, match=r"dragoman\.toml is not TOML"):
        read_settings(tmp_path)


@pytest.mark.parametrize("place", [".", "nowhere", "a_file"])
def test_a_place_without_the_file_is_no_workspace(place: str, tmp_path: Path) -> None:
    (tmp_path / "a_file").write_text("")

    with pytest.raises(NotFound, match=r"is not a workspace: it has no dragoman\.toml"):
        read_settings(tmp_path / place)
