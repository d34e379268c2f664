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

import numpy as np
import onnx
import torch
from numpy.typing import NDArray

from dragoman.errors import InvalidCheckpoint
from dragoman.models.checkpoint import WEIGHTS_FILE, Checkpoint, read_checkpoint, write_checkpoint
from dragoman.models.config import PRESETS
from dragoman.models.encoder import TorchBatch, initialise
from dragoman.models.heads import Classifier
from dragoman.models.packing import pack, plan_batches
from dragoman.models.readouts import readout_of
from dragoman.models.scores import softmax
from dragoman.records import DatasetVersion, Example, Manifest, ParityReport
from dragoman.records import Report as Evaluation
from dragoman.registry import bundle as files
from dragoman.registry.bundle import Lineage, to_json_bytes
from dragoman.registry.card import Evidence, model_card
from dragoman.registry.manifest import write_manifest
from dragoman.runtime.graph import build_graph
from dragoman.runtime.onnx_session import OnnxSession
from dragoman.runtime.parity import check_parity, compare_outputs
from dragoman.spec import ModelSpec, spec_to_dict
from dragoman.store.files import write_atomically
from dragoman.text.language import NgramDetector
from dragoman.text.lock import make_lock
from dragoman.text.tokenizer import TOKENIZER_FILE, Tokenizer, train_unigram
from dragoman.training.batches import Augmentation, EpochPlan, TrainingTexts
from dragoman.training.calibration import fit_temperature
from dragoman.training.environment import fingerprint, keep_freed_memory
from dragoman.training.evaluation import evaluate
from dragoman.training.loop import Progress, Report, TrainingCheckpoint, train_classifier
from dragoman.training.reference import HeldOut, Reading, read_held_out, reference_of
from dragoman.training.sampling import PlainSampler, Sampler, SubwordSampler
from dragoman.training.served import Served
from dragoman.training.spread import spread_over_languages

__all__ = ["Trained", "train_bundle"]

CHECKPOINT_FILE = "checkpoint.pt"
BUNDLE_FOLDER = "bundle"
LOCK_SAMPLES = 20
PARITY_TEXTS = 512
PARITY_BATCH_TOKENS = 4_096


class Trained(NamedTuple):
    """What a run leaves: a complete bundle folder, and its evaluation."""

    folder: Path
    manifest: Manifest
    evaluation: Evaluation


class Start(NamedTuple):
    """Where training starts from: fresh or read weights, with the tokenizer and the way to draw segmentations."""

    model: Classifier
    tokenizer: Tokenizer
    sampler: Sampler


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
) -> Trained:
    """Train a model and write its bundle to `folder/bundle`.

    A run that was killed goes on from `folder/checkpoint.pt`. Raises `InvalidCheckpoint` for an unusable base and
    `GateFailed` if the exported graph does not agree with the trained model.
    """
    parts = {split: [example for example in examples if example.split == split] for split in ("train", "dev", "test")}
    report(Progress("tokenizer", 0, 1))
    start = _start(spec, parts["train"], workspace)
    planner = _Planner(spec, _training_texts(parts["train"], spec.data.labels), start)
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
    served = Served(session, readout_of(checkpoint), start.tokenizer, checkpoint.config.first_position)
    parity = _measure_parity(start.model, served, session, parts["test"])
    check_parity(parity)
    held_out = read_held_out(served, [*parts["dev"], *parts["test"]])
    temperature, evaluation = _evaluate(spec, held_out)
    _write_reference(bundle, spec, held_out, start.tokenizer, temperature)

    evidence = Evidence(_lineage(spec, dataset, run, workspace), evaluation, parity, temperature)
    _write_records(bundle, spec, evidence, environment)
    return Trained(bundle, write_manifest(bundle, model=spec.name, task=spec.task), evaluation)


# Start --------------------------------------------------------------------------------------------------------------


def _start(spec: ModelSpec, train: Sequence[Example], workspace: Path) -> Start:
    if spec.base.checkpoint in PRESETS:
        return _scratch(spec, train)
    return _from_checkpoint(spec, workspace / spec.base.checkpoint)


def _scratch(spec: ModelSpec, train: Sequence[Example]) -> Start:
    texts = [example.text for example in train]
    tokenizer = train_unigram(texts, vocabulary=spec.base.vocabulary, max_tokens=spec.base.max_tokens)
    config = PRESETS[spec.base.checkpoint].config(vocabulary=tokenizer.vocabulary, max_tokens=spec.base.max_tokens)
    model = Classifier(config, labels=len(spec.data.labels), pooling=spec.base.pooling, dropout=spec.training.dropout)
    initialise(model, torch.Generator().manual_seed(spec.training.seed))
    return Start(model, tokenizer, _sampler(spec, tokenizer))


