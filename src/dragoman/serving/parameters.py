"""What a caller may ask for beside the texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from dragoman.errors import InvalidRequest
from dragoman.serving.suggestion import shown, suggest

__all__ = ["Parameters", "read_parameters"]


class Parameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters of a prediction."""

    top: Annotated[int, Meta(ge=1, description="How many labels to answer, best first. Default: all.")] | None = None


def read_parameters(given: Mapping[str, Any]) -> Parameters:
    """Check keyword arguments. Raises `InvalidRequest` naming the wrong one."""
    for name in given:
        if name not in Parameters.__struct_fields__:
            raise InvalidRequest(
                f"There is no parameter {shown(name)}.", help=suggest(name, Parameters.__struct_fields__)
            )
    try:
        return msgspec.convert(given, Parameters)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at ")
        name = where.strip("`").removeprefix("$.")
        raise InvalidRequest(f"The parameter '{name}' is wrong: {what}.", help="see /openapi.json.") from None
