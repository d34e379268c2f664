from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.cli.running import Verb
from tests.features.world import FILE, append_orders, order, write_features, write_view_workspace

from dragoman.app import Workspace
from dragoman.cli import features_rows
from dragoman.cli.features_read import parse_key
from dragoman.errors import InvalidData, InvalidInput, NotFound, Unavailable

VERB = Verb("features")
run, output, told, error = VERB.run, VERB.output, VERB.told, VERB.error


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    """A workspace whose view is applied and materialized."""
    place = write_view_workspace(tmp_path)
    output(place, "apply")
    output(place, "materialize")
    return place


def event(number: int, *, customer: str = "c1", amount: float = 5.0) -> str:
    at = (datetime.now(UTC) - timedelta(minutes=5)).isoformat()
    plain = {"order_id": f"p{number}", "customer_id": customer, "ordered_at": at, "loaded_at": at}
    return json.dumps(plain | {"amount": amount, "category": "Hats"}) + "\n"


# Materialize


def test_rows_are_made_once_and_only_what_is_new_afterwards(place):
    assert "activity: 5 rows" in output(place, "materialize")
    assert "nothing was new" in output(place, "materialize")
    append_orders(place, [order(99, customer="new", days=0.5)])
    assert "activity: 6 rows" in output(place, "materialize", "activity")
    (mark,) = told(place, "materialize", "--full")
    assert (mark["view"], mark["rows"], mark["dataset_number"]) == ("activity", 6, place.tables.latest("orders"))
    assert [one.rows for one in place.catalog.watermarks()] == [6]


def test_a_view_that_is_not_applied_is_not_materialized(place, tmp_path):
    assert isinstance(error(place, "materialize", "nobody"), NotFound)
    (tmp_path / "other").mkdir()
    assert "No view is applied" in output(write_view_workspace(tmp_path / "other"), "materialize")


def test_a_changed_definition_has_rows_of_its_own_and_the_old_ones_go(place):
    before = place.features.applied("activity").digest
    write_features(place.root, FILE.replace('over("30d")', 'over("2d")'))
    output(place, "apply")
    assert isinstance(error(place, "get", "activity", "c1"), Unavailable)
    output(place, "materialize")
    assert [one.digest for one in place.catalog.watermarks()] == [place.features.applied("activity").digest]
    assert not any(before in one.name for one in place.features.store.namespaces())


def test_watching_goes_on_after_a_store_that_is_away(place, monkeypatch):
    rounds: list[str] = []

    def materialize(self: Any, views: Any, **how: Any) -> Any:
        rounds.append("round")
        if len(rounds) == 1:
            raise Unavailable("The catalog cannot be used now: it sleeps.")
        return iter(())

    def sleep(seconds: float) -> None:
        if len(rounds) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr("dragoman.app.feature_rows.FeatureRows.materialize", materialize)
    monkeypatch.setattr(features_rows.time, "sleep", sleep)
    done = run(place, "materialize", "--watch", "1")
    assert len(rounds) == 2
    assert "it sleeps. It is tried again in 1 s." in done.output


def test_watching_and_making_everything_anew_do_not_go_together(place):
    assert run(place, "materialize", "--watch", "1", "--full").exit_code == 2


# Get


def test_online_and_offline_values_are_the_same(place):
    online = told(place, "get", "activity", "c1")
    offline = told(place, "get", "activity", "c1", "--offline")
    assert online["values"] == offline["values"]
    assert online["values"]["activity.spent"] == sum(range(10, 20))
    assert online["known"] is True
    assert online["age_seconds"] > 0


def test_offline_values_know_the_past(place):
    at = "2026-10-26T00:00:00Z"
    values = told(place, "get", "activity", "c1", "--offline", "--at", at)["values"]
    assert values == {"activity.orders_30d": 5, "activity.spent": 85.0, "activity.last_category": "shoes"}


def test_a_key_that_is_not_known_says_so(place):
    shown = output(place, "get", "activity", "nobody")
    assert "The key is not known" in shown
    assert "activity.orders_30d" in shown
    assert told(place, "get", "activity", "nobody", "--offline")["values"]["activity.orders_30d"] == 0


@pytest.mark.parametrize("key", ["other=c1", "customer_id=c1,shop=2"])
@pytest.mark.parametrize("how", [[], ["--offline"]])
def test_a_key_of_other_columns_is_refused(place, key, how):
    found = error(place, "get", "activity", key, *how)
    assert isinstance(found, InvalidInput)


def test_a_key_can_name_its_column(place):
    assert told(place, "get", "activity", "customer_id=c1")["values"] == told(place, "get", "activity", "c1")["values"]


@pytest.mark.parametrize(
    ("text", "key"), [("a", "a"), ("17", "17"), ("shop=3", {"shop": "3"}), ("a=1, b=x y", {"a": "1", "b": "x y"})]
)
def test_keys_are_values_or_columns_with_values(text, key):
    assert parse_key(text) == key


@pytest.mark.parametrize("text", ["a=1,b", "=1"])
def test_half_a_key_is_refused(text):
    with pytest.raises(InvalidInput, match="a part without a column"):
        parse_key(text)


def test_a_time_that_is_none_is_refused(place):
    assert "--at: 'noon' is no time" in error(place, "get", "activity", "c1", "--at", "noon").message


# Push


def test_pushed_events_are_known_at_once(place):
    before = told(place, "get", "activity", "c1")["values"]["activity.spent"]
    assert "2 events of 2 keys" in output(
        place, "push", "activity", "-", input=event(1) + "\n" + event(2, customer="x")
    )
    assert told(place, "get", "activity", "c1")["values"]["activity.spent"] == before + 5
    assert told(place, "get", "activity", "x")["known"] is True


def test_an_event_pushed_twice_counts_once(place):
    again = event(1)
    output(place, "push", "activity", "-", input=again)
    assert told(place, "push", "activity", "-", input=again)["repeated"] == 1


@pytest.mark.parametrize(
    ("text", "said"), [("{", "standard input:1"), ("[1]", "standard input:1"), ('{"customer_id": "c1"}', "Event 1")]
)
def test_an_event_that_cannot_be_read_is_named(place, text, said):
    found = error(place, "push", "activity", "-", input=text)
    assert isinstance(found, InvalidData)
    assert said in found.message


# Verify


def test_rows_that_know_the_source_do_not_differ(place):
    assert "0 of 15 values of 5 keys differ" in output(place, "verify", "activity")
    assert told(place, "verify", "activity", "--keys", "2")["keys"] == 2


def test_an_event_that_is_not_materialized_makes_a_difference(place):
    append_orders(place, [order(99, customer="c1", days=0.5)])
    done = run(place, "verify", "activity")
    assert done.exit_code == 1
    assert "customer_id=c1" in done.output
    assert "`dragoman features materialize activity`" in done.output
    output(place, "materialize")
    assert run(place, "verify", "activity").exit_code == 0


# Freshness


def test_freshness_lists_every_view_with_age_and_size(place):
    (one,) = told(place, "freshness")
    assert (one["view"], one["rows"], one["applied"], one["models"], one["stale"]) == ("activity", 5, True, [], False)
    assert one["age"] > 0
    assert one["bytes"] > 0
    shown = output(place, "freshness")
    assert shown.split()[:3] == ["view", "definition", "newest"]


def test_a_view_without_rows_has_no_age(tmp_path):
    place = write_view_workspace(tmp_path)
    output(place, "apply")
    (one,) = told(place, "freshness")
    assert (one["age"], one["rows"]) == (None, 0)
