from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.errors import Conflict, InvalidInput, NotFound
from dragoman.records import By
from dragoman.registry.api_keys import (
    DIGITS,
    SECRET_BITS,
    add_key,
    digest_of_secret,
    find_key,
    in_base_62,
    moment_of,
    new_secret,
    read_key,
    revoke_key,
    rotate_key,
    state_of,
    write_key,
)
from dragoman.store.base import Catalog
from dragoman.store.catalog import SqlCatalog
from dragoman.store.memory import MemoryCatalog

HOUR = timedelta(hours=1)
NUMBERS = st.integers(0, 2**SECRET_BITS - 1)
IDS = st.text("0123456789abcdefghijklmnopqrstuvwxyz", min_size=10, max_size=10)


@pytest.fixture(params=["memory", "sqlite"])
def catalog(request: pytest.FixtureRequest, tmp_path: Path) -> Catalog:
    makers: dict[str, Callable[[], Catalog]] = {
        "memory": MemoryCatalog,
        "sqlite": lambda: SqlCatalog(f"sqlite:///{tmp_path / 'catalog.sqlite'}"),
    }
    return makers[request.param]()


# The text of a key --------------------------------------------------------------------------------------------------


@given(id=IDS, number=NUMBERS)
def test_a_key_is_read_as_it_was_written(id: str, number: int) -> None:
    secret = in_base_62(number, 43)
    assert read_key(write_key(id, secret)) == (id, secret)


@given(id=IDS, number=NUMBERS, data=st.data())
def test_every_wrong_character_is_noticed(id: str, number: int, data: st.DataObject) -> None:
    text = write_key(id, in_base_62(number, 43))
    place = data.draw(st.integers(0, len(text) - 1))
    wrong = data.draw(st.sampled_from([one for one in f"{DIGITS}_- é" if one != text[place]]))
    with pytest.raises(InvalidInput, match=r"typing error|not the form"):
        read_key(text[:place] + wrong + text[place + 1 :])


@given(number=NUMBERS)
def test_base_62_keeps_every_bit(number: int) -> None:
    found = 0
    for digit in in_base_62(number, 43):
        found = found * len(DIGITS) + DIGITS.index(digit)
    assert found == number


def test_a_secret_is_random_and_kept_as_its_sha_256() -> None:
    (one, digest), (other, _) = new_secret(), new_secret()
    assert one != other
    assert (len(one), digest) == (43, hashlib.sha256(one.encode()).hexdigest())


@pytest.mark.parametrize("cut", [slice(0, -1), slice(1, None), slice(0, 30)])
def test_an_error_does_not_hold_the_key(cut: slice) -> None:
    secret, _ = new_secret()
    text = write_key("k000000001", secret)[cut]
    with pytest.raises(InvalidInput) as refusal:
        read_key(text)
    assert text[16:30] not in f"{refusal.value} {refusal.value!r}"


# Coming and going ---------------------------------------------------------------------------------------------------


def test_a_new_key_is_kept_without_its_secret(catalog: Catalog) -> None:
    key, text = add_key(catalog, role="caller", name="ci", models=["support", "faq"], lifetime=HOUR)
    assert catalog.keys() == [key]
    assert (key.models, key.digest) == (["faq", "support"], digest_of_secret(read_key(text).secret))
    assert moment_of(key.expires) - moment_of(key.created) == HOUR
    assert read_key(text).secret not in msgspec.json.encode([catalog.keys(), catalog.audit_rows()]).decode()


def test_a_revoked_key_counts_no_more_and_its_name_is_free(catalog: Catalog) -> None:
    first = add_key(catalog, role="caller", name="ci").key
    revoked = revoke_key(catalog, "ci")
    second = add_key(catalog, role="caller", name="ci").key
    assert state_of(revoked, datetime.now(UTC)) == "revoked"
    assert find_key(catalog, "ci") == second
    assert find_key(catalog, first.id) == revoked


def test_a_rotated_key_has_a_new_secret_and_all_else_stays(catalog: Catalog) -> None:
    old = add_key(catalog, role="operator", name="ci", models=["support"], lifetime=HOUR)
    new = rotate_key(catalog, "ci")
    assert read_key(new.text).id == read_key(old.text).id
    assert msgspec.structs.replace(new.key, digest=old.key.digest) == old.key
    assert new.key.digest == digest_of_secret(read_key(new.text).secret) != old.key.digest


