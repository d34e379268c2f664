"""`dragoman deploy`."""

from __future__ import annotations

from pathlib import Path

import click

from dragoman.app import open_workspace
from dragoman.cli.options import workspace
from dragoman.deploy.prometheus import prometheus_files, write_files
from dragoman.deploy.prometheus.scrape import scrape_config

__all__ = ["command"]


@click.group("deploy")
def command() -> None:
    """Write files for other systems: rules for Prometheus."""


@command.command("prometheus")
@click.option(
    "--out",
    "out",
    default="prometheus",
    show_default=True,
    metavar="FOLDER",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where to write, in the workspace unless the path is absolute.",
)
@click.option("--tests", "with_tests", is_flag=True, help="Write tests for `promtool test rules` too.")
@workspace
def prometheus(*, out: Path, with_tests: bool, path: str) -> None:
    """Write recording and alert rules of every model's objectives, and a configuration that reads them.

    The names are Sloth's, so that its dashboards work. Rules of models that are gone are removed.
    """
    space = open_workspace(path)
    config = scrape_config(space.settings)
    files = prometheus_files(space.specs(), config, runbooks=space.settings.runbooks, with_tests=with_tests)
    for written in write_files(space.root / out, files):
        click.echo(written)
