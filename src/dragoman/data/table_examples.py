"""Rows of a table as examples for a model: the truth of each, its split, and its language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.data.column_values import as_categories
from dragoman.data.columns import coded, require_columns
from dragoman.data.row_digests import digest_rows
from dragoman.data.splitter import split_table
from dragoman.errors import InvalidData, InvalidInput
from dragoman.records import SplitRules
from dragoman.spec import ModelSpec

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

__all__ = ["TableExamples", "numbers_of", "table_examples", "target_of", "text_columns"]

SPLITS = ("train", "dev", "test")
NO_LANGUAGE = "und"  # BCP 47: of rows that have none
SHOWN_ROWS = 5

Doubles = NDArray[np.float64]


class TableExamples(NamedTuple):
    """Rows in the order of their digests, so that the order of the files changes nothing."""

    table: pa.Table
    truth: Doubles  # [rows] the number that is told, or the place of the label in the spec
    splits: NDArray[np.str_]  # [rows]
    languages: list[str]

    def of(self, *splits: str) -> TableExamples:
        """The rows of some splits."""
        rows = np.flatnonzero(np.isin(self.splits, splits))
        return self.take(rows)

    def take(self, rows: NDArray[np.int64]) -> TableExamples:
        """Some rows, by number."""
        return TableExamples(
            self.table.take(rows), self.truth[rows], self.splits[rows], [self.languages[row] for row in rows.tolist()]
        )


def target_of(spec: ModelSpec) -> str:
    """The column of the truth."""
    return spec.data.target or "label"


def text_columns(spec: ModelSpec) -> list[str]:
    """Columns of CSV files that hold names, whatever they look like."""
    features = spec.features.categories if spec.features else []
    series = spec.forecast.series if spec.forecast else []
    return ["id", "split", "language", *features, *series, *([target_of(spec)] if spec.has_labels else [])]


def table_examples(table: pa.Table, spec: ModelSpec) -> TableExamples:
    """The rows as examples.

    A column `split` says which split a row is in. Without it, rows are split by `data.time`, the newest last, or else
    by their digests: four fifths train, a tenth each dev and test; rows with the same `id` stay together, and so do
    rows that differ in nothing but the truth. Raises `InvalidData` for rows without a truth or with a strange one, for
    a truth that is always the same, and for a split without rows.
    """
    target = target_of(spec)
    _refuse_columns(table, target, spec)
    table = table.take(np.argsort(digest_rows(table), kind="stable"))
    truth = _labels(table, target, spec.data.labels) if spec.has_labels else _numbers(table, target)
    examples = TableExamples(table, truth, _splits(table, target, spec), _languages(table)).of(*SPLITS)
    _refuse_splits(examples, target, spec)
    return examples


def _refuse_columns(table: pa.Table, target: str, spec: ModelSpec) -> None:
    names = table.column_names
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InvalidData(f"The data has two columns '{twice[0]}'.", help="Rename one of the two.")
    try:
        require_columns([target, *([spec.data.time] if spec.data.time else [])], table.schema)
    except InvalidInput as error:
        named = "" if spec.data.target else " 'data.target' in the spec names the column of the truth."
        raise InvalidData(error.message, help=f"{error.help}{named}") from None
    if spec.features and target in spec.features.columns:
        raise InvalidData(
            f"'features.columns' names '{target}', which is what the model is to tell.", help="Leave it out there."
        )


def _labels(table: pa.Table, target: str, labels: Sequence[str]) -> Doubles:
    """`[rows]` the place of each row's label."""
    codes, values = coded(as_categories(table.column(target), target))
    _refuse_rows(codes < 0, f"have no '{target}'")
    if strange := sorted(set(values) - set(labels)):
        listed = ", ".join(repr(value) for value in strange[:SHOWN_ROWS])
        raise InvalidData(
            f"The column '{target}' has {listed}, which 'data.labels' has not.",
            help=f"It names {', '.join(labels)}. Correct the rows, or the spec.",
        )
    places = np.array([labels.index(value) for value in values], dtype=np.float64)
    return places[codes]


