"""Live quality of the models of a workspace: from its labels, its prediction log and its versions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

import msgspec

from dragoman.app.monitor import LOG_FOLDER
from dragoman.app.workspace import Workspace
from dragoman.clock import utc
from dragoman.errors import NotFound, WrongTask
from dragoman.feedback.delays import delay_curves
from dragoman.feedback.joining import Join, Span, join_labels
from dragoman.feedback.quality import Held, live_quality
from dragoman.monitoring.prediction_log.query import read_pending
from dragoman.records import DelayCurve, LiveQuality, Report
from dragoman.registry.bundle import EVALUATION_FILE
from dragoman.registry.uri import CHAMPION

__all__ = ["Audits", "Quality"]

AUDIT, REVIEW = "audit", "review"  # sources of the labels that reviewers give
# A model → predictions that were drawn at random and answered → the probability with which each was drawn.
Audits = Callable[[str], Mapping[str, float]]


def no_audits(model: str) -> Mapping[str, float]:
    """Of a workspace whose predictions nobody reviews."""
    return {}


def trusted(sources: Sequence[str]) -> list[str]:
    """Sources as a spec names them; audits, which are answers of reviewers too, come just before other reviews."""
    if AUDIT in sources or REVIEW not in sources:
        return list(sources)
    place = sources.index(REVIEW)
    return [*sources[:place], AUDIT, *sources[place:]]


class Quality:
    """What is known of versions in use. `clock` gives the present, with a zone."""

    def __init__(
        self, workspace: Workspace, *, audits: Audits = no_audits, clock: Callable[[], datetime] = utc
    ) -> None:
        self.workspace, self.audits, self.clock = workspace, audits, clock

    def live(self, model: str, *, version: int | None = None) -> LiveQuality:
        """Quality of a version, the champion by default, over the window of the spec's `[feedback]`.

        Raises `NotFound` for an unknown model or version, and `WrongTask` for a model that answers no labels.
        """
        spec = self.workspace.spec(model)
        if not spec.has_labels:
            raise WrongTask(
                f"Live quality is a share of right labels, and '{model}' is a model for {spec.task}.",
                help=f"`dragoman monitor {model}` shows which share of true values lies inside its intervals.",
            )
        number = self._number(model, version)
        held = self._held(model, number)
        span = self.span(model, days=spec.feedback.window_days, version=str(number))
        with self.join(span) as join:
            return live_quality(join, maturity_days=spec.feedback.maturity_days, held=held)

    def delays(self, model: str, *, days: float) -> list[DelayCurve]:
        """How long labels of the predictions of the last days take, source by source, over all versions."""
        self.workspace.spec(model)
        with self.join(self.span(model, days=days)) as join:
            return delay_curves(join)

    def span(self, model: str, *, days: float, version: str = "") -> Span:
        """The last days until now."""
        now = self.clock()
        return Span(model, version, now - timedelta(days=days), now)

    @contextmanager
    def join(self, span: Span) -> Iterator[Join]:
        """The labels of a model beside its predictions, by the trust of its spec; `judged` of it gives both."""
        sources = trusted(self.workspace.spec(span.model).feedback.sources)
        with join_labels(
            self.workspace.tables,
            span,
            sources=sources,
            audits=self.audits(span.model),
            pending=read_pending(self.workspace.state / LOG_FOLDER),
        ) as join:
            yield join

    def _number(self, model: str, version: int | None) -> int:
        number = self.workspace.catalog.alias(model, CHAMPION) if version is None else version
        if number is None:
            raise NotFound(f"'{model}' has no champion.", help="Name a version: --version 1.")
        return self.workspace.catalog.version(model, number).number

    def _held(self, model: str, number: int) -> Held:
        """What the bundle says of held-out rows, where it does."""
        bundle = self.workspace.registry.compared(self.workspace.catalog.version(model, number))
        path = bundle.folder / EVALUATION_FILE
        return Held.of(msgspec.json.decode(path.read_bytes(), type=Report)) if path.is_file() else Held()
