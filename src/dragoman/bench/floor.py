"""What HTTP costs by itself: an application that answers at once, behind the server and the clients of the benchmark.

`python -m dragoman.bench.floor` serves it on a free port.
"""

from __future__ import annotations

import asyncio
import socket
import statistics
import subprocess
import sys
from collections.abc import Iterator
from itertools import islice

import numpy as np
from starlette.types import Receive, Scope, Send

from dragoman.bench.load import Target, one_after_the_other

__all__ = ["measure_floor"]

REQUESTS = 200
TOUCHED_BYTES = 64 * 1024 * 1024  # of memory, between two requests: about what a batch reads of an encoder's weights
END_SECONDS = 10.0
ANSWER = b"{}"


def measure_floor(requests: Iterator[bytes]) -> float:
    """Median milliseconds of a request, one client, the caches emptied in between as a batch empties them."""
    command = [sys.executable, "-m", "dragoman.bench.floor"]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    try:
        target = Target("127.0.0.1", int(child.stdout.readline()))
        memory = np.zeros(TOUCHED_BYTES, dtype=np.uint8)
        answered = asyncio.run(one_after_the_other(target, islice(requests, REQUESTS), lambda: memory.sum(dtype=int)))
        return statistics.median(one.seconds for one in answered) * 1_000
    finally:
        child.kill()
        child.wait(END_SECONDS)
        child.stdout.close()


async def answer_at_once(scope: Scope, receive: Receive, send: Send) -> None:
    """The smallest application: it reads the body and answers with two bytes."""
    while (await receive()).get("more_body"):
        pass
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(ANSWER))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": ANSWER})


def serve() -> None:
    """Serve until the process is killed; the port is the first line of the output."""
    import uvicorn  # heavy: only the child needs it

    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    config = uvicorn.Config(answer_at_once, lifespan="off", loop="asyncio", log_config=None, access_log=False)
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    serve()
