"""The command: one module per verb, loaded when it is used."""

from __future__ import annotations

import difflib
import importlib
import os
import sys
from typing import Any

import click

from dragoman.errors import DragomanError

__all__ = ["VERBS", "cli", "main"]

VERBS = {
    "init": "Write an example workspace to a new folder.",
    "up": "Train what needs training, register it, and serve it.",
    "data": "Check, ingest, compare and trace datasets under contract.",
    "features": "Apply feature views, keep their rows fresh, find skew.",
    "train": "Train a model and register the result as a version.",
    "predict": "Answer texts, rows, or a file of them, with a registered model.",
    "serve": "Serve models over HTTP.",
    "models": "List, show, compare, sign, promote and retire registered versions.",
    "release": "Release a version by evidence, language by language.",
    "monitor": "Show traffic, quality, drift, objectives and alerts by language.",
    "labels": "Bring labels back, and see from them how good a model is in use.",
    "loop": "Look after models in use; train anew when their specs say so.",
    "audit": "Show the log of all changes, and check that nobody altered it.",
    "tune": "Find the fastest form of a version that answers like its fp32 form.",
    "bench": "Measure Dragoman on this machine, side by side with its peers.",
    "deploy": "Write files for other systems: rules for Prometheus.",
    "keys": "Make and trust signing keys; make API keys with roles.",
    "spec": "Check a model's spec, or print its JSON Schema.",
}

# As `runtime.blas` does for whoever loads a model in Python; here it is early enough not to make the threads at all.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


class LazyGroup(click.Group):
    """A group whose commands are imported one by one: `dragoman --help` imports none."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        module = importlib.import_module(f"dragoman.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in VERBS and (near := difflib.get_close_matches(args[0], VERBS, n=1)):
            ctx.fail(f"No such command '{args[0]}'. Did you mean '{near[0]}'?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="dragoman")
def cli() -> None:
    """Multilingual text models through their whole life in production.

    One file declares a model, one command runs it, every language counts.
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command. Exit codes: 0 done, 1 the answer is no, 2 wrong usage or input."""
    try:
        done: Any = cli.main(arguments, prog_name="dragoman", standalone_mode=False)
    except DragomanError as error:
        click.echo(f"error: {error.message}", err=True)
        if error.help:
            click.echo(f"help: {error.help}", err=True)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped", err=True)
        sys.exit(130)
    sys.exit(done if isinstance(done, int) else 0)
