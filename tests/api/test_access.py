from __future__ import annotations

import logging
from typing import Any

import httpx
import pytest
from tests.api.holders import access_of, bearer, made
from tests.api.world import NAMES, table_of, task_model

from dragoman.api.access import KeyAccess, OpenAccess, is_loopback
from dragoman.api.application import create_app
from dragoman.api.keyring import SingleKey
from dragoman.serving.options import Options

pytestmark = pytest.mark.anyio

PREDICT, METRICS = "/v1/models/support/predict", "/metrics"
LOAD = "/v2/repository/models/support/load"
BODY = {"inputs": ["it"]}
KEY, TEXT = made("caller")


class FakeRepository:
    """Counts what it is asked for."""

    def __init__(self) -> None:
        self.loaded: list[str] = []

    def load(self, name: str, version: str | None) -> None:
        self.loaded.append(name)

    def unload(self, name: str) -> None:
        self.loaded.remove(name)


# Where a key is read ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {TEXT}"},
        {"authorization": f"bearer   {TEXT} "},
        {"X-API-Key": TEXT},
        {"api-key": TEXT},
        {"Authorization": "Basic YTpi", "x-api-key": TEXT},
    ],
)
async def test_a_key_is_read_from_each_header_that_clients_use(connect: Any, headers: dict[str, str]) -> None:
    async with connect(task_model("text-classification"), access=access_of(KEY)) as client:
        assert (await client.post(PREDICT, json=BODY, headers=headers)).status_code == 200


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({}, {"api_key": TEXT, "key": TEXT, "access_token": TEXT}),
        ({"Authorization": TEXT}, {}),
        ({"Authorization": f"Basic {TEXT}"}, {}),
        ({"Authorization": "Bearer"}, {}),
        ({"Cookie": f"key={TEXT}"}, {}),
    ],
)
async def test_a_key_is_read_from_nowhere_else(connect: Any, headers: dict[str, str], query: dict[str, str]) -> None:
    async with connect(access=access_of(KEY)) as client:
        response = await client.post(PREDICT, json=BODY, headers=headers, params=query)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="dragoman"'
    assert TEXT not in response.text


@pytest.mark.parametrize(
    ("path", "body", "unknown", "forbidden"),
    [
        (PREDICT, BODY, ("error", "type", "Unauthenticated"), ("error", "type", "Forbidden")),
        (
            "/v1/embeddings",
            {"model": "support", "input": "it"},
            ("error", "code", "invalid_api_key"),
            ("error", "code", "insufficient_permissions"),
        ),
        ("/predict", BODY, ("error_type", "Validation"), ("error_type", "Validation")),
        ("/v2/models/support/infer", {"inputs": []}, ("error",), ("error",)),
        ("/v2/rerank", {"query": "a", "documents": ["b"]}, ("message",), ("message",)),
    ],
)
async def test_refusals_have_the_shape_of_the_dialect(
    connect: Any, path: str, body: Any, unknown: tuple[str, ...], forbidden: tuple[str, ...]
) -> None:
    viewer, text = made("viewer")
    async with connect(access=access_of(viewer)) as client:
        answers = [await client.post(path, json=body, headers=headers) for headers in ({}, bearer(text))]
    assert [one.status_code for one in answers] == [401, 403]
    for answer, (*places, last) in zip(answers, (unknown, forbidden), strict=True):
        found = answer.json()
        for place in places:
            found = found[place]
        assert last in (found if isinstance(found, dict) else [found])


async def test_the_single_key_of_an_environment_predicts_and_operates_and_another_does_nothing(connect: Any) -> None:
    repository, text = FakeRepository(), "x" * 40
    async with connect(access=KeyAccess(SingleKey(text)), repository=repository) as client:
        right = [(await client.post(path, json=body, headers=bearer(text))).status_code for path, body in CALLS]
        wrong = [(await client.post(path, json=body, headers=bearer("y" * 40))).status_code for path, body in CALLS]
    assert (right, wrong, repository.loaded) == ([200, 200], [401, 401], ["support"])


CALLS: list[tuple[str, Any]] = [(PREDICT, BODY), (LOAD, {})]


async def test_a_server_without_access_is_open(connect: Any) -> None:
    async with connect(access=None) as client:
        assert (await client.post(PREDICT, json=BODY, headers=bearer("none"))).status_code == 200


async def test_metrics_are_scraped_with_the_key_of_a_viewer(connect: Any) -> None:
    viewer, text = made("viewer")
    async with connect(access=access_of(viewer), metrics=lambda: b"up 1\n") as client:
        response = await client.get(METRICS, headers=bearer(text))
    assert (response.status_code, response.text) == (200, "up 1\n")


