from __future__ import annotations

import json
from typing import Any

import httpx
import msgspec
import pytest

from dragoman.api.abilities import ROLES
from dragoman.api.access import Claim
from dragoman.api.monitor_fakes import (
    FakeMonitor,
    fake_alert,
    fake_drift,
    fake_model,
    fake_silence,
    fake_slo,
    fake_split,
)
from dragoman.api.monitor_messages import AlertsAnswer, DriftAnswer, SilencesAnswer, SlosAnswer
from dragoman.api.principal import Principal
from dragoman.records import Alert, MonitorView, Role, Silence, SplitView

pytestmark = pytest.mark.anyio

SILENCE = {"model": "support", "language": "th", "hours": 2, "reason": "moving the database"}


class KeyFor:
    """Access with a key for some models."""

    def __init__(self, *models: str, role: Role = "admin") -> None:
        self.models, self.role = frozenset(models) or None, role

    async def identify(self, claim: Claim) -> Principal:
        return Principal("ada (key k-1)", ROLES[self.role], self.models, "k-1", self.role)


def world() -> FakeMonitor:
    """Two models, with an alert and a silence each, and one of each for all."""
    models = ("support", "intents")
    return FakeMonitor(
        [fake_model(one, slos=[fake_slo(model=one), fake_slo(model=one, language="th")]) for one in models],
        signals=[fake_drift(), fake_drift(language="de", signal="entropy", verdict="pass")],
        splits=[fake_split()],
        alerts=[
            fake_alert(),
            fake_alert(id="a-2", model="intents", started="2026-07-02T07:00:00Z"),
            fake_alert(id="a-3", model="", kind="log", started="2026-07-02T08:00:00Z"),
            fake_alert(id="a-4", status="resolved", ended="2026-07-01T00:00:00Z"),
        ],
        silences=[fake_silence(), fake_silence(id="s-2", model="intents"), fake_silence(id="s-3", model="")],
    )


async def ask(connect: Any, method: str, path: str, body: Any = None, **options: Any) -> httpx.Response:
    """One request to a new app over a monitor."""
    options.setdefault("monitor", world())
    content = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
    async with connect(**options) as client:
        response: httpx.Response = await client.request(method, path, content=content)
        return response


async def answer(connect: Any, path: str, kind: Any, **options: Any) -> Any:
    response = await ask(connect, "GET", path, **options)
    assert response.status_code == 200, response.text
    return msgspec.json.decode(response.content, type=kind)


# Looking ------------------------------------------------------------------------------------------------------------


async def test_all_models_are_shown_with_what_fires_for_none_of_them(connect: Any) -> None:
    view = await answer(connect, "/v1/monitor?hours=48", MonitorView)
    assert ([one.model for one in view.models], view.hours) == (["support", "intents"], 48)
    assert [one.id for one in view.alerts] == ["a-3"]


@pytest.mark.parametrize("path", ["/v1/monitor?model=support&", "/v1/models/support/monitor?"])
async def test_one_model_is_shown_by_version_and_language(connect: Any, path: str) -> None:
    view = await answer(connect, f"{path}version=7&language=th", MonitorView)
    (model,) = view.models
    assert [(one.version, [row.language for row in one.languages]) for one in model.versions] == [("7", ["th"])]
    assert (model.texts, view.alerts) == (200, [])


async def test_drift_is_listed_with_its_evidence(connect: Any) -> None:
    assert (await answer(connect, "/v1/models/support/drift?language=th", DriftAnswer)).signals == [fake_drift()]
    listed = await answer(connect, "/v1/models/support/drift?signal=entropy&version=7", DriftAnswer)
    assert [(one.language, one.verdict) for one in listed.signals] == [("de", "pass")]


async def test_a_change_is_split(connect: Any) -> None:
    split = await answer(connect, "/v1/models/support/drift/split?metric=score&hours=6&version=7", SplitView)
    assert split == fake_split(hours=6, version="7")


