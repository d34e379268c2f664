"""Keys of a running server, made and revoked beside it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from tests.models.folders import save_folder

from dragoman.app import open_workspace
from dragoman.registry.api_keys import add_key, revoke_key
from dragoman.settings import WORKSPACE_FILE

CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("DRAGOMAN_")}
PATIENCE = 30.0


@contextmanager
def served(place: Path, **environment: str) -> Iterator[httpx.Client]:
    """A client of a server on all addresses, over one model."""
    command = [sys.executable, "-m", "dragoman", "serve", "--host", "0.0.0.0", "--port", "0", "--threads", "1"]
    child = subprocess.Popen(
        [*command, "--model", f"a={save_folder(place / 'folder')}"],
        cwd=place,
        env={**CLEAN, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert child.stdout is not None
        match = re.search(r"Serving on http://0.0.0.0:(\d+)", child.stdout.readline())
        assert match is not None, child.communicate()[1]
        with httpx.Client(base_url=f"http://127.0.0.1:{match[1]}", timeout=20) as client:
            yield client
    finally:
        child.kill()
        child.communicate()


def status(client: httpx.Client, key: str = "") -> int:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return client.get("/v1/models/a", headers=headers).status_code


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / WORKSPACE_FILE).write_text("", encoding="utf-8")
    return tmp_path


def test_a_key_is_revoked_while_the_server_runs(place: Path) -> None:
    catalog = open_workspace(place).catalog
    key = add_key(catalog, role="viewer", name="ada").text
    with served(place) as client:
        assert (status(client), status(client, key)) == (401, 200)
        revoke_key(catalog, "ada")
        until = time.monotonic() + PATIENCE
        while status(client, key) == 200 and time.monotonic() < until:
            time.sleep(0.05)
        assert status(client, key) == 401


def test_without_a_workspace_a_server_takes_the_key_of_its_environment(tmp_path: Path) -> None:
    with served(tmp_path, DRAGOMAN_API_KEY="k" * 40) as client:
        assert (status(client), status(client, "x" * 40), status(client, "k" * 40)) == (401, 401, 200)
