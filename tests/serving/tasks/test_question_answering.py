from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import tokenizers
import torch
from hypothesis import given
from hypothesis import strategies as st
from tests.serving.tasks.asking import SENTENCES, Chosen, ask, prepare, unigram, word_piece
from tests.serving.tasks.pipelines import random_model, readout_of

from dragoman.errors import InvalidRequest, TextTooLong
from dragoman.serving.tasks.question_answering import QuestionAnswering
from dragoman.spec import ServingSpec
from dragoman.text.tokenizer import Tokenizer
from dragoman.text.windows import windows

QUESTION = "where is Merkel"
LONG = " ".join(SENTENCES)
TOKENIZERS = {"xlm-roberta": unigram, "bert": word_piece}


def task_of(readout: Any, *, tokenizer: Tokenizer | None = None, **serving: Any) -> QuestionAnswering:
    return QuestionAnswering(tokenizer=tokenizer or unigram(), readout=readout, serving=ServingSpec(**serving))


def asked(context: str, question: str = QUESTION) -> dict[str, str]:
    return {"question": question, "context": context}


def answer_to(task: QuestionAnswering, context: str, **parameters: Any) -> Any:
    return ask(task, asked(context), **parameters)[0]["answer"]


def pointing(tokenizer: Tokenizer, *pieces: str, no_answer: float = 0.0) -> Chosen:
    """A readout that is sure of an answer that begins and ends with these pieces, or as sure that there is none."""
    first, last = (tokenizer.backend.token_to_id(piece) for piece in (pieces[0], pieces[-1]))

    def logits_of(ids: Sequence[int], types: Sequence[int]) -> np.ndarray[Any, np.dtype[np.float32]]:
        logits = np.array([[9.0 * (id == first), 9.0 * (id == last)] for id in ids], dtype=np.float32)
        logits[0] = no_answer
        return logits

    return Chosen(logits_of)


def masked_scores(model: Any, ids: list[int], types: list[int] | None, inside: range) -> np.ndarray[Any, Any]:
    """Products of every start and end, as the pipeline of transformers 4 made them: `[L, L]`, and the first cell."""
    with torch.inference_mode():
        answer = model(torch.tensor([ids]), token_type_ids=torch.tensor([types or [0] * len(ids)]))
    shares = []
    for logits in (answer.start_logits[0].numpy(), answer.end_logits[0].numpy()):
        kept = np.where([place == 0 or place in inside for place in range(len(ids))], logits, -10_000.0)
        exponents = np.exp(kept - kept.max())
        shares.append(exponents / exponents.sum())
    return np.outer(*shares)


@pytest.mark.parametrize("max_tokens", [128, 40])
@pytest.mark.parametrize("family", ["xlm-roberta", "bert"])
def test_the_answer_is_the_one_that_transformers_4_computed(family: str, max_tokens: int) -> None:
    tokenizer = TOKENIZERS[family](max_tokens)
    model = random_model(family, "QuestionAnswering", vocabulary=tokenizer.ids)
    context = SENTENCES[0] if family == "bert" else f"{SENTENCES[0]} {SENTENCES[2]}"
    question, tokens = tokenizer.tokenize_many([QUESTION, context], with_offsets=True)
    best: tuple[float, int, int] = (-1.0, 0, 0)
    nothing = 1.0
    for part in windows(len(tokens), size=tokenizer.room(pair=True) - len(question), stride=5):
        ids, types = tokenizer.join_pair(question.ids, tokens.ids[part.start : part.stop])
        _, start = tokenizer.pair_starts(len(question))
        scores = masked_scores(model, ids, types, range(start, start + len(part)))
        nothing = min(nothing, float(scores[0, 0]))
        scores[0, :] = scores[:, 0] = 0.0
        banded = np.tril(np.triu(scores), 14)
        first, last = np.unravel_index(banded.argmax(), banded.shape)
        best = max(best, (float(banded[first, last]), int(first) - start + part.start, int(last) - start + part.start))
    found = answer_to(
        task_of(readout_of(model), tokenizer=tokenizer), context, stride=5, whole_words=False, allow_no_answer=False
    )
    start, end = tokens.offsets[best[1]][0], tokens.offsets[best[2]][1]
    assert found.text == context[found.start : found.end] == context[start:end].strip()
    assert found.score == pytest.approx(best[0], abs=1e-4)
    default = answer_to(task_of(readout_of(model), tokenizer=tokenizer), context, stride=5, whole_words=False)
    assert default == (None if nothing > best[0] else found)


def test_an_answer_is_a_span_of_the_callers_context() -> None:
    context = "ｉｎ  “PARI\u0301S”,\u200b 東京"
    task = task_of(pointing(word_piece(), "paris"), tokenizer=word_piece())
    found = answer_to(task, context)
    assert found.text == context[found.start : found.end] == "PARI\u0301S"


@given(
    st.lists(st.sampled_from([*SENTENCES, "e\u0301", "👩\u200d👧", "\u200b", "ﷺ"]), min_size=1, max_size=3).map(
        " ".join
    )
)
def test_every_answer_is_its_span_of_the_context_without_blank_edges(context: str) -> None:
    model = random_model("xlm-roberta", "QuestionAnswering", vocabulary=unigram().ids)
    found = answer_to(task_of(readout_of(model)), context, allow_no_answer=False)
    if found is not None:
        assert found.text == context[found.start : found.end] == found.text.strip()
        assert found.text


