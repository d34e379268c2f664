from __future__ import annotations

import json
import os
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result
from tests.registry.records import bundle, dataset, release, report, run

from dragoman.app import Workspace
from dragoman.cli import cli, models, models_card, models_diff, models_retire
from dragoman.errors import Conflict, NotFound
from dragoman.registry.bundle import Calibration
from dragoman.registry.manifest import write_manifest
from dragoman.registry.registry import Registry
from dragoman.serving.presence import FOLDER, announce, present
from dragoman.store.memory import MemoryBlobs, MemoryCatalog


class Shelf(Registry):
    """A registry whose bundles say what a test wants."""

    def __init__(self, root: Path) -> None:
        super().__init__(MemoryCatalog(), MemoryBlobs(), root / "cache")
        self.bundles = {}

    def look(self, version):
        return self.bundles[version.number]


class Place:
    """A workspace with two versions of a model, the first of which is nobody's."""

    def __init__(self, root: Path) -> None:
        self.root, self.state = root, root / "state"
        self.registry = Shelf(root)
        self.catalog = self.registry.catalog
        self.catalog.add_dataset_version(dataset())
        self.catalog.save_run(run(metrics={"accuracy": 0.9, "worst_language_accuracy": 0.8}))
        for number in (1, 2):
            self._add(number)
        self.catalog.move_alias("small", "champion", 2, expected=None)

    def _add(self, number: int) -> None:
        folder = self.root / f"bundle-{number}"
        folder.mkdir()
        (folder / "card.md").write_text(f"# small {number}\n")
        manifest = write_manifest(folder, model="small", task="text-classification")
        found = self.registry.register(folder, run="run-1", owner="o", created="2026-01-01")
        self.registry.bundles[found.number] = bundle(folder=folder, manifest=manifest)


@pytest.fixture
def place(tmp_path, monkeypatch) -> Place:
    made = Place(tmp_path)
    for module in (models, models_card, models_diff, models_retire):
        monkeypatch.setattr(module, "open_workspace", lambda path: made)
    return made


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["models", *map(str, arguments)], catch_exceptions=False)


# List


def test_the_list_tells_aliases_and_retired_versions(place):
    place.catalog.retire_version("small", 1)
    _, first, second = invoke("list").stdout.splitlines()
    retired = place.catalog.version("small", 1).retired[:10]
    assert first.split()[:4] == ["models:/small/1", "retired", retired, "accuracy"]
    assert second.split()[:2] == ["models:/small/2", "champion"]


# Diff


def test_the_same_version_is_said_to_be_the_same_in_one_line(place):
    place.registry.bundles[1] = place.registry.bundles[2]
    assert invoke("diff", "small/1", "small").stdout.splitlines() == [
        "a: models:/small/1",
        "b: models:/small/2",
        "",
        "The same: results, spec, data, packages, code, form, tokenizer, files.",
    ]


def test_only_what_differs_is_shown(place):
    other = bundle(evaluation=report(en=0.7, ru=0.85), calibration=Calibration(temperature=1.25))
    place.registry.bundles |= {1: bundle(), 2: other}
    shown = invoke("diff", "small/1", "small/2").stdout
    rows = [line.split("  ") for line in shown.splitlines()]
    words = [[word.strip() for word in row if word.strip()] for row in rows]
    assert ["accuracy", "en", "0.900 (0.850 to 0.950)", "0.700 (0.650 to 0.750)", "-0.200", "apart"] in words
    assert ["accuracy", "ru", "0.800 (0.750 to 0.850)", "0.850 (0.800 to 0.900)", "+0.050", "overlap"] in words
    assert ["temperature", "1.0", "1.25"] in words
    assert "Both answered the same texts: a paired comparison sees smaller differences" in shown
    assert "The same: spec, data, packages, code, tokenizer, files." in shown


def test_files_of_one_size_with_other_contents_say_so(place):
    place.registry.bundles |= {1: bundle(digests="a"), 2: bundle(digests="b")}
    assert ["model.safetensors", "1000", "other", "content"] in [
        line.split() for line in invoke("diff", "small/1", "small/2").stdout.splitlines()
    ]


