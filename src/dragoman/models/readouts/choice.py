"""Which readout a checkpoint has."""

from __future__ import annotations

from dragoman.errors import InvalidCheckpoint
from dragoman.models.checkpoint import Checkpoint
from dragoman.models.names import DECODER, WORD_TABLE
from dragoman.models.readouts.activation import ACTIVATIONS
from dragoman.models.readouts.base import Readout
from dragoman.models.readouts.classification import ClassificationReadout
from dragoman.models.readouts.fused import FeatureTower, FusedReadout
from dragoman.models.readouts.linear import Linear
from dragoman.models.readouts.mask import MaskReadout, WordRows, WordTransform
from dragoman.models.readouts.norm import Norm
from dragoman.models.readouts.pool import DenseLayer, Pooling, PoolReadout
from dragoman.models.readouts.span import SpanReadout
from dragoman.models.readouts.token import TokenReadout

__all__ = ["embedding_readout_of", "mask_readout_of", "readout_of"]


def readout_of(checkpoint: Checkpoint, *, mask_token: int | None = None) -> Readout:
    """The readout of a checkpoint's own head; of one without a head, embeddings.

    The head's arrays are read now. A mask head needs the tokenizer's `mask_token`: raises `InvalidCheckpoint` without.
    """
    arrays = checkpoint.arrays
    match checkpoint.head:
        case "classification":
            dense, out = Linear.of(arrays, "classifier.dense"), Linear.of(arrays, "classifier.out_proj")
            if checkpoint.fusion is not None:
                tower = FeatureTower(checkpoint.fusion, arrays)
                return FusedReadout(dense=dense, out=out, pooling=_pooling_of(checkpoint), tower=tower)
            return ClassificationReadout(dense=dense, out=out, pooling=_pooling_of(checkpoint))
        case "tokens":
            return TokenReadout(Linear.of(arrays, "classifier"))
        case "span":
            return SpanReadout(Linear.of(arrays, "qa_outputs"))
        case "mask":
            return mask_readout_of(checkpoint, mask_token=mask_token)
        case "none":
            return embedding_readout_of(checkpoint)


def mask_readout_of(checkpoint: Checkpoint, *, mask_token: int | None, words: WordRows | None = None) -> MaskReadout:
    """The readout of a mask head. `words` stands for the word table, where the caller has it in a smaller form."""
    if mask_token is None:
        raise InvalidCheckpoint(
            "The model's tokenizer has no mask token.", help="Use the tokenizer that the checkpoint was trained with."
        )
    arrays, config = checkpoint.arrays, checkpoint.config
    # RoBERTa's head always has GELU; BERT's has the activation of its layers.
    activation = ACTIVATIONS[config.activation if config.family == "bert" else "gelu"]
    norm = Norm.of(arrays, "lm_head.layer_norm", epsilon=config.norm_epsilon)
    transform = WordTransform(Linear.of(arrays, "lm_head.dense"), activation, norm)
    decoder: WordRows = arrays[DECODER] if DECODER in arrays else words if words is not None else arrays[WORD_TABLE]
    return MaskReadout(mask_token, transform=transform, words=decoder, bias=arrays["lm_head.bias"])


def embedding_readout_of(
    checkpoint: Checkpoint,
    *,
    pooling: Pooling | None = None,
    normalize: bool | None = None,
    dimensions: int | None = None,
) -> PoolReadout:
    """Embeddings as the checkpoint's sentence-transformers folder says, except where an option says otherwise.

    Without such a folder: the checkpoint's pooling, not normalised, as sentence-transformers itself would do.
    """
    settings = checkpoint.embedding
    activations = settings.activations if settings else ()
    return PoolReadout(
        pooling=pooling or _pooling_of(checkpoint),
        dense=[
            DenseLayer(Linear.of(checkpoint.arrays, f"dense.{number}"), ACTIVATIONS[name])
            for number, name in enumerate(activations)
        ],
        normalize=bool(settings and settings.normalize) if normalize is None else normalize,
        dimensions=dimensions if dimensions is not None or settings is None else settings.dimensions,
    )


def _pooling_of(checkpoint: Checkpoint) -> Pooling:
    return "cls" if checkpoint.pooling == "cls" else "mean"
