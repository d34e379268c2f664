"""Spans on their way to a collector, in batches, on a thread of OpenTelemetry's SDK: the extra `otel`."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from importlib.metadata import version

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from dragoman.monitoring.traces.converting import Converter
from dragoman.monitoring.traces.spans import Span
from dragoman.monitoring.traces.tracer import TraceStats
from dragoman.serving.tracing import Trace

__all__ = ["MAX_WAITING", "ExportSink", "otlp_exporter"]

logger = logging.getLogger(__name__)

MAX_WAITING = 4_096  # spans: about 4 MB
SLACK = 1_024  # spans that requests on other threads may add at the same moment
BATCH_SPANS = 512
PAUSE_MILLISECONDS = 1_000.0  # between batches when there is little to send
CLOSE_SECONDS = 5.0
NAME = "dragoman"
UNNAMED = "unknown_service"  # what the SDK says where nobody has named the service


class ExportSink:
    """Gives spans to an exporter of the SDK. Implements `Sink`.

    The SDK forgets what its queue drops; so spans are counted in and out here, and never more than `max_waiting` wait,
    whatever the collector does. What is beyond that is dropped, and counted.
    """

    def __init__(self, exporter: SpanExporter, *, max_waiting: int = MAX_WAITING) -> None:
        self.max_waiting, self._gate = max_waiting, Gate(exporter)
        self._given = self._dropped = 0
        self._is_closed = False
        self._lock = threading.Lock()
        self._converter = Converter(own_resource(), version(NAME))
        self._processor = BatchSpanProcessor(
            self._gate,
            max_queue_size=max_waiting + SLACK,
            max_export_batch_size=min(BATCH_SPANS, max_waiting),
            schedule_delay_millis=PAUSE_MILLISECONDS,
        )

    def put(self, trace: Trace, spans: list[Span]) -> None:
        with self._lock:
            has_room = not self._is_closed and self._given - self._gate.taken + len(spans) <= self.max_waiting
            self._given += len(spans) * has_room
            self._dropped += len(spans) * (not has_room)
        if has_room:
            for span in self._converter.readable(trace, spans):
                self._processor.on_end(span)

    def stats(self) -> TraceStats:
        gate = self._gate
        return TraceStats(gate.exported, gate.failed, self._dropped, self._given - gate.taken)

    def close(self) -> None:
        """Send what waits, `CLOSE_SECONDS` at most."""
        self._is_closed = True
        closing = threading.Thread(target=self._processor.shutdown, name="dragoman-traces-close", daemon=True)
        closing.start()
        closing.join(CLOSE_SECONDS)
        if closing.is_alive():
            logger.warning("%d spans were not sent before the end.", self.stats().waiting)
            self._gate.shutdown()


class Gate(SpanExporter):
    """An exporter that is counted, and whose failures are told once, when they begin and when they are over."""

    def __init__(self, exporter: SpanExporter) -> None:
        self.exporter = exporter
        self.exported = self.failed = 0
        self._is_shut = self._is_failing = False
        self._hush = Hush()
        logging.getLogger(type(exporter).__module__).addFilter(self._hush)

    @property
    def taken(self) -> int:
        """Spans that do not wait any more."""
        return self.exported + self.failed

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        is_sent = not self._is_shut and self._sent(spans)
        if is_sent:
            self.exported += len(spans)
        else:
            self.failed += len(spans)
        self._tell(is_failing=not is_sent)
        return SpanExportResult.SUCCESS if is_sent else SpanExportResult.FAILURE

    def shutdown(self) -> None:
        """Send no more, and stop waiting for what is on its way."""
        if not self._is_shut:
            self._is_shut = True
            self.exporter.shutdown()
            logging.getLogger(type(self.exporter).__module__).removeFilter(self._hush)

    def _sent(self, spans: Sequence[ReadableSpan]) -> bool:
        try:
            return self.exporter.export(spans) is SpanExportResult.SUCCESS
        except Exception as error:
            self._hush.last = repr(error)
            return False

    def _tell(self, *, is_failing: bool) -> None:
        if is_failing and not self._is_failing:
            logger.warning("Spans do not reach the collector, and are lost: %s", self._hush.last or "no reason given")
        elif self._is_failing and not is_failing:
            logger.warning("Spans reach the collector again; %d were lost.", self.failed)
        self._is_failing = is_failing


class Hush(logging.Filter):
    """Keeps what the exporter says of every single batch, and of every try, out of the log."""

    def __init__(self) -> None:
        super().__init__()
        self.last = ""

    def filter(self, record: logging.LogRecord) -> bool:
        self.last = record.getMessage()
        return False


def otlp_exporter(endpoint: str) -> SpanExporter:
    """Sends to a collector. Headers, timeout, certificate and compression are read from `OTEL_EXPORTER_OTLP_…`."""
    return OTLPSpanExporter(endpoint=endpoint)


def own_resource() -> Resource:
    """What the spans are of: this server, named by `OTEL_SERVICE_NAME` or `OTEL_RESOURCE_ATTRIBUTES` if they do."""
    found = Resource.create({SERVICE_VERSION: version(NAME)})
    is_named = not str(found.attributes[SERVICE_NAME]).startswith(UNNAMED)
    return found if is_named else found.merge(Resource({SERVICE_NAME: NAME}))
