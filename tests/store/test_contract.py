from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.checks.catalog import TRUST_CHECKS
from tests.checks.catalog_loop import LOOP_CHECKS
from tests.checks.catalog_review import REVIEW_CHECKS
from tests.checks.monitoring import MONITORING_CHECKS
from tests.checks.store import BLOBS_CHECKS, CATALOG_CHECKS, TABLES_CHECKS

from dragoman.store.base import Blobs, Catalog, Tables


def name_of(check: Callable[..., None]) -> str:
    return check.__name__


ALL_CATALOG_CHECKS = [*CATALOG_CHECKS, *TRUST_CHECKS, *MONITORING_CHECKS, *REVIEW_CHECKS, *LOOP_CHECKS]


@pytest.mark.parametrize("check", ALL_CATALOG_CHECKS, ids=name_of)
def test_every_catalog_keeps_the_contract(check: Callable[[Catalog], None], catalog: Catalog) -> None:
    check(catalog)


@pytest.mark.parametrize("check", BLOBS_CHECKS, ids=name_of)
def test_every_blob_store_keeps_the_contract(
    check: Callable[[Blobs, Path], None], blobs: Blobs, tmp_path: Path
) -> None:
    check(blobs, tmp_path)


@pytest.mark.parametrize("check", TABLES_CHECKS, ids=name_of)
def test_every_table_store_keeps_the_contract(check: Callable[[Tables], None], tables: Tables) -> None:
    check(tables)
