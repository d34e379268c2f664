"""The tokenizer: trained for a scratch model, or read from a Hugging Face `tokenizer.json`."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import tokenizers
from tokenizers import Regex, decoders, models, normalizers, pre_tokenizers, processors

from dragoman.errors import InvalidCheckpoint, MissingExtra

__all__ = ["SPACE_MARK", "TOKENIZER_FILE", "Encoded", "Tokenizer", "train_unigram"]

TOKENIZER_FILE = "tokenizer.json"
SPECIAL_TOKENS = ("<s>", "<pad>", "</s>", "<unk>")  # the ids 0 to 3 of XLM-R
SPACE_MARK = "\N{LOWER ONE EIGHTH BLOCK}"  # stands for a space at a word's beginning
MASK_TOKEN = "<mask>"  # noqa: S105 (a piece of the vocabulary)
INVISIBLE = r"[\u200B-\u200F\u202A-\u202E\u2060-\u2069\uFEFF\u00AD]"  # joiners, direction marks, soft hyphen
CONTROLS = r"[\p{Cc}\p{Z}]+"


class Encoded(NamedTuple):
    """The token ids of one text, special tokens included."""

    ids: list[int]
    truncated: bool
    unknown: int  # how many of the ids are the unknown token


class Tokenizer:
    """Text to token ids, cut at `max_tokens`. Safe to share between threads."""

    def __init__(self, backend: tokenizers.Tokenizer, *, max_tokens: int) -> None:
        backend.no_padding()
        backend.enable_truncation(max_tokens)
        self.backend, self.max_tokens = backend, max_tokens
        self._unknown = self._first_known("<unk>", "[UNK]")

    @classmethod
    def read(cls, folder: Path, *, max_tokens: int, vocabulary: int | None = None) -> Tokenizer:
        """Read `tokenizer.json` from a folder.

        Raises `InvalidCheckpoint` without a readable one, and for one with ids that are not below `vocabulary`, the
        number of rows of the model's word table.
        """
        path = folder / TOKENIZER_FILE
        if not path.is_file():
            raise InvalidCheckpoint(
                f"{folder} has no {TOKENIZER_FILE}.",
                help="Save the checkpoint's tokenizer with the fast tokenizers of transformers.",
            )
        try:
            tokenizer = cls(tokenizers.Tokenizer.from_str(path.read_text(encoding="utf-8")), max_tokens=max_tokens)
        except Exception as error:  # the library raises plain exceptions
            raise InvalidCheckpoint(f"{path} cannot be read: {error}", help="Fetch the checkpoint again.") from None
        if vocabulary is not None and (ids := tokenizer.ids) > vocabulary:
            raise InvalidCheckpoint(
                f"{path} has {ids} pieces; the model in the folder has rows for {vocabulary}.",
                help="The tokenizer and the weights belong to different models; fetch the checkpoint again.",
            )
        return tokenizer

    @property
    def vocabulary(self) -> int:
        return self.backend.get_vocab_size()

    @property
    def ids(self) -> int:
        """The number that every id is below: more than `vocabulary` where some ids have no piece."""
        return 1 + max(self.backend.get_vocab().values(), default=-1)

    @property
    def mask_token(self) -> int | None:
        """Id of the mask token, if there is one."""
        return self._first_known(MASK_TOKEN, "[MASK]")

    @property
    def special_tokens(self) -> list[int]:
        """Ids of the special tokens, sorted."""
        return sorted(id for id, token in self.backend.get_added_tokens_decoder().items() if token.special)

    def to_json(self) -> str:
        """The contents of `tokenizer.json`, without truncation, which belongs to the model."""
        # Switching truncation off would reach other threads, and a copy would change the last digits of scores.
        return re.sub(r'"truncation":\{[^{}]*\}', '"truncation":null', self.backend.to_str(pretty=False), count=1)

    def encode(self, text: str) -> Encoded:
        return self._encoded(self.backend.encode(text))

    def encode_many(self, texts: Sequence[str]) -> list[Encoded]:
        """Encode many texts; the work happens outside the interpreter lock."""
        return [self._encoded(encoding) for encoding in self.backend.encode_batch_fast(list(texts))]

    def normalize(self, text: str) -> str:
        """The text as the model sees it."""
        return self.backend.normalizer.normalize_str(text) if self.backend.normalizer else text

    def _encoded(self, encoding: tokenizers.Encoding) -> Encoded:
        ids = encoding.ids
        unknown = 0 if self._unknown is None else ids.count(self._unknown)
        return Encoded(ids, bool(encoding.overflowing), unknown)

    def _first_known(self, *tokens: str) -> int | None:
        found = (self.backend.token_to_id(token) for token in tokens)
        return next((id for id in found if id is not None), None)


# Training -----------------------------------------------------------------------------------------------------------


def train_unigram(texts: Iterable[str], *, vocabulary: int, max_tokens: int) -> Tokenizer:
    """Train a Unigram tokenizer (Kudo 2018, arXiv:1804.10959) with byte fallback, with XLM-R's ids and template.

    SentencePiece trains because the same texts give the same model there; the trainer of `tokenizers` depends on the
    order of its hash maps. Text is normalised first: compatibility forms, lower case, no invisible characters.
    """
    spm = _load_sentencepiece()
    normalizer = scratch_normalizer()
    written = io.BytesIO()
    spm.SentencePieceTrainer.train(
        sentence_iterator=(line for text in texts if (line := normalizer.normalize_str(text))),
        model_writer=written,
        model_type="unigram",
        vocab_size=vocabulary - 1,  # the mask token comes last
        hard_vocab_limit=False,
        character_coverage=0.9995,
        byte_fallback=True,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        split_digits=True,
        max_sentence_length=100_000,
        bos_id=0,
        pad_id=1,
        eos_id=2,
        unk_id=3,
        bos_piece="<s>",
        pad_piece="<pad>",
        eos_piece="</s>",
        unk_piece="<unk>",
        num_threads=1,
        minloglevel=2,
    )
    return Tokenizer(_from_sentencepiece(written.getvalue()), max_tokens=max_tokens)


def scratch_normalizer() -> normalizers.Normalizer:
    """Compatibility forms, lower case, no invisible characters, single spaces."""
    return normalizers.Sequence(
        [
            normalizers.NFKC(),
            normalizers.Lowercase(),
            normalizers.Replace(Regex(INVISIBLE), ""),
            normalizers.Replace(Regex(CONTROLS), " "),
            normalizers.Strip(),
        ]
    )


def _from_sentencepiece(model: bytes) -> tokenizers.Tokenizer:
    processor = _load_sentencepiece().SentencePieceProcessor(model_proto=model)
    # Rounded, so that reading `tokenizer.json` gives the numbers that were written.
    pieces = [(processor.id_to_piece(index), round(processor.get_score(index), 6)) for index in range(len(processor))]
    backend = tokenizers.Tokenizer(models.Unigram([*pieces, (MASK_TOKEN, 0.0)], unk_id=3, byte_fallback=True))
    backend.normalizer = scratch_normalizer()
    backend.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Metaspace()])
    backend.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace()])
    backend.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    backend.add_special_tokens([*SPECIAL_TOKENS, MASK_TOKEN])
    return backend


def _load_sentencepiece() -> Any:
    """The SentencePiece library, which only training a tokenizer needs."""
    try:
        import sentencepiece  # optional: only training a tokenizer needs it
    except ImportError:
        raise MissingExtra.of("train", "Training a tokenizer") from None
    return sentencepiece
