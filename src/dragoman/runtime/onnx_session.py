"""ONNX Runtime as a session."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from dragoman.errors import InvalidCheckpoint
from dragoman.models.checkpoint import WEIGHTS_FILE, Checkpoint, write_checkpoint
from dragoman.models.fusion import feature_matrix
from dragoman.models.packing import Grid, PackedBatch
from dragoman.runtime.footprint import Footprint
from dragoman.runtime.fused_graph import FEATURES
from dragoman.runtime.graph import GRAPH_FILE, build_graph
from dragoman.runtime.native_library import usable_cores

__all__ = ["OnnxSession", "session_of"]

WARNINGS_AND_WORSE = 3


class OnnxSession:
    """Runs a graph file on the CPU. `threads` = 0 takes all cores."""

    def __init__(self, graph: Path, *, threads: int = 0) -> None:
        options = onnxruntime.SessionOptions()
        self.threads = threads or usable_cores()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = WARNINGS_AND_WORSE
        try:
            self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime raises a class per status code, all plain exceptions
            raise InvalidCheckpoint(f"{graph} cannot be loaded: {error}", help="Make the bundle again.") from None
        self.footprint = Footprint(stored_bytes(graph))
        inputs = {one.name: one.shape for one in self._session.get_inputs()}
        self._columns = int(inputs.pop(FEATURES, (0, 0))[1])
        self._inputs = list(inputs)  # bundles of release 0.1 have no type_ids

    def run(self, batch: PackedBatch) -> NDArray[np.float32]:
        """Hidden states of the last layer, `[T, hidden]`."""
        return self._run(["hidden"], batch)[0]

    def logits(self, batch: PackedBatch) -> NDArray[np.float32]:
        """What the graph's own head says, `[B, labels]`: for those who run the file without Dragoman."""
        return self._run(["logits"], batch)[0]

    def _run(self, outputs: list[str], batch: PackedBatch) -> list[NDArray[np.float32]]:
        given = {name: getattr(batch.grid if name in Grid._fields else batch, name) for name in self._inputs}
        if self._columns:
            given[FEATURES] = feature_matrix(batch.features, range(batch.texts), self._columns)
        return self._session.run(outputs, given)  # type: ignore[no-any-return]


def stored_bytes(graph: Path) -> int:
    """Of a graph and the weights beside it."""
    weights = graph.with_name(WEIGHTS_FILE)
    return graph.stat().st_size + (weights.stat().st_size if weights.exists() else 0)


def session_of(checkpoint: Checkpoint, *, threads: int = 0) -> OnnxSession:
    """A session of a checkpoint's body, whose files live in a temporary folder while the runtime reads them."""
    with tempfile.TemporaryDirectory(prefix="dragoman-") as name:
        folder = Path(name)
        write_checkpoint(folder, checkpoint)
        graph = build_graph(checkpoint.config, weights=folder / WEIGHTS_FILE, labels=0, pooling=checkpoint.pooling)
        onnx.save(graph, folder / GRAPH_FILE)
        return OnnxSession(folder / GRAPH_FILE, threads=threads)
