"""The workspace's secret for pseudonyms."""

from __future__ import annotations

import secrets
from pathlib import Path

from dragoman.store.files import atomic_file

__all__ = ["KEY_FILE", "pseudonym_key"]

KEY_FILE = "keys/pseudonyms.key"  # under the workspace's state
KEY_BYTES = 32
PRIVATE = 0o600


def pseudonym_key(path: Path) -> bytes:
    """The workspace's secret for pseudonyms, made when it is first needed. Who has it can link subjects to rows."""
    if not path.exists():
        with atomic_file(path, mode=PRIVATE) as file:
            file.write(secrets.token_bytes(KEY_BYTES))
        path.parent.chmod(0o700)
    return path.read_bytes()
