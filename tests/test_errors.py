from __future__ import annotations

import re

import pytest

from dragoman import errors
from dragoman.errors import DragomanError, MissingExtra

LINE = re.compile(r"^(?P<rails>[│ ├└─]*)(?P<name>[A-Z]\w+)(?: +(?P<status>\d{3}))?(?:, exit (?P<exit>\d))?")


def drawn_tree() -> dict[str, tuple[str | None, int, int]]:
    """Name → (parent, status, exit code) as the module's docstring draws them; what is not said is inherited."""
    tree: dict[str, tuple[str | None, int, int]] = {}
    path: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        if line.startswith("A message"):
            break
        if (match := LINE.match(line)) and (match["rails"] or match["name"] == "DragomanError"):
            depth = len(match["rails"]) // 4
            path = [*path[:depth], match["name"]]
            parent = path[-2] if depth else None
            _, status, exit_code = tree.get(parent or "", (None, 0, 0))
            tree[match["name"]] = (parent, int(match["status"] or status), int(match["exit"] or exit_code))
    return tree


def classes() -> dict[str, type[DragomanError]]:
    return {
        name: value
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, DragomanError)
    }


def test_the_docstring_draws_the_whole_tree() -> None:
    actual = {
        name: (None if kind is DragomanError else kind.__base__.__name__, kind.status, kind.exit_code)
        for name, kind in classes().items()
    }

    assert drawn_tree() == actual


def test_every_error_is_exported() -> None:
    assert errors.__all__ == sorted(classes())


@pytest.mark.parametrize("name", sorted(classes()))
def test_an_error_carries_its_message_its_help_and_its_type(name: str) -> None:
    error = classes()[name]("It is wrong.", help="Do this.")

    assert (error.message, error.help, error.type) == ("It is wrong.", "Do this.", name)
    assert str(error) == "It is wrong. Help: Do this."
    assert str(classes()[name]("It is wrong.")) == "It is wrong."


def test_statuses_and_exit_codes_are_ones_that_callers_know() -> None:
    known = {400, 401, 403, 404, 409, 413, 415, 429, 500, 501, 503, 504, 507}
    assert {kind.status for kind in classes().values()} <= known
    assert {kind.exit_code for kind in classes().values()} == {1, 2}


def test_a_missing_extra_shows_the_line_that_installs_it() -> None:
    error = MissingExtra.of("train", "Training a tokenizer")

    assert error.message == "Training a tokenizer needs the extra 'train'."
    assert error.help == "pip install 'dragoman[train]'"
