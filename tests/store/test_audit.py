from __future__ import annotations

import getpass
import hashlib
import json
import random
import socket

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragoman.errors import InvalidInput
from dragoman.records import AuditRow, By
from dragoman.store.audit import NO_ROWS, Head, canonical_json, chained, hash_of, this_user, verify_chain

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


def head_of(row: AuditRow) -> Head:
    return Head(number=row.number, hash=row.hash)


def chain(count: int) -> list[AuditRow]:
    rows: list[AuditRow] = []
    for number in range(count):
        head = head_of(rows[-1]) if rows else NO_ROWS
        rows.append(chained(head, "alias.moved", "models:/support@champion", {"to": number}, By(actor="ada")))
    return rows


def changed(row: AuditRow, *, rehashed: bool = False, **changes) -> AuditRow:
    row = msgspec.structs.replace(row, **changes)
    return msgspec.structs.replace(row, hash=hash_of(row)) if rehashed else row


def test_the_hash_of_a_row_is_what_the_documentation_says():
    (row,) = chain(1)
    fields = msgspec.to_builtins(row)
    del fields["hash"]
    text = json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert row.hash == hashlib.sha256(text.encode()).hexdigest()
    assert (row.number, row.previous) == (1, "0" * 64)


def test_the_reason_and_the_evidence_stand_in_the_detail():
    row = chained(NO_ROWS, "a.b", "s", {"to": 1}, By(actor="ada", reason="better", evidence="r1"))
    assert row.detail == {"to": 1, "reason": "better", "evidence": "r1"}
    assert chained(NO_ROWS, "a.b", "s", {"reason": "own"}, By(actor="ada")).detail == {"reason": "own"}


def test_canonical_json_is_sorted_tight_and_plain_utf8():
    assert canonical_json({"ж": [1.0, None], "a": {"c": "\n", "b": True}}) == (
        '{"a":{"b":true,"c":"\\n"},"ж":[1.0,null]}'.encode()
    )


@settings(max_examples=60, deadline=None, database=None)
@given(detail=st.dictionaries(TEXT, PLAIN, max_size=3))
def test_a_row_that_went_through_json_has_the_same_hash(detail):
    row = chained(NO_ROWS, "a.b", "s", detail, By(actor="ada"))
    for again in (json.loads(canonical_json(msgspec.to_builtins(row))), msgspec.json.decode(msgspec.json.encode(row))):
        assert hash_of(msgspec.convert(again, AuditRow)) == row.hash


@pytest.mark.parametrize("broken", [{"detail": {"a": "\ud800"}}, {"subject": "\ud800"}, {"detail": {"a": object()}}])
def test_what_json_cannot_hold_is_refused(broken):
    given = {"subject": "s", "detail": {}, **broken}
    with pytest.raises(InvalidInput, match="cannot be stored"):
        chained(NO_ROWS, "a.b", given["subject"], given["detail"], By(actor="ada"))


def test_this_user_is_named_with_the_host():
    assert this_user() == By(actor=f"{getpass.getuser()}@{socket.gethostname()}")


def test_a_user_without_a_name_has_a_number(monkeypatch):
    def unknown():
        raise KeyError("uid not found")

    monkeypatch.setattr(getpass, "getuser", unknown)
    assert this_user().actor.startswith("uid-")


# Checking


@pytest.mark.parametrize("count", [0, 1, 2, 50])
def test_a_whole_chain_has_no_problems(count):
    rows = chain(count)
    head = head_of(rows[-1]) if rows else NO_ROWS
    assert verify_chain(rows, head, known=[NO_ROWS, head]) == []


@pytest.mark.parametrize("field", ["time", "actor", "action", "subject", "detail", "previous", "hash"])
def test_a_changed_row_is_named(field):
    rows = chain(5)
    rows[2] = changed(rows[2], **{field: {"to": 9} if field == "detail" else "other"})
    problems = verify_chain(rows, head_of(rows[-1]))
    assert problems[0].startswith("row 3 ")
    assert all("row 3" in problem for problem in problems)


def test_a_row_that_was_hashed_anew_does_not_fit_the_next_one():
    rows = chain(5)
    rows[2] = changed(rows[2], rehashed=True, actor="eve")
    assert verify_chain(rows) == ["row 4 does not follow row 3: one of the two was replaced"]


def test_a_first_row_from_elsewhere_is_named():
    rows = chain(3)
    rows[0] = changed(rows[0], rehashed=True, previous="ab" * 32)
    assert verify_chain(rows)[0] == "row 1 does not follow the beginning: one of the two was replaced"


def test_missing_rows_are_named():
    rows = chain(9)
    assert verify_chain([*rows[:2], *rows[3:]]) == ["row 3 is missing"]
    assert verify_chain([*rows[:2], *rows[5:]]) == ["rows 3 to 5 are missing"]
    assert verify_chain(rows[1:]) == ["row 1 is missing"]


def test_rows_out_of_order_and_twice_are_named():
    rows = chain(4)
    assert "row 2 is out of order: it stands after row 3" in verify_chain([rows[0], rows[2], rows[1], rows[3]])
    assert verify_chain([*rows, rows[3]]) == ["row 4 is out of order: it stands after row 4"]


def test_a_cut_end_is_named_by_the_head():
    rows = chain(5)
    head = head_of(rows[-1])
    assert verify_chain(rows[:4], head) == ["row 5 is missing: the head of the log says so"]
    assert verify_chain(rows[:3], head) == ["rows 4 to 5 are missing: the head of the log says so"]


def test_a_head_that_does_not_fit_is_named():
    rows = chain(5)
    assert verify_chain(rows, head_of(rows[3])) == ["the head of the log is row 4, but there are rows up to 5"]
    assert verify_chain(rows, Head(number=5, hash="0" * 64)) == ["the head of the log has another hash than row 5"]


def test_a_row_that_was_noted_earlier_must_be_in_the_chain():
    rows, others = chain(5), chain(5)
    others = [changed(row, actor="eve", rehashed=True) for row in others]
    assert verify_chain(rows, known=[head_of(rows[2])]) == []
    assert verify_chain(rows, known=[head_of(others[2])]) == ["row 3 has another hash than was noted earlier"]
    assert verify_chain(rows[:3], known=[head_of(rows[4])]) == ["rows 4 to 5 are missing: row 5 was noted earlier"]


def test_no_single_change_of_a_chain_passes():
    rows, draw = chain(12), random.Random(0)
    head = head_of(rows[-1])
    for _ in range(100):
        place, other = draw.randrange(12), draw.randrange(12)
        copy = list(rows)
        match draw.randrange(3):
            case 0:
                copy[place] = changed(copy[place], rehashed=draw.random() < 0.5, detail={"to": -1})
            case 1:
                del copy[place]
            case 2:
                copy.insert(other, copy[place])
        assert verify_chain(copy, head) != []
