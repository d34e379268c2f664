"""The living card: a version's card as of today, from all that was recorded of it since it was trained."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from dragoman.records import DatasetVersion, GateResult, Release, Run, Signature, Version
from dragoman.registry.bundle import Bundle
from dragoman.registry.card import Evidence, facts, results
from dragoman.registry.gaps import known_gaps
from dragoman.registry.gate_rows import gate_rows
from dragoman.store.base import Catalog

__all__ = ["History", "living_card", "read_history"]


class History(NamedTuple):
    """What the catalog says of a version."""

    version: Version
    run: Run
    dataset: DatasetVersion | None  # None: its record is gone
    signatures: Sequence[Signature]
    releases: Sequence[Release]  # that it took part in, the newest first


def read_history(catalog: Catalog, version: Version) -> History:
    """Everything in the catalog that a card tells. Raises `NotFound` if the run is gone."""
    run = catalog.run(version.run)
    releases = catalog.releases(model=version.model)
    return History(
        version,
        run,
        next((one for one in catalog.dataset_versions(run.dataset) if one.number == run.dataset_number), None),
        catalog.signatures(version.bundle),
        [one for one in releases if version.number in (one.champion, one.challenger)],
    )


def living_card(bundle: Bundle, history: History) -> str:
    """Markdown: the card of the bundle, and what has happened to the version since."""
    version, spec = history.version, bundle.spec
    evidence = Evidence(bundle.lineage, bundle.evaluation, bundle.parity, bundle.temperature, bundle.tuning)
    gaps = known_gaps(spec, bundle.evaluation, history.releases, version.number)
    return "\n".join(
        [
            f"# {spec.name}, version {version.number}",
            "",
            *facts(spec, bundle.lineage),
            *_standing(version),
            "",
            "## Known gaps",
            "",
            *(f"- {gap}" for gap in gaps),
            "",
            *_gates(bundle),
            *results(spec, evidence),
            *_data(history.dataset),
            *_signatures(history.signatures),
            *_releases(history.releases, version.number),
        ]
    )


def _standing(version: Version) -> Iterator[str]:
    yield f"- Version: {version.uri}, registered {version.created}, bundle {version.bundle[:16]}"
    yield f"- Aliases: {', '.join(version.aliases) or 'none'}"
    if version.retired:
        yield f"- Retired since {version.retired}: it is not served any more"


# Training -----------------------------------------------------------------------------------------------------------


def _gates(bundle: Bundle) -> Iterator[str]:
    """The floors of the spec that the version was trained with."""
    yield "## Gates"
    yield ""
    yield "Floors of the spec that the version was trained with, on the test split."
    yield ""
    yield "| gate | at least | found | verdict |"
    yield "|---|---|---|---|"
    for row in gate_rows(bundle.spec.gates, bundle.evaluation):
        verdict = "no floor" if row.floor is None else "passed" if row.value >= row.floor else "not passed"
        yield f"| {row.gate} | {row.floor or 0:.3f} | {row.found} | {verdict} |"
    yield ""


def _data(dataset: DatasetVersion | None) -> Iterator[str]:
    if dataset is None:
        return
    parts = ", ".join(f"{rows} {split}" for split, rows in dataset.splits.items())
    splits = f" ({parts})" if parts else ""
    yield "## Data"
    yield ""
    yield f"{dataset.name}, version {dataset.number}, made {dataset.created}: {dataset.rows} rows{splits}."
    yield ""
    for what, counts in (("language", dataset.languages), ("label", dataset.labels)):
        yield from _table((what, "rows"), [(name, str(rows)) for name, rows in sorted(counts.items())])
    yield from _table(("source", "sha256"), [(name, digest[:16]) for name, digest in sorted(dataset.sources.items())])


# Since --------------------------------------------------------------------------------------------------------------


def _signatures(signatures: Sequence[Signature]) -> Iterator[str]:
    yield "## Signatures and promotions"
    yield ""
    if not signatures:
        yield "None are recorded."
        yield ""
        return
    yield "As recorded; loading the version verifies them."
    yield ""
    rows = [(one.created, one.kind, one.key[:16], *_said(one)) for one in signatures]
    yield from _table(("time", "what", "key", "by", "reason"), rows)


def _said(signature: Signature) -> tuple[str, str]:
    """Who promoted and why, as far as the statement says so."""
    try:
        envelope = msgspec.json.decode(signature.content)["dsseEnvelope"]
        predicate = msgspec.json.decode(base64.b64decode(envelope["payload"]))["predicate"]
        return _cell(predicate.get("actor", "")), _cell(predicate.get("reason", ""))
    except (msgspec.DecodeError, binascii.Error, UnicodeError, KeyError, TypeError, AttributeError, ValueError):
        return "", ""


def _releases(releases: Sequence[Release], number: int) -> Iterator[str]:
    yield "## Releases"
    yield ""
    if not releases:
        yield "It has taken part in none."
        yield ""
    for release in releases:
        yield from _release(release, is_challenger=release.challenger == number)


def _release(release: Release, *, is_challenger: bool) -> Iterator[str]:
    part = f"challenger of version {release.champion}" if is_challenger else f"champion before {release.challenger}"
    yield f"### {release.id}: {part}, {release.status.replace('_', ' ')}"
    yield ""
    yield f"- From {release.started} to {release.finished or 'now'}, begun by {_cell(release.actor)}"
    if release.reason:
        yield f"- Reason: {_cell(release.reason)}"
    if release.approved:
        yield f"- Approved by {_cell(release.approved)}"
    if is_challenger:
        yield f"- Requests of users that it answered: {sum(release.exposed.values())}"
        yield from _gate_lines(release.gates)
    yield ""
    if is_challenger and release.findings:
        yield from _findings(release)


def _gate_lines(gates: Sequence[GateResult]) -> Iterator[str]:
    """How many gates before traffic it passed, and each that it did not."""
    if not gates:
        return
    yield f"- Gates before traffic: {sum(one.verdict == 'pass' for one in gates)} of {len(gates)} passed"
    for one in gates:
        if one.verdict != "pass":
            yield f"  - {one.verdict}: {_cell(one.text)}"


def _findings(release: Release) -> Iterator[str]:
    """One row per language (or group of them), one column per metric: verdict and observations."""
    metrics = sorted({one.metric for one in release.findings})
    cells = {(one.language, one.metric): f"{one.verdict}, {one.n}" for one in release.findings}
    languages = sorted({one.language for one in release.findings})
    rows = [(language, *(cells.get((language, metric), "") for metric in metrics)) for language in languages]
    yield "Verdicts of the traffic, with the number of requests:"
    yield ""
    yield from _table(("language", *metrics), rows)


# Words --------------------------------------------------------------------------------------------------------------


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    if rows:
        yield f"| {' | '.join(columns)} |"
        yield f"|{'---|' * len(columns)}"
        for row in rows:
            yield f"| {' | '.join(row)} |"
        yield ""


def _cell(text: Any) -> str:
    """A text of a person, so that it cannot break the table or the page."""
    return " ".join(str(text).split()).replace("|", "\\|").replace("<", "&lt;")
