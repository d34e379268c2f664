from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dragoman.errors import Untrusted
from dragoman.store.anchors import Anchor
from dragoman.store.audit import Head


def head(number: int) -> Head:
    return Head(number=number, hash=f"{number:064}")


def yes(_: Head) -> bool:
    return True


@pytest.fixture
def anchor(tmp_path: Path) -> Anchor:
    return Anchor(tmp_path / "new" / "audit.head")


def test_an_anchor_keeps_the_newest_head(anchor: Anchor):
    assert anchor.read() is None
    for number in (1, 2, 5):
        anchor.advance(head(number), yes)
        assert anchor.read() == head(number)
    assert json.loads(anchor.path.read_text()) == {"number": 5, "hash": f"{5:064}"}


def test_an_anchor_never_goes_back(anchor: Anchor):
    for number in (5, 4, 5, 0):
        anchor.advance(head(number), yes)
    assert anchor.read() == head(5)


def test_an_anchor_that_is_not_in_the_chain_stays_as_proof(anchor: Anchor):
    anchor.advance(head(5), yes)
    anchor.advance(head(6), lambda kept: kept != head(5))
    assert anchor.read() == head(5)


@pytest.mark.parametrize("content", ["", "{}", '{"number": "x", "hash": ""}', "\0"])
def test_a_damaged_anchor_is_not_trusted_and_stays(content: str, anchor: Anchor):
    anchor.path.parent.mkdir()
    anchor.path.write_text(content)
    with pytest.raises(Untrusted, match=r"audit\.head cannot be read"):
        anchor.read()
    with pytest.raises(Untrusted):
        anchor.advance(head(6), yes)
    assert anchor.path.read_text() == content


def test_many_that_advance_an_anchor_leave_the_newest_head(anchor: Anchor):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: anchor.advance(head(number), yes), [3, 1, 7, 2, 9, 4, 8, 5, 6]))
    assert anchor.read() == head(9)
