"""Data files: JSONL, one example per line, read strictly."""

from __future__ import annotations

import difflib
import glob
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from dragoman.errors import InvalidData, NotFound
from dragoman.records import Example
from dragoman.text.normalization import find_lone_surrogate

__all__ = ["expand_files", "read_examples"]

FIELDS = ("id", "text", "label", "language", "split")
SPLITS = ("train", "dev", "test")
NEEDED_SPLITS = ("train", "test")
SHOWN_PROBLEMS = 10
SHOWN_CHARACTERS = 40
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


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


def read_examples(files: Sequence[Path], *, labels: Collection[str], languages: Collection[str]) -> list[Example]:
    """Read all examples, in the order of the files.

    Each line is an object `{"id", "text", "label", "language", "split"}`. Raises `NotFound` for a missing file, and
    `InvalidData` for everything else that is wrong: the first ten places, one a line, and how many there are.
    """
    reader = _Reader(labels, languages)
    for path in files:
        reader.read(path)
    return reader.finish()


class _BadLineError(Exception):
    """What is wrong with a line; `value` is a near miss of one of `valid`. The nearest is looked for when shown."""

    def __init__(self, what: str, value: str = "", valid: Collection[str] = ()) -> None:
        self.what, self.value, self.valid = what, value, valid

    def __str__(self) -> str:
        folded = {valid.casefold(): valid for valid in self.valid}
        if near := difflib.get_close_matches(self.value[: 2 * SHOWN_CHARACTERS].casefold(), folded, n=1):
            return f'{self.what}; did you mean "{folded[near[0]]}"?'
        few = 0 < len(self.valid) <= SHOWN_PROBLEMS
        return f"{self.what}; valid are {', '.join(self.valid)}" if few else self.what


class _Reader:
    """Collects examples and problems over all files."""

    def __init__(self, labels: Collection[str], languages: Collection[str]) -> None:
        choices = {"label": labels, "language": languages, "split": SPLITS}
        self.choices = {name: dict.fromkeys(valid) for name, valid in choices.items()}
        self.examples: list[Example] = []
        self.places: dict[str, str] = {}
        self.problems: list[str] = []
        self.count = 0

    def read(self, path: Path) -> None:
        number = 0
        for number, line in enumerate(_lines(path), start=1):
            place = f"{path}:{number}"
            try:
                self.add(_checked(_parse(line), self.choices), place)
            except _BadLineError as error:
                self.refuse(place, error)
        if not number:
            self.refuse(str(path), _BadLineError("the file is empty"))

    def add(self, example: Example, place: str) -> None:
        first = self.places.setdefault(example.id, place)
        if first != place:
            raise _BadLineError(f"the id {_shown(example.id)} stands already at {first}")
        self.examples.append(example)

    def refuse(self, place: str, error: _BadLineError) -> None:
        self.count += 1
        if len(self.problems) < SHOWN_PROBLEMS:
            self.problems.append(f"{place}: {error}")

    def finish(self) -> list[Example]:
        present = {example.split for example in self.examples}
        if not self.count:
            for split in NEEDED_SPLITS:
                if split not in present:
                    self.refuse("all files", _BadLineError(f'no row has the split "{split}"'))
        if self.count:
            raise InvalidData(self.message(), help="Correct the data and start again; nothing was stored.")
        return self.examples

    def message(self) -> str:
        number = "1 problem" if self.count == 1 else f"{self.count} problems"
        shown = f", the first {SHOWN_PROBLEMS}" if self.count > SHOWN_PROBLEMS else ""
        return "\n  ".join([f"The data cannot be used, {number}{shown}:", *self.problems]) + "\n"


# One line -----------------------------------------------------------------------------------------------------------


def _lines(path: Path) -> Iterator[bytes]:
    """The lines without their ends. Only a line feed ends a line: U+2028 and its like may stand in a text."""
    try:
        with path.open("rb") as file:
            for line in file:
                yield line.removesuffix(b"\n")
    except FileNotFoundError:
        raise NotFound(f"There is no data file {path}.", help="`data.files` in the spec names the files.") from None
    except OSError as error:
        raise InvalidData(f"{path} cannot be read: {error.strerror}.", help="Give a file that can be read.") from None


def _parse(line: bytes) -> dict[str, Any]:
    """The object of a line. Raises `_BadLineError` with what is wrong."""
    try:
        # Numbers are refused later; as floats they may have any number of digits.
        row = json.loads(_decoded(line), object_pairs_hook=_refuse_twice, parse_int=float)
    except json.JSONDecodeError as error:
        raise _BadLineError(f"not JSON: {error.msg} at character {error.pos + 1}") from None
    except RecursionError:
        raise _BadLineError("not JSON that can be read: too deeply nested") from None
    if not isinstance(row, dict):
        raise _BadLineError(f"not a JSON object but {_kind(row)}")
    return row


def _decoded(line: bytes) -> str:
    if line.startswith(BYTE_ORDER_MARK):
        raise _BadLineError("a byte order mark at the beginning; save the file as UTF-8 without one")
    if not line.strip():
        raise _BadLineError("an empty line")
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        byte = line[error.start]
        raise _BadLineError(f"not UTF-8: byte 0x{byte:02x} at byte {error.start + 1} of the line") from None


def _refuse_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) < len(pairs):
        names = [name for name, _ in pairs]
        raise _BadLineError(f"the field {_shown(next(name for name in names if names.count(name) > 1))} twice")
    return row


def _checked(row: dict[str, Any], choices: Mapping[str, Collection[str]]) -> Example:
    """The example of a row. Raises `_BadLineError` with what is wrong."""
    missing = [name for name in FIELDS if name not in row]
    if unknown := [name for name in row if name not in FIELDS]:
        raise _BadLineError(f"unknown field {_shown(unknown[0])}", unknown[0], missing or FIELDS)
    if missing:
        raise _BadLineError(f'no field "{missing[0]}"')
    for name, value in row.items():
        _check_text(name, value)
    for name, valid in choices.items():
        if row[name] not in valid:
            raise _BadLineError(f"unknown {name} {_shown(row[name])}", row[name], valid)
    return Example(**row)


def _check_text(name: str, value: Any) -> None:
    if not isinstance(value, str):
        raise _BadLineError(f'"{name}" is {_kind(value)}, not a string')
    if not value.strip():
        raise _BadLineError(f'"{name}" is empty')
    if (position := find_lone_surrogate(value)) >= 0:
        code = ord(value[position])
        raise _BadLineError(f'"{name}" has a lone surrogate, \\u{code:04x}, at character {position + 1}')


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")


def _shown(value: str) -> str:
    """A value for a message: in quotes, on one line, not too long, and printable."""
    short = value if len(value) <= SHOWN_CHARACTERS else value[:SHOWN_CHARACTERS] + "..."
    return json.dumps(short, ensure_ascii=not short.isprintable())


# Patterns -----------------------------------------------------------------------------------------------------------


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
