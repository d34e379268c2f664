from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.testclient import TestClient

from dragoman.api.application import create_app
from dragoman.api.event_fakes import FakeEvents
from dragoman.feedback.kpi.given import GivenEvent
from dragoman.serving.table import ModelTable

GIVEN = {"subject": "user-42", "name": "spent", "value": 2, "time": "2026-07-01T12:00:00+02:00", "id": "o-1"}


@pytest.fixture
def desk() -> FakeEvents:
    return FakeEvents("support", ["spent"])


@pytest.fixture
def client(desk: FakeEvents) -> Iterator[TestClient]:
    with TestClient(create_app(ModelTable(), kpis=desk)) as client:
        yield client


def send(client: TestClient, *events: Any, model: str = "support") -> Any:
    return client.post(f"/v1/models/{model}/events", json={"events": events})


def test_events_are_kept_as_they_were_told(client: TestClient, desk: FakeEvents) -> None:
    answer = send(client, GIVEN, {"subject": "user-43", "name": "spent"})
    assert (answer.status_code, answer.json()) == (200, {"kept": 2})
    told = datetime(2026, 7, 1, 10, tzinfo=UTC)
    assert desk.events == [GivenEvent("user-42", "spent", 2.0, told, "o-1"), GivenEvent("user-43", "spent")]


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ([], "length"),
        ([{"name": "spent"}], "subject"),
        ([GIVEN | {"valeu": 2}], "valeu"),
        ([GIVEN | {"value": -2}], "0"),
        ([GIVEN | {"time": "2026-07-01T12:00:00"}], "time"),
        ([GIVEN | {"name": "resolved"}], "KPI"),
        ([GIVEN] * 10_001, "length"),
    ],
)
def test_what_is_wrong_is_refused_and_nothing_is_kept(
    client: TestClient, desk: FakeEvents, events: Any, words: str
) -> None:
    answer = send(client, *events)
    assert answer.status_code == 400
    assert words in answer.json()["error"]["message"]
    assert desk.events == []


def test_an_unknown_model_has_no_events(client: TestClient) -> None:
    assert send(client, GIVEN, model="nobody").status_code == 404
    assert client.get("/v1/models/nobody/kpis").status_code == 404


def test_the_numbers_are_shown_with_their_intervals(client: TestClient) -> None:
    answer = client.get("/v1/models/support/kpis", params={"days": 7})
    (row,) = answer.json()["rows"]
    assert (answer.status_code, row["kpi"], row["value"]["low"]) == (200, "resolved", 0.4)


@pytest.mark.parametrize("days", ["0", "-1", "367", "nan", "week"])
def test_days_that_are_none_are_refused(client: TestClient, days: str) -> None:
    assert client.get("/v1/models/support/kpis", params={"days": days}).status_code == 400


def test_a_server_without_a_workspace_keeps_no_events() -> None:
    with TestClient(create_app(ModelTable())) as client:
        assert send(client, GIVEN).status_code == client.get("/v1/models/support/kpis").status_code == 501
