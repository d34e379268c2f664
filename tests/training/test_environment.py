from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from dragoman.training import environment
from dragoman.training.environment import code_state, environment_state, fingerprint, hardware_state


def test_the_environment_names_every_package_whose_arithmetic_reaches_the_bundle() -> None:
    state = environment_state()

    assert set(environment.TEXT_PACKAGES) < state.keys()
    assert all(state.values())


def test_the_hardware_is_described() -> None:
    state = hardware_state()

    assert state["processor"]
    assert int(state["cores"]) >= 1
    assert float(state["memory_gb"]) > 0


def test_the_fingerprint_follows_code_and_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    first = fingerprint({"torch": "1"})

    assert fingerprint({"torch": "1"}) == first
    assert fingerprint({"torch": "2"}) != first
    monkeypatch.setattr(environment, "_package_digest", lambda: "other code")
    assert fingerprint({"torch": "1"}) != first


def test_a_workspace_outside_git_has_no_revision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))

    state = code_state(tmp_path)

    assert (state["workspace_revision"], state["workspace_changed"]) == ("", "no")
    assert len(state["dragoman_digest"]) == 64


def test_a_changed_workspace_says_so(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / "new.toml").write_text("")

    assert code_state(tmp_path)["workspace_changed"] == "yes"


def test_a_machine_without_git_still_trains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert code_state(tmp_path)["workspace_revision"] == ""
