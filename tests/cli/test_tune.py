from __future__ import annotations

import json

import msgspec
import pytest
from click.testing import CliRunner, Result

from dragoman.app import Workspace
from dragoman.cli import cli, tune
from dragoman.errors import Conflict
from dragoman.records import Agreement, Form, FormReport, TuningReport
from dragoman.registry.registry import Registry
from dragoman.registry.uri import CHAMPION
from dragoman.runtime.tuning import Step
from dragoman.store.memory import MemoryBlobs, MemoryCatalog


class Place:
    """A workspace with two versions of a model, the first its champion, whose tuning is what a test says."""

    def __init__(self, report: TuningReport, cache) -> None:
        self.catalog, self.report, self.asked = MemoryCatalog(), report, []
        self.registry = Registry(self.catalog, MemoryBlobs(), cache)
        for bundle in ("b1", "b2"):
            self.add(bundle)
        self.catalog.move_alias("support", CHAMPION, 1, expected=None)
        self.meanwhile = lambda: None

    def add(self, bundle: str):
        return self.catalog.add_version(model="support", bundle=bundle, run="r", owner="o", created="now")

    def tune(self, uri, *, keep, report):
        self.asked.append((uri, keep))
        report(Step(self.report.forms[0].form, "answers", 0, 8))
        self.meanwhile()
        return self.add("tuned"), self.report


def form_report(precision: str, speed: float, *missed: str, trimmed: bool = False) -> FormReport:
    return FormReport(
        form=Form(precision=precision, backend="native", threads=0, trimmed=trimmed),
        tokens_per_second=speed,
        single_ms=4.25,
        agreement=Agreement(
            texts=90, labels=0.998, languages={"de": 1.0, "sw": 0.991}, score_distance=0.0123, cosine=0.9991
        ),
        accuracy=0.914,
        missed=list(missed),
    )


def tuning_report(*forms: FormReport, chosen: int, trimming: str = "") -> TuningReport:
    return TuningReport(
        processor="p", cores=2, gate=0.995, language_gate=0.98, pieces=900, kept_pieces=300, trimming=trimming,
        forms=list(forms), chosen=forms[chosen].form,
    )  # fmt: skip


FASTER = tuning_report(form_report("fp32", 1_000), form_report("int8", 3_100), chosen=1)


@pytest.fixture
def place(tmp_path, monkeypatch) -> Place:
    made = Place(FASTER, tmp_path)
    monkeypatch.setattr(tune, "open_workspace", lambda path: made)
    return made


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["tune", *arguments], catch_exceptions=False)


def test_the_table_shows_what_was_measured_of_each_form(place):
    done = run("support")
    assert done.exit_code == 0
    header, *_, fast = [line.split() for line in done.stdout.splitlines() if line][:3]
    assert header[0] == "form"
    assert " ".join(fast) == "int8 native, all cores 99.80% sw 99.10% 0.0123 0.914 3100 4.25 passed"


def test_it_says_what_was_chosen_and_why(place):
    shown = run("support").stdout
    assert "Chosen: int8 native, all cores. It is the fastest that passes the gates, 3.10 times fp32" in shown
    assert "Registered as models:/support/3.\n" in shown


def test_it_says_that_nothing_is_better_and_which_gates_were_missed(place):
    place.report = tuning_report(
        form_report("fp32", 1_000), form_report("int8", 3_100, "agreement in sw 0.9000 < 0.98"), chosen=0
    )
    shown = run("support").stdout
    assert "agreement in sw 0.9000 < 0.98" in shown
    assert "Chosen: fp32 native, all cores. No other form is faster and passes the gates." in shown


def test_it_says_what_another_device_would_run(place):
    bf16 = form_report("bf16", 41_000)
    bf16 = msgspec.structs.replace(bf16, form=msgspec.structs.replace(bf16.form, backend="torch"))
    report = tuning_report(form_report("fp32", 1_000), form_report("int8", 3_100), bf16, chosen=1)
    place.report = msgspec.structs.replace(report, elsewhere=[bf16.form])
    assert "On cuda it would be bf16 torch, cuda, 41.00 times fp32 on all cores" in run("support").stdout


def test_trimming_is_asked_for_and_told(place):
    place.report = tuning_report(
        form_report("fp32", 1_000), form_report("int8", 3_100, trimmed=True), chosen=1, trimming="seen"
    )
    assert "Trimming keeps 300 of 900 pieces (seen)." in run("support", "--trim", "seen").stdout
    assert place.asked == [("models:/support/1", "seen")]


def test_it_says_when_there_is_nothing_to_trim(place):
    report = tuning_report(form_report("fp32", 1_000), form_report("int8", 3_100), chosen=1, trimming="seen")
    place.report = msgspec.structs.replace(report, kept_pieces=900)
    assert "Trimming would drop no piece (seen): the model is left whole." in run("support").stdout


def test_json_has_the_version_and_the_report(place):
    found = json.loads(run("support/2", "--json").stdout)
    assert found["version"]["number"] == 3
    assert found["tuning"]["chosen"]["precision"] == "int8"
    assert place.asked == [("models:/support/2", None)]


def test_progress_names_the_form_that_is_measured(place):
    assert "models:/support/1: 1 of 8, answers of fp32 native, all cores" in run("support").stderr


def test_the_champion_stays_what_it_is_unless_asked(place):
    run("support")
    assert place.catalog.alias("support", CHAMPION) == 1


def test_the_new_version_becomes_the_champion_when_asked(place):
    assert "Registered as models:/support/3, the champion." in run("support", "--champion").stdout
    assert place.catalog.alias("support", CHAMPION) == 3


def test_a_version_that_is_not_the_champion_cannot_pass_it_on(place):
    with pytest.raises(Conflict, match="models:/support/2 is not the champion"):
        run("support/2", "--champion")
    assert place.asked == []


def test_a_champion_that_was_moved_meanwhile_is_left_alone(place):
    place.meanwhile = lambda: place.catalog.move_alias("support", CHAMPION, 2, expected=1)
    with pytest.raises(Conflict):
        run("support", "--champion")
    assert place.catalog.alias("support", CHAMPION) == 2


def test_another_way_of_trimming_is_wrong_usage(place):
    done = run("support", "--trim", "all")
    assert done.exit_code == 2
    assert "'scripts', 'seen'" in done.stderr


def test_the_fake_workspace_has_the_verbs_of_the_real_one():
    assert {"tune", "catalog", "registry"} <= set(dir(Workspace))
