from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.unreleased import registered

from dragoman.app.desk import Desk
from dragoman.app.workspace import Workspace
from dragoman.errors import Conflict, InvalidRequest, NotFound
from dragoman.records import By, Release

ADA = By(actor="ada", reason="trained on June")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Workspace]:
    """A workspace with three versions of nothing, the first of which is the champion."""
    place = registered(tmp_path)
    yield place
    place.catalog.close()


def begun(place: Workspace, **changes: Any) -> Release:
    """A release that has passed its gates."""
    wanted = Desk(place).start("support", 2, by=ADA)
    fields = {"status": "shadow", "step": 0} | changes
    return place.catalog.save_release(
        msgspec.structs.replace(wanted, **fields), expected=wanted.revision, action="release.started", by=ADA
    )


def test_a_wanted_release_is_recorded_with_its_plan_and_names_its_challenger(place: Workspace) -> None:
    release = Desk(place).start("support", 2, by=ADA)
    assert (release.status, release.champion, release.challenger, release.reason) == (
        "checking",
        1,
        2,
        "trained on June",
    )
    assert release.plan["steps"] == [5, 100]
    assert place.catalog.alias("support", "challenger") == 2
    assert Desk(place).newest("support").id == release.id


def test_a_model_has_one_release_at_a_time(place: Workspace) -> None:
    Desk(place).start("support", 2, by=ADA)
    with pytest.raises(Conflict):
        Desk(place).start("support", 3, by=ADA)


@pytest.mark.parametrize(("challenger", "error"), [(1, InvalidRequest), (9, NotFound)])
def test_what_cannot_be_released_is_refused(place: Workspace, challenger: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        Desk(place).start("support", challenger, by=ADA)
    assert Desk(place).releases() == []


def test_a_retired_version_is_not_released(place: Workspace) -> None:
    place.catalog.retire_version("support", 2, by=ADA)
    with pytest.raises(InvalidRequest, match="is retired"):
        Desk(place).start("support", 2, by=ADA)


def test_a_model_without_a_champion_has_nothing_to_compare_with(place: Workspace) -> None:
    place.catalog.move_alias("support", "champion", None, expected=1, by=ADA)
    with pytest.raises(NotFound, match="has no champion"):
        Desk(place).start("support", 2, by=ADA)


def test_a_release_that_could_not_be_promoted_for_want_of_a_key_does_not_begin(place: Workspace) -> None:
    place.keychain.signer.path.unlink()
    with pytest.raises(NotFound, match="signing key"):
        Desk(place).start("support", 2, by=ADA)


def test_a_release_in_progress_is_rolled_back_by_hand(place: Workspace) -> None:
    begun(place)
    Desk(place).take_back("support", by=By(actor="ada", reason="complaints"))
    found = Desk(place).newest("support")
    assert (found.status, found.notes[-1].text) == ("rolled_back", "complaints")
    with pytest.raises(Conflict, match="was rolled back already"):
        Desk(place).take_back("support", by=ADA)


def test_a_change_that_the_controller_comes_before_is_made_again(place: Workspace) -> None:
    release = begun(place)
    desk, saves = Desk(place), []
    save = place.catalog.save_release

    def interrupted(changed: Release, **options: Any) -> Release:
        if not saves:
            saves.append(save(release, expected=release.revision, action=""))
        return save(changed, **options)

    place.catalog.save_release = interrupted  # type: ignore[method-assign]
    assert desk.roll_back(release.id, by=ADA).status == "rolled_back"


def test_a_release_that_waits_is_approved(place: Workspace) -> None:
    waiting = begun(place, status="waiting", step=-1)
    assert Desk(place).approve(waiting.id, by=ADA).status == "shadow"


def test_what_changed_the_traffic_is_listed(place: Workspace) -> None:
    begun(place)
    kinds = [event.kind for event in Desk(place).events(model="support")]
    assert {"registered", "deployed", "requested"} <= set(kinds)


@pytest.mark.parametrize("ask", ["releases", "events"])
def test_an_unknown_model_is_not_found(place: Workspace, ask: str) -> None:
    with pytest.raises(NotFound, match="no model 'nobody'"):
        getattr(Desk(place), ask)(model="nobody")
