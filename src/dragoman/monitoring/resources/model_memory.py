"""How much memory each loaded model takes. What models share is counted once, in equal parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from dragoman.runtime.footprint import footprint_of
from dragoman.serving.model import Model

__all__ = ["ModelMemoryCollector", "model_memory"]

Place = tuple[str, str]  # model, version


class ModelMemoryCollector(Collector):
    """Shows `model_memory` at every scrape; `models` gives those that are loaded."""

    def __init__(self, models: Callable[[], Sequence[Model]]) -> None:
        self.models = models

    def describe(self) -> list[Metric]:
        """Its name, without a look at the models."""
        return [_family()]

    def collect(self) -> Iterator[Metric]:
        family = _family()
        for place, size in model_memory(self.models()).items():
            family.add_metric(place, size)
        yield family


def model_memory(models: Sequence[Model]) -> dict[Place, float]:
    """Bytes of weights by model and version, which add up to those of the process.

    Models of one base share its weights, and int8 models of one vocabulary their word table: each has an equal part.
    Tokenizers, caches and work memory are not in it.
    """
    footprints = [footprint_of(model.backbone.engine.session) for model in models]
    heads = Counter(id(model.backbone) for model in models)
    users = Counter(table for footprint in footprints for table, _ in footprint.shared)
    found: dict[Place, float] = {}
    for model, footprint in zip(models, footprints, strict=True):
        shared = sum(size / users[table] for table, size in footprint.shared)
        place = (model.name, model.version)
        found[place] = found.get(place, 0.0) + footprint.own / heads[id(model.backbone)] + shared
    return found


def _family() -> GaugeMetricFamily:
    help = "Memory of a loaded model's weights; what models share is counted once, in equal parts."
    return GaugeMetricFamily("dragoman_model_memory_bytes", help, labels=["model", "version"])
