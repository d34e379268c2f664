"""From answers to rows of the prediction log: personal data leaves them here, before anything is written."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from itertools import zip_longest
from typing import Any

import msgspec

from dragoman.monitoring.prediction_log.log import PredictionLog
from dragoman.records import LabelPrediction, Prediction, PredictionRow, QuestionInput, RankInput, TextInput
from dragoman.release.traffic import Ask, Place
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
    pseudonyms, so that they can be joined and not read.
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
        for given, one, original in zip_longest(inputs, answer.predictions, place.original):
            content = content_of(given)
            labels, scores, abstained = result_of(one)
            yield PredictionRow(
                id=one.id,
                time=time,
                model=model.name,
                version=model.version,
                task=model.task.name,
                release=place.release,
                arm=place.arm,
                mirrored=original is not None,
                request=original.id if original is not None else "",
                subject=subject,
                input=self.redactor.pseudonym(content, kind="INPUT"),
                text=self.redactor.redact(content) if keeps_text else None,
                language=one.language,
                script=one.script,
                tokens=one.tokens,
                windows=one.windows,
                truncated=one.truncated,
                labels=labels,
                scores=scores,
                abstained=abstained,
                queue_ms=answer.usage.queue_ms,
                inference_ms=answer.usage.inference_ms,
                total_ms=round(seconds * 1_000, 3),
                trace=trace.context.trace if trace is not None else "",
            )


def content_of(given: Any) -> str:
    """The text of an input; of one with several parts, the parts as JSON."""
    if isinstance(given, str):
        return given
    if isinstance(given, dict):
        parts = {name: given[name] for name in sorted(given) if name not in ("language", "key")}
    elif isinstance(given, TextInput | QuestionInput | RankInput):
        parts = {name: value for name, value in msgspec.structs.asdict(given).items() if name != "language"}
    else:
        return str(given)
    kept = {name: value for name, value in parts.items() if value is not None}
    return kept["text"] if list(kept) == ["text"] else msgspec.json.encode(kept).decode()


def result_of(prediction: Prediction) -> tuple[list[str], list[float], bool]:
    """Labels, scores and abstention of a classifier; nothing of other tasks, whose answers carry texts."""
    if not isinstance(prediction, LabelPrediction):
        return [], [], False
    best = prediction.labels[:MAX_LABELS]
    return [one.label for one in best], [round(one.score, PLACES) for one in best], prediction.abstained
