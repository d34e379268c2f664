from __future__ import annotations

import pytest
from click.testing import CliRunner
from tests.deploy.promtool import needs_promtool, promtool

from dragoman.app import init_workspace
from dragoman.cli import cli
from dragoman.errors import NotFound


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return init_workspace(tmp_path_factory.mktemp("deploy") / "support")


def deploy(*arguments: str):
    return CliRunner().invoke(cli, ["deploy", "prometheus", *arguments], catch_exceptions=False)


def test_rules_are_written_into_the_workspace_and_named(workspace):
    result = deploy("-w", str(workspace))
    assert result.exit_code == 0
    names = ["prometheus.yml", "rules/dragoman-alerts.yml", "rules/dragoman-slo-support-languages.yml"]
    assert result.output.splitlines()[:3] == [str(workspace / "prometheus" / name) for name in names]
    assert "support-team@example.com" in (workspace / "prometheus/rules/dragoman-slo-support.yml").read_text()


def test_another_folder_and_tests_are_written_where_they_are_asked_for(workspace, tmp_path):
    assert deploy("-w", str(workspace), "--out", str(tmp_path), "--tests").exit_code == 0
    assert {path.name for path in tmp_path.iterdir()} == {"prometheus.yml", "rules", "tests"}


def test_what_is_written_twice_is_the_same(workspace, tmp_path):
    for _ in range(2):
        deploy("-w", str(workspace), "--out", str(tmp_path))
        content = {path: path.read_bytes() for path in tmp_path.rglob("*.yml")}
    assert content == {path: path.read_bytes() for path in tmp_path.rglob("*.yml")}


@needs_promtool
def test_promtool_accepts_the_rules_of_the_example(workspace, tmp_path):
    deploy("-w", str(workspace), "--out", str(tmp_path))
    assert "SUCCESS" in promtool("check", "config", "prometheus.yml", folder=tmp_path)


def test_a_folder_that_is_no_workspace_is_refused(tmp_path):
    with pytest.raises(NotFound, match="not a workspace"):
        deploy("-w", str(tmp_path))
