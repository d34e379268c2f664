"""The tables of a spec about features: what a model reads beside a text, or instead of one."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from dragoman.spec.base import Name, Section
from dragoman.spec.durations import DURATION_PATTERN

__all__ = ["FeaturesSpec", "ForecastSpec", "TreesSpec"]

ColumnName = Annotated[str, Meta(min_length=1, max_length=200)]
Duration = Annotated[str, Meta(pattern=DURATION_PATTERN)]


class FeaturesSpec(Section, frozen=True, kw_only=True):
    """What the model reads of columns and feature views."""

    columns: Annotated[
        list[ColumnName],
        Meta(description="Columns of the data. A caller gives their values with each request, as `features`."),
    ] = msgspec.field(default_factory=list)
    views: Annotated[
        list[Name],
        Meta(
            description="Feature views of `features/*.py`. In training their values are those that were known at a "
            "row's `data.time`; when serving they come from the online store by the `key` of the request."
        ),
    ] = msgspec.field(default_factory=list)
    categories: Annotated[
        list[ColumnName],
        Meta(description="Columns of whole numbers that are names, not amounts. Texts and booleans always are."),
    ] = msgspec.field(default_factory=list)
    required: Annotated[
        list[ColumnName],
        Meta(description="Columns without which a request is refused; others may be missing."),
    ] = msgspec.field(default_factory=list)


class TreesSpec(Section, frozen=True, kw_only=True):
    """Gradient boosting. Everything that changes the result is here, and is saved in the bundle."""

    rounds: Annotated[
        int, Meta(ge=1, le=20_000, description="Most trees for each label; fewer where the dev split stops earlier.")
    ] = 2_000
    patience: Annotated[
        int, Meta(ge=1, le=10_000, description="Trees without a better dev split after which growing ends.")
    ] = 50
    learning_rate: Annotated[float, Meta(gt=0, le=1, description="Share of each tree that counts.")] = 0.05
    leaves: Annotated[int, Meta(ge=2, le=4_096, description="Most leaves of a tree.")] = 31
    leaf_rows: Annotated[int, Meta(ge=1, description="Fewest training rows of a leaf.")] = 20
    columns: Annotated[float, Meta(gt=0, le=1, description="Share of the columns that each tree sees.")] = 1.0
    rows: Annotated[float, Meta(gt=0, le=1, description="Share of the training rows that each tree sees.")] = 0.8
    leaf_penalty: Annotated[float, Meta(ge=0, description="L2 penalty of leaf values.")] = 1.0
    coverage: Annotated[
        float,
        Meta(
            gt=0,
            lt=1,
            description="Of models of numbers: share of true values that the intervals of the answers are made to hold "
            "(split conformal, on the dev split).",
        ),
    ] = 0.9


class ForecastSpec(Section, frozen=True, kw_only=True):
    """What a forecast says: `horizon` values of the target, one every `step`, after the last one that is known."""

    step: Annotated[Duration, Meta(description="Time between two values, such as `1h` or `1d`.")]
    horizon: Annotated[int, Meta(ge=1, le=1_000, description="Values that are told.")]
    season: Annotated[
        int, Meta(ge=1, le=100_000, description="Values of one season, such as 168 for the hours of a week.")
    ]
    series: Annotated[
        list[ColumnName], Meta(description="Columns that name a series, such as a shop. None: there is one series.")
    ] = msgspec.field(default_factory=list)
    known: Annotated[
        list[ColumnName],
        Meta(
            description="Of `features.columns`: those that are known ahead, such as holidays. The others are as of "
            "the last value."
        ),
    ] = msgspec.field(default_factory=list)
    lags: Annotated[
        list[Annotated[int, Meta(ge=0)]],
        Meta(
            description="Values before the first one told, that the model reads: 0 is the last known. Default: the "
            "last ones, and those a season before what is told."
        ),
    ] = msgspec.field(default_factory=list)
