#!/usr/bin/env python3
"""What do traces cost a request?

usage: bench/tracing.py [ROUNDS]

One text a request, through the whole application (no network, a session that only counts), in blocks that take turns:
without traces; without, where the caller sends a `traceparent`; with traces, for a request that is not recorded and for
one that is, with its spans sent to a collector in another process. "request" is the time that a caller waits; "CPU" is
that of the whole process, the thread that sends included. "more" is the median of the differences to the block without
traces of the same round, with its quartiles.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from dragoman.api.application import create_app
from dragoman.api.tracing import Traced
from dragoman.monitoring.traces import SpanTracer, exporting, open_tracer
from dragoman.serving.fakes import fake_model
from dragoman.serving.table import ModelTable
from dragoman.serving.tracing import submitted, watched
from dragoman.training.environment import hardware_state

ROUNDS = 120
BLOCK = 50  # requests
CALLS = 5_000
BODY = b'{"inputs": ["where is my order"]}'
PARENT = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0"  # and the flag

App = Callable[[dict[str, Any], Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]]


class Way(NamedTuple):
    """One way to ask."""

    name: str
    app: App
    tracer: SpanTracer | None = None
    parent: bytes = b""


class Collector(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None: ...


def collect(port: Any) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    port.put(server.server_port)
    server.serve_forever()


async def ask(way: Way) -> None:
    headers = [(b"host", b"localhost"), (b"content-type", b"application/json")]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/models/support/predict",
        "query_string": b"",
        "headers": [*headers, (b"traceparent", way.parent)] if way.parent else headers,
        "http_version": "1.1",
        "scheme": "http",
        "client": ("127.0.0.1", 1),
    }
    statuses = []
    bodies = iter([BODY])

    async def receive() -> dict[str, Any]:
        for body in bodies:
            return {"type": "http.request", "body": body, "more_body": False}
        return await asyncio.get_running_loop().create_future()  # nobody leaves

    async def send(message: dict[str, Any]) -> None:
        statuses.append(message.get("status"))

    await way.app(scope, receive, send)
    assert statuses[0] == 200, statuses


async def block(way: Way) -> tuple[float, float]:
    """Seconds that a caller waits for a request, and of CPU until its spans are sent."""
    cpu, begun = time.process_time(), time.perf_counter()
    for _ in range(BLOCK):
        await ask(way)
    waited = time.perf_counter() - begun
    while way.tracer is not None and way.tracer.sink.stats().waiting:
        time.sleep(0.01)  # noqa: ASYNC251 (nothing else runs on this loop)
    return waited / BLOCK, (time.process_time() - cpu) / BLOCK


async def measure(ways: list[Way], rounds: int) -> dict[str, list[tuple[float, float]]]:
    """What each way took, round by round."""
    found: dict[str, list[tuple[float, float]]] = {way.name: [] for way in ways}
    for number in range(rounds + 1):
        for way in ways[number % len(ways) :] + ways[: number % len(ways)]:
            measured = await block(way)
            if number:  # the first round warms up
                found[way.name].append(measured)
    return found


async def idle_microseconds() -> float:
    """What stays of it where nobody traces: the layer around the application, and the looks at the variable."""

    async def nothing(scope: Any, receive: Any, send: Any) -> None: ...

    async def looks(scope: Any, receive: Any, send: Any) -> None:
        with watched("support", "1", "text-classification") as attempt:
            submitted((), hits=0, coalesced=0)
            attempt.answered(())
            attempt.logged()

    headers = [(b"host", b"localhost"), (b"content-type", b"application/json"), (b"accept", b"*/*")]
    layered, scope = Traced(looks), {"type": "http", "headers": headers}
    return min([await _each(layered, scope) for _ in range(20)]) - min([await _each(nothing, scope) for _ in range(20)])


async def _each(app: Any, scope: dict[str, Any]) -> float:
    begun = time.process_time()
    for _ in range(CALLS):
        await app(scope, None, None)
    return (time.process_time() - begun) / CALLS * 1e6


def row(name: str, its: list[tuple[float, float]], off: list[tuple[float, float]]) -> str:
    cells = [f"{name:26}"]
    for part in (0, 1):
        differences = [(one[part] - other[part]) * 1e6 for one, other in zip(its, off, strict=True)]
        low, middle, high = statistics.quantiles(differences, n=4)
        cells.append(f"{statistics.median(one[part] for one in its) * 1e6:10.0f}")
        cells.append(f"{middle:10.1f} ({low:.0f} to {high:.0f})".ljust(26))
    return "".join(cells).rstrip()


def ways_over(table: ModelTable, endpoint: str) -> list[Way]:
    tracer = open_tracer(endpoint)
    off, on = create_app(table), create_app(table, tracer=tracer)
    return [
        Way("off", off),
        Way("off, with a traceparent", off, parent=PARENT + b"1"),
        Way("on, not recorded", on, tracer, PARENT + b"0"),
        Way("on, recorded", on, tracer, PARENT + b"1"),
    ]


def main(rounds: int) -> None:
    exporting.PAUSE_MILLISECONDS = 20.0
    port: Any = multiprocessing.Queue()
    child = multiprocessing.Process(target=collect, args=(port,), daemon=True)
    child.start()
    hardware = hardware_state()
    print(f"{hardware['processor']}, {hardware['cores']} cores, Python {sys.version.split()[0]}")
    table = ModelTable()
    table.add(fake_model(), aliases=["champion"])
    ways = ways_over(table, f"http://127.0.0.1:{port.get()}")
    found = asyncio.run(measure(ways, rounds))
    tracer = ways[-1].tracer
    assert tracer is not None
    tracer.close()
    table.close()
    child.terminate()
    print(
        f"microseconds a request, {rounds} rounds of {BLOCK}\n{'':26}{'request':>10}{'more':>10}{'CPU':>26}{'more':>10}"
    )
    for name, its in found.items():
        print(row(name, its, found["off"]))
    print(f'of "off", the part that is there for traces: {asyncio.run(idle_microseconds()):.2f} us')
    print(f"spans: {tracer.sink.stats()}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else ROUNDS)
