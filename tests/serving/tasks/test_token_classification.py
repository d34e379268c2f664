from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.serving.tasks.asking import Chosen, ask, by_token, byte_level, prepare, unigram, word_piece
from tests.serving.tasks.pipelines import pipeline, random_model, readout_of, run_quietly

from dragoman.errors import DragomanError, InvalidRequest, TextTooLong
from dragoman.records import Entity
from dragoman.serving.tasks.token_classification import TokenClassification
from dragoman.spec import ServingSpec
from dragoman.text.graphemes import Graphemes, is_blank
from dragoman.text.tokenizer import Tokenizer

LABELS = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")
AGGREGATIONS = ("simple", "first", "average", "max")
TOKENIZERS = {"xlm-roberta": unigram, "bert": word_piece}
SPACED = (
    "Angela Merkel visited Paris and New York in May.",
    "La société Renault s'installe à São Paulo.",
    "где живёт Владимир в Москве",
    "서울에 사는 김민수",
    "Nguyễn sống ở Hà Nội",
)
PLAIN = ("angela merkel", "Paris, New York.", "in paris new", "東京 in New York", "the merkel of york")
SCRIPTS = (
    "abcXYZ0189 .,-\t\n",
    "eoun\u0301\u0323\u0308 ",
    "ประเทศไทยน้ำที่ำ ",
    "भारतक्षत्रिय्ज्ञा ",
    "العَرَبِيَّةُ ",
    "각\u1100\u1161\u11a8\u1112\u1161\u11ab한국 ",
    "👩\u200d👧🏽❤\ufe0f🇩🇪 ",
    "日本語がかき\u3099カﾞｗｏ\u3000",
    "ﷺﬁ①㍿ ",
    "မြန်မာစာ\u200b ",
)
texts = st.lists(st.sampled_from(SCRIPTS).flatmap(lambda letters: st.text(letters, max_size=8)), min_size=1).map(
    "".join
)
spoken = texts.filter(lambda text: any(char.isalnum() for char in text))


def task_of(readout: Any, *, tokenizer: Tokenizer | None = None, **serving: Any) -> TokenClassification:
    return TokenClassification(
        tokenizer=tokenizer or unigram(), readout=readout, labels=LABELS, serving=ServingSpec(**serving)
    )


def labelled(tokenizer: Tokenizer, labels: dict[str, str]) -> Chosen:
    """A readout that is sure of the label of some pieces, and that all others are outside."""
    chosen = [LABELS.index(labels.get(tokenizer.token(id), "O")) for id in range(tokenizer.ids)]
    return Chosen(lambda ids, _: 9 * np.eye(len(LABELS), dtype=np.float32)[[chosen[id] for id in ids]])


def entities(task: TokenClassification, text: str, **parameters: Any) -> list[Entity]:
    found: list[Entity] = ask(task, text, **parameters)[0]["entities"]
    return found


def without_blanks(found: Sequence[dict[str, Any]], text: str) -> list[tuple[str, int, int, float]]:
    """What a pipeline found, without white space at the edges, and without space marks that hold no text."""
    kept: list[tuple[str, int, int, float]] = []
    for one in found:
        span = text[one["start"] : one["end"]]
        start, end = one["end"] - len(span.lstrip()), one["start"] + len(span.rstrip())
        if kept and start == kept[-1][1]:
            kept.pop()  # a space mark put before a word was told to stand on its first letter
        if start < end:
            kept.append((one.get("entity_group", one.get("entity")), start, end, one["score"]))
    return kept


def assert_agree(found: Sequence[Entity], expected: Sequence[tuple[str, int, int, float]]) -> None:
    assert [(one.label, one.start, one.end) for one in found] == [one[:3] for one in expected]
    assert [one.score for one in found] == pytest.approx([one[3] for one in expected], abs=1e-4)


# Agreement ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("aggregation", [*AGGREGATIONS, "none"])
@pytest.mark.parametrize(
    ("family", "text"), [("xlm-roberta", one) for one in SPACED] + [("bert", one) for one in PLAIN]
)
def test_entities_are_those_of_the_pipeline_without_its_blank_edges(family: str, text: str, aggregation: str) -> None:
    tokenizer = TOKENIZERS[family]()
    model = random_model(family, "TokenClassification", vocabulary=tokenizer.ids, labels=LABELS)
    pipe = pipeline("token-classification", model, family, tokenizer)
    found = entities(task_of(readout_of(model), tokenizer=tokenizer), text, aggregation=aggregation)
    assert_agree(found, without_blanks(run_quietly(pipe, text, aggregation_strategy=aggregation), text))


