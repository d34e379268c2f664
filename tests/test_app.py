"""What `dragoman.load` makes of a folder."""

from __future__ import annotations

import numpy as np
import pytest
from tests.models.huggingface import hugging_face_outputs, save_model
from tests.models.small import LABELS

import dragoman
from dragoman.app.workspace import EXAMPLES
from dragoman.errors import Conflict, InvalidCheckpoint, InvalidInput, InvalidSpec, NotFound
from dragoman.models.scores import softmax
from dragoman.runtime.native_library import native_available
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


QUESTION = {"question": "where", "context": "my parcel"}
ENDS = {"id2label": {0: "start", 1: "end"}, "label2id": {"start": 0, "end": 1}}
HEADS = {  # kind of checkpoint → its config, the task, an input, the answer's field
    "": ({}, "embedding", "where is my parcel", "embedding"),
    "SequenceClassification": ({}, "text-classification", "where is my parcel", "labels"),
    "TokenClassification": ({}, "token-classification", "where is my parcel", "entities"),
    "QuestionAnswering": (ENDS, "question-answering", QUESTION, "answer"),
    "MaskedLM": ({}, "fill-mask", "where is <mask>", "candidates"),
}


@pytest.mark.parametrize("kind", HEADS)
def test_the_head_of_a_folder_decides_what_it_is_loaded_for(tmp_path, tokenizer, kind):
    changes, task, one, field = HEADS[kind]
    with dragoman.load(saved(tmp_path, tokenizer, kind=kind, **changes), threads=1) as model:
        (prediction,) = model.predict([one])
        assert model.task.name == task
        assert hasattr(prediction, field)


def test_a_classifier_is_loaded_for_embeddings_when_asked(tmp_path, tokenizer):
    with dragoman.load(saved(tmp_path, tokenizer), task="embedding", threads=1) as model:
        (prediction,) = model.predict(TEXTS[:1], normalize=True, dimensions=8)
    assert prediction.embedding.shape == (8,)
    assert np.linalg.norm(prediction.embedding) == pytest.approx(1.0, abs=1e-5)


def test_a_task_that_needs_another_head_is_refused(tmp_path, tokenizer):
    with pytest.raises(InvalidCheckpoint, match="needs a question answering head; the checkpoint has no head"):
        dragoman.load(saved(tmp_path, tokenizer, kind=""), task="question-answering")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"precision": "int4"}, "There is no precision 'int4'"),
        ({"device": "tpu"}, "There is no device 'tpu'"),
        ({"precision": "bf16"}, "bf16 is not there on cpu"),
        ({"task": "embeddings"}, "There is no task 'embeddings'"),
    ],
)
def test_an_option_that_is_not_there_is_refused(tmp_path, tokenizer, options, message):
    with pytest.raises(InvalidInput, match=message):
        dragoman.load(saved(tmp_path, tokenizer), **options)


@pytest.mark.skipif(not native_available(), reason="no int8 kernels for this machine")
def test_int8_answers_like_fp32(tmp_path, tokenizer):
    folder = saved(tmp_path, tokenizer, kind="")
    vectors = []
    for precision in ("fp32", "int8"):
        with dragoman.load(folder, precision=precision, threads=1) as model:
            vectors.append(np.stack([one.embedding for one in model.predict(TEXTS, normalize=True)]))
    assert (vectors[0] * vectors[1]).sum(axis=1).min() > 0.98


def test_a_list_of_any_length_is_answered_in_order(tmp_path, tokenizer):
    texts = [f"{TEXTS[number % 3]} {number}" for number in range(1_500)]
    with dragoman.load(saved(tmp_path, tokenizer, kind=""), threads=1) as model:
        together = model.predict(texts)
        (alone,) = model.predict(texts[777])
    np.testing.assert_allclose(together[777].embedding, alone.embedding, atol=1e-5)
    assert len(together) == len(texts)


def saved(folder, tokenizer, **changes):
    save_model(folder, "xlm-roberta", vocab_size=tokenizer.vocabulary, **changes)
    (folder / "tokenizer.json").write_text(tokenizer.to_json(), encoding="utf-8")
    return folder


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


@pytest.mark.parametrize("example", EXAMPLES)
def test_init_writes_each_example_without_what_was_made_in_it(tmp_path, example):
    root = dragoman.init_workspace(tmp_path / "new", example=example)
    assert [spec.name for spec in dragoman.open_workspace(root).specs()] == [example]
    assert not (root / ".dragoman").exists()
    assert (root / "contracts").is_dir()


def test_an_example_that_is_none_is_refused(tmp_path):
    with pytest.raises(NotFound, match="There is no example 'x'"):
        dragoman.init_workspace(tmp_path / "new", example="x")
