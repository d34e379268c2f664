"""A private Alertmanager for tests, where it is installed."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tests.services.ports import free_port

__all__ = ["Alertmanager", "alertmanager_program", "running_alertmanager"]

CONFIG = """
route:
  receiver: hook
  group_by: ['...']
  group_wait: {group_wait}
  group_interval: 1s
  repeat_interval: 4h
receivers:
  - name: hook
    webhook_configs:
      - url: {webhook}
        send_resolved: true
"""
START_SECONDS = 30.0


class Alertmanager(NamedTuple):
    """One that answers."""

    url: str

    def alerts(self) -> list[dict[str, Any]]:
        """What fires there."""
        with urllib.request.urlopen(f"{self.url}/api/v2/alerts", timeout=10) as answer:
            return json.load(answer)


def alertmanager_program() -> str | None:
    """Its path; Debian's package has another name than everybody else's."""
    return shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")


@contextmanager
def running_alertmanager(webhook: str, *, group_wait: str = "0s") -> Iterator[Alertmanager]:
    """Alertmanager on a free port, which tells a webhook of every alert apart."""
    program = alertmanager_program()
    assert program, "Alertmanager is not installed"
    with tempfile.TemporaryDirectory(prefix="alertmanager-") as folder:
        config = Path(folder, "alertmanager.yml")
        config.write_text(CONFIG.format(webhook=webhook, group_wait=group_wait))
        port = free_port()
        command = [
            program,
            f"--config.file={config}",
            f"--storage.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
        ]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
            try:
                yield _wait_for(Alertmanager(f"http://127.0.0.1:{port}"), child)
            finally:
                child.kill()


def _wait_for(one: Alertmanager, child: subprocess.Popen[bytes]) -> Alertmanager:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and child.poll() is None:
        with contextlib.suppress(urllib.error.URLError), urllib.request.urlopen(f"{one.url}/-/ready", timeout=5):
            return one
        time.sleep(0.05)
    raise TimeoutError("Alertmanager does not start")
