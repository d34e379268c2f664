"""The catalog in SQLite or PostgreSQL, through the same statements."""

from __future__ import annotations

from dragoman.store.sql_alerts import SqlAlerts
from dragoman.store.sql_audit import SqlAudit
from dragoman.store.sql_counts import SqlCounts
from dragoman.store.sql_datasets import SqlDatasets
from dragoman.store.sql_jobs import SqlJobs
from dragoman.store.sql_keys import SqlKeys
from dragoman.store.sql_notices import SqlNotices
from dragoman.store.sql_releases import SqlReleases
from dragoman.store.sql_retrainings import SqlRetrainings
from dragoman.store.sql_review import SqlReview
from dragoman.store.sql_runs import SqlRuns
from dragoman.store.sql_signatures import SqlSignatures
from dragoman.store.sql_silences import SqlSilences
from dragoman.store.sql_tables import METADATA
from dragoman.store.sql_tallies import SqlTallies
from dragoman.store.sql_versions import SqlVersions
from dragoman.store.sql_views import SqlViews

__all__ = ["METADATA", "SqlCatalog"]


class SqlCatalog(
    SqlDatasets,
    SqlRuns,
    SqlVersions,
    SqlViews,
    SqlReview,
    SqlJobs,
    SqlRetrainings,
    SqlSignatures,
    SqlReleases,
    SqlTallies,
    SqlCounts,
    SqlAlerts,
    SqlNotices,
    SqlSilences,
    SqlKeys,
    SqlAudit,
):
    """A catalog at a URL: `sqlite:///path/catalog.db` or `postgresql+psycopg://user@host/database`.

    Opening it makes the file and brings the tables up to date. `anchor` names a file outside of the database that
    knows the newest row of the audit log. Raises `InvalidInput` for another kind of URL, `MissingExtra` without the
    driver, `Conflict` for the catalog of a newer release, and `Unavailable`.
    """
