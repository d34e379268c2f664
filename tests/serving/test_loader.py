from __future__ import annotations

import gc
import json
import threading
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.models.folders import TEXTS, save_folder, save_sentence_folder, scale_weights

from dragoman.errors import DragomanError, InvalidCheckpoint
from dragoman.runtime.native_library import native_available
from dragoman.runtime.sessions import Compute
from dragoman.serving import loader as loading
from dragoman.serving.loader import Loader
from dragoman.serving.observer import Answered, BatchRan, Silent
from dragoman.text.tokenizer import TOKENIZER_FILE

ONE_THREAD = Compute(threads=1)


class Listener(Silent):
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def answered(self, request: Answered) -> None:
        self.heard.append("answered")

    def batch_ran(self, engine: str, batch: BatchRan) -> None:
        self.heard.append("batch_ran")

    def asked(self, engine: str, **counts: Any) -> None:
        self.heard.append("asked")

    def cached(self, engine: str, size: int) -> None:
        self.heard.append("cached")


def test_two_models_of_one_folder_share_a_backbone_and_its_tokenizer(tmp_path: Path) -> None:
    loader, folder = Loader(ONE_THREAD), save_folder(tmp_path)
    with loader.load_folder(folder, name="one") as one, loader.load_folder(folder, name="two", task="embedding") as two:
        assert one.backbone is two.backbone
        assert one.task.tokenizer is two.task.tokenizer is one.backbone.tokenizer
        assert (one.predict(TEXTS)[0].label, two.predict(TEXTS)[0].embedding.shape) == (
            one.predict(TEXTS)[0].label,
            (32,),
        )


@pytest.mark.skipif(not native_available(), reason="no int8 kernels for this machine")
def test_another_precision_has_a_backbone_of_its_own(tmp_path: Path) -> None:
    loader, folder = Loader(ONE_THREAD), save_folder(tmp_path)
    with loader.load_folder(folder) as exact:
        loader.compute = Compute("int8", threads=1)
        with loader.load_folder(folder) as rough:
            assert exact.backbone is not rough.backbone


def test_a_backbone_closes_with_its_last_model_and_is_forgotten(tmp_path: Path) -> None:
    loader, folder = Loader(ONE_THREAD), save_folder(tmp_path)
    one, two = loader.load_folder(folder), loader.load_folder(folder)
    backbone = weakref.ref(one.backbone)
    one.close()
    assert len(two.predict(TEXTS)) == 3
    two.close()
    assert two.backbone.is_closed
    del one, two
    gc.collect()
    assert backbone() is None


def test_a_folder_loaded_again_after_its_last_model_closed_answers(tmp_path: Path) -> None:
    loader, folder = Loader(ONE_THREAD), save_folder(tmp_path)
    with loader.load_folder(folder) as first:
        before = first.predict(TEXTS)
    with loader.load_folder(folder) as again:
        assert [one.labels for one in again.predict(TEXTS)] == [one.labels for one in before]
    assert first.backbone is not again.backbone


def test_the_tokenizer_of_a_folder_that_changed_is_read_anew(tmp_path: Path) -> None:
    loader, folder = Loader(ONE_THREAD), save_folder(tmp_path)
    stored = json.loads((folder / TOKENIZER_FILE).read_text())
    with loader.load_folder(folder) as old:
        stored["normalizer"] = {"type": "Replace", "pattern": {"String": "q"}, "content": "paket"}
        (folder / TOKENIZER_FILE).write_text(json.dumps(stored))
        with loader.load_folder(folder) as new:
            assert new.backbone.tokenizer.encode("q") == new.backbone.tokenizer.encode("paket")
            assert old.backbone.tokenizer.encode("q") != old.backbone.tokenizer.encode("paket")


def test_a_folder_with_other_weights_gives_other_answers_beside_the_old(tmp_path: Path) -> None:
    loader, folder = Loader(ONE_THREAD), save_folder(tmp_path)
    with loader.load_folder(folder) as old:
        before = old.predict(TEXTS)[0].labels
        scale_weights(folder, 0.5)
        with loader.load_folder(folder) as new:
            assert new.digest != old.digest
            assert (new.predict(TEXTS)[0].labels != before, old.predict(TEXTS)[0].labels == before) == (True, True)


def test_a_module_that_changed_makes_another_model(tmp_path: Path) -> None:
    """A dense layer lies in a sub-folder; with the old digest the cache would answer with the old layer."""
    loader = Loader(ONE_THREAD)
    with loader.load_folder(save_sentence_folder(tmp_path)) as old:
        (before,) = old.predict(TEXTS[0])
        with loader.load_folder(save_sentence_folder(tmp_path, dense=-2.0)) as new:
            (after,) = new.predict(TEXTS[0])
    np.testing.assert_allclose(after.embedding, -2.0 * before.embedding, rtol=1e-4)


def test_the_longest_text_of_a_sentence_transformers_folder_is_kept(tmp_path: Path) -> None:
    with Loader(ONE_THREAD).load_folder(save_sentence_folder(tmp_path, max_seq_length=6)) as model:
        (prediction,) = model.predict(" ".join(TEXTS))
        assert (model.info().max_tokens, prediction.tokens, prediction.truncated) == (6, 6, True)


def test_a_model_is_warm_before_it_is_returned_and_nobody_is_told(tmp_path: Path) -> None:
    listener = Listener()
    with Loader(ONE_THREAD, observer=listener, warm=True).load_folder(save_folder(tmp_path)) as model:
        heard_before, pace = list(listener.heard), model.backbone.engine.scheduler.pace.seconds(100)
        model.predict(TEXTS)
    assert (heard_before, pace > 0) == ([], True)
    assert {"asked", "batch_ran", "answered"} <= set(listener.heard)


def test_a_model_that_does_not_get_warm_leaves_nothing_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    def fails(model: Any, texts: Any) -> None:
        seen.append(model)
        raise DragomanError("no answer")

    monkeypatch.setattr(loading, "warm_up", fails)
    with pytest.raises(DragomanError, match="no answer"):
        Loader(ONE_THREAD, warm=True).load_folder(save_folder(tmp_path))
    assert seen[0].backbone.is_closed


def test_a_task_of_another_head_is_refused_before_a_session_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "open_session", lambda *parts: pytest.fail("a session was opened"))
    with pytest.raises(InvalidCheckpoint, match="needs a question answering head"):
        Loader(ONE_THREAD).load_folder(save_folder(tmp_path), task="question-answering")


def test_a_task_that_cannot_be_made_leaves_no_thread_behind(tmp_path: Path) -> None:
    folder, before = save_folder(tmp_path), threading.active_count()
    with pytest.raises(InvalidCheckpoint, match="none is entailment"):
        Loader(ONE_THREAD).load_folder(folder, task="zero-shot-classification")
    assert threading.active_count() == before


def test_models_that_come_and_go_on_many_threads_share_or_renew_their_backbone(tmp_path: Path) -> None:
    loader, folder, failures = Loader(ONE_THREAD), save_folder(tmp_path), []

    def come_and_go() -> None:
        try:
            for _ in range(5):
                with loader.load_folder(folder) as model:
                    assert len(model.predict(TEXTS)) == 3
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=come_and_go) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_models_of_one_base_share_its_tokenizer(tmp_path: Path) -> None:
    loader = Loader(Compute(precision="fp32", threads=1))
    one, other = (loader.load_folder(save_folder(tmp_path / name)) for name in ("one", "other"))
    with one, other:
        assert one.backbone is not other.backbone
        assert one.backbone.tokenizer is other.backbone.tokenizer
