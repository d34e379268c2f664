"""ONNX Runtime as a session."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

from dragoman.errors import InvalidCheckpoint
from dragoman.models.checkpoint import WEIGHTS_FILE, Checkpoint, write_checkpoint
from dragoman.models.packing import PackedBatch
from dragoman.runtime.base import Outputs
from dragoman.runtime.graph import GRAPH_FILE, INPUTS, build_graph

__all__ = ["OnnxSession", "session_of"]

WARNINGS_AND_WORSE = 3


class OnnxSession:
    """Runs a graph file on the CPU. `threads` = 0 takes all cores."""

    def __init__(self, graph: Path, *, threads: int = 0) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = WARNINGS_AND_WORSE
        try:
            self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime raises a class per status code, all plain exceptions
            raise InvalidCheckpoint(f"{graph} cannot be loaded: {error}", help="Make the bundle again.") from None
        self._outputs = [output.name for output in self._session.get_outputs()]

    def run(self, batch: PackedBatch) -> Outputs:
        results = dict(
            zip(self._outputs, self._session.run(self._outputs, dict(zip(INPUTS, batch, strict=True))), strict=True)
        )
        return Outputs(results["hidden"], results.get("logits", np.zeros((batch.texts, 0), dtype=np.float32)))


def session_of(checkpoint: Checkpoint, *, threads: int = 0) -> OnnxSession:
    """A session of a checkpoint in memory. Its files live in a temporary folder while the runtime reads them."""
    with tempfile.TemporaryDirectory(prefix="dragoman-") as name:
        folder = Path(name)
        write_checkpoint(folder, checkpoint)
        graph = build_graph(
            checkpoint.config,
            weights=folder / WEIGHTS_FILE,
            labels=len(checkpoint.labels),
            pooling=checkpoint.pooling,
        )
        onnx.save(graph, folder / GRAPH_FILE)
        return OnnxSession(folder / GRAPH_FILE, threads=threads)
