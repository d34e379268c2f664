"""The bundle of a tuned model: the same model in the form that `dragoman tune` chose, with the report that says why."""

from __future__ import annotations

import shutil
from pathlib import Path

from dragoman.models.checkpoint import WEIGHTS_FILE, Checkpoint, write_checkpoint
from dragoman.profiles import Reference
from dragoman.records import Manifest, TuningReport
from dragoman.registry import bundle as files
from dragoman.registry.bundle import Bundle, to_json_bytes
from dragoman.registry.card import Evidence, model_card
from dragoman.registry.manifest import MANIFEST_FILE, SIGNATURE_FILE, write_manifest
from dragoman.runtime.graph import GRAPH_FILE, build_graph
from dragoman.runtime.quantization import write_quantized
from dragoman.store.files import write_atomically
from dragoman.text.lock import golden_texts, make_lock
from dragoman.text.tokenizer import TOKENIZER_FILE, Tokenizer

__all__ = ["write_tuned_bundle"]


def write_tuned_bundle(
    source: Bundle,
    folder: Path,
    report: TuningReport,
    *,
    checkpoint: Checkpoint,
    tokenizer: Tokenizer,
    reference: Reference,
) -> Manifest:
    """Copy a bundle with its tuning report, in the chosen form.

    `checkpoint` and `tokenizer` are those of the chosen form: trimmed ones replace the source's, and its lock is made
    anew from the same golden texts. int8 weights are stored beside the fp32 ones, which stay the truth. `reference` is
    what held-out texts look like to the chosen form.
    """
    left_out = shutil.ignore_patterns(MANIFEST_FILE, SIGNATURE_FILE, files.INT8_FILE)
    shutil.copytree(source.folder, folder, ignore=left_out)
    if report.chosen.trimmed:
        _write_trimmed(folder, source, checkpoint, tokenizer)
    if any(form.precision == "int8" for form in report.tuned):
        write_quantized(folder / files.INT8_FILE, checkpoint.config, checkpoint.arrays)
    write_atomically(folder / files.REFERENCE_FILE, reference.to_bytes())
    write_atomically(folder / files.TUNING_FILE, to_json_bytes(report))
    evidence = Evidence(source.lineage, source.evaluation, source.parity, source.temperature, report)
    write_atomically(folder / files.CARD_FILE, model_card(source.spec, evidence).encode())
    return write_manifest(folder, model=source.spec.name, task=source.spec.task)


def _write_trimmed(folder: Path, source: Bundle, checkpoint: Checkpoint, tokenizer: Tokenizer) -> None:
    write_checkpoint(folder, checkpoint)
    graph = build_graph(
        checkpoint.config,
        weights=folder / WEIGHTS_FILE,
        labels=len(checkpoint.labels),
        pooling=checkpoint.pooling,
        fusion=checkpoint.fusion,
    )
    write_atomically(folder / GRAPH_FILE, graph.SerializeToString(deterministic=True))
    write_atomically(folder / TOKENIZER_FILE, tokenizer.to_json().encode())
    write_atomically(
        folder / files.LOCK_FILE, make_lock(tokenizer, golden_texts((source.folder / files.LOCK_FILE).read_bytes()))
    )
