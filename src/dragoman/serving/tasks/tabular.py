"""Models of tables: a label, or a number with its interval, for a row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Protocol

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from dragoman.errors import DragomanError, InvalidRequest
from dragoman.models.readouts import Readout
from dragoman.models.scores import softmax
from dragoman.records import LabelPrediction, RowInput, ValuePrediction
from dragoman.serving.tasks.base import ROW_IDS, CommonParameters, Piece, Prepared, RowEncoder
from dragoman.serving.tasks.classification import best_labels
from dragoman.serving.tasks.logits import check_logits
from dragoman.spec import ServingSpec

__all__ = ["IntervalMaker", "RowParameters", "TabularClassification", "TabularRegression", "prepare_rows"]

VALUE_NUMBERS = 3  # value, low, high
DIGITS = 7  # of an answer: float32 has no more
OF_FORECASTS = ("time", "history", "known")


class RowParameters(CommonParameters, frozen=True, kw_only=True):
    """Parameters of tabular classification."""

    top: Annotated[int, Meta(ge=1, description="How many labels to answer, best first. Default: all.")] | None = None
    raw_scores: Annotated[
        bool, Meta(description="Answer the model's numbers (logits) instead of scores between 0 and 1.")
    ] = False


class TabularClassification:
    """Logits of a row to labels with scores: shares of all labels, a softmax with `temperature`.

    An answer whose best score is below the spec's `abstain_below` says so.
    """

    name = "tabular-classification"
    Input, Parameters, Answer = RowInput, RowParameters, LabelPrediction

    def __init__(
        self,
        *,
        encoder: RowEncoder,
        readout: Readout,
        labels: Sequence[str],
        serving: ServingSpec,
        temperature: float = 1.0,
    ) -> None:
        self.encoder, self.readout, self.labels, self.serving = encoder, readout, tuple(labels), serving
        self.temperature = temperature

    def prepare(self, inputs: Sequence[RowInput], parameters: RowParameters) -> list[Prepared]:
        return prepare_rows(inputs, self.encoder, self.readout)

    def finish(
        self, prepared: Prepared, outputs: Sequence[NDArray[np.float32]], parameters: RowParameters
    ) -> dict[str, Any]:
        logits = check_logits(outputs[0][None], width=len(self.labels))
        scores = softmax(logits, temperature=self.temperature)[0]
        shown = logits[0].astype(np.float64) if parameters.raw_scores else scores
        return {
            "labels": best_labels(self.labels, shown, parameters.top),
            "abstained": bool(scores.max() < self.serving.abstain_below),
        }


class IntervalMaker(Protocol):
    """Makes the intervals of the answers hold what they promise: `models.tabular.Intervals`."""

    def apply(self, told: NDArray[Any]) -> NDArray[np.float64]:
        """`[rows, 3]` value, low and high as the model tells them → the same as they are answered."""
        ...


class TabularRegression:
    """Three numbers of a row, its value and the ends of the interval, to what is answered."""

    name = "tabular-regression"
    labels: Sequence[str] = ()
    Input, Parameters, Answer = RowInput, CommonParameters, ValuePrediction

    def __init__(self, *, encoder: RowEncoder, readout: Readout, intervals: IntervalMaker) -> None:
        self.encoder, self.readout, self.intervals = encoder, readout, intervals

    def prepare(self, inputs: Sequence[RowInput], parameters: CommonParameters) -> list[Prepared]:
        return prepare_rows(inputs, self.encoder, self.readout)

    def finish(
        self, prepared: Prepared, outputs: Sequence[NDArray[np.float32]], parameters: CommonParameters
    ) -> dict[str, Any]:
        told = outputs[0][None]
        if told.shape[1:] != (VALUE_NUMBERS,) or not np.isfinite(told).all():
            raise DragomanError("The model gave no usable numbers.", help="train it again.")
        value, low, high = (float(f"{one:.{DIGITS}g}") for one in self.intervals.apply(told)[0])
        return {"value": value, "low": low, "high": high}


def prepare_rows(inputs: Sequence[RowInput], encoder: RowEncoder, readout: Readout) -> list[Prepared]:
    """One piece per row, of one token. Raises `InvalidRequest` for what only a forecast takes."""
    for index, one in enumerate(inputs):
        for name in OF_FORECASTS:
            if getattr(one, name) is not None:
                raise InvalidRequest(f"Input {index} has {name}; this model tells no forecast.", help="leave it out.")
    rows = encoder.encode([one.features for one in inputs])
    return [
        Prepared([Piece(ROW_IDS, None, readout, row)], "", one.language, 1, False, None)
        for one, row in zip(inputs, rows, strict=True)
    ]
