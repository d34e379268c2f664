"""A sink that remembers, and requests that leave their spans there."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from starlette.types import ASGIApp

from dragoman.api.application import create_app
from dragoman.models.packing import PackedBatch
from dragoman.monitoring.traces import Span, SpanTracer, TraceStats
from dragoman.release.traffic import Traffic
from dragoman.runtime.base import FakeSession, Floats
from dragoman.serving.model import Model
from dragoman.serving.table import ModelTable
from dragoman.serving.tracing import Trace

__all__ = ["PARENT", "BrokenSession", "Kept", "KeptSink", "SlowLog", "client_of", "named", "predict", "table_of"]

TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
PARENT = f"00-{TRACE}-{CALLER}-01"


class KeptSink:
    """Remembers what it is given. Implements `Sink`."""

    def __init__(self) -> None:
        self.kept: list[Kept] = []
        self.came = threading.Event()

    def put(self, trace: Trace, spans: list[Span]) -> None:
        self.kept.append(Kept(trace, spans))
        self.came.set()

    def stats(self) -> TraceStats:
        return TraceStats(exported=sum(len(one.spans) for one in self.kept))

    def close(self) -> None: ...


class Kept:
    """What came of one request."""

    def __init__(self, trace: Trace, spans: list[Span]) -> None:
        self.trace, self.request, self.spans = trace, spans[0], spans

    @property
    def names(self) -> list[str]:
        return [span.name for span in self.spans[1:]]

    def __getitem__(self, name: str) -> Span:
        (found,) = named(self, name)
        return found


class BrokenSession(FakeSession):
    """Fails with a message that quotes what it was about."""

    def run(self, batch: PackedBatch) -> Floats:
        raise RuntimeError("cannot read 'my secret order'")


class SlowLog:
    """A recorder that takes a moment."""

    async def record(self, *_: Any) -> None:
        await asyncio.sleep(0.001)


def named(kept: Kept, name: str) -> list[Span]:
    return [span for span in kept.spans[1:] if span.name == name]


def table_of(*models: Model) -> ModelTable:
    table = ModelTable()
    for model in models:
        table.add(model, aliases=["champion"])
    return table


@asynccontextmanager
async def client_of(app: ASGIApp) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield client


async def predict(
    *models: Model, texts: list[str], times: int = 1, headers: dict[str, str] | None = None
) -> list[Kept]:
    """What requests for the first model leave, asked one after the other."""
    sink, table = KeptSink(), table_of(*models)
    app = create_app(table, tracer=SpanTracer(sink), traffic=Traffic(table, SlowLog()))  # type: ignore[arg-type]
    async with client_of(app) as client:
        for _ in range(times):
            await client.post(f"/v1/models/{models[0].name}/predict", json={"inputs": texts}, headers=headers)
    return sink.kept
