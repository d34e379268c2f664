"""The graph of a tree model, run by ONNX Runtime."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from dragoman.errors import InvalidCheckpoint
from dragoman.models.tabular.graph import INPUT, OUTPUT

__all__ = ["TreeSession"]

WARNINGS_AND_WORSE = 3

Floats = NDArray[np.float32]


class TreeSession:
    """What trees say of rows. One thread: a row takes less time than waking another. Safe to share between threads."""

    def __init__(self, graph: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = WARNINGS_AND_WORSE
        try:
            content = graph.read_bytes()
            self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime raises a class per status code, all plain exceptions
            raise InvalidCheckpoint(f"{graph} cannot be loaded: {error}", help="Train the model again.") from None
        self.columns = int(self._session.get_inputs()[0].shape[1])
        self.outputs = int(self._session.get_outputs()[0].shape[1])

    def predict(self, rows: Floats) -> Floats:
        """`[rows, columns]` → `[rows, outputs]`."""
        return self._session.run([OUTPUT], {INPUT: rows})[0]  # type: ignore[no-any-return]
