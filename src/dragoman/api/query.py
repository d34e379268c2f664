"""Reading the parameters after the `?` of a path."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from starlette.requests import Request

from dragoman.errors import InvalidRequest
from dragoman.serving.suggestion import shown, suggest

__all__ = ["read_query"]

T = TypeVar("T", bound=msgspec.Struct)


def read_query(request: Request, kind: type[T]) -> T:
    """The parameters of a request as a record, numbers and booleans read from their text.

    Raises `InvalidRequest` for a parameter that `kind` does not have, one that is given twice, a missing one, and a
    wrong value.
    """
    given = request.query_params.multi_items()
    names = [name for name, _ in given]
    valid = {field.encode_name for field in msgspec.structs.fields(kind)}
    for name in names:
        if name not in valid:
            help = suggest(name, valid) if valid else "this path takes none."
            raise InvalidRequest(f"There is no parameter {shown(name)} here.", help=help)
        if names.count(name) > 1:
            raise InvalidRequest(f"The parameter '{name}' is given twice.", help="Give it once.")
    for field in msgspec.structs.fields(kind):
        if field.required and field.encode_name not in names:
            raise InvalidRequest(f"The parameter '{field.encode_name}' is missing.", help="add it after the '?'.")
    try:
        return msgspec.convert(dict(given), kind, strict=False)
    except msgspec.ValidationError as error:
        what, _, place = str(error).partition(" - at ")
        name = place.strip("`").removeprefix("$.") or "?"
        raise InvalidRequest(f"The parameter '{name}' is wrong: {what}.", help="see /openapi.json.") from None
