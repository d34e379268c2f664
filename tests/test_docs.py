from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest
from tools import reference

from dragoman.api.messages import ErrorAnswer, ModelAnswer, answer_type, request_type
from dragoman.api.openapi import openapi_document
from dragoman.records import Example
from dragoman.registry import bundle, manifest
from dragoman.serving.tasks.classification import TextClassification
from dragoman.spec import field_rows, parse_spec

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(path for pattern in ("*.md", "docs/*.md", "examples/*/*.md") for path in ROOT.glob(pattern))
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
HTTP_KINDS = {
    "inputs": request_type(TextClassification),
    "predictions": answer_type(TextClassification),
    "labels": ModelAnswer,
    "error": ErrorAnswer,
}


def blocks(path: Path, language: str) -> list[str]:
    """The code blocks of a page in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", reference.PAGES)
def test_a_reference_page_is_up_to_date(name):
    assert reference.difference(DOCS, name) == ""


def test_a_changed_page_is_shown_with_the_difference(tmp_path):
    reference.write_pages(tmp_path)
    page = tmp_path / "settings.md"
    page.write_text(page.read_text(encoding="utf-8").replace("8080", "8081"), encoding="utf-8")
    shown = reference.difference(tmp_path, "settings.md").splitlines()
    assert [line[0] for line in shown if "DRAGOMAN_PORT" in line] == ["-", "+"]


def test_pages_that_are_up_to_date_are_not_written_again(tmp_path):
    reference.write_pages(tmp_path)
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    reference.write_pages(tmp_path)
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before
    assert before.keys() == reference.PAGES.keys()


@pytest.mark.parametrize("arguments", [["--chek"], ["--check", "more"]])
def test_an_unknown_argument_shows_the_usage(arguments, capsys):
    assert reference.main(arguments) == 2
    assert "usage: tools/reference.py" in capsys.readouterr().err


def test_every_key_of_the_spec_says_what_it_is():
    assert [row.key for row in field_rows() if not row.help] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_of_a_page_points_at_a_file(page):
    targets = LINK.findall(page.read_text(encoding="utf-8"))
    local = [target for target in targets if not target.startswith(("https://", "http://"))]
    assert [target for target in local if not (page.parent / target).exists()] == []


def test_every_page_is_listed():
    listed = set(LINK.findall((DOCS / "README.md").read_text(encoding="utf-8")))
    assert {path.name for path in DOCS.iterdir() if path.name != "README.md"} - listed == set()


def test_the_example_of_the_readme_is_a_spec_of_at_most_twelve_lines():
    (example,) = blocks(ROOT / "README.md", "toml")
    assert parse_spec(example).name == "support"
    assert len(example.splitlines()) <= 12


def test_the_tree_of_the_readme_is_the_one_on_disk():
    tree = blocks(ROOT / "README.md", "text")[0]
    package = ROOT / "src" / "dragoman"
    shown = re.findall(r"^│   [├└]── (\S+)\s+\S", tree, re.MULTILINE)
    there = [path for path in package.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()]
    assert sorted(shown) == sorted(path.name + "/" * path.is_dir() for path in there)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_python_in_a_page_can_be_compiled(page):
    assert all(compile(block, str(page), "exec") for block in blocks(page, "python"))


def test_every_json_of_the_http_page_is_a_message():
    examples = [json.loads(block) for block in blocks(DOCS / "http.md", "json")]
    kinds = [next(kind for field, kind in HTTP_KINDS.items() if field in example) for example in examples]
    assert set(kinds) == set(HTTP_KINDS.values())
    assert all(msgspec.convert(*pair) for pair in zip(examples, kinds, strict=True))


def test_the_http_page_names_every_path():
    page = (DOCS / "http.md").read_text(encoding="utf-8")
    operations = [(method, path) for path, methods in openapi_document()["paths"].items() for method in methods]
    assert [path for method, path in operations if f"`{method.upper()} {path}`" not in page] == []


def test_the_data_page_shows_an_example():
    (example,) = blocks(DOCS / "data.md", "json")
    assert msgspec.json.decode(example, type=Example).split == "train"


def test_the_bundle_page_names_every_file():
    page = (DOCS / "bundle.md").read_text(encoding="utf-8")
    names = {getattr(bundle, name) for name in bundle.__all__ if name.endswith("_FILE")} | {manifest.MANIFEST_FILE}
    assert set(re.findall(r"^\| `([\w.]+)` \|", page, re.MULTILINE)) == names
