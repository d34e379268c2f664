"""Running the application: one process, one port, a clean end."""

from __future__ import annotations

import errno
import math
import socket
import time
from collections.abc import Callable
from types import FrameType

import uvicorn
from starlette.applications import Starlette

from dragoman.api.lifecycle import Lifecycle
from dragoman.errors import Conflict, InvalidInput

__all__ = ["bind", "run_server"]

BACKLOG = 2_048
LAST_PORT = 65_535
FLUSH_SECONDS = 5  # for the last answers to reach slow readers


def run_server(
    app: Starlette,
    *,
    host: str,
    port: int,
    on_ready: Callable[[], None],
    drain_seconds: float = 30.0,
    listener: socket.socket | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, then drain and return.

    Draining: `/health/ready` and new predictions are answered with 503 while those in flight finish. After
    `drain_seconds`, or at a second signal, they have five more seconds before they are cancelled. `on_ready` is called
    when the port answers. `listener` is a socket that `bind` opened earlier. Raises `Conflict` if the port is taken.
    """
    listener = listener or bind(host, port)
    config = uvicorn.Config(
        app,
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=FLUSH_SECONDS,
    )
    DrainingServer(config, app.state.lifecycle, on_ready, drain_seconds).run(sockets=[listener])


def bind(host: str, port: int) -> socket.socket:
    """Open a listening socket; port 0 takes any free one.

    Raises `Conflict` if the port is taken and `InvalidInput` if the address cannot be used.
    """
    if not 0 <= port <= LAST_PORT:
        raise InvalidInput(f"{port} is not a port.", help="use a port from 1024 to 65535, or 0 for any free one.")
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
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


class DrainingServer(uvicorn.Server):
    """A uvicorn server that answers while it drains."""

    def __init__(
        self, config: uvicorn.Config, lifecycle: Lifecycle, on_ready: Callable[[], None], drain_seconds: float
    ) -> None:
        super().__init__(config)
        self.lifecycle, self.on_ready, self.drain_seconds = lifecycle, on_ready, drain_seconds
        self._deadline = math.inf

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.on_ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal drains, the second ends the wait. Neither is raised again: the exit code is 0."""
        self._deadline = time.monotonic() + (self.drain_seconds if self._deadline == math.inf else 0.0)
        self.lifecycle.drain()

    async def on_tick(self, counter: int) -> bool:
        if self._deadline < math.inf and (not self.lifecycle.in_flight or time.monotonic() >= self._deadline):
            self.should_exit = True
        return await super().on_tick(counter)
