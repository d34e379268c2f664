"""Models that come and go while others are asked."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.models.folders import TEXTS, save_folder, save_sentence_folder, scale_weights

from dragoman.app.host import Host, Source, serve
from dragoman.errors import Conflict, InvalidCheckpoint, InvalidInput, NotFound
from dragoman.models.checkpoint import WEIGHTS_FILE
from dragoman.runtime.sessions import Compute
from dragoman.settings import read_settings

SWAPS = 20
ASKERS = 3


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return save_folder(tmp_path / "model")


@pytest.fixture
def host(folder: Path) -> Iterator[Host]:
    """A host of one model, loaded."""
    host = Host(None, [Source("a", str(folder))], Compute(threads=1))
    host.load_all()
    yield host
    host.close()


def best(host: Host) -> float:
    with host.table.lease("a") as model:
        return model.predict(TEXTS[0])[0].labels[0].score


def test_a_model_is_replaced_under_load_and_no_request_fails(host: Host, folder: Path) -> None:
    failures: list[Exception] = []
    answered, over = [0] * ASKERS, threading.Event()

    def ask(number: int) -> None:
        while not over.is_set():
            try:
                best(host)
                answered[number] += 1
            except Exception as error:
                failures.append(error)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(ASKERS)]
    for thread in threads:
        thread.start()
    for swap in range(SWAPS):
        if swap % 2:  # every other time the folder is the same, and its backbone shared
            scale_weights(folder, 0.9)
        host.load("a", None)
    over.set()
    for thread in threads:
        thread.join()
    assert (failures, len(host.table.rows())) == ([], 1)
    assert min(answered) > 0


def test_a_loaded_folder_answers_with_what_it_holds_now(host: Host, folder: Path) -> None:
    before = best(host)
    scale_weights(folder, 0.5)
    host.load("a", None)
    assert best(host) != before


def test_a_load_that_fails_leaves_the_old_model_answering(host: Host, folder: Path) -> None:
    before = best(host)
    (folder / WEIGHTS_FILE).unlink()
    with pytest.raises(InvalidCheckpoint):
        host.load("a", None)
    assert best(host) == before
    assert [row.name for row in host.table.rows()] == ["a"]


def test_an_unloaded_model_is_not_found_and_comes_back(host: Host) -> None:
    before = best(host)
    host.unload("a")
    for _ in range(2):
        with pytest.raises(NotFound):
            best(host)
        with pytest.raises(NotFound):
            host.unload("a")
    host.load("a", None)
    assert best(host) == before


def test_the_metrics_of_a_model_end_with_it(host: Host) -> None:
    best(host)
    assert b'dragoman_requests_total{language="en",model="a"' in host.metrics.exposition()
    host.unload("a")
    assert b'model="a"' not in host.metrics.exposition()


def test_warming_a_model_counts_as_no_request(host: Host) -> None:
    assert b'model="a"' not in host.metrics.exposition()
    assert b'engine="a"' not in host.metrics.exposition()


def test_a_model_or_a_version_that_the_host_has_not_is_not_found(host: Host) -> None:
    with pytest.raises(NotFound, match="no model 'b' to load") as caught:
        host.load("b", None)
    assert caught.value.help == "there are a."
    with pytest.raises(NotFound, match="has no version '7'"):
        host.load("a", "7")


def test_two_folders_are_served_in_one_process(folder: Path, tmp_path: Path) -> None:
    other = save_sentence_folder(tmp_path / "other")
    host = Host(None, [Source("a", str(folder)), Source("b", str(other))], Compute(threads=1))
    host.load_all()
    tasks = {row.name: row.task for row in host.table.rows()}
    host.close()
    assert tasks == {"a": "text-classification", "b": "embedding"}


def test_loading_stops_when_models_are_not_wanted_any_more(folder: Path) -> None:
    host, asked = (
        Host(None, [Source(name, str(folder)) for name in "abc"], Compute(threads=1)),
        iter([True, False, False]),
    )
    host.load_all(wanted=lambda: next(asked))
    names = [row.name for row in host.table.rows()]
    host.close()
    assert names == ["a"]


@pytest.mark.parametrize(
    ("names", "error", "message"),
    [
        (("a", "a"), Conflict, "'a' is named twice"),
        (("a/b",), InvalidInput, "'a/b' cannot name a model"),
        (("a@b",), InvalidInput, "'a@b' cannot name a model"),
    ],
)
def test_names_that_requests_could_not_use_are_refused_before_anything_is_loaded(
    names: tuple[str, ...], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        serve(read_settings(None), None, sources=[Source(name, "/nowhere") for name in names], on_ready=print)
