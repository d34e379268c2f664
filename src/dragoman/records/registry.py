"""Bundles and versions."""

from __future__ import annotations

from typing import Literal

from dragoman.records.base import Record

__all__ = ["BundleFile", "Manifest", "Signature", "Version"]


class BundleFile(Record, frozen=True, kw_only=True):
    """One file of a bundle."""

    path: str
    digest: str
    size: int


class Manifest(Record, frozen=True, kw_only=True):
    """What a bundle consists of. Written last: its existence means that the bundle is complete."""

    format: int
    model: str
    task: str
    files: list[BundleFile]  # sorted by path


class Version(Record, frozen=True, kw_only=True):
    """A bundle registered under a model."""

    model: str
    number: int
    bundle: str  # digest of the manifest
    run: str
    owner: str
    created: str
    aliases: list[str] = []
    retired: str = ""  # when it was retired; empty while it may be served

    @property
    def uri(self) -> str:
        return f"models:/{self.model}/{self.number}"


class Signature(Record, frozen=True, kw_only=True):
    """A signed statement about a bundle: a Sigstore bundle in JSON, with a DSSE envelope in it."""

    bundle: str  # digest of the manifest
    kind: Literal["bundle", "promotion"]
    key: str  # fingerprint of the public key
    created: str
    content: str
