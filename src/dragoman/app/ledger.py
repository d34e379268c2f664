"""What the trainings of a model took, and whether its budget has room for another."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, Protocol

import msgspec

from dragoman import clock
from dragoman.errors import BudgetExceeded, NotFound
from dragoman.loop.budget import BudgetUse, Past, estimate_of, has_limits, larger, refusals, uses
from dragoman.loop.costs import HOUR
from dragoman.monitoring.resources.cost import Prices
from dragoman.monitoring.times import seconds_of
from dragoman.records import Block, By, Run, Spent
from dragoman.settings import Settings
from dragoman.spec import ModelSpec
from dragoman.store.base import Catalog
from dragoman.store.files import FileLock

__all__ = [
    "SPENT_FILE",
    "Begun",
    "Ledger",
    "begin_run",
    "budget_uses",
    "executions_of",
    "hold_budget",
    "ledger_of",
    "overrun_of",
    "read_spent",
]

SPENT_FILE = "spent.json"  # in the folder of a run: what attempts of it took so far
RUNS_FOLDER = "runs"
LOCK_SECONDS = 30.0


class Place(Protocol):
    """What is needed of a workspace."""

    settings: Settings

    @property
    def state(self) -> Path: ...
    @property
    def catalog(self) -> Catalog: ...


class Ledger(NamedTuple):
    """What the trainings of a model took."""

    past: list[Past]  # all of them, the oldest first: failed and running ones, and whoever began them
    estimate: Spent | None  # of the next one; None: nobody knows


class Begun(NamedTuple):
    """A run that may train."""

    run: Run
    carried: Spent  # what attempts of it took that were killed


def ledger_of(place: Place, model: str, *, but: str = "") -> Ledger:
    """The trainings of a model in the catalog. A run `but` that was killed, and is to go on, is left out.

    A training counts when it began; one that was killed and went on, when it went on. One that runs counts as what it
    is expected to take, at least. The estimate is the most that one of the last three took, completed ones first.
    """
    runs = place.catalog.runs(model=model)
    estimate = _estimate(runs)
    counted = [run for run in runs if not (run.id == but and run.status == "running")]
    past = [one for run in counted for one in executions_of(place, run, estimate=estimate)]
    past += [Past(*one) for run in runs if run not in counted for one in run.earlier]
    return Ledger(sorted(past, key=lambda one: seconds_of(one.time)), estimate)


def executions_of(place: Place, run: Run, *, estimate: Spent | None = None) -> list[Past]:
    """The trainings of a run: it may have failed and been begun anew, or trained again. Those that it replaced first.

    One that runs has taken what it wrote down so far, and at least its estimate where there is one.
    """
    if run.status == "running":
        spent = read_spent(place.state / RUNS_FOLDER / run.id) or Spent()
        spent = larger(spent, estimate) if estimate and _is_alive(place, run.id) else spent
    else:
        spent = run.spent or Spent(seconds=run.seconds)  # records of older releases have no more
    return [Past(*one) for one in [*run.earlier, (run.started, spent)]]


def hold_budget(place: Place, spec: ModelSpec, run: str, *, over: By | None = None) -> None:
    """Let a run begin, or go on, if the budget of its model has room for it; raises `BudgetExceeded`.

    With `over` it begins in any case, and the audit log says who wanted it and what stood against it.
    """
    if not has_limits(spec.budget):
        return
    ledger = ledger_of(place, spec.name, but=run)
    carried = _carried(place, run)
    estimate = larger(ledger.estimate, carried) if ledger.estimate and carried else ledger.estimate or carried
    now, prices = clock.seconds(), Prices.of(place.settings)
    blocks = refusals(spec.budget, ledger.past, estimate, prices, now=now)
    if not blocks:
        return
    if over is None:
        raise BudgetExceeded(_told(spec.name, blocks), help=_help(blocks))
    detail = {"run": run, "blocks": [block.text for block in blocks]}
    place.catalog.audit("budget.exceeded", f"models:/{spec.name}", detail=detail, by=over)


def budget_uses(place: Place, specs: Iterable[ModelSpec], *, now: float) -> list[BudgetUse]:
    """How much of each limit is used of the models that have one."""
    limited = [spec for spec in specs if has_limits(spec.budget)]
    prices = Prices.of(place.settings)
    return [use for spec in limited for use in uses(spec, ledger_of(place, spec.name).past, prices, now=now)]


def begin_run(place: Place, spec: ModelSpec, run: Run, *, over: By | None = None) -> Begun:
    """Store the record of a run that begins, with what earlier ones of its id took. Raises `BudgetExceeded`.

    Two that begin at once are seen by each other: the second one finds the first in the catalog.
    """
    runs = place.state / RUNS_FOLDER
    with FileLock(runs / f"{spec.name}.budget.lock", wait=LOCK_SECONDS):
        hold_budget(place, spec, run.id, over=over)
        begun = msgspec.structs.replace(run, earlier=_earlier(_stored(place.catalog, run.id)))
        carried = _carried(place, run.id) or Spent()
        place.catalog.save_run(begun)
    return Begun(begun, carried)


def overrun_of(place: Place, spec: ModelSpec, run: Run) -> str:
    """A sentence for a run that took more hours than its budget expected of it; empty for another."""
    expected = _estimate([one for one in place.catalog.runs(model=run.model) if one.id != run.id])
    if expected is None or run.spent is None or not has_limits(spec.budget):
        return ""
    for kind, took, thought in (
        ("CPU", run.spent.cpu_seconds, expected.cpu_seconds),
        ("GPU", run.spent.gpu_seconds, expected.gpu_seconds),
    ):
        if took > thought:
            return f"It took {took / HOUR:.3g} {kind} hours; {thought / HOUR:.3g} were expected."
    return ""


def read_spent(folder: Path) -> Spent | None:
    """What the attempts of a run took, as far as it was written before they were killed; None if nothing was."""
    try:
        return msgspec.json.decode((folder / SPENT_FILE).read_bytes(), type=Spent)
    except (OSError, msgspec.DecodeError):
        return None


def _estimate(runs: Sequence[Run]) -> Spent | None:
    """What those of a model say of the next one; `runs` has the newest first."""
    taken = [(run.status, run.spent) for run in runs if run.spent is not None]
    completed = [spent for status, spent in taken if status == "completed"]
    return estimate_of(completed or [spent for _, spent in taken])


def _stored(catalog: Catalog, id: str) -> Run | None:
    with suppress(NotFound):
        return catalog.run(id)
    return None


def _carried(place: Place, id: str) -> Spent | None:
    """What attempts of a run took that were killed; None if there were none."""
    before = _stored(place.catalog, id)
    return read_spent(place.state / RUNS_FOLDER / id) if before and before.status == "running" else None


def _earlier(before: Run | None) -> list[tuple[str, Spent]]:
    """What the record of a run has to keep of the one that it replaces."""
    if before is None:
        return []
    own = [(before.started, before.spent)] if before.spent is not None else []
    return [*before.earlier, *own]


def _is_alive(place: Place, run: str) -> bool:
    """Whether the process is there that last held the lock of a run. Nobody who takes that lock is disturbed."""
    try:
        os.kill(int((place.state / RUNS_FOLDER / f"{run}.lock").read_text()), 0)
    except PermissionError:
        return True
    except (OSError, ValueError, OverflowError):
        return False
    return True


def _told(model: str, blocks: Sequence[Block]) -> str:
    return f"A training of '{model}' is over its budget: {' '.join(block.text for block in blocks)}"


def _help(blocks: Sequence[Block]) -> str:
    untils = [block.until for block in blocks]
    when = [f"wait until {max(untils)}"] if all(untils) else []
    *ways, last = [*when, "raise [budget] in the spec", "give --over-budget REASON"]
    return f"{', '.join(ways)}, or {last}."
