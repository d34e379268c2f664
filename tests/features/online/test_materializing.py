from __future__ import annotations

import random
import signal
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from tests.features.offline.world import EventsInMemory
from tests.features.online.world import (
    FEATURES,
    SCHEMA,
    applied,
    by_definition,
    event,
    given,
    moment,
    online,
    pushed,
    source_of,
    view_of,
)
from tests.store.children import start

from dragoman.errors import Conflict, InvalidData, Unavailable
from dragoman.features import Entity, Events, View, count
from dragoman.features.offline import WorkspaceSources
from dragoman.features.online import Asked, OnlineFeatures, Progress, freshness, materialize, push, watermark
from dragoman.features.online import materializing as steps
from dragoman.store.memory_online import MemoryOnline
from dragoman.store.online import OnlineStore, open_online
from dragoman.store.online_rows import Change
from dragoman.store.tables import DeltaTables

SOME = {name: FEATURES[name] for name in ("orders", "spent", "sum_amount_5h", "last_city_2h") if name in FEATURES}


class Stopped(Exception):
    """The process ends here."""


class Failing(MemoryOnline):
    """A store whose process dies after so many writes."""

    def __init__(self) -> None:
        super().__init__()
        self.left = 10**9

    def update(self, pairs: Any, change: Change) -> None:
        self.left -= 1
        if self.left < 0:
            raise Stopped
        super().update(pairs, change)


def dataset_view(**changes: Any) -> View:
    view = view_of(SOME)
    source = Events("orders", time="at", available="known", id="order")
    return View("shop", entity=view.entity, source=source, features=SOME, owner="a", **changes)


def append(folder: Path, events: list[Any]) -> None:
    DeltaTables(folder / "tables").append("orders", pa.Table.from_pylist([given(one) for one in events], SCHEMA))


def sources(folder: Path) -> WorkspaceSources:
    return WorkspaceSources(DeltaTables(folder / "tables"), folder)


def orders(numbers: range, *, customers: int = 5) -> list[Any]:
    return [event(f"c{n % customers}", at=n / 10, order=n, amount=float(n)) for n in numbers]


def served(store: OnlineStore, events: list[Any], view: View | None = None) -> bool:
    """Whether every row has the values of these events."""
    one = view or dataset_view()
    keys = {given["customer"] for given in events}
    return all(online(one, store, key, 50) == by_definition(one, events, key, 50) for key in keys)


def test_the_watermark_says_how_far_the_rows_have_come(tmp_path: Path) -> None:
    append(tmp_path, orders(range(20)))
    store = MemoryOnline()

    mark = materialize(applied(dataset_view()), sources(tmp_path), store, now=moment(50))

    assert (mark.view, mark.dataset_number, mark.rows) == ("shop", 0, 5)
    assert (mark.available, mark.written) == ("2026-01-01T01:54:00Z", "2026-01-03T02:00:00Z")
    assert mark == watermark(applied(dataset_view()), store)


def test_a_view_without_rows_is_not_served_and_has_no_watermark() -> None:
    store = MemoryOnline()

    assert watermark(applied(view_of()), store) is None
    with pytest.raises(Unavailable, match=r"'shop' has no online rows.*features materialize shop"):
        OnlineFeatures(store, [applied(view_of())]).get([Asked(["shop"], "a")])


def test_only_entities_with_new_rows_are_written_again(tmp_path: Path) -> None:
    store, told = MemoryOnline(), list[Progress]()
    append(tmp_path, orders(range(20)))
    materialize(applied(dataset_view()), sources(tmp_path), store, now=moment(50))
    append(tmp_path, [event("c1", at=3, order=77), event("new", at=4, order=78)])

    mark = materialize(applied(dataset_view()), sources(tmp_path), store, now=moment(50), report=told.append)

    assert told[-1].keys == 2
    assert (mark.dataset_number, mark.rows) == (1, 6)
    assert served(store, [*orders(range(20)), event("c1", at=3, order=77), event("new", at=4, order=78)])


def test_nothing_new_writes_no_row_and_renews_the_watermark(tmp_path: Path) -> None:
    store, told = MemoryOnline(), list[Progress]()
    append(tmp_path, orders(range(20)))
    first = materialize(applied(dataset_view()), sources(tmp_path), store, now=moment(50))

    second = materialize(applied(dataset_view()), sources(tmp_path), store, now=moment(51), report=told.append)

    assert told == []
    assert (second.available, second.rows) == (first.available, first.rows)
    assert second.written > first.written


