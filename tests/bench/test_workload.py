from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from dragoman.bench.plan import LengthMix, Plan
from dragoman.bench.workload import SHAPES, draw_texts, make_workload, operations_per_token, random_checkpoint
from dragoman.errors import InvalidCheckpoint, InvalidRequest
from dragoman.models.checkpoint import read_checkpoint, write_checkpoint
from dragoman.models.config import EncoderConfig
from dragoman.text.tokenizer import Tokenizer

TINY = EncoderConfig(family="xlm-roberta", vocabulary=50, hidden=8, layers=1, heads=2, intermediate=16, positions=34)
SMALL = Plan(shape="small", texts=12, peers=())


def write_tiny(folder: Path, family: str) -> str:
    config = EncoderConfig(
        family=family,
        vocabulary=50,
        hidden=8,
        layers=1,
        heads=2,
        intermediate=16,
        positions=34,
        pad_token=int(family != "bert"),
    )
    write_checkpoint(folder, random_checkpoint(config, seed=0))
    return str(folder)


def test_lengths_have_the_median_and_the_tail_that_were_asked_for():
    lengths = [len(text) for text in draw_texts(LengthMix(), count=5_000, config=TINY, seed=1)]
    assert np.percentile(lengths, 50) == pytest.approx(27, rel=0.05)
    assert np.percentile(lengths, 95) == pytest.approx(110, rel=0.1)
    assert max(lengths) == 256
    assert min(lengths) >= 3


def test_the_same_seed_draws_the_same_texts():
    first, again, other = (draw_texts(LengthMix(), count=5, config=TINY, seed=seed) for seed in (3, 3, 4))
    assert first == again != other


def test_a_job_holds_what_the_workload_says(tmp_path):
    work = make_workload(SMALL, tmp_path)
    job = json.loads(Path(work.job).read_bytes())
    assert (len(job["texts"]), sum(map(len, job["texts"])), len(job["one"])) == (12, work.tokens, 32)
    assert read_checkpoint(Path(job["folder"])).config.vocabulary == 10_000


@pytest.mark.parametrize("family", ["xlm-roberta", "bert"])
def test_the_words_of_a_text_become_its_ids_again(tmp_path, family):
    plan = Plan(model=write_tiny(tmp_path / "own", family), texts=3, mix=LengthMix(median=9, p95=20, longest=32))
    job = json.loads(Path(make_workload(plan, tmp_path).job).read_bytes())
    tokenizer = Tokenizer.read(Path(job["folder"]), max_tokens=32)
    words = [" ".join(f"tok{id}" for id in ids[1:-1]) for ids in job["texts"]]
    assert [encoded.ids for encoded in tokenizer.encode_many(words)] == job["texts"]


def test_texts_longer_than_the_model_takes_are_refused(tmp_path):
    plan = Plan(model=write_tiny(tmp_path / "own", "xlm-roberta"), peers=())
    with pytest.raises(InvalidRequest, match="--longest is 256; the model takes 32 tokens"):
        make_workload(plan, tmp_path)


def test_a_folder_that_is_no_model_is_refused(tmp_path):
    with pytest.raises(InvalidCheckpoint):
        make_workload(Plan(model=str(tmp_path)), tmp_path / "work")


def test_operations_are_those_of_the_products_of_xlm_r_base():
    preset, vocabulary = SHAPES["base"]
    config = preset.config(vocabulary=vocabulary, max_tokens=512)
    assert operations_per_token(config) == 2 * 12 * (4 * 768 * 768 + 2 * 768 * 3072)
