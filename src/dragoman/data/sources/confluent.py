"""Kafka through Confluent's client: the extra `kafka`."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dragoman.data.sources.kafka import Message
from dragoman.errors import InvalidInput, MissingExtra, NotFound, Unavailable

__all__ = ["ConfluentBroker", "open_broker", "read_properties"]

logger = logging.getLogger(__name__)

QUIET_SECONDS = 30.0  # without a sign of the broker before it counts as gone
POLL_SECONDS = 0.2
POLL_MESSAGES = 1_000
OURS = {"enable.auto.commit": False, "enable.partition.eof": True, "auto.offset.reset": "error", "group.id": "dragoman"}


def open_broker(
    servers: str, properties: Mapping[str, str], *, quiet_seconds: float = QUIET_SECONDS
) -> ConfluentBroker:
    """A client of the brokers `HOST:PORT,…`; `properties` are librdkafka's, for encryption and passwords.

    Raises `MissingExtra`, and `InvalidInput` for a property that there is not.
    """
    try:
        from confluent_kafka import Consumer, KafkaException  # optional: the extra `kafka`
    except ImportError:
        raise MissingExtra.of("kafka", "Reading from Kafka") from None
    try:
        consumer = Consumer({**properties, "bootstrap.servers": servers, **OURS}, logger=logger)
    except KafkaException as error:
        raise InvalidInput(f"Kafka's client refuses: {_words(error)}.", help="Check the properties.") from None
    return ConfluentBroker(consumer, quiet_seconds=quiet_seconds)


def read_properties(path: Path) -> dict[str, str]:
    """A file of `key=value` lines, as Kafka's own tools take it. Raises `NotFound` and `InvalidInput`."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise NotFound(f"There is no file {path}.", help="Name a file of key=value lines.") from None
    except (OSError, UnicodeDecodeError):
        raise InvalidInput(f"{path} cannot be read.", help="Give a text file of key=value lines.") from None
    found = {}
    for number, line in enumerate(lines, start=1):
        key, separator, value = (part.strip() for part in line.partition("="))
        if key.startswith("#") or not line.strip():
            continue
        if not separator or not key:
            raise InvalidInput(f"{path}:{number} is no property.", help="Write key=value.")
        found[key] = value
    return found


class ConfluentBroker:
    """A consumer that is told where to read. Implements `Broker`."""

    def __init__(self, consumer: Any, *, quiet_seconds: float) -> None:
        self.consumer, self.quiet_seconds = consumer, quiet_seconds

    def offsets(self, topic: str) -> dict[int, tuple[int, int]]:
        from confluent_kafka import KafkaException, TopicPartition  # optional: the extra `kafka`

        try:
            found = self.consumer.list_topics(topic, timeout=self.quiet_seconds).topics[topic]
            if found.error is not None:
                raise NotFound(f"There is no topic '{topic}'.", help="Check the name of the topic.")
            return {
                number: self.consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=self.quiet_seconds)
                for number in found.partitions
            }
        except KafkaException as error:
            raise _unavailable(_words(error)) from None

    def messages(self, topic: str, partition: int, start: int, stop: int) -> Iterator[Message]:
        from confluent_kafka import TopicPartition  # optional: the extra `kafka`

        self.consumer.assign([TopicPartition(topic, partition, start)])
        try:
            for message in self._consumed():
                if message.offset() >= stop:
                    return
                yield Message(message.offset(), message.value())
                if message.offset() == stop - 1:
                    return
        finally:
            self.consumer.unassign()

    def _consumed(self) -> Iterator[Any]:
        """Messages up to the end of the partition; marks of transactions, and what they took back, are left out."""
        from confluent_kafka import KafkaError  # optional: the extra `kafka`

        heard = time.monotonic()
        while time.monotonic() - heard < self.quiet_seconds:
            for message in self.consumer.consume(POLL_MESSAGES, timeout=POLL_SECONDS):
                if message.error() is None:
                    yield message
                elif message.error().code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 (so the client calls its public code)
                    return
                else:
                    raise _unavailable(message.error().str())
                heard = time.monotonic()
        raise _unavailable(f"nothing came for {self.quiet_seconds:g} seconds")


def _words(error: Any) -> str:
    return str(error.args[0].str())


def _unavailable(why: str) -> Unavailable:
    return Unavailable(f"Kafka does not answer: {why}.", help="Check the brokers' addresses, and try again.")
