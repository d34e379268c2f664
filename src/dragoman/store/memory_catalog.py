"""A catalog in memory, for tests and for trying things out."""

from __future__ import annotations

import msgspec

from dragoman.records import ApiKey, By, DatasetVersion, Release, Run, Signature, Version
from dragoman.store import changes
from dragoman.store.audit import now
from dragoman.store.changes import as_stored
from dragoman.store.memory_alerts import MemoryAlerts
from dragoman.store.memory_counts import MemoryCounts
from dragoman.store.memory_jobs import MemoryJobs
from dragoman.store.memory_review import MemoryReview
from dragoman.store.memory_tallies import MemoryTallies
from dragoman.store.memory_views import MemoryViews
from dragoman.store.refusals import (
    alias_elsewhere,
    alias_on_retired,
    dataset_number_taken,
    dataset_version_not_found,
    key_was_revoked,
    release_changed,
    release_exists,
    release_is_active,
    release_not_found,
    release_of_retired,
    release_unsaid,
    run_not_found,
    version_in_use,
    version_not_found,
)

__all__ = ["MemoryCatalog"]


class MemoryCatalog(MemoryTallies, MemoryCounts, MemoryAlerts, MemoryViews, MemoryReview, MemoryJobs):
    """Records in dictionaries, and one lock around every change."""

    def __init__(self) -> None:
        super().__init__()
        self._datasets: dict[str, dict[int, DatasetVersion]] = {}
        self._runs: dict[str, Run] = {}
        self._versions: dict[str, list[Version]] = {}
        self._aliases: dict[tuple[str, str], int] = {}
        self._signatures: dict[str, list[Signature]] = {}
        self._releases: dict[str, Release] = {}
        self._keys: dict[str, ApiKey] = {}

    # Datasets

    def add_dataset_version(self, record: DatasetVersion, *, by: By | None = None) -> DatasetVersion:
        with self._lock:
            if existing := self.find_dataset_version(record.name, record.digest):
                return existing
            if record.number in self._datasets.get(record.name, {}):
                raise dataset_number_taken(record.name, record.number)
            kept, subject = as_stored(record), changes.dataset_subject(record.name, record.number)
            self.audit("dataset.added", subject, detail=changes.dataset_facts(record), by=by)
            self._datasets.setdefault(record.name, {})[record.number] = kept
            return record

    def dataset_version(self, name: str, number: int) -> DatasetVersion:
        versions = self._datasets.get(name, {})
        if number not in versions:
            raise dataset_version_not_found(name, number, sorted(versions))
        return as_stored(versions[number])

    def find_dataset_version(self, name: str, digest: str) -> DatasetVersion | None:
        return next((version for version in self.dataset_versions(name) if version.digest == digest), None)

    def dataset_versions(self, name: str) -> list[DatasetVersion]:
        with self._lock:
            return [as_stored(version) for _, version in sorted(self._datasets.get(name, {}).items())]

    # Runs

    def save_run(self, run: Run, *, by: By | None = None) -> None:
        with self._lock:
            if (kept := as_stored(run)) != self._runs.get(run.id):
                self.audit("run.saved", changes.run_subject(run.id), detail=changes.run_facts(run), by=by)
                self._runs[run.id] = kept

    def run(self, id: str) -> Run:
        if id not in self._runs:
            raise run_not_found(id)
        return as_stored(self._runs[id])

    def runs(self, *, model: str | None = None) -> list[Run]:
        with self._lock:
            chosen = [as_stored(run) for run in self._runs.values() if model in (None, run.model)]
        return sorted(chosen, key=lambda run: (run.started, run.id), reverse=True)

    # Versions and aliases

    def add_version(
        self, *, model: str, bundle: str, run: str, owner: str, created: str, by: By | None = None
    ) -> Version:
        with self._lock:
            versions = self.versions(model)
            for existing in versions:
                if existing.bundle == bundle:
                    return existing
            number = len(versions) + 1
            version = Version(model=model, number=number, bundle=bundle, run=run, owner=owner, created=created)
            kept, subject = as_stored(version), changes.version_subject(model, number)
            self.audit("version.registered", subject, detail=changes.version_facts(version), by=by)
            self._versions.setdefault(model, []).append(kept)
            return version

    def version(self, model: str, number: int) -> Version:
        versions = {version.number: version for version in self.versions(model)}
        if number not in versions:
            raise version_not_found(model, number, list(versions))
        return versions[number]

    def versions(self, model: str) -> list[Version]:
        with self._lock:
            return [self._with_aliases(version) for version in self._versions.get(model, [])]

    def models(self) -> list[str]:
        return sorted(self._versions)

    def retire_version(self, model: str, number: int, *, by: By | None = None) -> Version:
        with self._lock:
            version = self.version(model, number)
            if version.retired:
                return version
            active = self.releases(model=model, active=True)
            using = sorted(release.id for release in active if number in (release.champion, release.challenger))
            if version.aliases or using:
                raise version_in_use(model, number, aliases=version.aliases, releases=using)
            retired = msgspec.structs.replace(version, retired=now())
            subject = changes.version_subject(model, number)
            self.audit("version.retired", subject, detail={"retired": retired.retired}, by=by)
            self._versions[model][number - 1] = retired
            return retired

    def restore_version(self, model: str, number: int, *, by: By | None = None) -> Version:
        with self._lock:
            version = self.version(model, number)
            if not version.retired:
                return version
            restored = msgspec.structs.replace(version, retired="")
            self.audit("version.restored", changes.version_subject(model, number), detail={"retired": ""}, by=by)
            self._versions[model][number - 1] = restored
            return restored

    def alias(self, model: str, alias: str) -> int | None:
        return self._aliases.get((model, alias))

    def move_alias(
        self, model: str, alias: str, number: int | None, *, expected: int | None, by: By | None = None
    ) -> None:
        with self._lock:
            retired = self.version(model, number).retired if number is not None else ""
            found, subject = self.alias(model, alias), changes.alias_subject(model, alias)
            if found != expected:
                raise alias_elsewhere(model, alias, found=found, expected=expected)
            if number == found:
                return
            if number is None:
                self.audit("alias.removed", subject, detail={"from": found}, by=by)
                del self._aliases[model, alias]
                return
            if retired:
                raise alias_on_retired(model, alias, number)
            self.audit("alias.moved", subject, detail={"from": found, "to": number}, by=by)
            self._aliases[model, alias] = number

    def _with_aliases(self, version: Version) -> Version:
        mine = [
            alias
            for (model, alias), number in self._aliases.items()
            if (model, number) == (version.model, version.number)
        ]
        return msgspec.structs.replace(version, aliases=sorted(mine))

    # Signatures

    def add_signature(self, signature: Signature, *, by: By | None = None) -> None:
        with self._lock:
            kept = self._signatures.get(signature.bundle, [])
            if any(one.content == signature.content for one in kept):
                return
            subject, detail = changes.bundle_subject(signature.bundle), changes.signature_facts(signature)
            self.audit("signature.added", subject, detail=detail, by=by)
            self._signatures[signature.bundle] = [*kept, signature]

    def signatures(self, bundle: str) -> list[Signature]:
        return sorted(self._signatures.get(bundle, []), key=lambda one: (one.created, one.kind, one.content))

    # Releases

    def save_release(self, release: Release, *, expected: int | None, action: str, by: By | None = None) -> Release:
        saved = msgspec.structs.replace(release, revision=(expected or 0) + 1)
        with self._lock:
            old = self._releases.get(release.id)
            if expected is None:
                self._require_addable(release, old)
            elif old is None:
                raise release_not_found(release.id)
            elif old.revision != expected:
                raise release_changed(release.id, found=old.revision, expected=expected)
            self._require_alone(release)
            kept = as_stored(saved)
            if action:
                self.audit(action, changes.release_subject(saved.id), detail=changes.release_detail(kept), by=by)
            elif old is None or changes.release_facts(old) != changes.release_facts(kept):
                raise release_unsaid(release.id)
            self._releases[release.id] = kept
        return saved

    def _require_addable(self, release: Release, old: Release | None) -> None:
        if old is not None:
            raise release_exists(release.id)
        for version in self.versions(release.model):
            if version.retired and version.number in (release.champion, release.challenger):
                raise release_of_retired(release.model, version.number)

    def _require_alone(self, release: Release) -> None:
        for other in self._releases.values():
            if release.is_active and other.is_active and other.model == release.model and other.id != release.id:
                raise release_is_active(release.model, other.id)

    def release(self, id: str) -> Release:
        if id not in self._releases:
            raise release_not_found(id)
        return as_stored(self._releases[id])

    def releases(self, *, model: str | None = None, active: bool | None = None) -> list[Release]:
        with self._lock:
            chosen = [
                as_stored(release)
                for release in self._releases.values()
                if model in (None, release.model) and active in (None, release.is_active)
            ]
        return sorted(chosen, key=lambda release: (release.started, release.id), reverse=True)

    # Keys

    def save_key(self, key: ApiKey, *, action: str, by: By | None = None) -> None:
        with self._lock:
            if (known := self._keys.get(key.id, key)).revoked and not key.revoked:
                raise key_was_revoked(known.name, known.revoked)
            if (kept := as_stored(key)) != self._keys.get(key.id):
                self.audit(action, changes.key_subject(key.id), detail=changes.key_facts(key), by=by)
                self._keys[key.id] = kept

    def keys(self) -> list[ApiKey]:
        with self._lock:
            return sorted(map(as_stored, self._keys.values()), key=lambda key: (key.created, key.id))
