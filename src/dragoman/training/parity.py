"""Comparing what will be served with the model that was trained, on texts of the test split."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from dragoman.models.encoder import TorchBatch
from dragoman.models.fusion import feature_matrix
from dragoman.models.heads import Classifier, FusedClassifier
from dragoman.models.packing import PackedBatch, pack, plan_batches
from dragoman.records import Example, ParityReport
from dragoman.runtime.onnx_session import OnnxSession
from dragoman.runtime.parity import compare_outputs
from dragoman.training.feature_rows import encode_examples
from dragoman.training.served import Served
from dragoman.training.spread import spread_over_languages

__all__ = ["measure_parity"]

TEXTS = 512
BATCH_TOKENS = 4_096

Floats = NDArray[np.float32]


def measure_parity(model: Classifier, served: Served, session: OnnxSession, test: Sequence[Example]) -> ParityReport:
    """Compare what is served with the trained model on test texts, every language in turn."""
    chosen = spread_over_languages(test, TEXTS)
    ids = [encoded.ids for encoded in served.tokenizer.encode_many([example.text for example in chosen])]
    features = None if served.schema is None else encode_examples(served.schema, chosen)
    rows, pairs = [], []
    for batch in plan_batches([len(text) for text in ids], max_tokens=BATCH_TOKENS):
        given = None if features is None else list(features[batch])
        packed = pack([ids[row] for row in batch], first_position=served.first_position, features=given)
        expected = _expected(model, packed)
        hidden = served.session.run(packed)
        answered = np.stack(served.readout.read(hidden, packed, range(packed.texts)))
        pairs.append((*expected, hidden, _farther(expected[1], answered, session.logits(packed))))
        rows += batch
    expected_hidden, expected_logits, hidden, logits = (np.concatenate(column) for column in zip(*pairs, strict=True))
    return compare_outputs(
        expected_hidden=expected_hidden,
        hidden=hidden,
        expected_logits=expected_logits,
        logits=logits,
        languages=[chosen[row].language for row in rows],
    )


def _expected(model: Classifier, packed: PackedBatch) -> tuple[Floats, Floats]:
    """Hidden states and logits of the trained model."""
    batch, inputs = TorchBatch.of(packed), []
    if isinstance(model, FusedClassifier):
        columns = len(model.fusion.shape.columns)
        inputs = [torch.from_numpy(feature_matrix(packed.features, range(packed.texts), columns))]
    with torch.inference_mode():
        return model.roberta(batch).numpy(), model(batch, *inputs).numpy()


def _farther(expected: Floats, one: Floats, other: Floats) -> Floats:
    """Of two heads that should say the same, number by number, the one that is farther from what is expected."""
    return np.where(np.abs(one - expected) > np.abs(other - expected), one, other)
