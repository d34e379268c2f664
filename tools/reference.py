#!/usr/bin/env python3
"""Write the pages of docs/ that are made from the code.

usage: tools/reference.py [--check]

With --check nothing is written; the exit code is 1, and the difference is shown, if a page is not up to date.
"""

from __future__ import annotations

import difflib
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import click

from dragoman.cli import cli
from dragoman.errors import DragomanError
from dragoman.settings import SETTINGS, WORKSPACE_FILE
from dragoman.spec import FieldRow, field_rows, spec_schema
from dragoman.spec.contracts import CONTRACTS_FOLDER, contract_rows
from dragoman.spec.expectations import FORMER_NAMES, GREAT_EXPECTATIONS, PANDERA, REQUIRED, Form

DOCS = Path(__file__).resolve().parent.parent / "docs"
MADE = "<!-- Made by tools/reference.py from the code: change the code, then run `make docs`. -->"
HELP_WIDTH = 100
REPEATED_TABLES = ("kpis",)  # a spec may have several


# Pages --------------------------------------------------------------------------------------------------------------


def spec_page() -> str:
    """Every key of a spec."""
    rows = list(field_rows())
    lines = [
        "# The spec",
        "",
        MADE,
        "",
        "`models/NAME.toml` declares one model. An unknown key is refused. `dragoman spec check` checks the file,",
        "`dragoman spec schema` prints [spec.schema.json](spec.schema.json) for editors; it also has the limits.",
    ]
    for table in dict.fromkeys(map(_table_of, rows)):
        name = f"[[{table}]]" if table in REPEATED_TABLES else f"[{table}]"
        lines += ["", f"## `{name}`" if table else "## Top of the file", ""]
        cells = [(f"`{row.key}`", row.type, _default(row), row.help) for row in rows if _table_of(row) == table]
        lines += _table(("key", "type", "default", "what it says"), cells)
    return _text(lines)


def contract_page() -> str:
    """Every key of a contract, and every name of a rule."""
    rows = list(contract_rows())
    lines = [
        "# Keys of a contract",
        "",
        MADE,
        "",
        f"`{CONTRACTS_FOLDER}/NAME.toml` says what a row of the dataset `NAME` must be: [contracts.md](contracts.md).",
        "An unknown key is refused.",
    ]
    for table in dict.fromkeys(map(_table_of, rows)):
        lines += ["", f"## `[{table}]`" if table else "## Top of the file", ""]
        cells = [(f"`{row.key}`", row.type, _default(row), row.help) for row in rows if _table_of(row) == table]
        lines += _table(("key", "type", "default", "what it says"), cells)
    lines += ["", "## `[[expectations]]`", "", "Parameters without `=` must be given."]
    for title, forms in (("Names of Great Expectations", GREAT_EXPECTATIONS), ("Names of pandera", PANDERA)):
        cells = [(f"`{name}`", _parameters(form), form.words) for name, form in forms.items()]
        lines += ["", f"### {title}", "", *_table(("`type`", "parameters", "what it says"), cells)]
    old = [(f"`{name}`", f"`{now}`") for name, now in FORMER_NAMES.items()]
    lines += ["", "### Short and former names", "", *_table(("name", "is read as"), old)]
    return _text(lines)


def _parameters(form: Form) -> str:
    """`column`, `min_value = none`, …"""
    shown = (
        f"`{name}`" if default is REQUIRED else f"`{name} = {'none' if default is None else json.dumps(default)}`"
        for name, (_, default) in form.parameters.items()
    )
    return ", ".join(shown)


def settings_page() -> str:
    """Every setting of a workspace."""
    cells = [(f"`{s.name}`", f"`{s.variable}`", f"`{json.dumps(s.default)}`", s.help) for s in SETTINGS]
    return _text(
        [
            "# Settings",
            "",
            MADE,
            "",
            "A value comes from the command line, else from the environment, else from the workspace's",
            f"`{WORKSPACE_FILE}`, else from the default. `--host`, `--port`, `--grpc-port` and `--access` are the",
            "settings with an option.",
            "",
            *_table(("setting", "environment", "default", "what it says"), cells),
        ]
    )


