"""From answers to rows of the prediction log: personal data leaves them here, before anything is written."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator
from itertools import zip_longest
from typing import Any

import msgspec

from dragoman.monitoring.prediction_log.keys import logged_key
from dragoman.monitoring.prediction_log.log import PredictionLog
from dragoman.records import (
    ForecastPrediction,
    LabelPrediction,
    Prediction,
    PredictionRow,
    QuestionInput,
    RankInput,
    RowInput,
    TextInput,
    ValuePrediction,
)
from dragoman.release.traffic import Ask, Place
from dragoman.serving.features import Served
from dragoman.serving.model import Answer, Model
from dragoman.serving.tracing import current
from dragoman.spec import LogSpec
from dragoman.store.audit import now
from dragoman.text.redaction import Redactor

__all__ = ["AnswerRecorder"]

logger = logging.getLogger(__name__)

MAX_LABELS = 5  # that a row keeps, best first: the rest of a long tail costs more than it tells
PLACES = 6  # of a score


class AnswerRecorder:
    """Records every answer of the models that `policy` knows. Implements `release.traffic.Recorder`.

    `policy` gives a model's `[log]`; None for a model that is not recorded. Subjects and inputs are kept as keyed
    pseudonyms, and so are keys of entities: they can be joined and not read.
    """

    def __init__(self, log: PredictionLog, redactor: Redactor, policy: Callable[[str], LogSpec | None]) -> None:
        self.log, self.redactor, self.policy = log, redactor, policy

    async def record(self, model: Model, ask: Ask, answer: Answer, place: Place, seconds: float) -> None:
        """Append the answer's rows; with `durability = "each"`, return when they are on the disk.

        Copies are never waited for. A log that sheds does not keep an answer from its caller.
        """
        policy = self.policy(model.name)
        if policy is None or not policy.enabled:
            return
        try:
            ticket = self.log.append(list(self._rows(model, ask, answer, place, seconds, keeps_text=policy.text)))
            if policy.durability == "each" and not place.original:
                await ticket.durable()
        except Exception:
            logger.exception("An answer of '%s' was not recorded.", model.name)

    def _rows(
        self, model: Model, ask: Ask, answer: Answer, place: Place, seconds: float, *, keeps_text: bool
    ) -> Iterator[PredictionRow]:
        time, trace = now(), current()
        subject = self.redactor.pseudonym(ask.options.subject, kind="SUBJECT") if ask.options.subject else ""
        inputs = ask.inputs if isinstance(ask.inputs, list | tuple) else [ask.inputs]
        for given, one, original, served in zip_longest(inputs, answer.predictions, place.original, answer.served):
            labels, scores, abstained = result_of(one)
            value, low, high = number_of(one)
            yield PredictionRow(
                id=one.id,
                time=time,
                model=model.name,
                version=model.version,
                task=model.task.name,
                release=place.release,
                arm=place.arm,
                assigned=place.assigned,
                share=place.share,
                mirrored=original is not None,
                request=original.id if original is not None else "",
                subject=subject,
                input=self.redactor.pseudonym(content_of(given), kind="INPUT"),
                text=self.redactor.redact(text) if keeps_text and (text := text_of(given)) else None,
                language=one.language,
                script=one.script,
                tokens=one.tokens,
                windows=one.windows,
                truncated=one.truncated,
                labels=labels,
                scores=scores,
                abstained=abstained,
                value=value,
                low=low,
                high=high,
                queue_ms=answer.usage.queue_ms,
                inference_ms=answer.usage.inference_ms,
                total_ms=round(seconds * 1_000, 3),
                features=self._features(model, served) if served else {},
                key=logged_key(served.key, self.redactor) if served else "",
                features_time=served.time if served else "",
                trace=trace.context.trace if trace is not None else "",
            )

    def _features(self, model: Model, served: Served) -> dict[str, Any]:
        """Column → value as served. A text that training has not seen may be anything, so personal data leaves it."""
        return {
            name: value if model.features and model.features.knows(name, value) else self.redactor.redact(str(value))
            for name, value in served.features.items()
        }


def content_of(given: Any) -> str:
    """What tells an input from others: its text; of one with several parts, the parts as JSON. Its key is none."""
    return _content(given, without=("language", "key"))


def text_of(given: Any) -> str:
    """The text of an input, or its texts as JSON; empty for a row of a table."""
    return _content(given, without=("language", "key", "features", "time", "history", "known"))


def _content(given: Any, *, without: Collection[str]) -> str:
    if isinstance(given, str):
        return given
    if isinstance(given, TextInput | QuestionInput | RankInput | RowInput):
        given = {name: getattr(given, name) for name in given.__struct_fields__}
    elif isinstance(given, dict):
        given = {name: given[name] for name in sorted(given)}
    else:
        return str(given)
    kept = {name: value for name, value in given.items() if value is not None and name not in without}
    if list(kept) == ["text"]:
        return str(kept["text"])
    return msgspec.json.encode(kept, enc_hook=str).decode() if kept else ""


def number_of(prediction: Prediction) -> tuple[float | None, float | None, float | None]:
    """The number that a model of numbers says, and the ends of its interval; of a forecast, the first."""
    if isinstance(prediction, ForecastPrediction) and prediction.forecast:
        first = prediction.forecast[0]
        return first.value, first.low, first.high
    if isinstance(prediction, ValuePrediction):
        return prediction.value, prediction.low, prediction.high
    return None, None, None


def result_of(prediction: Prediction) -> tuple[list[str], list[float], bool]:
    """Labels, scores and abstention of a classifier; nothing of other tasks, whose answers carry texts."""
    if not isinstance(prediction, LabelPrediction):
        return [], [], False
    best = prediction.labels[:MAX_LABELS]
    return [one.label for one in best], [round(one.score, PLACES) for one in best], prediction.abstained
