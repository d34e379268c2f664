"""The tokenizer: trained for a scratch model, or read from a Hugging Face `tokenizer.json`."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import tokenizers
from tokenizers import Regex, decoders, models, normalizers, pre_tokenizers, processors

from dragoman.errors import InvalidCheckpoint, MissingExtra
from dragoman.text.tokens import INVISIBLE, Tokens

__all__ = ["SPACE_MARK", "TOKENIZER_FILE", "Encoded", "Tokenizer", "train_unigram"]

TOKENIZER_FILE = "tokenizer.json"
SPECIAL_TOKENS = ("<s>", "<pad>", "</s>", "<unk>")  # the ids 0 to 3 of XLM-R
SPACE_MARK = "\N{LOWER ONE EIGHTH BLOCK}"  # stands for a space at a word's beginning
MASK_TOKEN = "<mask>"  # noqa: S105 (a piece of the vocabulary)
CONTROLS = r"[\p{Cc}\p{Z}]+"
FEW_CHARACTERS = 400  # tokenised one text after another: waking the library's threads would take longer
PROBES = ("a", "1", ".")


class Encoded(NamedTuple):
    """The token ids of one text, special tokens included."""

    ids: list[int]
    truncated: bool
    unknown: int  # how many of the ids are the unknown token


class Template(NamedTuple):
    """The special tokens around texts: before the first, after each; and the token types in the same order."""

    tokens: list[list[int]]
    types: list[int]  # of the specials before, the first text, the specials after it, the second text, …


class Tokenizer:
    """Text to token ids, and back. Safe to share between threads: the back end is never changed after construction.

    `max_tokens` is the longest sequence of the model, special tokens included; `token_types` is how many types the
    model has: with one, the tokenizer's own are left out.
    """

    def __init__(self, backend: tokenizers.Tokenizer, *, max_tokens: int, token_types: int = 2) -> None:
        backend.no_padding()
        backend.no_truncation()
        self.backend, self.max_tokens, self.token_types = backend, max_tokens, token_types
        self._single, self._pair = _templates(backend)
        self._unknown = self.unknown_token

    @classmethod
    def read(cls, folder: Path, *, max_tokens: int, vocabulary: int | None = None, token_types: int = 2) -> Tokenizer:
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
            backend = tokenizers.Tokenizer.from_str(path.read_text(encoding="utf-8"))
            tokenizer = cls(backend, max_tokens=max_tokens, token_types=token_types)
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

    @property
    def pad_token(self) -> int | None:
        """Id of the token that pads, if there is one."""
        return self._first_known("<pad>", "[PAD]")

    @property
    def unknown_token(self) -> int | None:
        """Id of the token for what has no piece, if there is one."""
        return self._first_known("<unk>", "[UNK]")

    def token(self, id: int) -> str:
        """The piece of an id; empty for an id without one."""
        return self.backend.id_to_token(id) or ""

    def to_json(self) -> str:
        """The contents of `tokenizer.json`, without truncation, which belongs to the model."""
        return self.backend.to_str(pretty=False)

    # Text to ids ----------------------------------------------------------------------------------------------------

    def encode(self, text: str) -> Encoded:
        """The ids of a text, cut at `max_tokens`."""
        return self.encode_many([text])[0]

    def encode_many(self, texts: Sequence[str]) -> list[Encoded]:
        """Encode many texts; the work happens outside the interpreter lock."""
        return [self._encoded(tokens.ids) for tokens in self.tokenize_many(texts)]

    def tokenize_many(self, texts: Sequence[str], *, with_offsets: bool = False) -> list[Tokens]:
        """The tokens of each text, without special tokens, uncut; outside the interpreter lock.

        Without offsets, which take a fifth longer, `offsets` and `words` of the answers cannot be read.
        """
        if not with_offsets:
            return [Tokens(one.ids) for one in self._run(self.backend.encode_batch_fast, texts)]
        encodings = self._run(self.backend.encode_batch, texts)
        return [Tokens(one.ids, text, one) for text, one in zip(texts, encodings, strict=True)]

    def room(self, *, pair: bool = False) -> int:
        """How many tokens of a text, or of both texts of a pair, fit beside the special tokens."""
        return self.max_tokens - sum(map(len, (self._pair if pair else self._single).tokens))

    def join(self, ids: Sequence[int]) -> list[int]:
        """The ids of a text with the special tokens around it."""
        before, after = self._single.tokens
        return [*before, *ids, *after]

    def join_pair(self, first: Sequence[int], second: Sequence[int]) -> tuple[list[int], list[int] | None]:
        """The ids of two texts as one sequence, and its token types; None when all are zero."""
        before, between, after = self._pair.tokens
        joined = [*before, *first, *between, *second, *after]
        if self.token_types == 1 or not any(self._pair.types):
            return joined, None
        lengths = [len(part) for part in (before, first, between, second, after)]
        return joined, [kind for kind, count in zip(self._pair.types, lengths, strict=True) for _ in range(count)]

    @property
    def start(self) -> int:
        """Where a text's first token stands in what `join` gives: the number of special tokens before it."""
        return len(self._single.tokens[0])

    def pair_starts(self, first: int) -> tuple[int, int]:
        """Where each text's first token stands in what `join_pair` gives for a first text of `first` tokens."""
        before, between, _ = self._pair.tokens
        return len(before), len(before) + first + len(between)

    def decode(self, ids: Sequence[int], *, skip_special_tokens: bool = True) -> str:
        """The text that ids stand for."""
        return self.backend.decode(list(ids), skip_special_tokens=skip_special_tokens)

    def normalize(self, text: str) -> str:
        """The text as the model sees it."""
        return self.backend.normalizer.normalize_str(text) if self.backend.normalizer else text

    def _run(self, encode: Any, texts: Sequence[str]) -> list[tokenizers.Encoding]:
        if sum(map(len, texts)) > FEW_CHARACTERS:
            return encode(list(texts), add_special_tokens=False)  # type: ignore[no-any-return]
        return [encode([text], add_special_tokens=False)[0] for text in texts]

    def _encoded(self, ids: list[int]) -> Encoded:
        room = self.room()
        joined = self.join(ids[:room])
        unknown = 0 if self._unknown is None else joined.count(self._unknown)
        return Encoded(joined, len(ids) > room, unknown)

    def _first_known(self, *tokens: str) -> int | None:
        found = (self.backend.token_to_id(token) for token in tokens)
        return next((id for id in found if id is not None), None)


def _templates(backend: tokenizers.Tokenizer) -> tuple[Template, Template]:
    """Of one text and of a pair, read from what the back end makes of a text that has tokens."""
    vocabulary = backend.get_vocab(with_added_tokens=False)
    for probe in (*PROBES, *vocabulary):
        if backend.encode(probe, add_special_tokens=False).ids:
            return _template(backend.encode(probe)), _template(backend.encode(probe, probe))
    raise InvalidCheckpoint("The tokenizer makes no tokens of any text.", help="Fetch the checkpoint again.")


def _template(encoding: tokenizers.Encoding) -> Template:
    tokens: list[list[int]] = [[]]
    types = {0: 0}  # part → type; even parts are special tokens
    before = None
    for id, kind, text in zip(encoding.ids, encoding.type_ids, encoding.sequence_ids, strict=True):
        if text is None:
            tokens[-1].append(id)
            types[2 * len(tokens) - 2] = kind
        elif text != before:
            types[2 * len(tokens) - 1] = kind
            tokens.append([])
        before = text
    return Template(tokens, [types.get(part, 0) for part in range(2 * len(tokens) - 1)])


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
