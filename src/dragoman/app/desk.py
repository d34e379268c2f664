"""Releases of a workspace, as people and other programs see them. Implements `api.release_desk.ReleaseDesk`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec

from dragoman.app.workspace import Workspace
from dragoman.errors import Conflict, InvalidRequest, NotFound
from dragoman.records import By, Release, Version
from dragoman.registry.uri import CHALLENGER, CHAMPION
from dragoman.release.controller import Move, approve, roll_back
from dragoman.release.events import Event, events
from dragoman.serving.ids import new_id
from dragoman.spec import ReleaseSpec
from dragoman.store.audit import now

__all__ = ["Desk"]

ATTEMPTS = 10  # to change a release that its controller changes too


class Desk:
    """Starts, shows, approves and ends releases. What it writes, servers of the workspace follow within a second."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    def releases(self, *, model: str | None = None, active: bool | None = None) -> Sequence[Release]:
        self._check(model)
        return self.workspace.catalog.releases(model=model, active=active)

    def release(self, id: str) -> Release:
        return self.workspace.catalog.release(id)

    def newest(self, model: str) -> Release:
        """The active release of a model, or the newest that it had. Raises `NotFound`."""
        self._check(model)
        found = self.workspace.catalog.releases(model=model)
        if not found:
            raise NotFound(f"The model '{model}' has had no release.", help="`dragoman release start` begins one.")
        return next((one for one in found if one.is_active), found[0])

    def start(self, model: str, challenger: int, *, by: By) -> Release:
        """Record that a release is wanted; its gates are checked next, by whoever holds the record first."""
        place = self.workspace
        spec, champion = place.spec(model), self._champion(model)
        version = place.catalog.version(model, challenger)
        _refuse_unfit(version, champion)
        place.keychain.signer.fingerprint  # noqa: B018 (the promotion will be signed: better without a key now than then)
        begun = now()
        release = Release(
            id=new_id(),
            model=model,
            champion=champion,
            challenger=challenger,
            status="checking",
            plan=msgspec.to_builtins(spec.release or ReleaseSpec()),
            languages=spec.counted_languages,
            actor=by.actor,
            reason=by.reason,
            started=begun,
            stepped=begun,
        )
        wanted = place.catalog.save_release(release, expected=None, action="release.requested", by=by)
        self._name_challenger(version, by)
        return wanted

    def approve(self, id: str, *, by: By) -> Release:
        return self._change(id, lambda release: approve(release, now=now(), by=by), by)

    def roll_back(self, id: str, *, by: By) -> Release:
        return self._change(id, lambda release: roll_back(release, now=now(), by=by), by)

    def take_back(self, model: str, *, by: By) -> Release:
        """End the active release of a model; without one, give the place of a promoted challenger back.

        Raises `NotFound` without a release, and `Conflict` if the champion has moved since.
        """
        newest = self.newest(model)
        if newest.is_active:
            return self.roll_back(newest.id, by=by)
        if newest.status == "rolled_back":
            raise Conflict(
                f"The release {newest.id} was rolled back already: {newest.notes[-1].text}",
                help="The champion answers everything; nothing is to be done.",
            )
        evidence = msgspec.structs.replace(by, evidence=newest.id)
        self.workspace.registry.promote(model, newest.champion, expected=newest.challenger, by=evidence)
        return newest

    def events(
        self, *, since: datetime | None = None, until: datetime | None = None, model: str | None = None
    ) -> Sequence[Event]:
        self._check(model)
        return events(self.workspace.catalog, since=since, until=until, model=model)

    def _champion(self, model: str) -> int:
        champion = self.workspace.catalog.alias(model, CHAMPION)
        if champion is None:
            raise NotFound(
                f"The model '{model}' has no champion to be compared with.",
                help="`dragoman models promote NAME/NUMBER --reason TEXT` makes a version the champion.",
            )
        return champion

    def _check(self, model: str | None) -> None:
        if model is not None and model not in (known := self.workspace.catalog.models()):
            raise NotFound(f"There is no model '{model}'.", help=f"there are {', '.join(known) or 'none'}.")

    def _name_challenger(self, version: Version, by: By) -> None:
        catalog = self.workspace.catalog
        current = catalog.alias(version.model, CHALLENGER)
        if current != version.number:
            catalog.move_alias(version.model, CHALLENGER, version.number, expected=current, by=by)

    def _change(self, id: str, change: Callable[[Release], Move], by: By) -> Release:
        """Change a release that others change too. Raises what `change` raises."""
        catalog = self.workspace.catalog
        for attempt in range(ATTEMPTS):
            release = catalog.release(id)
            move = change(release)
            try:
                return catalog.save_release(move.release, expected=release.revision, action=move.action, by=by)
            except Conflict:
                if attempt == ATTEMPTS - 1:
                    raise
        raise AssertionError  # the loop returns or raises


def _refuse_unfit(version: Version, champion: int) -> None:
    if version.retired:
        raise InvalidRequest(f"{version.uri} is retired.", help="Release another version.")
    if version.number == champion:
        raise InvalidRequest(f"{version.uri} is the champion already.", help="Name the version that shall follow it.")
