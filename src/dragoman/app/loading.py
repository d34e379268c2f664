"""From what a person names to a loaded model."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from dragoman.app.workspace import Workspace, open_workspace
from dragoman.errors import NotFound, Untrusted
from dragoman.registry.manifest import MANIFEST_FILE
from dragoman.registry.uri import is_model_uri
from dragoman.settings import SETTINGS

if TYPE_CHECKING:
    from dragoman.registry.trust import Trust
    from dragoman.serving.loader import Loader
    from dragoman.serving.model import Model

__all__ = ["load", "load_path", "trust_for", "trust_in"]

TRUSTED_KEYS = next(setting for setting in SETTINGS if setting.name == "trusted_keys")


def load(
    source: str | Path,
    *,
    task: str | None = None,
    precision: str = "auto",
    device: str = "auto",
    threads: int = 0,
    workspace: str | Path = ".",
    trusted_keys: str | Path | None = None,
) -> Model:
    """Load a model to predict with.

    `source` is a registered version (`models:/support/3`, `models:/support@champion`; looked up in `workspace`), a
    bundle's folder, or a Hugging Face or sentence-transformers folder of the XLM-RoBERTa, RoBERTa or BERT family, whose
    `task` defaults to what its head is for. `precision` is "fp32", "int8", "bf16", "fp16" or "auto": what
    `dragoman tune` chose for the version, without that fp32 on the CPU and bf16 on "cuda". `threads` = 0 takes all
    cores.

    A registered version must be signed by a key that its workspace trusts. A folder must be a bundle signed by one of
    the public keys in `trusted_keys` (by default the folder that DRAGOMAN_TRUSTED_KEYS names); with neither, a
    bundle is only compared with its own manifest, and other folders are taken as they are.

    Raises `NotFound`, `InvalidCheckpoint`, `InvalidInput` for an option that is not there, or `Untrusted`.
    """
    from dragoman.runtime.sessions import Compute
    from dragoman.serving.loader import Loader  # heavy: the serving parts

    loader = Loader(Compute(precision, device, threads))
    if isinstance(source, str) and is_model_uri(source):
        return open_workspace(workspace).load(source, loader=loader, task=task)
    return load_path(Path(source), loader, task=task, trust=trust_in(trusted_keys))


def load_path(
    folder: Path, loader: Loader, *, name: str = "", task: str | None = None, trust: Trust | None = None
) -> Model:
    """Load a bundle's folder, or one of Hugging Face or sentence-transformers.

    With `trust` it must be a bundle that one of those keys has signed. Raises `NotFound` and `Untrusted`.
    """
    if not folder.is_dir():
        raise NotFound(f"There is no folder {folder}.", help="Name a bundle, a Hugging Face folder, or models:/NAME/3.")
    if trust is not None:
        return _load_signed(folder, loader, trust, name=name, task=task)
    if (folder / MANIFEST_FILE).exists():
        return loader.load_bundle(folder, name=name, task=task)
    return loader.load_folder(folder, name=name, task=task)


def trust_in(folder: str | Path | None) -> Trust | None:
    """The keys of a folder, by default of the one in the environment; None where neither is named.

    Raises `NotFound` for a folder without keys: who names one wants signatures.
    """
    if not (wanted := folder or os.environ.get(TRUSTED_KEYS.variable)):
        return None
    from dragoman.registry.trust import Trust  # heavy: cryptography

    trust = Trust(Path(wanted))
    if not trust.keys:
        raise NotFound(f"{trust}.", help="Put public keys there: NAME.pub, in PEM.")
    return trust


def trust_for(folder: Path, workspace: Workspace | None) -> Trust | None:
    """Whose signatures a server asks for when it loads a folder: in a workspace with keys, those, of bundles only."""
    if workspace is None:
        return trust_in(None)
    if not (folder / MANIFEST_FILE).exists():
        return None
    trust = workspace.keychain.trust
    is_named = workspace.settings.trusted_keys != TRUSTED_KEYS.default
    return trust_in(trust.folder) if is_named or trust.keys else None


def _load_signed(folder: Path, loader: Loader, trust: Trust, *, name: str, task: str | None) -> Model:
    from dragoman.registry.signing import verify_signed_folder  # heavy: cryptography

    if not (folder / MANIFEST_FILE).exists():
        raise Untrusted(
            f"{folder} is not a bundle, so nobody has signed it.",
            help="Name a bundle, or load it without trusted keys.",
        )
    return loader.load_bundle(folder, manifest=verify_signed_folder(folder, trust).manifest, name=name, task=task)
