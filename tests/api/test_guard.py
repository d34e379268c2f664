"""Every route of the server, and every method of gRPC, is behind what it says it needs."""

from __future__ import annotations

import re
from collections.abc import Iterator

import grpc
import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from tests.api.holders import access_of, bearer, made
from tests.api.world import NAMES, table_of, task_model

from dragoman.api.abilities import Ability, need_of, needs
from dragoman.api.access import KeyAccess, OpenAccess
from dragoman.api.application import create_app
from dragoman.api.grpc_oip import Servicer, answering, serve_grpc
from dragoman.api.grpc_schema import METHODS, SERVICE
from dragoman.api.guard import Guarded, guarded
from dragoman.api.openapi import OPEN_PATHS
from dragoman.serving.table import ModelTable

pytestmark = pytest.mark.anyio

OPEN = {
    ("GET", "/"),
    ("GET", "/openapi.json"),
    ("GET", "/health/live"),
    ("GET", "/health/ready"),
    ("GET", "/v2/health/live"),
    ("GET", "/v2/health/ready"),
    ("GET", "/health"),
    ("GET", "/ping"),
}
OPEN_METHODS = {"ServerLive", "ServerReady"}


def all_routes() -> list[tuple[str, Route]]:
    """Method and route of everything that the application answers."""
    app = create_app(ModelTable())
    return [
        (method, route)
        for route in app.routes
        if isinstance(route, Route)
        for method in (route.methods or ()) - {"HEAD"}
    ]


ROUTES = sorted({(method, route.path) for method, route in all_routes()})


def filled(path: str, *, model: str = "secret") -> str:
    """A path with values for its parameters."""
    return re.sub(r"{(\w+)}", lambda match: {"name": model, "version": "1"}.get(match[1], "x"), path)


def client_of(access: KeyAccess, text: str = "", table: ModelTable | None = None) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(create_app(table or ModelTable(), access=access, metrics=lambda: b"hidden"))
    return httpx.AsyncClient(transport=transport, base_url="http://test", headers=bearer(text) if text else {})


@pytest.fixture(scope="module")
def table() -> Iterator[ModelTable]:
    """The model `mine`, and before it others whose names hold the word `hidden`."""
    others = [task_model(task, name=f"hidden-{number}") for number, task in enumerate(NAMES.values())]
    made = table_of(*others, task_model("rerank", name="mine"))
    yield made
    made.close()


def test_every_route_of_the_application_is_guarded() -> None:
    app = create_app(ModelTable())
    assert [route for route in app.routes if not isinstance(getattr(route, "app", None), Guarded)] == []


def test_nothing_is_open_but_what_is_listed() -> None:
    open_now = {(method, route.path) for method, route in all_routes() if route.app.need.ability is None}
    assert open_now == OPEN
    assert {path for _, path in OPEN} >= set(OPEN_PATHS)


@pytest.mark.parametrize(
    "route",
    [Route("/new", lambda request: Response()), Mount("/new", Starlette())],
    ids=["an endpoint without a mark", "an application of its own"],
)
def test_a_route_that_does_not_say_what_it_needs_is_refused_when_the_server_is_made(route: Route) -> None:
    with pytest.raises(TypeError, match="does not say what it needs"):
        guarded([route], OpenAccess())


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_a_stranger_reaches_only_what_is_open(method: str, path: str) -> None:
    async with client_of(access_of(made()[0])) as client:
        response = await client.request(method, filled(path))
    assert (response.status_code == 401) == ((method, path) not in OPEN)
    assert ("WWW-Authenticate" in response.headers) == (response.status_code == 401)


@pytest.mark.parametrize(("method", "path"), [pair for pair in ROUTES if "{name}" in pair[1]])
async def test_a_key_of_other_models_is_refused_wherever_a_path_names_one(method: str, path: str) -> None:
    key, text = made("admin", "support")
    async with client_of(access_of(key), text) as client:
        response = await client.request(method, filled(path))
    assert response.status_code == 403
    assert "not for the model 'secret'" in response.text


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_a_key_of_some_models_sees_nothing_of_the_others(table: ModelTable, method: str, path: str) -> None:
    """What is about all models either keeps to the key's, or is refused."""
    key, text = made("admin", "mine")
    async with client_of(access_of(key), text, table) as client:
        response = await client.request(method, filled(path, model="mine"))
    assert response.status_code != 401
    assert "hidden" not in response.text


