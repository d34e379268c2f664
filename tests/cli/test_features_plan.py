from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.cli.running import Verb
from tests.features.world import FILE, write_features, write_view_workspace

from dragoman.app import Workspace
from dragoman.errors import Conflict, DragomanError, NotFound
from dragoman.records import By
from dragoman.store.verification import verify_audit

VERB = Verb("features")
output, error = VERB.output, VERB.error


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    return write_view_workspace(tmp_path)


def change(place: Workspace, old: str, new: str) -> None:
    write_features(place.root, FILE.replace(old, new))


def planned(place: Workspace) -> Any:
    return json.loads(output(place, "plan", "--json"))


def test_a_plan_names_a_new_view_with_its_features_and_changes_nothing(place):
    shown = output(place, "plan")
    assert "+ activity: new of customer from orders" in shown
    assert "+ orders_30d = count().over(30d)  (integer)" in shown
    assert shown.endswith("1 new.\n")
    assert place.catalog.views() == []


def test_what_is_applied_is_in_force_and_in_the_audit_log(place):
    assert "Applied: activity." in output(place, "apply", "--reason", "first views")
    view = place.features.applied("activity")
    assert (view.owner, [column.name for column in view.columns]) == (
        "growth@example.com",
        ["orders_30d", "spent", "last_category"],
    )
    (row,) = place.catalog.audit_rows(action="view.")
    assert (row.action, row.subject, row.detail["reason"]) == ("view.applied", "views:/activity", "first views")
    assert row.detail["digest"] == view.digest
    assert verify_audit(place.catalog) == []


def test_a_plan_after_applying_has_nothing_to_do(place):
    output(place, "apply")
    assert output(place, "plan").splitlines()[-1] == "Nothing to do: 1 unchanged."
    assert json.loads(output(place, "apply", "--json")) == []


def test_a_changed_expression_is_shown_before_and_after(place):
    output(place, "apply")
    change(place, 'col("amount").sum()', 'col("amount").sum().over("7d")')
    shown = output(place, "plan")
    assert "~ activity: changed" in shown
    assert "~ spent = sum(amount)  →  sum(amount).over(7d)" in shown
    before = place.features.applied("activity").digest
    output(place, "apply")
    assert place.features.applied("activity").digest != before
    assert place.features.applied("activity", before).digest == before


def test_another_owner_keeps_the_digest(place):
    output(place, "apply")
    before = place.features.applied("activity").digest
    change(place, "growth@", "sales@")
    (found,) = planned(place)
    assert (found["kind"], found["words"]) == ("relabelled", ["owner: growth@example.com → sales@example.com"])
    output(place, "apply")
    assert (place.features.applied("activity").owner, place.features.applied("activity").digest) == (
        "sales@example.com",
        before,
    )


def test_a_view_that_is_in_no_file_any_more_is_retired(place):
    output(place, "apply")
    (place.root / "features" / "shop.py").unlink()
    assert "- activity: retired" in output(place, "apply")
    assert place.catalog.views() == []
    assert "There are no views" in output(place, "plan")


def test_a_view_that_a_spec_reads_is_not_retired(place):
    output(place, "apply")
    write_spec(place)
    (place.root / "features" / "shop.py").unlink()
    found = error(place, "apply")
    assert isinstance(found, NotFound)
    assert "the spec of 'churn' reads it" in found.message


def test_a_plan_names_the_models_that_read_a_view(place):
    write_spec(place)
    assert "+ activity: new of customer from orders, read by churn" in output(place, "plan")


def test_somebody_who_applies_in_between_is_not_overwritten(place):
    mine = place.features.plan()
    output(place, "apply")
    with pytest.raises(Conflict, match="The view 'activity' has the definition"):
        place.features.apply(mine, by=By(actor="ada"))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('col("amount")', 'col("amuont")', "amuont"),
        ('col("category").lower()', 'col("amount").lower()', "activity.last_category"),
        ('Events("orders"', 'Events("ordres"', "ordres"),
        ("customer_id", "client_id", "client_id"),
        ('col("amount").sum()', "undefined.sum()", "shop.py:13: NameError"),
    ],
)
def test_a_view_that_does_not_fit_its_source_is_refused_before_anything_is_applied(place, old, new, said):
    change(place, old, new)
    found = error(place, "apply")
    assert found.exit_code == 2
    assert said in found.message
    assert place.catalog.views("all") == []


def test_a_definition_that_was_changed_in_the_catalog_is_not_believed(place):
    output(place, "apply")
    view = place.features.applied("activity")
    definition = {**view.definition, "ttl": 1_000_000}
    forged = msgspec.structs.replace(view, definition=definition)
    place.catalog.save_views([forged], expected={"activity": view.digest})
    with pytest.raises(DragomanError, match="The definition of the view 'activity' has the digest"):
        place.features.applied("activity")


def write_spec(place: Workspace) -> None:
    (place.root / "models").mkdir()
    (place.root / "models" / "churn.toml").write_text(
        'name = "churn"\nowner = "a@example.com"\ntask = "tabular-classification"\n'
        '[data]\ndataset = "labels"\nlabels = ["no", "yes"]\ntime = "asked_at"\n'
        '[features]\nviews = ["activity"]\n'
    )


def test_the_skew_of_a_model_that_is_none_is_refused(place):
    assert error(place, "skew", "nobody").message == "There is no model 'nobody'."
