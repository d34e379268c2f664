"""The work that every contender is given: a model folder, and texts as token ids."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import tokenizers
from tokenizers import models, pre_tokenizers, processors

from dragoman.bench.plan import SHORTEST, LengthMix, Plan, available_threads
from dragoman.errors import InvalidRequest
from dragoman.models.checkpoint import Checkpoint, expected_shapes, read_checkpoint, write_checkpoint
from dragoman.models.config import EncoderConfig, Preset
from dragoman.records import Record
from dragoman.text.tokenizer import TOKENIZER_FILE

__all__ = ["SHAPES", "Workload", "draw_texts", "make_workload", "operations_per_token", "random_checkpoint"]

SHAPES = {  # name → size and vocabulary; "base" is XLM-R-base
    "base": (Preset(hidden=768, layers=12, heads=12, intermediate=3072), 250_002),
    "small": (Preset(hidden=128, layers=2, heads=2, intermediate=256), 10_000),
}
MAX_TOKENS = 512
LABELS = ["a", "b", "c"]
SINGLE_TOKENS = 32
NORMAL_P95 = 1.6449  # 95th percentile of the standard normal distribution
DEVIATION = 0.02
JOB_FILE = "job.json"


class Workload(Record, frozen=True, kw_only=True):
    """Where the work lies, and how much it is."""

    job: str  # path of the file that contenders read
    model: str  # what is measured, for people
    texts: int
    tokens: int
    median: float  # tokens, as drawn
    p95: float
    longest: int
    single_tokens: int
    operations_per_token: int
    threads: int


def make_workload(plan: Plan, folder: Path) -> Workload:
    """Write the model, its tokenizer and the texts below `folder`. Needs room for the weights in float32.

    Raises `InvalidCheckpoint` for a `plan.model` that is none, and `InvalidRequest` if its texts cannot be so long.
    """
    checkpoint = _checkpoint(plan)
    config = checkpoint.config
    if plan.mix.longest > config.max_tokens:
        raise InvalidRequest(
            f"--longest is {plan.mix.longest}; the model takes {config.max_tokens} tokens.", help="Give a smaller one."
        )
    model = folder / "model"
    write_checkpoint(model, checkpoint)
    write_tokenizer(model, config)
    texts = draw_texts(plan.mix, count=plan.texts, config=config, seed=plan.seed)
    return _described(plan, config, texts, _write_job(plan, folder, config, texts))


def _checkpoint(plan: Plan) -> Checkpoint:
    if plan.model:
        return read_checkpoint(Path(plan.model))
    preset, vocabulary = SHAPES[plan.shape]
    return random_checkpoint(preset.config(vocabulary=vocabulary, max_tokens=MAX_TOKENS), seed=plan.seed)


def _write_job(plan: Plan, folder: Path, config: EncoderConfig, texts: list[list[int]]) -> Path:
    single = min(SINGLE_TOKENS, plan.mix.longest)
    mix = LengthMix(median=single, p95=single, longest=single)
    (one,) = draw_texts(mix, count=1, config=config, seed=plan.seed + 1)
    (folder / "work").mkdir()
    job = {
        "folder": str(folder / "model"),
        "work": str(folder / "work"),
        "texts": texts,
        "one": one,
        "threads": available_threads(plan.threads),
        "device": plan.device,
    }
    path = folder / JOB_FILE
    path.write_text(json.dumps(job), encoding="utf-8")
    return path


def _described(plan: Plan, config: EncoderConfig, texts: list[list[int]], job: Path) -> Workload:
    lengths = [len(text) for text in texts]
    return Workload(
        job=str(job),
        model=plan.model or f"random weights, shape {plan.shape}, {config.vocabulary:,} tokens in the vocabulary",
        texts=len(texts),
        tokens=sum(lengths),
        median=float(np.percentile(lengths, 50)),
        p95=float(np.percentile(lengths, 95)),
        longest=max(lengths),
        single_tokens=min(SINGLE_TOKENS, plan.mix.longest),
        operations_per_token=operations_per_token(config),
        threads=available_threads(plan.threads),
    )


def operations_per_token(config: EncoderConfig) -> int:
    """Multiplications and additions of one token in the matrix products of all layers; attention is left out."""
    return 2 * config.layers * (4 * config.hidden**2 + 2 * config.hidden * config.intermediate)


# Texts --------------------------------------------------------------------------------------------------------------


def draw_texts(mix: LengthMix, *, count: int, config: EncoderConfig, seed: int) -> list[list[int]]:
    """Random token ids with log-normal lengths, each text with its first and last token."""
    chance = np.random.default_rng(seed)
    spread = math.log(mix.p95 / mix.median) / NORMAL_P95
    drawn = np.rint(chance.lognormal(math.log(mix.median), spread, count)).astype(int)
    first, end, words = _special_ids(config)["<s>"], _special_ids(config)["</s>"], len(_special_ids(config))
    return [
        [first, *chance.integers(words, config.vocabulary, length - 2).tolist(), end]
        for length in np.clip(drawn, SHORTEST, mix.longest)
    ]


def _special_ids(config: EncoderConfig) -> dict[str, int]:
    """The first four ids, padding where the model has it: in the place of XLM-R's or of BERT's."""
    names = ["<s>", "</s>", "<unk>"]
    names.insert(min(config.pad_token, len(names)), "<pad>")
    return {name: id for id, name in enumerate(names)}


# The model's folder -------------------------------------------------------------------------------------------------


def random_checkpoint(config: EncoderConfig, *, seed: int) -> Checkpoint:
    """A classifier with random weights of the usual deviation, and norms that change nothing."""
    chance = np.random.default_rng(seed)
    arrays = {}
    for name, shape in expected_shapes(config, len(LABELS)).items():
        if name.endswith("LayerNorm.weight"):
            arrays[name] = np.ones(shape, dtype=np.float32)
        else:
            arrays[name] = chance.standard_normal(shape, dtype=np.float32)
            arrays[name] *= DEVIATION
    return Checkpoint(config, arrays, LABELS, "cls")


def write_tokenizer(folder: Path, config: EncoderConfig) -> None:
    """A tokenizer with one word for each id, so that contenders that take text get the same ids as the others."""
    special = _special_ids(config)
    words = special | {f"tok{id}": id for id in range(len(special), config.vocabulary)}
    backend = tokenizers.Tokenizer(models.WordLevel(words, unk_token="<unk>"))  # noqa: S106 (a word)
    backend.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    backend.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> $B </s>",
        special_tokens=[(name, special[name]) for name in ("<s>", "</s>")],
    )
    backend.add_special_tokens(list(special))
    backend.save(str(folder / TOKENIZER_FILE))
    described = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": config.max_tokens,
        "model_input_names": ["input_ids", "attention_mask"],
        "bos_token": "<s>",
        "cls_token": "<s>",
        "eos_token": "</s>",
        "sep_token": "</s>",
        "pad_token": "<pad>",
        "unk_token": "<unk>",
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(described), encoding="utf-8")
