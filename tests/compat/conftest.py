from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.api.world import serving


@pytest.fixture(scope="package")
def server() -> Iterator[str]:
    """The address of a real server with a model of every task."""
    with serving() as url:
        yield url
