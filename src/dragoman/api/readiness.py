"""Whether the models can answer: a tiny forward pass through every engine, off the hot path."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress

from dragoman.api.lifecycle import Lifecycle
from dragoman.errors import DragomanError, ModelNotReady, NotFound
from dragoman.serving.model import Model
from dragoman.serving.table import ModelTable

__all__ = ["Readiness"]

logger = logging.getLogger(__name__)

PROBE_SECONDS = 5.0  # that a forward pass may take
FRESH_SECONDS = 1.0  # for which a probe's outcome stands: many callers cost one probe


class Readiness:
    """The last probe of each engine, made anew when it is asked for and too old."""

    def __init__(
        self, models: ModelTable, lifecycle: Lifecycle, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.models, self.lifecycle, self.clock = models, lifecycle, clock
        self._probe: asyncio.Future[list[str]] | None = None
        self._asked = 0.0

    async def check(self) -> None:
        """Raises `ModelNotReady` while the server loads or drains, or if an engine did not answer its probe."""
        self.lifecycle.check()
        if self._probe is None or (self._probe.done() and self.clock() - self._asked >= FRESH_SECONDS):
            self._asked = self.clock()
            self._probe = asyncio.ensure_future(asyncio.to_thread(self._probe_all))
        if problems := await asyncio.shield(self._probe):
            raise ModelNotReady(" ".join(problems), help="send it again after the seconds in Retry-After.")

    def _probe_all(self) -> list[str]:
        """What is wrong, a sentence for each engine whose probe failed."""
        found: dict[int, str] = {}  # by backbone: several models may share one
        for row in self.models.rows():
            reference = f"{row.name}/{row.version}" if row.version else row.name
            with suppress(NotFound), self.models.lease(reference) as model:  # it may have been unloaded meanwhile
                if id(model.backbone) not in found:
                    found[id(model.backbone)] = problem_of(model)
        return list(filter(None, found.values()))


def problem_of(model: Model) -> str:
    """Why a model cannot answer; empty if it can."""
    try:
        model.backbone.engine.probe(PROBE_SECONDS)
    except DragomanError as error:
        return f"Model '{model.name}': {error.message}"
    except Exception:
        logger.exception("The probe of '%s' failed.", model.name)
        return f"Model '{model.name}' does not work."
    return ""
