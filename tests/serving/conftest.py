from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dragoman.runtime.base import FakeSession, Session
from dragoman.serving.engine import Engine
from dragoman.serving.fakes import FakeClock, fake_engine, fake_model
from dragoman.serving.model import Model
from dragoman.spec import ServingSpec

MakeEngine = Callable[..., Engine]
MakeModel = Callable[..., Model]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def make_engine() -> Iterator[MakeEngine]:
    """Engines with batches of 64 tokens at most, closed after the test."""
    engines: list[Engine] = []

    def make(session: Session | None = None, *, max_batch_tokens: int = 64, **changes: Any) -> Engine:
        serving = ServingSpec(max_batch_tokens=max_batch_tokens, max_queue_tokens=10_000)
        engines.append(fake_engine(session or FakeSession(), serving=serving, **changes))
        return engines[-1]

    yield make
    for engine in engines:
        engine.close(timeout=1)


@pytest.fixture
def make_model() -> Iterator[MakeModel]:
    """Fake models, closed after the test."""
    models: list[Model] = []

    def make(**changes: Any) -> Model:
        models.append(fake_model(**changes))
        return models[-1]

    yield make
    for model in models:
        model.close()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()
