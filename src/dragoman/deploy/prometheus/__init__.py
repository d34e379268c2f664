"""Rules for Prometheus, under the names that Sloth's dashboards expect."""

from __future__ import annotations

from dragoman.deploy.prometheus.files import prometheus_files, write_files

__all__ = ["prometheus_files", "write_files"]
