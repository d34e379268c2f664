"""A private Redis for tests, where it is installed."""

from __future__ import annotations

import importlib.util
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.services.ports import free_port

__all__ = ["redis_is_here", "running_redis"]

START_SECONDS = 30.0


def redis_is_here() -> bool:
    """Whether there is a server to start, and the client that asks it."""
    return shutil.which("redis-server") is not None and importlib.util.find_spec("redis") is not None


@contextmanager
def running_redis(*options: str) -> Iterator[str]:
    """An empty Redis on a free port, which keeps nothing; its address, such as `redis://127.0.0.1:1234`."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="redis-") as folder:
        places = ("--dir", folder, "--bind", "127.0.0.1", "--port", str(port))
        command = ["redis-server", *places, "--save", "", "--appendonly", "no", "--databases", "64", *options]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
            try:
                _wait_for(port, child)
                yield f"redis://127.0.0.1:{port}"
            finally:
                child.kill()


def _wait_for(port: int, child: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and child.poll() is None:
        if _answers(port):
            return
        time.sleep(0.02)
    raise TimeoutError("Redis does not start")


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False