@pytest.mark.parametrize(("query", "count"), [("", 4), ("?model=support", 2), ("?model=support&language=th", 1)])
async def test_objectives_are_listed(connect: Any, query: str, count: int) -> None:
    assert len((await answer(connect, f"/v1/slo{query}", SlosAnswer)).slos) == count


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", ["a-3", "a-2", "a-1", "a-4"]),
        ("?firing=true", ["a-3", "a-2", "a-1"]),
        ("?firing=false", ["a-4"]),
        ("?model=support", ["a-1", "a-4"]),
        ("?since=2026-07-02T00:00:00%2B02:00", ["a-3", "a-2", "a-1"]),
        ("?since=2026-07-01T01:00:00%2B02:00", ["a-3", "a-2", "a-1", "a-4"]),
        ("?limit=1", ["a-3"]),
    ],
)
async def test_alerts_can_be_chosen(connect: Any, query: str, ids: list[str]) -> None:
    assert [one.id for one in (await answer(connect, f"/v1/alerts{query}", AlertsAnswer)).alerts] == ids


async def test_an_alert_is_shown_with_evidence_owner_and_runbook(connect: Any) -> None:
    assert await answer(connect, "/v1/alerts/a-1", Alert) == fake_alert()


# Silences -----------------------------------------------------------------------------------------------------------


async def test_a_silence_is_kept_with_who_and_why(connect: Any) -> None:
    monitor = world()
    response = await ask(connect, "POST", "/v1/silences", SILENCE, monitor=monitor, access=KeyFor("support"))
    kept = msgspec.json.decode(response.content, type=Silence)
    ((stored, by),) = monitor.changes
    assert (response.status_code, kept) == (201, stored)
    assert (kept.model, kept.language, kept.actor, by.reason) == ("support", "th", by.actor, "moving the database")
    assert kept.starts < kept.ends


async def test_silences_are_listed_and_ended(connect: Any) -> None:
    monitor = world()
    ended = await ask(connect, "POST", "/v1/silences/s-1/end", monitor=monitor)
    assert (ended.status_code, ended.json()["ends"]) == (200, monitor.now)
    for query, ids in (
        ("?active=true", ["s-2", "s-3"]),
        ("?active=false", ["s-1"]),
        ("?model=support", ["s-1", "s-3"]),
        ("?limit=1", ["s-3"]),
    ):
        listed = await answer(connect, f"/v1/silences{query}", SilencesAnswer, monitor=monitor)
        assert [one.id for one in listed.silences] == ids


async def test_a_silence_that_has_ended_cannot_be_ended(connect: Any) -> None:
    monitor = FakeMonitor(silences=[fake_silence(ends="2026-07-02T11:45:00Z")])
    assert (await ask(connect, "POST", "/v1/silences/s-1/end", {}, monitor=monitor)).status_code == 409


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"hours": None}, "The silence has no end."),
        ({"ends": "2200-01-01T00:00:00Z"}, "The silence has two ends."),
        ({"hours": None, "ends": "2020-01-01T00:00:00Z"}, "The end of the silence, 2020-01-01T00:00:00+00:00, is in"),
        ({"hours": None, "ends": "9999-12-31T23:59:59-12:00"}, "The silence lasts until 9999-12-31"),
        ({"hours": None, "ends": "2200-01-01T00:00:00"}, "'ends' is wrong"),
        ({"starts": "0001-01-01T00:00:00+12:00"}, "The silence begins in the past"),
        ({"starts": "9999-12-31T23:59:59-12:00"}, "The silence begins too late"),
        ({"hours": 0}, "'hours' is wrong"),
        ({"hours": 1e9}, "'hours' is wrong"),
        ({"reason": " "}, "A silence needs a reason."),
        ({"model": "", "version": "7"}, "A silence of a version needs its model."),
        ({"model": "suport"}, "There is no model 'suport'."),
        ({"language": "xx"}, "'support' has met no language 'xx'."),
        ({"kind": "drfit"}, "'kind' is wrong"),
        ({"modle": "support"}, "The body has an unknown field 'modle'."),
    ],
)
async def test_a_silence_that_cannot_be_is_refused(connect: Any, changes: dict[str, Any], message: str) -> None:
    monitor = world()
    given = {key: value for key, value in {**SILENCE, **changes}.items() if value is not None}
    response = await ask(connect, "POST", "/v1/silences", given, monitor=monitor)
    assert response.status_code in (400, 404)
    assert response.json()["error"]["message"].startswith(message)
    assert response.json()["error"]["help"]
    assert monitor.changes == []


