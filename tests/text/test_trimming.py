from __future__ import annotations

import json

import pytest
import tokenizers
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.text.small import SENTENCES, small_tokenizer, word_piece
from tokenizers import models, pre_tokenizers, processors

from dragoman.errors import InvalidCheckpoint
from dragoman.text.tokenizer import Tokenizer
from dragoman.text.trimming import KEEPS, choose_pieces, trim_tokenizer

UNIGRAM, WORD_PIECE = small_tokenizer(), small_tokenizer("bert")
SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
LATIN = [text for text in SENTENCES if text.isascii()]
TEXTS = st.lists(st.sampled_from(" ".join(SENTENCES).split()), min_size=1, max_size=6).map(" ".join)
ANY_TEXTS = st.one_of(TEXTS, st.text(max_size=20), st.text("aehimnorstw ", max_size=30))


def trimmed(tokenizer: Tokenizer, keep: set[int]) -> tuple[Tokenizer, list[int]]:
    found = trim_tokenizer(tokenizer, keep)
    backend = tokenizers.Tokenizer.from_str(found.json)
    return Tokenizer(backend, max_tokens=tokenizer.max_tokens), found.old_ids


def ids(tokenizer: Tokenizer, text: str, old_ids: list[int] | None = None) -> list[int]:
    found = tokenizer.encode(text).ids
    return [old_ids[id] for id in found] if old_ids else found


@pytest.mark.parametrize("tokenizer", [UNIGRAM, WORD_PIECE], ids=["unigram", "word_piece"])
@given(text=ANY_TEXTS, others=st.sets(st.integers(0, 600)))
def test_a_text_whose_pieces_all_stay_is_cut_the_same(tokenizer, text, others):
    before = ids(tokenizer, text)
    assume(tokenizer is UNIGRAM or tokenizer.unknown_token not in before)
    smaller, old_ids = trimmed(tokenizer, {*before, *others})
    assert ids(smaller, text, old_ids) == before


@pytest.mark.parametrize("tokenizer", [UNIGRAM, WORD_PIECE], ids=["unigram", "word_piece"])
@given(keep=st.sets(st.integers(0, 600)))
def test_every_new_id_has_the_piece_of_its_old_one(tokenizer, keep):
    smaller, old_ids = trimmed(tokenizer, keep)
    assert [smaller.token(id) for id in range(len(old_ids))] == [tokenizer.token(id) for id in old_ids]
    assert smaller.vocabulary == smaller.ids == len(old_ids)


@given(texts=st.lists(TEXTS, min_size=1, max_size=4))
@pytest.mark.parametrize("keep", KEEPS)
def test_texts_that_pieces_were_chosen_by_are_cut_the_same(keep, texts):
    smaller, old_ids = trimmed(UNIGRAM, choose_pieces(UNIGRAM, texts, keep=keep))
    assert [ids(smaller, text, old_ids) for text in texts] == [ids(UNIGRAM, text) for text in texts]


def test_special_tokens_keep_their_ids_and_the_mask_stays_last():
    smaller, old_ids = trimmed(UNIGRAM, set())
    assert old_ids[:4] == [0, 1, 2, 3]
    assert smaller.mask_token == len(old_ids) - 1 < UNIGRAM.mask_token
    assert smaller.special_tokens == [0, 1, 2, 3, smaller.mask_token]


def test_bytes_always_stay_so_that_any_text_can_be_written():
    smaller, _ = trimmed(UNIGRAM, set())
    assert smaller.decode(smaller.encode("où").ids) == "où"


def unigram(scores: dict[str, float]) -> Tokenizer:
    pieces = [*((special, 0.0) for special in ("<s>", "<pad>", "</s>", "<unk>")), *scores.items()]
    backend = tokenizers.Tokenizer(models.Unigram(pieces, unk_id=3))
    backend.pre_tokenizer = pre_tokenizers.Metaspace()
    backend.add_special_tokens(["<s>", "<pad>", "</s>", "<unk>"])
    return Tokenizer(backend, max_tokens=64)


def test_an_unknown_character_costs_what_it_did():
    # It costs 10 more than the lowest score. Were that -15 and no more -30, "ab" and an unknown "c" would be the best.
    tokenizer = unigram({"▁": -1.0, "a": -15.0, "b": -15.0, "bc": -15.0, "ab": -2.0, "rare": -30.0})
    smaller, old_ids = trimmed(tokenizer, set(range(9)))
    assert [tokenizer.token(id) for id in ids(tokenizer, "abc")] == ["▁", "a", "bc"]
    assert ids(smaller, "abc", old_ids) == ids(tokenizer, "abc")
    assert smaller.token(len(old_ids) - 1) == "rare"


