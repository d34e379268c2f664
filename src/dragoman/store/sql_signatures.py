"""Signed statements about bundles in the catalog's database."""

from __future__ import annotations

from sqlalchemy import select

from dragoman.records import By, Signature
from dragoman.store.changes import bundle_subject, signature_digest, signature_facts
from dragoman.store.sql_database import SqlDatabase, encode, insert_new, records
from dragoman.store.sql_tables import SIGNATURES

__all__ = ["SqlSignatures"]


class SqlSignatures(SqlDatabase):
    """Signed statements."""

    def add_signature(self, signature: Signature, *, by: By | None = None) -> None:
        row = {"bundle": signature.bundle, "digest": signature_digest(signature), "record": encode(signature)}
        with self._changing(by) as change:
            if insert_new(change.connection, SIGNATURES, row):
                change.record("signature.added", bundle_subject(signature.bundle), signature_facts(signature))

    def signatures(self, bundle: str) -> list[Signature]:
        rows = self._rows(select(SIGNATURES.c.record).where(SIGNATURES.c.bundle == bundle))
        return sorted(records(rows, Signature), key=lambda one: (one.created, one.kind, one.content))
