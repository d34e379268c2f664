"""From what a person names to a loaded model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dragoman.app.workspace import open_workspace
from dragoman.errors import NotFound
from dragoman.registry.manifest import MANIFEST_FILE
from dragoman.registry.uri import is_model_uri

if TYPE_CHECKING:
    from dragoman.serving.loader import Loader
    from dragoman.serving.model import Model

__all__ = ["load", "load_path"]


def load(
    source: str | Path,
    *,
    task: str | None = None,
    precision: str = "auto",
    device: str = "auto",
    threads: int = 0,
    workspace: str | Path = ".",
) -> Model:
    """Load a model to predict with.

    `source` is a registered version (`models:/support/3`, `models:/support@champion`; looked up in `workspace`), a
    bundle's folder, or a Hugging Face or sentence-transformers folder of the XLM-RoBERTa, RoBERTa or BERT family, whose
    `task` defaults to what its head is for. `precision` is "fp32", "int8", "bf16", "fp16" or "auto": what
    `dragoman tune` chose for the version, without that fp32 on the CPU and bf16 on "cuda". `threads` = 0 takes all
    cores.

    Raises `NotFound`, `InvalidCheckpoint`, `InvalidInput` for an option that is not there, or `Untrusted`.
    """
    from dragoman.runtime.sessions import Compute
    from dragoman.serving.loader import Loader  # heavy: the serving parts

    loader = Loader(Compute(precision, device, threads))
    if isinstance(source, str) and is_model_uri(source):
        return open_workspace(workspace).load(source, loader=loader, task=task)
    return load_path(Path(source), loader, task=task)


def load_path(folder: Path, loader: Loader, *, name: str = "", task: str | None = None) -> Model:
    """Load a bundle's folder, or one of Hugging Face or sentence-transformers. Raises `NotFound`."""
    if not folder.is_dir():
        raise NotFound(f"There is no folder {folder}.", help="Name a bundle, a Hugging Face folder, or models:/NAME/3.")
    if (folder / MANIFEST_FILE).exists():
        return loader.load_bundle(folder, name=name, task=task)
    return loader.load_folder(folder, name=name, task=task)
