from __future__ import annotations

from tests.features.online.world import applied, event, moment, pushed, source_of, view_of

from dragoman.features.online import forget, freshness, materialize, push, watermark
from dragoman.store.memory_online import MemoryOnline


def test_freshness_is_of_the_newest_event_and_of_the_last_writing() -> None:
    view, store = applied(view_of()), MemoryOnline()
    materialize(view, source_of([event("a", at=1, late=1)]), store, now=moment(5))

    found = freshness(view, store, now=moment(6))

    assert (found.available_seconds, found.written_seconds) == (4 * 3_600.0, 3_600.0)
    assert (found.dataset_number, found.rows) == (0, 1)


def test_a_push_makes_a_view_fresh() -> None:
    view, store = applied(view_of()), MemoryOnline()
    materialize(view, source_of([event("a", at=1)]), store, now=moment(5))
    push(view, [pushed(event("b", at=5.5))], store, now=moment(5.5))
    push(view, [pushed(event("b", at=4))], store, now=moment(5.75))

    found = freshness(view, store, now=moment(6))

    assert (found.available_seconds, found.written_seconds) == (1_800.0, 900.0)


def test_a_view_without_rows_has_no_freshness() -> None:
    found = freshness(applied(view_of()), MemoryOnline())

    assert (found.available_seconds, found.written_seconds, found.dataset_number, found.rows) == (None, None, None, 0)


def test_definitions_that_nobody_needs_are_forgotten() -> None:
    store, old, new = MemoryOnline(), applied(view_of()), applied(view_of(ttl="1h"))
    for view in (old, new):
        materialize(view, source_of([event("a", at=1)]), store, now=moment(5))
        push(view, [pushed(event("b", at=2))], store, now=moment(5))

    gone = forget(store, [new])

    assert gone == [f"shop@{old.digest}"]
    assert watermark(old, store) is None
    assert watermark(new, store) is not None
    assert {one.name for one in store.namespaces()} == {"views", f"shop@{new.digest}/1"}
    assert forget(store, [new]) == []
