"""Names and glob patterns of files."""

from __future__ import annotations

import difflib
import glob
from collections.abc import Sequence
from pathlib import Path

from dragoman.errors import NotFound

__all__ = ["expand_files"]


def expand_files(root: Path, patterns: Sequence[str]) -> list[Path]:
    """The files that the names or glob patterns mean, relative to `root`: each once, sorted.

    Raises `NotFound` for a pattern that matches no file.
    """
    found: set[Path] = set()
    for pattern in patterns:
        matches = _matches(root, pattern)
        if not matches:
            raise NotFound(f"No file matches {pattern!r} in {root}.", help=_help_for_pattern(root, pattern))
        found.update(matches)
    return sorted(found)


def _matches(root: Path, pattern: str) -> list[Path]:
    """A name of a file means that file, even with brackets in it; everything else is a pattern."""
    if (root / pattern).is_file():
        return [root / pattern]
    names = glob.glob(pattern, root_dir=root, recursive=True)  # noqa: PTH207 (pathlib refuses absolute patterns)
    return [path for name in names if (path := root / name).is_file()]


def _help_for_pattern(root: Path, pattern: str) -> str:
    folder = (root / pattern).parent
    names = sorted(path.name for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []
    if near := difflib.get_close_matches(Path(pattern).name, names, n=1):
        return f"did you mean {str(Path(pattern).with_name(near[0]))!r}?"
    return "`data.files` in the spec names files, or patterns such as data/*.jsonl."
