from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.registry.signed_world import ANNA, World, make_world

from dragoman.errors import Conflict, InvalidInput, NotFound, Untrusted
from dragoman.registry.keys import fingerprint_of, new_key, public_pem
from dragoman.registry.signing import Signer
from dragoman.registry.trust import Trust


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path, with_key=False)


def actions(world: World) -> list[str]:
    return [row.action for row in world.catalog.audit_rows()]


def test_a_made_key_is_trusted_and_named_after_its_fingerprint(world: World) -> None:
    made = world.keys.make()

    assert made.fingerprint == world.signer.fingerprint
    assert made.name == f"signing-{made.fingerprint[:8]}"
    assert world.signer.path.parent.stat().st_mode & 0o777 == 0o700


def test_a_given_key_is_taken(world: World) -> None:
    key = new_key()

    assert world.keys.make(key=key, name="ci").fingerprint == fingerprint_of(key.public_key())
    assert [one.name for one in world.trust.keys] == ["ci"]


def test_making_a_key_where_one_is_changes_nothing(world: World) -> None:
    made = world.keys.make()

    assert world.keys.make() == made
    assert actions(world) == ["signing_key.made"]


def test_a_given_key_does_not_replace_another_unasked(world: World) -> None:
    made = world.keys.make()

    with pytest.raises(Conflict, match="There is another signing key") as refusal:
        world.keys.make(key=new_key())
    assert "--replace" in refusal.value.help
    assert world.signer.fingerprint == made.fingerprint


def test_a_replaced_key_stays_trusted(world: World) -> None:
    old = world.keys.make(name="old")
    new = world.keys.make(name="new", replace=True)

    assert world.signer.fingerprint == new.fingerprint != old.fingerprint
    assert [key.name for key in world.trust.keys] == ["new", "old"]


def test_the_key_of_a_workspace_is_trusted_again_when_asked(world: World) -> None:
    made = world.keys.make(name="own")
    world.keys.remove("own")

    assert world.keys.make(name="own").fingerprint == made.fingerprint
    assert actions(world) == ["signing_key.made", "signing_key.untrusted", "signing_key.trusted"]


def test_every_change_is_told_with_actor_and_reason(world: World, tmp_path: Path) -> None:
    (tmp_path / "partner.pem").write_bytes(public_pem(new_key().public_key()))

    added = world.keys.add(tmp_path / "partner.pem", by=ANNA)

    (row,) = world.catalog.audit_rows()
    assert (row.action, row.subject) == ("signing_key.trusted", f"signing-keys:/{added.fingerprint}")
    assert (row.actor, row.detail) == (ANNA.actor, {"name": "partner", "reason": ANNA.reason})


def test_a_key_that_cannot_be_removed_is_not_told(world: World) -> None:
    with pytest.raises(NotFound):
        world.keys.remove("nobody")
    assert actions(world) == []


def test_the_first_training_makes_a_key_and_says_so(world: World, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        world.keys.ensure()
        world.keys.ensure()

    (record,) = caplog.records
    assert str(world.signer.path) in record.getMessage()
    assert str(world.trust.keys[0].path) in record.getMessage()


def test_a_signing_key_that_is_not_trusted_stops_a_training_before_it_begins(world: World) -> None:
    world.keys.make(name="own")
    world.keys.remove("own")

    with pytest.raises(Untrusted, match="is not trusted here") as refusal:
        world.keys.ensure()
    assert "dragoman keys signing" in refusal.value.help


def test_a_signing_key_that_others_may_read_stops_a_training_before_it_begins(world: World) -> None:
    world.keys.make()
    world.signer.path.chmod(0o644)

    with pytest.raises(InvalidInput, match="open to others"):
        world.keys.ensure()


def test_trainings_that_begin_at_once_make_one_key(world: World) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: world.keys.make(), range(8)))

    assert len({key.fingerprint for key in made}) == 1
    assert len(Trust(world.trust.folder).keys) == 1
    assert Signer(world.signer.path).fingerprint == made[0].fingerprint
