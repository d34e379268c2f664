"""`dragoman spec`."""

from __future__ import annotations

from pathlib import Path

import click

from dragoman.app import open_workspace
from dragoman.cli.options import print_json, workspace
from dragoman.spec import ModelSpec, read_spec, spec_schema

__all__ = ["command"]


@click.group("spec")
def command() -> None:
    """Check a model's spec, or print its JSON Schema."""


@command.command("check")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@workspace
def check(files: tuple[Path, ...], path: str) -> None:
    """Check spec files; all those of the workspace when none is named."""
    specs = [read_spec(file) for file in files] if files else open_workspace(path).specs()
    for spec in specs:
        click.echo(_summary(spec))


@command.command("schema")
def schema() -> None:
    """Print the JSON Schema of a spec, for editors."""
    print_json(spec_schema())


def _summary(spec: ModelSpec) -> str:
    return (
        f"{spec.name}: {spec.task}, {len(spec.data.labels)} labels, {len(spec.languages)} languages, "
        f"from {spec.base.checkpoint}, owned by {spec.owner}"
    )
