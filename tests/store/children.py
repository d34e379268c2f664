"""Child processes that a test may kill."""

from __future__ import annotations

import os
import subprocess
import sys

__all__ = ["output_of", "start"]


def start(script: str, *arguments: object) -> subprocess.Popen[str]:
    """Run Python code in a new process that finds what this one finds."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, env=environment)


def output_of(script: str, *arguments: object) -> str:
    """What the code prints, once it has ended well."""
    with start(script, *arguments) as child:
        output, _ = child.communicate(timeout=60)
    assert child.returncode == 0
    return output
