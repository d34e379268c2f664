"""Versions of datasets in the catalog's database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select

from dragoman.records import By, DatasetVersion
from dragoman.store.changes import dataset_facts, dataset_subject
from dragoman.store.refusals import dataset_number_taken, dataset_version_not_found
from dragoman.store.sql_database import SqlDatabase, encode, insert_new, records
from dragoman.store.sql_tables import DATASET_VERSIONS

__all__ = ["SqlDatasets"]


class SqlDatasets(SqlDatabase):
    """Versions of datasets."""

    def add_dataset_version(self, record: DatasetVersion, *, by: By | None = None) -> DatasetVersion:
        with self._changing(by) as change:
            row = {"name": record.name, "number": record.number, "digest": record.digest, "record": encode(record)}
            if insert_new(change.connection, DATASET_VERSIONS, row):
                subject = dataset_subject(record.name, record.number)
                change.record("dataset.added", subject, dataset_facts(record))
                return record
            for existing in records(change.connection.execute(_versions_of(record.name)).all(), DatasetVersion):
                if existing.digest == record.digest:
                    return existing
        raise dataset_number_taken(record.name, record.number)

    def dataset_version(self, name: str, number: int) -> DatasetVersion:
        versions = {version.number: version for version in self.dataset_versions(name)}
        if number not in versions:
            raise dataset_version_not_found(name, number, list(versions))
        return versions[number]

    def find_dataset_version(self, name: str, digest: str) -> DatasetVersion | None:
        rows = self._rows(_versions_of(name).where(DATASET_VERSIONS.c.digest == digest))
        return next(records(rows, DatasetVersion), None)

    def dataset_versions(self, name: str) -> list[DatasetVersion]:
        return list(records(self._rows(_versions_of(name)), DatasetVersion))


def _versions_of(name: str) -> Select[Any]:
    here = DATASET_VERSIONS.c
    return select(here.record).where(here.name == name).order_by(here.number)
