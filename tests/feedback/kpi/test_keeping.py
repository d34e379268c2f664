from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.feedback.world import NOW

from dragoman.feedback.kpi.events import EVENT_TABLE, EventStore, new_events, table_of
from dragoman.feedback.kpi.given import GivenEvent
from dragoman.feedback.kpi.keeping import as_kept
from dragoman.records import By
from dragoman.store.memory_catalog import MemoryCatalog
from dragoman.store.tables import DeltaTables
from dragoman.text.redaction import Redactor

REDACTOR = Redactor(b"k" * 32)
PAID = GivenEvent("ada@example.com", "spent", 12.5, NOW - timedelta(hours=1), "order 7 of ada@example.com")
TIMED = GivenEvent("ada", "resolved", time=NOW - timedelta(hours=2))


def kept(*given: GivenEvent):
    return as_kept("support", given, REDACTOR, now=NOW)


def test_nothing_that_says_who_it_is_is_kept():
    (event,) = kept(PAID)
    assert "ada" not in repr(event)
    assert event.subject == REDACTOR.pseudonym("ada@example.com", kind="SUBJECT")
    assert (event.name, event.value, event.time) == ("spent", 12.5, "2026-05-31T23:00:00.000+00:00")


def test_an_event_without_value_and_time_is_one_that_happened_now():
    (event,) = kept(GivenEvent("ada", "resolved"))
    assert (event.value, event.time, event.received) == (1.0, "2026-06-01T00:00:00.000+00:00", event.time)


def test_the_same_id_is_the_same_event_and_another_one_is_not():
    first, again, other = kept(PAID, PAID._replace(subject="bob"), PAID._replace(id="order 8"))
    assert first.id == again.id != other.id


def test_an_event_with_a_time_is_known_again_and_one_without_never_is():
    assert kept(TIMED)[0].id == kept(TIMED._replace(place="line 9"))[0].id
    assert kept(GivenEvent("ada", "resolved"))[0].id != kept(GivenEvent("ada", "resolved"))[0].id


def test_what_is_said_twice_at_once_happened_twice_and_is_known_again_as_such():
    twice = [one.id for one in kept(TIMED, TIMED)]
    assert len(set(twice)) == 2
    assert [one.id for one in kept(TIMED, TIMED)] == twice


def test_an_id_of_the_caller_is_never_one_that_was_made():
    made = f"ada\0resolved\0None\0{kept(TIMED)[0].time}\0" + "0"
    assert kept(TIMED._replace(id=made))[0].id != kept(TIMED)[0].id


def test_other_clocks_are_brought_to_one():
    paris = datetime.fromisoformat("2026-05-31T12:00:00+02:00")
    assert (
        kept(GivenEvent("ada", "resolved", time=paris))[0].id
        == kept(GivenEvent("ada", "resolved", time=paris.astimezone(UTC)))[0].id
    )


def test_events_are_kept_in_one_commit_with_a_line_in_the_audit_log(tmp_path):
    tables, catalog = DeltaTables(tmp_path), MemoryCatalog()
    EventStore(tables, catalog).add("support", kept(PAID, TIMED), by=By(actor="ada"))
    assert tables.read(EVENT_TABLE)["time"].to_pylist() == [PAID.time, TIMED.time]
    (row,) = catalog.audit_rows()
    assert (row.action, row.detail["names"]) == ("events.added", {"spent": 1, "resolved": 1})


def test_no_events_leave_no_trace(tmp_path):
    tables, catalog = DeltaTables(tmp_path), MemoryCatalog()
    EventStore(tables, catalog).add("support", [], by=By(actor="ada"))
    assert (tables.latest(EVENT_TABLE), list(catalog.audit_rows())) == (None, [])


def test_new_events_are_those_of_the_model_that_are_not_kept(tmp_path):
    tables = DeltaTables(tmp_path)
    tables.append(EVENT_TABLE, table_of([*kept(PAID), *as_kept("other", [TIMED], REDACTOR, now=NOW)]))
    fresh = new_events(tables, "support", kept(PAID, TIMED, PAID._replace(id="8"), PAID._replace(id="8")))
    assert [one.id for one in fresh] == [one.id for one in kept(TIMED, PAID._replace(id="8"))]
