from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec
import pytest
from tests.api.holders import made

from dragoman.api import keyring
from dragoman.api.keyring import Keyring, SingleKey
from dragoman.errors import Unauthenticated, Unavailable
from dragoman.records import ApiKey
from dragoman.registry.api_keys import new_secret, write_key

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
BEFORE, AFTER = "2026-06-01T11:59:59.000Z", "2026-06-01T12:00:01.000Z"


class Shelf:
    """A catalog's keys, which count how often they are read and can be out of reach; and a clock to turn."""

    def __init__(self, *keys: ApiKey) -> None:
        self.keys, self.reads, self.time = list(keys), 0, 100.0
        self.error: Exception | None = None
        self.is_held = threading.Event()  # set: reading ends
        self.is_held.set()

    def read(self) -> list[ApiKey]:
        self.reads += 1
        self.is_held.wait(20)
        if self.error:
            raise self.error
        return list(self.keys)

    def ring(self) -> Keyring:
        return Keyring(self.read, clock=lambda: self.time, wall=NOW.timestamp)

    def revoke(self) -> None:
        self.keys = [msgspec.structs.replace(one, revoked=BEFORE) for one in self.keys]


async def is_admitted(ring: Keyring, text: str) -> bool:
    try:
        await ring.holder(text)
    except Unauthenticated:
        return False
    return True


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 (a thread makes it true)
            await asyncio.sleep(0.001)


async def test_the_holder_of_a_key_has_its_role_and_its_models() -> None:
    key, text = made("labeler", "support")
    holder = await Shelf(key).ring().holder(text)
    assert (holder.id, holder.role, holder.models) == (key.id, "labeler", {"support"})
    assert holder.actor == "the-labeler (key k000000001)"


@pytest.mark.parametrize(
    ("fields", "counts"),
    [
        ({}, True),
        ({"expires": AFTER}, True),
        ({"expires": BEFORE}, False),
        ({"revoked": BEFORE}, False),
        ({"revoked": AFTER}, False),
    ],
)
async def test_a_key_counts_until_it_expires_or_is_revoked(fields: dict[str, str], counts: object) -> None:
    key, text = made(**fields)
    assert await is_admitted(Shelf(key).ring(), text) is counts


@pytest.mark.parametrize(("until", "counts"), [("", False), (BEFORE, False), (AFTER, True)])
async def test_the_secret_before_a_rotation_counts_for_its_grace_time(until: str, counts: object) -> None:
    key, old = made()
    secret, digest = new_secret()
    rotated = msgspec.structs.replace(key, digest=digest, previous=key.digest if until else "", previous_expires=until)
    ring = Shelf(rotated).ring()
    assert await is_admitted(ring, write_key(key.id, secret))
    assert await is_admitted(ring, old) is counts


async def test_a_stranger_does_not_learn_why_a_key_does_not_count(caplog: pytest.LogCaptureFixture) -> None:
    known, revoked, expired = made(), made(id="k000000002", revoked=BEFORE), made(id="k000000003", expires=BEFORE)
    ring, (secret, _) = Shelf(known[0], revoked[0], expired[0]).ring(), new_secret()
    guesses = [write_key(f"k00000000{number}", secret) for number in range(1, 5)]
    told = []
    for text in [*guesses, revoked[1]]:
        with pytest.raises(Unauthenticated) as refusal:
            await ring.holder(text)
        told.append(str(refusal.value))
    assert len(set(told)) == 1
    assert [record.getMessage() for record in caplog.records] == [
        "The key k000000001 was refused: it has another secret.",
        "The key k000000002 was refused: it has another secret.",
        "The key k000000003 was refused: it has another secret.",
        "The key k000000004 was refused: there is none of this id.",
        f"The key k000000002 was refused: it was revoked at {BEFORE}.",
    ]


async def test_the_holder_of_an_expired_key_is_told_so() -> None:
    key, text = made(expires=BEFORE)
    with pytest.raises(Unauthenticated, match="The key has expired"):
        await Shelf(key).ring().holder(text)


@pytest.mark.parametrize("text", ["", "none", "sk-123", "dgm_short", "dgm_" + "a" * 60, "é" * 64])
async def test_what_is_no_key_is_told_apart(text: str) -> None:
    with pytest.raises(Unauthenticated, match="has not the form of a key"):
        await Shelf().ring().holder(text)


async def test_a_typing_error_is_told_apart() -> None:
    key, text = made()
    mistyped = text[:-1] + ("a" if text[-1] != "a" else "b")
    with pytest.raises(Unauthenticated, match="has a typing error"):
        await Shelf(key).ring().holder(mistyped)


@pytest.mark.parametrize("id", ["k000000001", "k999999999"])
async def test_digests_are_compared_in_constant_time_also_for_an_unknown_id(
    monkeypatch: pytest.MonkeyPatch, id: str
) -> None:
    compared = []

    def compare(one: str, other: str) -> bool:
        compared.append((len(one), len(other)))
        return False

    monkeypatch.setattr(keyring.hmac, "compare_digest", compare)
    key, _ = made(previous="0" * 64)
    assert not await is_admitted(Shelf(key).ring(), write_key(id, new_secret()[0]))
    assert not hasattr(SingleKey("x" * 40), "text")
    with pytest.raises(Unauthenticated):
        await SingleKey("x" * 40).holder("y" * 40)
    assert compared == [(64, 64)] * 3


