from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.errors import Untrusted
from dragoman.registry.envelope import MEDIA_TYPE, open_envelope, pae, seal
from dragoman.registry.keys import fingerprint_of, new_key
from dragoman.registry.trust import Trust

KEY, OTHER = new_key(), new_key()
SEALED = seal(b'{"a": 1}', KEY)


@pytest.fixture(scope="module")
def trust(tmp_path_factory: pytest.TempPathFactory) -> Trust:
    made = Trust(tmp_path_factory.mktemp("keys"))
    made.add(KEY.public_key(), name="ci")
    return made


def test_the_encoding_is_the_one_of_the_specification() -> None:
    assert pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


@given(st.tuples(st.text(), st.binary()), st.tuples(st.text(), st.binary()))
def test_two_payloads_are_never_encoded_alike(one: tuple[str, bytes], other: tuple[str, bytes]) -> None:
    assert (pae(*one) == pae(*other)) == (one == other)


@given(payload=st.binary(max_size=200))
def test_what_was_sealed_is_opened(payload: bytes, trust: Trust) -> None:
    opened = open_envelope(seal(payload, KEY), trust, of="it")

    assert opened.payload == payload
    assert opened.key.name == "ci"


def test_the_file_has_the_shape_of_a_sigstore_bundle() -> None:
    raw = json.loads(SEALED)

    assert list(raw) == ["mediaType", "verificationMaterial", "dsseEnvelope"]
    assert raw["mediaType"] == MEDIA_TYPE
    assert raw["verificationMaterial"] == {
        "publicKey": {"hint": fingerprint_of(KEY.public_key())},
        "tlogEntries": [],
    }
    assert base64.b64decode(raw["dsseEnvelope"]["payload"]) == b'{"a": 1}'
    assert raw["dsseEnvelope"]["payloadType"] == "application/vnd.in-toto+json"
    assert [one["keyid"] for one in raw["dsseEnvelope"]["signatures"]] == [""]


def swap_payload(raw: dict[str, Any]) -> None:
    raw["dsseEnvelope"]["payload"] = base64.b64encode(b'{"a": 2}').decode()


def swap_signature(raw: dict[str, Any]) -> None:
    raw["dsseEnvelope"]["signatures"] = json.loads(seal(b'{"a": 2}', KEY))["dsseEnvelope"]["signatures"]


def sign_twice(raw: dict[str, Any]) -> None:
    raw["dsseEnvelope"]["signatures"] *= 2


def sign_never(raw: dict[str, Any]) -> None:
    raw["dsseEnvelope"]["signatures"] = []


def change_payload_type(raw: dict[str, Any]) -> None:
    raw["dsseEnvelope"]["payloadType"] = "text/plain"


def change_media_type(raw: dict[str, Any]) -> None:
    raw["mediaType"] = "application/vnd.dev.sigstore.bundle.v0.2+json"


def break_base64(raw: dict[str, Any]) -> None:
    raw["dsseEnvelope"]["payload"] = "?"


def claim_another_key(raw: dict[str, Any]) -> None:
    raw["verificationMaterial"]["publicKey"]["hint"] = fingerprint_of(OTHER.public_key())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (swap_payload, "does not fit what it is said to sign"),
        (swap_signature, "does not fit what it is said to sign"),
        (sign_twice, "has the number of signatures 2; only 1 is read"),
        (sign_never, "has the number of signatures 0; only 1 is read"),
        (change_payload_type, "has the payload type 'text/plain'; only 'application/vnd.in-toto"),
        (change_media_type, "has the media type 'application/vnd.dev.sigstore.bundle.v0.2"),
        (break_base64, "is not a Sigstore bundle"),
        (claim_another_key, f"it is signed by a key that is not trusted: {fingerprint_of(OTHER.public_key())}"),
    ],
)
def test_a_changed_signature_is_refused(change: Callable[[dict[str, Any]], None], message: str, trust: Trust) -> None:
    raw = json.loads(SEALED)
    change(raw)

    with pytest.raises(Untrusted) as refusal:
        open_envelope(json.dumps(raw), trust, of="it")
    assert message in refusal.value.message


@given(end=st.integers(0, len(SEALED) - 1))
def test_a_truncated_signature_is_refused(end: int, trust: Trust) -> None:
    with pytest.raises(Untrusted, match="is not a Sigstore bundle"):
        open_envelope(SEALED[:end], trust, of="it")


@given(place=st.integers(0, len(SEALED) - 1), bit=st.integers(0, 6))
def test_a_changed_bit_never_gives_another_payload(place: int, bit: int, trust: Trust) -> None:
    changed = f"{SEALED[:place]}{chr(ord(SEALED[place]) ^ 1 << bit)}{SEALED[place + 1 :]}"

    try:
        opened = open_envelope(changed, trust, of="it")
    except Untrusted:
        return
    assert opened.payload == b'{"a": 1}'


def test_a_key_that_is_not_trusted_is_named_with_those_that_are(trust: Trust) -> None:
    with pytest.raises(Untrusted) as refusal:
        open_envelope(seal(b"{}", OTHER), trust, of="models:/small/1")

    fingerprint = fingerprint_of(OTHER.public_key())
    assert refusal.value.message == f"models:/small/1 is signed by a key that is not trusted: {fingerprint}."
    assert f"trusts ci ({fingerprint_of(KEY.public_key())[:16]}…)" in refusal.value.help


def test_a_trusted_hint_does_not_make_a_signature_fit(trust: Trust) -> None:
    raw = json.loads(seal(b"{}", OTHER))
    raw["verificationMaterial"]["publicKey"]["hint"] = fingerprint_of(KEY.public_key())

    with pytest.raises(Untrusted, match="does not fit"):
        open_envelope(json.dumps(raw), trust, of="it")


@pytest.mark.parametrize("hint", [None, ""])
def test_without_a_hint_every_trusted_key_is_tried(hint: str | None, trust: Trust, tmp_path: Path) -> None:
    both = Trust(tmp_path)
    both.add(OTHER.public_key(), name="a-first")
    both.add(KEY.public_key(), name="ci")
    raw = json.loads(SEALED)
    raw["verificationMaterial"]["publicKey"]["hint"] = hint

    assert open_envelope(json.dumps(raw), both, of="it").key.name == "ci"
