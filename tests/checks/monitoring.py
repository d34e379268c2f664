"""What every catalog keeps of counts, alerts, notices and silences."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragoman.errors import Conflict, InvalidInput, NotFound
from dragoman.records import Alert, By, Counts, Notice, Silence
from dragoman.store.base import Catalog
from dragoman.store.verification import verify_audit

__all__ = ["MONITORING_CHECKS", "alert_record", "counts_record", "notice_record", "silence_record"]


def at(hour: int, day: int = 1) -> str:
    return f"2026-11-{day:02}T{hour:02}:00:00Z"


def counts_record(**changes: Any) -> Counts:
    record = Counts(kind="profile", model="support", version="1", start=at(5), replica="a", content=b"\x00\xff1")
    return msgspec.structs.replace(record, **changes)


def alert_record(**changes: Any) -> Alert:
    record = Alert(
        id="a1",
        model="support",
        version="1",
        kind="drift",
        name="tokens",
        language="th",
        severity="ticket",
        status="firing",
        summary="Texts in Thai are 31% longer than in the reference.",
        evidence={"p_value": 1e-9, "n": 812, "windows": [3, 4]},
        owner="team@example.com",
        runbook="https://example.com/runbooks/drift",
        started=at(5),
        updated=at(5),
    )
    return msgspec.structs.replace(record, **changes)


def notice_record(**changes: Any) -> Notice:
    record = Notice(
        id="n1",
        receiver="hook",
        group=["support", "1", ""],
        alerts=[alert_record(revision=1)],
        status="waiting",
        created=at(5),
        due=at(6),
    )
    return msgspec.structs.replace(record, **changes)


def silence_record(**changes: Any) -> Silence:
    record = Silence(id="s1", model="support", starts=at(5), ends=at(7), reason="new database", actor="ada")
    return msgspec.structs.replace(record, **changes)


def wins(change: Callable[[], object]) -> bool:
    try:
        change()
    except Conflict:
        return False
    return True


# Counts


def counts_come_back_in_order(catalog: Catalog) -> None:
    changes: list[dict[str, str]] = [{"start": at(6)}, {"replica": "b"}, {"version": "0"}, {"start": at(4)}, {}]
    catalog.save_counts([counts_record(**change) for change in changes])
    catalog.save_counts([counts_record(kind="service"), counts_record(model="other")])
    found = catalog.counts("profile", "support")
    assert [(row.start, row.version, row.replica) for row in found] == [
        (at(4), "1", "a"),
        (at(5), "0", "a"),
        (at(5), "1", "a"),
        (at(5), "1", "b"),
        (at(6), "1", "a"),
    ]
    assert found[2] == counts_record()


def counts_are_chosen_by_version_and_time(catalog: Catalog) -> None:
    catalog.save_counts([counts_record(start=at(hour), version=version) for hour in (4, 5, 6) for version in "12"])
    assert len(catalog.counts("profile", "support", version="2")) == 3
    assert [row.start for row in catalog.counts("profile", "support", since=at(5), version="1")] == [at(5), at(6)]
    assert [row.start for row in catalog.counts("profile", "support", until=at(5), version="1")] == [at(4)]
    assert catalog.counts("profile", "support", since=at(5), until=at(5)) == []
    for name in ("nobody", "", "\ud800"):
        assert catalog.counts("profile", name) == catalog.counts("service", "support") == []


def counts_replace_those_of_their_bucket(catalog: Catalog) -> None:
    for content in (b"1", b"2", b""):
        catalog.save_counts([counts_record(content=content), counts_record(replica="b")])
    assert [row.content for row in catalog.counts("profile", "support")] == [b"", counts_record().content]
    assert catalog.audit_rows() == []


def any_bytes_are_counted(catalog: Catalog) -> None:
    @settings(max_examples=20, deadline=None)
    @given(content=st.binary(max_size=300))
    def check(content: bytes) -> None:
        catalog.save_counts([counts_record(content=content)])
        assert [row.content for row in catalog.counts("profile", "support")] == [content]

    check()


def counts_of_replicas_become_one_row(catalog: Catalog) -> None:
    rows = [counts_record(replica=name) for name in "abc"]
    catalog.save_counts(rows)
    merged = counts_record(replica="a", content=b"sum")
    catalog.save_counts([merged], instead_of=rows)
    assert catalog.counts("profile", "support") == [merged]


def counts_that_grew_meanwhile_are_not_merged_away(catalog: Catalog) -> None:
    rows = [counts_record(replica=name) for name in "ab"]
    catalog.save_counts(rows)
    grown = counts_record(replica="b", content=b"more")
    catalog.save_counts([grown])
    for read in (rows, [counts_record(replica="z")]):
        with pytest.raises(Conflict, match=f"'support' version '1' from {at(5)} by the replica '[bz]'"):
            catalog.save_counts([counts_record(replica="", content=b"sum")], instead_of=read)
    assert catalog.counts("profile", "support") == [rows[0], grown]


def counts_are_all_saved_or_none(catalog: Catalog) -> None:
    with pytest.raises(InvalidInput):
        catalog.save_counts([counts_record(), counts_record(version="\ud800")])
    assert catalog.counts("profile", "support") == []


def old_counts_are_forgotten(catalog: Catalog) -> None:
    catalog.save_counts([counts_record(start=at(hour), model=model) for hour in (4, 5, 6) for model in ("x", "y")])
    catalog.save_counts([counts_record(start=at(4), kind="service", model="x")])
    assert catalog.forget_counts("profile", before=at(6)) == 4
    assert catalog.forget_counts("profile", before=at(6)) == 0
    assert [row.start for row in catalog.counts("profile", "x")] == [at(6)]
    assert len(catalog.counts("service", "x")) == 1


# Alerts


def alerts_that_are_long_over_are_forgotten_with_what_was_told(catalog: Catalog) -> None:
    over = {"status": "resolved", "ended": at(5)}
    catalog.save_alerts(
        [
            alert_record(),
            *(alert_record(id=id, name=id, **over | more) for id, more in (("a2", {}), ("a3", {"ended": at(7)}))),
        ],
        [notice_record(), notice_record(id="n2", status="sent"), notice_record(id="n3", status="sent", created=at(7))],
    )
    assert catalog.forget_alerts(before=at(6)) == 1
    assert catalog.forget_alerts(before=at(6)) == 0
    assert {alert.id for alert in catalog.alerts()} == {"a1", "a3"}  # the one that fires stays
    assert {notice.id for notice in catalog.notices()} == {"n1", "n3"}  # the one that waits stays


def an_alert_comes_back_with_its_revision(catalog: Catalog) -> None:
    (fired,) = catalog.save_alerts([alert_record()])
    assert fired == alert_record(revision=1) == catalog.alert("a1")
    (again,) = catalog.save_alerts([msgspec.structs.replace(fired, updated=at(6), severity="page")])
    assert again.revision == 2
    assert catalog.alerts() == [again]
    assert catalog.audit_rows() == []
    with pytest.raises(NotFound, match="There is no alert 'a9'"):
        catalog.alert("a9")


def an_alert_is_replaced_only_from_its_revision(catalog: Catalog) -> None:
    catalog.save_alerts([alert_record()])
    (second,) = catalog.save_alerts([alert_record(revision=1)])
    for expected in (0, 1, 3):
        with pytest.raises(Conflict, match=f"The alert 'a1' has revision 2; expected was {expected}"):
            catalog.save_alerts([alert_record(revision=expected)])
    with pytest.raises(Conflict, match="The alert 'a9' has revision 0; expected was 1"):
        catalog.save_alerts([alert_record(id="a9", revision=1)])
    assert catalog.alerts() == [second]


def of_each_key_one_alert_fires(catalog: Catalog) -> None:
    (first,) = catalog.save_alerts([alert_record()])
    with pytest.raises(Conflict, match="'a2' cannot fire: 'a1', revision 1, fires already"):
        catalog.save_alerts([alert_record(id="a2")])
    catalog.save_alerts([alert_record(id="a3", language="en"), alert_record(id="a4", status="resolved")])
    over = msgspec.structs.replace(first, status="resolved", ended=at(6))
    catalog.save_alerts([alert_record(id="a2", started=at(6)), over])
    with pytest.raises(Conflict, match="'a1' cannot fire: 'a2'"):
        catalog.save_alerts([alert_record(revision=2)])
    assert {alert.id for alert in catalog.alerts(firing=True)} == {"a2", "a3"}


def alerts_and_notices_are_saved_together_or_not_at_all(catalog: Catalog) -> None:
    catalog.save_alerts([alert_record()])
    changed = [alert_record(revision=1, severity="page"), alert_record(id="a2", language="en", revision=7)]
    with pytest.raises(Conflict, match="'a2' has revision 0; expected was 7"):
        catalog.save_alerts(changed, [notice_record()])
    with pytest.raises(InvalidInput):
        catalog.save_alerts(changed[:1], [notice_record(), notice_record(id="n2", receiver="\ud800")])
    assert catalog.alerts() == [alert_record(revision=1)]
    assert catalog.notices() == []


def alerts_are_listed_the_newest_first(catalog: Catalog) -> None:
    hours = {"a": (3, 0, "x"), "b": (5, 0, "y"), "c": (1, 2, "x"), "d": (1, 4, "y")}
    for id, (started, ended, model) in hours.items():
        over = {"status": "resolved", "ended": at(ended)} if ended else {}
        catalog.save_alerts([alert_record(id=id, model=model, started=at(started), **over)])

    def ids(**which: Any) -> str:
        return "".join(alert.id for alert in catalog.alerts(**which))

    assert ids() == "badc"
    assert (ids(firing=True), ids(firing=False)) == ("ba", "dc")
    assert (ids(model="x"), ids(model="nobody"), ids(limit=3)) == ("ac", "", "bad")
    assert (ids(since=at(2)), ids(since=at(3)), ids(since=at(9))) == ("badc", "bad", "ba")
    assert ids(model="y", firing=False, since=at(4)) == "d"


def one_of_many_fires(catalog: Catalog) -> None:
    names = [f"a{number}" for number in range(8)]

    def fire(id: str) -> object:
        notice = notice_record(id=f"n{id}", alerts=[alert_record(id=id)])
        return catalog.save_alerts([alert_record(id=id)], [notice])

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda name: wins(lambda: fire(name)), names))
    assert won.count(True) == 1
    (alert,) = catalog.alerts()
    assert [notice.id for notice in catalog.notices()] == [f"n{alert.id}"]
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda _: wins(lambda: catalog.save_alerts([alert])), names))
    assert won.count(True) == 1
    assert catalog.alert(alert.id).revision == 2


# Notices


def a_notice_comes_back_with_its_revision(catalog: Catalog) -> None:
    catalog.save_alerts([], [notice_record()])
    (added,) = catalog.notices()
    assert added == notice_record(revision=1)
    sent = catalog.save_notice(msgspec.structs.replace(added, status="sent", attempts=1))
    assert sent.revision == 2
    assert catalog.notices() == [sent]


def a_notice_is_replaced_only_from_its_revision(catalog: Catalog) -> None:
    catalog.save_alerts([], [notice_record()])
    for expected in (0, 2):
        with pytest.raises(Conflict, match=f"The notice 'n1' has revision 1; expected was {expected}"):
            catalog.save_notice(notice_record(status="sent", revision=expected))
    for expected in (0, 1):
        with pytest.raises(Conflict, match=f"The notice 'n9' has revision 0; expected was {expected}"):
            catalog.save_notice(notice_record(id="n9", revision=expected))
    assert catalog.notices() == [notice_record(revision=1)]


def a_notice_that_is_there_stays_as_it_is(catalog: Catalog) -> None:
    catalog.save_alerts([], [notice_record()])
    sent = catalog.save_notice(notice_record(status="sent", revision=1))
    catalog.save_alerts([alert_record()], [notice_record(receiver="mail"), notice_record(id="n2")])
    assert catalog.notices() == [sent, notice_record(id="n2", revision=1)]


def unsent_notices_are_listed_by_the_time_they_are_due(catalog: Catalog) -> None:
    due = {"a": (9, "waiting"), "b": (7, "sending"), "c": (6, "sent"), "d": (8, "given up"), "e": (7, "waiting")}
    notices = [notice_record(id=id, due=at(hour), status=status) for id, (hour, status) in due.items()]
    catalog.save_alerts([], [*notices[:-1], msgspec.structs.replace(notices[-1], created=at(1))])
    assert [notice.id for notice in catalog.notices()] == list("eabcd")
    assert [notice.id for notice in catalog.notices(limit=2)] == list("ea")
    assert [notice.id for notice in catalog.notices(unsent=True)] == list("bea")
    assert [notice.id for notice in catalog.notices(unsent=True, limit=1)] == ["b"]


def one_of_many_takes_a_notice(catalog: Catalog) -> None:
    catalog.save_alerts([], [notice_record()])
    (notice,) = catalog.notices()
    taken = msgspec.structs.replace(notice, status="sending")
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda _: wins(lambda: catalog.save_notice(taken)), range(8)))
    assert won.count(True) == 1


# Silences


def silences_hold_from_their_start_until_before_their_end(catalog: Catalog) -> None:
    later = silence_record(id="s0", starts=at(6), ends=at(8), cause="deploy")
    for silence in (later, silence_record()):
        catalog.save_silence(silence, action="silence.created")
    assert catalog.silences() == [silence_record(), later]
    held = {hour: [silence.id for silence in catalog.silences(at=at(hour))] for hour in range(4, 9)}
    assert held == {4: [], 5: ["s1"], 6: ["s1", "s0"], 7: ["s0"], 8: []}


def a_silence_is_audited(catalog: Catalog) -> None:
    by = By(actor="ada", reason="done early")
    catalog.save_silence(silence_record(), action="silence.created", by=by)
    catalog.save_silence(silence_record(), action="silence.created", by=by)
    catalog.save_silence(silence_record(ends=at(6)), action="silence.ended", by=by)
    assert catalog.silences() == [silence_record(ends=at(6))]
    rows = catalog.audit_rows(subject="silences:/s1")
    assert [(row.action, row.actor, row.detail["ends"]) for row in rows] == [
        ("silence.created", "ada", at(7)),
        ("silence.ended", "ada", at(6)),
    ]
    assert rows[0].detail["model"] == "support"
    assert verify_audit(catalog) == []


MONITORING_CHECKS: list[Callable[[Catalog], None]] = [
    counts_come_back_in_order,
    counts_are_chosen_by_version_and_time,
    counts_replace_those_of_their_bucket,
    any_bytes_are_counted,
    counts_of_replicas_become_one_row,
    counts_that_grew_meanwhile_are_not_merged_away,
    counts_are_all_saved_or_none,
    old_counts_are_forgotten,
    alerts_that_are_long_over_are_forgotten_with_what_was_told,
    an_alert_comes_back_with_its_revision,
    an_alert_is_replaced_only_from_its_revision,
    of_each_key_one_alert_fires,
    alerts_and_notices_are_saved_together_or_not_at_all,
    alerts_are_listed_the_newest_first,
    one_of_many_fires,
    a_notice_comes_back_with_its_revision,
    a_notice_is_replaced_only_from_its_revision,
    a_notice_that_is_there_stays_as_it_is,
    unsent_notices_are_listed_by_the_time_they_are_due,
    one_of_many_takes_a_notice,
    silences_hold_from_their_start_until_before_their_end,
    a_silence_is_audited,
]