def test_no_answer_is_none_unless_one_is_asked_for() -> None:
    task = task_of(pointing(word_piece(), "paris", no_answer=20.0), tokenizer=word_piece())
    assert answer_to(task, "in Paris, May") is None
    assert answer_to(task, "in Paris, May", allow_no_answer=False).text == "Paris"


def test_there_is_an_answer_if_one_window_has_it() -> None:
    task = task_of(pointing(word_piece(), "paris", no_answer=5.0), tokenizer=word_piece(24))
    context = "new york in merkel, " * 6 + "in Paris" + " in new york, merkel" * 6
    assert prepare(task, asked(context))[0].windows > 2
    assert answer_to(task, context).text == "Paris"


def test_an_answer_is_no_longer_than_asked() -> None:
    tokenizer = unigram()
    tokens = tokenizer.tokenize_many([SENTENCES[2]], with_offsets=True)[0]
    task = task_of(pointing(tokenizer, tokenizer.token(tokens.ids[1]), tokenizer.token(tokens.ids[-1])))
    short = answer_to(task, SENTENCES[2], max_answer_tokens=2, allow_no_answer=False, whole_words=False)
    held = [span for span in tokens.offsets if span[0] < short.end and span[1] > short.start]
    assert len(held) <= 2


def test_an_answer_is_whole_words_unless_asked_otherwise() -> None:
    tokenizer = word_piece()
    task = task_of(pointing(tokenizer, "mer"), tokenizer=tokenizer)
    assert answer_to(task, "Angela Merkel, Paris").text == "Merkel"
    assert answer_to(task, "Angela Merkel, Paris", whole_words=False).text == "Mer"


def test_offsets_count_what_the_caller_counts() -> None:
    tokenizer = word_piece()
    found = answer_to(task_of(pointing(tokenizer, "paris"), tokenizer=tokenizer), "😀 Paris", offsets="utf16")
    assert (found.start, found.end) == (3, 8)


def test_windows_are_the_default_and_the_rest_by_request() -> None:
    task = task_of(readout_of(None), tokenizer=unigram(40))
    assert prepare(task, asked(LONG))[0].windows > 5
    cut = prepare(task, asked(LONG), too_long="truncate")[0]
    assert (cut.windows, cut.truncated, cut.tokens) == (1, True, 40)
    with pytest.raises(TextTooLong, match="Input 0 with its question"):
        prepare(task_of(readout_of(None), tokenizer=unigram(40), too_long="refuse"), asked(LONG))


@pytest.mark.parametrize(("side", "end"), [("right", "end"), ("left", "start")])
def test_a_context_is_cut_as_in_the_library(side: str, end: str) -> None:
    tokenizer = unigram(40)
    task = task_of(readout_of(None), tokenizer=tokenizer)
    (cut,) = prepare(task, asked(LONG), too_long="truncate", truncate_from=end)
    library = tokenizers.Tokenizer.from_str(tokenizer.to_json())
    library.enable_truncation(40, strategy="only_second", direction=side)
    assert cut.pieces[0].ids == library.encode(asked(LONG)["question"], LONG).ids
    assert cut.truncated


def test_an_answer_behind_the_cut_stands_where_it_stands_in_the_context() -> None:
    tokenizer = word_piece(30)
    task = task_of(pointing(tokenizer, "paris"), tokenizer=tokenizer)
    context = "😀 Angela Merkel, " * 9 + "in Paris"
    assert answer_to(task, context, too_long="truncate", allow_no_answer=False).text != "Paris"
    found = answer_to(task, context, too_long="truncate", truncate_from="start")
    assert (found.text, found.start) == ("Paris", context.rindex("Paris"))


def test_the_end_to_cut_needs_a_context_that_is_cut() -> None:
    with pytest.raises(InvalidRequest, match="with too_long 'windows' no text is cut"):
        prepare(task_of(readout_of(None), tokenizer=unigram(40)), asked(LONG), truncate_from="start")


def test_a_question_keeps_half_the_room_and_a_longer_one_is_refused_or_cut() -> None:
    task = task_of(readout_of(None), tokenizer=unigram(40))
    with pytest.raises(TextTooLong, match="The question of input 0 has"):
        prepare(task, asked(LONG, LONG))
    cut = prepare(task, asked(LONG, LONG), too_long="truncate")[0]
    assert (cut.tokens, cut.state.question, cut.truncated) == (40, 18, True)


def test_a_long_question_is_whole_beside_a_short_context() -> None:
    prepared = prepare(task_of(readout_of(None), tokenizer=unigram(40)), asked("May.", SENTENCES[2]))[0]
    assert (prepared.truncated, prepared.windows) == (False, 1)


def test_a_context_without_text_has_no_answer() -> None:
    model = random_model("xlm-roberta", "QuestionAnswering", vocabulary=unigram().ids)
    assert answer_to(task_of(readout_of(model)), "\u200b\u200e", allow_no_answer=False) is None
