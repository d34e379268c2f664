"""Retiring a version, with an archive that it can come back from."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from dragoman.errors import Conflict, InvalidInput, NotFound, Untrusted
from dragoman.records import AuditRow, By, Manifest, Version
from dragoman.registry.archive import FORMAT, ArchivedRecords, extract_bundle, read_archive, write_archive
from dragoman.registry.living_card import living_card, read_history
from dragoman.registry.manifest import read_manifest
from dragoman.registry.registry import Registry
from dragoman.registry.signing import verify_bundle
from dragoman.store.base import Catalog
from dragoman.store.files import make_folder

__all__ = ["live_endpoints", "restore", "retire"]


def retire(registry: Registry, version: Version, *, archives: Path, servers: Sequence[str], by: By) -> Path:
    """Archive a version to a file in the folder `archives`, then mark it as retired. The archive is read back first.

    `servers` tells in words which servers have loaded it. Its blobs stay: other versions may have the same. Raises
    `InvalidInput` without a reason, `Conflict` if it is in use, naming by whom, `Untrusted` if it was changed, and
    `StorageFull`.
    """
    catalog = registry.catalog
    if not by.reason.strip():
        raise InvalidInput(f"{version.uri} cannot be retired without a reason.", help="Say why: --reason TEXT.")
    if version.retired:
        raise Conflict(f"{version.uri} was retired on {version.retired}.", help="Nothing is left to do.")
    _refuse_live(version, live_endpoints(catalog, version, servers))
    path = archives / f"{version.model}-{version.number}-{version.bundle[:12]}.tar.gz"
    _archive(registry, version, path)
    if read_archive(path).version.bundle != version.bundle:
        raise Untrusted(f"{path} holds another version.", help="Retire the version again, into another folder.")
    catalog.retire_version(version.model, version.number, by=_with_evidence(by, path))
    return path


def restore(registry: Registry, path: Path, *, by: By) -> Version:
    """Register the version of an archive, or take back that it is retired where it is known.

    Where signatures are asked for, one of a trusted key must be in the archive. Raises `NotFound`, `InvalidInput`
    without a reason, `Untrusted` and `StorageFull`.
    """
    if not by.reason.strip():
        raise InvalidInput(f"{path} cannot be restored without a reason.", help="Say why: --reason TEXT.")
    make_folder(registry.cache)
    with tempfile.TemporaryDirectory(prefix=".restoring-", dir=registry.cache) as scratch:
        folder = Path(scratch) / "bundle"
        folder.mkdir()
        records = extract_bundle(path, folder)
        _refuse_untrusted(registry, path, records, read_manifest(folder))
        _restore_records(registry.catalog, records)
        archived = records.version
        version = registry.register(folder, run=archived.run, owner=archived.owner, created=archived.created)
    restored = registry.catalog.restore_version(version.model, version.number, by=_with_evidence(by, path))
    detail = {"archive": path.name, "version": archived.uri, "bundle": archived.bundle}
    registry.catalog.audit("archive.restored", restored.uri, detail=detail, by=by)
    return restored


def live_endpoints(catalog: Catalog, version: Version, servers: Sequence[str]) -> list[str]:
    """Who still uses a version, in words: aliases, active releases, and the servers that are named."""
    return [
        *(f"the alias '{alias}'" for alias in version.aliases),
        *(
            f"the release {release.id} ({release.status})"
            for release in catalog.releases(model=version.model, active=True)
            if version.number in (release.champion, release.challenger)
        ),
        *servers,
    ]


def _refuse_live(version: Version, live: Sequence[str]) -> None:
    if live:
        raise Conflict(
            f"{version.uri} is in use: {', '.join(live)}.",
            help="Move the alias, end the release, let the servers load another version; then retire it.",
        )


def _archive(registry: Registry, version: Version, path: Path) -> None:
    """What nobody has signed may be archived too: only its files must be those that were registered."""
    bundle, history = registry.look(version), read_history(registry.catalog, version)
    records = ArchivedRecords(
        format=FORMAT,
        version=version,
        run=history.run,
        dataset=history.dataset,
        signatures=list(history.signatures),
        releases=list(history.releases),
        audit=_audit_rows(registry.catalog, version),
    )
    write_archive(path, bundle.folder, bundle.manifest, records, card=living_card(bundle, history))


def _audit_rows(catalog: Catalog, version: Version) -> list[AuditRow]:
    """The rows that are about the version, its bundle, or an alias that came to it or left it."""
    about = {version.uri, f"bundles:/{version.bundle}"}
    alias = f"models:/{version.model}@"
    return [
        row
        for row in catalog.audit_rows()
        if row.subject in about
        or (row.subject.startswith(alias) and version.number in (row.detail.get("from"), row.detail.get("to")))
    ]


def _refuse_untrusted(registry: Registry, path: Path, records: ArchivedRecords, manifest: Manifest) -> None:
    """Registering signs: what nobody trusted has signed must not come in by this door."""
    if registry.signatures is None:
        return
    refusal = Untrusted(
        f"{path} has no signature.", help="Restore it where it was signed, or trust the key that signed it."
    )
    for signature in records.signatures:
        if signature.kind == "bundle":
            try:
                verify_bundle(signature.content, manifest, registry.signatures.trust, of=f"The bundle in {path}")
            except Untrusted as error:
                refusal = error
            else:
                return
    raise refusal


def _restore_records(catalog: Catalog, records: ArchivedRecords) -> None:
    """Add what a catalog lacks that does not know the version; what it knows stays as it is."""
    if records.dataset is not None:
        with suppress(Conflict):  # another dataset has the number here: the bundle's lineage still names its own
            catalog.add_dataset_version(records.dataset)
    try:
        catalog.run(records.run.id)
    except NotFound:
        catalog.save_run(records.run)
    for signature in records.signatures:
        catalog.add_signature(signature)


def _with_evidence(by: By, path: Path) -> By:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return msgspec.structs.replace(by, evidence=f"{path.name} sha256:{digest}")
