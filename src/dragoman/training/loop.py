"""The training loop: epochs of packed batches, with checkpoints from which a killed run goes on to the same result."""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 (the name that every torch code uses)

from dragoman.models.encoder import TorchBatch
from dragoman.spec import TrainingSpec
from dragoman.store.files import atomic_file
from dragoman.training.batches import Batch, EpochPlan
from dragoman.training.progress import Progress, Report

__all__ = ["Progress", "Report", "TrainingCheckpoint", "train_classifier"]

MAX_GRADIENT_NORM = 1.0
FUSION_RATE = 1e-3
BETAS = (0.9, 0.98)


class TrainingCheckpoint(NamedTuple):
    """Where the state of a running training is kept, and what it is bound to.

    State written under another fingerprint, by other code or packages, is not used.
    """

    path: Path
    fingerprint: str


class Place(NamedTuple):
    """The next step to do."""

    epoch: int
    step: int


def train_classifier(
    model: nn.Module,
    plan_epoch: Callable[[int], EpochPlan],
    spec: TrainingSpec,
    *,
    checkpoint: TrainingCheckpoint,
    report: Report,
) -> None:
    """Train `model` in place.

    Every random number comes from the seed and the step's number, never from what ran before, so a run that was killed
    and resumed from `checkpoint` ends with the same bytes.
    """
    torch.set_num_threads(spec.threads)
    torch.use_deterministic_algorithms(True)
    optimizer = _optimizer(model, spec)
    place = _restore(checkpoint, model, optimizer)
    saved = time.monotonic()
    model.train()
    for epoch in range(place.epoch, spec.epochs):
        plan = plan_epoch(epoch)
        first = place.step if epoch == place.epoch else 0
        for step, batch in enumerate(plan.start_at(first), start=first):
            progress = (epoch + (step + 0.5) / len(plan)) / spec.epochs
            loss = _step(model, optimizer, batch, spec, progress=progress, seed=_step_seed(spec.seed, epoch, step))
            report(
                Progress("train", round(progress * 1_000), 1_000, f"epoch {epoch + 1}/{spec.epochs}, loss {loss:.3f}")
            )
            if time.monotonic() - saved >= spec.checkpoint_seconds:
                _save(checkpoint, model, optimizer, Place(epoch, step + 1))
                saved = time.monotonic()
    _save(checkpoint, model, optimizer, Place(spec.epochs, 0))
    model.eval()


def _step(
    model: nn.Module, optimizer: torch.optim.Optimizer, batch: Batch, spec: TrainingSpec, *, progress: float, seed: int
) -> float:
    torch.manual_seed(seed)
    for group in optimizer.param_groups:
        group["lr"] = group["peak"] * _schedule(progress, spec.warmup)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=spec.precision == "bf16"):
        logits = model(*_inputs(batch))
    loss = F.cross_entropy(logits.float(), torch.from_numpy(batch.labels), label_smoothing=spec.label_smoothing)
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(model.parameters(), MAX_GRADIENT_NORM)
    optimizer.step()
    return float(loss.detach())


def _inputs(batch: Batch) -> list[Any]:
    """What the model takes: the text, and the features where there are any."""
    features = [] if batch.features is None else [torch.from_numpy(batch.features)]
    return [TorchBatch.of(batch.packed), *features]


def _schedule(progress: float, warmup: float) -> float:
    """Share of the peak learning rate: up in a line, then down in a line to zero."""
    if progress < warmup:
        return progress / warmup
    return (1.0 - progress) / (1.0 - warmup)


def _optimizer(model: nn.Module, spec: TrainingSpec) -> torch.optim.Optimizer:
    """AdamW (Loshchilov and Hutter 2019, arXiv:1711.05101); biases and norms do not decay.

    What reads features starts from nothing, whatever the encoder starts from: its peak is `FUSION_RATE` at least.
    """
    groups: list[dict[str, Any]] = []
    for is_fusion, peak in ((False, spec.learning_rate), (True, max(spec.learning_rate, FUSION_RATE))):
        own = [one for name, one in model.named_parameters() if name.startswith("fusion.") == is_fusion]
        matrices, others = [one for one in own if one.dim() > 1], [one for one in own if one.dim() <= 1]
        groups += [
            {"params": matrices, "weight_decay": spec.weight_decay, "peak": peak},
            {"params": others, "weight_decay": 0.0, "peak": peak},
        ]
    groups = [group for group in groups if group["params"]]
    return torch.optim.AdamW(groups, lr=spec.learning_rate, betas=BETAS, fused=True)


def _step_seed(seed: int, epoch: int, step: int) -> int:
    return int(np.random.SeedSequence([seed, epoch, step, 1]).generate_state(1)[0])


def _save(checkpoint: TrainingCheckpoint, model: nn.Module, optimizer: torch.optim.Optimizer, place: Place) -> None:
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "place": tuple(place)}
    with atomic_file(checkpoint.path) as file:
        torch.save(state | {"fingerprint": checkpoint.fingerprint}, file)


def _restore(checkpoint: TrainingCheckpoint, model: nn.Module, optimizer: torch.optim.Optimizer) -> Place:
    if not checkpoint.path.exists():
        return Place(0, 0)
    try:
        state = torch.load(checkpoint.path, weights_only=True)
    except (OSError, RuntimeError, ValueError, EOFError, pickle.UnpicklingError):
        return Place(0, 0)  # damaged: the run starts anew and comes to the same end
    if state.get("fingerprint") != checkpoint.fingerprint:
        return Place(0, 0)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    return Place(*state["place"])
