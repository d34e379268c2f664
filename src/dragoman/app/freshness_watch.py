"""How fresh the online rows of a workspace's views are, and who answers from them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from dragoman.app.features import Features
from dragoman.clock import seconds
from dragoman.monitoring.freshness import ViewFreshness, freshness_symptoms
from dragoman.records import AppliedView, Symptom
from dragoman.spec import ModelSpec

__all__ = ["FreshnessWatch"]

SERVING_ROLES = ("champion", "challenger", "release")


class FreshnessWatch:
    """Asks the online store at every call."""

    def __init__(self, features: Features, *, clock: Callable[[], float] = seconds) -> None:
        self.features, self.clock = features, clock

    def freshness(self, *, sizes: bool = False) -> list[ViewFreshness]:
        """How fresh the rows of every kept definition are, by view; with `sizes`, also how much they take."""
        if not (alive := self.features.alive()):
            return []
        taken = {one.name: one.bytes for one in self.features.store.namespaces()} if sizes else {}
        in_force = {(view.name, view.digest) for view in self.features.place.catalog.views()}
        readers = self._readers()
        targets = {spec.name: spec.slo.freshness_seconds for spec in self.features.place.specs_or_none()}
        return [
            self._freshness(
                view,
                readers[view.name, view.digest],
                targets,
                applied=(view.name, view.digest) in in_force,
                bytes=sum(size for name, size in taken.items() if name.startswith(_rows_of(view))) if sizes else None,
            )
            for view in alive
        ]

    def symptoms(self, specs: Sequence[ModelSpec]) -> list[Symptom]:
        """What is stale of the rows that models answer from, where their specs have an objective."""
        targets = {spec.name: spec.slo.freshness_seconds for spec in specs if spec.slo.freshness_seconds}
        rows = self.freshness() if targets else []
        return [
            symptom
            for name, target in targets.items()
            for symptom in freshness_symptoms(name, target, [row for row in rows if name in row.models])
        ]

    def _freshness(
        self,
        view: AppliedView,
        models: Sequence[str],
        targets: Mapping[str, float],
        *,
        applied: bool,
        bytes: int | None,
    ) -> ViewFreshness:
        from dragoman.features.online import watermark  # heavy: the online rows

        wanted = [target for model in models if (target := targets.get(model))]
        return ViewFreshness.of(
            watermark(view, self.features.store),
            view.name,
            view.digest,
            now=self.clock(),
            applied=applied,
            models=models,
            bytes=bytes,
            target=min(wanted, default=None),
        )

    def _readers(self) -> defaultdict[tuple[str, str], list[str]]:
        """The models that answer from each definition."""
        readers: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        for view, use in self.features.pinned.in_use():
            if set(use.role.split(", ")) & set(SERVING_ROLES) and use.model not in readers[view, use.digest]:
                readers[view, use.digest].append(use.model)
        return readers


def _rows_of(view: AppliedView) -> str:
    """What the names of a definition's rows in the online store begin with."""
    return f"{view.name}@{view.digest}/"
