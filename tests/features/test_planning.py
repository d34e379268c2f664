from __future__ import annotations

from typing import Any

import msgspec

from dragoman.features.planning import ViewUse, plan_views
from dragoman.records import AppliedView, ViewColumn

DAY = 86_400_000_000


def view(name: str = "activity", *, digest: str = "d1", owner: str = "a@example.com", **changes: Any) -> AppliedView:
    columns = changes.pop("columns", {"orders": "count()"})
    source = {"dataset": "orders", "time": "at", "available": None, "id": None}
    definition = {"entity": {"name": "customer", "keys": ["id"]}, "source": source, "ttl": 90 * DAY, **changes}
    return AppliedView(
        name=name,
        digest=digest,
        definition={**definition, "features": dict(columns)},
        columns=[ViewColumn(name=key, type="integer", expression=value) for key, value in columns.items()],
        owner=owner,
        applied="then",
        by="ada",
    )


def change(before: AppliedView, after: AppliedView) -> Any:
    (found,) = plan_views([after], [before], {})
    return found


def test_every_view_of_files_and_catalog_has_its_change():
    changed = view("b", digest="d2", columns={"orders": "count()", "more": "count()"})
    wanted = [view("a"), changed, view("d")]
    found = plan_views(wanted, [view("b"), view("c"), view("d")], {})
    assert [(one.view, one.kind) for one in found] == [
        ("a", "new"),
        ("b", "changed"),
        ("c", "retired"),
        ("d", "unchanged"),
    ]


def test_features_that_come_go_and_change_are_named_with_their_expressions():
    before = view(columns={"kept": "count()", "gone": "sum(a)", "other": "sum(a)"})
    after = view(digest="d2", columns={"kept": "count()", "other": "sum(b)", "new": "mean(a)"})
    found = {one.feature: (one.before, one.after) for one in change(before, after).features}
    assert found == {"other": ("sum(a)", "sum(b)"), "new": ("", "mean(a)"), "gone": ("sum(a)", "")}


def test_other_changes_are_told_in_words():
    source = {"dataset": "orders", "time": "at", "available": "loaded_at", "id": None}
    entity = {"name": "shop", "keys": ["shop", "day"]}
    after = view(digest="d2", ttl=None, source=source, entity=entity, owner="b@example.com")
    assert change(view(), after).words == [
        "entity: customer (id) → shop (shop, day)",
        "source available: none → loaded_at",
        "ttl: 90d → none",
        "owner: a@example.com → b@example.com",
    ]


def test_another_owner_changes_no_value():
    assert change(view(), view(owner="b@example.com")).kind == "relabelled"


def test_a_definition_that_only_means_something_else_is_told():
    found = change(view(), view(digest="d2"))
    assert found.kind == "changed"
    assert "computes some of its values in another way" in found.words[0]


def test_versions_that_go_on_with_the_old_definition_are_named():
    uses = [
        ViewUse(model="churn", version=3, role="champion", digest="d1"),
        ViewUse(model="churn", version=4, role="challenger", digest="d0"),
        ViewUse(model="churn"),
    ]
    (found,) = plan_views([view(digest="d2")], [view()], {"activity": uses})
    assert found.pinned == uses[:1]
    assert msgspec.to_builtins(found)["uses"][1]["role"] == "challenger"
