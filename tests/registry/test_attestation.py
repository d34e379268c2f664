from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import msgspec
import pytest
from tests.registry.signed_world import ANNA, World, make_world

from dragoman.errors import Untrusted
from dragoman.records import By, Finding, Release, Signature, Version
from dragoman.registry.attestation import attest_promotion, release_evidence, verify_promotion
from dragoman.registry.statement import statement

VERSION = Version(model="small", number=2, bundle="b" * 64, run="r", owner="o", created="c")
FOUND = {
    "metric": "errors",
    "language": "th",
    "scope": "language",
    "n": 9,
    "effect": 0.1,
    "low": 0.0,
    "high": 0.2,
    "limit": 0.05,
    "e_value": 1.5,
    "e_safe": 2.0,
    "verdict": "pass",
}
FINDING = Finding(**FOUND)
RELEASE = Release(
    id="r-1", model="small", champion=1, challenger=2, status="promoted", plan={}, languages=["th"], actor="anna",
    started="s", stepped="s", findings=[FINDING],
)  # fmt: skip


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)


def payload_of(signature: Signature) -> dict[str, object]:
    return json.loads(base64.b64decode(json.loads(signature.content)["dsseEnvelope"]["payload"]))


def test_an_attestation_says_who_why_and_in_place_of_what(world: World) -> None:
    signature = attest_promotion(world.signer, VERSION, moved_from=1, by=ANNA)
    promotion, key = verify_promotion(signature, world.trust, of="it")

    assert (promotion.model, promotion.alias, promotion.version, promotion.from_version) == ("small", "champion", 2, 1)
    assert (promotion.actor, promotion.reason, promotion.evidence) == (ANNA.actor, ANNA.reason, {})
    assert (key.name, signature.key, signature.kind) == ("own", world.signer.fingerprint, "promotion")
    assert promotion.time == signature.created


def test_the_subject_is_the_digest_of_the_bundle(world: World) -> None:
    payload = payload_of(attest_promotion(world.signer, VERSION, moved_from=None, by=ANNA))

    assert payload["subject"] == [{"name": "models:/small/2", "digest": {"sha256": VERSION.bundle}}]
    assert payload["predicateType"] == "urn:dragoman:promotion:v1"


def test_a_release_is_named_with_the_digest_of_its_gates_and_findings(world: World) -> None:
    signature = attest_promotion(world.signer, VERSION, moved_from=1, by=ANNA, evidence=RELEASE)
    promotion, _ = verify_promotion(signature, world.trust, of="it")

    plain = {"gates": [], "findings": [FOUND]}
    digest = hashlib.sha256(json.dumps(plain, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    assert promotion.evidence == {"release": "r-1", "sha256": digest}


def test_other_findings_have_another_digest() -> None:
    worse = msgspec.structs.replace(RELEASE, findings=[msgspec.structs.replace(FINDING, effect=0.2)])
    later = msgspec.structs.replace(RELEASE, revision=9, exposed={"th": 3})

    assert release_evidence(worse) != release_evidence(RELEASE) == release_evidence(later)


def test_without_a_release_the_evidence_is_what_the_person_refers_to(world: World) -> None:
    by = By(actor="anna", reason="It passed its gates.", evidence="runs:/r-7")
    promotion, _ = verify_promotion(attest_promotion(world.signer, VERSION, moved_from=1, by=by), world.trust, of="it")

    assert promotion.evidence == {"reference": "runs:/r-7"}


def test_an_attestation_of_another_bundle_is_refused(world: World) -> None:
    signature = attest_promotion(world.signer, VERSION, moved_from=1, by=ANNA)

    with pytest.raises(Untrusted, match=r"is about another bundle: bbbbbbbbbbbbbbbb…, not cccccccccccccccc…"):
        verify_promotion(msgspec.structs.replace(signature, bundle="c" * 64), world.trust, of="it")


def test_an_attestation_of_a_stranger_is_refused(world: World, tmp_path: Path) -> None:
    stranger = make_world(tmp_path / "elsewhere")
    signature = attest_promotion(stranger.signer, VERSION, moved_from=1, by=ANNA)

    with pytest.raises(Untrusted, match="a key that is not trusted"):
        verify_promotion(signature, world.trust, of="it")


@pytest.mark.parametrize("predicate", [{}, [], {"model": "small"}])
def test_an_attestation_that_does_not_say_who_and_why_is_refused(predicate: object, world: World) -> None:
    signature = attest_promotion(world.signer, VERSION, moved_from=1, by=ANNA)
    content = world.signer.sign(statement("it", VERSION.bundle, "urn:dragoman:promotion:v1", predicate))

    with pytest.raises(Untrusted, match="does not say who promoted what"):
        verify_promotion(msgspec.structs.replace(signature, content=content), world.trust, of="it")
