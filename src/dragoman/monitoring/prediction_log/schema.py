"""The columns of the table `predictions`: the fields of a `PredictionRow` and the day of its time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

from dragoman.records import PredictionRow

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

__all__ = ["PARTITIONS", "encode_row", "rows_of", "table_of"]

PARTITIONS = ("date",)  # not the model: hundreds of models would make hundreds of files of every commit
CHUNK_ROWS = 512  # parsed at once: other threads wait for the interpreter at most that long
BLOCK_BYTES = 1 << 20
SHOWN_BYTES = 60  # of a row that cannot be read: its id and time, not what it is about


def _plain(value: Any) -> Any:
    """Numbers and arrays of numpy as those of Python; anything else as its text."""
    return value.tolist() if hasattr(value, "tolist") else str(value)


encode_row = msgspec.json.Encoder(enc_hook=_plain).encode


class _Features(msgspec.Struct):
    features: msgspec.Raw = msgspec.Raw(b"{}")


_features = msgspec.json.Decoder(_Features).decode


@cache
def _parsed_schema() -> pa.Schema:
    """What Arrow's reader of JSON makes: `features` may be anything, so it stays text and is left out here."""
    import pyarrow as pa  # heavy: only the thread that moves segments needs it

    kinds: dict[Any, pa.DataType] = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
    kinds |= {list[str]: pa.list_(pa.string()), list[float]: pa.list_(pa.float64())}
    kinds |= {str | None: pa.string(), float | None: pa.float64()}
    fields = msgspec.structs.fields(PredictionRow)
    return pa.schema([(field.name, kinds[field.type]) for field in fields if field.name != "features"])


def table_of(payloads: Iterable[bytes]) -> tuple[pa.Table, list[str]]:
    """Encoded rows as a table, and what is wrong with those that are no rows of this log.

    `time` becomes a timestamp in UTC, null where it says no time; `features` becomes JSON; `date` is the day in UTC.
    """
    import pyarrow as pa  # heavy: only the thread that moves segments needs it

    problems: list[str] = []
    pieces = [piece for chunk in _chunks(payloads) for piece in _parse(chunk, problems)]
    return pa.concat_tables([*pieces, _with_days(_parsed_schema().empty_table(), [])]), problems


def rows_of(table: pa.Table) -> list[PredictionRow]:
    """The rows of a table as records, without what the records do not know."""
    names = [name for name in PredictionRow.__struct_fields__ if name in table.column_names]
    return [PredictionRow(**_values(row)) for row in table.select(names).to_pylist()]


def _values(row: dict[str, Any]) -> dict[str, Any]:
    time, features = row.get("time"), row.get("features")
    present = {name: value for name, value in row.items() if value is not None}
    present["time"] = time.astimezone(UTC).isoformat(timespec="milliseconds") if time else ""
    return present | {"features": msgspec.json.decode(features or "{}") or {}}


def _chunks(payloads: Iterable[bytes]) -> Iterator[list[bytes]]:
    chunk: list[bytes] = []
    size = 0
    for payload in payloads:
        chunk.append(payload)
        size += len(payload)
        if len(chunk) == CHUNK_ROWS or size >= BLOCK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _parse(chunk: list[bytes], problems: list[str]) -> list[pa.Table]:
    """A chunk in one piece; in halves around a row that Arrow cannot take.

    Whether each row is one JSON object is seen first: at anything else, such as `null`, Arrow may end the process.
    """
    import pyarrow as pa  # heavy: only the thread that moves segments needs it

    try:
        features = [bytes(_features(payload).features).decode() for payload in chunk]
        return [_with_days(_parsed(chunk), features)]
    except (pa.ArrowInvalid, msgspec.MsgspecError, RecursionError) as error:
        if len(chunk) == 1:
            problems.append(f"a row cannot be read ({error}): {chunk[0][:SHOWN_BYTES]!r}")
            return []
        half = len(chunk) // 2
        return _parse(chunk[:half], problems) + _parse(chunk[half:], problems)


def _parsed(chunk: list[bytes]) -> pa.Table:
    import pyarrow as pa  # heavy: only the thread that moves segments needs it
    from pyarrow import json

    data = b"\n".join(chunk)
    return json.read_json(
        pa.BufferReader(data),
        json.ReadOptions(use_threads=False, block_size=max(BLOCK_BYTES, len(data) + 1)),
        json.ParseOptions(explicit_schema=_parsed_schema(), unexpected_field_behavior="ignore"),
    )


def _with_days(parsed: pa.Table, features: list[str]) -> pa.Table:
    import pyarrow as pa  # heavy: only the thread that moves segments needs it

    times = _times(parsed["time"])
    table = parsed.set_column(parsed.schema.get_field_index("time"), "time", times)
    table = table.append_column("features", pa.array(features, pa.string()))
    return table.append_column("date", times.cast(pa.timestamp("us")).cast(pa.date32()))


def _times(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow as pa  # heavy: only the thread that moves segments needs it

    kind = pa.timestamp("us", "UTC")
    try:
        return texts.cast(kind)
    except pa.ArrowInvalid:
        return pa.chunked_array([[_time(text) for text in texts.to_pylist()]], kind)


def _time(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text or "")
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
