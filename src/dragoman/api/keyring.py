"""The keys that count: the catalog's, at most a second old, and never read on an event loop."""

from __future__ import annotations

import asyncio
import hmac
import logging
import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import NamedTuple, Protocol

from dragoman.api.abilities import ROLES
from dragoman.api.principal import Principal, principal_of
from dragoman.errors import InvalidInput, Unauthenticated, Unavailable
from dragoman.records import ApiKey
from dragoman.registry.api_keys import KeyParts, digest_of_secret, moment_of, read_key

__all__ = ["Keyring", "Keys", "SingleKey"]

logger = logging.getLogger(__name__)

RENEWED_SECONDS = 0.5  # the age at which the keys are read anew, beside the requests
FRESH_SECONDS = 1.0  # the greatest age at which they count
PATIENCE_SECONDS = 2.0  # that a request waits for newer ones; then the catalog counts as out of reach
STANDING_SECONDS = 60.0  # for which the last known keys stand while the catalog is out of reach
LOST_SECONDS = 10.0  # after which a reading that hangs is given up
EXPIRED = "it has expired"
NO_KEY = ApiKey(id="", name="", role="viewer", digest="0" * 64, previous="0" * 64, created="")


class Keys(Protocol):
    """What knows the holder of a key."""

    async def holder(self, text: str) -> Principal:
        """Raises `Unauthenticated`, and `Unavailable` where it cannot be known."""


class Held(NamedTuple):
    """A key, prepared for requests."""

    key: ApiKey
    principal: Principal
    expires: float  # seconds since 1970
    previous_expires: float


class Keyring:
    """The keys of a catalog. `read` may take long and raise: it is called on threads of their own.

    What is known for less than half a second is used as it is; later, new keys are read while requests go on, and from
    the first second on a request waits for them. Shared between threads and event loops.
    """

    def __init__(
        self,
        read: Callable[[], Sequence[ApiKey]],
        *,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.read, self.clock, self.wall = read, clock, wall
        self._held: Mapping[str, Held] = {}
        self._read_at = -math.inf  # when the reading of what is known began
        self._begun = -math.inf  # when the last reading began
        self._reading: Future[None] | None = None
        self._is_failing = False
        self._lock = threading.Lock()

    async def holder(self, text: str) -> Principal:
        """Raises `Unauthenticated`: without its secret nobody learns whether there is, or was, a key of that id."""
        id, secret = parts_of(text)
        held = (await self._known()).get(id)
        refusal = self._refusal(held, digest_of_secret(secret))
        if held is None or refusal:
            logger.warning("The key %s was refused: %s.", id, refusal)
            raise unauthenticated("The key has expired." if refusal == EXPIRED else "The key does not count.")
        return held.principal

    def _refusal(self, held: Held | None, digest: str) -> str:
        """Why a key does not count; empty if it does."""
        now, key = self.wall(), held.key if held else NO_KEY
        is_new = hmac.compare_digest(digest, key.digest)
        is_old = hmac.compare_digest(digest, key.previous)
        if held is None:
            return "there is none of this id"
        if not (is_new or (is_old and now < held.previous_expires)):
            return "it was rotated" if is_old else "it has another secret"
        if key.revoked:
            return f"it was revoked at {key.revoked}"
        return EXPIRED if now >= held.expires else ""

    # What is known

    async def _known(self) -> Mapping[str, Held]:
        """By id. Raises `Unavailable`."""
        if self._age() < RENEWED_SECONDS:
            return self._held
        reading, is_first = self._renew()
        if self._age() >= FRESH_SECONDS and (is_first or not self._is_failing):
            await asyncio.wait({asyncio.wrap_future(reading)}, timeout=PATIENCE_SECONDS)
            self._is_failing |= not reading.done()
        if self._is_failing and self._age() >= STANDING_SECONDS:
            raise Unavailable("The keys cannot be read now.", help="send it again after the seconds in Retry-After.")
        return self._held

    def _age(self) -> float:
        return self.clock() - self._read_at

    def _renew(self) -> tuple[Future[None], bool]:
        """The reading that runs, or ran less than half a second ago; and whether this call has begun it."""
        with self._lock:
            age = self.clock() - self._begun
            is_running = self._reading is not None and not self._reading.done()
            if self._reading is not None and age < (LOST_SECONDS if is_running else RENEWED_SECONDS):
                return self._reading, False
            self._begun, self._reading = self.clock(), Future()
            threading.Thread(
                target=self._take, args=(self._begun, self._reading), name="dragoman-keys", daemon=True
            ).start()
            return self._reading, True

    def _take(self, begun: float, reading: Future[None]) -> None:
        try:
            held = {key.id: held_of(key) for key in self.read()}
        except Exception as error:
            logger.warning("The keys cannot be read: %r", error)
            self._is_failing = True
        else:
            with self._lock:
                if begun > self._read_at:  # one that was given up may end after its successor
                    self._held, self._read_at, self._is_failing = held, begun, False
        finally:
            reading.set_result(None)


class SingleKey:
    """One key, given in full: for a server without a catalog. Its holder may predict and operate."""

    def __init__(self, text: str) -> None:
        self._digest = digest_of_secret(text)
        self._principal = Principal("the key of the environment", ROLES["operator"], id="environment", role="operator")

    async def holder(self, text: str) -> Principal:
        """Raises `Unauthenticated`."""
        if not hmac.compare_digest(digest_of_secret(text), self._digest):
            raise unauthenticated("The key does not count.")
        return self._principal


def parts_of(text: str) -> KeyParts:
    try:
        return read_key(text)
    except InvalidInput as error:
        raise Unauthenticated(error.message, help=error.help) from None


def held_of(key: ApiKey) -> Held:
    return Held(key, principal_of(key), seconds_of(key.expires), seconds_of(key.previous_expires))


def seconds_of(time: str) -> float:
    return moment_of(time).timestamp() if time else math.inf


def unauthenticated(message: str) -> Unauthenticated:
    return Unauthenticated(message, help="send one that counts, as 'Authorization: Bearer KEY'.")
