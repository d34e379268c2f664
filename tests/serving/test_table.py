from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from dragoman.errors import Conflict, ModelNotReady, NotFound, Unavailable
from dragoman.serving.fakes import HeldSession, fake_backbone, fake_model
from dragoman.serving.model import Model
from dragoman.serving.table import ModelTable
from dragoman.serving.tasks.base import Piece


@pytest.fixture
def table() -> Iterator[ModelTable]:
    table = ModelTable()
    for version, aliases in (("1", ["old"]), ("2", ["champion"]), ("10", [])):
        table.add(fake_model(version=version), aliases=aliases)
    yield table
    table.close()


def fail() -> Model:
    raise Unavailable("The disk is on fire.", help="run.")


# References


@pytest.mark.parametrize(
    ("reference", "version"),
    [("support", "2"), ("support@champion", "2"), ("support@old", "1"), ("support/10", "10"), ("support/1", "1")],
)
def test_a_reference_finds_its_version(table: ModelTable, reference: str, version: str) -> None:
    assert table.get(reference).version == version


def test_the_first_model_of_a_task_is_found_without_describing_all(table: ModelTable) -> None:
    task = table.get("support").task.name
    assert table.first() == table.first(("embedding", task)) == "support"
    assert table.first(("another",)) is None
    assert ModelTable().first() is None


def test_without_a_champion_a_name_means_the_version_added_last() -> None:
    table = ModelTable()
    for version in ("9", "10"):
        table.add(fake_model(version=version))
    assert table.get("support").version == "10"
    table.close()


@pytest.mark.parametrize(
    ("reference", "message", "help"),
    [
        ("suport", "no model 'suport'", "did you mean 'support'?"),
        ("support/3", "no version '3' here", "versions: 1, 2, 10."),
        ("support@best", "no alias 'best'", "aliases: champion, old; versions: 1, 2, 10."),
        ("support/1/2", "no version '1/2'", "versions: 1, 2, 10."),
    ],
)
def test_an_unknown_reference_names_what_there_is(table: ModelTable, reference: str, message: str, help: str) -> None:
    with pytest.raises(NotFound, match=message) as caught:
        table.get(reference)
    assert caught.value.help == help


def test_an_empty_table_says_that_nothing_is_loaded() -> None:
    with pytest.raises(NotFound, match="no model 'support'") as caught:
        ModelTable().get("support")
    assert caught.value.help == "no model is loaded."


def test_an_alias_moves_to_the_model_added_with_it(table: ModelTable) -> None:
    table.add(fake_model(version="11"), aliases=["champion"])
    assert {row.version: row.aliases for row in table.rows()} == {"1": ["old"], "2": [], "10": [], "11": ["champion"]}


# Leases


def test_a_removed_version_closes_when_the_last_request_gives_it_back(table: ModelTable) -> None:
    with table.lease("support/1") as model, table.lease("support/1"):
        gone = table.remove("support", "1")
        assert len(model.predict("order")) == 1
        assert not gone.is_set()
        assert ("support", "1", "draining", "") in table.states()
    assert gone.wait(10)
    with pytest.raises(ModelNotReady):
        model.predict("order")


def test_a_removed_version_is_not_found_and_takes_its_aliases_along(table: ModelTable) -> None:
    assert table.remove("support", "1").wait(10)
    for reference in ("support/1", "support@old"):
        with pytest.raises(NotFound):
            table.get(reference)
    assert [state[1:3] for state in table.states()] == [("2", "ready"), ("10", "ready")]


def test_removing_the_last_version_removes_the_name(table: ModelTable) -> None:
    for version in ("1", "2", "10"):
        assert table.remove("support", version).wait(10)
    with pytest.raises(NotFound, match="no model 'support'"):
        table.get("support")


def test_what_is_not_there_cannot_be_removed(table: ModelTable) -> None:
    with pytest.raises(NotFound, match="no version '7'"):
        table.remove("support", "7")


def test_a_lease_ends_also_with_an_error(table: ModelTable) -> None:
    with pytest.raises(KeyError), table.lease("support/1"):
        raise KeyError
    assert table.remove("support", "1").wait(10)


# Swaps


def test_a_replaced_version_hands_its_aliases_over(table: ModelTable) -> None:
    table.add(fake_model(version="3"), replaces="2")
    assert table.get("support@champion").version == "3"
    assert [row.version for row in table.rows()] == ["1", "10", "3"]


