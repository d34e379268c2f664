"""The commands of `dragoman models` about signatures and promotions."""

from __future__ import annotations

import click

from dragoman.app import open_workspace
from dragoman.cli.options import as_json, by_user, print_json, workspace
from dragoman.errors import InvalidInput
from dragoman.registry.uri import CHAMPION, parse_model_uri

__all__ = ["commands"]

why = click.option("--reason", required=True, metavar="TEXT", help="Why; it is signed, and stands in the audit log.")


@click.command("verify")
@click.argument("model")
@as_json
@workspace
def verify(model: str, *, as_json: bool, path: str) -> None:
    """Check a version: files, signature, tokenizer, and every signed promotion.

    MODEL is a name (its champion), NAME@ALIAS, or NAME/NUMBER. The exit code is 1 if anything is wrong.
    """
    from dragoman.registry.examination import examine  # heavy: cryptography

    registry = open_workspace(path).registry
    found = examine(registry, registry.resolve(model, retired=True))
    if as_json:
        print_json({"version": found.version, "ok": found.ok, "checks": found.checks, "promotions": found.promotions})
    else:
        click.echo(f"{found.version.uri}, bundle {found.version.bundle}")
        for check in found.checks:
            click.echo(f"{'ok' if check.ok else 'WRONG':<6} {check.what}: {check.text}")
    if not found.ok:
        raise SystemExit(1)


@click.command("sign")
@click.argument("models", nargs=-1, required=True)
@why
@workspace
def sign(models: tuple[str, ...], *, reason: str, path: str) -> None:
    """Sign versions that have no signature by a trusted key, after comparing every file with the catalog.

    MODELS are those that were registered before bundles were signed, or whose key is not trusted any more. Look at what
    you sign: `dragoman models show`.
    """
    place = open_workspace(path)
    for version in [place.registry.resolve(model) for model in models]:
        signature = place.registry.sign(version, by=by_user(reason))
        click.echo(f"{version.uri} is signed with the key {signature.key}, {signature.created}")


@click.command("promote")
@click.argument("version")
@click.option("--expected", type=int, metavar="NUMBER", help="The champion now; another one is left alone.")
@why
@workspace
def promote(version: str, *, expected: int | None, reason: str, path: str) -> None:
    """Make a version the champion by hand, with a signed reason.

    VERSION is NAME/NUMBER. Without --expected, whatever is the champion now gives way. The champion may be promoted
    again: that signs a reason for it anew.
    """
    place = open_workspace(path)
    name, number, _ = parse_model_uri(version)
    if number is None:
        raise InvalidInput(f"'{version}' does not name a version.", help=f"Write {name}/NUMBER.")
    present = place.catalog.alias(name, CHAMPION)
    before = present if expected is None else expected
    promoted = place.registry.promote(name, number, expected=before, by=by_user(reason))
    place_of = {None: "", number: ", as it was"}.get(present, f", in place of {present}")
    click.echo(f"{promoted.uri} is the champion{place_of}.")


@click.command("alias")
@click.argument("alias")
@click.argument("number", type=int, required=False)
@click.option("--expected", type=int, metavar="NUMBER", help="Where it points now; another place is left alone.")
@click.option("--remove", is_flag=True, help="Remove the alias.")
@why
@workspace
def alias(alias: str, number: int | None, *, expected: int | None, remove: bool, reason: str, path: str) -> None:
    """Point an alias at a version, or remove it. ALIAS is NAME@ALIAS; the champion has `dragoman models promote`."""
    place = open_workspace(path)
    name, _, wanted = parse_model_uri(alias)
    if wanted is None or "@" not in alias:
        raise InvalidInput(f"'{alias}' does not name an alias.", help=f"Write {name}@ALIAS.")
    if wanted == CHAMPION:
        raise InvalidInput(
            "The champion is not moved like other aliases.", help=f"dragoman models promote {name}/NUMBER --reason TEXT"
        )
    if (number is None) != remove:
        raise click.UsageError("Give either a NUMBER or --remove.")
    if not reason.strip():
        raise InvalidInput(f"{name}@{wanted} cannot be moved without a reason.", help="Say why: --reason TEXT.")
    present = place.catalog.alias(name, wanted)
    before = present if expected is None else expected
    place.catalog.move_alias(name, wanted, number, expected=before, by=by_user(reason))
    click.echo(f"{name}@{wanted} {'is removed' if remove else f'points at version {number}'}.")


commands: tuple[click.Command, ...] = (verify, sign, promote, alias)
