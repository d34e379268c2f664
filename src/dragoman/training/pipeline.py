"""The training pipeline: spec and dataset version in, bundle folder out.

Stages, in order: tokenizer, texts, training, export, parity, evaluation, reference, card, manifest. Nothing in the
bundle depends on the clock, on the folder or on what ran before: the same spec, data and seed give the same bytes.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import onnx
from numpy.typing import NDArray

from dragoman.models.checkpoint import WEIGHTS_FILE, Checkpoint, write_checkpoint
from dragoman.models.config import PRESETS
from dragoman.models.readouts import readout_of
from dragoman.models.scores import softmax
from dragoman.models.tabular.schema import FEATURES_FILE, FeatureSchema
from dragoman.records import DatasetVersion, Example, PinnedView
from dragoman.records import Report as Evaluation
from dragoman.registry import bundle as files
from dragoman.registry.bundle import Lineage, to_json_bytes
from dragoman.registry.card import Evidence, model_card
from dragoman.registry.manifest import write_manifest
from dragoman.runtime.graph import build_graph
from dragoman.runtime.onnx_session import OnnxSession
from dragoman.runtime.parity import check_parity
from dragoman.spec import ModelSpec, spec_to_dict
from dragoman.store.files import write_atomically
from dragoman.text.language import NgramDetector
from dragoman.text.lock import make_lock
from dragoman.text.tokenizer import TOKENIZER_FILE, Tokenizer
from dragoman.training.batches import Augmentation, EpochPlan, TrainingTexts
from dragoman.training.calibration import fit_temperature
from dragoman.training.environment import fingerprint, keep_freed_memory
from dragoman.training.evaluation import evaluate
from dragoman.training.feature_rows import columns_read, encode_examples
from dragoman.training.feature_weights import with_features
from dragoman.training.loop import Progress, Report, TrainingCheckpoint, train_classifier
from dragoman.training.parity import measure_parity
from dragoman.training.reference import HeldOut, Reading, read_held_out, reference_of
from dragoman.training.served import Served
from dragoman.training.start import Start, start_of
from dragoman.training.trained import Trained

__all__ = ["Trained", "train_bundle"]

CHECKPOINT_FILE = "checkpoint.pt"
BUNDLE_FOLDER = "bundle"
LOCK_SAMPLES = 20
FEATURE_DROPOUT = 0.1  # of the texts have none of their features in training, so that a request may have none
VALUE_DROPOUT = 0.05  # of the others' values are missing


def train_bundle(
    spec: ModelSpec,
    examples: Sequence[Example],
    dataset: DatasetVersion,
    *,
    run: str,
    environment: dict[str, str],
    workspace: Path,
    folder: Path,
    report: Report,
    views: Sequence[PinnedView] = (),
) -> Trained:
    """Train a model and write its bundle to `folder/bundle`.

    A run that was killed goes on from `folder/checkpoint.pt`. Raises `InvalidCheckpoint` for an unusable base and
    `GateFailed` if the exported graph does not agree with the trained model.
    """
    parts = {split: [example for example in examples if example.split == split] for split in ("train", "dev", "test")}
    report(Progress("tokenizer", 0, 1))
    start = start_of(spec, examples, workspace)
    planner = _Planner(spec, _training_texts(spec, parts["train"], start.schema), start)
    keep_freed_memory()
    train_classifier(
        start.model,
        planner.plan,
        spec.training,
        checkpoint=TrainingCheckpoint(folder / CHECKPOINT_FILE, fingerprint(environment)),
        report=report,
    )

    bundle = folder / BUNDLE_FOLDER
    shutil.rmtree(bundle, ignore_errors=True)
    checkpoint = _write_model(bundle, spec, start)
    _write_text_parts(bundle, start.tokenizer, parts)
    report(Progress("evaluate", 0, 1))
    session = OnnxSession(bundle / files.GRAPH_FILE, threads=spec.training.threads)
    served = Served(session, readout_of(checkpoint), start.tokenizer, checkpoint.config.first_position, start.schema)
    parity = measure_parity(start.model, served, session, parts["test"])
    check_parity(parity)
    held_out = read_held_out(served, [*parts["dev"], *parts["test"]])
    temperature, evaluation = _evaluate(spec, held_out)
    if start.schema is not None:
        evaluation = with_features(evaluation, spec, served, held_out, temperature=temperature)
        write_atomically(bundle / FEATURES_FILE, start.schema.to_bytes())
    _write_reference(bundle, spec, held_out, start, temperature)

    lineage = msgspec.structs.replace(_lineage(spec, dataset, run, workspace), views=list(views))
    evidence = Evidence(lineage, evaluation, parity, temperature)
    _write_records(bundle, spec, evidence, environment)
    return Trained(bundle, write_manifest(bundle, model=spec.name, task=spec.task), evaluation)


class _Planner(NamedTuple):
    """Plans any epoch of a run."""

    spec: ModelSpec
    data: TrainingTexts
    start: Start

    def plan(self, epoch: int) -> EpochPlan:
        training = self.spec.training
        augmentation = Augmentation(
            token_dropout=training.token_dropout,
            accent_dropout=training.accent_dropout,
            mask_token=self.start.tokenizer.mask_token,
            special_tokens=self.start.tokenizer.special_tokens,
            feature_dropout=FEATURE_DROPOUT,
            value_dropout=VALUE_DROPOUT,
        )
        return EpochPlan(
            self.data,
            self.start.sampler,
            augmentation,
            seed=training.seed,
            epoch=epoch,
            batch_tokens=training.batch_tokens,
            first_position=self.start.model.roberta.config.first_position,
            language_temperature=training.language_temperature,
        )


def _training_texts(spec: ModelSpec, train: Sequence[Example], schema: FeatureSchema | None) -> TrainingTexts:
    return TrainingTexts(
        texts=[example.text for example in train],
        labels=_numbers_of_labels(spec, train),
        languages=[example.language for example in train],
        features=None if schema is None else encode_examples(schema, train),
    )


def _numbers_of_labels(spec: ModelSpec, examples: Sequence[Example]) -> NDArray[np.int64]:
    number = {label: index for index, label in enumerate(spec.data.labels)}
    return np.array([number[example.label] for example in examples], dtype=np.int64)


# Finish -------------------------------------------------------------------------------------------------------------


def _write_model(bundle: Path, spec: ModelSpec, start: Start) -> Checkpoint:
    config = start.model.roberta.config
    arrays = {name: tensor.detach().numpy() for name, tensor in start.model.state_dict().items()}
    checkpoint = Checkpoint(config, arrays, list(spec.data.labels), spec.base.pooling, fusion=start.fusion)
    write_checkpoint(bundle, checkpoint)
    graph = build_graph(
        config,
        weights=bundle / WEIGHTS_FILE,
        labels=len(spec.data.labels),
        pooling=spec.base.pooling,
        fusion=start.fusion,
    )
    write_atomically(bundle / files.GRAPH_FILE, graph.SerializeToString(deterministic=True))
    onnx.checker.check_model(str(bundle / files.GRAPH_FILE))
    return checkpoint


def _write_text_parts(bundle: Path, tokenizer: Tokenizer, parts: dict[str, list[Example]]) -> None:
    write_atomically(bundle / TOKENIZER_FILE, tokenizer.to_json().encode())
    tokenizer_config = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": tokenizer.max_tokens}
    write_atomically(bundle / files.TOKENIZER_CONFIG_FILE, to_json_bytes(tokenizer_config | _special_tokens(tokenizer)))
    write_atomically(bundle / files.LOCK_FILE, make_lock(tokenizer, _lock_samples(parts["train"])))
    train = parts["train"]
    detector = NgramDetector.fit([example.text for example in train], [example.language for example in train])
    write_atomically(bundle / files.LANGUAGE_FILE, detector.to_bytes())


def _special_tokens(tokenizer: Tokenizer) -> dict[str, str]:
    """The names that transformers gives to special tokens, as far as the tokenizer has them."""
    known = {
        "bos_token": "<s>", "cls_token": "<s>", "eos_token": "</s>", "sep_token": "</s>",
        "pad_token": "<pad>", "unk_token": "<unk>", "mask_token": "<mask>",
    }  # fmt: skip
    return {role: token for role, token in known.items() if tokenizer.backend.token_to_id(token) is not None}


def _lock_samples(train: Sequence[Example]) -> dict[str, list[str]]:
    """Golden texts: some of each language, chosen by digest so that they stay the same when rows are added."""
    by_language: dict[str, list[str]] = {}
    for example in sorted(train, key=lambda example: hashlib.sha256(example.text.encode()).digest()):
        chosen = by_language.setdefault(example.language, [])
        if len(chosen) < LOCK_SAMPLES:
            chosen.append(example.text)
    return dict(sorted(by_language.items()))


def _evaluate(spec: ModelSpec, held_out: HeldOut) -> tuple[float, Evaluation]:
    """Fit the temperature on the dev split, or on nothing without one; then evaluate on the test split."""
    temperature = 1.0
    dev, logits = held_out.of("dev")
    if dev:
        temperature = fit_temperature(logits, _numbers_of_labels(spec, dev))
    test, logits = held_out.of("test")
    evaluation = evaluate(
        softmax(logits, temperature=temperature),
        [example.label for example in test],
        [example.language for example in test],
        labels=spec.data.labels,
        split="test",
    )
    return temperature, evaluation


def _write_reference(bundle: Path, spec: ModelSpec, held_out: HeldOut, start: Start, temperature: float) -> None:
    detector = NgramDetector.read(bundle / files.LANGUAGE_FILE)
    reading = Reading(start.tokenizer, detector, spec.data.labels, temperature, spec.serving.too_long == "windows")
    reference = reference_of(held_out, reading, **columns_read(start.schema, held_out.examples))
    write_atomically(bundle / files.REFERENCE_FILE, reference.to_bytes())


def _lineage(spec: ModelSpec, dataset: DatasetVersion, run: str, workspace: Path) -> Lineage:
    base = spec.base.checkpoint
    if base not in PRESETS:
        weights = workspace / base / WEIGHTS_FILE
        base += " sha256:" + hashlib.sha256(weights.read_bytes()).hexdigest() if weights.is_file() else ""
    return Lineage(
        run=run,
        dataset=dataset.name,
        dataset_number=dataset.number,
        dataset_digest=dataset.digest,
        sources=dataset.sources,
        base=base,
    )


def _write_records(bundle: Path, spec: ModelSpec, evidence: Evidence, environment: dict[str, str]) -> None:
    records = {
        files.SPEC_FILE: spec_to_dict(spec),
        files.LINEAGE_FILE: evidence.lineage,
        files.EVALUATION_FILE: evidence.evaluation,
        files.PARITY_FILE: evidence.parity,
        files.CALIBRATION_FILE: {"temperature": evidence.temperature},
        files.ENVIRONMENT_FILE: environment,
    }
    for name, record in records.items():
        write_atomically(bundle / name, to_json_bytes(record))
    write_atomically(bundle / files.CARD_FILE, model_card(spec, evidence).encode())
