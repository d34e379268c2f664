from __future__ import annotations

import json
from typing import Any

import httpx
import msgspec
import pytest

from dragoman.api.abilities import ROLES
from dragoman.api.access import Claim
from dragoman.api.fakes import FakeDesk, fake_finding, fake_release
from dragoman.api.principal import Principal
from dragoman.api.release_messages import EventsAnswer, ReleaseAnswer, ReleasesAnswer
from dragoman.records import GateResult, ReleaseNote

pytestmark = pytest.mark.anyio

FINDING = fake_finding()


class OnlyFor:
    """Access with a key for some models."""

    def __init__(self, *models: str) -> None:
        self.models = frozenset(models)

    async def identify(self, claim: Claim) -> Principal:
        return Principal("ada (key k-1)", ROLES["admin"], self.models, "k-1", "admin")


async def ask(connect: Any, method: str, path: str, body: Any = None, **options: Any) -> httpx.Response:
    """One request to a new app over a desk, by default one with a running release."""
    options.setdefault("desk", FakeDesk([fake_release(findings=[FINDING], exposed={"th": 12})]))
    content = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
    async with connect(**options) as client:
        response: httpx.Response = await client.request(method, path, content=content)
        return response


async def test_a_release_is_shown_with_everything_that_it_is_decided_from(connect: Any) -> None:
    gates = [GateResult(gate="parity", verdict="pass", n=300, text="as before")]
    notes = [ReleaseNote(time="2026-07-01T12:00:00Z", status="shadow", share=0.0, actor="ada", text="Shadow.")]
    release = fake_release(findings=[FINDING], gates=gates, notes=notes, exposed={"th": 12})
    response = await ask(connect, "GET", "/v1/releases/r-1", desk=FakeDesk([release]))
    answer = msgspec.json.decode(response.content, type=ReleaseAnswer)
    assert (response.status_code, answer.verdict, answer.failed) == (200, "fail", ["agreement in th"])
    assert (answer.findings, answer.gates, answer.notes) == ([FINDING], gates, notes)
    assert (answer.share, answer.exposed, answer.missing[0]) == (0.05, {"th": 12}, "errors in de")


async def test_releases_are_listed_without_their_findings_the_newest_first(connect: Any) -> None:
    desk = FakeDesk([fake_release(status="promoted"), fake_release(id="r-2")])
    response = await ask(connect, "GET", "/v1/releases", desk=desk)
    listed = msgspec.json.decode(response.content, type=ReleasesAnswer).releases
    assert [(one.id, one.status, one.verdict) for one in listed] == [
        ("r-2", "canary", "not enough evidence"),
        ("r-1", "promoted", "pass"),
    ]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", ["r-3", "r-2", "r-1"]),
        ("?model=support", ["r-2", "r-1"]),
        ("?active=true", ["r-3", "r-2"]),
        ("?active=false", ["r-1"]),
        ("?model=support&active=true", ["r-2"]),
        ("?limit=1", ["r-3"]),
    ],
)
async def test_releases_can_be_chosen(connect: Any, query: str, ids: list[str]) -> None:
    releases = [fake_release(status="promoted"), fake_release(id="r-2"), fake_release(id="r-3", model="intents")]
    desk = FakeDesk(releases, versions={"support": 9, "intents": 9})
    response = await ask(connect, "GET", f"/v1/releases{query}", desk=desk)
    assert [one["id"] for one in response.json()["releases"]] == ids


async def test_a_model_shows_its_active_release_else_its_newest(connect: Any) -> None:
    ended, running = fake_release(id="r-2", status="rolled_back"), fake_release()
    for desk, id in ((FakeDesk([running, ended]), "r-1"), (FakeDesk([ended]), "r-2")):
        response = await ask(connect, "GET", "/v1/models/support/release", desk=desk)
        assert response.json()["id"] == id


async def test_a_release_is_started_with_who_and_why(connect: Any) -> None:
    desk = FakeDesk()
    body = {"challenger": 8, "reason": "trained on June"}
    response = await ask(connect, "POST", "/v1/models/support/release", body, desk=desk)
    assert (response.status_code, response.headers["location"]) == (201, "/v1/releases/r-1")
    (_, by), *_ = desk.changes
    assert (by.actor, by.reason) == ("anonymous@127.0.0.1", "trained on June")
    assert response.json()["challenger"] == 8


async def test_the_actor_is_the_holder_of_the_key(connect: Any) -> None:
    desk = FakeDesk([fake_release()])
    await ask(connect, "POST", "/v1/releases/r-1/rollback", {}, desk=desk, access=OnlyFor("support"))
    assert desk.changes[0][1].actor == "ada (key k-1)"


async def test_a_second_active_release_of_a_model_is_a_conflict(connect: Any) -> None:
    response = await ask(connect, "POST", "/v1/models/support/release", {"challenger": 9})
    assert (response.status_code, response.json()["error"]["type"]) == (409, "Conflict")
    assert "r-1" in response.json()["error"]["message"]


@pytest.mark.parametrize("body", [b"", {}, {"reason": "complaints"}])
async def test_a_release_is_rolled_back_by_hand_with_or_without_a_reason(connect: Any, body: Any) -> None:
    response = await ask(connect, "POST", "/v1/releases/r-1/rollback", body)
    assert (response.status_code, response.json()["status"], response.json()["share"]) == (200, "rolled_back", 0.0)


