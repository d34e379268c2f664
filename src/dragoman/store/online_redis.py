"""Online rows in Redis: two hashes per namespace, read in one round trip, changed by compare-and-swap.

One hash per namespace has the `served` parts by key, another one the `kept` parts, so that a reader moves no byte that
only a writer needs, and a namespace goes with one command. A row is changed by a script that compares it with what the
writer has read, as SHA-1, and writes all rows of a change or none.
"""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from dragoman.errors import InvalidInput, MissingExtra
from dragoman.store.online_rows import (
    BATCH,
    Change,
    Namespace,
    Pair,
    Row,
    changed,
    contended,
    half_character,
    is_whole,
    online_damaged,
    online_full,
    online_unavailable,
)

if TYPE_CHECKING:
    from redis import Redis  # optional: the extra `redis`

__all__ = ["SCHEMES", "RedisOnline"]

SCHEMES = ("redis", "rediss", "unix")
PREFIX = "dragoman"
CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 30.0
ATTEMPTS = 200  # of a change, while others change the same rows
LONGEST_PAUSE = 0.01  # seconds between two
SAMPLES = 100  # values whose size is measured
HELP = "Write redis://HOST:PORT/NUMBER, with #NAME at its end where workspaces share a database."

# KEYS: the set of namespaces. ARGV: number of rows; per row: hash of served parts, hash of kept parts, namespace, key,
# SHA-1 of what was read, what to do, and the new parts.
SWAP = """
local names, width = KEYS[1], 8
local function row(place, field) return ARGV[1 + (place - 1) * width + field] end
for place = 1, tonumber(ARGV[1]) do
  local served = redis.call('HGET', row(place, 1), row(place, 4))
  local found = ''
  if served then
    local kept = redis.call('HGET', row(place, 2), row(place, 4)) or ''
    found = redis.sha1hex(#served .. ':' .. served .. kept)
  end
  if found ~= row(place, 5) then return 0 end
end
for place = 1, tonumber(ARGV[1]) do
  if row(place, 6) == 'put' then
    redis.call('HSET', row(place, 1), row(place, 4), row(place, 7))
    redis.call('HSET', row(place, 2), row(place, 4), row(place, 8))
    redis.call('SADD', names, row(place, 3))
  elseif row(place, 6) == 'remove' then
    redis.call('HDEL', row(place, 1), row(place, 4))
    redis.call('HDEL', row(place, 2), row(place, 4))
  end
end
return 1
"""


