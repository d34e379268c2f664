"""Whom a server lets in, by its address, its setting and its keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dragoman.api.access import KeyAccess, OpenAccess
from dragoman.api.keyring import Keyring, SingleKey
from dragoman.app import Workspace, check_address, open_workspace
from dragoman.app.access import KEY_VARIABLE, access_of
from dragoman.app.host import Source, serve
from dragoman.errors import InvalidInput, NotFound
from dragoman.registry.api_keys import add_key, revoke_key
from dragoman.settings import WORKSPACE_FILE, read_settings


@pytest.fixture(autouse=True)
def _no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (KEY_VARIABLE, "DRAGOMAN_ACCESS", "DRAGOMAN_HOST"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    (tmp_path / WORKSPACE_FILE).write_text("", encoding="utf-8")
    return open_workspace(tmp_path)


def access_at(host: str, access: str, place: Workspace | None = None) -> Any:
    return access_of(read_settings(None, {"host": host, "access": access}), place)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_on_loopback_a_server_is_open_to_its_machine_by_default(host: str) -> None:
    found = access_at(host, "auto")
    assert isinstance(found, OpenAccess)
    assert found.on_loopback


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.0.2.1", "models.example"])
def test_elsewhere_keys_are_needed_by_default(host: str, place: Workspace) -> None:
    add_key(place.catalog, role="admin", name="ada")
    found = access_at(host, "auto", place)
    assert isinstance(found, KeyAccess)
    assert isinstance(found.keys, Keyring)


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_server_is_open_to_all_when_that_is_said(host: str) -> None:
    found = access_at(host, "open")
    assert isinstance(found, OpenAccess)
    assert not found.on_loopback


def test_keys_can_be_asked_for_on_loopback_too(place: Workspace) -> None:
    add_key(place.catalog, role="admin", name="ada")
    assert isinstance(access_at("127.0.0.1", "keys", place), KeyAccess)


def test_without_a_key_that_counts_the_server_does_not_start_and_says_how_to_make_one(place: Workspace) -> None:
    add_key(place.catalog, role="admin", name="ada")
    revoke_key(place.catalog, "ada")
    with pytest.raises(NotFound, match="there is none that counts") as refusal:
        access_at("0.0.0.0", "auto", place)
    assert "`dragoman keys new --role admin --name NAME`" in refusal.value.help


def test_that_is_found_before_the_port_is_taken_and_before_anything_is_loaded(place: Workspace) -> None:
    settings = read_settings(None, {"host": "192.0.2.1", "port": 0})  # an address that cannot be listened on
    with pytest.raises(NotFound, match="needs a key"):
        check_address(settings, place)
    with pytest.raises(NotFound, match="needs a key"):
        serve(settings, place, sources=[Source("a", "/nowhere")], on_ready=print)


def test_without_a_workspace_the_key_is_the_one_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "x" * 32)
    assert isinstance(access_at("0.0.0.0", "auto").keys, SingleKey)


def test_without_a_workspace_and_without_a_key_the_server_does_not_start() -> None:
    with pytest.raises(NotFound, match="without a workspace there is none") as refusal:
        access_at("0.0.0.0", "auto")
    assert KEY_VARIABLE in refusal.value.help


@pytest.mark.parametrize("text", ["x" * 31, "x" * 20 + " " + "x" * 20, "é" * 40, "x" * 40 + "\n"])
def test_what_is_no_key_in_the_environment_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(KEY_VARIABLE, text)
    with pytest.raises(InvalidInput, match=f"{KEY_VARIABLE} is no key") as refusal:
        access_at("0.0.0.0", "auto")
    assert text[:20] not in str(refusal.value)
