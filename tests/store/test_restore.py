"""A retired version that comes back, in every catalog."""

from __future__ import annotations

import pytest

from dragoman.errors import NotFound
from dragoman.records import By
from dragoman.store.base import Catalog


@pytest.fixture
def shelf(catalog: Catalog) -> Catalog:
    """A catalog with one version."""
    catalog.add_version(model="support", bundle="b", run="r", owner="o", created="c")
    return catalog


def test_a_restored_version_may_have_aliases_again(shelf: Catalog) -> None:
    assert shelf.retire_version("support", 1).retired
    assert shelf.restore_version("support", 1).retired == ""
    shelf.move_alias("support", "champion", 1, expected=None)
    assert shelf.version("support", 1).aliases == ["champion"]


def test_the_audit_log_tells_who_restored_it(shelf: Catalog) -> None:
    shelf.retire_version("support", 1)
    shelf.restore_version("support", 1, by=By(actor="ana", reason="needed"))
    row = shelf.audit_rows()[-1]
    assert (row.action, row.subject, row.actor) == ("version.restored", "models:/support/1", "ana")
    assert (row.detail["retired"], row.detail["reason"]) == ("", "needed")


def test_a_version_that_is_not_retired_stays_as_it_is(shelf: Catalog) -> None:
    shelf.move_alias("support", "champion", 1, expected=None)
    before = shelf.audit_rows()
    assert shelf.restore_version("support", 1).aliases == ["champion"]
    assert shelf.audit_rows() == before


def test_there_must_be_such_a_version(shelf: Catalog) -> None:
    with pytest.raises(NotFound, match="no version 2"):
        shelf.restore_version("support", 2)
