"""The contract of a task: how to prepare an input, and how to finish its answer. The engine knows none of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, NamedTuple, Protocol

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from dragoman.models.readouts import Readout
from dragoman.records import Prediction, QuestionInput, RankInput, RowInput, TextInput

__all__ = [
    "ROW_IDS",
    "CommonParameters",
    "Piece",
    "Prepared",
    "RowEncoder",
    "Task",
    "TextParameters",
    "TooLong",
    "TruncateFrom",
]

TooLong = Literal["truncate", "refuse", "windows"]
TruncateFrom = Literal["end", "start"]
ROW_IDS = (0,)  # the one token that stands for a row of a table


class CommonParameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a caller may ask of every task: nothing."""


class TextParameters(CommonParameters, frozen=True, kw_only=True):
    """What a caller may ask of every task that reads texts; None means what the model's spec says."""

    too_long: Annotated[
        TooLong | None,
        Meta(
            description="What a text of more than `max_tokens` becomes: cut (`truncate`), a 413 (`refuse`), or "
            "`windows`, parts that overlap and whose answers become one. Default: as the model's spec says."
        ),
    ] = None
    truncate_from: Annotated[
        TruncateFrom | None,
        Meta(
            description="Where a text that is cut loses tokens: at its `end`, or at its `start`, so that its last ones "
            "are read. Only with `too_long` `truncate`. Default: the end."
        ),
    ] = None
    stride: (
        Annotated[
            int,
            Meta(ge=0, description="Tokens that two windows share, at most half a window. Default: as the spec says."),
        ]
        | None
    ) = None


class Piece(NamedTuple):
    """One sequence for the engine: token ids with special tokens, and what to read from its hidden states.

    `features` are the values of the columns that the readout reads beside the text, `[columns]`. A row of a table is a
    piece of one token, `ROW_IDS`, with its features.
    """

    ids: Sequence[int]
    types: Sequence[int] | None  # token types; None: zeros
    readout: Readout
    features: NDArray[np.float32] | None = None


class Prepared(NamedTuple):
    """One input on its way: its pieces, and what is told of it whatever the model answers."""

    pieces: list[Piece]
    text: str  # whose language and script are told; empty for a row of a table, which has neither, and no tokens
    language: str | None  # as the caller gave it
    windows: int
    truncated: bool
    state: Any  # what `finish` needs, and only the task knows
    features: Mapping[str, Any] | None = None  # column → value as the model read it, looked-up ones included

    @property
    def tokens(self) -> int:
        return sum(len(piece.ids) for piece in self.pieces) if self.text else 0


class RowEncoder(Protocol):
    """From values by column to the numbers that a readout takes: `models.tabular.FeatureSchema`."""

    def encode(self, rows: Sequence[Mapping[str, Any]]) -> NDArray[np.float32]:
        """`[rows, columns]`, NaN for what is missing."""
        ...


class Task(Protocol):
    """One thing a model does. Holds no state of a request; safe to share between threads."""

    @property
    def name(self) -> str:
        """As in a spec: "text-classification"."""
        ...

    @property
    def labels(self) -> Sequence[str]:
        """Empty for a task without a label set."""
        ...

    @property
    def Input(self) -> type[TextInput | QuestionInput | RankInput | RowInput]:  # noqa: N802 (holds a class)
        """The kind of its inputs."""
        ...

    @property
    def Parameters(self) -> type[CommonParameters]:  # noqa: N802 (holds a class)
        """The kind of its parameters."""
        ...

    @property
    def Answer(self) -> type[Prediction]:  # noqa: N802 (holds a class)
        """The kind of its predictions, whose own fields are those that `finish` gives."""
        ...

    def prepare(self, inputs: Sequence[Any], parameters: Any) -> list[Prepared]:
        """Tokens and windows of each input. Raises `InvalidRequest` and its kinds naming the input by its index."""
        ...

    def finish(self, prepared: Prepared, outputs: Sequence[NDArray[np.float32]], parameters: Any) -> dict[str, Any]:
        """The result fields of the input's prediction, from what was read of each of its pieces."""
        ...
