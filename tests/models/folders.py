"""Small folders with a tokenizer, as a user has them."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file
from tests.models.huggingface import save_model

from dragoman.models.checkpoint import WEIGHTS_FILE
from dragoman.text.tokenizer import TOKENIZER_FILE, Tokenizer, train_unigram

MAX_TOKENS = 38  # that a model of these folders has positions for
TEXTS = ["where is my parcel", "wo ist mein paket", "где моя посылка"]


@cache
def folder_tokenizer() -> Tokenizer:
    texts = [f"{text} {number}" for text in TEXTS for number in range(40)]
    return train_unigram(texts, vocabulary=400, max_tokens=MAX_TOKENS)


def save_folder(folder: Path, *, kind: str = "SequenceClassification", **changes: Any) -> Path:
    """A model of `transformers` with its tokenizer; `kind` is its head, "" none."""
    tokenizer = folder_tokenizer()
    save_model(folder, "xlm-roberta", kind=kind, vocab_size=tokenizer.vocabulary, **changes)
    (folder / TOKENIZER_FILE).write_text(tokenizer.to_json(), encoding="utf-8")
    return folder


def save_sentence_folder(folder: Path, *, dense: float = 1.0, max_seq_length: int = 8) -> Path:
    """A folder of sentence-transformers; its dense layer multiplies by a number."""
    import torch

    save_folder(folder, kind="")
    modules = ["", "1_Pooling", "2_Dense"]
    kinds = ["Transformer", "Pooling", "Dense"]
    entries = [
        {"idx": number, "name": str(number), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for number, (path, kind) in enumerate(zip(modules, kinds, strict=True))
    ]
    (folder / "modules.json").write_text(json.dumps(entries))
    (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": max_seq_length}))
    for path in modules[1:]:
        (folder / path).mkdir(exist_ok=True)
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode_mean_tokens": True}))
    identity = {"activation_function": "torch.nn.modules.linear.Identity", "bias": False}
    (folder / "2_Dense" / "config.json").write_text(json.dumps(identity | {"in_features": 32, "out_features": 32}))
    save_file({"linear.weight": dense * torch.eye(32)}, folder / "2_Dense" / WEIGHTS_FILE)
    return folder


def scale_weights(folder: Path, factor: float) -> None:
    """Give the folder other weights, so that it answers differently."""
    arrays = {name: array * factor for name, array in load_file(folder / WEIGHTS_FILE).items()}
    save_file(arrays, folder / WEIGHTS_FILE, metadata={"format": "pt"})
