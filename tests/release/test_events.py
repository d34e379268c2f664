from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from dragoman.api.fakes import fake_release
from dragoman.api.monitor_fakes import fake_alert
from dragoman.records import By, ReleaseNote
from dragoman.release.events import events
from dragoman.store.memory import MemoryCatalog

ADA = By(actor="ada", reason="trained on June")


@pytest.fixture
def catalog() -> MemoryCatalog:
    """Two versions of `support`, and a dataset's worth of nothing else."""
    catalog = MemoryCatalog()
    for bundle in ("a", "b"):
        catalog.add_version(model="support", bundle=bundle * 64, run=bundle, owner="ada", created="2026-07-01", by=ADA)
    return catalog


def told(found: Any) -> list[tuple[Any, ...]]:
    return [(event.kind, event.model, event.version) for event in found]


def test_a_deploy_is_an_event_with_actor_and_reason(catalog):
    catalog.move_alias("support", "champion", 1, expected=None, by=ADA)
    event = events(catalog)[-1]
    assert (event.kind, event.model, event.version, event.actor) == ("deployed", "support", 1, "ada")
    assert event.text == "support/1 is the champion: trained on June"
    assert datetime.fromisoformat(event.time).tzinfo is not None


def test_other_aliases_are_no_deploys(catalog):
    catalog.move_alias("support", "challenger", 2, expected=None, by=ADA)
    catalog.move_alias("support", "challenger", None, expected=2, by=By(actor="ben"))
    assert told(events(catalog))[-2:] == [("labelled", "support", 2), ("withdrawn", "support", 2)]
    assert events(catalog)[-1].text == "support/2 has the alias 'challenger' no more."


def test_registered_and_retired_versions_are_events(catalog):
    catalog.retire_version("support", 1, by=ADA)
    assert told(events(catalog)) == [
        ("registered", "support", 1),
        ("registered", "support", 2),
        ("retired", "support", 1),
    ]


def test_a_release_is_told_from_its_start_to_its_end(catalog):
    release = fake_release(champion=1, challenger=2, share=0.0, status="shadow")
    kept = catalog.save_release(release, expected=None, action="release.started", by=ADA)
    kept = msgspec.structs.replace(kept, share=0.05, status="canary")
    kept = catalog.save_release(kept, expected=kept.revision, action="release.stepped", by=By(actor="controller"))
    note = ReleaseNote(time="2026-07-01T13:00:00Z", status="rolled_back", share=0.0, actor="c", text="agreement in th")
    kept = msgspec.structs.replace(kept, share=0.0, status="rolled_back", notes=[note])
    catalog.save_release(kept, expected=kept.revision, action="release.rolled_back", by=By(actor="controller"))
    found = events(catalog)[-3:]
    assert [(event.kind, event.version, event.release) for event in found] == [
        ("started", 2, "r-1"),
        ("stepped", 2, "r-1"),
        ("rolled back", 2, "r-1"),
    ]
    assert found[1].text == "The release of support/2 goes on: 5% of the traffic."
    assert found[2].text == "The release of support/2 is over: rolled back: agreement in th"


def test_a_deploy_names_the_release_that_it_rests_on(catalog):
    catalog.move_alias("support", "champion", 2, expected=None, by=By(actor="controller", evidence="r-1"))
    assert events(catalog)[-1].release == "r-1"


def test_events_of_other_models_can_be_left_out(catalog):
    catalog.add_version(model="intents", bundle="c" * 64, run="c", owner="ada", created="2026-07-01", by=ADA)
    other = fake_release(id="r-2", model="intents", champion=1, challenger=2)
    catalog.save_release(other, expected=None, action="release.started", by=ADA)
    assert {event.model for event in events(catalog, model="support")} == {"support"}
    assert told(events(catalog, model="intents")) == [("registered", "intents", 1), ("started", "intents", 2)]


def test_events_can_be_cut_by_time(catalog):
    catalog.move_alias("support", "champion", 1, expected=None, by=ADA)
    times = [datetime.fromisoformat(event.time) for event in events(catalog)]
    step = timedelta(milliseconds=1)
    assert len(events(catalog, since=times[0], until=times[-1] + step)) == 3
    assert events(catalog, until=times[0]) == []
    assert events(catalog, since=times[-1] + step) == []


def test_alerts_stand_between_the_changes_in_order_of_time(catalog):
    old = fake_alert(status="resolved", started="2026-01-01T00:00:00Z", ended="2999-01-01T00:00:00Z")
    catalog.save_alerts([old, fake_alert(id="a-2", model="intents", started="2026-01-02T00:00:00Z")])
    assert told(events(catalog)) == [
        ("fired", "support", 7),
        ("fired", "intents", 7),
        ("registered", "support", 1),
        ("registered", "support", 2),
        ("resolved", "support", 7),
    ]
    assert told(events(catalog, model="intents")) == [("fired", "intents", 7)]
    assert told(events(catalog, until=datetime.fromisoformat("2026-01-02T00:00:00Z"))) == [("fired", "support", 7)]


def test_changes_of_other_things_are_no_events(catalog):
    before = len(events(catalog))
    catalog.audit("key.created", "keys:/k-1", detail={}, by=ADA)
    catalog.audit("alias.moved", "somewhere else", detail={"to": 1}, by=ADA)
    assert len(events(catalog)) == before
