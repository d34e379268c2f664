from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from dragoman.api.server import bind
from dragoman.errors import Conflict, InvalidInput

PROGRAM = Path(__file__).with_name("fake_server.py")
PREDICT = "/v1/models/support/predict"
CLIENTS = 64


class Served:
    """A server process; its batches wait while it is held, and it loads while the file `loading` is there."""

    def __init__(self, folder: Path, *, drain_seconds: float) -> None:
        self.hold, self.loading, self.port = folder / "hold", folder / "loading", free_port()
        given = (PROGRAM, self.port, self.hold, drain_seconds, self.loading)
        command = [sys.executable, "-W", "error", *map(str, given)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.output = self.process.stdout
        self.url = f"http://127.0.0.1:{self.port}"

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.url, limits=httpx.Limits(max_connections=CLIENTS), timeout=20)

    def wait_for_line(self, wanted: str) -> None:
        for line in self.output:
            if line.rstrip() == wanted:
                return
        pytest.fail(f"the server ended without saying {wanted!r}")

    async def tells(self, wanted: str, *, times: int = 1) -> None:
        for _ in range(times):
            await asyncio.to_thread(self.wait_for_line, wanted)

    def end(self) -> tuple[int, list[str]]:
        """Exit code and remaining output."""
        return self.process.wait(timeout=20), self.output.read().splitlines()


Serve = Callable[..., Served]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    started: list[Served] = []

    def start(*, drain_seconds: float = 20.0, until: str = "ready") -> Served:
        started.append(Served(tmp_path, drain_seconds=drain_seconds))
        started[-1].wait_for_line(until)
        return started[-1]

    yield start
    for served in started:
        served.process.kill()
        served.process.communicate()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


async def ask(client: httpx.AsyncClient, *texts: str) -> httpx.Response:
    return await client.post(PREDICT, json={"inputs": texts})


@pytest.mark.anyio
async def test_sixty_four_clients_at_once_get_right_answers(serve: Serve) -> None:
    served = serve()
    words = ["order", "where is my order", "refund please", "cancel it"]
    async with served.client() as client:
        alone = {word: (await ask(client, word)).json()["predictions"][0]["labels"] for word in words}
        asked = [words[number % 4] for number in range(3 * CLIENTS)]
        responses = await asyncio.gather(*[ask(client, word) for word in asked])
    assert [response.json()["predictions"][0]["labels"] for response in responses] == [alone[word] for word in asked]


@pytest.mark.anyio
@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_in_the_middle_of_requests_loses_none(serve: Serve, kind: signal.Signals) -> None:
    served = serve()
    served.hold.touch()
    async with served.client() as client:
        in_flight = [asyncio.ensure_future(ask(client, "order")) for _ in range(32)]
        await served.tells(f"reading {PREDICT}", times=32)
        served.process.send_signal(kind)
        while (ready := await client.get("/health/ready")).status_code == 200:  # noqa: ASYNC110 another process
            await asyncio.sleep(0.01)
        late, live = await ask(client, "order"), await client.get("/health/live")
        served.hold.unlink()
        answered = await asyncio.gather(*in_flight)
    assert [response.status_code for response in answered] == [200] * 32
    assert (late.status_code, ready.status_code, live.status_code) == (503, 503, 200)
    assert late.headers["retry-after"] == "1"
    code, output = served.end()
    assert (code, output[-1]) == (0, "ended")


@pytest.mark.anyio
async def test_a_slow_session_does_not_hold_up_health(serve: Serve) -> None:
    served = serve()
    served.hold.touch()
    async with served.client() as client:
        slow = asyncio.ensure_future(ask(client, "order"))
        await served.tells("running 1")
        live = await asyncio.wait_for(client.get("/health/live"), timeout=1)
        served.hold.unlink()
        assert (live.status_code, (await slow).status_code) == (200, 200)


@pytest.mark.anyio
async def test_the_texts_of_a_client_that_left_are_never_run(serve: Serve) -> None:
    served = serve()
    served.hold.touch()
    async with served.client() as client:
        first = asyncio.ensure_future(ask(client, "order"))
        await served.tells("running 1")
        leaving = asyncio.ensure_future(ask(client, *["it " * count for count in range(1, 10)]))
        await served.tells(f"reading {PREDICT}")
        leaving.cancel()
        await served.tells(f"over {PREDICT}")
        served.hold.unlink()
        assert ((await first).status_code, (await ask(client, "where", "my", "cancel")).status_code) == (200, 200)
    served.process.terminate()
    assert [line for line in served.end()[1] if line.startswith("running")] == ["running 3"]


