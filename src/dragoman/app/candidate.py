"""The gates before traffic: both versions on the test split, before any user meets the new one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from dragoman.app.workspace import Workspace
from dragoman.errors import Conflict
from dragoman.records import Baseline, Release
from dragoman.release.controller import CONTROLLER, Move, check_gates_before, plan_of, roll_back
from dragoman.release.outcome import UNKNOWN
from dragoman.spec import ModelSpec
from dragoman.store.audit import now

if TYPE_CHECKING:
    from dragoman.release.cases import Case

__all__ = ["CHECK_SECONDS", "check_candidate", "check_in_child", "check_lease"]

CHECK_SECONDS = 120.0  # after which somebody else may do a check that was begun


def check_candidate(workspace: Workspace, id: str, *, show: Callable[[str], None] = lambda line: None) -> Release:
    """Check the gates of a release that waits for it, and let it begin, wait for approval, or end.

    Raises `NotFound`, and what loading the two versions raises. A release that is past its gates is left as it is; one
    whose check fails with an error is rolled back, and says so.
    """
    release = workspace.catalog.release(id)
    if release.status != "checking":
        return release
    try:
        move = _checked(workspace, release, show)
    except Exception as error:
        text = f"The gates could not be checked: {error}"
        _save(workspace, release, roll_back(release, now=now(), by=CONTROLLER, text=text))
        raise
    return _save(workspace, release, move)


def check_lease(id: str) -> str:
    """The name of the lease of whoever checks the gates of a release."""
    return f"check {id}"


def check_in_child(workspace: Workspace, id: str) -> subprocess.Popen[bytes]:
    """The same in a process of its own, which leaves the cores to whom they belong."""
    command = [sys.executable, "-m", "dragoman", "release", "check", id, "--workspace", str(workspace.root)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL)


def _checked(workspace: Workspace, release: Release, show: Callable[[str], None]) -> Move:
    from dragoman.release.before import check_before
    from dragoman.release.comparison import compare_versions  # heavy: the serving parts
    from dragoman.release.power import LABELS, LABELS_OF_ROWS, NUMBERS, power_gates

    spec = workspace.spec(release.model)
    champion, challenger = (f"models:/{release.model}/{number}" for number in (release.champion, release.challenger))
    show(f"Comparing {challenger} with {champion} on the test split.")
    with workspace.load(champion) as one, workspace.load(challenger) as other:
        comparison = compare_versions(one, other, test_cases(workspace, spec))
    bundle = workspace.registry.open(workspace.registry.resolve(challenger))
    gates = check_before(comparison, spec, parity=bundle.parity, tuning=bundle.tuning)
    baselines = {
        language: Baseline(texts=texts, disagreements=different)
        for language, (texts, different) in comparison.baselines.items()
    }
    known = msgspec.structs.replace(release, baselines=baselines)
    differs = LABELS if spec.reads_text else LABELS_OF_ROWS if spec.has_labels else NUMBERS
    sight = power_gates(plan_of(release), baselines, release.languages, differs=differs)
    return check_gates_before(known, [*gates, *sight], now=now())


def test_cases(workspace: Workspace, spec: ModelSpec) -> list[Case]:
    """The test split of a model's data, as versions are compared on it. Without languages all rows count as one."""
    from dragoman.release.cases import cases_of, cases_of_rows  # heavy: as above

    if spec.reads_text:
        return cases_of(workspace.test_examples(spec.name))
    table = workspace.test_table(spec.name)
    if spec.forecast is not None:
        from dragoman.app.forecast_cases import forecast_cases  # heavy: the training parts

        return forecast_cases(spec, table)
    cases = cases_of_rows(table.to_pylist(), target=spec.data.target or "label", has_labels=spec.has_labels)
    return cases if spec.languages else [case._replace(language=UNKNOWN) for case in cases]


def _save(workspace: Workspace, release: Release, move: Move) -> Release:
    """The release with its new state; whoever was faster, such as a person who ended it, was right."""
    try:
        return workspace.catalog.save_release(
            move.release, expected=release.revision, action=move.action, by=CONTROLLER
        )
    except Conflict:
        return workspace.catalog.release(release.id)
