"""Load on an HTTP server: clients that wait for their answers, and requests that come whether it answers or not.

Connections speak just enough HTTP/1.1 to keep themselves alive: on a machine of few cores the clients must not take the
server's time.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

__all__ = ["Answered", "Target", "closed_loop", "one_after_the_other", "open_loop", "post_bytes"]

HEAD_END = b"\r\n\r\n"
LENGTH = b"content-length:"
MOST_CONNECTIONS = 1_024
PAUSE_SECONDS = 0.01  # of a client that found no connection


class Target(NamedTuple):
    """Where requests go."""

    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> Target:
        parts = urlsplit(url)
        return cls(parts.hostname or "127.0.0.1", parts.port or 80)


class Answered(NamedTuple):
    """One request's end. `status` is 0 where there was no connection, or it broke."""

    status: int
    seconds: float  # from when it was due to its answer
    started: float  # of `time.monotonic`: when it was due
    body: bytes  # empty in an open loop, which may have millions
    late: float = 0.0  # seconds from when it was due to when it was sent


def post_bytes(path: str, body: bytes) -> bytes:
    """A POST request with a JSON body, as it goes over the wire."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def closed_loop(target: Target, requests: Iterator[bytes], *, clients: int, seconds: float) -> list[Answered]:
    """`clients` clients that each send the next request when they have their answer."""
    end = time.monotonic() + seconds
    answered: list[Answered] = []

    async def client() -> None:
        own = _Client(target)
        while time.monotonic() < end:
            answered.append(found := await own.ask(next(requests)))
            if not found.status:
                await asyncio.sleep(PAUSE_SECONDS)
        own.close()

    await asyncio.gather(*(client() for _ in range(clients)))
    return answered


async def one_after_the_other(
    target: Target, requests: Iterable[bytes], between: Callable[[], object]
) -> list[Answered]:
    """One client on one connection, which calls `between` before each request."""
    client, answered = _Client(target), []
    for request in requests:
        between()
        answered.append(await client.ask(request))
    client.close()
    return answered


async def open_loop(
    target: Target, requests: Iterator[bytes], *, rate: float, seconds: float, seed: int = 0
) -> list[Answered]:
    """`rate` requests a second at random times (a Poisson process), whether earlier ones are answered or not.

    At most 1,024 requests are under way at once: what finds no connection is late by the time until one is free, and
    that time counts.
    """
    clients = [_Client(target) for _ in range(MOST_CONNECTIONS)]
    idle, free = list(reversed(clients)), asyncio.Semaphore(MOST_CONNECTIONS)
    answered: list[Answered] = []

    async def one(due: float, request: bytes) -> None:
        async with free:
            client = idle.pop()  # the one used last: others may never be needed
            found = await client.ask(request)
            idle.append(client)
        late = found.started - due
        answered.append(Answered(found.status, late + found.seconds, due, b"", late))

    async with asyncio.TaskGroup() as group:
        async for due in _arrivals(rate, seconds, seed):
            group.create_task(one(due, next(requests)))
    for client in clients:
        client.close()
    return answered


async def _arrivals(rate: float, seconds: float, seed: int) -> AsyncIterator[float]:
    """When requests are due, each told when its time has come."""
    chance = random.Random(seed)  # noqa: S311 (no secret)
    due = now = time.monotonic()
    end = due + seconds
    while (due := due + chance.expovariate(rate)) < end:
        if due > now and due > (now := time.monotonic()):  # behind its times, it goes through them without a look
            await asyncio.sleep(due - now)
        yield due


class _Client:
    """One connection, made when it is needed, and anew after it broke; at most one request is under way."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self._connection: _Connection | None = None

    async def ask(self, request: bytes) -> Answered:
        started = time.monotonic()
        try:
            if self._connection is None or not self._connection.is_open:
                self._connection = await _connect(self.target)
            status, body = await self._connection.ask(request)
        except OSError:
            status, body = 0, b""
        return Answered(status, time.monotonic() - started, started, body)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()


class _Connection(asyncio.Protocol):
    """A connection with at most one request under way."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._waiting: asyncio.Future[tuple[int, bytes]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head_end = self._received.find(HEAD_END)
        if head_end < 0:
            return
        head = bytes(self._received[:head_end])
        end = head_end + len(HEAD_END) + _content_length(head)
        if len(self._received) >= end:
            body = bytes(self._received[head_end + len(HEAD_END) : end])
            del self._received[:end]
            self._finish(int(head.split(b" ", 2)[1]), body)

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self._finish(0, b"")

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Status and body; 0 where the connection breaks before the answer."""
        assert self._transport is not None
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._waiting

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _finish(self, status: int, body: bytes) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result((status, body))


def _content_length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(LENGTH):
            return int(line[len(LENGTH) :])
    return 0


async def _connect(target: Target) -> _Connection:
    _, connection = await asyncio.get_running_loop().create_connection(_Connection, target.host, target.port)
    return connection