def test_a_sentence_without_spaces_is_no_word_where_transformers_glues_it() -> None:
    text, tokenizer = "東京都に住んでいる田中さん", unigram()
    model = random_model("xlm-roberta", "TokenClassification", vocabulary=tokenizer.ids, labels=LABELS)
    pipe = pipeline("token-classification", model, "xlm-roberta", tokenizer)
    task = task_of(readout_of(model))
    assert len(run_quietly(pipe, text, aggregation_strategy="average")) <= 2
    assert entities(task, text, aggregation="average") == entities(task, text, aggregation="simple")


def test_marks_that_transformers_splits_off_stay_with_their_letter() -> None:
    text, tokenizer = "يعيش مُحَمَّد", unigram()
    model = random_model("xlm-roberta", "TokenClassification", vocabulary=tokenizer.ids, labels=LABELS)
    pipe = pipeline("token-classification", model, "xlm-roberta", tokenizer)
    theirs = run_quietly(pipe, text, aggregation_strategy="simple")
    ours = entities(task_of(readout_of(model)), text)
    borders = set(Graphemes(text).borders)
    assert not borders.issuperset(one["end"] for one in theirs)
    assert borders.issuperset(one.end for one in ours)


# Spans --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "tokenizer", [unigram(), word_piece(), byte_level()], ids=["unigram", "word piece", "byte level"]
)
@given(text=spoken, seed=st.integers(0, 99), aggregation=st.sampled_from(AGGREGATIONS))
def test_entities_are_whole_characters_of_any_text_in_order_and_apart(
    tokenizer: Tokenizer, text: str, seed: int, aggregation: str
) -> None:
    task = task_of(by_token(len(LABELS), seed=seed), tokenizer=tokenizer)
    found = entities(task, text, aggregation=aggregation)
    borders = set(Graphemes(text).borders)
    for one in found:
        assert text[one.start : one.end] == one.text
        assert {one.start, one.end} <= borders
        assert not is_blank(one.text[0])
        assert not is_blank(one.text[-1])
    assert all(before.end <= after.start for before, after in pairwise(found))


@given(spoken, st.integers(0, 99))
def test_single_tokens_are_spans_of_any_text(text: str, seed: int) -> None:
    found = entities(task_of(by_token(len(LABELS), seed=seed)), text, aggregation="none")
    assert all(one.text and one.text == text[one.start : one.end] == one.text.strip() for one in found)
    assert {one.label for one in found} <= set(LABELS[1:])


@pytest.mark.parametrize(
    ("text", "pieces", "expected"),
    [
        ("我住在北京市", {"北": "B-LOC", "京": "I-LOC"}, "北京"),
        ("pa\u0301ris", {"p": "B-LOC", "<0xC3>": "I-LOC", "<0xA1>": "I-LOC"}, "pa\u0301"),
        ("อยู่ที่กรุง", {"ท": "B-LOC"}, "ที่"),
        ("مُحَمَّد", {"م": "B-PER"}, "مُ"),
        ("ｐａｒｉｓ", {"▁pa": "B-LOC"}, "ｐａ"),
    ],
)
def test_an_entity_is_found_in_the_callers_own_letters(text: str, pieces: dict[str, str], expected: str) -> None:
    found = entities(task_of(labelled(unigram(), pieces)), text)
    assert found[0].text == expected == text[found[0].start : found[0].end]


def test_a_family_of_emoji_is_one_character() -> None:
    text = "in 👩\u200d👩\u200d👧 paris"
    tokenizer = unigram()
    begun = labelled(tokenizer, {"<0xF0>": "B-PER"})
    assert [one.text for one in entities(task_of(begun), text)] == ["👩\u200d👩\u200d👧"]


@pytest.mark.parametrize(("unit", "start", "end"), [("codepoint", 3, 6), ("utf16", 4, 7), ("byte", 6, 11)])
def test_offsets_count_what_the_caller_counts(unit: str, start: int, end: int) -> None:
    readout = labelled(word_piece(), {"e": "B-LOC", "##t": "I-LOC", "##e": "I-LOC"})
    found = entities(task_of(readout, tokenizer=word_piece()), "😀, Été.", offsets=unit)
    assert [(one.text, one.start, one.end) for one in found] == [("Été", start, end)]


