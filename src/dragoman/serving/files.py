"""Batch prediction: a JSONL file in, a JSONL file out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from dragoman.errors import InvalidData, InvalidRequest, NotFound
from dragoman.records import TextInput
from dragoman.serving.model import Model
from dragoman.store.files import atomic_file

__all__ = ["predict_file"]

CHUNK = 512


def predict_file(model: Model, source: Path, target: Path, *, report: Callable[[int], None]) -> int:
    """Answer every line of `source`, an object with `text` and perhaps `language`; returns the number of lines.

    Each line of `target` is the input's object with the answer under `prediction`, in the same order. `target` appears
    when it is complete; `report` is told how many lines are done. Raises `InvalidData` with the line's number.
    """
    done = 0
    with atomic_file(target) as out:
        rows = _read_rows(source)
        while chunk := list(islice(rows, CHUNK)):
            for row, prediction in zip(chunk, _predict(model, source, chunk, done), strict=True):
                out.write(msgspec.json.encode({**row, "prediction": prediction}) + b"\n")
            done += len(chunk)
            report(done)
        if not done:
            raise InvalidData(f"{source} has no lines.", help='Write one object per line: {"text": "…"}.')
    return done


def _predict(model: Model, source: Path, chunk: list[dict[str, Any]], before: int) -> list[Any]:
    inputs = [TextInput(text=row["text"], language=row.get("language")) for row in chunk]
    try:
        return list(model.predict(inputs))
    except InvalidRequest as error:
        place = f"{source}, lines {before + 1} to {before + len(chunk)} (counted from 0)"
        raise InvalidData(f"{place}: {error.message}", help=error.help) from None


def _read_rows(source: Path) -> Iterator[dict[str, Any]]:
    try:
        with source.open("rb") as file:
            for number, line in enumerate(file, start=1):
                yield _read_row(line, f"{source}:{number}")
    except FileNotFoundError:
        raise NotFound(f"There is no file {source}.", help="Name a JSONL file.") from None


def _read_row(line: bytes, place: str) -> dict[str, Any]:
    help = 'Each line is an object with a "text" and, if known, a "language".'
    try:
        row = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidData(f"{place} is not JSON: {error}.", help=help) from None
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        raise InvalidData(f"{place} has no text.", help=help)
    if not isinstance(row.get("language"), str | None):
        raise InvalidData(f"{place}: the language is {row['language']!r}.", help=help)
    return row