async def test_a_key_is_in_no_log_and_in_no_answer(connect: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    stranger = made(id="k999999999")[1]
    async with connect(access=access_of(KEY), metrics=lambda: b"") as client:
        answers = [
            await client.post(path, json=body, headers=headers)
            for path, body in [*CALLS, ("/v1/nothing", {})]
            for headers in (bearer(TEXT), bearer(stranger), {"Authorization": stranger}, {"x-api-key": TEXT[:-1]})
        ]
    told = caplog.text + " ".join(f"{one.text} {one.headers}" for one in answers)
    assert [text for text in (TEXT, stranger) if text[15:40] in told] == []
    assert "k999999999" in told


# Models -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "names"),
    [
        ("GET", "/v1/models", lambda answer: [row["name"] for row in answer["models"]]),
        ("GET", "/v1/models", lambda answer: [row["id"] for row in answer["data"]]),
        ("POST", "/v2/repository/index", lambda answer: [row["name"] for row in answer]),
        ("GET", "/v2/models/stats", lambda answer: [row["name"] for row in answer["model_stats"]]),
    ],
)
async def test_lists_show_the_models_of_the_key(connect: Any, method: str, path: str, names: Any) -> None:
    some, all_models = made("operator", "support", "ranker"), made("operator", id="k000000002")
    async with connect(access=access_of(some[0], all_models[0])) as client:
        shown = [
            sorted(names((await client.request(method, path, headers=bearer(text))).json()))
            for _, text in (some, all_models)
        ]
    assert shown == [["ranker", "support"], sorted(NAMES)]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v1/models/vectors/predict", BODY, 403),
        ("/v1/models/vectors@champion/predict", BODY, 403),
        ("/v1/models/vectors/1/predict", BODY, 403),
        ("/v1/models/vectors:predict", {"instances": ["it"]}, 403),
        ("/v1/embeddings", {"model": "vectors", "input": "it"}, 403),
        ("/v1/embeddings", {"model": "vectors@champion", "input": "it"}, 403),
        ("/v1/embeddings", {"model": "nobody", "input": "it"}, 403),
        ("/rerank", {"model": "ranker", "query": "a", "documents": ["b"]}, 403),
        ("/models/vectors", {"inputs": "it"}, 403),
        ("/v2/models/vectors/infer", {"inputs": []}, 403),
        ("/embed", {"inputs": "it"}, 424),  # none of its models embeds
        ("/predict", {"inputs": "it"}, 200),  # the first of its models that classifies
        ("/v1/models/support@champion/predict", BODY, 200),
    ],
)
async def test_a_key_reaches_its_models_only_whatever_names_them(
    connect: Any, path: str, body: Any, status: int
) -> None:
    caller, text = made("caller", "support")
    first = task_model("text-classification", name="first")
    others = [task_model(task) for task in NAMES.values()]
    async with connect(first, *others, access=access_of(caller)) as client:
        response = await client.post(path, json=body, headers=bearer(text))
    assert response.status_code == status, response.text


async def test_a_model_that_is_not_there_is_said_without_the_names_of_others(connect: Any) -> None:
    caller, text = made("caller", "suport")
    async with connect(access=access_of(caller)) as client:
        response = await client.post("/v1/models/suport/predict", json=BODY, headers=bearer(text))
    assert response.status_code == 404
    assert "support" not in response.text


async def test_callers_share_the_server_by_the_ids_of_their_keys(connect: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    model, seen = task_model("text-classification"), []
    ask = model.predict_request

    async def noted(inputs: Any, parameters: Any, options: Options) -> Any:
        seen.append(options.caller)
        return await ask(inputs, parameters, options)

    monkeypatch.setattr(model, "predict_request", noted)
    async with connect(model, access=access_of(KEY)) as client:
        await client.post(PREDICT, json=BODY, headers=bearer(TEXT))
    assert seen == [KEY.id]


# Open servers -------------------------------------------------------------------------------------------------------


async def statuses_of(access: OpenAccess, **headers: str) -> list[int]:
    """Of a look, of a prediction, and of a change."""
    table = table_of(task_model("text-classification"))
    app = create_app(table, access=access, repository=FakeRepository())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test", headers=headers) as client:
        answers = [await client.get("/v1/models"), *[await client.post(path, json=body) for path, body in CALLS]]
    table.close()
    return [answer.status_code for answer in answers]


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:8080", "127.0.0.1:8080", "127.3.2.1", "[::1]:8080", "a.localhost"]
)
async def test_a_server_for_its_own_machine_answers_to_its_names(host: str) -> None:
    assert await statuses_of(OpenAccess(on_loopback=True), Host=host) == [200, 200, 200]


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.1", "0.0.0.0"],
)
async def test_a_name_that_was_made_to_point_at_this_machine_is_refused(host: str) -> None:
    assert await statuses_of(OpenAccess(on_loopback=True), Host=host) == [403, 403, 403]


@pytest.mark.parametrize("origin", ["https://evil.example", "http://127.0.0.1:3000", "null", "http://["])
async def test_a_page_of_another_site_neither_predicts_nor_changes_on_a_server_for_its_own_machine(origin: str) -> None:
    found = await statuses_of(OpenAccess(on_loopback=True), Host="127.0.0.1:8080", Origin=origin)
    assert found == [200, 403, 403]


async def test_a_page_of_another_site_changes_nothing_on_a_server_that_is_open_to_all() -> None:
    found = await statuses_of(OpenAccess(), Host="models.example", Origin="https://app.example")
    assert found == [200, 200, 403]


@pytest.mark.parametrize("on_loopback", [True, False])
async def test_a_page_of_the_server_itself_may_do_everything(on_loopback: object) -> None:
    access = OpenAccess(on_loopback=bool(on_loopback))
    assert await statuses_of(access, Host="localhost:8080", Origin="http://localhost:8080") == [200, 200, 200]


async def test_health_is_told_under_any_name(connect: Any) -> None:
    async with connect(access=OpenAccess(on_loopback=True)) as client:
        answers = [await client.get(path) for path in ("/health/live", "/health/ready", "/v2/health/ready", "/ping")]
    assert [one.status_code for one in answers] == [200] * 4


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.255.0.9", True),
        ("::1", True),
        ("localhost", True),
        ("Localhost.", True),
        ("0.0.0.0", False),
        ("::", False),
        ("", False),
        ("192.168.1.1", False),
        ("models.example", False),
        ("notlocalhost", False),
    ],
)
def test_loopback_is_what_only_this_machine_reaches(host: str, expected: object) -> None:
    assert is_loopback(host) is expected
