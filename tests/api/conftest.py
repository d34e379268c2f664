from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import httpx
import pytest
from tests.api.world import table_of

from dragoman.api.application import create_app
from dragoman.serving.model import Model

Connect = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def connect() -> Connect:
    """A client of the app over models (one of every task, if none is given), without a network."""

    @asynccontextmanager
    async def connected(*members: Model, **options: Any) -> AsyncIterator[httpx.AsyncClient]:
        models = table_of(*members)
        transport = httpx.ASGITransport(create_app(models, **options))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            yield client
        models.close()

    return connected
