from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import dragoman

ROOT = Path(__file__).parent.parent
HEAVY = ("torch", "onnx", "onnxruntime", "pyarrow", "deltalake", "sqlalchemy", "starlette", "uvicorn", "rich")


def modules_after(statement: str) -> list[str]:
    """The heavy modules that a new process has imported after a statement."""
    code = f"{statement}\nimport json, sys\nprint(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def test_the_public_names_are_sorted_and_importable():
    assert dragoman.__all__ == sorted(dragoman.__all__)
    assert all(getattr(dragoman, name) for name in dragoman.__all__)


def test_an_unknown_public_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'lod'"):
        dragoman.lod  # noqa: B018


def test_importing_dragoman_imports_nothing_heavy():
    assert modules_after("import dragoman") == []


def test_the_help_imports_nothing_heavy():
    help = (
        "import contextlib\nfrom dragoman.cli import main\nwith contextlib.suppress(SystemExit):\n    main(['--help'])"
    )
    assert modules_after(help) == []


def test_the_version_is_that_of_the_newest_section_of_the_changelog():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    sections = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sections[0] == project["version"]


def test_every_requirement_is_pinned_in_the_constraints():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    needed = [*declared["project"]["dependencies"], *declared["project"]["optional-dependencies"]["train"]]
    names = {re.split(r"[^a-z0-9-]", need.lower())[0] for need in needed + declared["dependency-groups"]["dev"]}
    pins = re.findall(r"^([a-z0-9-]+)==\S+$", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.MULTILINE)
    assert names - set(pins) == set()


def test_every_dependency_has_its_reason_in_the_decisions():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    needed = [*declared["project"]["dependencies"], *declared["project"]["optional-dependencies"]["train"]]
    page = (ROOT / "docs" / "decisions.md").read_text(encoding="utf-8")
    names = {re.split(r"[^a-z0-9-]", need.lower())[0] for need in needed + declared["dependency-groups"]["dev"]}
    assert {name for name in names if not re.search(rf"\b{name}\b", page)} == set()
