from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.serving.tasks.asking import Chosen, ask, prepare, unigram, word_piece
from tests.serving.tasks.pipelines import pipeline, random_model, readout_of, run_quietly

from dragoman.errors import DragomanError, InvalidCheckpoint, InvalidRequest, TextTooLong
from dragoman.records import Candidate
from dragoman.serving.fakes import fake_tokenizer
from dragoman.serving.tasks.fill_mask import FillMask
from dragoman.spec import ServingSpec
from dragoman.text.tokenizer import Tokenizer

TOKENIZERS = {"xlm-roberta": unigram, "bert": word_piece}
TEXTS = {
    "xlm-roberta": ("Angela visited <mask> in May.", "<mask> в <mask>"),
    "bert": ("angela [MASK] paris.", "[MASK] in [MASK]"),
}
CASES = [(family, text) for family, texts in TEXTS.items() for text in texts]


def task_of(readout: Any, *, tokenizer: Tokenizer | None = None, **serving: Any) -> FillMask:
    return FillMask(tokenizer=tokenizer or unigram(), readout=readout, serving=ServingSpec(**serving))


def uniform(tokenizer: Tokenizer) -> Chosen:
    """A readout to which every piece is as likely, but the `n`th best for the `n`th mask."""
    return Chosen(lambda ids, _: np.eye(tokenizer.ids, dtype=np.float32)[: list(ids).count(tokenizer.mask_token)])


def candidates(task: FillMask, text: str, **parameters: Any) -> list[Candidate]:
    found: list[Candidate] = ask(task, text, **parameters)[0]["candidates"]
    return found


def pipeline_and_task(family: str) -> tuple[Any, FillMask]:
    tokenizer = TOKENIZERS[family]()
    model = random_model(family, "MaskedLM", vocabulary=tokenizer.ids)
    task = task_of(readout_of(model, mask_token=tokenizer.mask_token), tokenizer=tokenizer)
    return pipeline("fill-mask", model, family, tokenizer), task


def rows_of(answer: Any) -> list[list[dict[str, Any]]]:
    """The pipeline's answer, a list per mask with several masks, as a list per mask always."""
    rows: list[list[dict[str, Any]]] = answer if isinstance(answer[0], list) else [answer]
    return rows


@pytest.mark.parametrize(("family", "text"), CASES)
def test_candidates_are_those_of_the_pipeline(family: str, text: str) -> None:
    pipe, task = pipeline_and_task(family)
    expected = [(one, mask) for mask, row in enumerate(rows_of(run_quietly(pipe, text))) for one in row]
    found = candidates(task, text)
    assert [(one.token, one.mask) for one in found] == [(one["token"], mask) for one, mask in expected]
    assert [one.score for one in found] == pytest.approx([one["score"] for one, _ in expected], abs=1e-4)


@pytest.mark.parametrize(("family", "targets"), [("xlm-roberta", ["▁m", "▁pa", "東"]), ("bert", ["paris", "##e"])])
def test_targets_are_scored_as_the_pipeline_scores_them(family: str, targets: list[str]) -> None:
    pipe, task = pipeline_and_task(family)
    expected = run_quietly(pipe, TEXTS[family][0], targets=targets)
    found = candidates(task, TEXTS[family][0], targets=targets)
    assert [one.token for one in found] == [one["token"] for one in expected]
    assert [one.score for one in found] == pytest.approx([one["score"] for one in expected], abs=1e-4)


def test_the_text_of_a_candidate_has_no_space_mark() -> None:
    tokenizer = unigram()
    found = candidates(task_of(uniform(tokenizer)), "<mask>", targets=["▁in", "東", "▁"])
    assert {one.text for one in found} == {"in", "東", ""}


def test_a_byte_is_shown_as_its_piece() -> None:
    tokenizer = unigram()
    assert [one.text for one in candidates(task_of(uniform(tokenizer)), "<mask>", targets=["<0xE6>"])] == ["<0xE6>"]


def test_top_bounds_the_candidates_of_each_mask() -> None:
    found = candidates(task_of(uniform(unigram())), "<mask> in <mask>", top=2)
    assert [one.mask for one in found] == [0, 0, 1, 1]
    assert [one.token for one in found] == [0, 1, 1, 0]


