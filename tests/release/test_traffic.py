from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from dragoman.errors import InvalidRequest
from dragoman.models.packing import PackedBatch
from dragoman.release.ledger import Ledger
from dragoman.release.route import Route
from dragoman.release.tally import Cell, Tally
from dragoman.release.traffic import Ask, Lane, Place, Traffic
from dragoman.runtime.base import FakeSession, Floats, Session
from dragoman.serving.fakes import FAKE_LABELS, FakeTask, HeldSession, fake_backbone, fake_model
from dragoman.serving.model import Answer, Model
from dragoman.serving.options import Options
from dragoman.serving.table import ModelTable
from dragoman.serving.tasks.base import CommonParameters

pytestmark = pytest.mark.anyio

SUBJECTS = [f"user-{number}" for number in range(200)]


class BrokenSession(FakeSession):
    def run(self, batch: PackedBatch) -> Floats:
        raise RuntimeError("out of luck")


class Notes:
    """A recorder that remembers."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, Place]] = []

    async def record(self, model: Model, ask: Ask, answer: Answer, place: Place, seconds: float) -> None:
        self.kept.append((model.version, place))


@pytest.fixture
def table() -> Iterator[ModelTable]:
    table = ModelTable()
    table.add(fake_model(version="7"), aliases=["champion"])
    yield table
    table.close()


def add_challenger(table: ModelTable, session: Session | None = None, *, labels: Any = FAKE_LABELS) -> None:
    backbone = fake_backbone(session, digest="challenger")
    task = FakeTask(backbone.tokenizer, labels=labels)
    table.add(fake_model(version="8", digest="challenger", backbone=backbone, task=task))


def released(table: ModelTable, *, share: float, recorder: Notes | None = None) -> tuple[Traffic, Lane]:
    traffic = Traffic(table, recorder)
    route = Route(release="r", model="support", champion="7", challenger="8", share=share, mirror=1.0, step=1)
    lane = Lane(route, Ledger(["en", "ru"]))
    traffic.lanes = {"support": lane}
    return traffic, lane


async def ask(traffic: Traffic, text: str = "where is my order", *, subject: str = "user", **changes: Any) -> Answer:
    asked = Ask([text], CommonParameters(), Options(subject=subject), **changes)
    with traffic.models.lease("support") as model:
        parameters = model.task.Parameters()
        return await traffic.answer(model, asked._replace(parameters=parameters))


def tally(lane: Lane, metric: str, language: str = "en") -> Tally:
    return dict(map(Tally.from_row, lane.ledger.rows())).get(Cell(metric, language, 1), Tally())


async def test_without_a_release_the_champion_answers(table: ModelTable) -> None:
    add_challenger(table)
    assert {(await ask(Traffic(table), subject=one)).version for one in SUBJECTS[:20]} == {"7"}


async def test_a_subject_keeps_its_version_and_each_has_its_share(table: ModelTable) -> None:
    add_challenger(table)
    traffic, _ = released(table, share=0.25)
    first = {one: (await ask(traffic, subject=one)).version for one in SUBJECTS}
    second = {one: (await ask(traffic, subject=one)).version for one in SUBJECTS}
    await traffic.settle()
    assert first == second
    assert 30 < list(first.values()).count("8") < 70


async def test_a_request_for_a_certain_version_is_left_alone(table: ModelTable) -> None:
    add_challenger(table)
    traffic, lane = released(table, share=1.0)
    assert (await ask(traffic, is_pinned=True)).version == "7"
    assert lane.ledger.rows() == []


async def test_in_shadow_the_champion_answers_and_the_copy_is_compared(table: ModelTable) -> None:
    add_challenger(table, labels=FAKE_LABELS[::-1])
    notes = Notes()
    traffic, lane = released(table, share=0.0, recorder=notes)
    answer = await ask(traffic, "refund please")
    await traffic.settle()
    assert answer.version == "7"
    assert lane.ledger.exposed() == {}
    assert (tally(lane, "agreement").n, tally(lane, "errors").mean) == (1, 0)
    assert [(version, place.arm, bool(place.original)) for version, place in notes.kept] == [
        ("7", "champion", False),
        ("8", "challenger", True),
    ]


async def test_what_the_challenger_answers_is_copied_to_the_champion(table: ModelTable) -> None:
    add_challenger(table)
    traffic, lane = released(table, share=1.0)
    assert (await ask(traffic)).version == "8"
    await traffic.settle()
    assert lane.ledger.exposed() == {"en": 1}
    assert tally(lane, "agreement").mean == 0


@pytest.mark.parametrize("share", [0.0, 1.0])
async def test_a_challenger_that_fails_harms_nobody_and_is_counted(table: ModelTable, share: float) -> None:
    add_challenger(table, BrokenSession(3))
    traffic, lane = released(table, share=share)
    answer = await ask(traffic)
    await traffic.settle()
    assert answer.version == "7"
    assert (tally(lane, "errors").n, tally(lane, "errors").mean) == (1, 1)


async def test_what_is_recorded_says_which_arm_was_drawn_and_how_likely_it_was(table: ModelTable) -> None:
    add_challenger(table)
    notes = Notes()
    traffic, _ = released(table, share=0.25, recorder=notes)
    for subject in SUBJECTS[:20]:
        await ask(traffic, subject=subject)
    await traffic.settle()
    seen = [place for _, place in notes.kept if not place.original]
    assert {(place.assigned, place.share) for place in seen} == {("champion", 0.25), ("challenger", 0.25)}
    assert all(place.assigned == place.arm for place in seen)
    assert {(place.assigned, place.share) for _, place in notes.kept if place.original} == {("", 0.0)}


async def test_the_subject_of_a_challenger_that_fails_was_still_given_to_it(table: ModelTable) -> None:
    add_challenger(table, BrokenSession(3))
    notes = Notes()
    traffic, _ = released(table, share=1.0, recorder=notes)
    await ask(traffic)
    await traffic.settle()
    first, *_ = notes.kept
    assert (first[0], first[1].arm, first[1].assigned, first[1].share) == ("7", "champion", "challenger", 1.0)


async def test_a_challenger_that_is_not_there_is_no_error_of_its_own(table: ModelTable) -> None:
    traffic, lane = released(table, share=1.0)
    assert (await ask(traffic)).version == "7"
    assert lane.ledger.rows() == []


async def test_a_request_that_is_wrong_is_wrong_for_every_version(table: ModelTable) -> None:
    add_challenger(table)
    traffic, lane = released(table, share=1.0)
    with pytest.raises(InvalidRequest, match="empty"):
        await ask(traffic, "")
    assert lane.ledger.rows() == []


async def test_a_rollback_takes_what_the_challenger_has_in_hand_to_the_champion(table: ModelTable) -> None:
    held = HeldSession()
    add_challenger(table, held)
    traffic, lane = released(table, share=1.0)
    waiting = asyncio.ensure_future(ask(traffic))
    await asyncio.to_thread(held.entered.wait)
    lane.halt()
    assert (await waiting).version == "7"
    held.gate.set()
    assert (await ask(traffic)).version == "7"


async def test_a_client_that_goes_ends_the_challenger_s_work(table: ModelTable) -> None:
    held = HeldSession()
    add_challenger(table, held)
    traffic, lane = released(table, share=1.0)
    waiting = asyncio.ensure_future(ask(traffic))
    await asyncio.to_thread(held.entered.wait)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    held.gate.set()
    assert lane._in_hand == {}


async def test_a_server_with_too_much_to_copy_makes_no_more_copies(
    table: ModelTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dragoman.release.traffic.MAX_MIRRORED", 1)
    held = HeldSession()
    add_challenger(table, held)
    traffic, lane = released(table, share=0.0)
    for text in ("where", "order", "my"):
        await ask(traffic, text)
    assert traffic.dropped == 2
    held.gate.set()
    await traffic.settle()
    assert tally(lane, "agreement").n == 1


async def test_a_new_champion_is_not_compared_by_the_old_release(table: ModelTable) -> None:
    add_challenger(table)
    traffic, lane = released(table, share=1.0)
    table.point("support", "champion", "8")
    assert (await ask(traffic)).version == "8"
    assert lane.ledger.rows() == []
