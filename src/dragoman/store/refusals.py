"""The errors that every implementation of a store raises in the same words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from dragoman.errors import Conflict, InvalidInput, NotFound, Untrusted

__all__ = [
    "alert_changed",
    "alert_fires_already",
    "alert_not_found",
    "alias_elsewhere",
    "alias_on_retired",
    "audit_log_changed",
    "blob_changed",
    "blob_not_found",
    "counts_changed",
    "dataset_number_taken",
    "dataset_version_not_found",
    "is_table_name",
    "job_changed",
    "job_not_found",
    "key_was_revoked",
    "notice_changed",
    "release_changed",
    "release_exists",
    "release_is_active",
    "release_not_found",
    "release_of_retired",
    "release_unsaid",
    "require_file",
    "require_table_name",
    "retraining_changed",
    "retraining_not_found",
    "review_answered",
    "review_task_changed",
    "review_task_not_found",
    "run_not_found",
    "table_not_found",
    "table_version_not_found",
    "unstorable",
    "version_in_use",
    "version_not_found",
    "view_changed",
    "view_not_found",
]

TABLE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")

# Blobs --------------------------------------------------------------------------------------------------------------


def require_file(path: Path) -> None:
    """Raise `NotFound` unless `path` is a file."""
    if not path.is_file():
        raise NotFound(f"There is no file {path}.", help="Name an existing file, not a folder.")


def blob_not_found(digest: str) -> NotFound:
    return NotFound(f"There is no blob {digest!r}.", help="Blobs are named by the SHA-256 of their content.")


def blob_changed(digest: str, found: str) -> Untrusted:
    return Untrusted(
        f"The blob {digest} was changed: its content has the digest {found}.",
        help="Restore it from a backup, or store the original content again.",
    )


# Tables -------------------------------------------------------------------------------------------------------------


def is_table_name(name: str) -> bool:
    """Whether a table may have this name."""
    return TABLE_NAME.fullmatch(name) is not None


def require_table_name(name: str) -> None:
    """Raise `InvalidInput` unless a table may have this name."""
    if not is_table_name(name):
        raise InvalidInput(
            f"{name!r} cannot be the name of a table.",
            help="Use 1 to 64 lower-case letters, digits, '-' and '_', beginning with a letter or digit.",
        )


def table_not_found(name: str) -> NotFound:
    return NotFound(f"There is no table {name!r}.", help="Write it first.")


def table_version_not_found(name: str, version: int, latest: int) -> NotFound:
    return NotFound(f"The table '{name}' has no version {version}.", help=f"It has the versions 0 to {latest}.")


# Catalog ------------------------------------------------------------------------------------------------------------


def unstorable() -> InvalidInput:
    return InvalidInput("A name or text cannot be stored in the catalog.", help="Use valid Unicode without NUL.")


def dataset_version_not_found(name: str, number: int, numbers: Sequence[int]) -> NotFound:
    if not numbers:
        return NotFound(f"There is no dataset {name!r}.", help="A training run makes it from the model's data files.")
    return NotFound(f"The dataset '{name}' has no version {number}.", help=f"It has {_listed(numbers)}.")


def dataset_number_taken(name: str, number: int) -> Conflict:
    return Conflict(
        f"Version {number} of the dataset '{name}' exists with other rows.",
        help="Read the latest version and try again.",
    )


def run_not_found(id: str) -> NotFound:
    return NotFound(f"There is no run {id!r}.", help="`dragoman models show` names the run of each version.")


def version_not_found(model: str, number: int, numbers: Sequence[int]) -> NotFound:
    if not numbers:
        return NotFound(f"There is no model {model!r} in the registry.", help="`dragoman train` registers one.")
    return NotFound(f"The model '{model}' has no version {number}.", help=f"It has {_listed(numbers)}.")


def alias_elsewhere(model: str, alias: str, *, found: int | None, expected: int | None) -> Conflict:
    return Conflict(
        f"The alias '{model}@{alias}' {_pointing(found)}; expected was that it {_pointing(expected)}.",
        help="Somebody else moved it; look at the versions and decide again.",
    )


def alias_on_retired(model: str, alias: str, number: int) -> Conflict:
    return Conflict(
        f"The alias '{model}@{alias}' cannot point at version {number}: it is retired.",
        help="Choose another version, or register the bundle of a new run.",
    )


def version_in_use(model: str, number: int, *, aliases: Sequence[str], releases: Sequence[str]) -> Conflict:
    users = [f"the alias '{alias}'" for alias in aliases] + [f"the release '{id}'" for id in releases]
    verb = "points at it" if not releases else "uses it" if len(users) == 1 else "use it"
    return Conflict(
        f"Version {number} of '{model}' cannot be retired: {_and(users)} {verb}.",
        help="Move the alias to another version and end the release first.",
    )


def release_not_found(id: str) -> NotFound:
    return NotFound(f"There is no release {id!r}.", help="`dragoman release status` shows all releases.")


def release_exists(id: str) -> Conflict:
    return Conflict(f"There is a release {id!r} already.", help="Read it and change it, or choose another id.")


def release_is_active(model: str, id: str) -> Conflict:
    """`id` is empty for one that another process has just started or ended."""
    return Conflict(
        f"The model '{model}' has an active release already{f': {id!r}' if id else ''}.",
        help="Wait until it has ended, or roll it back.",
    )


def release_of_retired(model: str, number: int) -> Conflict:
    return Conflict(
        f"Version {number} of '{model}' is retired: no release can use it.", help="Choose versions that may be served."
    )


def release_changed(id: str, *, found: int, expected: int) -> Conflict:
    return Conflict(
        f"The release {id!r} has revision {found}; expected was {expected}.",
        help="Somebody else changed it; read it again and decide anew.",
    )


def release_unsaid(id: str) -> InvalidInput:
    return InvalidInput(
        f"The release {id!r} is new or moves, and no action is named for it.",
        help="Only what was measured may be saved without a row in the audit log.",
    )


def counts_changed(model: str, version: str, *, start: str, replica: str) -> Conflict:
    return Conflict(
        f"The counts of '{model}' version {version!r} from {start} by the replica {replica!r} are not those expected.",
        help="Somebody else wrote or merged them; read them again.",
    )


def alert_not_found(id: str) -> NotFound:
    return NotFound(f"There is no alert {id!r}.", help="`dragoman monitor` shows the alerts.")


def alert_changed(id: str, *, found: int, expected: int) -> Conflict:
    """Revision 0 is that of an alert that is not there."""
    return Conflict(
        f"The alert {id!r} has revision {found}; expected was {expected}.",
        help="Somebody else changed it; read it again and decide anew.",
    )


def alert_fires_already(id: str, other: str, revision: int) -> Conflict:
    return Conflict(
        f"The alert {id!r} cannot fire: {other!r}, revision {revision}, fires already for the same thing.",
        help="Read the alerts that fire and change that one.",
    )


def notice_changed(id: str, *, found: int, expected: int) -> Conflict:
    """Revision 0 is that of a notice that is not there."""
    return Conflict(
        f"The notice {id!r} has revision {found}; expected was {expected}.",
        help="Somebody else delivers it; read it again.",
    )


def key_was_revoked(name: str, time: str) -> Conflict:
    return Conflict(f"The key {name!r} was revoked at {time}.", help="Make a new one.")


def view_not_found(name: str, digest: str, names: Sequence[str]) -> NotFound:
    what = f"definition {digest[:12]} of the view {name!r}" if digest else f"applied view {name!r}"
    listed = f"Applied are {', '.join(names)}" if names else "None is applied yet: write views in features/*.py"
    return NotFound(f"There is no {what}.", help=f"{listed}; `dragoman features plan` shows what `apply` would do.")


def view_changed(name: str, *, found: str | None, expected: str) -> Conflict:
    """`found` is empty where no definition is in force, None for one that another process has just applied."""
    now = "another definition" if found is None else f"the definition {found[:12]}" if found else "no definition"
    return Conflict(
        f"The view '{name}' has {now} in force; expected was {expected[:12] or 'none'}.",
        help="Somebody else applied views; look at `dragoman features plan` again.",
    )


def review_task_not_found(id: str) -> NotFound:
    return NotFound(f"There is no review task {id!r}.", help="`dragoman labels queue` shows the tasks.")


def review_task_changed(id: str, *, found: int, expected: int) -> Conflict:
    return Conflict(
        f"The review task {id!r} has revision {found}; expected was {expected}.",
        help="Somebody else took or answered it; read it again.",
    )


def review_answered(id: str, reviewer: str) -> Conflict:
    return Conflict(
        f"'{reviewer}' has answered the review task {id!r} already.", help=f"`dragoman labels undo {id}` takes it back."
    )


def job_not_found(id: str) -> NotFound:
    return NotFound(f"There is no job {id!r}.", help="`dragoman loop jobs` shows the jobs.")


def job_changed(id: str, *, found: int, expected: int) -> Conflict:
    return Conflict(
        f"The job {id!r} has revision {found}; expected was {expected}.",
        help="Somebody else works on it or has cancelled it; read it again.",
    )


def retraining_not_found(id: str) -> NotFound:
    return NotFound(
        f"There is no decision {id!r} about a training.", help="`dragoman loop decisions` shows the decisions."
    )


def retraining_changed(id: str, *, found: int | None, expected: int) -> Conflict:
    """`found` is None for a decision that another process has just added."""
    now = "was just added" if found is None else f"has revision {found}"
    return Conflict(
        f"The decision {id!r} {now}; expected was {f'revision {expected}' if expected else 'that there is none'}.",
        help="Somebody else decided or approved; read it again.",
    )


def audit_log_changed(what: str) -> Untrusted:
    return Untrusted(
        f"The audit log was changed: {what}.", help="`dragoman audit verify` names what was changed; restore a backup."
    )


def _and(parts: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))


def _listed(numbers: Sequence[int]) -> str:
    """`version 1`, `versions 1, 2`, and the newest twenty of more."""
    shown = ", ".join(str(number) for number in numbers[-20:])
    return f"version {shown}" if len(numbers) == 1 else f"versions {'…, ' if len(numbers) > 20 else ''}{shown}"


def _pointing(number: int | None) -> str:
    return "does not exist" if number is None else f"points at version {number}"
