from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import httpx
import pytest

from dragoman.api.native import create_app
from dragoman.serving.model import Model
from dragoman.serving.table import ModelTable

Connect = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def connect() -> Connect:
    """A client of the app over one model, without a network."""

    @asynccontextmanager
    async def connected(model: Model, **options: Any) -> AsyncIterator[httpx.AsyncClient]:
        models = ModelTable()
        models.add(model, aliases=["champion"])
        transport = httpx.ASGITransport(create_app(models, **options))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            yield client
        models.close()

    return connected
