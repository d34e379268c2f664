"""Small checkpoints with a tokenizer, and tasks over them without an engine."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from tests.models.huggingface import save_model, transformers
from tests.text.small import small_tokenizer

from dragoman.models.checkpoint import Checkpoint, read_checkpoint
from dragoman.models.packing import pack
from dragoman.runtime.base import Session
from dragoman.runtime.onnx_session import session_of
from dragoman.serving.inputs import read_inputs
from dragoman.serving.parameters import read_parameters
from dragoman.serving.tasks.base import Piece, Prepared, Task
from dragoman.spec import ServingSpec
from dragoman.text.tokenizer import TOKENIZER_FILE, Tokenizer

FAMILIES = ("xlm-roberta", "bert")
MAX_TOKENS = 48  # special tokens included
TEXTS = ["where is my order", "où est ma commande", "注文した荷物はどこですか", "طلبيتي وين وصلت", "ที่นี่ 🙂", "q"]
LONG_TEXT = "where is my order, I want to know it now: où est ma commande, wo ist meine Bestellung"
LONG_TEXT = f"{LONG_TEXT} {LONG_TEXT}"
SIDES = {"right": "end", "left": "start"}  # `truncation_side` of transformers → `truncate_from`
TASK_NAMES = {"bert": {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}}
TASK_NAMES["xlm-roberta"] = {"pad_token": "<pad>", "unk_token": "<unk>", "cls_token": "<s>", "sep_token": "</s>"}


class World(NamedTuple):
    """A folder that `transformers` and Dragoman read."""

    folder: Path
    checkpoint: Checkpoint
    tokenizer: Tokenizer
    session: Session


def small_world(folder: Path, family: str = "xlm-roberta", *, labels: Sequence[str] = (), **changes: Any) -> World:
    """A model of random weights over the small tokenizer; `labels` name a classifier's."""
    tokenizer = small_tokenizer(family, max_tokens=MAX_TOKENS)
    names = {"id2label": dict(enumerate(labels)), "label2id": {label: n for n, label in enumerate(labels)}}
    save_model(
        folder,
        family,
        vocab_size=tokenizer.ids,
        max_position_embeddings=MAX_TOKENS + (0 if family == "bert" else 2),
        **(names if labels else {}),
        **changes,
    )
    (folder / TOKENIZER_FILE).write_text(tokenizer.to_json(), encoding="utf-8")
    checkpoint = read_checkpoint(folder)
    return World(folder, checkpoint, tokenizer, session_of(checkpoint, threads=1))


def prepare(task: Task, inputs: Any, **parameters: Any) -> list[Prepared]:
    checked = read_inputs(inputs, task.Input, serving=ServingSpec(), languages=())
    return task.prepare(checked, read_parameters(parameters, task.Parameters))


def answers(world: World, task: Task, inputs: Any, **parameters: Any) -> list[dict[str, Any]]:
    """What the task answers, all inputs in one batch."""
    prepared = prepare(task, inputs, **parameters)
    outputs = iter(read_out(world, [piece for one in prepared for piece in one.pieces]))
    asked = read_parameters(parameters, task.Parameters)
    return [task.finish(one, [next(outputs) for _ in one.pieces], asked) for one in prepared]


def read_out(world: World, pieces: Sequence[Piece]) -> list[np.ndarray]:
    batch = pack(
        [piece.ids for piece in pieces],
        first_position=world.checkpoint.config.first_position,
        types=[piece.types for piece in pieces],
    )
    return pieces[0].readout.read(world.session.run(batch), batch, range(len(pieces)))


def hugging_face_tokenizer(world: World, *, side: str = "right") -> Any:
    names = TASK_NAMES[world.checkpoint.config.family]
    types = ["token_type_ids"] if world.checkpoint.config.family == "bert" else []
    return transformers.PreTrainedTokenizerFast(
        tokenizer_file=str(world.folder / TOKENIZER_FILE),
        model_max_length=MAX_TOKENS,
        truncation_side=side,
        model_input_names=["input_ids", *types, "attention_mask"],
        **names,
    )


def pipeline(world: World, task: str, *, side: str = "right", **options: Any) -> Any:
    """The pipeline of `transformers` over the same folder."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return transformers.pipeline(
            task, model=str(world.folder), tokenizer=hugging_face_tokenizer(world, side=side), device="cpu", **options
        )
