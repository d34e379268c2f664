"""The state of the catalog in plain facts: as its tables have it, and as the rows of the audit log lead to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from dragoman.records import AuditRow
from dragoman.store import changes
from dragoman.store.base import Catalog

__all__ = ["Facts", "Replay", "compare", "facts_of"]

Facts = dict[tuple[str, str], dict[str, Any]]  # (kind, subject) → field → value
Fact = tuple[tuple[str, str], dict[str, Any]]

KINDS = {  # kind → beginning of its subjects, fields
    "dataset": ("datasets:/", ("digest", "rows", "record")),
    "run": ("runs:/", ("model", "status", "record")),
    "version": ("models:/", ("bundle", "run", "owner", "created", "retired")),
    "alias": ("models:/", ("to",)),
    "signature": ("bundles:/", ("kind", "key", "signature")),
    "release": (
        "releases:/",
        ("model", "champion", "challenger", "status", "step", "share", "approved", "accepted"),
    ),
    "key": ("keys:/", ("name", "role", "models", "expires", "revoked", "record")),
    "silence": ("silences:/", ("model", "version", "language", "starts", "ends", "cause", "record")),
    "view": ("views:/", ("digest", "retired", "record")),
    "retraining": ("retrainings:/", ("model", "champion", "verdict", "job", "approved_by", "record")),
}
REMOVED = "alias.removed"
CHANGING = re.compile(
    r"dataset\.(added|adopted)|run\.(saved|adopted)|version\.(registered|adopted|retired|restored)"
    r"|alias\.(moved|adopted|removed)|signature\.added|release\..*|key\..*|silence\..*|view\..*"
    r"|retraining\..*"
)


class Replay:
    """The state that the rows of a log lead to."""

    def __init__(self) -> None:
        self.facts: Facts = {}
        self._earlier: dict[tuple[str, str], list[dict[str, Any] | None]] | None = None

    def add(self, row: AuditRow) -> None:
        """Take the next row. Rows that tell of other things than the catalog's change nothing."""
        kind = row.action.partition(".")[0]
        if CHANGING.fullmatch(row.action) is None or not row.subject.startswith(KINDS[kind][0]):
            return
        told = {field: row.detail[field] for field in KINDS[kind][1] if field in row.detail}
        key = kind, _of_signature(row.subject, told) if "signature" in told else row.subject
        before = self.facts.pop(key, None)
        if self._earlier is not None:
            self._earlier.setdefault(key, []).append(before)
        if row.action != REMOVED:
            self.facts[key] = {**({"retired": ""} if kind == "version" else {}), **(before or {}), **told}

    def remember(self) -> None:
        """Keep what facts were before the rows that come from now on."""
        self._earlier = {}

    def states(self, key: tuple[str, str]) -> list[dict[str, Any] | None]:
        """What a fact is, and was since `remember`; None where there was none."""
        return [self.facts.get(key), *(self._earlier or {}).get(key, [])]


def facts_of(catalog: Catalog, logged: Facts) -> Facts:
    """The state in the catalog's tables; of datasets and signatures, for those that the log or another record names."""
    return dict([*_registry_facts(catalog, logged), *_training_facts(catalog, logged), *_other_facts(catalog)])


def _training_facts(catalog: Catalog, logged: Facts) -> Iterator[Fact]:
    runs = catalog.runs()
    for run in runs:
        yield ("run", changes.run_subject(run.id)), changes.run_facts(run)
    for name in sorted({run.dataset for run in runs} | _names(logged, "dataset")):
        for version in catalog.dataset_versions(name):
            subject = changes.dataset_subject(name, version.number)
            yield ("dataset", subject), changes.dataset_facts(version)


def _registry_facts(catalog: Catalog, logged: Facts) -> Iterator[Fact]:
    bundles = _names(logged, "signature")
    for model in sorted({*catalog.models()} | _names(logged, "version")):
        for version in catalog.versions(model):
            facts = {**changes.version_facts(version), "retired": version.retired}
            yield ("version", changes.version_subject(model, version.number)), facts
            bundles.add(version.bundle)
            for alias in version.aliases:
                yield ("alias", changes.alias_subject(model, alias)), {"to": version.number}
    for bundle in sorted(bundles):
        for signature in catalog.signatures(bundle):
            facts = changes.signature_facts(signature)
            yield ("signature", _of_signature(changes.bundle_subject(bundle), facts)), facts


def _other_facts(catalog: Catalog) -> Iterator[Fact]:
    for release in catalog.releases():
        yield ("release", changes.release_subject(release.id)), changes.release_facts(release)
    keys = catalog.keys()
    for key in keys:
        yield ("key", changes.key_subject(key.id)), changes.key_facts(key)
    for silence in catalog.silences():
        yield ("silence", changes.silence_subject(silence.id)), changes.silence_facts(silence)
    for view in catalog.views("latest"):
        yield ("view", changes.view_subject(view.name)), changes.view_facts(view)
    for decision in catalog.decisions():
        yield ("retraining", changes.retraining_subject(decision.id)), changes.retraining_facts(decision)


def _names(logged: Facts, kind: str) -> set[str]:
    """`models:/support/3` → `support`."""
    return {subject.partition(":/")[2].rpartition("/")[0] for one, subject in logged if one == kind}


def _of_signature(subject: str, facts: dict[str, Any]) -> str:
    """A bundle has several signatures; each is told from the others by the digest of its content."""
    return f"{subject}/{str(facts['signature'])[:16]}"


# Comparing ----------------------------------------------------------------------------------------------------------


def compare(found: Facts, replay: Replay) -> list[str]:
    """Where the catalog's tables say something else than the log."""
    problems: list[str] = []
    for key in sorted(found.keys() | replay.facts.keys()):
        states = replay.states(key)
        if not any(_agree(found.get(key), state) for state in states):
            problems += _differences(*key, found.get(key), states[0])
    return problems


def _agree(found: dict[str, Any] | None, logged: dict[str, Any] | None) -> bool:
    """A log that says less than is known of a thing, such as one that is older than the log, agrees with it."""
    if found is None or logged is None:
        return found is logged
    return all(found[field] == value for field, value in logged.items())


def _differences(kind: str, subject: str, found: dict[str, Any] | None, logged: dict[str, Any] | None) -> list[str]:
    name = f"{kind} '{subject.partition(':/')[2]}'"
    if kind == "alias":
        return [_alias_difference(name, found, logged)]
    if found is None:
        return [f"{name} is in the audit log and not in the catalog"]
    if logged is None:
        return [f"{name} is in the catalog and not in the audit log"]
    different = [field for field in logged if found[field] != logged[field]]
    if different == ["record"]:
        return [f"{name} has another record than the one in the audit log"]
    return [
        f"{name} has {field} {_shown(found[field])}; the audit log says {_shown(logged[field])}"
        for field in different
        if field != "record"
    ]


def _alias_difference(name: str, found: dict[str, Any] | None, logged: dict[str, Any] | None) -> str:
    if found is None:
        return f"{name} does not exist; the audit log says {(logged or {}).get('to')}"
    says = "does not know it" if logged is None else f"says {logged.get('to')}"
    return f"{name} points at version {found['to']}; the audit log {says}"


def _shown(value: Any) -> str:
    return f"'{value[:16]}…'" if isinstance(value, str) and len(value) > 40 else repr(value)
