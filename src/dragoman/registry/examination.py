"""Everything that can be checked of a version: its files, signature, tokenizer, and why it is the champion."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial

from dragoman.errors import DragomanError, Untrusted
from dragoman.records import Record, Signature, Version
from dragoman.registry.attestation import Promotion, release_evidence, verify_promotion
from dragoman.registry.registry import Registry, Verified
from dragoman.registry.signatures import Signatures
from dragoman.registry.trust import short
from dragoman.registry.uri import CHAMPION

__all__ = ["Check", "Examination", "examine"]


class Check(Record, frozen=True, kw_only=True):
    """One thing that was looked at."""

    what: str  # "files", "signature", "tokenizer" or "columns", "promotion" or "champion"
    ok: bool
    text: str  # what was found


class Examination(Record, frozen=True, kw_only=True):
    """What was found of a version."""

    version: Version
    checks: list[Check]
    promotions: list[Promotion]  # those that a trusted key has signed, the oldest first

    @property
    def ok(self) -> bool:
        return all(check.ok for check in self.checks)


def examine(registry: Registry, version: Version) -> Examination:
    """Check all there is to check; what is wrong is told, not raised."""
    assert registry.signatures is not None  # only a workspace has the command
    return _Examiner(registry, registry.signatures, version).examine()


class _Examiner:
    """Looks at one version. A method per thing to check: it says what it found, or raises what is wrong."""

    def __init__(self, registry: Registry, signatures: Signatures, version: Version) -> None:
        self.registry, self.signatures, self.version = registry, signatures, version
        self.compared: Verified | None = None
        self.promotions: list[Promotion] = []

    def examine(self) -> Examination:
        signed = self.signatures.of(self.version.bundle, "promotion")
        checks = [
            _check("files", self.files),
            _check("signature", self.signature),
            _check(self.part, self.opened),
            *(_check("promotion", partial(self.promotion, signature)) for signature in signed),
        ]
        if CHAMPION in self.version.aliases:
            checks.append(_check("champion", self.champion))
        return Examination(version=self.version, checks=checks, promotions=self.promotions)

    def files(self) -> str:
        self.compared = self.registry.compared(self.version)
        return f"{len(self.compared.manifest.files)} files and the manifest are as registered"

    def signature(self) -> str:
        signature, key = self.signatures.find(self.version, self.registry.stored_manifest(self.version))
        if self.compared:
            self.signatures.place(self.compared.folder, signature)
        return f"by {key}, {signature.created}"

    @property
    def part(self) -> str:
        """What is opened to see whether it is whole."""
        with suppress(DragomanError):  # what is wrong with the manifest is told of the files
            if not self.registry.stored_manifest(self.version).task.startswith("text-"):
                return "columns"
        return "tokenizer"

    def opened(self) -> str:
        from dragoman.models.tabular.opening import open_tabular
        from dragoman.registry.bundle import open_bundle  # heavy: the ONNX library

        if self.compared is None:
            raise Untrusted("not looked at, for the files are others")
        bundle = open_bundle(self.compared.folder, manifest=self.compared.manifest)
        if bundle.text:
            return "gives the ids of its lock"
        return f"{len(open_tabular(bundle.folder).schema.columns)}, as many as its graph reads"

    def promotion(self, signature: Signature) -> str:
        """One by a key that is not trusted counts for nothing, which is wrong only if the champion needs it."""
        if self.signatures.trust.find(signature.key) is None:
            return f"{signature.created}, does not count: the key {short(signature.key)} is not trusted"
        promotion, key = verify_promotion(signature, self.signatures.trust, of=f"The promotion of {signature.created}")
        if (promotion.model, promotion.version) != (self.version.model, self.version.number):
            raise Untrusted(f"It is about models:/{promotion.model}/{promotion.version}.")
        self.promotions.append(promotion)
        self._compare_evidence(promotion)
        return f"{_told(promotion)}; signed by {key}"

    def champion(self) -> str:
        """The newest signed promotion of the model must be the one that made this version the champion."""
        alias = f"{self.version.model}@{CHAMPION}"
        newest = max(self._signed_promotions(), key=lambda promotion: promotion.time, default=None)
        if newest is None:
            raise Untrusted(f"{alias} points here, and nobody signed a promotion")
        if newest.version != self.version.number:
            raise Untrusted(f"{alias} points here, but the newest signed promotion is of version {newest.version}")
        return "its promotion is the newest that was signed"

    def _compare_evidence(self, promotion: Promotion) -> None:
        """The gates and findings of a release must be those whose digest was signed."""
        if "release" in promotion.evidence:
            release = self.signatures.catalog.release(str(promotion.evidence["release"]))
            if release_evidence(release) != promotion.evidence:
                raise Untrusted(f"The gates and findings of the release {release.id} are not those that were signed.")

    def _signed_promotions(self) -> Iterator[Promotion]:
        for version in self.signatures.catalog.versions(self.version.model):
            for signature in self.signatures.of(version.bundle, "promotion"):
                with suppress(Untrusted):
                    yield verify_promotion(signature, self.signatures.trust, of=version.uri)[0]


def _check(what: str, look: Callable[[], str]) -> Check:
    try:
        return Check(what=what, ok=True, text=look())
    except DragomanError as error:
        return Check(what=what, ok=False, text=error.message)


def _told(promotion: Promotion) -> str:
    place = "as the first" if promotion.from_version is None else f"in place of {promotion.from_version}"
    evidence = "".join(f"; {name} {value}" for name, value in promotion.evidence.items())
    return f"{promotion.time}, {promotion.actor}, {place}: {promotion.reason}{evidence}"