def numbers_of(table: pa.Table, name: str) -> Doubles:
    """A column as float64, `[rows]`, NaN for a row without a value. Raises `InvalidData` for one of something else."""
    import pyarrow as pa  # heavy: serving does without it

    column, types = table.column(name), pa.types
    if not (types.is_integer(column.type) or types.is_floating(column.type) or types.is_decimal(column.type)):
        raise InvalidData(
            f"The column '{name}' ({column.type}) does not hold numbers.",
            help="A model of numbers tells numbers; for names, the task is tabular-classification.",
        )
    numbers: Doubles = column.cast(pa.float64(), safe=False).to_numpy().astype(np.float64)
    return numbers


def _numbers(table: pa.Table, target: str) -> Doubles:
    numbers = numbers_of(table, target)
    _refuse_rows(~np.isfinite(numbers), f"have no finite '{target}'")
    return numbers


def _refuse_rows(wrong: NDArray[np.bool_], what: str) -> None:
    if rows := int(wrong.sum()):
        raise InvalidData(f"{rows} of {len(wrong)} rows {what}.", help="Fill it, or leave these rows out.")


# Splits and languages -----------------------------------------------------------------------------------------------


def _splits(table: pa.Table, target: str, spec: ModelSpec) -> NDArray[np.str_]:
    has_ids = "id" in table.column_names
    if "split" in table.column_names:
        return _given_splits(table, has_ids=has_ids)
    rules = SplitRules(text="", group="id" if has_ids else "", time=spec.data.time or "")
    return np.array(split_table(table, rules, without=("split", target)).names)


def _given_splits(table: pa.Table, *, has_ids: bool) -> NDArray[np.str_]:
    codes, values = coded(as_categories(table.column("split"), "split"))
    _refuse_rows(codes < 0, "have no 'split'")
    if strange := sorted(set(values) - set(SPLITS)):
        raise InvalidData(f"The column 'split' has {strange[0]!r}.", help=f"Splits are {', '.join(SPLITS)}.")
    splits = np.array(values)[codes]
    if has_ids:
        _refuse_torn(table, splits)
    return splits


def _refuse_torn(table: pa.Table, splits: NDArray[np.str_]) -> None:
    codes, ids = coded(table.column("id"))
    for split in SPLITS:
        mine, other = (np.unique(codes[chosen & (codes >= 0)]) for chosen in (splits == split, splits != split))
        if len(both := np.intersect1d(mine, other)):
            raise InvalidData(
                f"{len(both)} ids stand in the split '{split}' and in another one, such as {ids[both[0]]!r}.",
                help="Rows with the same id belong in one split: what is learned of one tells of the other.",
            )


def _refuse_splits(examples: TableExamples, target: str, spec: ModelSpec) -> None:
    for split in SPLITS:
        if not (examples.splits == split).any():
            raise InvalidData(
                f"The split '{split}' has no rows.",
                help="Give all three: train to learn, dev to stop and to calibrate, test to evaluate. Or leave the "
                "column 'split' out: then Dragoman splits the rows.",
            )
    train = examples.truth[examples.splits == "train"]
    if not spec.has_labels and train.min() == train.max():
        raise InvalidData(
            f"'{target}' is {train[0]:g} in every row of the train split: there is nothing to learn.",
            help="Name another column as 'data.target', or give rows that differ.",
        )
    if unseen := [label for place, label in enumerate(spec.data.labels) if spec.has_labels and place not in train]:
        raise InvalidData(
            f"No row of the train split has the label {unseen[0]!r}.", help="Give it rows, or leave it out of the spec."
        )


def _languages(table: pa.Table) -> list[str]:
    if "language" not in table.column_names:
        return [NO_LANGUAGE] * table.num_rows
    return [name or NO_LANGUAGE for name in as_categories(table.column("language"), "language").to_pylist()]
