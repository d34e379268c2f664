"""Options that say where rows come from."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click

from dragoman.app.datasets import Files, Origin, Query, Topic
from dragoman.cli.options import Command
from dragoman.data.sources import FORMATS, CsvDialect
from dragoman.errors import InvalidInput

__all__ = ["Given", "csv_options", "source_options"]


URL_VARIABLE = "DRAGOMAN_SQL"  # a URL with a password does not belong into a command line


class Given(NamedTuple):
    """What the command line says of a source."""

    places: Sequence[str]
    format: str | None
    delimiter: str | None
    quote: str | None
    encoding: str | None
    columns: str | None
    url: str | None
    query: str | None
    kafka: str | None
    topic: str | None
    kafka_config: Path | None
    from_start: bool

    @classmethod
    def of_files(cls, **how: Any) -> Given:
        """Files only; `how` are the options of `csv_options`."""
        return cls(places=(), url=None, query=None, kafka=None, topic=None, kafka_config=None, from_start=False, **how)

    def origin(self) -> Origin:
        """The one place that is named. Raises `InvalidInput` for none, or more than one."""
        named = [
            what
            for what, value in (("files", self.places), ("--sql", self.url or self.query), ("--kafka", self.kafka))
            if value
        ]
        if len(named) != 1:
            what = " and ".join(named) if named else "no source"
            raise InvalidInput(
                f"The command names {what}.", help="Name files, or --sql and --query, or --kafka and --topic."
            )
        if self.url or self.query:
            url = self.url or os.environ.get(URL_VARIABLE)
            return Query(_needed(url, "--sql", "--query"), _needed(self.query, "--query", "--sql"))
        return self._topic(self.kafka) if self.kafka else self.files(self.places)

    def files(self, places: Sequence[str | Path]) -> Files:
        """Files, read as the options say, relative to the folder in which the command runs."""
        return Files([str(place) for place in places], Path.cwd(), self.format or "", self._dialect())

    def _topic(self, servers: str) -> Topic:
        from dragoman.data.sources.confluent import read_properties

        properties = read_properties(self.kafka_config) if self.kafka_config else {}
        return Topic(servers, _needed(self.topic, "--topic", "--kafka"), properties, self.from_start)

    def _dialect(self) -> CsvDialect | None:
        given = {"delimiter": self.delimiter, "quote": self.quote, "encoding": self.encoding}
        how = {name: value for name, value in given.items() if value is not None}
        if how.get("delimiter") == "\\t":
            how["delimiter"] = "\t"
        names = tuple(self.columns.split(",")) if self.columns else ()
        return CsvDialect(names=names, **how) if how or names else None


def _needed(value: str | None, option: str, other: str) -> str:
    if not value:
        raise InvalidInput(f"{other} needs {option}.", help="`dragoman data ingest --help` shows examples.")
    return value


def csv_options(command: Command) -> Command:
    """How files are read."""
    return _all_of(
        command,
        click.option(
            "--format",
            type=click.Choice(list(FORMATS)),
            help="What the files are. Default: by their names.",
        ),
        click.option(
            "--delimiter", metavar="CHARACTER", help="Of CSV: between two fields. Default: a comma; .tsv: a tab."
        ),
        click.option("--quote", metavar="CHARACTER", help='Of CSV: around a field. Default: ".'),
        click.option("--encoding", metavar="NAME", help="Of CSV. Default: utf-8."),
        click.option("--columns", metavar="A,B,…", help="Of CSV without a header: the names of the columns."),
    )


def source_options(command: Command) -> Command:
    """Where rows come from, and how they are read."""
    return _all_of(
        csv_options(command),
        click.option(
            "--sql",
            "url",
            metavar="URL",
            help=f"A database: sqlite:///FILE or postgresql://… Default: {URL_VARIABLE} in the environment.",
        ),
        click.option("--query", metavar="SELECT", help="Of a database: the query whose rows are read."),
        click.option("--kafka", metavar="HOST:PORT,…", help="The brokers of Kafka."),
        click.option("--topic", metavar="NAME", help="Of Kafka: the topic; a message is a JSON object."),
        click.option(
            "--kafka-config",
            type=click.Path(path_type=Path),
            help="Of Kafka: a file of key=value lines, for encryption and passwords.",
        ),
        click.option(
            "--from-start", is_flag=True, help="Of Kafka: all messages that are there, not only those not read yet."
        ),
    )


def _all_of(command: Command, *options: Callable[[Any], Any]) -> Command:
    for option in reversed(options):
        command = option(command)
    return command