def test_the_same_version_loaded_again_takes_its_own_place(table: ModelTable) -> None:
    before = table.get("support/2")
    after = table.load("support", "2", lambda: fake_model(version="2"))
    assert table.get("support@champion") is after
    assert before is not after


def test_while_a_version_loads_the_old_one_answers(table: ModelTable) -> None:
    seen: list[object] = []

    def make() -> Model:
        seen.append(table.get("support").version)
        seen.append([state for state in table.states() if state.version == "3"])
        with pytest.raises(ModelNotReady, match="Version 3 of model 'support' is loading"):
            table.get("support/3")
        with pytest.raises(Conflict, match="being loaded already"):
            table.load("support", "3", fail)
        return fake_model(version="3")

    table.load("support", "3", make, replaces="2")
    assert seen == ["2", [("support", "3", "loading", "")]]
    assert table.get("support").version == "3"


def test_a_version_that_cannot_be_loaded_changes_nothing_and_says_why(table: ModelTable) -> None:
    with pytest.raises(Unavailable):
        table.load("support", "3", fail, aliases=["champion"], replaces="2")
    assert table.get("support").version == "2"
    assert ("support", "3", "failed", "The disk is on fire. Help: run.") in table.states()
    with pytest.raises(Unavailable, match="could not be loaded: The disk is on fire"):
        table.get("support/3")


def test_the_reason_of_an_unexpected_failure_tells_nothing_internal(table: ModelTable) -> None:
    def make() -> Model:
        raise KeyError("/secret/path")

    with pytest.raises(KeyError):
        table.load("support", "3", make)
    assert table.states()[-1].reason == "KeyError; the log has more"


def test_a_failed_version_can_be_loaded_again_or_forgotten(table: ModelTable) -> None:
    for version in ("3", "4"):
        with pytest.raises(Unavailable):
            table.load("support", version, fail)
    table.load("support", "3", lambda: fake_model(version="3"))
    assert table.remove("support", "4").is_set()
    assert [state.version for state in table.states()] == ["1", "2", "10", "3"]


def test_a_first_model_that_loads_is_not_ready_rather_than_unknown() -> None:
    table = ModelTable()

    def make() -> Model:
        for reference in ("support", "support/1"):
            with pytest.raises(ModelNotReady, match="is loading"):
                table.get(reference)
        return fake_model()

    table.load("support", "1", make)
    assert len(table.rows()) == 1
    table.close()


def test_swaps_under_load_fail_no_request() -> None:
    table, failures, versions, stop = ModelTable(), [], set(), threading.Event()
    table.add(fake_model(version="0"), aliases=["champion"])

    def ask() -> None:
        while not stop.is_set():
            try:
                with table.lease("support@champion") as model:
                    asyncio.run(model.predict_request(["where is my order"]))
                    versions.add(model.version)
            except Exception as error:
                failures.append(error)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(1, 20):
        table.load(
            "support", str(number), lambda number=number: fake_model(version=str(number)), replaces=str(number - 1)
        )
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(versions) > 1
    assert [state.version for state in table.states() if state.state == "ready"] == ["19"]
    table.close()


def test_models_of_one_backbone_come_and_go_without_each_other() -> None:
    backbone, table = fake_backbone(), ModelTable()
    for name in ("one", "two"):
        table.add(fake_model(name=name, backbone=backbone))
    assert table.remove("one", "1").wait(10)
    with table.lease("two") as model:
        assert len(model.predict("order")) == 1
    assert not backbone.is_closed
    assert table.remove("two", "1").wait(10)
    assert backbone.is_closed
    with pytest.raises(ModelNotReady, match="being closed"):
        backbone.take()


def test_giving_back_the_last_lease_does_not_wait_for_the_model_to_close() -> None:
    session, table = HeldSession(), ModelTable()
    model = fake_model(session=session)
    table.add(model)
    with table.lease("support"):
        running = model.backbone.engine.submit([Piece([1, 2], None, model.task.readout)])
        assert session.entered.wait(10)
        gone = table.remove("support", "1")
    assert not gone.is_set()
    session.gate.set()
    assert gone.wait(10)
    assert running[0].future.done()


def test_closing_closes_every_model(table: ModelTable) -> None:
    model = table.get("support")
    table.close()
    assert table.rows() == []
    with pytest.raises(ModelNotReady):
        model.predict("order")
