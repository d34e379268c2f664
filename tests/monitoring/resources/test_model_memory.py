from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from dragoman.monitoring.metrics import Metrics
from dragoman.monitoring.resources.model_memory import ModelMemoryCollector, model_memory
from dragoman.runtime.base import FakeSession
from dragoman.runtime.footprint import Footprint
from dragoman.serving.fakes import FAKE_LABELS, fake_backbone, fake_model
from dragoman.serving.model import Model
from dragoman.serving.table import ModelTable

TABLE = (1, 600)


class Weighty(FakeSession):
    """A session that says what it takes."""

    def __init__(self, own: int, *shared: tuple[int, int]) -> None:
        super().__init__(len(FAKE_LABELS))
        self.footprint = Footprint(own, shared)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def model(stack: ExitStack, session: FakeSession, name: str) -> Model:
    return stack.enter_context(fake_model(session=session, name=name))


def test_a_model_takes_what_its_session_says(stack: ExitStack) -> None:
    models = [model(stack, Weighty(100), "a"), model(stack, FakeSession(len(FAKE_LABELS)), "b")]
    assert model_memory(models) == {("a", "1"): 100.0, ("b", "1"): 0.0}


def test_a_table_that_models_share_counts_once(stack: ExitStack) -> None:
    models = [model(stack, Weighty(100, TABLE), "a"), model(stack, Weighty(50, TABLE), "b")]
    models.append(model(stack, Weighty(10, (2, 90)), "c"))
    assert model_memory(models) == {("a", "1"): 400.0, ("b", "1"): 350.0, ("c", "1"): 100.0}


def test_heads_of_one_base_share_its_weights(stack: ExitStack) -> None:
    backbone = fake_backbone(Weighty(100, TABLE))
    models = [stack.enter_context(fake_model(backbone=backbone, name=name)) for name in "ab"]
    models.append(model(stack, Weighty(0, TABLE), "c"))
    assert model_memory(models) == {("a", "1"): 250.0, ("b", "1"): 250.0, ("c", "1"): 200.0}


def test_loaded_models_are_metrics(stack: ExitStack) -> None:
    table, metrics = ModelTable(), Metrics()
    stack.callback(table.close)
    table.add(fake_model(session=Weighty(100), name="a"))
    metrics.add(ModelMemoryCollector(table.models))
    assert 'dragoman_model_memory_bytes{model="a",version="1"} 100.0' in metrics.exposition().decode()
