"""The catalog's tables, by numbered steps. A step that was released never changes; a new one is appended."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from dragoman.errors import Conflict
from dragoman.store.adoption import adopt

__all__ = ["MIGRATIONS", "migrate"]

Migration = Callable[[Connection], None]
MIGRATIONS: list[Migration] = []
ATTEMPTS = 5


def migrate(engine: Engine) -> bool:
    """Apply the steps that are missing, all or none; says whether there were some.

    Two processes may do so at once: where the database does not make one wait, it refuses the second one's tables, and
    the second one looks again. Raises `Conflict` for a catalog that a newer release wrote.
    """
    for _ in range(ATTEMPTS - 1):
        try:
            return _apply_missing(engine)
        except (IntegrityError, ProgrammingError):
            continue
    return _apply_missing(engine)


def _apply_missing(engine: Engine) -> bool:
    with engine.begin() as connection:
        applied = _applied(connection)
        _refuse_unknown(applied)
        missing = [migration for migration in MIGRATIONS if migration.__name__ not in applied]
        for migration in missing:
            _remember(connection, migration.__name__)
            migration(connection)
    return bool(missing)


def _applied(connection: Connection) -> set[str]:
    connection.execute(
        text("CREATE TABLE IF NOT EXISTS migrations (name TEXT NOT NULL PRIMARY KEY, applied TEXT NOT NULL)")
    )
    return set(connection.execute(text("SELECT name FROM migrations")).scalars())


def _remember(connection: Connection, name: str) -> None:
    connection.execute(
        text("INSERT INTO migrations (name, applied) VALUES (:name, :applied)"),
        {"name": name, "applied": datetime.now(UTC).isoformat(timespec="seconds")},
    )


def _refuse_unknown(applied: set[str]) -> None:
    if unknown := sorted(applied - {migration.__name__ for migration in MIGRATIONS}):
        raise Conflict(
            f"The catalog was written by a newer Dragoman: it has the migration '{unknown[0]}'.",
            help="pip install --upgrade dragoman",
        )


def migration(function: Migration) -> Migration:
    MIGRATIONS.append(function)
    return function


@migration
def m001_initial(connection: Connection) -> None:
    for statement in (
        """
        CREATE TABLE dataset_versions (
            name TEXT NOT NULL,
            number INTEGER NOT NULL,
            digest TEXT NOT NULL,
            record TEXT NOT NULL,
            PRIMARY KEY (name, number),
            UNIQUE (name, digest)
        )
        """,
        "CREATE TABLE runs (id TEXT NOT NULL PRIMARY KEY, model TEXT NOT NULL, record TEXT NOT NULL)",
        "CREATE INDEX runs_by_model ON runs (model)",
        "CREATE TABLE models (name TEXT NOT NULL PRIMARY KEY)",
        """
        CREATE TABLE versions (
            model TEXT NOT NULL REFERENCES models (name),
            number INTEGER NOT NULL,
            bundle TEXT NOT NULL,
            run TEXT NOT NULL,
            owner TEXT NOT NULL,
            created TEXT NOT NULL,
            PRIMARY KEY (model, number),
            UNIQUE (model, bundle)
        )
        """,
        """
        CREATE TABLE aliases (
            model TEXT NOT NULL,
            alias TEXT NOT NULL,
            number INTEGER NOT NULL,
            PRIMARY KEY (model, alias),
            FOREIGN KEY (model, number) REFERENCES versions (model, number)
        )
        """,
    ):
        connection.execute(text(statement))


@migration
def m002_trust(connection: Connection) -> None:
    for statement in (
        "ALTER TABLE versions ADD COLUMN retired TEXT NOT NULL DEFAULT ''",
        """
        CREATE TABLE signatures (
            bundle TEXT NOT NULL,
            digest TEXT NOT NULL,
            record TEXT NOT NULL,
            PRIMARY KEY (bundle, digest)
        )
        """,
        """
        CREATE TABLE releases (
            id TEXT NOT NULL PRIMARY KEY,
            model TEXT NOT NULL,
            champion INTEGER NOT NULL,
            challenger INTEGER NOT NULL,
            active INTEGER NOT NULL,
            revision INTEGER NOT NULL,
            record TEXT NOT NULL
        )
        """,
        "CREATE UNIQUE INDEX one_active_release ON releases (model) WHERE active = 1",
        """
        CREATE TABLE tallies (
            release TEXT NOT NULL,
            replica TEXT NOT NULL,
            counts TEXT NOT NULL,
            exposed TEXT NOT NULL,
            PRIMARY KEY (release, replica)
        )
        """,
        "CREATE TABLE leases (name TEXT NOT NULL PRIMARY KEY, holder TEXT NOT NULL, ends BIGINT NOT NULL)",
        "CREATE TABLE keys (id TEXT NOT NULL PRIMARY KEY, record TEXT NOT NULL)",
        """
        CREATE TABLE audit (
            number INTEGER NOT NULL PRIMARY KEY,
            time TEXT NOT NULL,
            actor TEXT NOT NULL,
            action TEXT NOT NULL,
            subject TEXT NOT NULL,
            detail TEXT NOT NULL,
            previous TEXT NOT NULL,
            hash TEXT NOT NULL
        )
        """,
        "CREATE INDEX audit_by_subject ON audit (subject)",
        "CREATE TABLE audit_head (number INTEGER NOT NULL PRIMARY KEY, hash TEXT NOT NULL)",
    ):
        connection.execute(text(statement))
    adopt(connection)


@migration
def m003_monitoring(connection: Connection) -> None:
    binary = "BYTEA" if connection.dialect.name == "postgresql" else "BLOB"
    for statement in (
        f"""
        CREATE TABLE counts (
            kind TEXT NOT NULL,
            model TEXT NOT NULL,
            version TEXT NOT NULL,
            start TEXT NOT NULL,
            replica TEXT NOT NULL,
            content {binary} NOT NULL,
            PRIMARY KEY (kind, model, version, start, replica)
        )
        """,
        "CREATE INDEX counts_by_start ON counts (kind, model, start)",
        """
        CREATE TABLE alerts (
            id TEXT NOT NULL PRIMARY KEY,
            model TEXT NOT NULL,
            version TEXT NOT NULL,
            kind TEXT NOT NULL,
            name TEXT NOT NULL,
            language TEXT NOT NULL,
            firing INTEGER NOT NULL,
            started TEXT NOT NULL,
            updated TEXT NOT NULL,
            ended TEXT NOT NULL,
            revision INTEGER NOT NULL,
            record TEXT NOT NULL
        )
        """,
        "CREATE UNIQUE INDEX one_firing_alert ON alerts (model, version, kind, name, language) WHERE firing = 1",
        "CREATE INDEX alerts_by_start ON alerts (started)",
        """
        CREATE TABLE notices (
            id TEXT NOT NULL PRIMARY KEY,
            status TEXT NOT NULL,
            due TEXT NOT NULL,
            created TEXT NOT NULL,
            revision INTEGER NOT NULL,
            record TEXT NOT NULL
        )
        """,
        "CREATE INDEX notices_by_due ON notices (status, due)",
        """
        CREATE TABLE silences (
            id TEXT NOT NULL PRIMARY KEY, starts TEXT NOT NULL, ends TEXT NOT NULL, record TEXT NOT NULL
        )
        """,
    ):
        connection.execute(text(statement))


@migration
def m004_features(connection: Connection) -> None:
    for statement in (
        """
        CREATE TABLE views (
            name TEXT NOT NULL,
            digest TEXT NOT NULL,
            latest INTEGER NOT NULL,
            record TEXT NOT NULL,
            PRIMARY KEY (name, digest)
        )
        """,
        "CREATE UNIQUE INDEX one_latest_view ON views (name) WHERE latest = 1",
        """
        CREATE TABLE watermarks (
            view TEXT NOT NULL, digest TEXT NOT NULL, record TEXT NOT NULL, PRIMARY KEY (view, digest)
        )
        """,
    ):
        connection.execute(text(statement))


@migration
def m005_review(connection: Connection) -> None:
    for statement in (
        """
        CREATE TABLE review_tasks (
            id TEXT NOT NULL PRIMARY KEY,
            model TEXT NOT NULL,
            prediction TEXT NOT NULL,
            language TEXT NOT NULL,
            reason TEXT NOT NULL,
            status TEXT NOT NULL,
            created TEXT NOT NULL,
            revision INTEGER NOT NULL,
            record TEXT NOT NULL,
            UNIQUE (model, prediction)
        )
        """,
        "CREATE INDEX review_tasks_by_status ON review_tasks (model, status)",
        """
        CREATE TABLE review_decisions (
            task TEXT NOT NULL,
            reviewer TEXT NOT NULL,
            time TEXT NOT NULL,
            model TEXT NOT NULL,
            undone TEXT NOT NULL,
            record TEXT NOT NULL,
            PRIMARY KEY (task, reviewer, time)
        )
        """,
        "CREATE UNIQUE INDEX one_answer_of_a_reviewer ON review_decisions (task, reviewer) WHERE undone = ''",
        """
        CREATE TABLE review_draws (
            model TEXT NOT NULL, day TEXT NOT NULL, record TEXT NOT NULL, PRIMARY KEY (model, day)
        )
        """,
    ):
        connection.execute(text(statement))


@migration
def m006_loop(connection: Connection) -> None:
    for statement in (
        """
        CREATE TABLE jobs (
            id TEXT NOT NULL PRIMARY KEY,
            model TEXT NOT NULL,
            kind TEXT NOT NULL,
            status TEXT NOT NULL,
            created TEXT NOT NULL,
            finished TEXT NOT NULL,
            revision INTEGER NOT NULL,
            record TEXT NOT NULL
        )
        """,
        "CREATE INDEX jobs_by_status ON jobs (status, kind)",
        """
        CREATE TABLE retrain_decisions (
            id TEXT NOT NULL PRIMARY KEY,
            model TEXT NOT NULL,
            time TEXT NOT NULL,
            verdict TEXT NOT NULL,
            revision INTEGER NOT NULL,
            record TEXT NOT NULL
        )
        """,
        "CREATE INDEX retrain_decisions_by_time ON retrain_decisions (model, time)",
        """
        CREATE TABLE live_qualities (
            model TEXT NOT NULL,
            version TEXT NOT NULL,
            until TEXT NOT NULL,
            record TEXT NOT NULL,
            PRIMARY KEY (model, version, until)
        )
        """,
    ):
        connection.execute(text(statement))
