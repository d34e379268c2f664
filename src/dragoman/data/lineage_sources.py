"""Sources by the names that OpenLineage gives them (https://openlineage.io/docs/spec/naming)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

__all__ = ["OpenLineageName", "name_of_source"]

URL = re.compile(r"(?P<url>(?:sqlite|postgresql)://[^?]*)\?(?P<query>.*)\Z", re.DOTALL)
TOPIC = re.compile(r"kafka:(?P<topic>.+)/(?P<partition>[0-9]+)@(?P<offsets>[0-9]+-[0-9]+)\Z")
SNAPSHOT = re.compile(r"(?P<path>.+)@(?P<version>[0-9]+)\Z")
AGAIN = re.compile(r"#[0-9]+\Z")  # a query that was read before, with other rows
POSTGRES_PORT = 5432


class OpenLineageName(NamedTuple):
    """Where something is, and what it is called there."""

    namespace: str
    name: str
    kind: str = ""  # TABLE, FILE, TOPIC; empty where nobody knows
    version: str = ""
    query: str = ""


def name_of_source(name: str, root: Path) -> OpenLineageName:
    """The name of a source of a dataset version: a file, a Delta table, a query, or messages of a topic."""
    if match := URL.match(AGAIN.sub("", name)):
        return _database(match["url"], match["query"], root)
    if match := TOPIC.match(name):
        return OpenLineageName("kafka", match["topic"], "TOPIC", f"{match['partition']}:{match['offsets']}")
    if match := SNAPSHOT.match(name):
        return OpenLineageName("file", (root / match["path"]).as_posix(), "TABLE", match["version"])
    return OpenLineageName("file", (root / name).as_posix(), "FILE")


def _database(url: str, query: str, root: Path) -> OpenLineageName:
    parts = urlsplit(url)
    database = parts.path.removeprefix("/")
    if parts.scheme == "sqlite":
        return OpenLineageName("file", (root / database).as_posix(), query=query)
    address = f"postgres://{parts.hostname or 'localhost'}:{parts.port or POSTGRES_PORT}"
    return OpenLineageName(address, database, query=query)
