"""Data files: JSONL, one example per line, read strictly."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from dragoman.data.sources.json_lines import BadLineError, kind_of_value, parse_object, quoted, refuse_surrogates
from dragoman.errors import InvalidData, NotFound
from dragoman.records import Example

__all__ = ["FIELDS", "examples_of_rows", "read_examples"]

FIELDS = ("id", "text", "label", "language", "split")
SPLITS = ("train", "dev", "test")
NEEDED_SPLITS = ("train", "test")
SHOWN_PROBLEMS = 10


def read_examples(
    files: Sequence[Path],
    *,
    labels: Collection[str],
    languages: Collection[str],
    columns: Collection[str] | None = None,
    target: str | None = None,
) -> list[Example]:
    """Read all examples, in the order of the files.

    Each line is an object `{"id", "text", "label", "language", "split"}`; `target` is the name of another field for the
    label. With `columns` it may have more fields, of plain values, which become `Example.features`; each of `columns`
    is a field of one row at least. Raises `NotFound` for a missing file, and `InvalidData` for everything else that is
    wrong: the first ten places, one a line, and how many there are.
    """
    reader = _Reader(labels, languages, columns, target)
    for path in files:
        reader.read(path)
    return reader.finish()


def examples_of_rows(
    rows: Sequence[Mapping[str, Any]],
    *,
    name: str,
    labels: Collection[str],
    languages: Collection[str],
    columns: Collection[str] | None = None,
    target: str | None = None,
) -> list[Example]:
    """The rows of a dataset version as examples with the features `columns`; other fields are left out.

    `name` is for messages, `target` as in `read_examples`. Raises `InvalidData` as it does.
    """
    reader = _Reader(labels, languages, columns, target)
    fields = {*FIELDS, *(columns or ()), *([target] if target else [])}
    for number, row in enumerate(rows, start=1):
        place = f"{name}, id {row.get('id')!r}" if "id" in row else f"{name}, row {number}"
        reader.take({field: value for field, value in row.items() if field in fields}, place)
    return reader.finish()


class _Reader:
    """Collects examples and problems over all files."""

    def __init__(
        self,
        labels: Collection[str],
        languages: Collection[str],
        columns: Collection[str] | None,
        target: str | None,
    ) -> None:
        self.columns, self.target = columns, target
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
                row = parse_object(line)
            except BadLineError as error:
                self.refuse(place, error)
            else:
                self.take(row, place)
        if not number:
            self.refuse(str(path), BadLineError("the file is empty"))

    def take(self, row: dict[str, Any], place: str) -> None:
        if self.target is not None:
            row = {"label" if name == self.target else name: value for name, value in row.items() if name != "label"}
        try:
            self.add(_checked(row, self.choices, with_columns=self.columns is not None), place)
        except BadLineError as error:
            self.refuse(place, error)

    def add(self, example: Example, place: str) -> None:
        first = self.places.setdefault(example.id, place)
        if first != place:
            raise BadLineError(f"the id {quoted(example.id)} stands already at {first}")
        self.examples.append(example)

    def refuse(self, place: str, error: BadLineError) -> None:
        self.count += 1
        if len(self.problems) < SHOWN_PROBLEMS:
            self.problems.append(f"{place}: {error}")

    def finish(self) -> list[Example]:
        present = {example.split for example in self.examples}
        if not self.count:
            for split in NEEDED_SPLITS:
                if split not in present:
                    self.refuse("all files", BadLineError(f'no row has the split "{split}"'))
            self.require_columns()
        if self.count:
            raise InvalidData(self.message(), help="Correct the data and start again; nothing was stored.")
        return self.examples

    def require_columns(self) -> None:
        found = {name for example in self.examples for name in example.features}
        for column in self.columns or ():
            if column not in found:
                self.refuse("all files", BadLineError(f"no row has the column {quoted(column)}", column, sorted(found)))

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


def _checked(row: dict[str, Any], choices: Mapping[str, Collection[str]], *, with_columns: bool) -> Example:
    """The example of a row. Raises `BadLineError` with what is wrong."""
    missing = [name for name in FIELDS if name not in row]
    others = {name: value for name, value in row.items() if name not in FIELDS}
    if others and not with_columns:
        unknown = next(iter(others))
        raise BadLineError(f"unknown field {quoted(unknown)}", unknown, missing or FIELDS)
    if missing:
        raise BadLineError(f'no field "{missing[0]}"')
    for name, value in row.items():
        (_check_plain if name in others else _check_text)(name, value)
    for name, valid in choices.items():
        if row[name] not in valid:
            raise BadLineError(f"unknown {name} {quoted(row[name])}", row[name], valid)
    return Example(**{name: row[name] for name in FIELDS}, features=others)


def _check_plain(name: str, value: Any) -> None:
    if isinstance(value, dict | list):
        raise BadLineError(f"{quoted(name)} is {kind_of_value(value)}, not one value")
    refuse_surrogates("a field's name", name)
    if isinstance(value, str):
        refuse_surrogates(name, value)


def _check_text(name: str, value: Any) -> None:
    if not isinstance(value, str):
        raise BadLineError(f'"{name}" is {kind_of_value(value)}, not a string')
    if not value.strip():
        raise BadLineError(f'"{name}" is empty')
    refuse_surrogates(name, value)
