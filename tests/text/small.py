"""Small tokenizers of the three families."""

from __future__ import annotations

from collections.abc import Sequence

import tokenizers
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors, trainers

from dragoman.text.tokenizer import Tokenizer, train_unigram

SENTENCES = (
    "where is my order",
    "This example is about refunds.",
    "wo ist meine Bestellung",
    "où est ma commande",
    "где мой заказ",
    "طلبيتي وين وصلت",
    "मेरा ऑर्डर कहाँ है",
    "注文した荷物はどこですか",
    "ของฉันอยู่ที่ไหน",
    "내 주문은 어디에 있나요",
    "đơn hàng của tôi đâu rồi",
)
FAMILIES = ("xlm-roberta", "roberta", "bert")


def small_tokenizer(family: str = "xlm-roberta", *, max_tokens: int = 32) -> Tokenizer:
    """Unigram with byte fallback, byte-level BPE, or WordPiece that lower-cases and strips accents."""
    if family == "xlm-roberta":
        return train_unigram(SENTENCES, vocabulary=600, max_tokens=max_tokens)
    backend = word_piece(SENTENCES) if family == "bert" else byte_level(SENTENCES)
    return Tokenizer(backend, max_tokens=max_tokens)


def word_piece(texts: Sequence[str]) -> tokenizers.Tokenizer:
    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    backend = tokenizers.Tokenizer(models.WordPiece(unk_token="[UNK]"))
    backend.normalizer = normalizers.BertNormalizer()
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.decoder = decoders.WordPiece()
    backend.train_from_iterator(
        texts, trainers.WordPieceTrainer(vocab_size=300, special_tokens=specials, show_progress=False)
    )
    backend.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return backend


def byte_level(texts: Sequence[str]) -> tokenizers.Tokenizer:
    specials = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    backend = tokenizers.Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=500, special_tokens=specials, initial_alphabet=alphabet, show_progress=False
    )
    backend.train_from_iterator(texts, trainer)
    backend.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    return backend
