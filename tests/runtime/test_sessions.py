from __future__ import annotations

import builtins
import logging
from typing import Any

import numpy as np
import pytest
from tests.models.small import random_texts, small_checkpoint

from dragoman.errors import DragomanError, InvalidInput, MissingExtra
from dragoman.models.checkpoint import WEIGHTS_FILE, write_checkpoint
from dragoman.models.packing import pack
from dragoman.records import Form
from dragoman.runtime import sessions
from dragoman.runtime.graph import GRAPH_FILE, build_graph
from dragoman.runtime.native_library import native_available
from dragoman.runtime.quantization import write_quantized
from dragoman.runtime.sessions import DEVICES, PRECISIONS, Compute, Stored, choose_form, open_session

CORES = 4
INT8 = Form(precision="int8", backend="native", threads=0)
BATCH = pack(random_texts(), first_position=2)
needs_native = pytest.mark.skipif(not native_available(), reason="the native kernels cannot run on this machine")


@pytest.fixture(autouse=True)
def cores(monkeypatch):
    monkeypatch.setattr(sessions, "usable_cores", lambda: CORES)


@pytest.fixture
def native(monkeypatch):
    """The native kernels can run, whatever this machine has."""
    monkeypatch.setattr(sessions, "native_available", lambda: True)


@pytest.fixture
def no_native(monkeypatch):
    """The native kernels cannot run, whatever this machine has."""
    monkeypatch.setattr(sessions, "native_available", lambda: False)
    monkeypatch.setattr(sessions, "why_native_is_unavailable", lambda: "No such processor.")


CHOICES = {
    ("auto", "cpu"): ("fp32", "onnxruntime"),
    ("fp32", "cpu"): ("fp32", "onnxruntime"),
    ("int8", "cpu"): ("int8", "native"),
    ("auto", "auto"): ("fp32", "onnxruntime"),
    ("fp32", "auto"): ("fp32", "onnxruntime"),
    ("int8", "auto"): ("int8", "native"),
    ("auto", "cuda"): ("bf16", "torch"),
    ("bf16", "cuda"): ("bf16", "torch"),
    ("fp16", "cuda"): ("fp16", "torch"),
    ("fp32", "cuda"): ("fp32", "torch"),
}
REFUSED = [(p, d) for p in PRECISIONS for d in DEVICES if (p, d) not in CHOICES]


@pytest.mark.parametrize(("precision", "device"), CHOICES)
@pytest.mark.parametrize("threads", [0, 3])
def test_precision_and_device_give_the_back_end(precision, device, threads, native):
    form = choose_form(Compute(precision, device, threads))
    assert (form.precision, form.backend) == CHOICES[precision, device]
    assert form.threads == (threads or CORES)


@pytest.mark.parametrize(("precision", "device"), REFUSED)
def test_a_precision_that_the_device_does_not_have_is_refused_with_those_it_has(precision, device, native):
    where_it_is = "cpu" if device == "auto" else device
    with pytest.raises(InvalidInput, match=f"The precision {precision} is not there on {where_it_is}") as caught:
        choose_form(Compute(precision, device))
    assert all(f"{good}" in caught.value.help for good, where in CHOICES if where == device)


@pytest.mark.parametrize(
    ("compute", "message"),
    [
        (Compute("int4"), "no precision 'int4'"),
        (Compute(device="tpu"), "no device 'tpu'"),
        (Compute(threads=-1), "no -1 threads"),
    ],
)
def test_an_unknown_option_is_refused(compute, message):
    with pytest.raises(InvalidInput, match=message):
        choose_form(compute, [INT8])


@pytest.mark.parametrize(
    ("tuned_threads", "asked", "threads"), [(0, 0, CORES), (1, 0, 1), (16, 0, CORES), (0, 2, 2), (1, 2, 2)]
)
def test_auto_is_the_tuned_form_with_the_threads_that_are_there(tuned_threads, asked, threads, native):
    tuned = Form(precision="int8", backend="native", threads=tuned_threads, trimmed=True)
    assert choose_form(Compute(threads=asked), [tuned]) == Form(precision="int8", backend="native", threads=threads)


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_a_precision_that_is_asked_for_comes_before_the_tuned_one(precision, native):
    tuned = Form(precision={"fp32": "int8", "int8": "fp32"}[precision], backend="x", threads=1)
    assert choose_form(Compute(precision), [tuned]).precision == precision