@pytest.mark.parametrize("target", ["Владимир Путин", "東京都に"])
def test_a_target_of_several_pieces_is_refused(target: str) -> None:
    with pytest.raises(InvalidRequest, match=r"The target .* is \d+ pieces"):
        candidates(task_of(uniform(unigram())), "<mask>", targets=["in", target])


def test_a_target_without_a_piece_is_refused() -> None:
    tokenizer = word_piece()
    with pytest.raises(InvalidRequest, match="not in the model's vocabulary"):
        candidates(task_of(uniform(tokenizer), tokenizer=tokenizer), "[MASK]", targets=["щ"])


@pytest.mark.parametrize(("family", "mask"), [("xlm-roberta", "<mask>"), ("bert", "[MASK]")])
def test_a_text_without_a_mask_is_told_what_to_write(family: str, mask: str) -> None:
    tokenizer = TOKENIZERS[family]()
    with pytest.raises(InvalidRequest, match="Text 0 has no mask") as caught:
        prepare(task_of(uniform(tokenizer), tokenizer=tokenizer), "in paris")
    assert f"write {mask} " in caught.value.help


def test_more_masks_than_fit_in_memory_are_refused() -> None:
    with pytest.raises(InvalidRequest, match="Text 0 has 65 masks"):
        prepare(task_of(uniform(unigram())), "<mask>" * 65)


def test_a_tokenizer_without_a_mask_is_refused() -> None:
    with pytest.raises(InvalidCheckpoint, match="no mask token"):
        task_of(uniform(unigram()), tokenizer=fake_tokenizer())


def test_scores_that_are_no_numbers_are_an_error() -> None:
    broken = Chosen(lambda ids, _: np.full((1, unigram().ids), np.nan, dtype=np.float32))
    with pytest.raises(DragomanError, match="no usable scores"):
        candidates(task_of(broken), "<mask>")


# Long texts ---------------------------------------------------------------------------------------------------------


def test_a_mask_that_would_be_cut_off_is_refused() -> None:
    task = task_of(uniform(unigram(12)), tokenizer=unigram(12))
    with pytest.raises(InvalidRequest, match="a mask at token"):
        prepare(task, "Angela Merkel visited Paris and New York in <mask>")
    with pytest.raises(TextTooLong):
        prepare(task, "Angela Merkel visited Paris and New York in <mask>", too_long="refuse")


def test_a_text_is_cut_before_its_masks_where_its_start_is_cut() -> None:
    task = task_of(uniform(unigram(12)), tokenizer=unigram(12))
    prepared = prepare(task, "Angela Merkel visited Paris and New York in <mask>", truncate_from="start")[0]
    assert (prepared.truncated, prepared.windows, prepared.tokens) == (True, 1, 12)
    assert prepared.pieces[0].ids[-2] == unigram(12).mask_token
    with pytest.raises(InvalidRequest, match=r"a mask at token 0; tokens \d+ to \d+ are read"):
        prepare(task, "<mask> Angela Merkel visited Paris and New York", truncate_from="start")


def test_a_text_is_cut_behind_its_masks() -> None:
    prepared = prepare(task_of(uniform(unigram(12)), tokenizer=unigram(12)), "<mask> Angela Merkel visited Paris")[0]
    assert (prepared.truncated, prepared.windows, prepared.tokens) == (True, 1, 12)


def test_each_mask_is_read_once_from_the_window_that_owns_it() -> None:
    tokenizer = unigram(12)
    by_window = Chosen(
        lambda ids, _: np.tile(
            np.arange(tokenizer.ids, dtype=np.float32) * (-1) ** len(ids), (list(ids).count(tokenizer.mask_token), 1)
        )
    )
    text = "Angela <mask> visited Paris <mask> and New York in <mask>"
    task = task_of(by_window, tokenizer=tokenizer, too_long="windows", stride=5)
    prepared = prepare(task, text)[0]
    assert [one.mask for one in candidates(task, text, top=1)] == [0, 1, 2]
    assert prepared.windows == len(prepared.pieces) <= 3
    assert not prepared.truncated