async def test_a_release_that_has_ended_cannot_be_rolled_back(connect: Any) -> None:
    desk = FakeDesk([fake_release(status="promoted")])
    response = await ask(connect, "POST", "/v1/releases/r-1/rollback", {}, desk=desk)
    assert response.status_code == 409


async def test_only_a_release_that_waits_is_approved(connect: Any) -> None:
    desk = FakeDesk([fake_release(status="waiting", step=-1, share=0.0)])
    response = await ask(connect, "POST", "/v1/releases/r-1/approve", {"reason": "seen"}, desk=desk)
    assert (response.status_code, response.json()["approved"]) == (200, "anonymous@127.0.0.1")
    assert (await ask(connect, "POST", "/v1/releases/r-1/approve", {}, desk=desk)).status_code == 409


async def test_events_are_listed_in_order_and_by_time_and_model(connect: Any) -> None:
    desk = FakeDesk([fake_release(status="waiting")])
    await ask(connect, "POST", "/v1/releases/r-1/approve", {}, desk=desk)
    await ask(connect, "POST", "/v1/releases/r-1/rollback", {}, desk=desk)
    response = await ask(connect, "GET", "/v1/events?model=support", desk=desk)
    found = msgspec.json.decode(response.content, type=EventsAnswer).events
    assert [event.kind for event in found] == ["approved", "rolled back"]
    for query, kinds in (
        ("since=2026-07-01T12:02:00Z", ["rolled back"]),
        ("until=2026-07-01T12:02:00Z", ["approved"]),
        ("limit=1", ["rolled back"]),
    ):
        response = await ask(connect, "GET", f"/v1/events?{query}", desk=desk)
        assert [event["kind"] for event in response.json()["events"]] == kinds


@pytest.mark.parametrize(
    ("asked", "body", "status", "message"),
    [
        ("GET /v1/releases?modle=support", None, 400, "There is no parameter 'modle' here."),
        ("GET /v1/releases?model=support&model=x", None, 400, "The parameter 'model' is given twice."),
        ("GET /v1/releases?active=maybe", None, 400, "The parameter 'active' is wrong"),
        ("GET /v1/releases?limit=0", None, 400, "The parameter 'limit' is wrong"),
        ("GET /v1/releases?model=suport", None, 404, "There is no model 'suport'."),
        ("GET /v1/releases/r-9", None, 404, "There is no release 'r-9'."),
        ("GET /v1/releases/r-1?full=1", None, 400, "There is no parameter 'full' here."),
        ("GET /v1/events?since=yesterday", None, 400, "The parameter 'since' is wrong"),
        ("GET /v1/events?since=2026-07-01T12:00:00", None, 400, "The parameter 'since' is wrong"),
        ("GET /v1/models/suport/release", None, 404, "There is no model 'suport'."),
        ("POST /v1/models/support/release", {"challenger": "8"}, 400, "'challenger' is wrong"),
        ("POST /v1/models/support/release", {"chalenger": 8}, 400, "The body has an unknown field 'chalenger'."),
        ("POST /v1/models/support/release", b"", 400, "The body is empty."),
        ("POST /v1/models/support/release", {"challenger": 99}, 404, "Model 'support' has no version 99."),
        ("POST /v1/releases/r-1/rollback?now=1", {}, 400, "There is no parameter 'now' here."),
        ("POST /v1/releases/r-1/rollback", {"why": "x"}, 400, "The body has an unknown field 'why'."),
    ],
)
async def test_what_is_wrong_is_said(connect: Any, asked: str, body: Any, status: int, message: str) -> None:
    response = await ask(connect, *asked.split(" "), body)
    assert (response.status_code, list(response.json()["error"])) == (status, ["type", "message", "help"])
    assert response.json()["error"]["message"].startswith(message)
    assert response.json()["error"]["help"]


async def test_a_model_without_a_release_is_404(connect: Any) -> None:
    response = await ask(connect, "GET", "/v1/models/support/release", desk=FakeDesk())
    assert response.status_code == 404
    assert response.json()["error"]["message"] == "Model 'support' has no release."


@pytest.mark.parametrize("path", ["/v1/releases", "/v1/events", "/v1/models/support/release"])
async def test_a_server_without_a_workspace_says_so(connect: Any, path: str) -> None:
    response = await ask(connect, "GET", path, desk=None)
    assert (response.status_code, response.json()["error"]["type"]) == (501, "MissingExtra")


async def test_a_key_for_one_model_sees_nothing_of_others(connect: Any) -> None:
    desk = FakeDesk([fake_release(), fake_release(id="r-2", model="intents")], versions={"support": 9, "intents": 9})
    access = OnlyFor("intents")
    listed = await ask(connect, "GET", "/v1/releases", desk=desk, access=access)
    assert [one["id"] for one in listed.json()["releases"]] == ["r-2"]
    for method, path in (
        ("GET", "/v1/releases?model=support"),
        ("GET", "/v1/releases/r-1"),
        ("GET", "/v1/events?model=support"),
        ("POST", "/v1/releases/r-1/rollback"),
        ("POST", "/v1/releases/r-1/approve"),
    ):
        assert (await ask(connect, method, path, desk=desk, access=access)).status_code == 403
    assert desk.changes == []
