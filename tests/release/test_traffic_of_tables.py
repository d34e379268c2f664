"""Releases of versions that read different columns, and of models of numbers, through the engine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from dragoman.errors import InvalidRequest
from dragoman.records import Baseline, RowInput, TextInput
from dragoman.release import speed
from dragoman.release.baselines import counted_baselines
from dragoman.release.cases import cases_of_rows
from dragoman.release.columns import known_to, read_by
from dragoman.release.comparison import compare_versions
from dragoman.release.ledger import Ledger
from dragoman.release.route import Route
from dragoman.release.tally import Tally
from dragoman.release.traffic import Ask, Lane, Traffic
from dragoman.serving.fakes import fake_model
from dragoman.serving.model import Answer
from dragoman.serving.options import Options
from dragoman.serving.table import ModelTable
from dragoman.serving.table_fakes import FAKE_COLUMNS, fake_table

pytestmark = pytest.mark.anyio

AGE = FAKE_COLUMNS[:1]  # what the challenger reads
ROW = {"features": {"age": 41, "plan": "silver"}}


@pytest.fixture
def table() -> Iterator[ModelTable]:
    table = ModelTable()
    table.add(fake_table(version="7"), aliases=["champion"])
    table.add(fake_table(version="8", digest="other", columns=AGE))
    yield table
    table.close()


async def ask(table: ModelTable, row: dict[str, Any], *, share: float) -> tuple[Answer, dict[str, Tally]]:
    """The answer, and what was counted by metric."""
    traffic = Traffic(table)
    route = Route(release="r", model="prices", champion="7", challenger="8", share=share, mirror=1.0)
    lane = Lane(route, Ledger(["und"]))
    traffic.lanes = {"prices": lane}
    with table.lease("prices") as model:
        answer = await traffic.answer(model, Ask([row], model.task.Parameters(), Options(subject="u")))
    await traffic.settle()
    return answer, {cell.metric: tally for cell, tally in map(Tally.from_row, lane.ledger.rows())}


@pytest.mark.parametrize("share", [0.0, 1.0])
async def test_a_version_gets_no_column_that_only_the_champion_reads(table: ModelTable, share: float) -> None:
    answer, counted = await ask(table, ROW, share=share)

    assert answer.version == ("8" if share else "7")
    assert (counted["errors"].n, counted["errors"].mean, counted["agreement"].mean) == (1, 0.0, 0.0)
    assert answer.predictions[0].language == "und"


async def test_a_column_that_neither_reads_is_refused(table: ModelTable) -> None:
    with pytest.raises(InvalidRequest, match="'agee'"):
        await ask(table, {"features": {"agee": 3, "plan": "gold"}}, share=1.0)


async def test_a_value_outside_of_the_champions_interval_disagrees(table: ModelTable) -> None:
    """The champion adds the place of the plan, 3, and its interval reaches two to each side."""
    _, counted = await ask(table, {"features": {"age": 41, "plan": "7"}}, share=0.0)

    assert counted["agreement"].mean == 1.0


def test_inputs_of_every_kind_lose_columns_and_keys_that_nobody_reads() -> None:
    with fake_table() as columns, fake_table(columns=AGE) as fewer, fake_model() as none:
        row, text = RowInput(features=ROW["features"], key="c-17"), TextInput(text="a", features={"age": 1}, key=3)

        assert known_to(columns, fewer, [row, ROW, "text"]) == [
            RowInput(features={"age": 41}, key="c-17"), {"features": {"age": 41}}, "text",
        ]  # fmt: skip
        assert known_to(columns, none, text) == TextInput(text="a", features={})
        assert known_to(columns, none, {"text": "a", "key": 3}) == {"text": "a", "key": None}
        assert known_to(fewer, columns, row) is row
        assert read_by(fewer, row).features == {"age": 41}


def test_two_models_of_a_table_are_compared_through_their_engines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "ROUNDS", 2)
    rows = [{"age": age, "plan": "silver", "id": age, "price": age + 1.0} for age in range(60)]
    cases = cases_of_rows(rows, target="price", has_labels=False)

    with fake_table(version="1") as champion, fake_table(version="2", columns=AGE) as challenger:
        found = compare_versions(champion, challenger, cases)

    assert (found.total.n, found.total.different, found.total.champion.value) == (60, 0, 1.0)
    assert found.total.lost == 60  # without the plan every answer is off by one
    assert (found.speeds.counted, found.languages[0].language) == ("rows", "und")


def test_labels_of_rows_are_compared_like_those_of_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "ROUNDS", 2)
    rows = [{"age": age, "plan": "gold", "language": "de", "kind": "invoice"} for age in range(1, 31)]

    with fake_table("tabular-classification") as one, fake_table("tabular-classification", version="2") as other:
        found = compare_versions(one, other, cases_of_rows(rows, target="kind", has_labels=True))

    assert (found.total.measure, found.total.counted, found.total.champion.value) == ("accuracy", "rows", 1.0)
    assert counted_baselines(found.languages) == {"de": Baseline(texts=30, disagreements=0)}