class RedisOnline:
    """A connection per thread that asks at one time. One server, with or without replicas; not a cluster.

    Names in Redis begin with `dragoman:`, and with `dragoman:NAME:` for a URL that ends in `#NAME`. Whether rows
    survive a restart is the server's setting.
    """

    def __init__(self, url: str) -> None:
        address, _, name = url.partition("#")
        self.where = _without_password(address)
        self.prefix = f"{PREFIX}:{name}:" if name else f"{PREFIX}:"
        self._client = _open(address)
        with self._translated():
            self._swap = self._client.register_script(SWAP)
            self._client.ping()

    def read(self, pairs: Sequence[Pair]) -> list[bytes | None]:
        with self._translated():
            return self._parts(pairs, ("served",))[0]

    def rows(self, pairs: Sequence[Pair]) -> list[Row | None]:
        with self._translated():
            parts = self._parts(pairs, ("served", "kept"))
        return [None if served is None else Row(served, kept or b"") for served, kept in zip(*parts, strict=True)]

    def update(self, pairs: Sequence[Pair], change: Change) -> None:
        with self._translated():
            for _ in range(ATTEMPTS):
                if self._swapped(pairs, change):
                    return
                time.sleep(random.uniform(0, LONGEST_PAUSE))  # noqa: S311 - it keeps no secret
        raise contended(pairs)

    def put(self, namespace: str, rows: Mapping[str, Row]) -> None:
        if not rows:
            return
        with self._translated(), self._client.pipeline(transaction=True) as pipeline:
            for number, part in enumerate(("served", "kept")):
                pipeline.hset(self._hash(namespace, part), mapping={key: row[number] for key, row in rows.items()})
            pipeline.sadd(self._names, namespace)
            pipeline.execute()

    def keys(self, namespace: str) -> Iterator[list[str]]:
        cursor = None
        while cursor != 0:
            with self._translated():
                cursor, found = self._client.hscan(self._hash(namespace, "served"), cursor or 0, count=BATCH)
            yield [_text(key) for key in found]

    def drop(self, namespace: str) -> None:
        with self._translated(), self._client.pipeline(transaction=True) as pipeline:
            pipeline.unlink(*(self._hash(namespace, part) for part in ("served", "kept")))
            pipeline.srem(self._names, namespace)
            pipeline.execute()

    def namespaces(self) -> list[Namespace]:
        with self._translated():
            names = sorted(_text(name) for name in self._client.smembers(self._names))
            with self._client.pipeline(transaction=False) as pipeline:
                for name in names:
                    pipeline.hlen(self._hash(name, "served"))
                    for part in ("served", "kept"):
                        pipeline.memory_usage(self._hash(name, part), samples=SAMPLES)
                sizes = pipeline.execute()
        found = zip(names, sizes[::3], sizes[1::3], sizes[2::3], strict=True)
        return [Namespace(name, rows, (served or 0) + (kept or 0)) for name, rows, served, kept in found if rows]

    def close(self) -> None:
        self._client.close()

    @property
    def _names(self) -> str:
        return f"{self.prefix}namespaces"

    def _hash(self, namespace: str, part: str) -> str:
        return f"{self.prefix}{part}:{namespace}"

    def _parts(self, pairs: Sequence[Pair], parts: Sequence[str]) -> list[list[bytes | None]]:
        """Those parts of the rows, of one moment, in one round trip."""
        places: dict[str, list[int]] = {}
        for place, pair in enumerate(pairs):
            if is_whole(*pair):
                places.setdefault(pair[0], []).append(place)
        found: list[list[bytes | None]] = [[None] * len(pairs) for _ in parts]
        with self._client.pipeline(transaction=True) as pipeline:
            for namespace, mine in places.items():
                for part in parts:
                    pipeline.hmget(self._hash(namespace, part), [pairs[place][1] for place in mine])
            answers = iter(pipeline.execute() if places else ())
        for mine in places.values():
            for column in found:
                for place, value in zip(mine, next(answers), strict=True):
                    column[place] = value
        return found

    def _swapped(self, pairs: Sequence[Pair], change: Change) -> bool:
        """Whether the change was made: nobody wrote the rows between."""
        rows = self.rows(pairs)
        before = [*rows]
        places = set(changed(rows, change))
        if not places:
            return True
        arguments: list[str | bytes | int] = [len(pairs)]
        for place, (namespace, key) in enumerate(pairs):
            row, what = rows[place], "remove" if rows[place] is None else "put"
            hashes = (self._hash(namespace, part) for part in ("served", "kept"))
            arguments += [*hashes, namespace, key, _digest(before[place]), what if place in places else "keep"]
            arguments += row if place in places and row else (b"", b"")
        return bool(self._swap(keys=[self._names], args=arguments))

    @contextmanager
    def _translated(self) -> Iterator[None]:
        import redis  # optional: the extra `redis`

        try:
            yield
        except UnicodeEncodeError as error:
            raise half_character(str(error.object)) from None
        except redis.exceptions.OutOfMemoryError:
            raise online_full(self.where) from None
        except (redis.exceptions.ResponseError, redis.exceptions.InvalidResponse) as error:
            if "WRONGTYPE" in str(error):
                raise online_damaged(self.where, error) from None
            raise online_unavailable(self.where, error) from None
        except redis.exceptions.RedisError as error:
            raise online_unavailable(self.where, error) from None


def _open(address: str) -> Redis:
    try:
        from redis import Redis  # optional: the extra `redis`
    except ImportError:
        raise MissingExtra.of("redis", "An online store in Redis") from None
    limits = {"socket_connect_timeout": CONNECT_SECONDS, "socket_timeout": ANSWER_SECONDS}
    try:
        client = Redis.from_url(address, health_check_interval=30, **limits)
        client.connection_pool.make_connection()  # it is the connection that refuses unknown options
        return client
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"The URL of the online store cannot be read: {error}.", help=HELP) from None


def _without_password(address: str) -> str:
    scheme, _, rest = address.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2].partition('?')[0]}"


def _digest(row: Row | None) -> str:
    if row is None:
        return ""
    return hashlib.sha1(b"%d:%b%b" % (len(row.served), row.served, row.kept), usedforsecurity=False).hexdigest()


def _text(answer: bytes | str) -> str:
    return answer if isinstance(answer, str) else answer.decode()
