from __future__ import annotations

import json

import pytest

from dragoman.data.sources.confluent import open_broker, read_properties
from dragoman.data.sources.kafka import KafkaTopic
from dragoman.errors import InvalidInput, NotFound, Unavailable

kafka = pytest.importorskip("confluent_kafka", reason="the extra 'kafka' is not installed")


@pytest.fixture(scope="module")
def servers():
    """librdkafka's own broker for tests, in this process, with six messages of a topic in two partitions."""
    producer = kafka.Producer({"test.mock.num.brokers": 1, "test.mock.broker.rtt": 0})
    broker = next(iter(producer.list_topics(timeout=10).brokers.values()))
    for number in range(6):
        producer.produce("chat", json.dumps({"id": f"m{number}"}).encode(), partition=number % 2)
    assert producer.flush(10) == 0
    yield f"{broker.host}:{broker.port}"
    del producer


def ids(source: KafkaTopic) -> list[str]:
    return [row["id"] for batch, _ in source.batches() for row in batch.to_pylist()]


def test_the_client_reads_a_topic_to_its_end(servers):
    broker = open_broker(servers, {}, quiet_seconds=10)
    source = KafkaTopic(broker, "chat", columns={"id": "string"})
    assert ids(source) == ["m0", "m2", "m4", "m1", "m3", "m5"]
    since = source.positions()["kafka:chat"]
    assert {partition: since[partition] for partition in ("0", "1")} == {"0": 3, "1": 3}
    assert ids(KafkaTopic(broker, "chat", columns={}, since=since)) == []


def test_reading_goes_on_where_it_ended(servers):
    broker = open_broker(servers, {}, quiet_seconds=10)
    assert ids(KafkaTopic(broker, "chat", columns={}, since={"0": 2, "1": 1})) == ["m4", "m3", "m5"]


def test_a_broker_that_is_not_there_is_unavailable():
    broker = open_broker("127.0.0.1:1", {"log_level": "0"}, quiet_seconds=0.5)
    with pytest.raises(Unavailable, match="Kafka does not answer"):
        broker.offsets("chat")


def test_a_property_that_there_is_not_is_refused():
    with pytest.raises(InvalidInput, match="No such configuration property"):
        open_broker("127.0.0.1:1", {"no.such": "1"})


def test_properties_are_read_from_a_file(tmp_path):
    (tmp_path / "kafka.properties").write_text("# access\nsasl.username = ada\nsasl.password=a=b\n\n")
    assert read_properties(tmp_path / "kafka.properties") == {"sasl.username": "ada", "sasl.password": "a=b"}


def test_a_line_that_is_no_property_is_refused_with_its_place(tmp_path):
    (tmp_path / "k").write_text("a=1\nb\n")
    with pytest.raises(InvalidInput, match="k:2 is no property"):
        read_properties(tmp_path / "k")
    with pytest.raises(NotFound):
        read_properties(tmp_path / "missing")
