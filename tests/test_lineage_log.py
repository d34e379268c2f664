from __future__ import annotations

import json
import logging
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from dragoman.app.lineage_log import KEY_VARIABLE, LineageLog, endpoint_of


def event(number: int, month: str = "2026-11") -> dict:
    return {"eventTime": f"{month}-0{number}T00:00:00Z", "number": number}


class Receiver:
    """A server of OpenLineage that answers with a status."""

    def __init__(self) -> None:
        self.status, self.events, self.keys = 201, list[int](), list[str | None]()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                assert self.path == "/api/v1/lineage"
                receiver.keys.append(self.headers.get("Authorization"))
                if receiver.status < 300:
                    receiver.events.append(body["number"])
                self.send_response(receiver.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.close()


def test_events_are_kept_in_a_file_for_each_month(tmp_path):
    LineageLog(tmp_path / "l", "").add([event(1), event(2, "2026-12")])
    LineageLog(tmp_path / "l", "").add([event(3)])
    assert sorted(path.name for path in (tmp_path / "l").iterdir()) == ["2026-11.jsonl", "2026-12.jsonl"]
    lines = (tmp_path / "l" / "2026-11.jsonl").read_text().splitlines()
    assert [json.loads(line)["number"] for line in lines] == [1, 3]


def test_a_line_that_a_dead_process_left_unfinished_stays_alone(tmp_path):
    (tmp_path / "2026-11.jsonl").write_text('{"half')
    LineageLog(tmp_path, "").add([event(1)])
    assert (tmp_path / "2026-11.jsonl").read_text().splitlines()[0] == '{"half'
    assert json.loads((tmp_path / "2026-11.jsonl").read_text().splitlines()[1])["number"] == 1


def test_events_are_sent_with_the_key_of_the_environment(tmp_path, receiver, monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, "secret")
    LineageLog(tmp_path, endpoint_of(receiver.url)).add([event(1), event(2)])
    assert (receiver.events, receiver.keys) == ([1, 2], ["Bearer secret"] * 2)


def test_what_cannot_be_sent_waits_for_the_next_time(tmp_path, receiver, caplog):
    log = LineageLog(tmp_path, endpoint_of(receiver.url))
    receiver.status = 503
    log.add([event(1), event(2)])
    receiver.status = 201
    log.add([event(3)])
    assert receiver.events == [1, 2, 3]
    assert "Lineage events wait to be sent: the server answered 503." in caplog.messages
    log.add([])
    assert receiver.events == [1, 2, 3]


def test_an_event_that_is_refused_is_given_up(tmp_path, receiver, caplog):
    log = LineageLog(tmp_path, endpoint_of(receiver.url))
    receiver.status = 422
    log.add([event(1)])
    receiver.status = 201
    log.add([event(2)])
    assert receiver.events == [2]
    assert "A lineage event was refused: the server answered 422." in caplog.messages


def test_a_server_that_is_not_there_ends_nothing(tmp_path, caplog):
    LineageLog(tmp_path, "http://127.0.0.1:1/api/v1/lineage").add([event(1)])
    assert any(message.startswith("Lineage events wait to be sent") for message in caplog.messages)


def test_a_folder_that_cannot_be_written_ends_nothing(tmp_path, caplog):
    (tmp_path / "l").write_text("a file")
    with caplog.at_level(logging.WARNING):
        LineageLog(tmp_path / "l", "").add([event(1)])
    assert caplog.messages[0].startswith("Lineage events were lost")


@pytest.mark.parametrize(
    ("setting", "address"),
    [
        ("", ""),
        ("http://marquez:5000", "http://marquez:5000/api/v1/lineage"),
        ("https://host/", "https://host/api/v1/lineage"),
        ("https://host/own/path", "https://host/own/path"),
    ],
)
def test_a_server_is_named_with_or_without_its_path(setting, address):
    assert endpoint_of(setting) == address
