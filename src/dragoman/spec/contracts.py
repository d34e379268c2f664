"""The contract of a dataset, `contracts/NAME.toml`: what data must be before they become a version of it.

```toml
[columns.text]
type = "string"
required = true
max_length = 2000
refuse = ["blank", "control", "damage", "script"]

[columns.language]
type = "string"
required = true

[languages]
column = "language"
allowed = ["de", "en", "fr"]
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from dragoman.spec.base import Name, Section
from dragoman.spec.reference import FieldRow, field_rows

__all__ = [
    "CONTRACTS_FOLDER",
    "Bound",
    "BoundsSpec",
    "CategoriesSpec",
    "ColumnSpec",
    "ColumnType",
    "ContractSpec",
    "Count",
    "FreshnessSpec",
    "LabelsSpec",
    "LanguagesSpec",
    "Names",
    "Scalar",
    "Share",
    "ShareSpec",
    "TextCheck",
    "Values",
    "contract_rows",
    "contract_schema",
]

CONTRACTS_FOLDER = "contracts"

ColumnType = Literal["string", "integer", "number", "boolean", "time"]
TextCheck = Literal["blank", "control", "damage", "script"]
Scalar = bool | int | float | str
Bound = int | float | str
Values = Annotated[list[Scalar], Meta(min_length=1)]
Count = Annotated[int, Meta(ge=0)]
Names = Annotated[list[str], Meta(min_length=1)]
ColumnNames = Annotated[list[str], Meta(min_length=2)]
Share = Annotated[float, Meta(ge=0, le=1)]


class ColumnSpec(Section, frozen=True, kw_only=True):
    """What the values of one column must be. All but `required` is about rows that have a value."""

    type: Annotated[
        ColumnType,
        Meta(
            description="What a value is. A column of text is read as this type, as strictly as JSON: `12a`, `007` and "
            "`NaN` are no numbers. Integers have 64 bits; times are ISO 8601, in UTC where they name no zone."
        ),
    ]
    required: Annotated[bool, Meta(description="The column is there, and every row has a value.")] = False
    nullable: Annotated[
        bool, Meta(description="With `required`: the column must be there, but a row may have no value.")
    ] = False
    unique: Annotated[
        bool, Meta(description="No two rows have the same value, over all files. All rows of a double break it.")
    ] = False
    values: Annotated[Values | None, Meta(description="The values that are allowed.")] = None
    forbidden: Annotated[Values | None, Meta(description="Values that are not allowed.")] = None
    min: Annotated[Bound | None, Meta(description="Least value of an integer, number or time.")] = None
    max: Annotated[Bound | None, Meta(description="Greatest value.")] = None
    above: Annotated[Bound | None, Meta(description="Every value is greater than this.")] = None
    below: Annotated[Bound | None, Meta(description="Every value is less than this.")] = None
    min_length: Annotated[Count | None, Meta(description="Least length of a string in code points.")] = None
    max_length: Annotated[Count | None, Meta(description="Greatest length of a string in code points.")] = None
    pattern: Annotated[
        str | None,
        Meta(description="RE2 pattern that the whole string must match; its time is linear in the length of the text."),
    ] = None
    refuse: Annotated[
        list[TextCheck],
        Meta(
            description="Texts that are refused: `blank` (nothing to see), `control` (control characters other than "
            "tab and line ends), `damage` (U+FFFD, or UTF-8 that was read as Latin-1 or Windows-1252, once or twice), "
            "`script` (letters of other scripts than the row's language is written in)."
        ),
    ] = msgspec.field(default_factory=list)
    max_foreign: Annotated[
        Share, Meta(description="For `script`: share of the letters that may be of other scripts.")
    ] = 0.5
    nan: Annotated[
        Literal["refuse", "null"], Meta(description="What NaN in a column of numbers is: an error, or no value.")
    ] = "refuse"
    description: Annotated[str, Meta(description="What the column means, for people.")] = ""


class ShareSpec(Section, frozen=True, kw_only=True):
    """How much of the rows one value may have."""

    min: Annotated[Share, Meta(description="Least share of the rows that have any value there.")] = 0.0
    max: Annotated[Share, Meta(description="Greatest share.")] = 1.0


class CategoriesSpec(Section, frozen=True, kw_only=True):
    """The values of a column of categories, and how the rows are spread over them."""

    column: Annotated[str, Meta(description="The column: one of strings.")]
    allowed: Annotated[Names | None, Meta(description="The allowed values. Left out: any.")] = None
    shares: Annotated[dict[str, ShareSpec], Meta(description="Value → least and greatest share of the rows.")] = (
        msgspec.field(default_factory=dict)
    )


class LanguagesSpec(CategoriesSpec, frozen=True, kw_only=True):
    """The languages of the texts, as BCP 47 codes."""

    column: Annotated[str, Meta(description="The column of the language.")] = "language"


class LabelsSpec(CategoriesSpec, frozen=True, kw_only=True):
    """The label set."""

    column: Annotated[str, Meta(description="The column of the label.")] = "label"


class FreshnessSpec(Section, frozen=True, kw_only=True):
    """How old the newest row may be."""

    column: Annotated[str, Meta(description="The column of the time.")]
    max_age_hours: Annotated[
        float, Meta(gt=0, description="Age that the newest row may have; a time to come makes nothing fresh.")
    ]


class BoundsSpec(Section, frozen=True, kw_only=True):
    """How many rows there may be."""

    min: Annotated[Count, Meta(description="Least number of rows.")] = 0
    max: Annotated[Count | None, Meta(description="Greatest number of rows.")] = None


class ContractSpec(Section, frozen=True, kw_only=True):
    """What data must be to become a version of the dataset."""

    name: Annotated[Name | None, Meta(description="Name of the dataset. Default: the name of the file.")] = None
    description: Annotated[str, Meta(description="What a row is, for people.")] = ""
    extra: Annotated[
        Literal["refuse", "keep", "drop"], Meta(description="What happens to columns that the contract does not name.")
    ] = "refuse"
    unique: Annotated[
        list[ColumnNames],
        Meta(
            description="Lists of columns whose values together are a key: no two rows have the same. Rows that lack "
            "one of the values are left out."
        ),
    ] = msgspec.field(default_factory=list)
    columns: Annotated[dict[str, ColumnSpec], Meta(min_length=1, description="The columns by name.")]
    rows: Annotated[BoundsSpec | None, Meta(description="How many rows there may be.")] = None
    languages: Annotated[LanguagesSpec | None, Meta(description="The languages.")] = None
    labels: Annotated[LabelsSpec | None, Meta(description="The labels.")] = None
    freshness: Annotated[FreshnessSpec | None, Meta(description="How old the newest row may be.")] = None
    expectations: Annotated[
        list[dict[str, Any]],
        Meta(description="Rules by the names of Great Expectations and pandera, with their own parameters."),
    ] = msgspec.field(default_factory=list)


def contract_rows() -> Iterator[FieldRow]:
    """Every key of a contract, for the documentation."""
    placeholders = {"columns.LANGUAGE.": "columns.COLUMN.", "labels.shares.LANGUAGE.": "labels.shares.LABEL."}
    for row in field_rows(ContractSpec):
        key = next((row.key.replace(old, new) for old, new in placeholders.items() if row.key.startswith(old)), row.key)
        yield row._replace(key=key, type="list of tables" if key == "expectations" else row.type)


def contract_schema() -> dict[str, Any]:
    """JSON Schema of a contract, for editors."""
    schema = msgspec.json.schema(ContractSpec)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Dragoman data contract", **schema}
