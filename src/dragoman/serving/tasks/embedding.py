"""Embeddings: a vector per text, or one per token."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from dragoman.errors import DragomanError, InvalidRequest
from dragoman.models.readouts import AllTokensReadout, PoolReadout, Readout
from dragoman.models.sentence_transformers import EmbeddingSettings
from dragoman.records import EmbeddingPrediction, TextInput
from dragoman.serving.inputs import refuse_pairs
from dragoman.serving.suggestion import shown, suggest
from dragoman.serving.tasks.base import Piece, Prepared, TextParameters
from dragoman.serving.tasks.cutter import Cutter
from dragoman.spec import ServingSpec
from dragoman.text.tokenizer import Tokenizer
from dragoman.text.windows import covers, owned, shares

__all__ = ["Embedding", "EmbeddingParameters"]

SHORTEST = 1e-12  # a vector shorter than this is divided by it, as in torch

Floats = NDArray[np.float32]


class EmbeddingParameters(TextParameters, frozen=True, kw_only=True):
    """Parameters of embeddings; None means what the checkpoint says."""

    pooling: Annotated[
        Literal["mean", "cls", "none"] | None,
        Meta(
            description="How tokens become a vector: their `mean`, the first (`cls`), or `none`: a vector per token, "
            "special tokens included. Default: as the checkpoint says."
        ),
    ] = None
    normalize: Annotated[
        bool | None,
        Meta(description="Scale vectors to length 1. Default: as the checkpoint says; vectors per token as they are."),
    ] = None
    dimensions: (
        Annotated[int, Meta(ge=1, description="Keep so many of the first numbers, then normalise. Default: all.")]
        | None
    ) = None
    prompt_name: Annotated[str | None, Meta(description="Name of the checkpoint's prompt to put before each text.")] = (
        None
    )
    prompt: (
        Annotated[str, Meta(max_length=4_096, description="What to put before each text; empty for no prompt.")] | None
    ) = None


class Wanted(NamedTuple):
    """What a request asks for, with the checkpoint's defaults."""

    pooling: str
    normalize: bool
    dimensions: int | None


class Embedding:
    """Hidden states to vectors. Windows are averaged by the tokens they own, before anything else is done to a vector.

    `readout` and `settings` are the checkpoint's; `hidden` is the size of a token's vector.
    """

    name = "embedding"
    labels: tuple[str, ...] = ()
    Input, Parameters, Answer = TextInput, EmbeddingParameters, EmbeddingPrediction

    def __init__(
        self,
        *,
        tokenizer: Tokenizer,
        readout: PoolReadout,
        hidden: int,
        serving: ServingSpec,
        settings: EmbeddingSettings | None = None,
    ) -> None:
        self.tokenizer, self.readout, self.hidden, self.serving = tokenizer, readout, hidden, serving
        self.settings = settings or EmbeddingSettings()
        self._readouts: dict[str, Readout] = {"none": AllTokensReadout()} | {
            pooling: PoolReadout(pooling=pooling, dense=readout.dense, normalize=False) for pooling in ("mean", "cls")
        }

    def prepare(self, inputs: Sequence[TextInput], parameters: EmbeddingParameters) -> list[Prepared]:
        refuse_pairs(inputs, "an embedding")
        wanted = self._wanted(parameters)
        prompt = self.prompt(parameters)
        texts = [prompt + one.text for one in inputs]
        tokens = self.tokenizer.tokenize_many([text.lower() for text in texts] if self.settings.lower_case else texts)
        cutter = Cutter.of(parameters, self.serving, max_tokens=self.tokenizer.max_tokens)
        readout = self._readouts[wanted.pooling]
        return [self._prepare_one(index, one, tokens[index].ids, cutter, readout) for index, one in enumerate(inputs)]

    def finish(self, prepared: Prepared, outputs: Sequence[Floats], parameters: EmbeddingParameters) -> dict[str, Any]:
        """`embedding`: float32, `[dimensions]`; with pooling "none" `[tokens, dimensions]`."""
        wanted = self._wanted(parameters)
        whole = self._merge_tokens if wanted.pooling == "none" else merge
        vectors = whole(outputs, prepared.state)[..., : wanted.dimensions].copy()
        if not np.isfinite(vectors).all():
            raise DragomanError("The model gave no usable vector.", help="train or import it again.")
        return {"embedding": normalized(vectors) if wanted.normalize else vectors}

    def _prepare_one(self, index: int, one: TextInput, ids: list[int], cutter: Cutter, readout: Readout) -> Prepared:
        parts = cutter.cut(f"Text {index}", len(ids), room=self.tokenizer.room())
        pieces = [Piece(self.tokenizer.join(ids[part.start : part.stop]), None, readout) for part in parts]
        return Prepared(pieces, one.text, one.language, len(parts), not covers(parts, len(ids)), parts)

    def _wanted(self, parameters: EmbeddingParameters) -> Wanted:
        """Raises `InvalidRequest` for more dimensions than there are."""
        pooling, dimensions = parameters.pooling or self.readout.pooling, parameters.dimensions
        if pooling == "none":
            width, usual = self.hidden, Wanted(pooling, normalize=False, dimensions=None)
        else:
            width = self.readout.width(self.hidden)
            usual = Wanted(pooling, self.readout.normalize, self.readout.dimensions)
        if dimensions is not None and dimensions > width:
            raise InvalidRequest(
                f"The parameter 'dimensions' is {dimensions}; the model's vectors have {width}.",
                help=f"give 1 to {width}.",
            )
        normalize = usual.normalize if parameters.normalize is None else parameters.normalize
        return Wanted(pooling, normalize, dimensions or usual.dimensions)

    def prompt(self, parameters: EmbeddingParameters) -> str:
        """What stands before each text, as in sentence-transformers. Raises `InvalidRequest` for an unknown name."""
        if parameters.prompt is not None and parameters.prompt_name is not None:
            raise InvalidRequest("Both 'prompt' and 'prompt_name' are given.", help="give one of them.")
        if parameters.prompt is not None:
            return parameters.prompt
        name = parameters.prompt_name if parameters.prompt_name is not None else self.settings.default_prompt
        if name is None:
            return ""
        if name not in self.settings.prompts:
            known = suggest(name, self.settings.prompts) if self.settings.prompts else "the model has no prompts."
            raise InvalidRequest(f"There is no prompt {shown(name)}.", help=known)
        return self.settings.prompts[name]

    def _merge_tokens(self, outputs: Sequence[Floats], parts: list[range]) -> Floats:
        """Each token's vector from the window that owns it; the special tokens of the text's two ends."""
        start = self.tokenizer.start
        inner = [
            vectors[start + mine.start - part.start : start + mine.stop - part.start]
            for vectors, part, mine in zip(outputs, parts, owned(parts), strict=True)
        ]
        return np.concatenate([outputs[0][:start], *inner, outputs[-1][start + len(parts[-1]) :]])


def merge(outputs: Sequence[Floats], parts: list[range]) -> Floats:
    """The mean of the windows' vectors, weighted by the tokens they own."""
    if len(outputs) == 1:
        return outputs[0]
    return (shares(parts) @ np.stack(outputs)).astype(np.float32)


def normalized(vectors: Floats) -> Floats:
    """Vectors of length 1 along the last axis."""
    lengths = np.sqrt((vectors * vectors).sum(axis=-1, keepdims=True))
    return vectors / np.maximum(lengths, np.float32(SHORTEST))  # type: ignore[no-any-return]
