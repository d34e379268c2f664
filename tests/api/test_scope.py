from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.api.holders import made
from tests.api.world import table_of, task_model

from dragoman.api.principal import acting_as, asking, name_in, principal_of
from dragoman.api.scope import ModelsInScope
from dragoman.errors import DragomanError, Forbidden, NotFound
from dragoman.serving.table import ModelTable

OF_SUPPORT = principal_of(made("caller", "support")[0])
PARTS = st.sampled_from(["support", "vectors", "@", "/", "champion", "1", "2", ""])


@pytest.fixture(scope="module")
def table() -> Iterator[ModelTable]:
    made = table_of(task_model("text-classification"), task_model("embedding"))
    yield made
    made.close()


@given(reference=st.lists(PARTS, max_size=6).map("".join))
def test_no_reference_leads_out_of_scope(table: ModelTable, reference: str) -> None:
    with acting_as(OF_SUPPORT):
        try:
            with ModelsInScope(table).lease(reference) as model:
                assert model.name == "support"
            assert ModelsInScope(table).info(reference).name == "support"
        except (Forbidden, NotFound) as error:
            assert "vectors" not in error.help


@given(reference=st.lists(PARTS, max_size=6).map("".join))
def test_the_name_in_a_reference_is_the_one_that_the_table_reads(table: ModelTable, reference: str) -> None:
    try:
        found = table.info(reference).name
    except DragomanError:
        return
    assert name_in(reference) == found


def test_the_first_model_is_the_first_in_scope(table: ModelTable) -> None:
    models = ModelsInScope(table)
    with acting_as(principal_of(made("caller", "vectors")[0])):
        assert (models.first(), models.first(("text-classification",))) == ("vectors", None)
    assert models.first() == "support"


def test_outside_of_requests_the_server_itself_asks(table: ModelTable) -> None:
    with pytest.raises(ValueError, match="over"), acting_as(OF_SUPPORT):
        assert [row.name for row in ModelsInScope(table).rows()] == ["support"]
        raise ValueError("over")
    assert asking().actor == "server"
    assert len(ModelsInScope(table).states()) == 2
