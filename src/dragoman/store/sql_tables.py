"""The tables of a catalog in a database, as its migrations make them."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

__all__ = [
    "ALERTS",
    "ALIASES",
    "AUDIT",
    "AUDIT_HEAD",
    "COUNTS",
    "DATASET_VERSIONS",
    "JOBS",
    "KEYS",
    "LEASES",
    "LIVE_QUALITIES",
    "METADATA",
    "MODELS",
    "NOTICES",
    "RELEASES",
    "RETRAIN_DECISIONS",
    "REVIEW_DECISIONS",
    "REVIEW_DRAWS",
    "REVIEW_TASKS",
    "RUNS",
    "SIGNATURES",
    "SILENCES",
    "TALLIES",
    "VERSIONS",
    "VIEWS",
    "WATERMARKS",
]

METADATA = MetaData()
DATASET_VERSIONS = Table(
    "dataset_versions",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("record", Text, nullable=False),
    UniqueConstraint("name", "digest"),
)
RUNS = Table(
    "runs",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("model", Text, nullable=False),
    Column("record", Text, nullable=False),
)
MODELS = Table("models", METADATA, Column("name", Text, primary_key=True))
VERSIONS = Table(
    "versions",
    METADATA,
    Column("model", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("bundle", Text, nullable=False),
    Column("run", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("created", Text, nullable=False),
    Column("retired", Text, nullable=False),
    ForeignKeyConstraint(["model"], ["models.name"]),
    UniqueConstraint("model", "bundle"),
)
ALIASES = Table(
    "aliases",
    METADATA,
    Column("model", Text, primary_key=True),
    Column("alias", Text, primary_key=True),
    Column("number", Integer, nullable=False),
    ForeignKeyConstraint(["model", "number"], ["versions.model", "versions.number"]),
)
SIGNATURES = Table(
    "signatures",
    METADATA,
    Column("bundle", Text, primary_key=True),
    Column("digest", Text, primary_key=True),  # of the content
    Column("record", Text, nullable=False),
)
RELEASES = Table(
    "releases",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("model", Text, nullable=False),
    Column("champion", Integer, nullable=False),
    Column("challenger", Integer, nullable=False),
    Column("active", Integer, nullable=False),  # 0 or 1; an index allows one 1 for each model
    Column("revision", Integer, nullable=False),
    Column("record", Text, nullable=False),
)
TALLIES = Table(
    "tallies",
    METADATA,
    Column("release", Text, primary_key=True),
    Column("replica", Text, primary_key=True),
    Column("counts", Text, nullable=False),
    Column("exposed", Text, nullable=False),
)
LEASES = Table(
    "leases",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("ends", BigInteger, nullable=False),  # milliseconds since 1970
)
KEYS = Table(
    "keys",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("record", Text, nullable=False),
)
AUDIT = Table(
    "audit",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("time", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("previous", Text, nullable=False),
    Column("hash", Text, nullable=False),
)
AUDIT_HEAD = Table(  # one row
    "audit_head",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("hash", Text, nullable=False),
)
COUNTS = Table(
    "counts",
    METADATA,
    Column("kind", Text, primary_key=True),
    Column("model", Text, primary_key=True),
    Column("version", Text, primary_key=True),
    Column("start", Text, primary_key=True),
    Column("replica", Text, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)
ALERTS = Table(
    "alerts",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("model", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("firing", Integer, nullable=False),  # 0 or 1; an index allows one 1 for each key
    Column("started", Text, nullable=False),
    Column("updated", Text, nullable=False),
    Column("ended", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("record", Text, nullable=False),
)
NOTICES = Table(
    "notices",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("status", Text, nullable=False),
    Column("due", Text, nullable=False),
    Column("created", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("record", Text, nullable=False),
)
SILENCES = Table(
    "silences",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("starts", Text, nullable=False),
    Column("ends", Text, nullable=False),
    Column("record", Text, nullable=False),
)
VIEWS = Table(
    "views",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("digest", Text, primary_key=True),
    Column("latest", Integer, nullable=False),  # 0 or 1; an index allows one 1 for each name
    Column("record", Text, nullable=False),
)
WATERMARKS = Table(
    "watermarks",
    METADATA,
    Column("view", Text, primary_key=True),
    Column("digest", Text, primary_key=True),
    Column("record", Text, nullable=False),
)
REVIEW_TASKS = Table(
    "review_tasks",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("model", Text, nullable=False),
    Column("prediction", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("created", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("record", Text, nullable=False),
    UniqueConstraint("model", "prediction"),
)
REVIEW_DECISIONS = Table(
    "review_decisions",
    METADATA,
    Column("task", Text, primary_key=True),
    Column("reviewer", Text, primary_key=True),
    Column("time", Text, primary_key=True),
    Column("model", Text, nullable=False),
    Column("undone", Text, nullable=False),  # an index allows one empty one for each task and reviewer
    Column("record", Text, nullable=False),
)
REVIEW_DRAWS = Table(
    "review_draws",
    METADATA,
    Column("model", Text, primary_key=True),
    Column("day", Text, primary_key=True),
    Column("record", Text, nullable=False),
)
JOBS = Table(
    "jobs",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("model", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("created", Text, nullable=False),
    Column("finished", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("record", Text, nullable=False),
)
RETRAIN_DECISIONS = Table(
    "retrain_decisions",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("model", Text, nullable=False),
    Column("time", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("record", Text, nullable=False),
)
LIVE_QUALITIES = Table(
    "live_qualities",
    METADATA,
    Column("model", Text, primary_key=True),
    Column("version", Text, primary_key=True),
    Column("until", Text, primary_key=True),
    Column("record", Text, nullable=False),
)
