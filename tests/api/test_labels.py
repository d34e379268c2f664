from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from starlette.testclient import TestClient

from dragoman.api.application import create_app
from dragoman.errors import InvalidRequest, NotFound
from dragoman.records import By, Label
from dragoman.serving.table import ModelTable

GIVEN = {"prediction_id": "01J", "label": "refund", "source": "agents", "time": "2026-07-01T12:00:00+02:00"}


class Kept:
    """A desk that remembers."""

    def __init__(self) -> None:
        self.labels: list[Label] = []

    def keep(self, model: str, labels: Sequence[Label], *, by: By) -> int:
        if model != "support":
            raise NotFound(f"There is no model '{model}'.")
        if any(one.label != "refund" for one in labels):
            raise InvalidRequest("There is no such label.")
        self.labels += labels
        return 1


@pytest.fixture
def desk() -> Kept:
    return Kept()


@pytest.fixture
def client(desk: Kept) -> Iterator[TestClient]:
    with TestClient(create_app(ModelTable(), labels=desk)) as client:
        yield client


def send(client: TestClient, *labels: Any, model: str = "support") -> Any:
    return client.post(f"/v1/models/{model}/labels", json={"labels": labels})


def test_labels_are_kept_with_their_source_and_time(client: TestClient, desk: Kept) -> None:
    answer = send(client, GIVEN, {"prediction_id": "02J", "label": "refund"})
    assert (answer.status_code, answer.json()) == (200, {"kept": 2, "compared": 1})
    first, second = desk.labels
    assert (first.model, first.source, first.time) == ("support", "agents", "2026-07-01T10:00:00.000+00:00")
    assert second.time == second.received
    assert first.labeler.startswith("anonymous@")


class Numbers:
    """A desk of a model of numbers."""

    def __init__(self) -> None:
        self.labels: list[Label] = []

    def keep(self, model: str, labels: Sequence[Label], *, by: By) -> int:
        self.labels += labels
        return 0


def test_a_true_number_is_kept_as_it_was_sent() -> None:
    desk = Numbers()
    with TestClient(create_app(ModelTable(), labels=desk)) as client:
        answer = send(client, GIVEN | {"label": 12.5}, GIVEN | {"label": 3}, GIVEN | {"label": -1e300})

    assert (answer.status_code, [one.label for one in desk.labels]) == (200, ["12.5", "3", "-1e+300"])


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([], "length"),
        ([{"label": "refund"}], "prediction_id"),
        ([GIVEN | {"lable": "refund"}], "lable"),
        ([GIVEN | {"time": "yesterday"}], "time"),
        ([GIVEN | {"time": "2026-07-01T12:00:00"}], "timezone"),
        ([GIVEN | {"label": ""}], "label"),
        ([GIVEN | {"label": "refnud"}], "no such label"),
    ],
)
def test_what_is_wrong_with_a_label_is_said(client: TestClient, desk: Kept, labels: Any, message: str) -> None:
    answer = send(client, *labels)
    assert answer.status_code == 400
    assert message in str(answer.json()["error"])
    assert desk.labels == []


def test_labels_of_an_unknown_model_are_not_found(client: TestClient) -> None:
    assert send(client, GIVEN, model="nobody").status_code == 404


def test_a_server_without_a_workspace_keeps_no_labels() -> None:
    with TestClient(create_app(ModelTable())) as client:
        assert send(client, GIVEN).status_code == 501
