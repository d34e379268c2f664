"""The signing key of a workspace, and the keys that it trusts; every change is a row of the audit log."""

from __future__ import annotations

import logging
from pathlib import Path

from dragoman.errors import Conflict, Untrusted
from dragoman.records import By
from dragoman.registry.keys import (
    PrivateKey,
    fingerprint_of,
    new_key,
    read_private_key,
    read_public_key,
    write_private_key,
)
from dragoman.registry.signing import Signer
from dragoman.registry.trust import Trust, TrustedKey, short
from dragoman.store.base import Catalog
from dragoman.store.files import FileLock, make_folder

__all__ = ["Keychain"]

LOCK_SECONDS = 10.0
OWNER_ONLY = 0o700

logger = logging.getLogger(__name__)


class Keychain:
    """What signs, and whose signatures are believed."""

    def __init__(self, signer: Signer, trust: Trust, catalog: Catalog) -> None:
        self.signer, self.trust, self.catalog = signer, trust, catalog

    def ensure(self) -> None:
        """Make a signing key and trust it where there is none, and see that what it signs will be believed.

        Raises `Untrusted` for a key that is not trusted, and `InvalidInput` for one that cannot be used.
        """
        if not self.signer.path.exists():
            key = self.make()
            logger.warning(
                "Made the signing key %s: its private part is %s, its public part %s. Keep the one, commit the other.",
                short(key.fingerprint),
                self.signer.path,
                key.path,
            )
        if self.trust.find(fingerprint := self.signer.fingerprint) is None:
            raise Untrusted(
                f"The signing key {short(fingerprint)} in {self.signer.path} is not trusted here.",
                help=f"{self.trust}. `dragoman keys signing` trusts it again; with --replace it makes another.",
            )

    def make(
        self, *, key: PrivateKey | None = None, name: str = "", replace: bool = False, by: By | None = None
    ) -> TrustedKey:
        """Make a signing key, or take the one given, and trust it; one that is there already is only trusted.

        Raises `Conflict` if there is one that is not to be replaced. What an old one has signed is believed for as long
        as its public key is trusted.
        """
        path = self.signer.path
        _make_private_folder(path.parent)
        with FileLock(path.with_name(f".{path.name}.lock"), wait=LOCK_SECONDS):
            if path.exists() and not replace:
                return self._trust_present(key, name, by)
            key = key or new_key()
            fingerprint = fingerprint_of(key.public_key())
            trusted = self.trust.add(key.public_key(), name=name or f"signing-{fingerprint[:8]}")
            write_private_key(path, key)  # after its public part: what it signs is believed from the first
        self._tell("signing_key.made", trusted, by)
        return trusted

    def add(self, path: Path, *, name: str = "", by: By | None = None) -> TrustedKey:
        """Trust the public key in a file, under its name or the one given. Raises as `Trust.add` does."""
        trusted = self.trust.add(read_public_key(path), name=name or path.stem)
        self._tell("signing_key.trusted", trusted, by)
        return trusted

    def remove(self, wanted: str, *, by: By | None = None) -> TrustedKey:
        """Trust a key no more, named by its name or the first digits of its fingerprint. Raises `NotFound`."""
        removed = self.trust.remove(wanted)
        self._tell("signing_key.untrusted", removed, by)
        return removed

    def _trust_present(self, given: PrivateKey | None, name: str, by: By | None) -> TrustedKey:
        present = read_private_key(self.signer.path).public_key()
        fingerprint = fingerprint_of(present)
        if given is not None and fingerprint_of(given.public_key()) != fingerprint:
            raise Conflict(
                f"There is another signing key, {short(fingerprint)}, in {self.signer.path}.",
                help="--replace puts the new one in its place.",
            )
        if (found := self.trust.find(fingerprint)) is not None:
            return found
        trusted = self.trust.add(present, name=name or f"signing-{fingerprint[:8]}")
        self._tell("signing_key.trusted", trusted, by)
        return trusted

    def _tell(self, action: str, key: TrustedKey, by: By | None) -> None:
        self.catalog.audit(action, f"signing-keys:/{key.fingerprint}", detail={"name": key.name}, by=by)


def _make_private_folder(folder: Path) -> None:
    if not folder.exists():
        make_folder(folder)
        folder.chmod(OWNER_ONLY)
