"""A verb of the command line, run on a workspace."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from click.testing import CliRunner, Result

from dragoman.app.workspace import Workspace
from dragoman.cli import cli
from dragoman.errors import DragomanError


class Verb(NamedTuple):
    name: str

    def run(self, place: Workspace, *arguments: object, input: str | None = None) -> Result:
        return CliRunner().invoke(cli, [self.name, *map(str, arguments), "-w", str(place.root)], input=input)

    def output(self, place: Workspace, *arguments: object, input: str | None = None) -> str:
        """What it prints when it succeeds."""
        done = self.run(place, *arguments, input=input)
        assert done.exit_code == 0, (done.output, done.exception)
        return done.output

    def told(self, place: Workspace, *arguments: object, input: str | None = None) -> Any:
        """What it prints with --json."""
        return json.loads(self.output(place, *arguments, "--json", input=input))

    def error(self, place: Workspace, *arguments: object, input: str | None = None) -> DragomanError:
        """What it is refused with."""
        found = self.run(place, *arguments, input=input).exception
        assert isinstance(found, DragomanError), found
        return found
