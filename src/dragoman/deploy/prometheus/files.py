"""The files of a workspace for Prometheus."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dragoman.deploy.prometheus.alerts import absent_groups, burn_group, no_metrics_group, own_groups
from dragoman.deploy.prometheus.recordings import Group, event_groups, slo_groups
from dragoman.deploy.prometheus.rule_tests import rule_tests
from dragoman.deploy.prometheus.slo import Slo
from dragoman.deploy.yaml_text import yaml_text
from dragoman.monitoring.slo import objectives_of
from dragoman.monitoring.slo.absence import WINDOWS
from dragoman.spec import ModelSpec
from dragoman.store.files import write_atomically

__all__ = ["HEAD", "prometheus_files", "write_files"]

HEAD = "Made by `dragoman deploy prometheus`; what is changed here is lost when it is made again."
HOUR = 60  # minutes: the window that the period is summed from


def prometheus_files(
    specs: Sequence[ModelSpec], config: Mapping[str, Any], *, runbooks: str = "", with_tests: bool = False
) -> dict[str, str]:
    """Rules of all models, tests of them where wanted, and Prometheus' configuration: paths and contents.

    The rules of single languages are a file of their own: they are many, and the others do not need them.
    """
    files = {"prometheus.yml": config, "rules/dragoman-alerts.yml": {"groups": own_groups(runbooks)}}
    for spec in specs:
        slos = [Slo.of(objective, spec) for objective in objectives_of(spec)]
        whole, single = ([slo for slo in slos if bool(slo.objective.language) == is_one] for is_one in (False, True))
        path = f"rules/dragoman-slo-{spec.name}.yml"
        groups = [*_model_groups(spec, slos, runbooks), *_groups(whole, runbooks)]
        if slos:
            files[path] = {"groups": groups}
        if single:
            files[f"rules/dragoman-slo-{spec.name}-languages.yml"] = {"groups": _groups(single, runbooks)}
        if whole and with_tests:
            files[f"tests/dragoman-slo-{spec.name}.yml"] = rule_tests(f"../{path}", groups, whole)
    return {name: yaml_text(content, comment=HEAD) for name, content in files.items()}


def _model_groups(spec: ModelSpec, slos: Sequence[Slo], runbooks: str) -> list[Group]:
    """What all objectives of a model are made of, and the alert for where it is missing."""
    windows = {window for slo in slos for window in slo.windows} | {HOUR, *WINDOWS}
    return [*event_groups(spec.name, sorted(windows)), no_metrics_group(spec.name, spec.owner, runbooks)]


def _groups(slos: Sequence[Slo], runbooks: str) -> list[Group]:
    return [
        group for slo in slos for group in (*slo_groups(slo), burn_group(slo, runbooks), *absent_groups(slo, runbooks))
    ]


def write_files(folder: Path, files: Mapping[str, str]) -> list[Path]:
    """Write the files, each whole or not at all, and remove those that were made of models that are gone.

    Returns the paths of those that were written. Raises `StorageFull`, and `InvalidInput` if there can be no folder.
    """
    written = [folder / name for name in sorted(files)]
    for path in written:
        write_atomically(path, files[str(path.relative_to(folder))].encode())
    for path in [*folder.glob("rules/dragoman-slo-*.yml"), *folder.glob("tests/dragoman-slo-*.yml")]:
        if path not in written and path.read_text(encoding="utf-8", errors="replace").startswith(f"# {HEAD}\n"):
            path.unlink(missing_ok=True)
    return written
