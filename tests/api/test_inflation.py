from __future__ import annotations

import gzip
import json
import random
import threading
import tracemalloc
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from starlette.datastructures import Headers

from dragoman.api import inflation
from dragoman.api.inflation import coding_of, inflate, inflated
from dragoman.errors import BodyTooLarge, InvalidRequest, UnknownEncoding

MOST = 1_000_000
TEXT = json.dumps({"inputs": ["where is my order"]}).encode()


def raw_deflate(data: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return stream.compress(data) + stream.flush()


COMPRESSORS: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("gzip", gzip.compress),
    ("deflate", zlib.compress),
    ("deflate", raw_deflate),
]


@pytest.mark.parametrize(("coding", "compress"), COMPRESSORS)
def test_what_was_compressed_comes_back(coding: str, compress: Callable[[bytes], bytes]) -> None:
    assert inflate(compress(TEXT), coding, MOST) == TEXT
    assert inflate(compress(TEXT), coding, len(TEXT)) == TEXT


@pytest.mark.parametrize(
    ("given", "coding"),
    [
        ("gzip", "gzip"),
        ("X-GZIP", "gzip"),
        ("Deflate", "deflate"),
        ("identity", ""),
        ("", ""),
        ("identity, gzip", "gzip"),
    ],
)
def test_codings_are_known_by_all_their_names(given: str, coding: str) -> None:
    assert coding_of(Headers({"Content-Encoding": given})) == coding


def test_a_body_without_the_header_is_as_it_is() -> None:
    assert coding_of(Headers({})) == ""


@pytest.mark.parametrize("given", ["br", "zstd", "gzip, gzip", "deflate, gzip", "gzipped"])
def test_a_coding_that_is_not_read_is_refused_with_those_that_are(given: str) -> None:
    with pytest.raises(UnknownEncoding, match=f"content encoding '{given}'") as caught:
        coding_of(Headers({"content-encoding": given}))
    assert caught.value.help == "send it as it is, or compressed once, with gzip or deflate."


def test_two_headers_are_two_codings() -> None:
    twice = Headers(raw=[(b"content-encoding", b"gzip"), (b"content-encoding", b"gzip")])
    with pytest.raises(UnknownEncoding, match="'gzip, gzip'"):
        coding_of(twice)


@pytest.mark.parametrize(("coding", "compress"), COMPRESSORS)
def test_a_bomb_is_refused_before_it_is_in_memory(coding: str, compress: Callable[[bytes], bytes]) -> None:
    bomb = compress(b" " * 64_000_000)
    tracemalloc.start()
    with pytest.raises(BodyTooLarge, match="The body has more than 1000000 bytes"):
        inflate(bomb, coding, MOST)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * MOST


@pytest.mark.parametrize(
    ("body", "coding", "message"),
    [
        (gzip.compress(TEXT)[:-4], "gzip", "ends before its gzip stream does"),
        (zlib.compress(TEXT)[:-4], "deflate", "ends before its deflate stream does"),
        (TEXT, "gzip", "is not gzip: Error -3"),
        (TEXT, "deflate", "is not deflate: Error -3"),
        (gzip.compress(TEXT)[:-8] + bytes(8), "gzip", "is not gzip: .*incorrect data check"),
        (gzip.compress(TEXT) + b"more", "gzip", "is not gzip"),
        (zlib.compress(TEXT) + b"more", "deflate", "goes on after its deflate stream"),
    ],
)
def test_a_broken_stream_is_refused(body: bytes, coding: str, message: str) -> None:
    with pytest.raises(InvalidRequest, match=message) as caught:
        inflate(body, coding, MOST)
    assert caught.value.status == 400


def test_streams_may_follow_each_other_but_not_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inflation, "MOST_MEMBERS", 3)
    assert inflate(gzip.compress(b"a") + gzip.compress(b"") + gzip.compress(b"b"), "gzip", MOST) == b"ab"
    with pytest.raises(InvalidRequest, match="goes on after its gzip stream"):
        inflate(gzip.compress(b"a") * 4, "gzip", MOST)
    with pytest.raises(BodyTooLarge):
        inflate(gzip.compress(b"ab") * 2, "gzip", 3)


@pytest.mark.anyio
async def test_much_is_inflated_off_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[threading.Thread] = []

    def watched(body: bytes, coding: str, max_bytes: int) -> bytes:
        threads.append(threading.current_thread())
        return inflate(body, coding, max_bytes)

    monkeypatch.setattr(inflation, "inflate", watched)
    much = random.Random(0).randbytes(10_000)
    assert await inflated(gzip.compress(TEXT), "gzip", max_bytes=MOST) == TEXT
    assert await inflated(gzip.compress(much), "gzip", max_bytes=MOST) == much
    assert [one is threading.main_thread() for one in threads] == [True, False]


# Over HTTP ----------------------------------------------------------------------------------------------------------

REQUESTS = {
    "/v1/models/support/predict": {"inputs": ["order"]},
    "/v1/embeddings": {"model": "vectors", "input": "order"},
    "/v2/rerank": {"query": "order", "documents": ["my order"]},
    "/rerank": {"query": "order", "texts": ["my order"]},
    "/embed": {"inputs": "order"},
    "/models/anything": {"inputs": "order", "parameters": {"candidate_labels": ["a"]}},
    "/v2/models/support/infer": {"inputs": [{"name": "text", "shape": [1], "datatype": "BYTES", "data": ["order"]}]},
    "/v1/models/support:predict": {"instances": ["order"]},
}


@pytest.mark.anyio
@pytest.mark.parametrize("path", REQUESTS)
async def test_every_dialect_reads_compressed_bodies(connect: Any, path: str) -> None:
    body = json.dumps(REQUESTS[path]).encode()
    async with connect() as client:
        plain = await client.post(path, content=body)
        answers = [
            await client.post(path, content=compress(body), headers={"Content-Encoding": coding})
            for coding, compress in COMPRESSORS
        ]
    assert [one.status_code for one in (plain, *answers)] == [200] * 4
    assert all(one.json().keys() == plain.json().keys() for one in answers if isinstance(plain.json(), dict))


@pytest.mark.anyio
@pytest.mark.parametrize("path", REQUESTS)
async def test_every_dialect_says_415_with_what_is_accepted(connect: Any, path: str) -> None:
    async with connect() as client:
        answer = await client.post(path, json=REQUESTS[path], headers={"Content-Encoding": "br"})
    assert (answer.status_code, answer.headers["accept-encoding"]) == (415, "gzip, deflate")
    assert "content encoding 'br'" in answer.text


@pytest.mark.anyio
async def test_the_bound_holds_for_what_arrives_and_for_what_it_becomes(connect: Any) -> None:
    path, headers = "/v1/models/support/predict", {"Content-Encoding": "gzip"}
    async with connect(max_body_bytes=1_000) as client:
        bomb = await client.post(path, content=gzip.compress(b" " * 1_001), headers=headers)
        noise = await client.post(path, content=gzip.compress(random.Random(0).randbytes(1_001)), headers=headers)
        small = await client.post(path, content=gzip.compress(TEXT), headers=headers)
        broken = await client.post(path, content=gzip.compress(TEXT)[:-1], headers=headers)
    assert [one.status_code for one in (bomb, noise, small, broken)] == [413, 413, 200, 400]
    assert broken.json()["error"]["message"] == "The body ends before its gzip stream does."
