from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dragoman.registry.manifest import write_manifest

FILES = {"card.md": b"# small\n", "model.safetensors": bytes(range(256)) * 20, "deep/er/empty.json": b""}


@pytest.fixture
def make_folder(tmp_path: Path) -> Callable[..., Path]:
    """Writes a complete bundle folder; `changes` replace or add files."""

    def make(name: str = "bundle", *, model: str = "small", **changes: bytes) -> Path:
        for path, content in (FILES | changes).items():
            (tmp_path / name / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name / path).write_bytes(content)
        write_manifest(tmp_path / name, model=model, task="text-classification")
        return tmp_path / name

    return make


@pytest.fixture
def folder(make_folder: Callable[..., Path]) -> Path:
    return make_folder()
