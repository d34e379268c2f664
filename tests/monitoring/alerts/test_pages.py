"""What the documentation says of alerts is so."""

from __future__ import annotations

import re
import shlex
import tomllib
import typing
from pathlib import Path

import click
import msgspec
import pytest

from dragoman.cli import cli
from dragoman.monitoring.alerts import runbook_of
from dragoman.monitoring.alerts.runbooks import RUNBOOKS
from dragoman.monitoring.alerts.webhook import WebhookMessage
from dragoman.records import AlertKind
from dragoman.spec.receivers import RECEIVER_KINDS, receiver_rows
from dragoman.spec.receivers_file import parse_receivers

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "alerts.md"
KINDS = typing.get_args(AlertKind)
PAGES = sorted((ROOT / RUNBOOKS).glob("*.md"))
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
SECTIONS = ("## Look here first", "## What to do", "## Escalate")


def blocks(path: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def commands(path: Path) -> list[str]:
    """Every command that the page tells people to enter, in blocks and between words."""
    text = path.read_text(encoding="utf-8")
    shown = [line for block in blocks(path, "sh") for line in block.splitlines() if line.startswith("dragoman ")]
    return shown + re.findall(r"`(dragoman [^`]+)`", text)


def test_every_kind_of_alert_has_a_runbook_and_every_runbook_a_kind():
    assert {page.stem for page in PAGES} == {*KINDS, "README"}
    assert all((ROOT / runbook_of(kind)).is_file() for kind in KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_runbook_says_where_to_look_what_to_do_and_when_to_call(kind):
    text = (ROOT / runbook_of(kind)).read_text(encoding="utf-8")
    assert text.startswith(f"# {kind}: ")
    assert [section for section in SECTIONS if f"\n{section}\n" not in text] == []
    assert f"[{kind}]({kind}.md)" in (ROOT / RUNBOOKS / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_every_link_of_a_runbook_points_at_a_file(page):
    targets = [one for one in LINK.findall(page.read_text(encoding="utf-8")) if not one.startswith("https://")]
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", [*PAGES, PAGE], ids=lambda path: path.stem)
def test_every_command_of_a_page_can_be_entered(page):
    assert [line for line in commands(page) if not can_be_entered(line)] == []


def can_be_entered(line: str) -> bool:
    """Whether the verbs and options are there."""
    words, command = shlex.split(line, comments=True)[1:], typing.cast(click.Command, cli)
    while isinstance(command, click.Group):
        if command.invoke_without_command and (not words or words[0].startswith("-")):
            break
        is_verb = bool(words) and command.get_command(click.Context(command), words[0]) is not None
        inner = command.get_command(click.Context(command), words.pop(0) if is_verb else "show")
        if inner is None:
            return False
        command = inner
    known = {option for parameter in command.params for option in parameter.opts}
    return all(word in known for word in words if word.startswith("-"))


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_python_in_a_runbook_can_be_compiled(page):
    assert all(compile(block, str(page), "exec") for block in blocks(page, "python"))


@pytest.mark.parametrize(
    ("base", "address"),
    [
        ("", "docs/runbooks/slo.md"),
        ("https://wiki.example.com/runbooks/", "https://wiki.example.com/runbooks/slo.md"),
        ("https://wiki.example.com/Dragoman-{kind}", "https://wiki.example.com/Dragoman-slo"),
    ],
)
def test_the_address_of_a_runbook(base, address):
    assert runbook_of("slo", base) == address


def test_the_example_of_the_page_has_a_receiver_of_each_kind():
    (example,) = blocks(PAGE, "toml")
    assert len(parse_receivers(example)) == 3
    assert {one["kind"] for one in tomllib.loads(example)["receivers"]} == set(RECEIVER_KINDS)


@pytest.mark.parametrize("kind", RECEIVER_KINDS)
def test_every_key_of_a_receiver_is_on_the_page(kind):
    text = PAGE.read_text(encoding="utf-8")
    for row in receiver_rows(kind):
        default = row.default if row.default == "required" else f"`{row.default}`"
        found = re.search(
            rf"^\| `{row.key}` \| (.+?) \| {re.escape(f'{row.type} | {default} | {row.help} |')}$", text, re.MULTILINE
        )
        assert found, row
        assert found[1] == "all" or kind in found[1].split(", ")


def test_the_message_on_the_page_is_one():
    (example,) = blocks(PAGE, "json")
    message = msgspec.json.decode(example, type=WebhookMessage)
    assert set(msgspec.json.decode(example)) == set(WebhookMessage.__struct_fields__)
    assert message.alerts[0].kind == "slo"