async def test_no_key_is_in_the_log_or_in_an_error(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    key, text = made()
    shelf = Shelf(msgspec.structs.replace(key, revoked=BEFORE))
    ring, told = shelf.ring(), []
    for one in (text, text[:-1], text[:-1] + "-", write_key("k999999999", new_secret()[0])):
        with pytest.raises(Unauthenticated) as refusal:
            await ring.holder(one)
        told.append(f"{refusal.value!r} {refusal.value}")
    secret = text.rpartition("_")[2][:20]
    assert secret not in caplog.text + " ".join(told) + repr(vars(ring))


# Reading ------------------------------------------------------------------------------------------------------------


async def test_a_revoked_key_is_refused_within_a_second() -> None:
    key, text = made()
    shelf = Shelf(key)
    ring = shelf.ring()
    assert await is_admitted(ring, text)
    shelf.revoke()
    shelf.time += 1.0
    assert not await is_admitted(ring, text)


async def test_a_new_key_counts_within_a_second() -> None:
    shelf = Shelf()
    ring = shelf.ring()
    key, text = made()
    assert not await is_admitted(ring, text)
    shelf.keys.append(key)
    shelf.time += 1.0
    assert await is_admitted(ring, text)


async def test_requests_in_the_same_half_second_cost_one_reading() -> None:
    key, text = made()
    shelf = Shelf(key)
    ring = shelf.ring()
    admitted = await asyncio.gather(*(is_admitted(ring, text) for _ in range(50)))
    shelf.time += 0.49
    assert all([*admitted, await is_admitted(ring, text)])
    assert shelf.reads == 1


async def test_keys_of_half_a_second_are_read_anew_while_requests_go_on() -> None:
    key, text = made()
    shelf = Shelf(key)
    ring = shelf.ring()
    await is_admitted(ring, text)
    shelf.is_held.clear()
    shelf.revoke()
    shelf.time += 0.6
    assert await is_admitted(ring, text)  # though the reading has not ended
    shelf.is_held.set()
    await until(lambda: ring._read_at == shelf.time)
    assert not await is_admitted(ring, text)
    assert shelf.reads == 2


async def test_nothing_is_read_on_the_event_loop() -> None:
    threads = []

    def read() -> list[ApiKey]:
        threads.append(threading.current_thread())
        return []

    await is_admitted(Keyring(read), made()[1])
    assert threads != []
    assert threading.current_thread() not in threads


async def test_the_last_known_keys_stand_while_the_catalog_is_out_of_reach_but_not_for_ever() -> None:
    key, text = made()
    shelf = Shelf(key)
    ring = shelf.ring()
    await is_admitted(ring, text)
    shelf.error = OSError("no route")
    for _ in range(59):
        shelf.time += 1.0
        assert await is_admitted(ring, text)
    shelf.time += 1.0
    with pytest.raises(Unavailable, match="keys cannot be read"):
        await ring.holder(text)
    shelf.error = None
    shelf.time += 1.0
    assert await is_admitted(ring, text)


async def test_without_any_reading_nobody_is_let_in() -> None:
    shelf = Shelf()
    shelf.error = OSError("no route")
    with pytest.raises(Unavailable):
        await shelf.ring().holder(made()[1])


async def test_a_catalog_that_fails_is_not_asked_by_every_request() -> None:
    shelf, text = Shelf(), made()[1]
    shelf.error, ring = OSError("no route"), shelf.ring()
    for _ in range(20):
        with pytest.raises(Unavailable):
            await ring.holder(text)
    assert shelf.reads == 1


async def test_a_reading_that_hangs_holds_one_request_for_a_while_and_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keyring, "PATIENCE_SECONDS", 0.01)
    key, text = made()
    shelf = Shelf(key)
    ring = shelf.ring()
    await is_admitted(ring, text)
    shelf.is_held.clear()
    shelf.time += 1.0
    assert await is_admitted(ring, text)
    shelf.time += 9.0
    assert await is_admitted(ring, text)
    assert shelf.reads == 2
    shelf.time += 1.0
    assert await is_admitted(ring, text)
    assert shelf.reads == 3
    shelf.is_held.set()
    await until(lambda: ring._read_at == shelf.time)


def test_the_keys_are_shared_between_event_loops() -> None:
    key, text = made()
    shelf = Shelf(key)
    ring, admitted = shelf.ring(), []
    threads = [threading.Thread(target=lambda: admitted.append(asyncio.run(is_admitted(ring, text)))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (admitted, shelf.reads) == ([True] * 4, 1)


# One key ------------------------------------------------------------------------------------------------------------


async def test_a_single_key_operates_and_predicts() -> None:
    holder = await SingleKey("x" * 40).holder("x" * 40)
    assert (holder.role, holder.models, holder.id) == ("operator", None, "environment")


async def test_another_key_is_not_the_single_one() -> None:
    with pytest.raises(Unauthenticated, match="does not count"):
        await SingleKey("x" * 40).holder("x" * 39)
