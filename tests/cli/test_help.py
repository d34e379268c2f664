from __future__ import annotations

import re
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from dragoman.cli import VERBS, cli


def command_of(verb: str) -> click.Command:
    command = cli.get_command(click.Context(cli), verb)
    assert command is not None
    return command


def all_commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            inner = command.get_command(click.Context(command), name)
            assert inner is not None
            yield from all_commands(inner, f"{path} {name}")


COMMANDS = dict(all_commands(cli, "dragoman"))


@pytest.mark.parametrize("verb", VERBS)
def test_the_line_of_a_verb_is_the_first_sentence_of_its_help(verb):
    first, *_ = re.split(r"(?<=\.)\s", command_of(verb).help or "")
    assert VERBS[verb] == " ".join(first.split())


@pytest.mark.parametrize("path", COMMANDS)
def test_a_command_answers_help_with_its_own_path(path):
    done = CliRunner().invoke(cli, [*path.split()[1:], "--help"], prog_name="dragoman")
    assert done.exit_code == 0
    assert f"Usage: {path}" in done.output


@pytest.mark.parametrize("path", COMMANDS)
def test_every_option_of_a_command_says_what_it_does(path):
    options = [param for param in COMMANDS[path].params if isinstance(param, click.Option)]
    assert [option.name for option in options if not option.help] == []


def test_the_help_names_every_verb():
    output = CliRunner().invoke(cli, ["--help"]).output
    assert [verb for verb, line in VERBS.items() if f"{verb} " not in output or line not in output] == []


def test_an_unknown_verb_is_wrong_usage():
    assert CliRunner().invoke(cli, ["trian"]).exit_code == 2


@pytest.mark.parametrize("path", [path for path in COMMANDS if path.endswith((" list", " show"))])
def test_every_listing_can_print_json(path):
    assert "--json" in [name for param in COMMANDS[path].params for name in param.opts]


def test_a_mistyped_verb_gets_the_nearest_one() -> None:
    result = CliRunner().invoke(cli, ["tarin"])
    assert result.exit_code == 2
    assert "Did you mean 'train'?" in result.output
