from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.anyio
PAGE = (Path(__file__).parents[2] / "docs" / "dialects.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^(curl (?:.*\\\n)*.*)$", PAGE, re.MULTILINE)


def test_every_dialect_has_a_command() -> None:
    sections = [part for part in PAGE.split("\n## ")[1:] if "Content-Type" in part]
    assert len(sections) == PAGE.count("\n## ") == 7


@pytest.mark.parametrize("command", COMMANDS)
async def test_a_command_of_the_page_works(connect: Any, command: str) -> None:
    words = shlex.split(command.replace("\\\n", " "))
    url, body = words[2], json.loads(words[words.index("-d") + 1])
    async with connect() as client:
        response = await client.post(url.removeprefix("http://127.0.0.1:8080"), json=body)
    assert response.status_code == 200, response.text
