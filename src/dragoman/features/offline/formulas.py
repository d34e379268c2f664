"""The features of a view, taken apart into what events add, aggregates of it, and what is made of these."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from dragoman.data.sql import database, quoted
from dragoman.features.expressions import Aggregate, sql_aggregate, sql_scalar
from dragoman.features.offline.points import Ints
from dragoman.features.source_types import types_of
from dragoman.features.view import View

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

__all__ = ["Asked", "Formulas"]

Asked = tuple[str, int | None]  # a value of events, and a window in microseconds


class Formulas:
    """The SQL of a view over a source with the columns of `schema`. Raises `InvalidSpec` if they do not fit.

    `values` says what an event, a row of the table `source`, adds to aggregates: SQL → name. `asked` are the
    aggregates by value and window.
    """

    def __init__(self, view: View, schema: pa.Schema) -> None:
        self.view, self._types = view, types_of(schema)
        self.columns = view.columns(schema)
        self.values: dict[str, str] = {}
        self.asked: dict[Asked, list[Aggregate]] = {}
        names = {name: f"source.{quoted(name)}" for name in view.columns_read}
        for aggregate in view.aggregates:
            sql = sql_aggregate(aggregate, self._types, names)
            name = self.values.setdefault(sql, f"value_{len(self.values)}")
            self.asked.setdefault((name, view.window_of(aggregate)), []).append(aggregate)

    def features(self, aggregates: Mapping[Aggregate, pa.ChunkedArray], moments: Ints) -> pa.Table:
        """The features at points, from the aggregates there and the points' moments."""
        import pyarrow as pa  # heavy: serving does without it

        names = {aggregate: f"aggregate_{number}" for number, aggregate in enumerate(aggregates)}
        held = {names[aggregate]: column for aggregate, column in aggregates.items()}
        table = pa.table({**held, "now": moments, "place": np.arange(len(moments))})
        scalars = [self._scalar(name, names) for name in self.view.features]
        with database({"points": table}) as connection:
            query = f"SELECT {', '.join(scalars)} FROM points ORDER BY place"  # noqa: S608 (the compiler's SQL)
            return self._typed(connection.sql(query).to_arrow_table())

    def _scalar(self, name: str, names: Mapping[Aggregate, str]) -> str:
        return f"{sql_scalar(self.view.features[name].node, self._types, names, 'now')} AS {quoted(name)}"

    def _typed(self, table: pa.Table) -> pa.Table:
        """The table with the types of the features."""
        import pyarrow as pa  # heavy: as above

        types = {
            "number": pa.float64(),
            "integer": pa.int64(),
            "boolean": pa.bool_(),
            "string": pa.string(),
            "time": pa.timestamp("us", "UTC"),
        }
        return table.cast(pa.schema([(column.name, types[column.type]) for column in self.columns]))
