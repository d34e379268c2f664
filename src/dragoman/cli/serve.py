"""`dragoman serve`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from dragoman.app import Source, open_workspace, serve
from dragoman.app.loop_child import LoopChild
from dragoman.cli.options import Command, workspace
from dragoman.settings import WORKSPACE_FILE, read_settings

__all__ = ["address", "command", "compute"]


def address(command: Command) -> Command:
    """The options that say where the server listens."""
    command = click.option("--access", help="Who needs a key: auto, keys or open. Default: the setting `access`.")(
        command
    )
    command = click.option("--grpc-port", type=int, help="Port of the gRPC server; 0: none. Default: the setting.")(
        command
    )
    command = click.option("--port", type=int, help="Port; 0 takes a free one. Default: the setting `port`.")(command)
    return click.option("--host", help="Address. Default: the setting `host`.")(command)


def compute(command: Command) -> Command:
    """The options that say how models are run."""
    command = click.option("--threads", type=int, default=0, help="Threads of the runtime; 0: all cores.")(command)
    command = click.option(
        "--device", default="auto", show_default=True, help="cpu, cuda, or auto: as the spec says, else cpu."
    )(command)
    return click.option(
        "--precision", default="auto", show_default=True, help="fp32, int8, bf16, fp16, or auto: as tuned."
    )(command)


@click.command("serve")
@click.argument("models", nargs=-1)
@click.option("--model", "named", multiple=True, metavar="NAME=SOURCE", help="A folder or models:/NAME/3; repeatable.")
@click.option("--task", "tasks", multiple=True, metavar="NAME=TASK", help="Task of a --model; default: by its head.")
@click.option("--loop", "with_loop", is_flag=True, help="Run the loop of the workspace too, as `dragoman up` does.")
@compute
@address
@workspace
def command(
    models: tuple[str, ...],
    *,
    named: tuple[str, ...],
    tasks: tuple[str, ...],
    with_loop: bool,
    precision: str,
    device: str,
    threads: int,
    path: str,
    **listen: Any,
) -> None:
    """Serve models over HTTP.

    MODELS are those of the workspace: NAME (its champion), NAME@ALIAS or NAME/NUMBER; without any, every champion.
    With --model NAME=SOURCE, a bundle, a Hugging Face or a sentence-transformers folder is served under a name, and no
    workspace is needed. SIGTERM drains: requests in flight are answered first.
    """
    from dragoman.runtime.sessions import Compute  # heavy: only a server needs it

    sources = _sources(named, tasks)
    has_workspace = bool(models) or not sources or (Path(path) / WORKSPACE_FILE).exists()
    place = open_workspace(path, **listen) if has_workspace else None
    if with_loop and place is None:
        raise click.UsageError("--loop needs a workspace.")

    def tell(url: str) -> None:
        loop.start()
        click.echo(f"Serving on {url}; /openapi.json describes the API.")

    with LoopChild(place.root if with_loop and place else None) as loop:
        serve(
            place.settings if place else read_settings(None, listen),
            place,
            models,
            sources=sources,
            compute=Compute(precision, device, threads),
            on_ready=tell,
        )


def _sources(named: tuple[str, ...], tasks: tuple[str, ...]) -> list[Source]:
    places, wanted = _pairs("--model", named), _pairs("--task", tasks)
    if unknown := sorted(wanted.keys() - places.keys()):
        raise click.UsageError(f"--task {unknown[0]}=… names no --model.")
    return [Source(name, where, wanted.get(name)) for name, where in places.items()]


def _pairs(option: str, given: tuple[str, ...]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in given:
        name, _, value = text.partition("=")
        if not name or not value:
            raise click.UsageError(f"{option} '{text}' is not NAME=VALUE.")
        if name in pairs:
            raise click.UsageError(f"{option} is given twice for '{name}'.")
        pairs[name] = value
    return pairs
