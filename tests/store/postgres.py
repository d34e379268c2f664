"""A private PostgreSQL for tests, where its programs and the driver are installed."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["postgres_is_here", "running_postgres"]

OPTIONS = "-c listen_addresses='' -c fsync=off -c max_connections=40 -k {folder}"


def postgres_is_here() -> bool:
    """Whether a cluster can be started: programs, driver, and somebody other than root to run it."""
    return _programs() is not None and importlib.util.find_spec("psycopg") is not None and _account() is not None


@contextmanager
def running_postgres() -> Iterator[str]:
    """A cluster in a temporary folder, reached by a socket there; its URL, without schema. Stops at the end."""
    folder = Path(tempfile.mkdtemp(prefix="pg-"))  # short: a socket's path holds about 100 characters
    if os.geteuid() == 0:
        shutil.chown(folder, *_account())
    try:
        _run("initdb", "-D", folder / "data", "-U", "tester", "-A", "trust", "-E", "UTF8", "--no-sync")
        _run("pg_ctl", "-D", folder / "data", "-l", folder / "log", "-w", "-o", OPTIONS.format(folder=folder), "start")
        try:
            yield f"postgresql+psycopg://tester@/postgres?host={folder}"
        finally:
            _run("pg_ctl", "-D", folder / "data", "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


def _programs() -> Path | None:
    found = shutil.which("postgres")
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    candidates = [Path(found).resolve(), *installed] if found else installed
    for candidate in candidates:
        if all((candidate.parent / program).exists() for program in ("initdb", "pg_ctl")):
            return candidate.parent
    return None


def _account() -> tuple[str, int] | None:
    """Who runs the server: it refuses root."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid()).pw_name, os.getegid()
    for name in ("postgres", "nobody"):
        try:
            return name, pwd.getpwnam(name).pw_gid
        except KeyError:
            continue
    return None


def _run(program: str, *arguments: str | Path) -> None:
    name, group = _account()
    as_somebody = {"user": name, "group": group, "extra_groups": []} if os.geteuid() == 0 else {}
    done = subprocess.run(
        [_programs() / program, *arguments],
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,  # the server would keep a pipe open
        stderr=subprocess.DEVNULL,
        check=False,
        **as_somebody,
    )
    assert done.returncode == 0, f"{program} ended with {done.returncode}"