def test_a_gpu_has_its_own_precision_whatever_was_tuned_for_a_cpu(native):
    assert choose_form(Compute(device="cuda"), [INT8]).precision == "bf16"


ON_CUDA = Form(precision="fp16", backend="torch", threads=0)


@pytest.mark.parametrize("tuned", [[INT8, ON_CUDA], [ON_CUDA, INT8]])
def test_each_kind_of_device_has_the_form_that_was_tuned_for_it(tuned, native):
    assert choose_form(Compute(device="cuda"), tuned).precision == "fp16"
    assert choose_form(Compute(device="cuda", precision="fp32"), tuned).precision == "fp32"
    assert choose_form(Compute(device="cpu"), tuned).precision == "int8"


def test_a_model_tuned_for_a_gpu_says_so_where_it_is_served_on_the_cpu(native, caplog):
    with caplog.at_level(logging.WARNING):
        assert choose_form(Compute(), [ON_CUDA]).precision == "fp32"
        choose_form(Compute(device="cuda"), [ON_CUDA])
        choose_form(Compute(), [INT8, ON_CUDA])
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == [
        "Tuned for cuda (fp16), served on the CPU (fp32 onnxruntime)"
    ]


def test_without_the_native_kernels_a_model_tuned_to_int8_is_served_in_fp32_and_that_is_said(no_native, caplog):
    with caplog.at_level(logging.WARNING):
        form = choose_form(Compute(), [Form(precision="int8", backend="native", threads=1)])
    assert (form.precision, form.backend, form.threads) == ("fp32", "onnxruntime", 1)
    assert "No such processor." in caplog.text


def test_without_the_native_kernels_int8_is_refused_with_the_reason(no_native):
    with pytest.raises(InvalidInput, match=r"int8 cannot run here: No such processor\.") as caught:
        choose_form(Compute("int8"))
    assert caught.value.help == "Use fp32."


# Sessions -----------------------------------------------------------------------------------------------------------


def test_a_stored_graph_is_used_instead_of_a_new_one(tmp_path):
    checkpoint = small_checkpoint()
    write_checkpoint(tmp_path, checkpoint)
    graph = build_graph(checkpoint.config, weights=tmp_path / WEIGHTS_FILE, labels=0, pooling="cls")
    (tmp_path / GRAPH_FILE).write_bytes(graph.SerializeToString())
    form = Form(precision="fp32", backend="onnxruntime", threads=0)
    stored = open_session(small_checkpoint(seed=1), form, Stored(graph=tmp_path / GRAPH_FILE))
    np.testing.assert_array_equal(stored.run(BATCH), open_session(checkpoint, form).run(BATCH))


@needs_native
def test_stored_int8_weights_are_used_instead_of_new_ones(tmp_path):
    checkpoint = small_checkpoint()
    write_quantized(tmp_path / "int8", checkpoint.config, checkpoint.arrays)
    stored = open_session(small_checkpoint(seed=1), INT8, Stored(int8=tmp_path / "int8"))
    np.testing.assert_array_equal(stored.run(BATCH), open_session(checkpoint, INT8).run(BATCH))


@needs_native
def test_int8_is_near_fp32():
    checkpoint = small_checkpoint()
    fp32, int8 = (
        open_session(checkpoint, Form(precision=precision, backend=backend, threads=1)).run(BATCH)
        for precision, backend in [("fp32", "onnxruntime"), ("int8", "native")]
    )
    cosines = (fp32 * int8).sum(axis=1) / np.linalg.norm(fp32, axis=1) / np.linalg.norm(int8, axis=1)
    assert cosines.min() > 0.98


def test_a_gpu_without_torch_needs_the_extra(monkeypatch):
    found = builtins.__import__

    def without_torch(name: str, *rest: Any) -> Any:
        if name == "dragoman.runtime.torch_session":
            raise ImportError(name)
        return found(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without_torch)
    with pytest.raises(MissingExtra, match="GPU needs the extra 'train'"):
        open_session(small_checkpoint(), Form(precision="bf16", backend="torch", threads=1))


def test_a_gpu_that_is_not_there_is_an_error_of_ours(monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(DragomanError, match="cuda"):
        open_session(small_checkpoint(), Form(precision="bf16", backend="torch", threads=1))