def test_a_path_has_no_other_word_for_a_model() -> None:
    about_models = [path for _, path in ROUTES if "models/{" in path or "/judges/argo" in path]
    assert [path for path in about_models if "{name}" not in path] == []


async def test_a_refused_request_is_not_read() -> None:
    asked = []

    @needs(Ability.PREDICT)
    async def endpoint(request: Request) -> Response:
        asked.append(await request.body())
        return Response()

    (route,) = guarded([Route("/", endpoint, methods=["POST"])], access_of())
    with pytest.raises(Exception, match="has no key"):
        await route.app({"type": "http", "method": "POST", "headers": [], "path_params": {}}, None, None)
    assert asked == []


# gRPC ---------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def channel() -> Iterator[grpc.Channel]:
    """To a server that asks for keys; `KEYS` are the ones that count."""
    table = table_of()
    server = serve_grpc(table, "127.0.0.1", 0, access=access_of(*(key for key, _ in KEYS.values())))
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as connected:
        yield connected
    server.close()
    table.close()


KEYS = {
    "caller": made("caller", "support", id="k000000001"),
    "viewer": made("viewer", id="k000000002"),
}


def call(channel: grpc.Channel, method: str, message: bytes = b"", **metadata: str) -> str:
    """The name of the status that a call ends with."""
    try:
        channel.unary_unary(f"/{SERVICE}/{method}")(
            message, metadata=[(name.replace("_", "-"), text) for name, text in metadata.items()], timeout=20
        )
    except grpc.RpcError as error:
        return str(error.code().name)
    return "OK"


def test_every_method_of_grpc_says_what_it_needs() -> None:
    methods = [value for name, value in vars(Servicer).items() if name not in ("__init__", "handler", "is_ready")]
    marked = [one for one in methods if callable(one) and need_of(one) is not None]
    assert len(marked) == len(METHODS)


def test_a_method_that_does_not_say_what_it_needs_is_refused_when_the_server_is_made() -> None:
    async def method(request: object, context: object) -> None:
        pass

    with pytest.raises(TypeError, match="does not say what it needs"):
        answering(method, OpenAccess())


@pytest.mark.parametrize("method", METHODS)
def test_a_stranger_reaches_only_the_open_methods(channel: grpc.Channel, method: str) -> None:
    assert call(channel, method) == ("OK" if method in OPEN_METHODS else "UNAUTHENTICATED")


@pytest.mark.parametrize("header", ["authorization", "x_api_key", "api_key"])
def test_metadata_carries_a_key(channel: grpc.Channel, header: str) -> None:
    text = KEYS["viewer"][1]
    assert call(channel, "ServerMetadata", **{header: f"Bearer {text}" if header == "authorization" else text}) == "OK"


NAMED_SUPPORT, NAMED_VECTORS = b"\x0a\x07support", b"\x0a\x07vectors"  # field 1


@pytest.mark.parametrize(
    ("role", "method", "message", "status"),
    [
        ("viewer", "ModelInfer", NAMED_SUPPORT, "PERMISSION_DENIED"),
        ("viewer", "ModelMetadata", NAMED_VECTORS, "OK"),
        ("viewer", "RepositoryModelLoad", b"\x12\x07support", "PERMISSION_DENIED"),
        ("caller", "ModelInfer", NAMED_SUPPORT, "INVALID_ARGUMENT"),  # it was let in, and asked nothing
        ("caller", "ModelInfer", NAMED_VECTORS, "PERMISSION_DENIED"),
        ("caller", "ModelReady", NAMED_VECTORS, "PERMISSION_DENIED"),
        ("caller", "ModelStatistics", NAMED_SUPPORT, "PERMISSION_DENIED"),
    ],
)
def test_abilities_and_models_hold_over_grpc(
    channel: grpc.Channel, role: str, method: str, message: bytes, status: str
) -> None:
    assert call(channel, method, message, authorization=f"Bearer {KEYS[role][1]}") == status