def test_a_dataset_whose_rows_were_replaced_is_read_whole(tmp_path: Path) -> None:
    store = MemoryOnline()
    append(tmp_path, orders(range(20)))
    materialize(applied(dataset_view()), sources(tmp_path), store, now=moment(50))
    fewer = [event("c1", at=1, order=5, amount=3.0)]
    DeltaTables(tmp_path / "tables").overwrite("orders", pa.Table.from_pylist([given(one) for one in fewer], SCHEMA))

    mark = materialize(applied(dataset_view()), sources(tmp_path), store, now=moment(50))

    assert mark.rows == 1
    assert served(store, fewer)
    assert [one.rows for one in store.namespaces() if one.name != "views"] == [1]
    assert not OnlineFeatures(store, [applied(dataset_view())]).get([Asked(["shop"], "c2")])[0].known["shop"]


def test_full_reads_everything_again(tmp_path: Path) -> None:
    store, told = MemoryOnline(), list[Progress]()
    append(tmp_path, orders(range(20)))
    materialize(applied(dataset_view()), sources(tmp_path), store, now=moment(50))

    materialize(applied(dataset_view()), sources(tmp_path), store, now=moment(50), full=True, report=told.append)

    assert told[0] == Progress("reading", 20)
    assert told[-1] == Progress("writing", 20, 5, 1.0)


def test_a_new_definition_has_rows_of_its_own_while_the_old_one_serves(tmp_path: Path) -> None:
    store = MemoryOnline()
    append(tmp_path, orders(range(20)))
    materialize(applied(dataset_view()), sources(tmp_path), store, now=moment(50))
    changed = dataset_view(ttl="1h")

    with pytest.raises(Unavailable):
        online(changed, store, "c1", 50)
    materialize(applied(changed), sources(tmp_path), store, now=moment(50))

    assert served(store, orders(range(20)), changed)
    assert served(store, orders(range(20)), dataset_view())


@pytest.mark.parametrize("ids", [True, False])
def test_what_is_pushed_while_all_rows_are_made_is_not_lost(ids: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "KEYS", 1)
    view, store = view_of(SOME, id=ids), MemoryOnline()
    old = [event(name, at=1, order=n) for n, name in enumerate("abcd")]
    before = event("early", at=2, order=10)
    materialize(applied(view), source_of(old), store, now=moment(9))
    push(applied(view), [pushed(before)], store, now=moment(9))
    late = [event(name, at=3, order=20 + n) for n, name in enumerate(["a", "d", "early", "x"])]
    waiting = list(late)

    def push_one(progress: Progress) -> None:
        if progress.doing == "writing" and waiting:
            push(applied(view), [pushed(waiting.pop())], store, now=moment(9))

    materialize(applied(view), source_of(old), store, now=moment(9), report=push_one)

    assert waiting == []
    assert served(store, [*old, before, *late], view)


def test_a_push_that_began_before_other_rows_serve_is_written_to_these() -> None:
    class Slow(MemoryOnline):
        def read(self, pairs: Any) -> Any:
            found = super().read(pairs)
            if waiting:
                waiting.pop()
                materialize(applied(view), source_of(old), self, now=moment(9))
            return found

    view, store, old, late = view_of(SOME), Slow(), [event("a", at=1, order=1)], event("a", at=2, order=2)
    waiting: list[int] = []
    materialize(applied(view), source_of(old), store, now=moment(9))
    waiting.append(1)

    push(applied(view), [pushed(late)], store, now=moment(9))

    assert waiting == []
    assert served(store, [*old, late], view)


def test_a_later_materialization_overtakes_an_earlier_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "KEYS", 1)
    view, store = view_of(SOME), MemoryOnline()
    old = [event(name, at=1, order=n) for n, name in enumerate("abc")]
    others: list[int] = []

    def another(progress: Progress) -> None:
        if progress.doing == "writing" and not others:
            others.append(1)
            materialize(applied(view), source_of([*old, event("d", at=2, order=9)]), store, now=moment(9))

    with pytest.raises(Conflict, match="Another materialization of the view 'shop' has begun"):
        materialize(applied(view), source_of(old), store, now=moment(9), report=another)

    assert served(store, [*old, event("d", at=2, order=9)], view)
    assert len([one for one in store.namespaces() if one.name != "views"]) == 1  # it wrote no more


def test_a_column_of_another_type_than_when_it_was_applied_is_refused() -> None:
    table = source_of([event("a")]).table
    changed = table.set_column(table.column_names.index("amount"), "amount", pa.array(["1"]))

    with pytest.raises(Conflict, match=r"'amount' of .* has the type string; it was number.*features apply"):
        materialize(applied(view_of()), EventsInMemory(changed), MemoryOnline())


def test_a_view_that_was_applied_without_types_is_refused() -> None:
    import msgspec

    with pytest.raises(Conflict, match=r"types of the columns.*features apply"):
        materialize(msgspec.structs.replace(applied(view_of()), types={}), source_of([]), MemoryOnline())


