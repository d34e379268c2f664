"""`dragoman models card`."""

from __future__ import annotations

from pathlib import Path

import click

from dragoman.app import open_workspace
from dragoman.cli.options import workspace
from dragoman.store.files import write_atomically

__all__ = ["card"]


@click.command("card")
@click.argument("model")
@click.option("--output", type=click.Path(path_type=Path), metavar="FILE", help="Write it there. Default: print it.")
@workspace
def card(model: str, *, output: Path | None, path: str) -> None:
    """Make the card of a version as of today, in Markdown, from everything that was recorded of it.

    MODEL is a name (its champion), NAME@ALIAS, or NAME/NUMBER. The card has results per language, gates, data, known
    gaps, promotions, and the releases that the version took part in.
    """
    from dragoman.registry.living_card import living_card, read_history  # heavy: the ONNX library

    place = open_workspace(path)
    version = place.registry.resolve(model, retired=True)
    text = living_card(place.registry.look(version), read_history(place.catalog, version))
    if output is None:
        click.echo(text)
    else:
        write_atomically(output, text.encode())
        click.echo(f"The card of {version.uri} is in {output}.")
