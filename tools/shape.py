#!/usr/bin/env python3
"""Show the shape of src/dragoman: import levels, cycles, long functions and files, imports inside functions.

usage: tools/shape.py [--check] [PACKAGE_FOLDER]

With --check the exit code is 1 if an import runs against `ORDER` or in a circle. Nothing of the package is imported.
"""

from __future__ import annotations

import ast
import graphlib
import importlib.util
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

ORDER = (
    ("errors", "records", "clock"),
    ("spec", "settings", "text"),
    ("store", "data", "models", "profiles"),
    ("features", "runtime", "registry"),
    ("training", "serving", "release", "monitoring", "feedback", "search"),
    ("loop",),
    ("bench", "api", "console", "deploy"),
    ("app",),
    ("cli",),
    ("__init__", "__main__"),  # the package's face: nothing imports it
)
PLACES = {part: (level, place) for level, parts in enumerate(ORDER) for place, part in enumerate(parts)}
PACKAGE = Path(__file__).resolve().parent.parent / "src" / "dragoman"
LONG_FUNCTION = 50
LONG_FILE = 400

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Import(NamedTuple):
    """One module reaches another."""

    source: str
    target: str
    line: int
    is_hidden: bool  # inside a function


class Module(NamedTuple):
    """What one file holds."""

    name: str
    lines: int
    functions: dict[str, int]  # name → lines of its body, without the docstring
    imports: list[Import]  # of the package's own modules


# Reading ------------------------------------------------------------------------------------------------------------


def read_package(folder: Path) -> list[Module]:
    """Every module of a package."""
    files = {_module_name(path, folder): path for path in sorted(folder.rglob("*.py"))}
    return [_read_module(name, path, frozenset(files)) for name, path in files.items()]


def _module_name(path: Path, folder: Path) -> str:
    parts = path.relative_to(folder.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _read_module(name: str, path: Path, known: frozenset[str]) -> Module:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    functions = {f"{name}.{node.name}:{node.lineno}": _body_lines(node) for node in _functions(tree)}
    return Module(name, text.count("\n"), functions, list(_imports(tree, name, package, known)))


def _functions(tree: ast.Module) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def _body_lines(function: Function) -> int:
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def _imports(tree: ast.Module, name: str, package: str, known: frozenset[str]) -> Iterator[Import]:
    hidden = {id(inner) for function in _functions(tree) for inner in ast.walk(function)}
    for node in ast.walk(tree):
        for target in _targets(node, package, known):
            if target != name and not name.startswith(f"{target}."):
                yield Import(name, target, node.lineno, id(node) in hidden)  # type: ignore[attr-defined]


def _targets(node: ast.AST, package: str, known: frozenset[str]) -> set[str]:
    """The package's own modules that an import statement reaches."""
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        stem = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
        names = [f"{stem}.{alias.name}" if f"{stem}.{alias.name}" in known else stem for alias in node.names]
    else:
        names = []
    return {name for name in names if name in known}


# Judging ------------------------------------------------------------------------------------------------------------


def part_of(module: str) -> str:
    """`dragoman.store.blobs` → `store`."""
    _, *rest = module.split(".")
    return rest[0] if rest else "__init__"


def upward_imports(modules: Sequence[Module]) -> list[str]:
    """Imports that do not run downwards or, within one level, leftwards; and parts without a place in `ORDER`."""
    strangers = sorted({part_of(module.name) for module in modules} - PLACES.keys())
    lines = [f"'{part}' has no place in ORDER of tools/shape.py" for part in strangers]
    for one in (one for module in modules for one in module.imports):
        source, target = part_of(one.source), part_of(one.target)
        if not {source, target} & set(strangers) and source != target and PLACES[target] > PLACES[source]:
            lines.append(f"{one.source}:{one.line} imports {one.target}")
    return lines


def find_cycle(graph: dict[str, set[str]]) -> list[str]:
    """Modules that import each other in a circle, the first one again at the end; empty without one."""
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return list(reversed(error.args[1]))
    return []


def module_graph(modules: Sequence[Module]) -> dict[str, set[str]]:
    return {module.name: {one.target for one in module.imports} for module in modules}


def part_graph(modules: Sequence[Module]) -> dict[str, set[str]]:
    graph: dict[str, set[str]] = {}
    for module in modules:
        part = part_of(module.name)
        graph.setdefault(part, set()).update({part_of(one.target) for one in module.imports} - {part})
    return graph


def levels(graph: dict[str, set[str]]) -> list[list[str]]:
    """Parts in the order in which they can be understood: each level needs only those before it."""
    sorter = graphlib.TopologicalSorter(graph)
    sorter.prepare()
    found = []
    while sorter.is_active():
        ready = sorter.get_ready()
        found.append(sorted(ready))
        sorter.done(*ready)
    return found


# Showing ------------------------------------------------------------------------------------------------------------


def show(modules: Sequence[Module]) -> None:
    sizes = [size for module in modules for size in module.functions.values()]
    print(
        f"{len(modules)} files, {sum(module.lines for module in modules)} lines, {len(sizes)} functions: "
        f"{_share(sizes, 10)} within 10 lines, {_share(sizes, 25)} within 25"
    )
    cycle = find_cycle(part_graph(modules))
    for number, parts in enumerate([] if cycle else levels(part_graph(modules))):
        print(f"level {number}: {' '.join(parts)}")
    print("cycle between parts:", " → ".join(cycle) or "none")
    hidden = Counter(one.source for module in modules for one in module.imports if one.is_hidden)
    print(f"own imports inside functions: {hidden.total()}", *_ranked(hidden))
    long = {name: size for module in modules for name, size in module.functions.items() if size > LONG_FUNCTION}
    print(f"functions over {LONG_FUNCTION} lines:", *(_ranked(long) or ["none"]))
    files = {module.name: module.lines for module in modules if module.lines > LONG_FILE}
    print(f"files over {LONG_FILE} lines:", *(_ranked(files) or ["none"]))


def _share(sizes: Sequence[int], limit: int) -> str:
    return f"{sum(size <= limit for size in sizes) / max(len(sizes), 1):.0%}"


def _ranked(sizes: Mapping[str, int]) -> list[str]:
    return [f"{name}({size})" for name, size in sorted(sizes.items(), key=lambda item: -item[1])]


def main(arguments: Sequence[str]) -> int:
    folders = [Path(argument).resolve() for argument in arguments if argument != "--check"] or [PACKAGE]
    if len(folders) > 1 or not folders[0].is_dir():
        print(__doc__, file=sys.stderr)
        return 2
    modules = read_package(folders[0])
    show(modules)
    cycle = find_cycle(module_graph(modules))
    print("cycle between modules:", " → ".join(cycle) or "none")
    upward = upward_imports(modules)
    print("imports against the order:", "none" if not upward else "")
    print(*(f"  {line}" for line in upward), sep="\n", end="\n" if upward else "")
    return int("--check" in arguments and bool(upward or cycle))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
