from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient
from tests.api.holders import access_of, bearer, made
from tests.api.world import running
from tests.checks.catalog_review import review_draw, review_task

from dragoman import clock
from dragoman.api.application import create_app
from dragoman.api.review_fakes import FakeReview
from dragoman.app import Workspace, open_workspace
from dragoman.app.review import Review
from dragoman.feedback.labels import LABEL_TABLE
from dragoman.serving.table import ModelTable

SPEC = """
name = "support"
owner = "team@example.com"
languages = ["de", "fr"]

[data]
files = ["data/*.jsonl"]
labels = ["invoice", "refund", "other"]
"""
REVIEWERS = """
[[reviewers]]
name = "ana"
languages = ["de", "fr"]

[[reviewers]]
name = "bo"
languages = ["de"]
per_day = 1000
"""
NEXT = "/v1/models/support/review/next"
ANA, BO = {"reviewer": "ana"}, {"reviewer": "bo"}


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    (tmp_path / "models").mkdir()
    (tmp_path / "dragoman.toml").write_text("")
    (tmp_path / "models" / "support.toml").write_text(SPEC)
    (tmp_path / "reviewers.toml").write_text(REVIEWERS)
    return open_workspace(tmp_path)


@pytest.fixture
def client(place: Workspace) -> Iterator[TestClient]:
    with TestClient(create_app(ModelTable(), review=Review(place))) as client:
        yield client


def add(place: Workspace, count: int = 1, **changes: Any) -> None:
    """Tasks t0, t1, … that expire in a year or more."""
    expires = f"{clock.utc().year + 2}-01-01T00:00:00.000+00:00"
    tasks = [
        review_task(**{"id": f"t{n}", "prediction_id": f"p{n}", "expires": expires, **changes}) for n in range(count)
    ]
    place.catalog.add_review_tasks(review_draw(), tasks)


def labels_of(place: Workspace) -> list[tuple[str, str, str, str]]:
    rows = place.tables.read(LABEL_TABLE).to_pylist()
    return [(row["prediction_id"], row["label"], row["source"], row["labeler"]) for row in rows]


def error_of(answer: Any) -> str:
    return f"{answer.json()['error']['message']} {answer.json()['error']['help']}"


def test_a_task_is_taken_without_what_the_model_said(place: Workspace, client: TestClient) -> None:
    add(place)

    answer = client.post(NEXT, json=ANA)

    task = answer.json()
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert (task["id"], task["status"], task["claimed_by"]) == ("t0", "claimed", "ana")
    assert task["labels"] == ["invoice", "refund", "other"]
    assert (task["predicted"], task["score"], task["decisions"]) == (None, None, [])
    assert client.post(NEXT, json=ANA).json() == task


def test_where_nothing_waits_there_is_no_content(place: Workspace, client: TestClient) -> None:
    add(place, language="fr")

    answer = client.post(NEXT, json=BO)

    assert (answer.status_code, answer.content) == (204, b"")


def test_an_answer_becomes_a_label_and_shows_what_the_model_said(place: Workspace, client: TestClient) -> None:
    add(place)
    client.post(NEXT, json=ANA)

    said = client.post("/v1/review/t0/label", json={**ANA, "label": "other", "note": "Mahnung"}).json()

    assert (said["status"], said["label"], said["predicted"], said["score"]) == ("done", "other", "refund", 0.6)
    assert [(one["reviewer"], one["label"], one["note"]) for one in said["decisions"]] == [("ana", "other", "Mahnung")]
    assert labels_of(place) == [("p0", "other", "audit", "ana")]


def test_what_was_taken_back_is_told_to_the_labels(place: Workspace, client: TestClient) -> None:
    add(place)
    client.post("/v1/review/t0/label", json={**ANA, "label": "other"})

    answer = client.post("/v1/review/t0/undo", json=ANA)

    assert (answer.status_code, answer.json()["status"]) == (200, "open")
    assert sorted(labels_of(place)) == [("p0", "", "audit", ""), ("p0", "other", "audit", "ana")]
    assert client.post("/v1/review/t0/undo").status_code == 409


def test_a_task_that_all_who_could_answer_skip_is_over(place: Workspace, client: TestClient) -> None:
    add(place)

    states = [client.post("/v1/review/t0/skip", json=who).json()["status"] for who in (ANA, BO)]

    assert states == ["open", "skipped"]


def test_what_others_said_shows_before_the_end_only_when_asked_for(place: Workspace, client: TestClient) -> None:
    add(place, wanted=2)
    client.post("/v1/review/t0/label", json={**ANA, "label": "other"})

    hidden = client.get("/v1/review/t0").json()
    asked = client.get("/v1/review/t0", params={"prediction": "true"}).json()

    assert (hidden["predicted"], hidden["decisions"]) == (None, [])
    assert (asked["predicted"], len(asked["decisions"])) == ("refund", 1)


