"""A collector: a small HTTP server that reads what an OTLP exporter sends."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

__all__ = ["Collector", "collecting", "plain"]

WAIT_SECONDS = 30.0


class Collector:
    """Keeps the spans that came, each with the attributes of its resource."""

    def __init__(self) -> None:
        self.spans: list[tuple[dict[str, Any], Any]] = []
        self.came = threading.Condition()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                is_packed = self.headers.get("Content-Encoding") == "gzip"
                collector.take(self.path, gzip.decompress(body) if is_packed else body)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self._thread.start()

    def take(self, path: str, body: bytes) -> None:
        assert path == "/v1/traces"
        message = ExportTraceServiceRequest.FromString(body)
        with self.came:
            for resource in message.resource_spans:
                named = plain(resource.resource.attributes)
                self.spans += [(named, span) for scope in resource.scope_spans for span in scope.spans]
            self.came.notify_all()

    def wait_for(self, count: int) -> list[Any]:
        """The spans, when there are so many."""
        with self.came:
            assert self.came.wait_for(lambda: len(self.spans) >= count, WAIT_SECONDS), f"{len(self.spans)} spans came"
            return [span for _, span in self.spans]

    def stop(self) -> None:
        """From now on nobody listens."""
        if self._thread.is_alive():
            self.server.shutdown()
            self._thread.join()
            self.server.server_close()


@contextmanager
def collecting() -> Iterator[Collector]:
    collector = Collector()
    try:
        yield collector
    finally:
        collector.stop()


def plain(attributes: Any) -> dict[str, Any]:
    """Attributes of the protocol as a dictionary."""
    return {one.key: _value(one.value) for one in attributes}


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    found = getattr(value, kind)
    return [_value(one) for one in found.values] if kind == "array_value" else found
