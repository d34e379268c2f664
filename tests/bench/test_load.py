from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count, repeat

import pytest

from dragoman.bench.load import Answered, Target, closed_loop, open_loop, post_bytes

Answer = Callable[[int], Awaitable[tuple[int, bytes] | None]]  # number of a request → status and body; None: hang up


class Server:
    """Answers POST requests as it is told, and remembers them."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.bodies: list[bytes] = []
        self.under_way = self.most_under_way = self.connections = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                self.bodies.append(await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split()[0])))
                if (found := await self.answered()) is None:
                    return
                status, body = found
                writer.write(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n" % (status, len(body)))
                writer.write(body[:2])  # in two parts, as a network may bring it
                await writer.drain()
                await asyncio.sleep(0)
                writer.write(body[2:])
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()

    async def answered(self) -> tuple[int, bytes] | None:
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            return await self.answer(len(self.bodies))
        finally:
            self.under_way -= 1


async def at_once(number: int) -> tuple[int, bytes]:
    return 200, b"answer %d" % number


def run(answer: Answer, load: Callable[[Target], Awaitable[list[Answered]]]) -> tuple[Server, list[Answered]]:
    """What the load found at a server."""

    async def both() -> tuple[Server, list[Answered]]:
        made = Server(answer)
        listener = await asyncio.start_server(made.serve, "127.0.0.1", 0)
        async with listener:
            return made, await load(Target("127.0.0.1", listener.sockets[0].getsockname()[1]))

    return asyncio.run(both())


def requests(count_from: int = 0):
    return (post_bytes("/", b"%d" % number) for number in count(count_from))


def test_a_target_is_read_from_an_address() -> None:
    assert Target.of("http://127.0.0.1:40123") == Target("127.0.0.1", 40123)


def test_a_request_is_a_post_of_json_with_its_length() -> None:
    head, body = post_bytes("/v1/x", b'{"a": 1}').split(b"\r\n\r\n")
    assert head.startswith(b"POST /v1/x HTTP/1.1\r\nHost: ")
    assert (b"Content-Type: application/json" in head, b"Content-Length: 8" in head, body) == (True, True, b'{"a": 1}')


def test_a_closed_loop_answers_every_request_in_its_turn() -> None:
    server, answered = run(at_once, lambda target: closed_loop(target, requests(), clients=1, seconds=0.1))
    assert [one.body for one in answered] == [b"answer %d" % (number + 1) for number in range(len(answered))]
    assert server.bodies == [b"%d" % number for number in range(len(answered))]
    assert {one.status for one in answered} == {200}


def test_a_closed_loop_has_as_many_requests_under_way_as_clients() -> None:
    async def slowly(number: int) -> tuple[int, bytes]:
        await asyncio.sleep(0.01)
        return 200, b""

    server, answered = run(slowly, lambda target: closed_loop(target, requests(), clients=7, seconds=0.1))
    assert (server.most_under_way, server.connections) == (7, 7)
    assert min(one.seconds for one in answered) >= 0.009


def test_statuses_are_told() -> None:
    async def by_turns(number: int) -> tuple[int, bytes]:
        return (200, b"good") if number % 2 else (429, b"too many")

    _, answered = run(by_turns, lambda target: closed_loop(target, requests(), clients=1, seconds=0.1))
    assert [(one.status, one.body) for one in answered[:3]] == [(200, b"good"), (429, b"too many"), (200, b"good")]


@pytest.mark.parametrize("loop", [closed_loop, open_loop])
def test_a_broken_connection_has_status_0_and_the_next_request_a_new_one(loop: Callable) -> None:
    async def third_hangs_up(number: int) -> tuple[int, bytes] | None:
        return None if number == 3 else (200, b"")

    how = {"clients": 1} if loop is closed_loop else {"rate": 100.0}
    server, answered = run(third_hangs_up, lambda target: loop(target, requests(), seconds=0.2, **how))
    assert sorted(one.status for one in answered)[:2] == [0, 200]
    assert len(answered) == len(server.bodies) > 4


@pytest.mark.parametrize("loop", [closed_loop, open_loop])
def test_a_server_that_is_not_there_gives_status_0(loop: Callable) -> None:
    how = {"clients": 2} if loop is closed_loop else {"rate": 50.0}
    answered = asyncio.run(loop(Target("127.0.0.1", 1), requests(), seconds=0.1, **how))
    assert {one.status for one in answered} == {0}
    assert len(answered) < 100


def test_an_open_loop_keeps_its_rate_whether_it_is_answered_or_not() -> None:
    """A server that answers nobody before the last request has come."""
    arrivals = len(asyncio.run(open_loop(Target("127.0.0.1", 1), requests(), rate=200.0, seconds=0.5)))
    over = asyncio.Event()

    async def at_the_end(number: int) -> tuple[int, bytes]:
        if number == arrivals:
            over.set()
        await over.wait()
        return 200, b""

    server, answered = run(at_the_end, lambda target: open_loop(target, requests(), rate=200.0, seconds=0.5))
    assert len(answered) == len(server.bodies) == server.most_under_way == arrivals
    assert 50 < arrivals < 200


def test_an_open_loop_comes_at_the_same_times_for_the_same_seed() -> None:
    def starts(seed: int) -> list[float]:
        nowhere = Target("127.0.0.1", 1)
        due = [one.started for one in asyncio.run(open_loop(nowhere, repeat(b""), rate=100.0, seconds=0.1, seed=seed))]
        return [round(one - min(due), 6) for one in sorted(due)]

    assert starts(1) == starts(1) != starts(2)


def test_time_without_a_connection_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dragoman.bench.load.MOST_CONNECTIONS", 1)

    async def slowly(number: int) -> tuple[int, bytes]:
        await asyncio.sleep(0.02)
        return 200, b""

    server, answered = run(slowly, lambda target: open_loop(target, requests(), rate=200.0, seconds=0.1))
    assert (server.connections, server.most_under_way) == (1, 1)
    last = max(answered, key=lambda one: one.started)
    assert last.seconds >= last.late > 0.02


def test_idle_connections_that_the_server_closed_are_made_anew() -> None:
    """Uvicorn hangs up on a client that was silent for some seconds."""

    class Impatient(Server):
        async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.connections += 1
            head = await reader.readuntil(b"\r\n\r\n")
            self.bodies.append(await reader.readexactly(int(head.split(b"Content-Length: ")[1].split()[0])))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            writer.close()

    async def both() -> tuple[Server, list[Answered]]:
        made = Impatient(at_once)
        async with await asyncio.start_server(made.serve, "127.0.0.1", 0) as listener:
            target = Target("127.0.0.1", listener.sockets[0].getsockname()[1])
            return made, await open_loop(target, requests(), rate=20.0, seconds=0.5)

    server, answered = asyncio.run(both())
    assert {one.status for one in answered} == {200}
    assert server.connections == len(answered)
