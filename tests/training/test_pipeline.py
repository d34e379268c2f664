from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.models.small import small_checkpoint, small_config
from tests.training.world import small_spec, train_small

from dragoman.errors import GateFailed, InvalidCheckpoint
from dragoman.models.checkpoint import read_checkpoint, write_checkpoint
from dragoman.registry.bundle import open_bundle
from dragoman.text.tokenizer import Tokenizer
from dragoman.training import pipeline
from dragoman.training.loop import Progress


class Killed(Exception):
    """Stands for a process that dies."""


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def dies_at(stage: str, *, step: int = 1) -> Callable[[Progress], None]:
    seen: list[str] = []

    def report(progress: Progress) -> None:
        seen.append(progress.stage)
        if seen.count(stage) == step:
            raise Killed

    return report


def base_checkpoint(folder: Path, tokenizer: Tokenizer, **changes: object) -> Path:
    """A Hugging Face folder with a tokenizer of its own."""
    config = small_config("roberta", vocabulary=tokenizer.vocabulary, **changes)
    write_checkpoint(folder, small_checkpoint(config, labels=[]))
    (folder / "tokenizer.json").write_text(tokenizer.to_json())
    return folder


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train_small(tmp_path_factory.mktemp("whole") / "run", small_spec()).folder


def test_the_same_spec_data_and_seed_give_the_same_bundle(trained: Path, tmp_path: Path) -> None:
    again = train_small(tmp_path / "elsewhere", small_spec()).folder

    assert contents(again) == contents(trained)


@pytest.mark.parametrize(("stage", "step"), [("tokenizer", 1), ("train", 1), ("train", 6), ("evaluate", 1)])
def test_a_killed_run_resumes_to_the_same_bundle(trained: Path, stage: str, step: int, tmp_path: Path) -> None:
    with pytest.raises(Killed):
        train_small(tmp_path / "run", small_spec(), report=dies_at(stage, step=step))

    again = train_small(tmp_path / "run", small_spec()).folder

    assert contents(again) == contents(trained)


def test_another_seed_gives_another_bundle(trained: Path, tmp_path: Path) -> None:
    other = train_small(tmp_path / "run", small_spec(seed=1)).folder

    assert contents(other)["model.safetensors"] != contents(trained)["model.safetensors"]


def test_the_bundle_opens_and_tells_where_it_comes_from(trained: Path) -> None:
    bundle = open_bundle(trained)

    assert bundle.spec == small_spec()
    assert (bundle.lineage.run, bundle.lineage.dataset_digest) == ("run-1", "d" * 64)
    assert bundle.lineage.base == "scratch:mini"
    assert bundle.evaluation.accuracy.n == 12
    assert bundle.parity.texts == 12
    assert bundle.temperature > 0
    assert bundle.reference is not None
    assert sum(bundle.reference.mix.values()) == 24


def test_training_goes_on_from_a_hugging_face_folder(tmp_path: Path, tokenizer: Tokenizer) -> None:
    folder = base_checkpoint(tmp_path / "base", tokenizer)
    spec = small_spec(base={"checkpoint": "base", "pooling": "cls"}, learning_rate=1e-6)

    trained = train_small(tmp_path / "run", spec)

    bundle = open_bundle(trained.folder)
    assert bundle.lineage.base.startswith("base sha256:")
    assert bundle.tokenizer.encode("please refund") == tokenizer.encode("please refund")
    word_vectors = "roberta.embeddings.word_embeddings.weight"
    before, after = (read_checkpoint(place).arrays[word_vectors] for place in (folder, trained.folder))
    np.testing.assert_allclose(after, before, atol=1e-4)


def test_a_head_with_the_same_labels_is_kept(tmp_path: Path, tokenizer: Tokenizer) -> None:
    folder = base_checkpoint(tmp_path / "base", tokenizer)
    config = read_checkpoint(folder).config
    checkpoint = small_checkpoint(config, labels=["refund", "invoice"])
    write_checkpoint(folder, checkpoint)
    spec = small_spec(base={"checkpoint": "base", "pooling": "cls"}, learning_rate=1e-6)

    trained = train_small(tmp_path / "run", spec)

    head = "classifier.out_proj.weight"
    np.testing.assert_allclose(read_checkpoint(trained.folder).arrays[head], checkpoint.arrays[head], atol=1e-4)


def test_more_tokens_than_positions_are_refused_with_the_limit(tmp_path: Path, tokenizer: Tokenizer) -> None:
    base_checkpoint(tmp_path / "base", tokenizer, positions=20)

    with pytest.raises(InvalidCheckpoint, match="at most 18"):
        train_small(tmp_path / "run", small_spec(base={"checkpoint": "base"}))


def test_a_tokenizer_with_more_pieces_than_the_model_has_vectors_is_refused(
    tmp_path: Path, tokenizer: Tokenizer
) -> None:
    folder = base_checkpoint(tmp_path / "base", tokenizer)
    write_checkpoint(folder, small_checkpoint(small_config("roberta", vocabulary=50), labels=[]))

    with pytest.raises(InvalidCheckpoint, match="50"):
        train_small(tmp_path / "run", small_spec(base={"checkpoint": "base"}))


def test_a_base_without_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidCheckpoint, match="nowhere"):
        train_small(tmp_path / "run", small_spec(base={"checkpoint": "nowhere"}))


def test_a_graph_that_differs_from_the_model_fails_and_leaves_no_manifest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = pipeline.build_graph
    monkeypatch.setattr(pipeline, "build_graph", lambda *a, **k: build(*a, **(k | {"pooling": "cls"})))

    with pytest.raises(GateFailed, match="differs from the"):
        train_small(tmp_path / "run", small_spec())

    assert not (tmp_path / "run" / "bundle" / "manifest.json").exists()


def test_the_bundle_holds_no_time_and_no_place(trained: Path) -> None:
    for name in ("spec.json", "lineage.json", "evaluation.json", "parity.json", "environment.json", "card.md"):
        assert str(trained.parent.parent) not in (trained / name).read_text()
    assert set(json.loads((trained / "lineage.json").read_text())) == {
        "base",
        "dataset",
        "dataset_digest",
        "dataset_number",
        "run",
        "sources",
    }
