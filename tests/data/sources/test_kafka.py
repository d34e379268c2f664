from __future__ import annotations

import json

import pytest
from tests.data.sources.reading import Read

from dragoman.data.sources.kafka import KafkaTopic, Message
from dragoman.errors import InvalidInput


class FakeBroker:
    """Partitions in lists; None where a message is gone."""

    def __init__(self, *partitions: list, first: int = 0) -> None:
        self.partitions, self.first = dict(enumerate(partitions)), first

    def offsets(self, topic):
        return {number: (self.first, len(messages)) for number, messages in self.partitions.items()}

    def messages(self, topic, partition, start, stop):
        for offset, value in enumerate(self.partitions[partition]):
            if start <= offset < stop and value is not ...:
                yield Message(offset, value)


def value(id: str) -> bytes:
    return json.dumps({"id": id}).encode()


def topic(broker: FakeBroker, since: dict[str, int] | None = None) -> KafkaTopic:
    return KafkaTopic(broker, "chat", columns={"id": "string"}, since=since)


def ids(source: KafkaTopic) -> list[str]:
    return [row["id"] for batch, _ in source.batches() for row in batch.to_pylist()]


def test_a_topic_is_read_partition_by_partition_up_to_its_end():
    source = topic(FakeBroker([value("a"), value("b")], [value("c")]))
    assert ids(source) == ["a", "b", "c"]
    assert source.positions() == {"kafka:chat": {"0": 2, "1": 1}}
    assert list(source.digests()) == ["kafka:chat/0@0-1", "kafka:chat/1@0-0"]
    assert source.share() == 1.0


def test_nothing_is_lost_or_doubled_from_one_time_to_the_next():
    broker = FakeBroker([value("a")], [value("b")])
    first = topic(broker)
    assert ids(first) == ["a", "b"]
    broker.partitions[1] += [value("c")]
    broker.partitions[2] = [value("d")]
    second = topic(broker, first.positions()["kafka:chat"])
    assert ids(second) == ["c", "d"]
    assert ids(topic(broker, second.positions()["kafka:chat"])) == []


def test_a_position_is_behind_the_last_message_and_no_further():
    """What follows may be a transaction that is not committed yet."""
    source = topic(FakeBroker([value("a"), ..., ...]))
    assert ids(source) == ["a"]
    assert source.positions() == {"kafka:chat": {"0": 1}}


def test_messages_that_are_no_objects_are_refused_with_their_offset():
    found = Read(topic(FakeBroker([value("a"), b"[]", None, b"\xff", value("b")])))
    assert list(found.problems) == ["kafka:chat/0:1", "kafka:chat/0:3"]
    assert found.rows == {0: {"id": "a"}, 4: {"id": "b"}}


def test_messages_that_were_removed_unread_are_an_error():
    with pytest.raises(InvalidInput, match="has the offsets 1 to 2, and was read up to 0"):
        ids(topic(FakeBroker([..., value("b")], first=1), {"0": 0}))


def test_another_topic_of_the_same_name_is_an_error():
    with pytest.raises(InvalidInput, match="another topic"):
        ids(topic(FakeBroker([value("a")]), {"0": 5}))
