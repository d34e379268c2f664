"""An example of Prometheus' own configuration."""

from __future__ import annotations

from typing import Any

from dragoman.api.access import is_loopback
from dragoman.settings import Settings

__all__ = ["scrape_config"]

EVERYWHERE = ("", "0.0.0.0", "::")  # noqa: S104 (read, not bound): an address to listen on, not one to ask
KEY_FILE = "/etc/prometheus/dragoman-key"


def scrape_config(settings: Settings) -> dict[str, Any]:
    """Scrapes the server of a workspace, with a key where it asks for one, and reads the rules beside this file."""
    job: dict[str, Any] = {"job_name": "dragoman"}
    if settings.access == "keys" or (settings.access == "auto" and not is_loopback(settings.host)):
        job["authorization"] = {"credentials_file": KEY_FILE}
    host = "localhost" if settings.host in EVERYWHERE else settings.host
    target = f"[{host}]:{settings.port}" if ":" in host else f"{host}:{settings.port}"
    return {
        "global": {"scrape_interval": "15s", "evaluation_interval": "1m"},
        "rule_files": ["rules/*.yml"],
        "scrape_configs": [{**job, "static_configs": [{"targets": [target]}]}],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": ["localhost:9093"]}]}]},
    }