def test_a_large_body_is_refused_and_the_next_request_is_answered(serve: Serve) -> None:
    with httpx.Client(base_url=serve().url, timeout=20) as client:
        chunked = client.post(PREDICT, content=(b"x" * 1_000_000 for _ in range(30)))
        announced = client.post(PREDICT, content=b"x" * 30_000_000)
        after = client.get("/health/live")
    assert [chunked.status_code, announced.status_code, after.status_code] == [413, 413, 200]


@pytest.mark.parametrize(("drain_seconds", "signals"), [(0.2, 1), (60.0, 2)])
def test_a_drain_ends_at_its_deadline_or_at_the_second_signal(serve: Serve, drain_seconds: float, signals: int) -> None:
    served = serve(drain_seconds=drain_seconds)
    with socket.create_connection(("127.0.0.1", served.port)) as connection:
        connection.sendall(f"POST {PREDICT} HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{{".encode())
        served.wait_for_line(f"reading {PREDICT}")
        for _ in range(signals):
            served.process.terminate()
            with pytest.raises(subprocess.TimeoutExpired):
                served.process.wait(timeout=0.15)
        assert served.end()[0] == 0


def test_a_server_that_loads_is_alive_but_not_ready(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "loading").touch()
    served = serve(until="loading")
    with httpx.Client(base_url=served.url, timeout=20) as client:
        live, ready = client.get("/health/live"), client.get("/health/ready")
        early = client.post(PREDICT, json={"inputs": ["order"]})
        served.loading.unlink()
        served.wait_for_line("ready")
        then = client.get("/health/ready"), client.post(PREDICT, json={"inputs": ["order"]})
    assert (live.status_code, ready.status_code, early.status_code) == (200, 503, 503)
    assert ready.json()["error"]["message"] == early.json()["error"]["message"] == "The server is loading."
    assert [response.status_code for response in then] == [200, 200]


def test_an_error_while_loading_ends_the_server_with_it(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "loading").write_text("fail")
    served = serve(until="loading")
    _, errors = served.process.communicate(timeout=20)
    assert "NotFound: There is no such folder." in errors
    assert served.process.returncode == 1


def test_a_signal_while_loading_ends_the_server_when_it_has_loaded(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "loading").touch()
    served = serve(until="loading")
    served.process.terminate()
    wait_until_draining(served)
    served.loading.unlink()
    code, output = served.end()
    assert (code, output[-2:], "ready" in output) == (0, ["loaded", "ended"], False)


@pytest.mark.parametrize(("drain_seconds", "signals"), [(0.2, 1), (60.0, 2)])
def test_loading_is_not_waited_for_beyond_the_deadline_or_the_second_signal(
    serve: Serve, tmp_path: Path, drain_seconds: float, signals: int
) -> None:
    (tmp_path / "loading").touch()
    served = serve(drain_seconds=drain_seconds, until="loading")
    for _ in range(signals - 1):
        served.process.terminate()
        wait_until_draining(served)
    served.process.terminate()
    assert (served.end()[0], served.loading.exists()) == (0, True)


def wait_until_draining(served: Served) -> None:
    with httpx.Client(base_url=served.url, timeout=20) as client:
        while (response := client.get("/health/ready")).json()["error"]["message"] != "The server is draining.":
            time.sleep(0.01)
    assert response.status_code == 503


def test_a_taken_port_is_a_conflict_that_names_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(Conflict, match=f"127.0.0.1:{port} is taken") as caught:
            bind("127.0.0.1", port)
    assert "choose another port" in caught.value.help


def test_a_taken_port_is_told_before_ready(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        command = [sys.executable, str(PROGRAM), str(listener.getsockname()[1]), str(tmp_path), "1", str(tmp_path)]
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=20)
    assert done.returncode != 0
    assert "Conflict" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("host", "port"), [("no.such.host.invalid", 8080), ("203.0.113.7", 8080), ("127.0.0.1", 70_000)]
)
def test_an_address_that_cannot_be_used_is_wrong_input(host: str, port: int) -> None:
    with pytest.raises(InvalidInput, match=str(port)):
        bind(host, port)


def test_port_zero_takes_a_free_one() -> None:
    with bind("127.0.0.1", 0) as listener:
        assert listener.getsockname()[1] > 0
