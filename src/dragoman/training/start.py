"""Where a training starts from: fresh or read weights, the tokenizer, and the columns beside the text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from dragoman.errors import InvalidCheckpoint
from dragoman.models.checkpoint import read_checkpoint
from dragoman.models.config import PRESETS, EncoderConfig
from dragoman.models.encoder import initialise
from dragoman.models.fusion import Fusion
from dragoman.models.heads import Classifier, FusedClassifier
from dragoman.models.tabular.schema import FeatureSchema
from dragoman.records import Example
from dragoman.spec import ModelSpec
from dragoman.text.tokenizer import Tokenizer, train_unigram
from dragoman.training.feature_rows import encode_examples, learn_features
from dragoman.training.sampling import PlainSampler, Sampler, SubwordSampler

__all__ = ["Start", "start_of"]


class Start(NamedTuple):
    """A model before its training, with the tokenizer and the way to draw segmentations."""

    model: Classifier
    tokenizer: Tokenizer
    sampler: Sampler
    schema: FeatureSchema | None = None  # of the features that it reads beside the text

    @property
    def fusion(self) -> Fusion | None:
        return self.model.fusion.shape if isinstance(self.model, FusedClassifier) else None


def start_of(spec: ModelSpec, examples: Sequence[Example], workspace: Path) -> Start:
    """What the spec names as its base; the tokenizer of a scratch one and features are learned from the training split.

    Raises `InvalidCheckpoint` for an unusable base and `InvalidData` for columns that no model can read.
    """
    train = [example for example in examples if example.split == "train"]
    schema = learn_features(spec, train)
    if schema is not None:
        encode_examples(schema, examples)  # what is wrong with other splits is better known before the training
    if spec.base.checkpoint in PRESETS:
        return _scratch(spec, train, schema)
    return _from_checkpoint(spec, workspace / spec.base.checkpoint, schema)


def _scratch(spec: ModelSpec, train: Sequence[Example], schema: FeatureSchema | None) -> Start:
    texts = [example.text for example in train]
    tokenizer = train_unigram(texts, vocabulary=spec.base.vocabulary, max_tokens=spec.base.max_tokens)
    config = PRESETS[spec.base.checkpoint].config(vocabulary=tokenizer.vocabulary, max_tokens=spec.base.max_tokens)
    return Start(_fresh(spec, config, schema), tokenizer, _sampler(spec, tokenizer), schema)


def _sampler(spec: ModelSpec, tokenizer: Tokenizer) -> Sampler:
    if not spec.training.subword_alpha:
        return PlainSampler(tokenizer)
    return SubwordSampler(tokenizer, alpha=spec.training.subword_alpha, seed=spec.training.seed)


def _from_checkpoint(spec: ModelSpec, folder: Path, schema: FeatureSchema | None) -> Start:
    checkpoint = read_checkpoint(folder)
    if spec.base.max_tokens > checkpoint.config.max_tokens:
        raise InvalidCheckpoint(
            f"'base.max_tokens' is {spec.base.max_tokens}; {folder} has {checkpoint.config.max_tokens} positions.",
            help=f"Set base.max_tokens to at most {checkpoint.config.max_tokens}.",
        )
    tokenizer = Tokenizer.read(folder, max_tokens=spec.base.max_tokens, vocabulary=checkpoint.config.vocabulary)
    model = _fresh(spec, checkpoint.config, schema)
    kept = ("roberta.", "classifier.") if checkpoint.labels == spec.data.labels else ("roberta.",)
    arrays = {name: array for name, array in checkpoint.arrays.items() if name.startswith(kept)}
    model.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()}, strict=False)
    return Start(model, tokenizer, PlainSampler(tokenizer), schema)


def _fresh(spec: ModelSpec, config: EncoderConfig, schema: FeatureSchema | None) -> Classifier:
    """A model with weights drawn from the seed."""
    labels, pooling, dropout = len(spec.data.labels), spec.base.pooling, spec.training.dropout
    random = torch.Generator().manual_seed(spec.training.seed)
    if schema is None:
        model = Classifier(config, labels=labels, pooling=pooling, dropout=dropout)
        initialise(model, random)
        return model
    fusion = Fusion.of(schema.columns)
    fused = FusedClassifier(config, fusion=fusion, labels=labels, pooling=pooling, dropout=dropout)
    initialise(fused, random)
    numbers = [schema.columns[place] for place in fusion.numbers]
    fused.fusion.begin(
        mean=np.array([one.mean for one in numbers]), scale=np.array([one.scale for one in numbers]), random=random
    )
    return fused
