"""A web server in this process that keeps what it was sent, and answers as it is told."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from tests.services.certificates import server_context

__all__ = ["Reply", "Request", "WebServer", "running_web"]


class Request(NamedTuple):
    """What was posted."""

    path: str
    headers: dict[str, str]  # by name in lower case
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Reply(NamedTuple):
    """What is answered."""

    status: int = 200
    headers: Mapping[str, str] = MappingProxyType({})
    body: bytes = b""
    drip_seconds: float = 0.0  # between two bytes of an answer that never ends
    silent: bool = False  # the connection is closed without a word


class WebServer(ThreadingHTTPServer):
    """Keeps requests in `requests`; `reply` says what comes back, and may be replaced."""

    daemon_threads = True
    block_on_close = False
    requests: list[Request]
    reply: Callable[[Request], Reply]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away are part of the tests."""


class Handler(BaseHTTPRequestHandler):
    server: WebServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        request = Request(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
        self.server.requests.append(request)
        reply = self.server.reply(request)
        if not reply.silent:
            self._answer(reply)
        self.close_connection = True

    def _answer(self, reply: Reply) -> None:
        if reply.drip_seconds:
            self.wfile.write(b"HTTP/1.1 ")
            while True:  # until the client has enough
                self.wfile.write(b"2")
                time.sleep(reply.drip_seconds)
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing is printed."""


@contextmanager
def running_web(certificate: Path | None = None) -> Iterator[WebServer]:
    """A server on a free port of 127.0.0.1; with TLS where a certificate is given."""
    server = WebServer(("127.0.0.1", 0), Handler)
    server.requests, server.reply = [], lambda request: Reply()
    if certificate is not None:
        server.socket = server_context(certificate).wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
