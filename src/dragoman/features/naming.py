"""Names in a view, and what refuses bad ones."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from dragoman.errors import InvalidSpec

__all__ = ["require_names", "require_text", "require_view_name"]

VIEW_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}\Z")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}\Z")


def require_view_name(name: Any, what: str) -> None:
    """Raise `InvalidSpec` for a name that no view, entity or dataset can have."""
    if not isinstance(name, str) or not VIEW_NAME.match(name):
        raise InvalidSpec(
            f"{what} is called {name!r}.", help="A name has up to 64 of a-z, 0-9, _ and -, and begins with no sign."
        )


def require_names(names: Iterable[Any], what: str) -> None:
    """Raise `InvalidSpec` for a name that no feature can have."""
    for name in names:
        if not isinstance(name, str) or not NAME.match(name):
            raise InvalidSpec(
                f"{what} is called {name!r}.",
                help="A name has up to 64 of a-z, A-Z, 0-9, _ and -, and begins with no sign.",
            )


def require_text(value: Any, what: str, help: str) -> None:
    """Raise `InvalidSpec` for something that is no text, or one with nothing in it."""
    if not isinstance(value, str) or not value.strip():
        raise InvalidSpec(f"{what} is {value!r}.", help=help)
