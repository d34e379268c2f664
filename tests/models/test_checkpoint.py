from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from tests.models.small import FAMILIES, LABELS, POOLINGS, small_checkpoint, small_config

from dragoman.errors import InvalidCheckpoint, MissingExtra
from dragoman.models.checkpoint import (
    CONFIG_FILE,
    INDEX_FILE,
    TORCH_FILE,
    WEIGHTS_FILE,
    Checkpoint,
    read_checkpoint,
    write_checkpoint,
)
from dragoman.models.names import Head


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A good checkpoint to spoil."""
    write_checkpoint(tmp_path, small_checkpoint())
    return tmp_path


def change_config(folder: Path, **changes: Any) -> None:
    raw = json.loads((folder / CONFIG_FILE).read_text())
    (folder / CONFIG_FILE).write_text(json.dumps(raw | changes))


def rewrite_weights(folder: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    checkpoint = read_checkpoint(folder)
    arrays = dict(checkpoint.arrays)
    change(arrays)
    write_checkpoint(folder, checkpoint._replace(arrays=arrays))


def assert_same(left: Checkpoint, right: Checkpoint) -> None:
    assert left._replace(arrays={}) == right._replace(arrays={})
    assert left.arrays.keys() == right.arrays.keys()
    assert all(np.array_equal(left.arrays[name], right.arrays[name]) for name in left.arrays)


# Round trips


@pytest.mark.parametrize("head", ["tokens", "span", "mask"])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_written_head_reads_back_the_same(family: str, head: Head, tmp_path: Path) -> None:
    labels = LABELS if head == "tokens" else []
    checkpoint = small_checkpoint(small_config(family), labels=labels, pooling="mean", head=head)

    write_checkpoint(tmp_path, checkpoint)

    assert_same(read_checkpoint(tmp_path), checkpoint)


@pytest.mark.parametrize("labels", [[], LABELS], ids=["body", "classifier"])
@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("family", FAMILIES)
def test_a_written_checkpoint_reads_back_the_same(family: str, pooling: str, labels: list[str], tmp_path: Path) -> None:
    checkpoint = small_checkpoint(small_config(family), labels=labels, pooling=pooling)

    write_checkpoint(tmp_path, checkpoint)

    assert_same(read_checkpoint(tmp_path), checkpoint)


def test_the_same_checkpoint_gives_the_same_bytes(tmp_path: Path) -> None:
    checkpoint = small_checkpoint()
    turned = checkpoint._replace(arrays=dict(reversed(checkpoint.arrays.items())))

    write_checkpoint(tmp_path / "one", checkpoint)
    write_checkpoint(tmp_path / "other", turned)

    for name in (CONFIG_FILE, WEIGHTS_FILE):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "other" / name).read_bytes()


def test_a_written_checkpoint_is_readable_by_others(folder: Path) -> None:
    assert (folder / WEIGHTS_FILE).stat().st_mode & 0o444 == 0o444


def test_a_head_without_names_gets_numbered_labels(folder: Path) -> None:
    change_config(folder, id2label=None)

    assert read_checkpoint(folder).labels == ["LABEL_0", "LABEL_1", "LABEL_2"]


def test_weights_become_float32(folder: Path) -> None:
    rewrite_weights(folder, lambda arrays: arrays.update({n: a.astype(np.float16) for n, a in arrays.items()}))

    assert {array.dtype for array in read_checkpoint(folder).arrays.values()} == {np.dtype(np.float32)}


@pytest.mark.parametrize("name", ["lm_head.bias", "roberta.pooler.dense.weight", "roberta.embeddings.position_ids"])
def test_parts_that_classification_does_not_use_are_left_out(name: str, folder: Path) -> None:
    rewrite_weights(folder, lambda arrays: arrays.update({name: np.zeros(3, dtype=np.float32)}))

    assert name not in read_checkpoint(folder).arrays


@pytest.mark.parametrize("name", ["classifier.out_proj.weight", "lm_head.bias", "cls.predictions.bias"])
def test_parts_of_other_heads_are_left_out(name: str, tmp_path: Path) -> None:
    write_checkpoint(tmp_path, small_checkpoint(labels=[], head="span"))
    rewrite_weights(tmp_path, lambda arrays: arrays.update({name: np.zeros(3, dtype=np.float32)}))
    change_config(tmp_path, architectures=["XLMRobertaForQuestionAnswering"])

    checkpoint = read_checkpoint(tmp_path)

    assert checkpoint.head == "span"
    assert name not in checkpoint.arrays


PROBLEMS = [
    (LABELS, None, "single"),
    (LABELS, "single_label_classification", "single"),
    (LABELS, "multi_label_classification", "multi"),
    (LABELS, "regression", "regression"),
    (LABELS[:1], None, "regression"),
    (LABELS[:1], "single_label_classification", "regression"),
    (LABELS[:1], "multi_label_classification", "multi"),
]


@pytest.mark.parametrize(("labels", "kind", "problem"), PROBLEMS)
def test_the_config_tells_what_scores_mean(labels: list[str], kind: str | None, problem: str, tmp_path: Path) -> None:
    write_checkpoint(tmp_path, small_checkpoint(labels=labels))
    change_config(tmp_path, problem_type=kind)

    checkpoint = read_checkpoint(tmp_path)

    assert checkpoint.problem == problem
    write_checkpoint(tmp_path, checkpoint)
    assert read_checkpoint(tmp_path).problem == problem


# Refusals


def remove_config(folder: Path) -> None:
    (folder / CONFIG_FILE).unlink()


def break_config(folder: Path) -> None:
    (folder / CONFIG_FILE).write_text('{"model_type": ')


def write_a_list_as_config(folder: Path) -> None:
    (folder / CONFIG_FILE).write_text("[1, 2]")


def write_config_as_latin_1(folder: Path) -> None:
    (folder / CONFIG_FILE).write_bytes('{"model_type": "é"}'.encode("latin-1"))


def forget_hidden_size(folder: Path) -> None:
    raw = json.loads((folder / CONFIG_FILE).read_text())
    del raw["hidden_size"]
    (folder / CONFIG_FILE).write_text(json.dumps(raw))


def remove_weights(folder: Path) -> None:
    (folder / WEIGHTS_FILE).unlink()


def cut_weights(folder: Path) -> None:
    data = (folder / WEIGHTS_FILE).read_bytes()
    (folder / WEIGHTS_FILE).write_bytes(data[:-100])


def write_noise_as_weights(folder: Path) -> None:
    (folder / WEIGHTS_FILE).write_bytes(b"not safetensors at all")


def name_a_missing_shard(folder: Path) -> None:
    remove_weights(folder)
    (folder / INDEX_FILE).write_text(json.dumps({"weight_map": {"a": "model-00001.safetensors"}}))


def break_index(folder: Path) -> None:
    remove_weights(folder)
    (folder / INDEX_FILE).write_text("{")


def write_noise_as_torch_file(folder: Path) -> None:
    remove_weights(folder)
    (folder / TORCH_FILE).write_bytes(b"not a torch file")


def pickle_code(folder: Path) -> None:
    remove_weights(folder)
    torch.save({"weights": Path}, folder / TORCH_FILE)


def drop_an_array(folder: Path) -> None:
    rewrite_weights(folder, lambda arrays: arrays.pop("roberta.embeddings.LayerNorm.bias"))


def reshape_an_array(folder: Path) -> None:
    name = "roberta.embeddings.LayerNorm.bias"
    rewrite_weights(folder, lambda arrays: arrays.update({name: np.zeros(7, dtype=np.float32)}))


def add_an_array(folder: Path) -> None:
    rewrite_weights(folder, lambda arrays: arrays.update({"roberta.extra": np.zeros(7, dtype=np.float32)}))


REFUSALS = [
    (remove_config, "it has no config.json"),
    (break_config, "config.json is not JSON"),
    (write_config_as_latin_1, "config.json is not JSON"),
    (write_a_list_as_config, "config.json holds no JSON object"),
    (lambda folder: change_config(folder, model_type="gpt2"), "a model of type 'gpt2'"),
    (lambda folder: change_config(folder, model_type=None), "a model of type None"),
    (lambda folder: change_config(folder, position_embedding_type="relative_key"), "'relative_key' positions"),
    (lambda folder: change_config(folder, hidden_act="silu"), "the activation 'silu'"),
    (forget_hidden_size, "config.json has no 'hidden_size'"),
    (lambda folder: change_config(folder, vocab_size=61), "'roberta.embeddings.word_embeddings.weight' in"),
    (lambda folder: change_config(folder, num_hidden_layers=3), "have no 'roberta.encoder.layer.2."),
    (lambda folder: change_config(folder, num_hidden_layers=1), "an unexpected 'roberta.encoder.layer.1."),
    (remove_weights, "has no weights: neither model.safetensors nor pytorch_model.bin"),
    (cut_weights, "cannot be read"),
    (write_noise_as_weights, "cannot be read"),
    (name_a_missing_shard, "model-00001.safetensors"),
    (break_index, "cannot be read"),
    (write_noise_as_torch_file, "pytorch_model.bin cannot be read"),
    (pickle_code, "pytorch_model.bin cannot be read"),
    (drop_an_array, "have no 'roberta.embeddings.LayerNorm.bias'"),
    (reshape_an_array, "has shape (7,), expected (32,)"),
    (add_an_array, "an unexpected 'roberta.extra'"),
]


@pytest.mark.parametrize(("spoil", "message"), REFUSALS, ids=[message[-30:] for _, message in REFUSALS])
def test_what_is_not_a_checkpoint_is_refused_by_name(spoil: Callable[[Path], None], message: str, folder: Path) -> None:
    spoil(folder)

    with pytest.raises(InvalidCheckpoint) as refusal:
        read_checkpoint(folder)

    assert message in refusal.value.message
    assert str(folder) in refusal.value.message
    assert refusal.value.help


IMPOSSIBLE = [
    ("model_type", ["bert"]),
    ("hidden_act", ["gelu"]),
    ("hidden_size", 10**30),
    ("num_hidden_layers", "2"),
    ("num_hidden_layers", 10**9),
    ("num_attention_heads", 0),
    ("max_position_embeddings", None),
    ("max_position_embeddings", 2),
    ("pad_token_id", -1),
    ("pad_token_id", None),
    ("pad_token_id", 60),
    ("layer_norm_eps", "small"),
    ("layer_norm_eps", float("nan")),
    ("id2label", ["refund", "invoice", "other"]),
    ("dragoman_pooling", "max"),
    ("architectures", "XLMRobertaForMaskedLM"),
    ("problem_type", "ranking"),
]


@pytest.mark.parametrize(("key", "value"), IMPOSSIBLE, ids=str)
def test_an_impossible_value_in_the_config_is_refused_by_its_key(key: str, value: Any, folder: Path) -> None:
    change_config(folder, **{key: value})

    with pytest.raises(InvalidCheckpoint, match=key):
        read_checkpoint(folder)


def test_heads_that_do_not_divide_the_width_are_refused(folder: Path) -> None:
    change_config(folder, num_attention_heads=5)

    with pytest.raises(InvalidCheckpoint, match="num_attention_heads"):
        read_checkpoint(folder)


def test_a_head_without_dimensions_is_refused(folder: Path) -> None:
    name = "classifier.out_proj.weight"
    rewrite_weights(folder, lambda arrays: arrays.update({name: np.zeros((), dtype=np.float32)}))

    with pytest.raises(InvalidCheckpoint, match=r"'classifier\.out_proj\.weight' .* has shape"):
        read_checkpoint(folder)


def test_a_shard_in_another_folder_is_refused(folder: Path) -> None:
    (folder / "inner").mkdir()
    (folder / CONFIG_FILE).rename(folder / "inner" / CONFIG_FILE)
    (folder / "inner" / INDEX_FILE).write_text(json.dumps({"weight_map": {"a": f"../{WEIGHTS_FILE}"}}))

    with pytest.raises(InvalidCheckpoint, match=r"names '\.\./model\.safetensors', which is no file of the folder"):
        read_checkpoint(folder / "inner")


@pytest.mark.parametrize("index", [[], {"weight_map": ["a"]}, {"weight_map": {"a": 3}}], ids=str)
def test_an_index_of_something_else_is_refused(index: Any, folder: Path) -> None:
    remove_weights(folder)
    (folder / INDEX_FILE).write_text(json.dumps(index))

    with pytest.raises(InvalidCheckpoint, match="cannot be read"):
        read_checkpoint(folder)


@pytest.mark.parametrize("content", [[1], {"roberta.weight": 1}, torch.zeros(3)], ids=["list", "number", "tensor"])
def test_a_torch_file_of_something_else_is_refused(content: Any, folder: Path) -> None:
    remove_weights(folder)
    torch.save(content, folder / TORCH_FILE)

    with pytest.raises(InvalidCheckpoint, match=r"pytorch_model\.bin"):
        read_checkpoint(folder)


def test_a_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidCheckpoint, match="is not a checkpoint"):
        read_checkpoint(tmp_path / "nothing")


def test_a_torch_file_without_torch_names_the_extra(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_noise_as_torch_file(folder)
    monkeypatch.setitem(sys.modules, "torch", None)

    with pytest.raises(MissingExtra, match=r"dragoman\[train\]"):
        read_checkpoint(folder)


BFLOAT16 = """
import sys
from pathlib import Path
import numpy
from dragoman.models.checkpoint import read_checkpoint
dtypes = {array.dtype for array in read_checkpoint(Path(sys.argv[1])).arrays.values()}
print(dtypes == {numpy.dtype("float32")})
"""


def test_bfloat16_weights_become_float32_where_nothing_else_brings_the_type(folder: Path) -> None:
    arrays = {name: torch.from_numpy(array).bfloat16() for name, array in small_checkpoint().arrays.items()}
    save_file(arrays, folder / WEIGHTS_FILE)

    command = [sys.executable, "-c", BFLOAT16, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (done.stdout, done.stderr) == ("True\n", "")
