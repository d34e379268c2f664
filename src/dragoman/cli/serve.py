"""`dragoman serve`."""

from __future__ import annotations

import click

from dragoman.app import open_workspace, serve
from dragoman.cli.options import Command, workspace

__all__ = ["address", "command"]


def address(command: Command) -> Command:
    """The options that say where the server listens."""
    command = click.option("--port", type=int, help="Port; 0 takes a free one. Default: the setting `port`.")(command)
    return click.option("--host", help="Address. Default: the setting `host`.")(command)


@click.command("serve")
@click.argument("models", nargs=-1)
@address
@workspace
def command(models: tuple[str, ...], *, host: str | None, port: int | None, path: str) -> None:
    """Serve models over HTTP.

    Without MODELS, every model that has a champion. A model is NAME (its champion), NAME@ALIAS or NAME/NUMBER. SIGTERM
    drains: requests in flight are answered first.
    """
    place = open_workspace(path, host=host, port=port)
    serve(place, models, on_ready=lambda url: click.echo(f"Serving on {url}; /openapi.json describes the API."))
