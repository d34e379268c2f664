"""The model's body as a padded ONNX file, exported by torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .base import Job, library

__all__ = ["export_body"]

OPSET = 17
INPUTS, OUTPUT = ["input_ids", "attention_mask"], "last_hidden_state"


def export_body(job: Job) -> Path:
    """Write `body/model.onnx` in the job's scratch folder, if no contender of the run has done so."""
    path = job.work / "body" / "model.onnx"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _export(job, path)
    return path


def _export(job: Job, path: Path) -> None:
    torch = library("torch")
    body = library("transformers").AutoModel.from_pretrained(
        str(job.folder), add_pooling_layer=False, attn_implementation="eager"
    )
    sizes = {0: "texts", 1: "longest"}
    sample = torch.ones(2, 8, dtype=torch.int64)
    torch.onnx.export(
        _positional(torch, body.float().eval()),
        (sample, sample),
        str(path),
        input_names=INPUTS,
        output_names=[OUTPUT],
        dynamic_axes=dict.fromkeys([*INPUTS, OUTPUT], sizes),
        opset_version=OPSET,
        dynamo=False,
    )


def _positional(torch: Any, body: Any) -> Any:
    """A module whose two inputs are positional, as tracing wants them."""

    class Body(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.body = body

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            return self.body(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state

    return Body()
