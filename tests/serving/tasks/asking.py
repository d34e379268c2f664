"""Tasks without an engine: pieces are packed, read and finished on the spot, with logits that a test chooses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from tests.text.small import small_tokenizer
from tokenizers import Tokenizer as Backend
from tokenizers import models, normalizers, pre_tokenizers, processors

from dragoman.models.packing import PackedBatch, pack
from dragoman.serving.inputs import read_inputs
from dragoman.serving.parameters import read_parameters
from dragoman.serving.tasks.base import Prepared, Task
from dragoman.spec import ServingSpec
from dragoman.text.tokenizer import Tokenizer, train_unigram

Logits = NDArray[np.float32]

SENTENCES = (
    "Angela Merkel visited Paris and New York in May.",
    "La société Renault s'installe à São Paulo.",
    "где живёт Владимир в Москве",
    "يعيش مُحَمَّد في القاهرة",
    "नई दिल्ली में क्षत्रिय रहते हैं",
    "東京都に住んでいる田中さん",
    "我住在北京市朝阳区",
    "서울에 사는 김민수",
    "นายสมชายอยู่ที่กรุงเทพมหานคร",
    "Nguyễn sống ở Hà Nội",
)
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
WORD_PIECES = (
    "an",
    "##ge",
    "##la",
    "mer",
    "##kel",
    "paris",
    "new",
    "york",
    "in",
    ".",
    ",",
    "東",
    "京",
    "e",
    "##t",
    "##e",
)


class Chosen(NamedTuple):
    """A readout whose numbers follow from a text's token ids and types alone."""

    logits_of: Callable[[Sequence[int], Sequence[int]], Logits]
    key: str = "chosen"

    def read(self, hidden: Logits, batch: PackedBatch, texts: Sequence[int]) -> list[Logits]:
        stops = batch.first + batch.lengths
        rows = [slice(batch.first[text], stops[text]) for text in texts]
        return [self.logits_of(batch.input_ids[row].tolist(), batch.type_ids[row].tolist()) for row in rows]


def by_token(width: int, *, seed: int = 0, sharpness: float = 3.0) -> Chosen:
    """Random logits of each token, the same wherever it stands."""
    table = np.random.default_rng(seed).normal(0, sharpness, (1_009, width)).astype(np.float32)
    return Chosen(lambda ids, _: table[np.array(ids) % len(table)])


def prepare(task: Task, inputs: Any, **parameters: Any) -> list[Prepared]:
    checked = read_inputs(inputs, task.Input, serving=ServingSpec(), languages=())
    return task.prepare(checked, read_parameters(parameters, task.Parameters))


def ask(task: Task, inputs: Any, **parameters: Any) -> list[dict[str, Any]]:
    """The result fields of each input."""
    asked = read_parameters(parameters, task.Parameters)
    return [task.finish(one, read(one), asked) for one in prepare(task, inputs, **parameters)]


def read(prepared: Prepared) -> list[Logits]:
    pieces = prepared.pieces
    batch = pack([one.ids for one in pieces], types=[one.types for one in pieces], first_position=0)
    return pieces[0].readout.read(np.zeros((batch.tokens, 1), np.float32), batch, range(len(pieces)))


@cache
def unigram(max_tokens: int = 128) -> Tokenizer:
    """A tokenizer of XLM-R's kind, with pieces of many scripts."""
    return train_unigram(SENTENCES * 2, vocabulary=420, max_tokens=max_tokens)


@cache
def word_piece(max_tokens: int = 128) -> Tokenizer:
    """A tokenizer of BERT's kind: lower case, without accents."""
    pieces = (*SPECIAL, *WORD_PIECES, *("##" + letter for letter in "abdfhiklmnoprsuvwxyz"), *"abdfhiklmnopqrsuvwxyz")
    vocabulary = {piece: id for id, piece in enumerate(dict.fromkeys(pieces))}
    backend = Backend(models.WordPiece(vocabulary, unk_token="[UNK]"))
    backend.normalizer = normalizers.BertNormalizer()
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    backend.add_special_tokens(list(SPECIAL))
    return Tokenizer(backend, max_tokens=max_tokens)


@cache
def byte_level() -> Tokenizer:
    """A tokenizer of RoBERTa's kind."""
    return small_tokenizer("roberta", max_tokens=128)
