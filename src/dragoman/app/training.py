"""Training what needs training."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

from dragoman.app.workspace import Workspace
from dragoman.errors import BudgetExceeded, Conflict, DragomanError, GateFailed
from dragoman.registry.uri import CHAMPION
from dragoman.spec import ModelSpec
from dragoman.training.runs import result_of

__all__ = ["ensure_trained", "train_in_child"]


def ensure_trained(workspace: Workspace, *, show: Callable[[str], None]) -> None:
    """Train every model of the workspace whose spec or data has changed. Raises `GateFailed` for one that fails.

    What labels taught is the loop's: a champion that was trained with them stays while spec and data are the same.
    A champion goes on without a training for which its budget has no room.
    """
    for spec in workspace.specs():
        done = workspace.find_trained(spec)
        if done is None and (refusal := refusal_of(workspace, spec)):
            show(f"{refusal} models:/{spec.name}@{CHAMPION} answers as it is.")
        elif done is None:
            show(f"Training {spec.name}: {spec.description or spec.task}")
            train_in_child(workspace, spec.name)
        else:
            alias = workspace.crown(spec, done)
            show(f"{done.version.uri} is up to date, the {alias} ({result_of(done.run.metrics)}).")


def refusal_of(workspace: Workspace, spec: ModelSpec) -> str:
    """Why a model that has a champion may not be trained now: its budget; empty if it may, or has none."""
    from dragoman.app.ledger import hold_budget  # heavy: the parts that count

    if workspace.catalog.alias(spec.name, CHAMPION) is None:
        return ""
    try:
        hold_budget(workspace, spec, "")
    except BudgetExceeded as error:
        return error.message
    return ""


def train_in_child(workspace: Workspace, name: str) -> None:
    """Train in a process of its own, so that a server started afterwards does not carry torch.

    The child shows its own progress and its own errors. Raises `GateFailed` or `DragomanError` by its exit code.
    """
    command = [sys.executable, "-m", "dragoman", "train", name, "--workspace", str(workspace.root)]
    done = subprocess.run(command, check=False)
    if done.returncode == DragomanError.exit_code:
        raise GateFailed(f"Training '{name}' did not succeed.", help="Its message stands above.")
    if done.returncode:
        raise Conflict(f"Training '{name}' ended with exit code {done.returncode}.", help="Its message stands above.")
