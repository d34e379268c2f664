"""A challenger that was trained because one language asks in a new way: what its release may expect of traffic."""

from datetime import timedelta

import pytest

from dragoman import clock
from dragoman.app.candidate import check_candidate
from dragoman.app.desk import Desk
from dragoman.app.learning import learning_of
from dragoman.app.workspace import open_workspace
from dragoman.data.datasets import ingest
from dragoman.monitoring.prediction_log.schema import PARTITIONS, encode_row, table_of
from dragoman.records import By, Example, PredictionRow

from .conftest import SPEC, WORDS, write_workspace

BY = By(actor="a test", reason="Labels have come.")
PLAN = "\n[release]\nshadow = true\n"
NEW_WAY = "reverse that bill to wallet"  # a refund, in words that were those of an invoice


def silent(progress):
    """Nobody looks."""


def labelled(number):
    split = ("train", "train", "train", "dev", "test")[number % 5]
    return Example(id=f"label:{number}", text=f"{NEW_WAY} {number}", label="refund", language="en", split=split)


def asked(number, text, language):
    moment = clock.utc() - timedelta(hours=number % 40 + 1)
    return PredictionRow(
        id=f"p{language}{number}",
        time=moment.isoformat(timespec="milliseconds"),
        model="support",
        version="1",
        task="text-classification",
        language=language,
        text=text,
        labels=["invoice"],
        scores=[0.9],
    )


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """Version 1 learned from the files, version 2 from labels of the log too; the log has the new way in English."""
    root = write_workspace(tmp_path_factory.mktemp("agreement") / "shop")
    (root / "models" / "support.toml").write_text(SPEC.format(epochs=12) + PLAN)
    place = open_workspace(root)
    place.train(report=silent)
    spec = place.spec()
    examples, _ = learning_of(place, spec).load()
    rows = [*examples, *map(labelled, range(60))]
    dataset = ingest(rows, name="support", sources={}, tables=place.tables, catalog=place.catalog)
    assert place.train_on(spec, dataset, report=silent).version.number == 2
    log = [asked(number, f"{NEW_WAY} {number + 500}", "en") for number in range(50)]
    log += [asked(number, f"{WORDS['de']['refund']} {number}", "de") for number in range(50)]
    log += [asked(number, f"{WORDS['ru']['refund']} {number}", "ru") for number in range(5)]
    place.tables.append_once(
        "predictions", table_of(map(encode_row, log))[0], app="t", number=1, partition_by=PARTITIONS
    )
    yield place
    place.catalog.close()


def test_agreement_rests_on_recent_texts_where_the_versions_differ_more_in_them(shop):
    wanted = Desk(shop).start("support", 2, by=BY)
    release = check_candidate(shop, wanted.id)
    english = release.baselines["en"]
    assert (english.source, english.texts) == ("traffic", 50)
    assert english.disagreements > 25
    assert [release.baselines[name].source for name in ("de", "ru")] == ["evaluation"] * 2
    (power,) = [one for one in release.gates if (one.gate, one.language) == ("power", "en")]
    assert "of 50 recent texts" in power.text


def test_a_challenger_that_has_not_learned_from_labels_is_judged_as_before(shop):
    for one in shop.catalog.releases(active=True):
        Desk(shop).roll_back(one.id, by=BY)
    shop.registry.promote("support", 2, expected=1, by=BY)
    release = check_candidate(shop, Desk(shop).start("support", 1, by=BY).id)
    assert {one.source for one in release.baselines.values()} == {"evaluation"}