def test_digests_and_lists_are_shown_short(place):
    spec = msgspec.structs.replace(bundle().spec, languages=["en", "sw"])
    lineage = msgspec.structs.replace(bundle().lineage, dataset_digest="f" * 64)
    place.registry.bundles |= {1: bundle(), 2: bundle(spec=spec, lineage=lineage)}
    words = [line.split() for line in invoke("diff", "small/1", "small/2").stdout.splitlines()]
    assert ["languages", "ru", "sw"] in words
    assert ["digest", "d" * 12, "f" * 12] in words


def test_a_language_of_one_version_only_has_no_texts_in_the_other(place):
    place.registry.bundles |= {1: bundle(), 2: bundle(evaluation=report(en=0.9))}
    assert "no texts" in invoke("diff", "small/1", "small/2").stdout


def test_json_has_all_of_it(place):
    place.registry.bundles |= {1: bundle(), 2: bundle(calibration=Calibration(temperature=2.0))}
    found = json.loads(invoke("diff", "small/1", "small/2", "--json").stdout)
    assert found["form"] == [{"name": "temperature", "a": 1.0, "b": 2.0}]
    assert found["same_texts"] is True


def test_a_retired_version_can_be_compared(place):
    place.catalog.retire_version("small", 1)
    assert invoke("diff", "small/1", "small").exit_code == 0


# Card


def test_the_card_of_the_champion_is_printed(place):
    place.registry.bundles[2] = bundle()
    shown = invoke("card", "small").stdout
    assert shown.startswith("# small, version 2\n")
    assert "- Aliases: champion" in shown


def test_the_card_is_written_to_a_file(place, tmp_path):
    path = tmp_path / "new" / "card.md"
    assert f"The card of models:/small/1 is in {path}." in invoke("card", "small/1", "--output", path).stdout
    assert path.read_text().startswith("# small, version 1\n")


# Retire and restore


def test_a_retired_version_says_where_its_archive_is_and_comes_back(place):
    shown = invoke("retire", "small/1", "--reason", "old").stdout
    (archive,) = (place.state / "archive").iterdir()
    assert shown == f"models:/small/1 is retired. Its archive is {archive}.\n"
    assert place.catalog.version("small", 1).retired
    shown = invoke("restore", archive, "--reason", "needed").stdout
    assert shown == "models:/small/1 is registered, aliases: none.\n"
    assert not place.catalog.version("small", 1).retired


def test_the_archive_goes_where_it_is_asked_to(place, tmp_path):
    invoke("retire", "small/1", "--reason", "old", "--archive", tmp_path / "there")
    assert [path.name for path in (tmp_path / "there").iterdir()] == [
        f"small-1-{place.catalog.version('small', 1).bundle[:12]}.tar.gz"
    ]


def test_servers_that_have_loaded_it_are_named(place):
    announce(place.state / FOLDER, present("a", "http://127.0.0.1:8080", ["models:/small/1"]))
    announce(place.state / FOLDER, present("b", "http://127.0.0.1:8081", ["models:/small/2"]))
    with pytest.raises(
        Conflict, match=rf"in use: the server http://127.0.0.1:8080 \(process {os.getpid()} on [^,]+\)\. Help"
    ):
        invoke("retire", "small/1", "--reason", "old")


def test_the_champion_is_not_retired(place):
    with pytest.raises(Conflict, match="in use: the alias 'champion'"):
        invoke("retire", "small", "--reason", "old")


def test_a_release_keeps_its_versions(place):
    place.catalog.save_release(release(status="shadow", finished=""), expected=None, action="release.started")
    with pytest.raises(Conflict, match=r"in use: the release rel-1 \(shadow\)"):
        invoke("retire", "small/1", "--reason", "old")


@pytest.mark.parametrize("arguments", [["retire", "small/1"], ["restore", "x.tar.gz"]])
def test_a_reason_is_asked_for(place, arguments):
    done = invoke(*arguments)
    assert done.exit_code == 2
    assert "--reason" in done.stderr


def test_without_an_archive_nothing_is_restored(place, tmp_path):
    with pytest.raises(NotFound, match="There is no archive"):
        invoke("restore", tmp_path / "none", "--reason", "why")


def test_the_fake_workspace_has_the_parts_of_the_real_one():
    assert {"state", "catalog", "registry"} <= set(dir(Workspace))
