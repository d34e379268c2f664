from __future__ import annotations

import sys
from pathlib import Path

import pytest

from dragoman.errors import InvalidSpec
from dragoman.features.loading import load_views

VIEW = """
from dragoman.features import Entity, Events, View, count

{name} = View(
    "{name}",
    entity=Entity("customer", keys=["customer_id"]),
    source=Events("orders", time="ordered_at"),
    features={{"orders": count()}},
    owner="me",
)
"""


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    return folder


def test_every_view_of_every_file_is_found(tmp_path: Path) -> None:
    write(tmp_path, b=VIEW.format(name="two") + VIEW.format(name="three"), a=VIEW.format(name="one"))
    assert list(load_views(tmp_path)) == ["one", "three", "two"]


def test_a_view_with_two_names_is_one_view(tmp_path: Path) -> None:
    assert list(load_views(write(tmp_path, a=VIEW.format(name="one") + "again = one\n"))) == ["one"]


def test_a_folder_that_is_not_there_has_no_views(tmp_path: Path) -> None:
    assert load_views(tmp_path / "features") == {}


def test_files_with_an_underscore_are_left_out(tmp_path: Path) -> None:
    assert load_views(write(tmp_path, _draft="1 / 0")) == {}


def test_reading_leaves_no_module_and_no_file_behind(tmp_path: Path) -> None:
    before = set(sys.modules)
    load_views(write(tmp_path, a=VIEW.format(name="one")))
    assert not [name for name in set(sys.modules) - before if "dragoman_features" in name]
    assert [path.name for path in tmp_path.iterdir()] == ["a.py"]


def test_a_file_may_use_dataclasses_and_its_own_annotations(tmp_path: Path) -> None:
    text = "from dataclasses import dataclass\n@dataclass\nclass Weights:\n    a: int = 1\n"
    assert list(load_views(write(tmp_path, a=text + VIEW.format(name="one")))) == ["one"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\ny = 1 / 0\n", r"a\.py:2: ZeroDivisionError: division by zero\."),
        ("x = 1\nimport nothing_of_this_name\n", r"a\.py:2: ModuleNotFoundError: No module"),
        ("x = (\n", r"a\.py:1: SyntaxError: '\(' was never closed\."),
        ("import sys\nsys.exit(3)\n", r"a\.py:2: SystemExit: 3\."),
        ("assert 0\n", r"a\.py:1: AssertionError\."),
        (
            "from dragoman.features import Entity\n\ndef f():\n    Entity('A', keys=['a'])\nf()\n",
            r"a\.py:4: An entity is",
        ),
    ],
)
def test_an_error_names_file_and_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InvalidSpec, match=message):
        load_views(write(tmp_path, a=text))


def test_two_views_of_one_name_are_refused(tmp_path: Path) -> None:
    write(tmp_path, a=VIEW.format(name="one"), b=VIEW.format(name="one"))
    with pytest.raises(InvalidSpec, match=r"The view 'one' is in .*b\.py and .*a\.py"):
        load_views(tmp_path)
