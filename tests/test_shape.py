from __future__ import annotations

from pathlib import Path

import pytest
from tools import shape


@pytest.fixture
def write(tmp_path):
    """Writes modules of a package named `house`, and reads it."""

    def written(files: dict[str, str]) -> list[shape.Module]:
        for name, text in {"__init__": "", **files}.items():
            path = tmp_path / "house" / f"{name}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return shape.read_package(tmp_path / "house")

    return written


def test_the_package_keeps_the_order():
    modules = shape.read_package(shape.PACKAGE)
    assert shape.upward_imports(modules) == []
    assert shape.find_cycle(shape.module_graph(modules)) == []


def test_an_import_of_a_lower_level_is_right(write):
    assert shape.upward_imports(write({"app": "from house import errors\n", "errors": ""})) == []


def test_an_upward_import_is_named_with_its_line(write):
    modules = write({"app": "", "errors": "import os\nimport house.app\n"})
    assert shape.upward_imports(modules) == ["house.errors:2 imports house.app"]


def test_within_a_level_imports_run_leftwards_only(write):
    modules = write({"records": "import house.errors\n", "spec": "import house.text\n", "text": "", "errors": ""})
    assert shape.upward_imports(modules) == ["house.spec:1 imports house.text"]


@pytest.mark.parametrize(
    "text",
    [
        "def late():\n    from house.app import serve\n",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from house.app import serve\n",
        "from .app import serve\n",
        "from . import app\n",
    ],
)
def test_no_way_of_importing_upwards_is_overlooked(write, text):
    (line,) = shape.upward_imports(write({"app": "def serve(): pass\n", "store": text}))
    assert line.startswith("house.store:")
    assert line.endswith("imports house.app")


def test_a_part_without_a_place_is_refused(write):
    assert shape.upward_imports(write({"utils": ""})) == ["'utils' has no place in ORDER of tools/shape.py"]


def test_a_circle_is_shown_with_its_modules(write):
    files = {"store/a": "from house.store import b\n", "store/b": "from house.store import a\n"}
    modules = write({"store/__init__": "", **files})
    cycle = shape.find_cycle(shape.module_graph(modules))
    assert set(cycle) == {"house.store.a", "house.store.b"}
    assert cycle[0] == cycle[-1]


def test_levels_come_from_the_bottom(write):
    modules = write({"errors": "", "store": "import house.errors\n", "app": "import house.store\n"})
    assert shape.levels(shape.part_graph(modules)) == [["__init__", "errors"], ["store"], ["app"]]


def test_a_function_is_measured_without_its_docstring(write):
    modules = write({"errors": 'def one():\n    """Two\n    lines."""\n    a = 1\n    return a\n'})
    (size,) = [size for module in modules for size in module.functions.values()]
    assert size == 2


def test_imports_inside_functions_are_counted(write, capsys):
    shape.show(write({"app": "def late():\n    import house.store\n", "store": ""}))
    assert "own imports inside functions: 1 house.app(1)" in capsys.readouterr().out


@pytest.mark.parametrize(("arguments", "code"), [((), 0), (("--check",), 1)])
def test_only_the_check_fails(write, tmp_path, capsys, arguments, code):
    write({"app": "", "errors": "import house.app\n"})
    assert shape.main([*arguments, str(tmp_path / "house")]) == code
    assert "house.errors:1 imports house.app" in capsys.readouterr().out


def test_a_folder_that_is_missing_shows_the_usage(capsys):
    assert shape.main([str(Path("no-such-folder"))]) == 2
    assert "usage: tools/shape.py" in capsys.readouterr().err
