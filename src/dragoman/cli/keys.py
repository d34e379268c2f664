"""`dragoman keys`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from dragoman.app import Workspace, open_workspace
from dragoman.cli.api_keys import commands as api_key_commands
from dragoman.cli.options import as_json, by_user, print_json, print_table, reason, workspace
from dragoman.errors import DragomanError

__all__ = ["command"]

FILE = click.Path(dir_okay=False, path_type=Path)


@click.group("keys")
def command() -> None:
    """Make and trust signing keys; make API keys with roles.

    A signing key signs bundles; a public key that is trusted says whose bundles are loaded. An API key lets a caller
    in.
    """


@command.command("signing")
@click.option("--import", "source", type=FILE, metavar="FILE", help="Take this private key (P-256, PEM).")
@click.option("--name", default="", help="Name of its public part. Default: signing- and its first digits.")
@click.option("--replace", is_flag=True, help="Put it in the place of the one that there is.")
@reason
@workspace
def signing(*, source: Path | None, name: str, replace: bool, reason: str, path: str) -> None:
    """Make the key that signs bundles, and trust it; one that is there already is only trusted.

    Its passphrase, if it has one, is read from DRAGOMAN_SIGNING_PASSPHRASE; a key that is made while this is set is
    encrypted. What another key has signed is loaded for as long as its public part is trusted.
    """
    from dragoman.registry.keys import read_private_key  # heavy: cryptography

    keys = open_workspace(path).keychain
    given = read_private_key(source) if source else None
    trusted = keys.make(key=given, name=name, replace=replace, by=by_user(reason))
    click.echo(f"Signing key {trusted.name}, {trusted.fingerprint}")
    click.echo(f"private: {keys.signer.path} (keep it to yourself)")
    click.echo(f"public:  {trusted.path} (commit it: who has it, and trusts it, loads what the key signs)")


@command.command("trust")
@click.argument("file", type=FILE)
@click.option("--name", default="", help="Name to know it by. Default: that of the file.")
@reason
@workspace
def trust(file: Path, *, name: str, reason: str, path: str) -> None:
    """Load what the owner of a public key has signed. FILE is the public key, in PEM."""
    trusted = open_workspace(path).keychain.add(file, name=name, by=by_user(reason))
    click.echo(f"Trusted: {trusted.name}, {trusted.fingerprint}")


@command.command("untrust")
@click.argument("key")
@reason
@workspace
def untrust(key: str, *, reason: str, path: str) -> None:
    """Load no more what a key has signed. KEY is its name or its fingerprint, of which eight digits are enough.

    Names the versions that no other trusted key has signed: they need `dragoman models sign`.
    """
    place = open_workspace(path)
    removed = place.keychain.remove(key, by=by_user(reason))
    click.echo(f"Not trusted any more: {removed.name}, {removed.fingerprint}")
    for line in _refused(place):
        click.echo(line)


@command.command("show")
@as_json
@workspace
def show(*, as_json: bool, path: str) -> None:
    """Show the trusted keys, with their fingerprints, and which of them signs here."""
    keys = open_workspace(path).keychain
    own, problem = _own(keys.signer.path)
    rows = [(key.name, key.fingerprint, str(key.path), key.fingerprint == own) for key in keys.trust.keys]
    if as_json:
        names = ("name", "fingerprint", "file", "signs")
        print_json({"signing_key": own, "trusted": [dict(zip(names, row, strict=True)) for row in rows]})
        return
    print_table(("name", "fingerprint", "file", ""), [(*row[:3], "signs here" if row[3] else "") for row in rows])
    if problem or own not in (row[1] for row in rows):
        click.echo(
            problem or f"note: the signing key {own} is not trusted; `dragoman keys signing` trusts it.", err=True
        )


for api_key_command in api_key_commands:
    command.add_command(api_key_command)


def _own(path: Path) -> tuple[str, str]:
    """Fingerprint of the workspace's signing key, and why there is none."""
    from dragoman.registry.signing import Signer  # heavy: cryptography

    try:
        return Signer(path).fingerprint, ""
    except DragomanError as error:
        return "", f"note: {error}"


def _refused(place: Workspace) -> Iterator[str]:
    """The versions that cannot be loaded any more."""
    for version in (one for model in place.catalog.models() for one in place.catalog.versions(model)):
        try:
            place.registry.signed_by(version)
        except DragomanError as error:
            yield f"{version.uri} is refused now: {error.message}"