@pytest.mark.parametrize(
    ("path", "body", "refused"),
    [
        (NEXT, {}, (400, "no 'reviewer'")),
        (NEXT, {"reviewer": "eve"}, (404, "There is no reviewer 'eve'")),
        (NEXT, {"reviewre": "ana"}, (400, "did you mean 'reviewer'")),
        ("/v1/models/nobody/review/next", ANA, (404, "declares no model 'nobody'")),
        ("/v1/review/t0/label", {**BO, "label": "refnud"}, (400, "did you mean 'refund'")),
        ("/v1/review/t0/label", {**BO, "label": "refund"}, (409, "'ana' has the task 't0' until")),
        ("/v1/review/t0/skip", BO, (409, "'ana' has the task 't0' until")),
        ("/v1/review/t9/label", {**ANA, "label": "refund"}, (404, "t9")),
        ("/v1/review/t0/undo", {}, (409, "can be taken back")),
    ],
)
def test_what_is_wrong_is_said(
    place: Workspace, client: TestClient, path: str, body: Any, refused: tuple[int, str]
) -> None:
    add(place)
    client.post(NEXT, json=ANA)

    answer = client.post(path, json=body)

    assert answer.status_code == refused[0]
    assert refused[1] in error_of(answer)


def test_the_backlog_counts_what_waits_and_what_is_done(place: Workspace, client: TestClient) -> None:
    add(place, 4)
    client.post("/v1/review/t3/label", json={**BO, "label": "other"})
    client.post(NEXT, json=ANA)

    found = client.get("/v1/models/support/review").json()

    assert (found["open"], found["claimed"], found["done"]) == (2, 1, 1)
    assert found["oldest_hours"] > 0
    assert [(row["language"], row["reason"], row["open"]) for row in found["rows"]] == [("de", "audit", 2)]
    assert [(row["name"], row["answered"]) for row in found["reviewers"]] == [("ana", 0), ("bo", 1)]


def test_agreement_is_told_by_language(place: Workspace, client: TestClient) -> None:
    add(place, 2, wanted=2)
    for task, who, label in (("t0", ANA, "other"), ("t0", BO, "other"), ("t1", ANA, "other"), ("t1", BO, "refund")):
        client.post(f"/v1/review/{task}/label", json={**who, "label": label})

    found = client.get("/v1/models/support/review/agreement").json()

    assert [(one["language"], one["tasks"], one["same"]) for one in found["languages"]] == [("all", 2, 1), ("de", 2, 1)]


@pytest.mark.parametrize("path", ["/v1/models/nobody/review", "/v1/models/nobody/review/agreement", "/v1/review/t0"])
def test_what_is_not_there_is_not_found(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_a_server_without_a_workspace_has_no_review() -> None:
    with TestClient(create_app(ModelTable())) as client:
        assert client.get("/v1/models/support/review").status_code == 501


def test_two_reviewers_who_ask_at_once_get_every_task_once(place: Workspace) -> None:
    add(place, 24)

    def work(url: str, name: str) -> list[str]:
        mine = []
        with httpx.Client(base_url=url) as client:
            while (taken := client.post(NEXT, json={"reviewer": name})).status_code == 200:
                mine.append(taken.json()["id"])
                said = client.post(f"/v1/review/{mine[-1]}/label", json={"reviewer": name, "label": "refund"})
                assert said.json()["status"] == "done"
        return mine

    with running(create_app(ModelTable(), review=Review(place))) as url, ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda name: work(url, name), ["ana", "bo"]))

    assert sorted([*done[0], *done[1]]) == sorted(f"t{n}" for n in range(24))
    assert len(labels_of(place)) == 24


# Keys


def ask(role: Any, name: str, *models: str, reviewer: str | None, path: str = "/v1/review/t-1/label") -> Any:
    """What a key gets for an answer, and who is said to have given it."""
    key, text = made(role, *models)
    review = FakeReview()
    key = type(key)(**{field: getattr(key, field) for field in key.__struct_fields__} | {"name": name})
    body = {"label": "refund"} | ({"reviewer": reviewer} if reviewer else {})
    with TestClient(create_app(ModelTable(), review=review, access=access_of(key))) as client:
        answer = client.post(path, json=body, headers=bearer(text))
    return answer.status_code, [one.reviewer for one in review.said]


def test_a_key_answers_for_its_holder() -> None:
    assert ask("labeler", "ana", reviewer=None) == (200, ["ana"])
    assert ask("labeler", "ana", reviewer="ana") == (200, ["ana"])


def test_only_the_key_of_an_admin_answers_for_others() -> None:
    assert ask("labeler", "ana", reviewer="bo") == (403, [])
    assert ask("admin", "desk", reviewer="bo") == (200, ["bo"])


def test_a_key_of_other_models_answers_nothing() -> None:
    assert ask("labeler", "ana", "intents", reviewer=None) == (403, [])


@pytest.mark.parametrize(
    ("role", "status"), [("labeler", 200), ("viewer", 200), ("operator", 200), ("caller", 403), ("admin", 200)]
)
def test_who_labels_or_looks_sees_the_backlog(role: Any, status: int) -> None:
    key, text = made(role)
    with TestClient(create_app(ModelTable(), review=FakeReview(), access=access_of(key))) as client:
        assert client.get("/v1/models/support/review", headers=bearer(text)).status_code == status


def test_who_only_looks_takes_no_tasks() -> None:
    key, text = made("viewer")
    with TestClient(create_app(ModelTable(), review=FakeReview(), access=access_of(key))) as client:
        assert client.post(NEXT, json=ANA, headers=bearer(text)).status_code == 403
