"""Writing the bundle of a model of trees: columns, trees, graph, records, card."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import onnx

from dragoman.models.tabular import FeatureSchema
from dragoman.models.tabular.graph import build_tree_graph
from dragoman.models.tabular.session import TreeSession
from dragoman.records import DatasetVersion, PinnedView
from dragoman.registry import bundle as files
from dragoman.registry.bundle import Calibration, Lineage, to_json_bytes
from dragoman.registry.card import Evidence, model_card
from dragoman.spec import ModelSpec, spec_to_dict
from dragoman.store.files import write_atomically
from dragoman.training.tabular.fitting import Fitted

__all__ = ["BUNDLE_FOLDER", "lineage_of", "write_records", "write_trees"]

BUNDLE_FOLDER = "bundle"
BASE = "trees"


def write_trees(bundle: Path, schema: FeatureSchema, fitted: Fitted) -> TreeSession:
    """Write what a server needs to answer, and open it as a server does."""
    write_atomically(bundle / files.FEATURES_FILE, schema.to_bytes())
    fitted.model.write(bundle)
    graph = build_tree_graph(fitted.model, columns=len(schema.columns))
    onnx.checker.check_model(graph)
    write_atomically(bundle / files.MODEL_FILE, graph.SerializeToString(deterministic=True))
    return TreeSession(bundle / files.MODEL_FILE)


def lineage_of(dataset: DatasetVersion, run: str, views: Sequence[PinnedView]) -> Lineage:
    """Where a bundle of trees comes from."""
    return Lineage(
        run=run,
        dataset=dataset.name,
        dataset_number=dataset.number,
        dataset_digest=dataset.digest,
        sources=dataset.sources,
        base=BASE,
        views=list(views),
    )


def write_records(
    bundle: Path, spec: ModelSpec, evidence: Evidence, calibration: Calibration, environment: dict[str, str]
) -> None:
    """Write what is known of the model, for people and for the registry."""
    records = {
        files.SPEC_FILE: spec_to_dict(spec),
        files.LINEAGE_FILE: evidence.lineage,
        files.EVALUATION_FILE: evidence.evaluation,
        files.PARITY_FILE: evidence.parity,
        files.CALIBRATION_FILE: calibration,
        files.ENVIRONMENT_FILE: environment,
    }
    for name, record in records.items():
        write_atomically(bundle / name, to_json_bytes(record))
    write_atomically(bundle / files.CARD_FILE, model_card(spec, evidence).encode())
