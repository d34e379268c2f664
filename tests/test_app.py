"""What `dragoman.load` makes of a folder."""

from __future__ import annotations

import numpy as np
import pytest
from tests.models.huggingface import hugging_face_outputs, save_model
from tests.models.small import LABELS

import dragoman
from dragoman.errors import Conflict, InvalidCheckpoint, InvalidSpec, NotFound
from dragoman.models.scores import softmax
from dragoman.text.tokenizer import Tokenizer, train_unigram

TEXTS = ["where is my parcel", "wo ist mein paket", "где моя посылка"]


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return train_unigram([f"{text} {number}" for text in TEXTS for number in range(40)], vocabulary=400, max_tokens=32)


@pytest.mark.parametrize("family", ["xlm-roberta", "roberta"])
def test_a_hugging_face_classifier_answers_as_transformers_does(tmp_path, tokenizer, family):
    folder = save_model(tmp_path, family, vocab_size=tokenizer.vocabulary)
    (folder / "tokenizer.json").write_text(tokenizer.to_json(), encoding="utf-8")
    ids = [encoded.ids for encoded in tokenizer.encode_many(TEXTS)]
    expected = softmax(hugging_face_outputs(folder, ids, head=True).logits)
    with dragoman.load(folder, threads=1) as model:
        answers = [{label.label: label.score for label in one.labels} for one in model.predict(TEXTS)]
    got = np.array([[answer[label] for label in LABELS] for answer in answers])
    np.testing.assert_allclose(got, expected, atol=1e-4)


def test_a_body_without_a_head_is_refused(tmp_path, tokenizer):
    folder = save_model(tmp_path, "xlm-roberta", kind="", vocab_size=tokenizer.vocabulary)
    (folder / "tokenizer.json").write_text(tokenizer.to_json(), encoding="utf-8")
    with pytest.raises(InvalidCheckpoint, match="no classification head"):
        dragoman.load(folder)


def test_a_checkpoint_without_its_tokenizer_is_refused(tmp_path):
    with pytest.raises(InvalidCheckpoint, match=r"no tokenizer\.json"):
        dragoman.load(save_model(tmp_path, "xlm-roberta"))


def test_init_leaves_a_folder_that_is_not_empty_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(Conflict, match="not an empty folder"):
        dragoman.init_workspace(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_folder_that_is_no_workspace_is_refused(tmp_path):
    with pytest.raises(NotFound, match="is not a workspace"):
        dragoman.open_workspace(tmp_path)


def test_two_specs_of_one_name_are_refused(tmp_path):
    root = dragoman.init_workspace(tmp_path / "shop")
    (root / "models" / "again.toml").write_text((root / "models" / "support.toml").read_text())
    with pytest.raises(InvalidSpec, match="both declare 'support'"):
        dragoman.open_workspace(root).specs()
