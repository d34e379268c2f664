"""What shows models at work, their objectives and alerts, and keeps silences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from dragoman.records import Alert, By, DriftView, MonitorView, Silence, SloView, SplitView

__all__ = ["MonitorDesk"]


class MonitorDesk(Protocol):
    """Where it is read. Any method may take long, and is called on a thread of its own.

    All raise `NotFound` for an unknown model and for a version that it does not have, and `InvalidRequest` for a
    language that the models asked for neither declare nor have met, and for an unknown signal or metric.
    """

    def overview(
        self, *, model: str | None = None, version: str | None = None, language: str | None = None, hours: int = 24
    ) -> MonitorView:
        """The last hours of all models or of one, in every language that they declare or have met.

        What had no traffic is shown too. `version` and `language` choose what is listed; sums stay those over all.
        The version with the most texts stands first.
        """
        ...

    def drift(
        self, model: str, *, version: str | None = None, language: str | None = None, signal: str | None = None
    ) -> Sequence[DriftView]:
        """Each watched signal by version and language in the window that says most; those that drifted first."""
        ...

    def split(self, model: str, metric: str, *, version: str | None = None, hours: int = 24) -> SplitView:
        """What made a metric change from the hours before the last `hours` to those.

        A metric is a mean over texts, such as "score" or "abstained".
        """
        ...

    def slo(self, *, model: str | None = None, language: str | None = None) -> Sequence[SloView]:
        """Every objective over all languages and in each, as it stands now."""
        ...

    def alerts(
        self,
        *,
        model: str | None = None,
        firing: bool | None = None,
        since: str = "",
        limit: int | None = None,
    ) -> Sequence[Alert]:
        """Alerts, the newest first; those that fired at `since`, UTC, or later, where given."""
        ...

    def alert(self, id: str) -> Alert:
        """Raises `NotFound`."""
        ...

    def silences(self, *, model: str | None = None, active: bool | None = None) -> Sequence[Silence]:
        """Silences by their start, also of all models; those that have not ended, or have, where `active` says so."""
        ...

    def silence(self, silence: Silence, *, by: By) -> Silence:
        """Keep a new silence."""
        ...

    def end_silence(self, id: str, *, by: By) -> Silence:
        """End a silence now. Raises `NotFound`, and `Conflict` if it has ended."""
        ...