@pytest.mark.parametrize("tokenizer", [UNIGRAM, WORD_PIECE], ids=["template", "bert"])
def test_the_special_tokens_around_texts_are_numbered_anew(tokenizer):
    smaller, old_ids = trimmed(tokenizer, choose_pieces(tokenizer, LATIN, keep="seen"))
    joined, types = smaller.join_pair(smaller.tokenize_many(["order"])[0].ids, [])
    expected, expected_types = tokenizer.join_pair(tokenizer.tokenize_many(["order"])[0].ids, [])
    assert [old_ids[id] for id in joined] == expected
    assert types == expected_types


def test_specials_that_do_not_come_first_are_numbered_anew():
    backend = word_piece(SENTENCES)
    padding, *specials = SPECIALS
    words = [piece for piece in backend.get_vocab() if piece not in SPECIALS]
    number = {piece: id for id, piece in enumerate([padding, *sorted(words, key=len, reverse=True), *specials])}
    later = tokenizers.Tokenizer(models.WordPiece(number, unk_token="[UNK]"))
    later.pre_tokenizer = backend.pre_tokenizer
    later.post_processor = processors.BertProcessing(("[SEP]", number["[SEP]"]), ("[CLS]", number["[CLS]"]))
    later.add_special_tokens(SPECIALS)
    tokenizer = Tokenizer(later, max_tokens=16)
    smaller, old_ids = trimmed(tokenizer, choose_pieces(tokenizer, ["order"], keep="seen"))
    assert smaller.token(smaller.encode("order").ids[0]) == "[CLS]"
    assert smaller.encode("order").ids[0] < tokenizer.encode("order").ids[0] == number["[CLS]"]
    assert ids(smaller, "order", old_ids) == ids(tokenizer, "order")


def test_added_tokens_above_the_pieces_stay():
    backend = tokenizers.Tokenizer.from_str(UNIGRAM.to_json())
    backend.add_tokens(["#order"])
    tokenizer = Tokenizer(backend, max_tokens=32)
    smaller, old_ids = trimmed(tokenizer, set())
    assert old_ids[-1] == UNIGRAM.vocabulary
    assert smaller.encode("#order").ids == [0, len(old_ids) - 1, 2]


def test_words_of_a_word_level_tokenizer_that_were_dropped_are_unknown():
    backend = tokenizers.Tokenizer(models.WordLevel({"<unk>": 0, "refund": 1, "order": 2}, unk_token="<unk>"))
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    smaller, old_ids = trimmed(Tokenizer(backend, max_tokens=8), {2})
    assert old_ids == [0, 2]
    assert smaller.encode("refund order").ids == [0, 1]


def test_a_byte_level_bpe_is_refused_by_its_kind():
    with pytest.raises(InvalidCheckpoint, match="'BPE' cannot be trimmed") as caught:
        trim_tokenizer(small_tokenizer("roberta"), {0})
    assert "tune without trimming" in caught.value.help


WORDS = unigram(dict.fromkeys(["▁", "a", "ю", "7", "▁order", "▁refund", "▁где", "заказ", "▁12:", "注文", "した"], -5.0))


def kept(texts: list[str], keep: str) -> set[str]:
    return {WORDS.token(id) for id in choose_pieces(WORDS, texts, keep=keep)} & {"▁order", "▁refund", "▁где", "заказ"}


def test_scripts_keeps_the_words_of_a_script_that_the_texts_lack():
    assert kept(["order"], "scripts") == {"▁order", "▁refund"}
    assert kept(["order"], "seen") == {"▁order"}


def test_a_language_with_few_texts_keeps_its_script():
    assert "заказ" in kept([*["where is my order"] * 999, "где"], "scripts")


def test_a_quoted_foreign_word_does_not_bring_its_script_along():
    assert "заказ" not in kept(["where is my order " * 40 + "где"], "scripts")


def test_pieces_of_han_stay_for_japanese():
    found = choose_pieces(WORDS, ["した"], keep="scripts")
    assert {"注文", "した"} <= {WORDS.token(id) for id in found}


@pytest.mark.parametrize("keep", KEEPS)
def test_single_characters_and_pieces_without_letters_stay(keep):
    found = choose_pieces(WORDS, ["order"], keep=keep)
    assert {"▁", "a", "ю", "7", "▁12:"} <= {WORDS.token(id) for id in found}


def test_the_same_choice_gives_the_same_bytes():
    keep = choose_pieces(UNIGRAM, LATIN, keep="scripts")
    first, second = (trim_tokenizer(UNIGRAM, order) for order in (sorted(keep), sorted(keep, reverse=True)))
    assert first == second
    assert json.loads(first.json)["model"]["type"] == "Unigram"
