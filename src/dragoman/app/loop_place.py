"""The workspace as the loop sees it: a spec that cannot be read stops its own model only."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dragoman.app.workspace import Workspace
from dragoman.errors import DragomanError
from dragoman.loop.schedule import Periods, Subject
from dragoman.registry.uri import CHAMPION
from dragoman.settings import read_settings
from dragoman.spec import ModelSpec, read_spec

__all__ = ["LoopPlace", "open_loop_place"]

logger = logging.getLogger(__name__)


class LoopPlace(Workspace):
    """A workspace of which specs with errors are left out, and said once."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._said: set[str] = set()

    @property
    def periods(self) -> Periods:
        settings = self.settings
        return Periods(settings.loop_evaluate_minutes, settings.loop_materialize_minutes, settings.loop_compact_hours)

    @property
    def has_views(self) -> bool:
        return bool(self.catalog.views())

    def subjects(self) -> list[Subject]:
        """The models that have a champion, by name."""
        specs = [spec for spec in self.specs_or_none() if self.catalog.alias(spec.name, CHAMPION)]
        return [Subject(spec.name, evaluates=_evaluates(spec), reviews=self._reviews(spec)) for spec in specs]

    def say_once(self, text: str) -> None:
        """Write it to the log, if it was not said by this process before."""
        if text not in self._said:
            self._said.add(text)
            logger.warning("%s", text)

    def _reviews(self, spec: ModelSpec) -> bool:
        if not spec.has_labels or not spec.log.enabled:
            return False
        if spec.reads_text and not spec.log.text:
            self.say_once(f"'{spec.name}' gets no review tasks: its log keeps no text (log.text in its spec).")
            return False
        return True

    def _read_specs(self) -> list[ModelSpec]:
        found: dict[str, ModelSpec] = {}
        for spec in self._readable(sorted((self.root / "models").glob("*.toml"))):
            found.setdefault(spec.name, spec)
        return list(found.values())

    def _readable(self, paths: list[Path]) -> Iterator[ModelSpec]:
        for path in paths:
            try:
                yield read_spec(path)
            except DragomanError as error:
                self.say_once(f"The loop leaves out a model: {error.message}")


def _evaluates(spec: ModelSpec) -> bool:
    return spec.has_labels or spec.retraining is not None


def open_loop_place(path: str | Path) -> LoopPlace:
    """Open the workspace in `path`. Raises `NotFound` if it is none."""
    root = Path(path).resolve()
    return LoopPlace(root, read_settings(root))
