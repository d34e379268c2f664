import json
import shutil

import pytest

import dragoman
from dragoman import open_workspace
from dragoman.registry.bundle import open_bundle

from .conftest import run

TEXTS = ["please refund my money back", "wo ist mein paket", "send the invoice bill"]


@pytest.fixture(scope="module")
def tuned(trained, tmp_path_factory):
    """A copy of the trained workspace: its champion tuned whole, then trimmed when no Russian texts are left."""
    root = shutil.copytree(trained, tmp_path_factory.mktemp("tuned") / "shop")
    whole = tune(root)
    lines = (root / "data" / "texts.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    latin = [line for line in lines if json.loads(line)["language"] != "ru"]
    (root / "data" / "texts.jsonl").write_text("".join(latin), encoding="utf-8")
    return root, {"whole": whole, "trimmed": tune(root, "--trim", "scripts", "--champion")}


def tune(root, *options):
    done = run("tune", "support", "--json", "-w", root, *options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def bundle_of(root, uri):
    place = open_workspace(root)
    return open_bundle(place.registry.fetch(place.registry.resolve(uri)))


@pytest.mark.parametrize("name", ["whole", "trimmed"])
def test_the_new_version_is_loaded_in_the_chosen_form(tuned, name):
    root, reports = tuned
    version, chosen = reports[name]["version"], reports[name]["tuning"]["chosen"]
    uri = f"models:/support/{version['number']}"
    with dragoman.load(uri, precision="auto", workspace=root) as model:
        assert f":{chosen['precision']}:{chosen['backend']}:" in model.backbone.digest
        assert [one.label for one in model.predict(TEXTS)] == ["refund", "order_status", "invoice"]


def test_a_trimmed_version_has_the_tokenizer_of_its_form(tuned):
    root, reports = tuned
    found, bundle = reports["trimmed"]["tuning"], bundle_of(root, "models:/support/3")
    assert found["kept_pieces"] < found["pieces"]
    assert all(form["form"]["trimmed"] for form in found["forms"][1:])
    kept = found["kept_pieces"] if found["chosen"]["trimmed"] else found["pieces"]
    assert bundle.tokenizer.vocabulary == kept


def test_the_report_is_in_the_bundle_and_in_its_card(tuned):
    root, reports = tuned
    bundle = bundle_of(root, "models:/support/2")
    assert bundle.tuning.chosen.name in run("models", "show", "support/2", "-w", root).stdout
    assert bundle.tuning.forms[0].tokens_per_second == reports["whole"]["tuning"]["forms"][0]["tokens_per_second"]


def test_every_form_that_passes_agrees_in_every_language(tuned):
    forms = tuned[1]["whole"]["tuning"]["forms"]
    passing = [form for form in forms if not form["missed"]]
    assert forms[0] in passing
    assert all(set(form["agreement"]["languages"]) == {"de", "en", "ru"} for form in forms)
    assert all(min(form["agreement"]["languages"].values()) >= 0.98 for form in passing)


def test_the_champion_moves_only_when_asked(tuned):
    root, reports = tuned
    assert reports["whole"]["version"]["aliases"] == []
    assert reports["trimmed"]["version"]["aliases"] == ["champion"]
    assert open_workspace(root).registry.resolve("support").number == 3


def test_a_version_that_does_not_exist_cannot_be_tuned(trained):
    done = run("tune", "support/9", "-w", trained)
    assert done.returncode == 2
    assert "support/9" in done.stderr or "no version 9" in done.stderr
