"""Whom a server lets in: decided before it listens."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from dragoman.api.access import Access, KeyAccess, OpenAccess, is_loopback
from dragoman.api.keyring import Keyring, SingleKey
from dragoman.app.workspace import Workspace
from dragoman.errors import InvalidInput, NotFound
from dragoman.registry.api_keys import state_of
from dragoman.settings import Settings
from dragoman.store.base import Catalog

__all__ = ["KEY_VARIABLE", "access_of"]

KEY_VARIABLE = "DRAGOMAN_API_KEY"
LEAST_CHARACTERS = 32


def access_of(settings: Settings, workspace: Workspace | None) -> Access:
    """What the setting `access` means at the server's address.

    Keys are those of the workspace's catalog; without a workspace, the one of the environment. Raises `NotFound` where
    keys are needed and there is none that counts.
    """
    on_loopback = is_loopback(settings.host)
    if settings.access == "open" or (settings.access == "auto" and on_loopback):
        return OpenAccess(on_loopback=settings.access == "auto")
    return KeyAccess(
        key_of_environment(settings.host) if workspace is None else keys_of(workspace.catalog, settings.host)
    )


def keys_of(catalog: Catalog, host: str) -> Keyring:
    known, now = catalog.keys(), datetime.now(UTC)
    if not any(state_of(key, now) == "active" for key in known):
        raise NotFound(
            f"Who asks the server on {host} needs a key, and there is none that counts.",
            help="`dragoman keys new --role admin --name NAME` makes one; docs/access.md tells more.",
        )
    return Keyring(catalog.keys)


def key_of_environment(host: str) -> SingleKey:
    text = os.environ.get(KEY_VARIABLE, "")
    if not text:
        raise NotFound(
            f"Who asks the server on {host} needs a key, and without a workspace there is none.",
            help=f"put one into {KEY_VARIABLE}, such as `openssl rand -hex 32` prints, or set `access` to 'open'.",
        )
    if len(text) < LEAST_CHARACTERS or not (text.isascii() and text.isprintable()) or " " in text:
        raise InvalidInput(
            f"{KEY_VARIABLE} is no key: a key has at least {LEAST_CHARACTERS} ASCII characters and no space.",
            help="use what `openssl rand -hex 32` prints.",
        )
    return SingleKey(text)