def test_the_old_secret_counts_for_the_time_that_is_asked_for(catalog: Catalog) -> None:
    old = add_key(catalog, role="caller", name="ci").key
    new = rotate_key(catalog, old.id, grace=HOUR).key
    assert new.previous == old.digest
    assert timedelta() < moment_of(new.previous_expires) - datetime.now(UTC) <= HOUR


def test_a_revoked_key_has_no_old_secret_either(catalog: Catalog) -> None:
    add_key(catalog, role="caller", name="ci")
    rotate_key(catalog, "ci", grace=HOUR)
    assert revoke_key(catalog, "ci").previous == ""


def test_an_expired_key_is_rotated_only_with_a_new_lifetime(catalog: Catalog) -> None:
    key = add_key(catalog, role="caller", name="ci", lifetime=timedelta(microseconds=1)).key
    with pytest.raises(Conflict, match="'ci' expired at"):
        rotate_key(catalog, "ci")
    assert rotate_key(catalog, "ci", lifetime=HOUR).key.expires > key.expires


@pytest.mark.parametrize("change", [revoke_key, rotate_key])
def test_a_revoked_key_stays_as_it_is(catalog: Catalog, change: Callable[..., object]) -> None:
    add_key(catalog, role="caller", name="ci")
    revoke_key(catalog, "ci")
    with pytest.raises(Conflict, match="'ci' was revoked at"):
        change(catalog, "ci")


def test_a_key_that_is_revoked_while_it_is_rotated_does_not_come_back(catalog: Catalog) -> None:
    key = add_key(catalog, role="caller", name="ci").key
    revoke_key(catalog, "ci")
    with pytest.raises(Conflict, match="was revoked at"):
        catalog.save_key(key, action="key.rotated")
    assert find_key(catalog, "ci").revoked


def test_every_change_is_a_row_of_the_audit_log_with_who_and_why(catalog: Catalog) -> None:
    by = By(actor="ada", reason="leaked")
    key = add_key(catalog, role="caller", name="ci", by=by).key
    rotate_key(catalog, "ci", by=by)
    revoke_key(catalog, "ci", by=by)
    rows = catalog.audit_rows(action="key.")
    assert [row.action for row in rows] == ["key.created", "key.rotated", "key.revoked"]
    assert {(row.actor, row.subject, row.detail["reason"]) for row in rows} == {("ada", f"keys:/{key.id}", "leaked")}


def test_a_key_is_found_by_its_id_its_name_and_itself(catalog: Catalog) -> None:
    key, text = add_key(catalog, role="caller", name="ci")
    assert {find_key(catalog, which).id for which in (key.id, "ci", text)} == {key.id}


def test_an_unknown_key_is_not_found_and_not_shown(catalog: Catalog) -> None:
    add_key(catalog, role="caller", name="ci")
    with pytest.raises(NotFound, match=r"no key 'cd'.*keys: ci"):
        find_key(catalog, "cd")
    secret = new_secret()[0]
    with pytest.raises(NotFound) as refusal:
        find_key(catalog, write_key("k000000001", secret))
    assert secret not in str(refusal.value)


@pytest.mark.parametrize("name", ["", " ", "a b", "-a", "é", "a" * 65, "a\n"])
def test_a_name_that_cannot_be_one_is_refused(catalog: Catalog, name: str) -> None:
    with pytest.raises(InvalidInput, match="cannot name a key"):
        add_key(catalog, role="caller", name=name)


def test_a_name_that_is_taken_and_a_model_that_cannot_be_one_are_refused(catalog: Catalog) -> None:
    add_key(catalog, role="caller", name="ci")
    with pytest.raises(Conflict, match="There is a key 'ci' already"):
        add_key(catalog, role="viewer", name="ci")
    with pytest.raises(InvalidInput, match="'a/b' cannot name a model"):
        add_key(catalog, role="caller", name="cd", models=["a/b"])
    assert len(catalog.keys()) == 1
