"""`dragoman models`."""

from __future__ import annotations

from typing import Any

import click

from dragoman.app import Workspace, open_workspace
from dragoman.cli.models_card import card
from dragoman.cli.models_diff import diff
from dragoman.cli.models_retire import restore, retire
from dragoman.cli.models_trust import commands as trust_commands
from dragoman.cli.options import as_json, print_json, print_table, workspace
from dragoman.records import Version
from dragoman.training.runs import result_of

__all__ = ["command"]


@click.group("models")
def command() -> None:
    """List, show, compare, sign, promote and retire registered versions."""


for one in (card, diff, restore, retire, *trust_commands):
    command.add_command(one)


@command.command("list")
@as_json
@workspace
def list_versions(*, as_json: bool, path: str) -> None:
    """List every version of every model."""
    place = open_workspace(path)
    versions = [version for model in place.catalog.models() for version in place.catalog.versions(model)]
    if as_json:
        print_json(versions)
        return
    rows = [_row(place, version) for version in versions]
    print_table(("version", "aliases", "result", "created", "bundle"), rows)


@command.command("show")
@click.argument("model")
@as_json
@workspace
def show(model: str, *, as_json: bool, path: str) -> None:
    """Show a version: its card, its evaluation, and its lineage back to the data.

    MODEL is a name (its champion), NAME@ALIAS, or NAME/NUMBER.
    """
    from dragoman.registry.bundle import CARD_FILE  # heavy: the ONNX library

    place = open_workspace(path)
    version = place.registry.resolve(model, retired=True)
    bundle = place.registry.look(version)
    run = place.catalog.run(version.run)
    if as_json:
        print_json({"version": version, "run": run, "lineage": bundle.lineage, "evaluation": bundle.evaluation})
        return
    click.echo((bundle.folder / CARD_FILE).read_text(encoding="utf-8"))
    click.echo("## Lineage\n")
    for line in _lineage(version, run, bundle.lineage.sources):
        click.echo(f"- {line}")


def _row(place: Workspace, version: Version) -> tuple[str, ...]:
    run = place.catalog.run(version.run)
    standing = f"retired {version.retired[:10]}" if version.retired else ", ".join(version.aliases)
    return version.uri, standing, result_of(run.metrics), version.created, version.bundle[:12]


def _lineage(version: Version, run: Any, sources: dict[str, str]) -> list[str]:
    files = [f"source {name}, sha256 {digest[:16]}" for name, digest in sorted(sources.items())]
    return [
        f"version {version.uri}, bundle {version.bundle[:16]}, aliases: {', '.join(version.aliases) or 'none'}",
        f"run {run.id}, {run.started}, {run.seconds:.0f} s, seed {run.seed}, on {run.hardware['processor']}",
        f"code: dragoman {run.code['dragoman']} ({run.code['dragoman_digest'][:16]})",
        f"dataset {run.dataset}, version {run.dataset_number}, digest {run.dataset_digest[:16]}",
        *files,
    ]
