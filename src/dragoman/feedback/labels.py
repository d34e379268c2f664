"""Labels as they are kept: rows of a Delta table, and a line in the audit log for each delivery."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from dragoman.records import By, Label
from dragoman.store.base import Catalog, Tables

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

__all__ = ["LABEL_TABLE", "LabelStore"]

LABEL_TABLE = "labels"


class LabelStore:
    """Keeps labels. They are durable when `add` returns; what they are worth is decided by those who read them."""

    def __init__(self, tables: Tables, catalog: Catalog) -> None:
        self.tables, self.catalog = tables, catalog

    def add(self, model: str, labels: Sequence[Label], *, by: By) -> None:
        """Keep labels of one model's predictions. Raises what the stores raise."""
        if not labels:
            return
        self.tables.append(LABEL_TABLE, table_of(labels))
        content = hashlib.sha256(msgspec.json.encode(labels)).hexdigest()
        sources = dict(Counter(label.source for label in labels))
        detail = {"labels": len(labels), "sources": sources, "digest": content}
        self.catalog.audit("labels.added", f"models:/{model}", detail=detail, by=by)


def table_of(labels: Sequence[Label]) -> pa.Table:
    """One row per label; every column is text."""
    import pyarrow as pa  # heavy: serving does without it until a label comes

    schema = pa.schema([(name, pa.string()) for name in Label.__struct_fields__])
    return pa.Table.from_pylist([msgspec.structs.asdict(label) for label in labels], schema=schema)
