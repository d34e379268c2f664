"""What every catalog keeps of versions in retirement, signatures, releases, leases, keys and the audit log."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest
from tests.checks.store import add_version, dataset_version, run_record

from dragoman.errors import Conflict, InvalidInput, NotFound
from dragoman.records import (
    ApiKey,
    AppliedView,
    By,
    Finding,
    Release,
    ReleaseNote,
    Signature,
    TallyRow,
    ViewColumn,
    Watermark,
)
from dragoman.store.audit import NO_ROWS, Head, this_user, verify_chain
from dragoman.store.base import Catalog
from dragoman.store.verification import verify_audit

__all__ = ["TRUST_CHECKS", "api_key", "release_record", "signature_record", "view_record", "watermark_record"]

ADA = By(actor="ada", reason="better in Thai", evidence="r1")


def signature_record(**changes: Any) -> Signature:
    record = Signature(bundle="b1", kind="bundle", key="k" * 64, created="2026-01-01T00:00:00Z", content='{"a": 1}')
    return msgspec.structs.replace(record, **changes)


def release_record(**changes: Any) -> Release:
    record = Release(
        id="r1",
        model="support",
        champion=1,
        challenger=2,
        status="shadow",
        plan={"steps": [1, 100], "alpha": 0.05},
        languages=["en", "th"],
        actor="ada",
        started="2026-01-01T00:00:00Z",
        stepped="2026-01-01T00:00:00Z",
    )
    return msgspec.structs.replace(record, **changes)


def api_key(**changes: Any) -> ApiKey:
    record = ApiKey(id="k1", name="shop", role="caller", models=["support"], digest="5ec7e7", created="2026-01-01")
    return msgspec.structs.replace(record, **changes)


def view_record(**changes: Any) -> AppliedView:
    record = AppliedView(
        name="activity",
        digest="d1",
        definition={"entity": {"name": "customer", "keys": ["id"]}, "ttl": "90d"},
        columns=[ViewColumn(name="orders", type="integer", expression="count()")],
        owner="a@example.com",
        applied="2026-01-01T00:00:00Z",
        by="ada",
    )
    return msgspec.structs.replace(record, **changes)


def watermark_record(**changes: Any) -> Watermark:
    record = Watermark(
        view="activity", digest="d1", dataset_number=3, available="2026-01-01", written="2026-01-02", rows=7
    )
    return msgspec.structs.replace(record, **changes)


def start(catalog: Catalog, **changes: Any) -> Release:
    return catalog.save_release(release_record(**changes), expected=None, action="release.started")


def actions(catalog: Catalog, **which: Any) -> list[str]:
    return [row.action for row in catalog.audit_rows(**which)]


def two_versions(catalog: Catalog) -> None:
    for bundle in "xy":
        add_version(catalog, bundle)


# Retirement


def a_retired_version_says_when(catalog: Catalog) -> None:
    two_versions(catalog)
    retired = catalog.retire_version("support", 1)
    assert retired.retired.endswith("Z")
    assert [version.retired for version in catalog.versions("support")] == [retired.retired, ""]
    assert catalog.version("support", 1) == catalog.retire_version("support", 1) == retired


def a_retired_version_gets_no_alias(catalog: Catalog) -> None:
    two_versions(catalog)
    catalog.retire_version("support", 1)
    with pytest.raises(Conflict, match=r"'support@champion' cannot point at version 1: it is retired"):
        catalog.move_alias("support", "champion", 1, expected=None)
    assert catalog.alias("support", "champion") is None


def a_version_in_use_is_not_retired(catalog: Catalog) -> None:
    two_versions(catalog)
    catalog.move_alias("support", "champion", 1, expected=None)
    start(catalog)
    with pytest.raises(Conflict, match="the alias 'champion' and the release 'r1' use it"):
        catalog.retire_version("support", 1)
    with pytest.raises(Conflict, match="Version 2 of 'support' cannot be retired: the release 'r1' uses it"):
        catalog.retire_version("support", 2)
    assert [version.retired for version in catalog.versions("support")] == ["", ""]


def a_version_is_retired_when_its_release_is_over(catalog: Catalog) -> None:
    two_versions(catalog)
    over = msgspec.structs.replace(start(catalog), status="rolled_back", finished="now")
    catalog.save_release(over, expected=1, action="release.rolled_back")
    assert catalog.retire_version("support", 2).retired
    with pytest.raises(Conflict, match="Version 2 of 'support' is retired: no release can use it"):
        start(catalog, id="r2")


def an_unknown_version_is_not_retired(catalog: Catalog) -> None:
    add_version(catalog)
    for change in (catalog.retire_version, catalog.restore_version):
        with pytest.raises(NotFound, match="has no version 2"):
            change("support", 2)
        with pytest.raises(NotFound, match="no model 'nobody'"):
            change("nobody", 1)


def a_restored_version_may_be_served_again(catalog: Catalog) -> None:
    version = add_version(catalog)
    catalog.retire_version("support", 1)
    assert catalog.restore_version("support", 1) == catalog.restore_version("support", 1) == version
    catalog.move_alias("support", "champion", 1, expected=None)
    assert actions(catalog, action="version.") == ["version.registered", "version.retired", "version.restored"]


def a_version_is_retired_or_gets_an_alias_but_not_both(catalog: Catalog) -> None:
    def tried(change: Callable[[], object]) -> bool:
        try:
            change()
        except Conflict:
            return False
        return True

    for number in range(1, 5):
        add_version(catalog, f"b{number}")
        moves = [
            lambda one=number, name=name: catalog.move_alias("support", f"{name}{one}", one, expected=None)
            for name in "abc"
        ]
        with ThreadPoolExecutor(4) as pool:
            *moved, retired = pool.map(tried, [*moves, lambda one=number: catalog.retire_version("support", one)])
        version = catalog.version("support", number)
        assert bool(version.retired) == retired
        assert len(version.aliases) == sum(moved)
        assert not (version.retired and version.aliases)


# Aliases


def an_alias_can_be_removed(catalog: Catalog) -> None:
    two_versions(catalog)
    catalog.move_alias("support", "champion", 1, expected=None)
    with pytest.raises(Conflict, match="points at version 1; expected was that it points at version 2"):
        catalog.move_alias("support", "champion", None, expected=2)
    catalog.move_alias("support", "champion", None, expected=1)
    assert catalog.alias("support", "champion") is None
    assert catalog.version("support", 1).aliases == []
    catalog.move_alias("support", "champion", 2, expected=None)
    assert catalog.alias("support", "champion") == 2


# Signatures


def signatures_come_back_the_oldest_first(catalog: Catalog) -> None:
    newer = signature_record(kind="promotion", created="2026-01-02", content="{}")
    for signature in (newer, signature_record(), signature_record(bundle="b2")):
        catalog.add_signature(signature)
    assert catalog.signatures("b1") == [signature_record(), newer]
    assert catalog.signatures("b3") == []


def the_same_signature_changes_nothing(catalog: Catalog) -> None:
    for created in ("2026-01-01", "2026-01-02"):
        catalog.add_signature(signature_record(created=created))
    assert [signature.created for signature in catalog.signatures("b1")] == ["2026-01-01"]
    assert actions(catalog) == ["signature.added"]


# Releases


def a_release_comes_back_with_its_revision(catalog: Catalog) -> None:
    started = start(catalog, notes=[ReleaseNote(time="now", status="shadow", share=0.0, actor="ada", text="begins")])
    assert started.revision == 1
    assert catalog.release("r1") == started
    stepped = msgspec.structs.replace(started, status="canary", step=1, share=0.01, exposed={"th": 7})
    assert catalog.save_release(stepped, expected=1, action="release.stepped").revision == 2
    assert catalog.release("r1") == msgspec.structs.replace(stepped, revision=2)


def a_release_is_replaced_only_from_the_expected_revision(catalog: Catalog) -> None:
    started = start(catalog)
    catalog.save_release(started, expected=1, action="release.stepped")
    for expected in (1, 3):
        with pytest.raises(Conflict, match=f"'r1' has revision 2; expected was {expected}"):
            catalog.save_release(started, expected=expected, action="release.stepped")
    with pytest.raises(Conflict, match="There is a release 'r1' already"):
        catalog.save_release(started, expected=None, action="release.started")
    with pytest.raises(NotFound, match="no release 'r9'"):
        catalog.save_release(release_record(id="r9"), expected=1, action="release.stepped")
    assert len(actions(catalog)) == 2


def a_model_has_one_active_release(catalog: Catalog) -> None:
    over = msgspec.structs.replace(start(catalog), status="rolled_back", finished="now")
    with pytest.raises(Conflict, match="The model 'support' has an active release already: 'r1'"):
        start(catalog, id="r2")
    start(catalog, id="r3", model="other")
    catalog.save_release(over, expected=1, action="release.rolled_back")
    start(catalog, id="r2")
    with pytest.raises(Conflict, match="already: 'r2'"):
        catalog.save_release(release_record(), expected=2, action="release.started")
    assert [release.id for release in catalog.releases(active=True)] == ["r3", "r2"]


def releases_are_listed_newest_first(catalog: Catalog) -> None:
    for id, day, model, finished in (("a", 2, "x", "now"), ("b", 3, "x", ""), ("c", 1, "y", "now"), ("d", 2, "y", "")):
        start(catalog, id=id, started=f"2026-01-0{day}", model=model, finished=finished)
    assert [release.id for release in catalog.releases()] == ["b", "d", "a", "c"]
    assert [release.id for release in catalog.releases(model="y")] == ["d", "c"]
    assert [release.id for release in catalog.releases(active=False)] == ["a", "c"]
    assert [release.id for release in catalog.releases(model="x", active=True)] == ["b"]


def an_unknown_release_is_not_found(catalog: Catalog) -> None:
    for id in ("r9", "", "\ud800"):
        with pytest.raises(NotFound, match="There is no release"):
            catalog.release(id)
    assert catalog.releases(model="\ud800") == []
    assert catalog.tallies("r9") == {}


def only_measurements_are_saved_without_an_action(catalog: Catalog) -> None:
    started = start(catalog)
    measured = catalog.save_release(
        msgspec.structs.replace(started, exposed={"th": 7}, stepped_exposed=7), expected=1, action=""
    )
    assert measured.revision == 2
    assert actions(catalog) == ["release.started"]
    for changes in ({"status": "canary"}, {"share": 0.5}, {"step": 3}, {"approved": "eve"}, {"accepted": ["th"]}):
        with pytest.raises(InvalidInput, match="'r1' is new or moves, and no action is named"):
            catalog.save_release(msgspec.structs.replace(measured, **changes), expected=2, action="")
    with pytest.raises(InvalidInput):
        catalog.save_release(release_record(id="r2", model="other"), expected=None, action="")
    assert catalog.releases() == [measured]


def a_number_that_json_does_not_have_is_refused(catalog: Catalog) -> None:
    finding = Finding(
        metric="errors", language="th", scope="language", n=1, effect=0.0, low=-1.0, high=1.0, limit=None,
        e_value=float("inf"), e_safe=1.0, verdict="pass",
    )  # fmt: skip
    started = start(catalog)
    with pytest.raises(InvalidInput, match="A Release cannot be stored"):
        catalog.save_release(msgspec.structs.replace(started, findings=[finding]), expected=1, action="")
    with pytest.raises(InvalidInput, match="A Run cannot be stored"):
        catalog.save_run(run_record(metrics={"accuracy": float("nan")}))
    catalog.save_release(
        msgspec.structs.replace(started, findings=[msgspec.structs.replace(finding, e_value=1e300)]),
        expected=1,
        action="",
    )
    assert catalog.release("r1").findings[0].e_value == 1e300


def one_of_many_saves_of_a_release_wins(catalog: Catalog) -> None:
    def saves(change: Callable[[], Release]) -> bool:
        try:
            change()
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        started = list(pool.map(saves, [lambda one=one: start(catalog, id=one) for one in "abcdefgh"]))
    assert started.count(True) == 1
    (release,) = catalog.releases()
    again = [lambda: catalog.save_release(release, expected=1, action="release.stepped")] * 8
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(saves, again)).count(True) == 1
    assert catalog.release(release.id).revision == 2
    assert len(actions(catalog)) == 2


def what_a_replica_counted_replaces_what_it_counted_before(catalog: Catalog) -> None:
    row = TallyRow(metric="errors", language="th", step=0, counts={"20": 5})
    for count in (1, 2):
        catalog.save_tallies("r1", "a", [row] * count, {"th": count})
    catalog.save_tallies("r1", "b", [], {})
    catalog.save_tallies("r2", "a", [row], {"en": 1})
    assert catalog.tallies("r1") == {"a": ([row, row], {"th": 2}), "b": ([], {})}
    assert actions(catalog) == []


# Leases


def a_lease_has_one_holder(catalog: Catalog) -> None:
    assert catalog.lease("controller", "a", seconds=60)
    assert not catalog.lease("controller", "b", seconds=60)
    assert catalog.lease("controller", "a", seconds=60)
    assert catalog.lease("other", "b", seconds=60)


def a_lease_that_ended_is_taken_over(catalog: Catalog) -> None:
    assert catalog.lease("controller", "a", seconds=0.05)
    deadline = time.monotonic() + 30
    while not catalog.lease("controller", "b", seconds=60):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert not catalog.lease("controller", "a", seconds=60)


def a_lease_can_be_given_back(catalog: Catalog) -> None:
    assert catalog.lease("controller", "a", seconds=60)
    assert catalog.lease("controller", "a", seconds=0)
    assert catalog.lease("controller", "b", seconds=60)


def one_of_many_gets_a_lease(catalog: Catalog) -> None:
    with ThreadPoolExecutor(8) as pool:
        for name in "xy":
            got = list(pool.map(lambda holder, one=name: catalog.lease(one, str(holder), seconds=60), range(16)))
            assert got.count(True) == 1


# Keys


def keys_come_back_the_oldest_first(catalog: Catalog) -> None:
    newer = api_key(id="a", created="2026-01-02")
    for key in (newer, api_key()):
        catalog.save_key(key, action="key.created")
    assert catalog.keys() == [api_key(), newer]


def a_saved_key_replaces_the_one_with_its_id(catalog: Catalog) -> None:
    catalog.save_key(api_key(), action="key.created")
    catalog.save_key(api_key(), action="key.created")
    catalog.save_key(api_key(revoked="now"), action="key.revoked")
    assert catalog.keys() == [api_key(revoked="now")]
    assert actions(catalog) == ["key.created", "key.revoked"]


def the_log_never_tells_the_digest_of_a_key(catalog: Catalog) -> None:
    catalog.save_key(api_key(previous="01d5ec7e7"), action="key.rotated")
    (row,) = catalog.audit_rows()
    assert row.subject == "keys:/k1"
    assert (row.detail["role"], row.detail["models"]) == ("caller", ["support"])
    assert "5ec7e7" not in repr(row)


# Views


def a_view_is_applied_from_the_expected_definition(catalog: Catalog) -> None:
    first, second = view_record(), view_record(digest="d2", applied="2026-01-02T00:00:00Z")
    assert catalog.save_views([first], expected={}) == [first]
    assert catalog.save_views([second], expected={"activity": "d1"}) == [second]
    for expected in ({}, {"activity": "d1"}):
        with pytest.raises(Conflict, match="The view 'activity' has the definition d2 in force"):
            catalog.save_views([view_record(digest="d3")], expected=expected)
    assert catalog.view("activity") == second
    assert catalog.view("activity", "d1") == first
    assert (catalog.views(), catalog.views("latest"), catalog.views("all")) == ([second], [second], [first, second])


def views_are_applied_together_or_not_at_all(catalog: Catalog) -> None:
    catalog.save_views([view_record(name="b")], expected={})
    before = catalog.audit_head()
    with pytest.raises(Conflict, match="'b' has the definition d1 in force; expected was none"):
        catalog.save_views([view_record(name="a"), view_record(name="b", digest="d2")], expected={})
    assert [view.name for view in catalog.views("all")] == ["b"]
    assert catalog.audit_head() == before


def the_same_definition_again_changes_nothing(catalog: Catalog) -> None:
    catalog.save_views([view_record()], expected={})
    assert catalog.save_views([view_record()], expected={"activity": "d1"}) == []
    assert actions(catalog) == ["view.applied"]
    catalog.save_views([view_record(owner="b@example.com")], expected={"activity": "d1"})
    assert catalog.view("activity").owner == "b@example.com"


def an_earlier_definition_can_be_in_force_again(catalog: Catalog) -> None:
    for digest, before in (("d1", {}), ("d2", {"activity": "d1"}), ("d1", {"activity": "d2"})):
        catalog.save_views([view_record(digest=digest)], expected=before)
    assert catalog.view("activity").digest == "d1"
    assert verify_audit(catalog) == []


def a_retired_view_is_not_in_force_and_keeps_its_history(catalog: Catalog) -> None:
    catalog.save_views([view_record()], expected={})
    retired = view_record(retired="2026-01-03T00:00:00Z")
    catalog.save_views([retired], expected={"activity": "d1"})
    assert catalog.views() == []
    assert catalog.view("activity", "d1") == retired
    assert catalog.views("latest") == catalog.views("all") == [retired]
    with pytest.raises(NotFound, match="no applied view 'activity'"):
        catalog.view("activity")
    catalog.save_views([view_record(digest="d2")], expected={})
    assert catalog.view("activity").digest == "d2"
    assert actions(catalog) == ["view.applied", "view.retired", "view.applied"]
    assert verify_audit(catalog) == []


def an_unknown_view_is_not_found(catalog: Catalog) -> None:
    catalog.save_views([view_record()], expected={})
    with pytest.raises(NotFound, match=r"no applied view 'nobody'.*Applied are activity"):
        catalog.view("nobody")
    with pytest.raises(NotFound, match="no definition d9 of the view 'activity'"):
        catalog.view("activity", "d9")


def one_of_many_appliers_wins(catalog: Catalog) -> None:
    def apply(number: int, expected: dict[str, str]) -> bool:
        try:
            catalog.save_views([view_record(digest=f"{len(expected)}-{number}")], expected=expected)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda number: apply(number, {}), range(8))).count(True) == 1
        now = {"activity": catalog.view("activity").digest}
        assert list(pool.map(lambda number: apply(number, now), range(8))).count(True) == 1
    assert len(catalog.views("all")) == 2
    assert verify_audit(catalog) == []


def a_watermark_is_kept_for_each_view_and_digest(catalog: Catalog) -> None:
    other = watermark_record(view="baskets")
    for one in (watermark_record(), other, watermark_record(digest="d2"), watermark_record(rows=9)):
        catalog.save_watermark(one)
    assert catalog.watermarks() == [watermark_record(rows=9), watermark_record(digest="d2"), other]
    assert catalog.watermarks(view="baskets") == [other]
    for _ in range(2):
        catalog.forget_watermark("activity", "d1")
    assert [one.digest for one in catalog.watermarks(view="activity")] == ["d2"]
    assert actions(catalog) == []


# Audit


def change_everything(catalog: Catalog) -> None:
    """One change of each kind."""
    catalog.add_dataset_version(dataset_version(), by=ADA)
    catalog.save_run(run_record(status="completed"), by=ADA)
    for bundle in ("b1", "b2"):
        catalog.add_version(model="support", bundle=bundle, run="r1", owner="o", created="c", by=ADA)
    catalog.move_alias("support", "champion", 1, expected=None, by=ADA)
    catalog.move_alias("support", "champion", 2, expected=1, by=ADA)
    catalog.move_alias("support", "champion", None, expected=2, by=ADA)
    catalog.add_signature(signature_record(), by=ADA)
    catalog.save_release(release_record(), expected=None, action="release.started", by=ADA)
    catalog.save_key(api_key(), action="key.created", by=ADA)
    catalog.audit("labels.added", "models:/support", detail={"labels": 3}, by=ADA)
    over = release_record(status="rolled_back", finished="now")
    catalog.save_release(over, expected=1, action="release.rolled_back", by=ADA)
    catalog.retire_version("support", 1, by=ADA)
    catalog.save_views([view_record()], expected={}, by=ADA)
    catalog.save_views([view_record(retired="now")], expected={"activity": "d1"}, by=ADA)


CHANGES = [
    ("dataset.added", "datasets:/support/0", {"digest": "d0", "rows": 3}),
    ("run.saved", "runs:/r1", {"model": "support", "status": "completed"}),
    ("version.registered", "models:/support/1", {"bundle": "b1", "run": "r1", "owner": "o", "created": "c"}),
    ("version.registered", "models:/support/2", {"bundle": "b2"}),
    ("alias.moved", "models:/support@champion", {"from": None, "to": 1}),
    ("alias.moved", "models:/support@champion", {"from": 1, "to": 2}),
    ("alias.removed", "models:/support@champion", {"from": 2}),
    ("signature.added", "bundles:/b1", {"kind": "bundle", "key": "k" * 64}),
    ("release.started", "releases:/r1", {"status": "shadow", "share": 0.0, "step": -1, "challenger": 2}),
    ("key.created", "keys:/k1", {"name": "shop", "role": "caller", "models": ["support"], "revoked": ""}),
    ("labels.added", "models:/support", {"labels": 3}),
    ("release.rolled_back", "releases:/r1", {"status": "rolled_back"}),
    ("version.retired", "models:/support/1", {}),
    ("view.applied", "views:/activity", {"digest": "d1", "retired": ""}),
    ("view.retired", "views:/activity", {"digest": "d1", "retired": "now"}),
]


def every_change_is_a_row(catalog: Catalog) -> None:
    change_everything(catalog)
    rows = catalog.audit_rows()
    assert [(row.action, row.subject) for row in rows] == [(action, subject) for action, subject, _ in CHANGES]
    for row, (_, _, told) in zip(rows, CHANGES, strict=True):
        assert row.actor == "ada"
        assert row.detail.items() >= {**told, "reason": "better in Thai", "evidence": "r1"}.items()


def the_rows_are_a_chain(catalog: Catalog) -> None:
    assert catalog.audit_head() == NO_ROWS
    change_everything(catalog)
    rows = catalog.audit_rows()
    assert [row.number for row in rows] == list(range(1, len(CHANGES) + 1))
    assert [row.previous for row in rows] == [NO_ROWS.hash, *(row.hash for row in rows[:-1])]
    assert catalog.audit_head() == Head(number=rows[-1].number, hash=rows[-1].hash)
    assert verify_chain(rows, catalog.audit_head()) == []


def the_log_leads_to_the_state_of_the_catalog(catalog: Catalog) -> None:
    change_everything(catalog)
    assert verify_audit(catalog) == []


def what_changes_nothing_is_no_row(catalog: Catalog) -> None:
    change_everything(catalog)
    before = catalog.audit_head()
    catalog.add_dataset_version(dataset_version(number=7))
    catalog.save_run(run_record(status="completed"))
    add_version(catalog, "b1")
    catalog.move_alias("support", "champion", None, expected=None)
    catalog.add_signature(signature_record())
    catalog.save_key(api_key(), action="key.created")
    catalog.retire_version("support", 1)
    assert catalog.audit_head() == before


def what_is_refused_is_no_row(catalog: Catalog) -> None:
    change_everything(catalog)
    before = catalog.audit_head()
    for refused in (
        lambda: catalog.add_dataset_version(dataset_version(digest="other")),
        lambda: catalog.move_alias("support", "champion", 1, expected=2),
        lambda: catalog.move_alias("support", "champion", 1, expected=None),
        lambda: catalog.retire_version("support", 3),
        lambda: catalog.save_release(release_record(), expected=9, action="release.stepped"),
        lambda: catalog.audit("labels.added", "models:/support", detail={"label": "\ud800"}),
        lambda: catalog.audit("labels.added", "\ud800", detail={}),
    ):
        with pytest.raises((Conflict, NotFound, InvalidInput)):
            refused()
    assert catalog.audit_head() == before


def a_change_without_a_name_is_the_users(catalog: Catalog) -> None:
    add_version(catalog)
    catalog.audit("labels.added", "models:/support", detail={})
    assert {row.actor for row in catalog.audit_rows()} == {this_user().actor}
    assert all("reason" not in row.detail for row in catalog.audit_rows())


def rows_are_chosen_by_number_action_and_subject(catalog: Catalog) -> None:
    change_everything(catalog)
    assert [row.number for row in catalog.audit_rows(after=3, limit=2)] == [4, 5]
    assert catalog.audit_rows(after=99) == []
    assert actions(catalog, action="release.") == ["release.started", "release.rolled_back"]
    assert actions(catalog, action="release") == actions(catalog, action="Release.") == []
    assert actions(catalog, action="alias.moved", subject="models:/support@champion") == ["alias.moved"] * 2
    assert [row.number for row in catalog.audit_rows(subject="models:/support/2", after=1)] == [4]


def the_detail_of_a_row_comes_back_as_it_was(catalog: Catalog) -> None:
    detail = {
        "texts": ["日本語 🙂", 'a "quote"', "nul\0", "\u2028"],
        "numbers": [0.1, 1e300, 1.0, -0.0, 2**53],
        "none": None,
    }
    row = catalog.audit("labels.added", "models:/support", detail=detail)
    assert catalog.audit_rows() == [row]
    assert row.detail == detail
    assert verify_chain(catalog.audit_rows(), catalog.audit_head()) == []


def rows_written_at_once_are_a_chain_without_gaps(catalog: Catalog) -> None:
    def change(number: int) -> None:
        add_version(catalog, f"b{number}", model=f"m{number % 3}")
        catalog.audit("labels.added", f"models:/m{number % 3}", detail={"number": number})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(change, range(24)))
    assert catalog.audit_head().number == 48
    assert verify_audit(catalog) == []


TRUST_CHECKS: list[Callable[[Catalog], None]] = [
    a_retired_version_says_when,
    a_retired_version_gets_no_alias,
    a_version_in_use_is_not_retired,
    a_version_is_retired_when_its_release_is_over,
    an_unknown_version_is_not_retired,
    a_restored_version_may_be_served_again,
    a_version_is_retired_or_gets_an_alias_but_not_both,
    an_alias_can_be_removed,
    signatures_come_back_the_oldest_first,
    the_same_signature_changes_nothing,
    a_release_comes_back_with_its_revision,
    a_release_is_replaced_only_from_the_expected_revision,
    a_model_has_one_active_release,
    releases_are_listed_newest_first,
    an_unknown_release_is_not_found,
    only_measurements_are_saved_without_an_action,
    a_number_that_json_does_not_have_is_refused,
    one_of_many_saves_of_a_release_wins,
    what_a_replica_counted_replaces_what_it_counted_before,
    a_lease_has_one_holder,
    a_lease_that_ended_is_taken_over,
    a_lease_can_be_given_back,
    one_of_many_gets_a_lease,
    keys_come_back_the_oldest_first,
    a_saved_key_replaces_the_one_with_its_id,
    the_log_never_tells_the_digest_of_a_key,
    a_view_is_applied_from_the_expected_definition,
    views_are_applied_together_or_not_at_all,
    the_same_definition_again_changes_nothing,
    an_earlier_definition_can_be_in_force_again,
    a_retired_view_is_not_in_force_and_keeps_its_history,
    an_unknown_view_is_not_found,
    one_of_many_appliers_wins,
    a_watermark_is_kept_for_each_view_and_digest,
    every_change_is_a_row,
    the_rows_are_a_chain,
    the_log_leads_to_the_state_of_the_catalog,
    what_changes_nothing_is_no_row,
    what_is_refused_is_no_row,
    a_change_without_a_name_is_the_users,
    rows_are_chosen_by_number_action_and_subject,
    the_detail_of_a_row_comes_back_as_it_was,
    rows_written_at_once_are_a_chain_without_gaps,
]
