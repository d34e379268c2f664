from __future__ import annotations

from typing import Any

import msgspec
import pytest
import yaml
from tests.deploy.promtool import needs_promtool, promtool
from tests.monitoring.slo.world import spec

from dragoman.deploy.prometheus import prometheus_files, write_files
from dragoman.deploy.prometheus.scrape import scrape_config
from dragoman.settings import SETTINGS, Settings
from dragoman.spec import LanguageSloSpec, ModelSpec

SLOTH = {
    "slo:objective:ratio",
    "slo:error_budget:ratio",
    "slo:time_period:days",
    "slo:current_burn_rate:ratio",
    "slo:period_burn_rate:ratio",
    "slo:period_error_budget_remaining:ratio",
    "sloth_slo_info",
    *(f"slo:sli_error:ratio_rate{window}" for window in ("5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d")),
}


def settings(**given: Any) -> Settings:
    return Settings(**{one.name: one.default for one in SETTINGS} | given)


def made(*models: ModelSpec, **options: Any) -> dict[str, Any]:
    files = prometheus_files(models, scrape_config(settings()), **options)
    return {name: yaml.safe_load(text) for name, text in files.items()}


def rules_of(content: dict[str, Any]) -> list[dict[str, Any]]:
    return [rule for group in content["groups"] for rule in group["rules"]]


def test_every_objective_has_the_series_of_sloth():
    files = made(spec("hi", latency=0.99))
    languages = files["rules/dragoman-slo-support-languages.yml"]
    recorded: dict[str, set[str]] = {}
    for rule in rules_of(files["rules/dragoman-slo-support.yml"]) + rules_of(languages):
        if "record" in rule and "sloth_id" in rule.get("labels", {}):
            recorded.setdefault(rule["labels"]["sloth_id"], set()).add(rule["record"])
    assert recorded.keys() == {
        f"support-{name}" for name in ("availability", "latency", "availability-hi", "latency-hi")
    }
    assert all(names >= SLOTH for names in recorded.values())


def test_labels_name_service_objective_window_and_language():
    rules = rules_of(made(spec("hi"))["rules/dragoman-slo-support-languages.yml"])
    (hour,) = [rule for rule in rules if rule.get("record") == "slo:sli_error:ratio_rate1h"]
    assert hour["labels"] == {
        "model": "support",
        "slo": "availability",
        "language": "hi",
        "sloth_id": "support-availability-hi",
        "sloth_service": "support",
        "sloth_slo": "availability-hi",
        "sloth_window": "1h",
    }


def test_alerts_name_owner_runbook_and_severity():
    files = made(spec("hi"), runbooks="https://example.com/runbooks")
    alerts = [rule for rule in rules_of(files["rules/dragoman-slo-support.yml"]) if "alert" in rule]
    burning = [rule for rule in alerts if rule["alert"] == "DragomanSloAvailability"]
    assert [rule["labels"]["severity"] for rule in burning] == ["page", "ticket"]
    for rule in alerts:
        assert rule["labels"]["owner"] == rule["annotations"]["owner"] == "team@example.com"
        assert rule["annotations"]["runbook_url"].startswith("https://example.com/runbooks/")


def test_an_owner_is_no_template():
    model = msgspec.structs.replace(spec("hi"), owner="{{ printf }}")
    alerts = [rule for rule in rules_of(made(model)["rules/dragoman-slo-support.yml"]) if "alert" in rule]
    assert {rule["labels"]["owner"] for rule in alerts} == {'{{ "{{" }} printf }}'}


def test_a_low_objective_has_longer_windows_and_thresholds_below_one():
    rules = rules_of(made(spec("hi", availability=0.9))["rules/dragoman-slo-support.yml"])
    page = next(rule["expr"] for rule in rules if rule.get("labels", {}).get("sloth_severity") == "page")
    assert "ratio_rate3h" in page
    assert "(4.8 * 0.1)" in page
    assert "slo:sli_error:evidence3h" in {rule.get("record") for rule in rules}


def test_a_model_without_objectives_has_no_rules():
    assert made(spec("hi", availability=0.0)).keys() == {"prometheus.yml", "rules/dragoman-alerts.yml"}


def test_languages_have_a_file_of_their_own_where_they_have_objectives():
    own = {"de": LanguageSloSpec(availability=0.9)}
    files = made(spec("hi", "de", per_language=False, languages=own))
    ids = {rule["labels"]["sloth_id"] for rule in rules_of(files["rules/dragoman-slo-support-languages.yml"])}
    assert ids == {"support-availability-de"}
    assert "rules/dragoman-slo-support-languages.yml" not in made(spec("hi", per_language=False))


@pytest.mark.parametrize(
    ("given", "target", "has_key"),
    [
        ({}, "127.0.0.1:8080", False),
        ({"host": "0.0.0.0"}, "localhost:8080", True),
        ({"host": "::1", "access": "keys"}, "[::1]:8080", True),
        ({"host": "models.example", "port": 9000, "access": "open"}, "models.example:9000", False),
    ],
)
def test_the_configuration_scrapes_the_server_of_the_workspace(given, target, has_key):
    (job,) = scrape_config(settings(**given))["scrape_configs"]
    assert job["static_configs"] == [{"targets": [target]}]
    assert ("authorization" in job) == has_key


def test_the_same_specs_make_the_same_files():
    one, other = (prometheus_files([spec("hi", "de")], scrape_config(settings()), with_tests=True) for _ in range(2))
    assert one == other


def test_rules_of_a_model_that_is_gone_are_removed_and_others_stay(tmp_path):
    write_files(tmp_path, prometheus_files([spec("hi")], {"global": {}}, with_tests=True))
    (tmp_path / "rules" / "dragoman-slo-mine.yml").write_text("groups: []\n")
    written = write_files(tmp_path, prometheus_files([], {"global": {}}))
    there = sorted(path.name for path in tmp_path.rglob("*.yml"))
    assert there == ["dragoman-alerts.yml", "dragoman-slo-mine.yml", "prometheus.yml"]
    assert [path.name for path in written] == ["prometheus.yml", "dragoman-alerts.yml"]


@needs_promtool
@pytest.mark.parametrize(
    "slo", [{"latency": 0.99, "quality": 0.5, "coverage": 0.95}, {"days": 7}, {"availability": 0.9, "days": 90}]
)
def test_promtool_accepts_rules_and_configuration(tmp_path, slo):
    write_files(tmp_path, prometheus_files([spec("hi", "zh-Hant", **slo)], scrape_config(settings())))
    assert "SUCCESS" in promtool("check", "rules", *map(str, tmp_path.glob("rules/*.yml")), folder=tmp_path)
    assert "SUCCESS" in promtool("check", "config", "prometheus.yml", folder=tmp_path)


@needs_promtool
def test_the_tests_that_are_written_pass(tmp_path):
    files = prometheus_files([spec("hi", availability=0.99, per_language=False)], {"global": {}}, with_tests=True)
    write_files(tmp_path, files)
    promtool("test", "rules", "tests/dragoman-slo-support.yml", folder=tmp_path)
