"""Names of arrays: those used inside Dragoman, and those in the files of each family.

Inside Dragoman every checkpoint has the names of XLM-RoBERTa in `transformers`: `roberta.*` for the body and, by head,

- `classifier.dense`, `classifier.out_proj`: classification of a text;
- `classifier`: classification of each token;
- `qa_outputs`: scores of a span's start and end;
- `lm_head.dense`, `lm_head.layer_norm`, `lm_head.bias`, and `lm_head.decoder.weight` where the decoder is not the word
  table: masked tokens;

`fusion.*` for the features that a text classifier reads (`models/fusion.py`), and `dense.N` for the dense layers of a
sentence-transformers folder. BERT's names are translated at the border; its pooler is the `dense` of its text
classifier.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

from dragoman.models.config import EncoderConfig
from dragoman.models.fusion import Fusion

__all__ = [
    "ARCHITECTURE_ENDINGS",
    "DECODER",
    "DECODER_BIAS",
    "WORD_TABLE",
    "Head",
    "canonical_name",
    "expected_shapes",
    "file_name",
    "head_in",
    "head_of",
    "is_unused",
]

Head = Literal["none", "classification", "tokens", "span", "mask"]
Shapes = dict[str, tuple[int, ...]]
Pairs = tuple[tuple[str, str], ...]

WORD_TABLE = "roberta.embeddings.word_embeddings.weight"
DECODER = "lm_head.decoder.weight"
DECODER_BIAS = "lm_head.decoder.bias"
ARCHITECTURE_ENDINGS: dict[Head, str] = {
    "classification": "ForSequenceClassification",
    "tokens": "ForTokenClassification",
    "span": "ForQuestionAnswering",
    "mask": "ForMaskedLM",
}
DECLARED_HEADS: dict[str, Head] = {ending: head for head, ending in ARCHITECTURE_ENDINGS.items()} | {
    "ForPreTraining": "mask"
}
HEAD_MARKS: dict[Head, str] = {  # the array that a checkpoint with that head has
    "classification": "classifier.out_proj.weight",
    "tokens": "classifier.weight",
    "span": "qa_outputs.weight",
    "mask": "lm_head.dense.weight",
}
BERT_NAMES: Pairs = (  # in a file, inside Dragoman
    ("cls.predictions.transform.dense.", "lm_head.dense."),
    ("cls.predictions.transform.LayerNorm.", "lm_head.layer_norm."),
    ("cls.predictions.decoder.", "lm_head.decoder."),
    ("cls.predictions.bias", "lm_head.bias"),
    ("bert.", "roberta."),
)
BERT_CLASSIFIER_NAMES: Pairs = (
    ("bert.pooler.dense.", "classifier.dense."),
    ("classifier.", "classifier.out_proj."),
    *BERT_NAMES,
)
HEAD_PREFIXES = ("classifier.", "qa_outputs.", "lm_head.", "cls.", "roberta.pooler.")
BUFFERS = ("position_ids", "token_type_ids")  # old releases of transformers wrote them


# Heads --------------------------------------------------------------------------------------------------------------


def head_of(names: Collection[str], *, family: str, architectures: Sequence[str]) -> Head:
    """The head to use of a file with these names of arrays.

    The one that an architecture declares, if its arrays are there; where none declares one, the one that is there.
    """
    found = [head for head in HEAD_MARKS if file_name(HEAD_MARKS[head], family=family, head=head) in names]
    for ending, head in DECLARED_HEADS.items():
        if any(architecture.endswith(ending) for architecture in architectures):
            return head if head in found else "none"
    if any("For" in architecture for architecture in architectures):
        return "none"  # a task that Dragoman does not have
    if family == "bert" and "tokens" in found and not any(name.endswith("pooler.dense.weight") for name in names):
        return "tokens"  # BERT's classifiers of texts and of tokens have the same name; the first has a pooler
    return next(iter(found), "none")


def head_in(names: Collection[str]) -> Head:
    """The head among arrays that have the names used inside Dragoman."""
    return next((head for head, mark in HEAD_MARKS.items() if mark in names), "none")


# Translation --------------------------------------------------------------------------------------------------------


def canonical_name(name: str, *, family: str, head: Head) -> str:
    """The name inside Dragoman of an array in a file."""
    name = name.replace("LayerNorm.gamma", "LayerNorm.weight").replace("LayerNorm.beta", "LayerNorm.bias")
    if name.startswith(("embeddings.", "encoder.", "pooler.")):  # a body saved without its model around it
        name = ("bert." if family == "bert" else "roberta.") + name
    for outside, inside in _pairs(family, head):
        if name.startswith(outside):
            return inside + name.removeprefix(outside)
    return name


def file_name(name: str, *, family: str, head: Head) -> str:
    """The mirror of `canonical_name`: the name in files that `transformers` reads."""
    for outside, inside in _pairs(family, head):
        if name.startswith(inside):
            return outside + name.removeprefix(inside)
    return name


def _pairs(family: str, head: Head) -> Pairs:
    if family != "bert":
        return ()
    return BERT_CLASSIFIER_NAMES if head == "classification" else BERT_NAMES


def is_unused(name: str, head: Head) -> bool:
    """Whether an array, by its name inside Dragoman, is a buffer or a part of a head that is not the one used."""
    if name.endswith(BUFFERS):
        return True
    if head == "none":
        return not name.startswith("roberta.") or name.startswith(HEAD_PREFIXES)
    own = HEAD_MARKS[head].split(".")[0] + "."
    return name.startswith(tuple(prefix for prefix in HEAD_PREFIXES if prefix != own))


# Shapes -------------------------------------------------------------------------------------------------------------


def expected_shapes(
    config: EncoderConfig, labels: int, *, head: Head | None = None, fusion: Fusion | None = None
) -> Shapes:
    """Name and shape of every array of a checkpoint.

    Without `head` it is a text classifier, or a body alone for `labels` = 0.
    """
    own = _head_shapes(config, labels, head or ("classification" if labels else "none"))
    return _body_shapes(config) | own | (fusion.shapes(config.hidden) if fusion else {})


def _body_shapes(config: EncoderConfig) -> Shapes:
    hidden, wide = config.hidden, config.intermediate
    shapes: Shapes = {
        WORD_TABLE: (config.vocabulary, hidden),
        "roberta.embeddings.position_embeddings.weight": (config.positions, hidden),
        "roberta.embeddings.token_type_embeddings.weight": (config.token_types, hidden),
        **_norm("roberta.embeddings.LayerNorm", hidden),
    }
    for number in range(config.layers):
        layer = f"roberta.encoder.layer.{number}."
        for part in ("query", "key", "value"):
            shapes |= _linear(f"{layer}attention.self.{part}", hidden, hidden)
        shapes |= _linear(f"{layer}attention.output.dense", hidden, hidden)
        shapes |= _norm(f"{layer}attention.output.LayerNorm", hidden)
        shapes |= _linear(f"{layer}intermediate.dense", wide, hidden)
        shapes |= _linear(f"{layer}output.dense", hidden, wide)
        shapes |= _norm(f"{layer}output.LayerNorm", hidden)
    return shapes


def _head_shapes(config: EncoderConfig, labels: int, head: Head) -> Shapes:
    hidden = config.hidden
    if head == "classification":
        return _linear("classifier.dense", hidden, hidden) | _linear("classifier.out_proj", labels, hidden)
    if head == "tokens":
        return _linear("classifier", labels, hidden)
    if head == "span":
        return _linear("qa_outputs", 2, hidden)
    if head == "mask":
        bias = {"lm_head.bias": (config.vocabulary,)}
        return _linear("lm_head.dense", hidden, hidden) | _norm("lm_head.layer_norm", hidden) | bias
    return {}


def _linear(name: str, outputs: int, inputs: int) -> Shapes:
    return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}


def _norm(name: str, size: int) -> Shapes:
    return {f"{name}.weight": (size,), f"{name}.bias": (size,)}
