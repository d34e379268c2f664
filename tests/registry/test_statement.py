from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest

from dragoman.errors import Untrusted
from dragoman.records import BundleFile
from dragoman.registry.statement import FILES_TYPE, files_statement, read_claim, read_files, statement

PATHS = ("a-b/x", "a/x", "manifest.json")
FILES = [BundleFile(path=path, digest=hashlib.sha256(path.encode()).hexdigest(), size=5) for path in PATHS]
PAYLOAD = files_statement("small", FILES, ignored=["model.sig"])


def test_the_files_that_were_stated_are_read() -> None:
    assert read_files(PAYLOAD, of="it") == {file.path: file.digest for file in FILES}


def test_the_subject_is_the_digest_of_the_digests_in_the_order_of_paths() -> None:
    raw = json.loads(PAYLOAD)
    in_order = ["a/x", "a-b/x", "manifest.json"]  # folder by folder, not character by character
    joined = b"".join(hashlib.sha256(path.encode()).digest() for path in in_order)

    assert [resource["name"] for resource in raw["predicate"]["resources"]] == in_order
    assert raw["subject"] == [{"name": "small", "digest": {"sha256": hashlib.sha256(joined).hexdigest()}}]
    assert (raw["_type"], raw["predicateType"]) == ("https://in-toto.io/Statement/v1", FILES_TYPE)


def test_the_order_of_the_files_does_not_matter() -> None:
    assert files_statement("small", FILES[::-1], ignored=["model.sig"]) == PAYLOAD


def drop_resource(raw: dict[str, Any]) -> None:
    del raw["predicate"]["resources"][0]


def name_twice(raw: dict[str, Any]) -> None:
    raw["predicate"]["resources"][0]["name"] = "manifest.json"


def drop_subject(raw: dict[str, Any]) -> None:
    raw["subject"] = []


def two_subjects(raw: dict[str, Any]) -> None:
    raw["subject"] *= 2


def other_digest(raw: dict[str, Any]) -> None:
    raw["subject"][0]["digest"] = {"sha512": "00"}


def other_statement(raw: dict[str, Any]) -> None:
    raw["_type"] = "https://in-toto.io/Statement/v0.1"


def other_predicate(raw: dict[str, Any]) -> None:
    raw["predicateType"] = "urn:dragoman:promotion:v1"


def no_resources(raw: dict[str, Any]) -> None:
    del raw["predicate"]["resources"]


def no_hex(raw: dict[str, Any]) -> None:
    raw["predicate"]["resources"][0]["digest"] = "xyz"


def shards(raw: dict[str, Any]) -> None:
    raw["predicate"]["serialization"]["method"] = "shards"


def blake(raw: dict[str, Any]) -> None:
    raw["predicate"]["resources"][0]["algorithm"] = "blake2b"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (drop_resource, "contradicts itself"),
        (name_twice, "contradicts itself"),
        (drop_subject, "not a statement about one digest"),
        (two_subjects, "not a statement about one digest"),
        (other_digest, "not a statement about one digest"),
        (other_statement, r"Statement/v0\.1, not a https"),
        (other_predicate, "is a urn:dragoman:promotion:v1"),
        (no_resources, "does not list files"),
        (no_hex, "does not list files"),
        (shards, "other digests than SHA-256 of whole files"),
        (blake, "other digests than SHA-256 of whole files"),
    ],
)
def test_an_unsound_statement_is_refused(change: Callable[[dict[str, Any]], None], message: str) -> None:
    raw = json.loads(PAYLOAD)
    change(raw)

    with pytest.raises(Untrusted, match=message):
        read_files(json.dumps(raw).encode(), of="it")


@pytest.mark.parametrize("payload", [b"", b"[]", b"\xff", b"{}"])
def test_what_is_no_statement_is_refused(payload: bytes) -> None:
    with pytest.raises(Untrusted, match="not a statement"):
        read_files(payload, of="it")


def test_a_claim_keeps_its_predicate() -> None:
    claim = read_claim(statement("small", "ab", "urn:test", {"b": [1, None]}), "urn:test", of="it")

    assert (claim.digest, json.loads(claim.predicate)) == ("ab", {"b": [1, None]})