def test_an_error_of_the_source_is_passed_on_and_the_old_rows_serve() -> None:
    class Broken(EventsInMemory):
        def batches(self, view: Any, columns: Any) -> Any:
            yield from super().batches(view, columns)
            raise InvalidData("The file is broken.", help="Mend it.")

    view, store = view_of(SOME), MemoryOnline()
    materialize(applied(view), source_of([event("a", order=1)]), store, now=moment(9))

    with pytest.raises(InvalidData, match=r"The file is broken\. Help: Mend it"):
        materialize(applied(view), Broken(source_of([event("b", order=2)]).table), store, now=moment(9))
    assert served(store, [event("a", order=1)], view)


def test_rows_without_time_or_key_are_no_events() -> None:
    rows = [given(event("a", order=1)), {**given(event("a")), "at": None}, {**given(event("a")), "customer": None}]
    view, store = view_of(SOME), MemoryOnline()

    materialize(applied(view), EventsInMemory(pa.Table.from_pylist(rows, SCHEMA)), store, now=moment(9))

    assert served(store, [event("a", order=1)], view)


def test_keys_of_several_columns_are_found_by_all_of_them(tmp_path: Path) -> None:
    pair = Entity("pair", keys=["customer", "pieces"])
    view = View("shop", entity=pair, source=Events(files="a.csv", time="at"), features={"n": count()}, owner="a")
    rows = [event("é1", pieces=2), event("é", pieces=12), event("é", pieces=12)]
    store = open_online("", tmp_path)
    materialize(applied(view), source_of(rows), store, now=moment(9))

    asked = [
        Asked(["shop"], {"customer": name, "pieces": n}) for name, n in (("é", 12), ("é1", 2), ("é", "12"), ("é", 2))
    ]
    found = OnlineFeatures(store, [applied(view)]).get(asked, now=moment(9))

    assert [one.values["shop.n"] for one in found] == [2, 1, 2, 0]
    store.close()


# Killed -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_first", [True, False])
def test_whatever_write_is_the_last_whole_rows_serve_and_the_next_run_goes_on(
    is_first: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "KEYS", 1)
    old = orders(range(20))
    append(tmp_path, old)
    for writes in (0, 1, 4, 6, 7):
        store = Failing()
        if not is_first:
            materialize(applied(dataset_view()), sources(tmp_path), store, now=moment(50))
        store.left = writes
        try:
            materialize(applied(dataset_view()), sources(tmp_path), store, now=moment(50), full=True)
        except Stopped:
            assert is_first or served(store, old)
            assert not is_first or watermark(applied(dataset_view()), store) is None
        store.left = 10**9
        materialize(applied(dataset_view()), sources(tmp_path), store, now=moment(50))
        assert served(store, old)
        assert len([one for one in store.namespaces() if one.name != "views"]) == 1


def test_a_run_that_was_killed_goes_on_behind_the_last_entity_that_it_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "KEYS", 1)
    append(tmp_path, orders(range(20)))
    store, told = Failing(), list[Progress]()
    store.left = 4  # the mark and three entities
    with pytest.raises(Stopped):
        materialize(applied(dataset_view()), sources(tmp_path), store, now=moment(50))
    store.left = 10**9

    mark = materialize(applied(dataset_view()), sources(tmp_path), store, now=moment(50), report=told.append)

    assert [one.keys for one in told if one.doing == "writing"] == [1, 2]
    assert mark.rows == 5
    assert served(store, orders(range(20)))


CHILD = """
import sys
from pathlib import Path
from tests.features.online import test_materializing as world
from dragoman.features.online import materialize, materializing
from dragoman.store.online import open_online

materializing.KEYS = 3
folder = Path(sys.argv[1])
print("ready", flush=True)
view = world.applied(world.dataset_view())
materialize(view, world.sources(folder), open_online("", folder), now=world.moment(50), full=sys.argv[2] == "full")
"""


def test_a_process_that_is_killed_at_any_moment_leaves_old_or_new_rows(tmp_path: Path) -> None:
    draw, events, view = random.Random(7), orders(range(300), customers=150), dataset_view()
    append(tmp_path, events)
    store = open_online("", tmp_path)
    materialize(applied(view), sources(tmp_path), store, now=moment(50))
    for turn in range(10):
        more = [event(f"c{draw.randrange(150)}", at=31 + turn, order=1_000 + 50 * turn + n) for n in range(50)]
        append(tmp_path, more)
        child = start(CHILD, tmp_path, "full" if turn % 2 else "new")
        assert child.stdout and child.stdout.readline() == "ready\n"
        time.sleep(draw.uniform(0, 0.5))
        child.send_signal(signal.SIGKILL)
        child.communicate()

        for number in range(0, 150, 30):
            found = online(view, store, f"c{number}", 50)
            assert found in [by_definition(view, known, f"c{number}", 50) for known in (events, [*events, *more])]
        events += more
        if turn % 3 == 2:
            materialize(applied(view), sources(tmp_path), store, now=moment(50))
            assert served(store, events)
    assert freshness(applied(view), store, now=moment(50)).rows == 150
    store.close()
