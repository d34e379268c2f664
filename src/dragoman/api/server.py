"""Running the application: one process, one port, a clean end."""

from __future__ import annotations

import asyncio
import errno
import math
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from dragoman.api.lifecycle import Lifecycle
from dragoman.errors import Conflict, InvalidInput

__all__ = ["bind", "run_server"]

BACKLOG = 2_048
LAST_PORT = 65_535
FLUSH_SECONDS = 5  # for the last answers to reach slow readers


def run_server(
    app: ASGIApp,
    lifecycle: Lifecycle,
    *,
    host: str,
    port: int,
    on_ready: Callable[[], None],
    prepare: Callable[[], None] | None = None,
    drain_seconds: float = 30.0,
    listener: socket.socket | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, then drain `lifecycle`, which is the application's too, and return.

    `prepare` loads the models, in a thread: until it has returned, `/health/ready` and predictions are answered with
    503. Then `on_ready` is called. Draining: new predictions are answered with 503 while those in flight finish. After
    `drain_seconds`, or at a second signal, they have five more seconds before they are cancelled, and `prepare` is
    waited for no more. `listener` is a socket that `bind` opened earlier.

    Raises `Conflict` if the port is taken, and what `prepare` or `on_ready` raises.
    """
    listener = listener or bind(host, port)
    config = uvicorn.Config(
        app,
        lifespan="off",
        loop="asyncio",  # under load uvloop was seen to leave new connections waiting for 15 to 30 s
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=FLUSH_SECONDS,
    )
    server = DrainingServer(config, lifecycle, prepare, on_ready, drain_seconds)
    server.run(sockets=[listener])
    if server.failure:
        raise server.failure


def bind(host: str, port: int) -> socket.socket:
    """Open a listening socket; port 0 takes any free one.

    Raises `Conflict` if the port is taken and `InvalidInput` if the address cannot be used.
    """
    if not 0 <= port <= LAST_PORT:
        raise InvalidInput(f"{port} is not a port.", help="use a port from 1024 to 65535, or 0 for any free one.")
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise Conflict(
                f"{host}:{port} is taken by another process.",
                help=f"stop that process (`ss -ltnp 'sport = :{port}'` names it), or choose another port.",
            ) from None
        raise InvalidInput(
            f"{host}:{port} cannot be listened on: {error.strerror}.",
            help="use an address of this machine, such as 127.0.0.1, and a port from 1024 to 65535.",
        ) from None
    # What it accepts inherits this. Asyncio sees no TCP in a socket made like so, and would let answers wait 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


class DrainingServer(uvicorn.Server):
    """A uvicorn server that answers while it loads and while it drains."""

    def __init__(
        self,
        config: uvicorn.Config,
        lifecycle: Lifecycle,
        prepare: Callable[[], None] | None,
        on_ready: Callable[[], None],
        drain_seconds: float,
    ) -> None:
        super().__init__(config)
        self.lifecycle, self.prepare, self.on_ready, self.drain_seconds = lifecycle, prepare, on_ready, drain_seconds
        self.failure: BaseException | None = None  # of `prepare`, or of `on_ready`
        self._deadline = math.inf
        self._is_loading = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        loop = asyncio.get_running_loop()
        # A thread of its own: the loop would wait for one of its own threads however long it takes.
        threading.Thread(target=self._load, args=(loop,), name="dragoman-load", daemon=True).start()

    def _load(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            if self.prepare:
                self.prepare()
        except BaseException as error:  # raised by `run_server`
            self.failure = error
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(self._loaded)

    def _loaded(self) -> None:
        self._is_loading = False
        if self.failure is None and self._deadline == math.inf:
            self.lifecycle.become_ready()
            try:
                self.on_ready()
            except Exception as error:
                self.failure = error
        self.should_exit = self.should_exit or self.failure is not None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal drains, the second ends the wait. Neither is raised again: the exit code is 0."""
        self._deadline = time.monotonic() + (self.drain_seconds if self._deadline == math.inf else 0.0)
        self.lifecycle.drain()

    async def on_tick(self, counter: int) -> bool:
        is_busy = self._is_loading or self.lifecycle.in_flight > 0
        if self._deadline < math.inf and (not is_busy or time.monotonic() >= self._deadline):
            self.should_exit = True
        return await super().on_tick(counter)
