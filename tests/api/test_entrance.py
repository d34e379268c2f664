from __future__ import annotations

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Message

from dragoman.api import entrance
from dragoman.api.abilities import needs
from dragoman.api.access import OpenAccess
from dragoman.api.entrance import Application
from dragoman.api.guard import guarded
from dragoman.api.lifecycle import Lifecycle, Phase
from dragoman.errors import Overloaded

pytestmark = pytest.mark.anyio


@needs(None)
async def show(request: Request) -> Response:
    return PlainTextResponse(str(request.path_params))


@needs(None)
async def change(request: Request) -> Response:
    request.path_params["name"] = "changed"
    return PlainTextResponse("done")


@needs(None)
async def fail(request: Request) -> Response:
    raise {"busy": Overloaded("Too much.", help="wait."), "bug": KeyError("secret")}[request.path_params["how"]]


ROUTES = [
    Route("/a/{name}", show, methods=["GET"]),
    Route("/a/{name}", change, methods=["POST"]),
    Route("/a/b", fail, methods=["DELETE"]),
    Route("/fail/{how}", fail, methods=["GET"]),
]


def client_of(app: Application) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")


@pytest.fixture
def app() -> Application:
    return Application(guarded(ROUTES, OpenAccess()), Lifecycle(Phase.READY))


async def test_a_request_reaches_the_route_of_its_path_and_method(app: Application) -> None:
    async with client_of(app) as client:
        answers = [await client.get("/a/x"), await client.get("/a/y"), await client.post("/a/x")]
    assert [answer.text for answer in answers] == ["{'name': 'x'}", "{'name': 'y'}", "done"]


async def test_what_a_request_makes_of_its_parameters_stays_with_it(app: Application) -> None:
    async with client_of(app) as client:
        for _ in range(2):
            await client.post("/a/x")
        assert (await client.get("/a/x")).text == "{'name': 'x'}"


async def test_a_path_with_other_methods_says_all_of_them(app: Application) -> None:
    async with client_of(app) as client:
        answer = await client.put("/a/b")
    assert (answer.status_code, answer.headers["allow"]) == (405, "DELETE, GET, HEAD, POST")
    assert answer.json()["error"]["type"] == "MethodNotAllowed"


async def test_a_path_without_a_route_is_not_found(app: Application) -> None:
    async with client_of(app) as client:
        answer = await client.get("/nowhere")
    assert (answer.status_code, answer.json()["error"]["message"]) == (404, "There is nothing at '/nowhere'.")


async def test_paths_that_callers_make_up_are_not_remembered_without_end(
    app: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entrance, "MOST_KNOWN", 4)
    async with client_of(app) as client:
        answers = [await client.get(f"/a/{number}") for number in range(10)]
        await client.get(f"/a/{'x' * 300}")
    assert [answer.text for answer in answers] == [f"{{'name': '{number}'}}" for number in range(10)]
    assert len(app._known) <= 4
    assert not [path for _, path, _ in app._known if len(path) > 300]


async def test_an_error_raised_on_purpose_is_told_and_any_other_is_logged(
    app: Application, caplog: pytest.LogCaptureFixture
) -> None:
    async with client_of(app) as client:
        busy, bug = await client.get("/fail/busy"), await client.get("/fail/bug")
    assert (busy.status_code, busy.headers["retry-after"]) == (429, "1")
    assert (bug.status_code, "secret" in bug.text) == (500, False)
    assert "GET /fail/{how} failed." in caplog.text


async def test_a_server_that_tells_of_its_start_and_end_gets_its_answers(app: Application) -> None:
    told, said = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]), []

    async def receive() -> Message:
        return next(told)

    async def send(message: Message) -> None:
        said.append(message["type"])

    await app({"type": "lifespan"}, receive, send)
    assert said == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_an_endpoint_that_would_hold_up_the_event_loop_is_refused() -> None:
    @needs(None)
    def slow(request: Request) -> Response:
        return Response()

    with pytest.raises(TypeError, match="is not async"):
        guarded([Route("/slow", slow)], OpenAccess())
