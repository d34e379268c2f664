"""What serving tells, passed on to those who count it for objectives, costs and drift."""

from __future__ import annotations

from collections.abc import Callable

from dragoman.clock import seconds
from dragoman.monitoring.profiler import Profiler
from dragoman.monitoring.recent import RecentAnswer, RecentAnswers
from dragoman.monitoring.service import ServiceCounter, TextAnswered
from dragoman.records import ForecastPrediction, LabelPrediction, ValuePrediction
from dragoman.serving.model import Model
from dragoman.serving.observer import Answered, Failed, Silent, TextSeen
from dragoman.spec import ModelSpec

__all__ = ["Watcher"]


class Watcher(Silent):
    """An `Observer` of the models of a workspace."""

    def __init__(self, service: ServiceCounter, profiler: Profiler, clock: Callable[[], float] = seconds) -> None:
        self.service, self.profiler, self.clock = service, profiler, clock
        self.recent = RecentAnswers()  # of models whose answers are not logged
        self._logged: set[str] = set()
        self._cores: dict[tuple[str, str], float] = {}  # of the sessions, by model and version

    def watch(self, model: Model, spec: ModelSpec) -> None:
        """Count what this version is asked from now on."""
        self._cores[model.name, model.version] = float(getattr(model.backbone.engine.session, "threads", 1))
        (self._logged.add if spec.log.enabled else self._logged.discard)(model.name)
        self.service.watch(model.name, model.version, spec.counted_languages, spec.slo)
        self.profiler.watch(model, spec.drift)

    def forget(self, model: str, version: str) -> None:
        self._cores.pop((model, version), None)
        self.service.forget(model, version)
        self.profiler.forget(model, version)

    def answered(self, request: Answered) -> None:
        cores = self._cores.get((request.model, request.version), 1.0)
        self.service.answered(
            request.model,
            request.version,
            [answered_text(text, cores) for text in request.texts],
            seconds=request.seconds,
            queue_seconds=request.queue_seconds,
            at=self.clock(),
            is_bulk=request.priority == "bulk",
            is_copy=request.is_copy,
        )
        self.profiler.answered(request)
        if not request.is_copy and request.model not in self._logged:
            self._remember(request)

    def labelled(self, model: str, prediction: str, truth: str) -> bool:
        """Count a label for the objective of quality; False for a prediction that is not remembered here.

        Those of models whose answers are logged are never: `feedback.label_counts` reads their labels.
        """
        answer = self.recent.take(prediction)
        if answer is None or answer.model != model:
            return False
        right = answer.is_right(truth)
        self.service.labelled(model, answer.version, answer.language, right=right, at=self.clock())
        return True

    def failed(self, request: Failed) -> None:
        self.service.failed(
            request.model,
            request.version,
            error=request.error,
            at=self.clock(),
            language=request.language,
            is_copy=request.is_copy,
        )

    def _remember(self, request: Answered) -> None:
        for text in request.texts:
            one, place = text.prediction, (request.model, request.version, text.language)
            if isinstance(one, LabelPrediction) and one.labels:
                self.recent.add(one.id, RecentAnswer(*place, one.labels[0].label))
            elif isinstance(one, ValuePrediction | ForecastPrediction):
                first = one if isinstance(one, ValuePrediction) else one.forecast[0]
                self.recent.add(one.id, RecentAnswer(*place, interval=(first.low, first.high)))


def answered_text(text: TextSeen, cores: float) -> TextAnswered:
    """A text as the counters of service see it."""
    prediction = text.prediction
    return TextAnswered(
        text.language,
        text.tokens,
        truncated=text.truncated,
        abstained=isinstance(prediction, LabelPrediction) and prediction.abstained,
        cached=text.compute == 0.0,
        compute_seconds=text.compute,
        cores=cores,
        score=score_of(text),
    )


def score_of(text: TextSeen) -> float | None:
    """The best label's score where it is a share: raw scores may be anything."""
    labels = text.prediction.labels if isinstance(text.prediction, LabelPrediction) else []
    score = labels[0].score if labels else None
    return score if score is not None and 0.0 <= score <= 1.0 else None
