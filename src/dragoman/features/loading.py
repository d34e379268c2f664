"""The views of a workspace, read from the Python files of a folder."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from dragoman.errors import DragomanError, InvalidSpec
from dragoman.features.view import View

__all__ = ["FEATURES_FOLDER", "load_views"]

FEATURES_FOLDER = "features"
MODULE = "_dragoman_features_"


def load_views(folder: Path) -> dict[str, View]:
    """Every view that a file of `folder` makes or imports, by name. A folder that is not there has none.

    The files are run as Python, in the order of their names; those that begin with `_` are left out. Raises
    `InvalidSpec` with file and line for anything that a file raises, and for two views of one name.
    """
    found: dict[str, tuple[View, Path]] = {}
    for path in sorted(folder.glob("[!_]*.py")):
        for view in _views_of(_run(path)):
            known, other = found.setdefault(view.name, (view, path))
            if known is not view:
                where = f"{path} and {other}" if path != other else f"{path} twice"
                raise InvalidSpec(f"The view '{view.name}' is in {where}.", help="Give each view its own name.")
    return {name: view for name, (view, _) in sorted(found.items())}


def _views_of(module: ModuleType) -> Iterator[View]:
    yield from {id(value): value for value in vars(module).values() if isinstance(value, View)}.values()


def _run(path: Path) -> ModuleType:
    """Run a file as a module that nobody else can import, and that leaves no compiled file behind."""
    module = ModuleType(MODULE + path.stem)
    module.__file__ = str(path)
    sys.modules[module.__name__] = module  # dataclasses look for it there
    try:
        exec(compile(path.read_bytes(), path, "exec", dont_inherit=True), vars(module))  # noqa: S102 (the user's own file)
    except (Exception, SystemExit) as error:
        raise _as_error(error, path) from error
    finally:
        del sys.modules[module.__name__]
    return module


def _as_error(error: BaseException, path: Path) -> InvalidSpec:
    if isinstance(error, OSError) and error.filename == str(path):
        return InvalidSpec(f"{path} cannot be read: {error.strerror}.", help="Name a Python file.")
    place = f"{path}:{_line_of(error, path)}"
    if isinstance(error, DragomanError):
        return InvalidSpec(f"{place}: {error.message}", help=error.help)
    said = error.msg if isinstance(error, SyntaxError) else str(error)
    return InvalidSpec(f"{place}: {type(error).__name__}: {said}".rstrip(": ") + ".", help="Correct the line.")


def _line_of(error: BaseException, path: Path) -> int:
    """The line of the file that the error came through last."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return error.lineno or 1
    lines = [one.lineno for one in traceback.extract_tb(error.__traceback__) if one.filename == str(path)]
    return (lines or [None])[-1] or 1
