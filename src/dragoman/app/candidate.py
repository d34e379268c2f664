"""The gates before traffic: both versions on the test split, before any user meets the new one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from dragoman.app.recent_traffic import has_learned_labels, recent_cases
from dragoman.app.workspace import Workspace
from dragoman.errors import Conflict
from dragoman.records import Baseline, Release
from dragoman.release.controller import CONTROLLER, Move, check_gates_before, plan_of, roll_back
from dragoman.release.outcome import UNKNOWN
from dragoman.spec import ModelSpec
from dragoman.store.audit import now

if TYPE_CHECKING:
    import pyarrow as pa

    from dragoman.release.cases import Case
    from dragoman.serving.model import Model

__all__ = ["cases_of_table", "check_candidate", "test_cases"]


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


def _checked(workspace: Workspace, release: Release, show: Callable[[str], None]) -> Move:
    from dragoman.release.baselines import counted_baselines, larger_baselines
    from dragoman.release.before import check_before
    from dragoman.release.comparison import compare_versions  # heavy: the serving parts
    from dragoman.release.power import LABELS, LABELS_OF_ROWS, NUMBERS, power_gates

    spec = workspace.spec(release.model)
    champion, challenger = (f"models:/{release.model}/{number}" for number in (release.champion, release.challenger))
    show(f"Comparing {challenger} with {champion} on the test split.")
    with workspace.load(champion) as one, workspace.load(challenger) as other:
        comparison = compare_versions(one, other, test_cases(workspace, spec))
        recent = _recent_baselines(workspace, spec, release, one, other)
    bundle = workspace.registry.open(workspace.registry.resolve(challenger))
    gates = check_before(comparison, spec, parity=bundle.parity, tuning=bundle.tuning)
    baselines = larger_baselines(counted_baselines(comparison.languages), recent)
    known = msgspec.structs.replace(release, baselines=baselines)
    differs = LABELS if spec.reads_text else LABELS_OF_ROWS if spec.has_labels else NUMBERS
    sight = power_gates(plan_of(release), baselines, release.languages, differs=differs)
    return check_gates_before(known, [*gates, *sight], now=now())


def _recent_baselines(
    workspace: Workspace, spec: ModelSpec, release: Release, champion: Model, challenger: Model
) -> dict[str, Baseline]:
    """How often the versions differ on what is asked now; of a challenger only that has learned from labels."""
    from dragoman.release.baselines import counted_baselines
    from dragoman.release.comparison import compare_answers  # heavy: the serving parts

    if not has_learned_labels(workspace, release.model, release.challenger):
        return {}
    cases = recent_cases(workspace, spec)
    return counted_baselines(compare_answers(champion, challenger, cases)[1], source="traffic") if cases else {}


def test_cases(workspace: Workspace, spec: ModelSpec) -> list[Case]:
    """The test split of a model's data, as versions are compared on it. Without languages all rows count as one."""
    from dragoman.release.cases import cases_of  # heavy: as above

    if spec.reads_text:
        return cases_of(workspace.test_examples(spec.name))
    table = workspace.test_table(spec.name)
    if spec.forecast is not None:
        from dragoman.app.forecast_cases import forecast_cases  # heavy: the training parts

        return forecast_cases(spec, table)
    return cases_of_table(spec, table)


def cases_of_table(spec: ModelSpec, table: pa.Table) -> list[Case]:
    """The rows of a table; without languages all count as one."""
    from dragoman.release.cases import cases_of_rows  # heavy: as above

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