def cli_page() -> str:
    """The help of every command."""
    lines = ["# The command", "", MADE, "", "Exit codes: 0 done, 1 the answer is no, 2 wrong usage or input."]
    for context in _contexts(cli, None, "dragoman"):
        lines += ["", f"## `{context.command_path}`", "", "```text", context.get_help().rstrip(), "```"]
    return _text(lines)


def errors_page() -> str:
    """The tree of error classes."""
    classes = list(_classes(DragomanError, "", ""))
    width = max(len(name) for name, _ in classes)
    tree = [f"{name:<{width}}  {kind.status}  exit {kind.exit_code}" for name, kind in classes]
    cells = [(f"`{kind.__name__}`", kind.status, kind.exit_code, _summary(kind)) for _, kind in classes]
    return _text(
        [
            "# Errors",
            "",
            MADE,
            "",
            "Every error that Dragoman raises on purpose is one of these. `message` says what is wrong, with name and",
            "value; `help` says what to do. The number is the HTTP status; the exit code is that of the command.",
            "",
            "```text",
            *tree,
            "```",
            "",
            *_table(("class", "status", "exit code", "meaning"), cells),
        ]
    )


def schema_page() -> str:
    """The JSON Schema of a spec."""
    return json.dumps(spec_schema(), indent=2, ensure_ascii=False) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "cli.md": cli_page,
    "contract-keys.md": contract_page,
    "errors.md": errors_page,
    "settings.md": settings_page,
    "spec.md": spec_page,
    "spec.schema.json": schema_page,
}


# Parts of pages -----------------------------------------------------------------------------------------------------


def _table_of(row: FieldRow) -> str:
    return row.key.rpartition(".")[0]


def _default(row: FieldRow) -> str:
    return {"required": "required", "null": ""}.get(row.default, f"`{row.default}`")


def _contexts(command: click.Command, parent: click.Context | None, name: str) -> Iterator[click.Context]:
    """A context for a command and all below it. The width is fixed, so that the page is the same everywhere."""
    context = command.context_class(
        command,
        parent=parent,
        info_name=name,
        terminal_width=HELP_WIDTH,
        max_content_width=HELP_WIDTH,
        **command.context_settings,
    )
    yield context
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            found = command.get_command(context, inner)
            assert found is not None
            yield from _contexts(found, context, inner)


def _classes(kind: type[DragomanError], lead: str, below: str) -> Iterator[tuple[str, type[DragomanError]]]:
    """Each class with its line of the tree."""
    yield lead + kind.__name__, kind
    children = [child for child in kind.__subclasses__() if child.__module__ == DragomanError.__module__]
    for child in children:
        last = child is children[-1]
        yield from _classes(child, below + ("└── " if last else "├── "), below + ("    " if last else "│   "))


def _summary(kind: type[DragomanError]) -> str:
    return (kind.__doc__ or "").strip().partition("\n")[0]


def _table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    return [_row(columns), "|---" * len(columns) + "|", *map(_row, rows)]


def _row(cells: Sequence[object]) -> str:
    return "| " + " | ".join(str(cell).replace("|", r"\|") for cell in cells) + " |"


def _text(lines: Sequence[str]) -> str:
    return "\n".join(lines) + "\n"


# Writing and checking -----------------------------------------------------------------------------------------------


def write_pages(folder: Path) -> None:
    """Write the pages that changed."""
    for name, page in PAGES.items():
        if difference(folder, name):
            (folder / name).write_text(page(), encoding="utf-8")


def difference(folder: Path, name: str) -> str:
    """What would change in a page; empty when it is up to date."""
    path = folder / name
    there = path.read_text(encoding="utf-8") if path.is_file() else ""
    wanted = PAGES[name]()
    lines = difflib.unified_diff(
        there.splitlines(keepends=True),
        wanted.splitlines(keepends=True),
        f"docs/{name}",
        f"docs/{name} (from the code)",
    )
    return "".join(lines)


def main(arguments: Sequence[str]) -> int:
    if arguments not in ([], ["--check"]):
        print(__doc__, file=sys.stderr)
        return 2
    if not arguments:
        write_pages(DOCS)
        return 0
    differences = [text for name in PAGES if (text := difference(DOCS, name))]
    print("\n".join(differences) or "The reference pages are up to date.")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