def _sampler(spec: ModelSpec, tokenizer: Tokenizer) -> Sampler:
    if not spec.training.subword_alpha:
        return PlainSampler(tokenizer)
    return SubwordSampler(tokenizer, alpha=spec.training.subword_alpha, seed=spec.training.seed)


def _from_checkpoint(spec: ModelSpec, folder: Path) -> Start:
    checkpoint = read_checkpoint(folder)
    if spec.base.max_tokens > checkpoint.config.max_tokens:
        raise InvalidCheckpoint(
            f"'base.max_tokens' is {spec.base.max_tokens}; {folder} has {checkpoint.config.max_tokens} positions.",
            help=f"Set base.max_tokens to at most {checkpoint.config.max_tokens}.",
        )
    tokenizer = Tokenizer.read(folder, max_tokens=spec.base.max_tokens, vocabulary=checkpoint.config.vocabulary)
    model = Classifier(
        checkpoint.config, labels=len(spec.data.labels), pooling=spec.base.pooling, dropout=spec.training.dropout
    )
    initialise(model, torch.Generator().manual_seed(spec.training.seed))
    head_fits = checkpoint.labels == spec.data.labels
    kept = {name: array for name, array in checkpoint.arrays.items() if head_fits or name.startswith("roberta.")}
    model.load_state_dict({name: torch.from_numpy(array) for name, array in kept.items()}, strict=False)
    return Start(model, tokenizer, PlainSampler(tokenizer))


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


def _training_texts(train: Sequence[Example], labels: Sequence[str]) -> TrainingTexts:
    number = {label: index for index, label in enumerate(labels)}
    return TrainingTexts(
        texts=[example.text for example in train],
        labels=np.array([number[example.label] for example in train], dtype=np.int64),
        languages=[example.language for example in train],
    )


# Finish -------------------------------------------------------------------------------------------------------------


def _write_model(bundle: Path, spec: ModelSpec, start: Start) -> Checkpoint:
    config = start.model.roberta.config
    arrays = {name: tensor.detach().numpy() for name, tensor in start.model.state_dict().items()}
    checkpoint = Checkpoint(config, arrays, list(spec.data.labels), spec.base.pooling)
    write_checkpoint(bundle, checkpoint)
    graph = build_graph(config, weights=bundle / WEIGHTS_FILE, labels=len(spec.data.labels), pooling=spec.base.pooling)
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


def _measure_parity(model: Classifier, served: Served, session: OnnxSession, test: Sequence[Example]) -> ParityReport:
    """Compare what is served with the trained model on test texts, every language in turn."""
    chosen = spread_over_languages(test, PARITY_TEXTS)
    ids = [encoded.ids for encoded in served.tokenizer.encode_many([example.text for example in chosen])]
    rows, pairs = [], []
    for batch in plan_batches([len(text) for text in ids], max_tokens=PARITY_BATCH_TOKENS):
        packed = pack([ids[row] for row in batch], first_position=served.first_position)
        with torch.inference_mode():
            tensors = TorchBatch.of(packed)
            expected = model.roberta(tensors).numpy(), model(tensors).numpy()
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


def _farther(
    expected: NDArray[np.float32], one: NDArray[np.float32], other: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Of two heads that should say the same, number by number, the one that is farther from what is expected."""
    return np.where(np.abs(one - expected) > np.abs(other - expected), one, other)


def _evaluate(spec: ModelSpec, held_out: HeldOut) -> tuple[float, Evaluation]:
    """Fit the temperature on the dev split, or on nothing without one; then evaluate on the test split."""
    temperature = 1.0
    dev, logits = held_out.of("dev")
    if dev:
        temperature = fit_temperature(logits, _training_texts(dev, spec.data.labels).labels)
    test, logits = held_out.of("test")
    evaluation = evaluate(
        softmax(logits, temperature=temperature),
        [example.label for example in test],
        [example.language for example in test],
        labels=spec.data.labels,
        split="test",
    )
    return temperature, evaluation


def _write_reference(
    bundle: Path, spec: ModelSpec, held_out: HeldOut, tokenizer: Tokenizer, temperature: float
) -> None:
    detector = NgramDetector.read(bundle / files.LANGUAGE_FILE)
    reading = Reading(tokenizer, detector, spec.data.labels, temperature, spec.serving.too_long == "windows")
    write_atomically(bundle / files.REFERENCE_FILE, reference_of(held_out, reading).to_bytes())


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
