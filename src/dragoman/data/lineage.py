"""Lineage as run events of OpenLineage 2-0-2 (https://openlineage.io/spec/2-0-2/OpenLineage.json).

Events are made from what the catalog holds, so those of a version can be made again at any time, with the same ids:

    source files → ingest → dataset version → training → model version → serving → prediction

Datasets are named as the naming rules of OpenLineage say: what is on a local disk by its path in the namespace `file`,
the tables of a workspace among them, and a database by its address. A model is `models:/NAME` in the workspace's own
namespace, with the number of the version as the facet `version`.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any, NamedTuple

from dragoman import clock
from dragoman.data.lineage_sources import OpenLineageName, name_of_source
from dragoman.records import CheckReport, DatasetVersion, Run, Version

__all__ = ["Event", "LineageEvents", "Trained"]

Event = dict[str, Any]
Facets = dict[str, dict[str, Any]]

SPEC = "https://openlineage.io/spec"
EVENT_SCHEMA = f"{SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent"
FACETS = {  # key → schema
    "datasetType": ("1-0-0", "DatasetTypeDatasetFacet"),
    "dataQualityAssertions": ("1-0-1", "DataQualityAssertionsDatasetFacet"),
    "errorMessage": ("1-0-0", "ErrorMessageRunFacet"),
    "jobType": ("2-0-3", "JobTypeJobFacet"),
    "outputStatistics": ("1-0-1", "OutputStatisticsOutputDatasetFacet"),
    "ownership": ("1-0-0", "OwnershipJobFacet"),
    "processing_engine": ("1-1-0", "ProcessingEngineRunFacet"),
    "schema": ("1-0-0", "SchemaDatasetFacet"),
    "sql": ("1-0-1", "SQLJobFacet"),
    "storage": ("1-0-0", "StorageDatasetFacet"),
    "version": ("1-0-0", "DatasetVersionDatasetFacet"),
}
IDS = uuid.UUID("6f0b8a5e-6a0e-5c55-9d5f-0d7a3f4c2b10")  # the namespace of ids that are made from names
PREDICTIONS = "predictions"
# Sources of a version with rows of labels: the version that they were added to, and the labels of a model.
IN_WORKSPACE = re.compile(r"(?P<kind>datasets|labels):/(?P<name>[^/]+)(/(?P<number>[0-9]+))?\Z")


class Trained(NamedTuple):
    """A training, and what came of it."""

    run: Run
    dataset: DatasetVersion | None  # None: its record is gone
    versions: Sequence[Version] = ()


class LineageEvents:
    """Makes the events of a workspace in the folder `root`, whose tables are in the folder `tables`."""

    def __init__(self, root: Path, tables: Path) -> None:
        self.root, self.tables = root, tables
        self.namespace = f"dragoman/{root.name}"
        self.release = version_of("dragoman")
        self.producer = f"urn:dragoman:{self.release}"

    def ingest(self, version: DatasetVersion, *, kind: str = "COMPLETE", at: str = "") -> Event:
        """A dataset version was made."""
        inputs = [self._source(name, digest, version) for name, digest in version.sources.items()]
        if version.parent is not None:
            inputs.append(self._table(version.name, number=version.parent))
        return self._event(
            kind,
            at or version.created,
            id=f"{version.uri}#{version.digest}",
            job=f"ingest.{version.name}",
            job_facets=self._job("INGEST", queries=[one.query for one in self._names(version) if one.query]),
            inputs=inputs,
            outputs=[self._version(version, is_output=True)],
        )

    def refused(self, name: str, sources: Mapping[str, str], report: CheckReport, *, at: str) -> Event:
        """An ingest broke its contract, and wrote nothing."""
        broken = "; ".join(one.words for one in report.violations)
        inputs = [self._source(source, digest, None) for source, digest in sources.items()]
        for one in inputs:
            one["inputFacets"] = self._facets(dataQualityAssertions={"assertions": _assertions(report)})
        return self._event(
            "FAIL",
            at,
            id=f"refused {name} {at} {sorted(sources.items())}",
            job=f"ingest.{name}",
            job_facets=self._job("INGEST"),
            run_facets=self._error(f"The contract is broken: {broken}"),
            inputs=inputs,
            outputs=[self._table(name)],
        )

    def training(self, trained: Trained, *, kind: str = "") -> Event:
        """A run, as far as it is."""
        run, dataset = trained.run, trained.dataset
        kind = kind or {"completed": "COMPLETE", "failed": "FAIL"}.get(run.status, "START")
        known = self._version(dataset) if dataset else self._table(run.dataset, number=run.dataset_number)
        return self._event(
            kind,
            run.started if kind == "START" else run.finished,
            id=f"runs:/{run.id}#{run.started}",
            job=f"train.{run.model}",
            job_facets={**self._job("TRAINING"), **self._owner(run)},
            run_facets=self._error(run.message) if kind == "FAIL" else {},
            inputs=[known],
            outputs=[] if kind == "START" else [self._model(version) for version in trained.versions],
        )

    def prediction(self, id: str, time: str, version: Version) -> Event:
        """A prediction that is in the log."""
        table = self._table(PREDICTIONS)
        table["facets"] |= {"dragoman_prediction": self._own({"id": id})}
        return self._event(
            "COMPLETE",
            time,
            id=f"predictions:/{id}",
            job=f"serve.{version.model}",
            job_facets=self._job("PREDICTION", processing="SERVICE"),
            inputs=[self._model(version)],
            outputs=[table],
        )

    # Parts

    def _event(
        self,
        kind: str,
        at: str,
        *,
        id: str,
        job: str,
        job_facets: Facets,
        inputs: list[Event],
        outputs: list[Event],
        run_facets: Facets | None = None,
    ) -> Event:
        engine = self._facets(processing_engine={"name": "dragoman", "version": self.release})
        return {
            "eventType": kind,
            "eventTime": _in_utc(at),
            "producer": self.producer,
            "schemaURL": EVENT_SCHEMA,
            "run": {
                "runId": str(uuid.uuid5(IDS, f"{self.namespace} {id}")),
                "facets": {**engine, **(run_facets or {})},
            },
            "job": {"namespace": self.namespace, "name": job, "facets": job_facets},
            "inputs": inputs,
            "outputs": outputs,
        }

    def _facets(self, **bodies: Mapping[str, Any]) -> Facets:
        return {name: self._facet(*FACETS[name], body) for name, body in bodies.items()}

    def _facet(self, release: str, schema: str, body: Mapping[str, Any]) -> dict[str, Any]:
        address = f"{SPEC}/facets/{release}/{schema}.json#/$defs/{schema}"
        return {"_producer": self.producer, "_schemaURL": address, **body}

    def _own(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """A facet that OpenLineage does not name."""
        return {"_producer": self.producer, "_schemaURL": f"{EVENT_SCHEMA.partition('#')[0]}#/$defs/BaseFacet", **body}

    def _job(self, kind: str, *, queries: Sequence[str] = (), processing: str = "BATCH") -> Facets:
        body = {"processingType": processing, "integration": "DRAGOMAN", "jobType": kind}
        sql = {"sql": {"query": ";\n".join(queries)}} if queries else {}
        return self._facets(jobType=body, **sql)

    def _owner(self, run: Run) -> Facets:
        return self._facets(ownership={"owners": [{"name": str(run.spec.get("owner", ""))}]})

    def _error(self, message: str) -> Facets:
        return self._facets(errorMessage={"message": message, "programmingLanguage": "python"})

    # Datasets

    def _names(self, version: DatasetVersion) -> list[OpenLineageName]:
        return [name_of_source(name, self.root) for name in version.sources]

    def _source(self, name: str, digest: str, version: DatasetVersion | None) -> Event:
        if table := IN_WORKSPACE.match(name):
            number = int(table["number"]) if table["number"] else None
            return self._table("labels" if table["kind"] == "labels" else table["name"], number=number)
        known = name_of_source(name, self.root)
        facets = {"dragoman_digest": self._own({"sha256": digest})}
        if known.kind:
            facets |= self._facets(datasetType={"datasetType": known.kind})
        if known.version:
            facets |= self._facets(version={"datasetVersion": known.version})
        return {"namespace": known.namespace, "name": known.name, "facets": facets}

    def _table(self, name: str, *, number: int | None = None) -> Event:
        facets = self._facets(
            storage={"storageLayer": "delta", "fileFormat": "parquet"}, datasetType={"datasetType": "TABLE"}
        )
        if number is not None:
            facets |= self._facets(version={"datasetVersion": str(number)})
        return {"namespace": "file", "name": (self.tables / name).as_posix(), "facets": facets}

    def _version(self, version: DatasetVersion, *, is_output: bool = False) -> Event:
        table = self._table(version.name, number=version.number)
        fields = [{"name": name, "type": type} for name, type in version.columns.items()]
        table["facets"] |= self._facets(schema={"fields": fields}) if fields else {}
        table["facets"] |= {"dragoman_digest": self._own({"sha256": version.digest})}
        if is_output:
            table["outputFacets"] = self._facets(outputStatistics={"rowCount": version.rows})
        return table

    def _model(self, version: Version) -> Event:
        facets = self._facets(datasetType={"datasetType": "MODEL"}, version={"datasetVersion": str(version.number)})
        facets |= {"dragoman_digest": self._own({"sha256": version.bundle})}
        return {"namespace": self.namespace, "name": f"models:/{version.model}", "facets": facets}


def _assertions(report: CheckReport) -> list[dict[str, Any]]:
    return [
        {"assertion": one.rule, "success": False, **({"column": one.column} if one.column else {})}
        for one in report.violations
    ]


def _in_utc(time: str) -> str:
    moment = datetime.fromisoformat(time) if time else clock.utc()
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).isoformat().replace("+00:00", "Z")