# Parameters ---------------------------------------------------------------------------------------------------------


def test_a_threshold_leaves_out_what_is_less_sure() -> None:
    task = task_of(by_token(len(LABELS), seed=1))
    everything = entities(task, SPACED[0])
    middle = sorted(one.score for one in everything)[len(everything) // 2]
    assert entities(task, SPACED[0], threshold=middle) == [one for one in everything if one.score >= middle]


def test_tokens_keep_the_prefix_of_their_label() -> None:
    tokenizer = word_piece()
    readout = labelled(tokenizer, {"new": "B-LOC", "york": "I-LOC"})
    found = entities(task_of(readout, tokenizer=tokenizer), "in New York", aggregation="none")
    assert [(one.label, one.text) for one in found] == [("B-LOC", "New"), ("I-LOC", "York")]


def test_a_text_without_pieces_has_no_entities() -> None:
    assert entities(task_of(by_token(len(LABELS))), "\u200b\u200e") == []


def test_a_pair_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="Input 0 has a pair"):
        prepare(task_of(by_token(len(LABELS))), {"text": "a", "pair": "b"})


def test_scores_that_are_no_numbers_are_an_error() -> None:
    broken = Chosen(lambda ids, _: np.full((len(ids), len(LABELS)), np.nan, dtype=np.float32))
    with pytest.raises(DragomanError, match="no usable scores"):
        ask(task_of(broken), "Paris")


# Long texts ---------------------------------------------------------------------------------------------------------


@given(spoken, st.integers(3, 20), st.integers(0, 10), st.sampled_from([*AGGREGATIONS, "none"]))
def test_windows_of_any_size_find_what_one_window_finds(text: str, size: int, stride: int, aggregation: str) -> None:
    readout = by_token(len(LABELS))
    whole = entities(task_of(readout, tokenizer=unigram(100_000)), text, aggregation=aggregation)
    cut = task_of(readout, tokenizer=unigram(size + 2), too_long="windows")
    assert entities(cut, text, stride=min(stride, size // 2), aggregation=aggregation) == whole


def test_a_long_text_is_cut_and_says_so() -> None:
    task = task_of(labelled(unigram(), {"paris": "B-LOC"}), tokenizer=unigram(10))
    prepared = prepare(task, SPACED[0])[0]
    assert (prepared.truncated, prepared.windows, prepared.tokens) == (True, 1, 10)
    assert all(one.end <= 12 for one in entities(task, SPACED[0], aggregation="none"))


@given(spoken, st.integers(3, 20), st.sampled_from([*AGGREGATIONS, "none"]))
def test_entities_of_a_text_cut_at_its_start_are_those_of_its_last_tokens(
    text: str, size: int, aggregation: str
) -> None:
    readout, tokenizer = by_token(len(LABELS)), unigram(size + 2)
    spans = tokenizer.tokenize_many([text], with_offsets=True)[0].offsets
    asked = {"truncate_from": "start", "aggregation": aggregation}
    found = entities(task_of(readout, tokenizer=tokenizer), text, **asked)
    whole = entities(task_of(readout, tokenizer=unigram(100_000)), text, aggregation="none")
    lost = max((end for _, end in spans[:-size]), default=0)
    assert all(text[one.start : one.end] == one.text for one in found)
    if aggregation == "none":
        assert [one for one in found if one.start >= lost] == [one for one in whole if one.start >= lost]


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_an_entity_behind_the_cut_stands_where_it_stands_in_the_text(aggregation: str) -> None:
    tokenizer = word_piece(12)
    task = task_of(labelled(tokenizer, {"new": "B-LOC", "york": "I-LOC"}), tokenizer=tokenizer)
    text = "😀 New York, Angela Merkel, Paris, in New York."
    (found,) = entities(task, text, aggregation=aggregation, truncate_from="start")
    assert (found.text, found.start) == ("New York", text.rindex("New York"))


def test_a_long_text_is_refused_where_the_caller_asks_for_it() -> None:
    with pytest.raises(TextTooLong, match=r"Text 1 has 3\d tokens; the model accepts 10"):
        prepare(task_of(by_token(len(LABELS)), tokenizer=unigram(10)), ["a", SPACED[0]], too_long="refuse")
