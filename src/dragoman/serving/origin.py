"""What a backbone is made of: the parts of a bundle, or of a folder of others."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from dragoman.errors import InvalidCheckpoint
from dragoman.models.checkpoint import CONFIG_FILE, Checkpoint, open_checkpoint
from dragoman.models.sentence_transformers import transformer_folder
from dragoman.models.tabular.schema import FEATURES_FILE
from dragoman.records import Form
from dragoman.registry.bundle import GRAPH_FILE, INT8_FILE, Bundle
from dragoman.registry.manifest import digest_of
from dragoman.runtime.sessions import Stored
from dragoman.text.tokenizer import TOKENIZER_FILE, Tokenizer

__all__ = ["Origin", "bundle_origin", "folder_origin"]


class Origin(NamedTuple):
    """What a backbone is made of."""

    checkpoint: Checkpoint
    tokenizer: Tokenizer
    digest: str  # of everything that its answers depend on, the form aside
    stored: Stored = Stored()
    tuned: Sequence[Form] = ()  # one for a kind of device, the chosen one first


def bundle_origin(bundle: Bundle) -> Origin:
    """Raises `InvalidCheckpoint` for a bundle whose parts do not fit."""
    int8, checkpoint = bundle.folder / INT8_FILE, open_checkpoint(bundle.folder)
    width = len(checkpoint.fusion.columns) if checkpoint.fusion else 0
    if width != (len(bundle.features.columns) if bundle.features else 0):
        raise InvalidCheckpoint(
            f"The model in {bundle.folder} reads {width} columns, its {FEATURES_FILE} has others.",
            help="Train the model again.",
        )
    return Origin(
        checkpoint=checkpoint,
        tokenizer=bundle.tokenizer,
        digest=digest_of(bundle.manifest),
        stored=Stored(graph=bundle.folder / GRAPH_FILE, int8=int8 if int8.exists() else None),
        tuned=bundle.tuning.tuned if bundle.tuning else (),
    )


def folder_origin(folder: Path) -> Origin:
    """Of a Hugging Face or sentence-transformers folder. Raises `InvalidCheckpoint`."""
    digest = _folder_digest(folder)  # first: a folder that changes while it is read must not pass for its later self
    checkpoint = open_checkpoint(folder)
    config, settings = checkpoint.config, checkpoint.embedding
    longest = min(config.max_tokens, (settings and settings.max_tokens) or config.max_tokens)
    tokenizer = Tokenizer.read(
        transformer_folder(folder), max_tokens=longest, vocabulary=config.vocabulary, token_types=config.token_types
    )
    return Origin(checkpoint, tokenizer, digest)


def _folder_digest(folder: Path) -> str:
    """Names what a folder and its modules hold now.

    Weights are told by size and time of change: reading them would take seconds.
    """
    content = hashlib.sha256(str(folder.resolve()).encode())
    for path in sorted(chain(folder.glob("*"), folder.glob("*/*"))):
        if path.is_file():
            stat = path.stat()
            content.update(f"{path.relative_to(folder)} {stat.st_size} {stat.st_mtime_ns}\n".encode())
            if path.name in (CONFIG_FILE, TOKENIZER_FILE):
                content.update(path.read_bytes())
    return content.hexdigest()
