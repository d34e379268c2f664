from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import get_args

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tests.api.holders import access_of, bearer, made

from dragoman.api.abilities import ROLES, Ability, needs
from dragoman.api.entrance import Application
from dragoman.api.guard import guarded
from dragoman.api.lifecycle import Lifecycle, Phase
from dragoman.records import Role

pytestmark = pytest.mark.anyio

MATRIX = """
           SEE  PREDICT  LABEL  LOOK  OPERATE  APPROVE  ADMINISTER
viewer      +      -       -     +       -        -         -
caller      +      +       -     -       -        -         -
labeler     +      -       +     -       -        -         -
operator    +      +       -     +       +        -         -
approver    +      -       -     +       -        +         -
admin       +      +       +     +       +        +         +
"""
HEAD, *ROWS = [line.split() for line in MATRIX.strip().splitlines()]
EXPECTED: Mapping[str, dict[str, bool]] = {
    role: dict(zip(HEAD, [sign == "+" for sign in signs], strict=True)) for role, *signs in ROWS
}
PAGE = Path(__file__).parents[2] / "docs" / "access.md"


def app_of_all_abilities(access: object) -> Application:
    def route(ability: Ability) -> Route:
        @needs(ability)
        async def endpoint(request: Request) -> Response:
            return Response()

        return Route(f"/{ability.name}", endpoint, methods=["POST"])

    return Application(guarded(map(route, Ability), access), Lifecycle(Phase.READY))


def test_the_table_has_every_role_and_every_ability() -> None:
    assert tuple(EXPECTED) == get_args(Role) == tuple(ROLES)
    assert [one.name for one in Ability] == HEAD


@pytest.mark.parametrize("role", EXPECTED)
async def test_a_role_may_do_what_the_table_says_and_nothing_else(role: Role) -> None:
    key, text = made(role)
    transport = httpx.ASGITransport(app_of_all_abilities(access_of(key)))
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=bearer(text)) as client:
        statuses = {name: (await client.post(f"/{name}")).status_code for name in HEAD}
    assert statuses == {name: 200 if may else 403 for name, may in EXPECTED[role].items()}


def test_no_one_role_but_admin_both_operates_and_approves() -> None:
    both = {Ability.OPERATE, Ability.APPROVE}
    assert [role for role, abilities in ROLES.items() if both <= abilities] == ["admin"]


def test_the_page_of_the_documentation_has_the_same_table() -> None:
    page = PAGE.read_text(encoding="utf-8")
    head = re.search(r"^\| role \|(.*)\|$", page, re.MULTILINE)
    rows = re.findall(rf"^\| `({'|'.join(ROLES)})` \|(.*)\|$", page, re.MULTILINE)
    assert head is not None
    columns = [cell.strip() for cell in head[1].split("|")]
    shown = {
        role: dict(zip(columns, ["yes" in cell for cell in cells.split("|")], strict=True)) for role, cells in rows
    }
    assert shown == {role: {one.name.lower(): one in abilities for one in Ability} for role, abilities in ROLES.items()}


def test_the_page_says_what_each_ability_is() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert [one.name for one in Ability if f"| {one.name.lower()} | {one.value}" not in page] == []
