"""A Kafka topic, from the offsets that a dataset version holds up to its newest message.

Offsets are stored with the dataset version, in the same commit, and nowhere else: a message is in exactly one version,
whenever a process dies. No consumer group is joined.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Protocol

from dragoman.data.batches import SourceBatch
from dragoman.data.sources.base import Columns, Position, Refuse, Refused, refuse_all
from dragoman.data.sources.json_lines import BadLineError, read_object
from dragoman.data.sources.rows import batches_of_rows
from dragoman.errors import InvalidInput

__all__ = ["Broker", "KafkaTopic", "Message"]

BATCH_MESSAGES = 8_192


class Message(NamedTuple):
    """One message of a partition; without a value it says that others were deleted."""

    offset: int
    value: bytes | None


class Broker(Protocol):
    """What is asked of Kafka."""

    def offsets(self, topic: str) -> dict[int, tuple[int, int]]:
        """Partition → its first offset, and the one that the next message will get.

        Raises `NotFound` for an unknown topic, and `Unavailable`.
        """

    def messages(self, topic: str, partition: int, start: int, stop: int) -> Iterator[Message]:
        """The messages of a partition from offset `start` on, before `stop`, in order, as far as they are there.

        Offsets may be missing: Kafka removes messages, and uses offsets for marks of its own. Raises `Unavailable`.
        """


class KafkaTopic:
    """The messages of a topic that are new since `since`; each is a JSON object. Implements `Source`.

    Their places are offsets. Raises `InvalidInput` if the broker has already removed messages that were not read.
    """

    def __init__(self, broker: Broker, topic: str, *, columns: Columns, since: Position | None = None) -> None:
        self.broker, self.topic, self.columns = broker, topic, columns
        self.name = f"kafka:{topic}"
        self._position = dict(since or {})
        self._digests: dict[str, str] = {}
        self._done = self._total = 0

    def batches(self, refuse: Refuse = refuse_all) -> Iterator[SourceBatch]:
        spans = self._spans()
        self._total = sum(stop - start for start, stop in spans.values())
        for partition, (start, stop) in sorted(spans.items()):
            self._position[str(partition)] = start
            if start < stop:
                yield from self._partition(partition, start, stop, refuse)

    def digests(self) -> dict[str, str]:
        return self._digests

    def positions(self) -> dict[str, Position]:
        return {self.name: self._position}

    def share(self) -> float | None:
        return self._done / self._total if self._total else None

    def _spans(self) -> dict[int, tuple[int, int]]:
        """Partition → the offsets to read. What comes later is for the next time."""
        spans = {}
        for partition, (first, stop) in self.broker.offsets(self.topic).items():
            start = self._position.get(str(partition), first)
            if not first <= start <= stop:
                raise InvalidInput(
                    f"Partition {partition} of '{self.topic}' has the offsets {first} to {stop}, and was read up to "
                    f"{start}: messages were removed before they were read, or it is another topic.",
                    help="`--from-start` reads what is there.",
                )
            spans[partition] = (start, stop)
        return spans

    def _partition(self, partition: int, start: int, stop: int, refuse: Refuse) -> Iterator[SourceBatch]:
        file, digest = f"{self.name}/{partition}", hashlib.sha256()
        rows, offsets = list[Mapping[str, Any]](), list[int]()
        for message in self.broker.messages(self.topic, partition, start, stop):
            self._done += 1
            self._position[str(partition)] = message.offset + 1
            digest.update(f"{message.offset}:{len(message.value or b'')}:".encode() + (message.value or b""))
            if (row := _row(message, file, refuse)) is not None:
                rows.append(row)
                offsets.append(message.offset)
            if len(rows) == BATCH_MESSAGES:
                yield from batches_of_rows(rows, offsets, file=file, columns=self.columns)
                rows, offsets = [], []
        yield from batches_of_rows(rows, offsets, file=file, columns=self.columns)
        if (end := self._position[str(partition)]) > start:
            self._digests[f"{file}@{start}-{end - 1}"] = digest.hexdigest()


def _row(message: Message, file: str, refuse: Refuse) -> Mapping[str, Any] | None:
    if message.value is None:
        return None
    try:
        return read_object(message.value)
    except BadLineError as error:
        refuse(Refused(file, message.offset, str(error), message.value.decode(errors="backslashreplace")))
        return None
