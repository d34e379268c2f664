from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.models.small import random_texts, small_config

from dragoman.models.encoder import TorchBatch, initialise
from dragoman.models.fusion import Fusion
from dragoman.models.heads import Classifier, FusedClassifier
from dragoman.models.packing import pack
from dragoman.spec import TrainingSpec
from dragoman.training import loop
from dragoman.training.batches import Augmentation, EpochPlan, TrainingTexts
from dragoman.training.loop import Progress, TrainingCheckpoint, train_classifier

IDS = random_texts(40, longest=20)
DATA = TrainingTexts(
    texts=[str(row) for row in range(len(IDS))],
    labels=np.array([ids[0] % 2 for ids in IDS], dtype=np.int64),
    languages=["en"] * len(IDS),
)


class GivenIds:
    """The ids that belong to each text."""

    def sample_many(self, texts: list[str], *, draw: np.random.Generator) -> list[list[int]]:
        return [IDS[int(text)] for text in texts]


class Killed(Exception):
    """Stands for a process that dies."""


def spec_of(**changes: Any) -> TrainingSpec:
    quick = {"epochs": 3, "batch_tokens": 120, "threads": 1, "checkpoint_seconds": 0.0, "dropout": 0.2}
    return TrainingSpec(**(quick | changes))


def new_model(spec: TrainingSpec) -> Classifier:
    model = Classifier(small_config(), labels=2, pooling="mean", dropout=spec.dropout)
    initialise(model, torch.Generator().manual_seed(spec.seed))
    return model


def plan_epoch(spec: TrainingSpec) -> Callable[[int], EpochPlan]:
    augmentation = Augmentation(spec.token_dropout, 0.0, mask_token=3, special_tokens=[0, 1, 2, 3])
    return lambda epoch: EpochPlan(
        DATA,
        GivenIds(),
        augmentation,
        seed=spec.seed,
        epoch=epoch,
        batch_tokens=spec.batch_tokens,
        first_position=2,
        language_temperature=1.0,
    )


def train(
    folder: Path,
    spec: TrainingSpec,
    *,
    report: Callable[[Progress], None] = lambda progress: None,
    fingerprint: str = "same",
) -> Classifier:
    model = new_model(spec)
    checkpoint = TrainingCheckpoint(folder / "checkpoint.pt", fingerprint)
    train_classifier(model, plan_epoch(spec), spec, checkpoint=checkpoint, report=report)
    return model


def weights(model: Classifier) -> dict[str, bytes]:
    return {name: tensor.numpy().tobytes() for name, tensor in model.state_dict().items()}


def dies_at(step: int) -> Callable[[Progress], None]:
    """A report that raises at its `step`th call."""
    seen: list[Progress] = []

    def report(progress: Progress) -> None:
        seen.append(progress)
        if len(seen) == step:
            raise Killed

    return report


def count_steps(spec: TrainingSpec) -> int:
    return sum(len(plan_epoch(spec)(epoch)) for epoch in range(spec.epochs))


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("deaths", [[1], [2], [7], [5, 1, 6]], ids=str)
def test_a_killed_and_resumed_training_gives_the_same_bytes(deaths: list[int], precision: str, tmp_path: Path) -> None:
    spec = spec_of(precision=precision)
    expected = weights(train(tmp_path / "whole", spec))

    for step in deaths:
        with pytest.raises(Killed):
            train(tmp_path / "killed", spec, report=dies_at(step))

    assert weights(train(tmp_path / "killed", spec)) == expected


def test_a_resumed_training_does_not_begin_again(tmp_path: Path) -> None:
    spec = spec_of()
    with pytest.raises(Killed):
        train(tmp_path, spec, report=dies_at(6))

    seen: list[Progress] = []
    train(tmp_path, spec, report=seen.append)

    assert len(seen) == count_steps(spec) - 5


def test_a_training_killed_between_checkpoints_gives_the_same_bytes(tmp_path: Path) -> None:
    spec = spec_of(checkpoint_seconds=1_000.0)
    expected = weights(train(tmp_path / "whole", spec))
    with pytest.raises(Killed):
        train(tmp_path / "killed", spec, report=dies_at(4))

    assert not (tmp_path / "killed" / "checkpoint.pt").exists()
    assert weights(train(tmp_path / "killed", spec)) == expected


def test_a_finished_training_takes_no_more_steps(tmp_path: Path) -> None:
    expected = weights(train(tmp_path, spec_of()))

    assert weights(train(tmp_path, spec_of(), report=dies_at(1))) == expected


def test_state_of_other_code_is_not_used(tmp_path: Path) -> None:
    spec = spec_of()
    train(tmp_path, spec)

    seen: list[Progress] = []
    train(tmp_path, spec, report=seen.append, fingerprint="other")

    assert len(seen) == count_steps(spec)


def test_another_seed_gives_other_weights(tmp_path: Path) -> None:
    one, other = (train(tmp_path / str(seed), spec_of(seed=seed)) for seed in (1, 2))

    assert weights(one) != weights(other)


def test_training_learns_and_ends_without_dropout(tmp_path: Path) -> None:
    spec = spec_of(epochs=30, learning_rate=5e-3, dropout=0.0, token_dropout=0.0, checkpoint_seconds=1_000.0)

    model = train(tmp_path, spec)

    with torch.inference_mode():
        predicted = model(TorchBatch.of(pack(IDS, first_position=2))).argmax(dim=1).numpy()
    assert not model.training
    assert (predicted == DATA.labels).mean() > 0.9


def test_progress_rises_and_names_the_epoch(tmp_path: Path) -> None:
    seen: list[Progress] = []

    train(tmp_path, spec_of(), report=seen.append)

    done = [progress.done for progress in seen]
    assert done == sorted(done)
    assert 0 < done[0] < done[-1]
    assert done[-1] < seen[-1].total
    assert seen[-1].note.startswith("epoch 3/3, loss ")


def test_what_reads_features_learns_at_its_own_rate_beside_a_slow_encoder() -> None:
    model = FusedClassifier(small_config(), fusion=Fusion(columns=[None, 2]), labels=2, pooling="mean")

    groups = loop._optimizer(model, spec_of(learning_rate=2e-5)).param_groups

    peaks = {
        name: group["peak"]
        for group in groups
        for name, own in model.named_parameters()
        if any(own is one for one in group["params"])
    }
    assert {peak for name, peak in peaks.items() if name.startswith("fusion.")} == {loop.FUSION_RATE}
    assert {peak for name, peak in peaks.items() if not name.startswith("fusion.")} == {2e-5}
    assert peaks.keys() == dict(model.named_parameters()).keys()
