"""Trimming a tokenizer: keep the pieces that the served languages need, and number them anew.

Two thirds of XLM-R's parameters are rows of its word table, most of them for languages that a given model never sees.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from dragoman.errors import InvalidCheckpoint
from dragoman.text.script import NO_SCRIPT, script_of
from dragoman.text.tokenizer import SPACE_MARK, Tokenizer

__all__ = ["KEEPS", "Keep", "Trimmed", "choose_pieces", "trim_tokenizer"]

Keep = Literal["scripts", "seen"]
KEEPS: tuple[Keep, ...] = ("scripts", "seen")

LEAST_LETTERS = 0.01  # share of a script among all letters
LEAST_TEXTS = 0.001  # share of the texts whose main script it is
WORD_BEGINS = (SPACE_MARK, "##")


class Trimmed(NamedTuple):
    """A smaller tokenizer: the contents of its `tokenizer.json`, and the old id of each new one."""

    json: str
    old_ids: list[int]


def choose_pieces(tokenizer: Tokenizer, texts: Sequence[str], *, keep: Keep) -> set[int]:
    """The ids to keep for texts like these.

    `seen` keeps what the texts use; `scripts` keeps every piece in a script that the texts use, so that words which the
    texts lack are still cut as before. Single characters, bytes, and pieces without letters stay in both.
    """
    used = {id for tokens in tokenizer.tokenize_many(texts) for id in tokens.ids}
    pieces = tokenizer.backend.get_vocab()
    scripts = {NO_SCRIPT} | (_scripts(texts) if keep == "scripts" else set())
    return used | {id for piece, id in pieces.items() if _is_basic(piece) or script_of(_bare(piece)) in scripts}


def trim_tokenizer(tokenizer: Tokenizer, keep: Iterable[int]) -> Trimmed:
    """The same tokenizer with the pieces of the ids in `keep` only, in their old order.

    Special and added tokens, bytes, and a piece of the lowest score stay too. A text whose pieces all stay is cut as
    before; of WordPiece, if all of its words are known. Raises `InvalidCheckpoint` for a kind whose pieces depend on
    each other, which is all but Unigram, WordPiece and WordLevel.
    """
    described = json.loads(tokenizer.to_json())
    pieces = tokenizer.backend.get_vocab()
    old_ids = sorted((set(keep) & set(pieces.values())) | _needed(tokenizer, described["model"], pieces))
    new_id = {old: new for new, old in enumerate(old_ids)}
    _trim_model(described["model"], new_id)
    described["added_tokens"] = [{**token, "id": new_id[token["id"]]} for token in described["added_tokens"]]
    _renumber(described.get("post_processor"), new_id)
    return Trimmed(json.dumps(described, ensure_ascii=False), old_ids)


def _needed(tokenizer: Tokenizer, model: Mapping[str, Any], pieces: Mapping[str, int]) -> set[int]:
    """What every tokenizer needs: added tokens, those around texts, the unknown one, bytes, the lowest score."""
    needed = {*tokenizer.backend.get_added_tokens_decoder(), *tokenizer.join([]), *tokenizer.join_pair([], [])[0]}
    needed |= {id for piece, id in pieces.items() if _is_byte(piece)}
    if model.get("type") == "Unigram":
        # An unknown character costs 10 more than the lowest score: without that piece it would become cheaper.
        lowest = min(range(len(model["vocab"])), key=lambda row: model["vocab"][row][1])
        return needed | {lowest} | ({model["unk_id"]} - {None})
    return needed | ({pieces[model["unk_token"]]} if model.get("unk_token") in pieces else set())


def _trim_model(model: dict[str, Any], new_id: Mapping[int, int]) -> None:
    if model.get("type") == "Unigram":
        rows = model["vocab"]
        model["vocab"] = [rows[old] for old in new_id if old < len(rows)]  # added tokens may lie above the rows
        model["unk_id"] = None if model["unk_id"] is None else new_id[model["unk_id"]]
    elif model.get("type") in ("WordPiece", "WordLevel"):
        model["vocab"] = {piece: new_id[old] for piece, old in model["vocab"].items() if old in new_id}
    else:
        raise InvalidCheckpoint(
            f"A tokenizer of the kind {model.get('type')!r} cannot be trimmed.",
            help="Only Unigram (XLM-RoBERTa), WordPiece (BERT) and WordLevel can; tune without trimming.",
        )


def _renumber(part: Any, new_id: Mapping[int, int]) -> None:
    """Special tokens of a post-processor: `{"ids": [0]}` in templates, `["</s>", 2]` in RoBERTa's and BERT's own."""
    if isinstance(part, list):
        for one in part:
            _renumber(one, new_id)
    elif isinstance(part, dict):
        for name, value in part.items():
            if name == "ids":
                part[name] = [new_id[old] for old in value]
            elif name in ("cls", "sep") and isinstance(value, list):
                part[name] = [value[0], new_id[value[1]]]
            else:
                _renumber(value, new_id)


def _scripts(texts: Sequence[str]) -> set[str]:
    """The scripts of at least one letter in a hundred, and the main ones of at least one text in a thousand.

    So a language with few texts keeps its script, and a quoted foreign word does not bring one along. Japanese brings
    Han, in which many of its pieces are written.
    """
    letters: Counter[str] = Counter()
    for character, count in Counter(character for text in texts for character in text).items():
        letters[script_of(character)] += count
    del letters[NO_SCRIPT]
    found = _frequent(letters, LEAST_LETTERS) | _frequent(Counter(map(script_of, texts)), LEAST_TEXTS)
    return found | ({"Hani"} if "Jpan" in found else set())


def _frequent(counts: Counter[str], share: float) -> set[str]:
    return {script for script, count in counts.items() if count >= share * counts.total()}


def _is_basic(piece: str) -> bool:
    """A single character, or a byte: what any text can be written with."""
    return len(_bare(piece)) <= 1 or _is_byte(piece)


def _is_byte(piece: str) -> bool:
    """Such as `<0x0A>`."""
    return len(piece) == 6 and piece.startswith("<0x") and piece.endswith(">")


def _bare(piece: str) -> str:
    for mark in WORD_BEGINS:
        piece = piece.removeprefix(mark)
    return piece