# What is wrong ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("/v1/monitor?model=suport", 404, "There is no model 'suport'."),
        ("/v1/monitor?version=7", 400, "A version needs its model."),
        ("/v1/monitor?hours=0", 400, "The parameter 'hours' is wrong"),
        ("/v1/monitor?hours=9999", 400, "The parameter 'hours' is wrong"),
        ("/v1/monitor?langauge=th", 400, "There is no parameter 'langauge' here."),
        ("/v1/models/suport/monitor", 404, "There is no model 'suport'."),
        ("/v1/models/support/monitor?version=9", 404, "Model 'support' has no version '9'."),
        ("/v1/models/support/monitor?language=xx", 400, "'support' has met no language 'xx'."),
        ("/v1/models/support/monitor?model=support", 400, "There is no parameter 'model' here."),
        ("/v1/models/support/drift?signal=token", 400, "There is no signal 'token'."),
        ("/v1/models/support/drift/split", 400, "The parameter 'metric' is missing."),
        ("/v1/models/support/drift/split?metric=scor", 400, "There is no metric 'scor'."),
        ("/v1/slo?model=suport", 404, "There is no model 'suport'."),
        ("/v1/alerts?since=yesterday", 400, "The parameter 'since' is wrong"),
        ("/v1/alerts?since=0001-01-01T00:00:00%2B12:00", 400, "There is no time 0001-01-01T00:00:00+12:00 in UTC."),
        ("/v1/alerts?limit=0", 400, "The parameter 'limit' is wrong"),
        ("/v1/alerts/a-9", 404, "There is no alert 'a-9'."),
        ("/v1/alerts/a-1?full=1", 400, "There is no parameter 'full' here."),
        ("/v1/silences?model=suport", 404, "There is no model 'suport'."),
    ],
)
async def test_what_is_wrong_is_said(connect: Any, path: str, status: int, message: str) -> None:
    response = await ask(connect, "GET", path)
    assert (response.status_code, list(response.json()["error"])) == (status, ["type", "message", "help"])
    assert response.json()["error"]["message"].startswith(message)
    assert response.json()["error"]["help"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("GET", "/v1/monitor", None), ("GET", "/v1/slo", None), ("POST", "/v1/silences", SILENCE)],
)
async def test_a_server_without_a_workspace_says_so(connect: Any, method: str, path: str, body: Any) -> None:
    response = await ask(connect, method, path, body, monitor=None)
    assert (response.status_code, response.json()["error"]["type"]) == (501, "MissingExtra")


# Keys ---------------------------------------------------------------------------------------------------------------


async def test_a_key_for_one_model_sees_only_that(connect: Any) -> None:
    only = {"access": KeyFor("intents")}
    view = await answer(connect, "/v1/monitor", MonitorView, **only)
    assert ([one.model for one in view.models], view.alerts) == (["intents"], [])
    assert {one.model for one in (await answer(connect, "/v1/slo", SlosAnswer, **only)).slos} == {"intents"}
    assert [one.id for one in (await answer(connect, "/v1/alerts?limit=1", AlertsAnswer, **only)).alerts] == ["a-2"]
    listed = await answer(connect, "/v1/silences", SilencesAnswer, **only)
    assert [one.id for one in listed.silences] == ["s-2", "s-3"]  # s-3 silences its alerts too


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/v1/monitor?model=support", None),
        ("GET", "/v1/models/support/monitor", None),
        ("GET", "/v1/models/support/drift", None),
        ("GET", "/v1/models/support/drift/split?metric=score", None),
        ("GET", "/v1/slo?model=support", None),
        ("GET", "/v1/alerts?model=support", None),
        ("GET", "/v1/alerts/a-1", None),
        ("GET", "/v1/alerts/a-3", None),
        ("GET", "/v1/silences?model=support", None),
        ("POST", "/v1/silences", SILENCE),
        ("POST", "/v1/silences", {**SILENCE, "model": ""}),
        ("POST", "/v1/silences/s-1/end", {}),
        ("POST", "/v1/silences/s-3/end", {}),
    ],
)
async def test_a_key_for_one_model_gets_nothing_of_others(connect: Any, method: str, path: str, body: Any) -> None:
    monitor = world()
    response = await ask(connect, method, path, body, monitor=monitor, access=KeyFor("intents"))
    assert (response.status_code, monitor.changes) == (403, [])


@pytest.mark.parametrize(
    ("role", "looks", "silences"), [("viewer", 200, 403), ("caller", 403, 403), ("operator", 200, 201)]
)
async def test_looking_and_silencing_need_their_roles(connect: Any, role: Role, looks: int, silences: int) -> None:
    access = KeyFor(role=role)
    assert (await ask(connect, "GET", "/v1/monitor", access=access)).status_code == looks
    assert (await ask(connect, "POST", "/v1/silences", SILENCE, access=access)).status_code == silences
