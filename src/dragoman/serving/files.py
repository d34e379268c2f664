"""Batch prediction: a JSONL file in, a JSONL file out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from dragoman.errors import InvalidData, InvalidRequest, NotFound
from dragoman.records import Prediction, RowInput
from dragoman.serving.model import Model
from dragoman.serving.parameters import read_parameters
from dragoman.store.files import atomic_file

__all__ = ["predict_file"]

CHUNK = 512

Row = dict[str, Any]


def predict_file(
    model: Model,
    source: Path,
    target: Path,
    parameters: Mapping[str, Any] | None = None,
    *,
    report: Callable[[int], None],
) -> int:
    """Answer every line of `source`, an object with the fields of the task's input; returns the number of lines.

    Where a line has no `features`, its other fields with the names of the model's columns are its features.
    Each line of `target` is the input's object with the answer under `prediction`, in the same order. `target` appears
    when it is complete; `report` is told how many lines are done. Raises `InvalidData` with the line's number, and
    `InvalidRequest` for wrong parameters.
    """
    read_parameters(parameters or {}, model.task.Parameters)  # here, or the first line would be blamed
    done = 0
    with atomic_file(target) as out:
        rows = _read_rows(source, _fields_of(model))
        while chunk := list(islice(rows, min(CHUNK, model.serving.max_inputs))):
            for row, prediction in zip(chunk, _predict(model, source, chunk, done, parameters or {}), strict=True):
                out.write(msgspec.json.encode({**row, "prediction": prediction}, enc_hook=_listed) + b"\n")
            done += len(chunk)
            report(done)
        if not done:
            raise InvalidData(f"{source} has no lines.", help=_what_to_write(_fields_of(model)))
    return done


def _predict(
    model: Model, source: Path, chunk: list[Row], before: int, parameters: Mapping[str, Any]
) -> list[Prediction]:
    try:
        return _ask(model, chunk, parameters)
    except InvalidRequest:
        for number, row in enumerate(chunk, start=before + 1):  # one at a time, to name the wrong one
            try:
                _ask(model, [row], parameters)
            except InvalidRequest as error:
                raise InvalidData(f"{source}:{number}: {error.message}", help=error.help) from None
        raise


def _ask(model: Model, rows: Sequence[Row], parameters: Mapping[str, Any]) -> list[Prediction]:
    return model.predict([_input_of(model, row) for row in rows], **parameters)


def _input_of(model: Model, row: Row) -> Row:
    found = {name: row[name] for name in model.task.Input.__struct_fields__ if name in row}
    if model.columns and "features" not in found:
        names = [column.name for column in model.columns]
        found["features"] = {name: row[name] for name in names if name in row}
        found = {name: value for name, value in found.items() if name == "text" or name not in names}
    return found


def _fields_of(model: Model) -> Sequence[str]:
    """What a line may have; the first one it must have, unless it is a row of a table."""
    fields = model.task.Input.__struct_fields__
    return ("", *(column.name for column in model.columns)) if model.task.Input is RowInput else fields


def _listed(array: Any) -> Any:
    """A vector as JSON."""
    return array.tolist()


def _read_rows(source: Path, fields: Sequence[str]) -> Iterator[Row]:
    try:
        with source.open("rb") as file:
            for number, line in enumerate(file, start=1):
                yield _read_row(line, f"{source}:{number}", fields)
    except FileNotFoundError:
        raise NotFound(f"There is no file {source}.", help="Name a JSONL file.") from None
    except OSError as error:
        raise InvalidData(f"{source} cannot be read: {error.strerror}.", help="Name a JSONL file.") from None


def _read_row(line: bytes, place: str, fields: Sequence[str]) -> Row:
    try:
        row = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidData(f"{place} is not JSON: {error}.", help=_what_to_write(fields)) from None
    if not isinstance(row, dict) or (fields[0] and fields[0] not in row):
        raise InvalidData(f"{place} has no {fields[0] or 'fields'}.", help=_what_to_write(fields))
    return row


def _what_to_write(fields: Sequence[str]) -> str:
    listed = ", ".join(filter(None, fields))
    return f"Each line is an object with the fields {listed}, as far as they are known, and any others."
