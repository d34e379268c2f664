from __future__ import annotations

import functools
import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dragoman.bench.child_process import FOLDER, ChildProcess, command_of
from dragoman.bench.contenders import child
from dragoman.bench.contenders.base import Contender, Job, pad, sorted_batches, versions
from dragoman.bench.contenders.rates import Product, Shape, measure
from dragoman.bench.contenders.vino import quantise_rows
from dragoman.bench.plan import Plan
from dragoman.bench.workload import make_workload
from dragoman.runtime.native_library import native_available, why_native_is_unavailable

PLAN = Plan(shape="small", texts=6, peers=(), threads=1)
RUNS: list[tuple[str, int]] = []


class Slow(Contender):
    """Takes two sizes of batch, and one of two ways of loading."""

    batches = (1, 2)

    def options(self):
        return [{"way": "broken"}, {"way": "right"}]

    def load(self, options):
        if options["way"] == "broken":
            raise ValueError("not this way")
        self.way = options["way"]

    def run_all(self):
        RUNS.append((self.way, self.batch))

    def run_one(self):
        return np.ones((2, 3))


@pytest.fixture(scope="module")
def job(tmp_path_factory) -> str:
    return make_workload(PLAN, tmp_path_factory.mktemp("work")).job


@pytest.fixture
def slow(monkeypatch) -> child.Child:
    monkeypatch.setitem(child.CONTENDERS, "slow", (__name__, "Slow"))
    monkeypatch.setitem(sys.modules, __name__, sys.modules.get(__name__) or sys.modules[Slow.__module__])
    return child.Child("slow", started_mb=1.0)


# The protocol


def test_preparing_chooses_among_what_worked(slow, job):
    answer = slow.answer({"do": "prepare", "job": job})
    assert answer["settings"]["options"] == answer["settings"]["single"] == {"way": "right"}
    assert [row.get("error") for row in answer["tried"]] == ["ValueError: not this way", None, None]


def test_a_loaded_contender_answers_times(slow, job):
    settings = {"options": {"way": "right"}, "batch": 2}
    loaded = slow.answer({"do": "load", "job": job, "settings": settings})
    assert loaded["vector"] == [1.0, 1.0, 1.0]
    assert loaded["memory_mb"]["peak"] >= loaded["memory_mb"]["imported"] > loaded["memory_mb"]["started"] == 1.0
    assert slow.answer({"do": "throughput"})["seconds"] >= 0
    assert RUNS[-1] == ("right", 2)
    assert len(slow.answer({"do": "latency", "count": 4})["milliseconds"]) == 4


def test_what_goes_wrong_is_an_answer(slow, job):
    assert slow.answer({"do": "throughput"}) == {"error": "RuntimeError: nothing is loaded yet"}
    assert slow.answer({"do": "dance"}) == {"error": "KeyError: 'dance'"}
    broken = {"do": "load", "job": job, "settings": {"options": {"way": "broken"}, "batch": 1}}
    assert slow.answer(broken) == {"error": "ValueError: not this way"}


def test_every_line_gets_one_line(slow):
    target = io.StringIO()
    child.serve(slow, io.StringIO('{"do": "dance"}\n{"do": "dance"}\n'), target)
    assert [json.loads(line)["error"] for line in target.getvalue().splitlines()] == ["KeyError: 'dance'"] * 2


def test_a_contender_whose_packages_are_missing_says_so(slow, monkeypatch):
    monkeypatch.setattr(slow, "missing", ["no-such-package"])
    assert slow.answer({"do": "throughput"}) == {"missing": ["no-such-package"]}
    assert versions(["no-such-package"]) == {"no-such-package": ""}


# The contract, for every contender whose library the tests have


@pytest.fixture(scope="module")
def answers(job) -> Callable[[str], dict]:
    """What a contender answers from the first command to the last. Each is asked once."""

    @functools.cache
    def ask(name: str) -> dict:
        command = command_of(name, interpreter=sys.executable)
        with ChildProcess(name, command, threads=1) as first:
            settings = first.ask("prepare", job=job)["settings"]
        with ChildProcess(name, command, threads=1) as process:
            loaded = process.ask("load", job=job, settings=settings)
            return {**loaded, **process.ask("throughput"), **process.ask("latency", count=2)}

    return ask


@pytest.mark.parametrize("name", ["transformers-batched", "onnxruntime", "dragoman-fp32"])
def test_a_contender_prepares_loads_and_answers(name, answers):
    answer = answers(name)
    assert all(answer["versions"].values())
    assert answer["memory_mb"]["peak"] >= answer["memory_mb"]["loaded"] > answer["memory_mb"]["started"] > 0
    assert answer["seconds"] > 0
    assert len(answer["milliseconds"]) == 2


def test_the_padded_int8_graph_computes_what_the_packed_one_does(answers):
    assert cosine(answers("onnxruntime")["vector"], answers("dragoman-fp32")["vector"]) > 0.99


@pytest.mark.skipif(not native_available(), reason=why_native_is_unavailable())
def test_the_native_kernels_compute_what_float32_does(answers):
    assert cosine(answers("dragoman-int8")["vector"], answers("dragoman-fp32")["vector"]) > 0.99


def cosine(left: list[float], right: list[float]) -> float:
    return float(np.dot(left, right) / (np.linalg.norm(left) * np.linalg.norm(right)))


def test_the_machine_has_rates_in_every_precision(job):
    command = command_of("dragoman-rates", interpreter=sys.executable)
    with ChildProcess("dragoman-rates", command, threads=1) as process:
        process.ask("load", job=job, settings={"options": {}, "batch": 0})
        rates = process.ask("rates")["rates"]
    assert {rate["precision"] for rate in rates} == {"bf16", "fp32", "int8"}
    assert all(rate["gops"] > 0 for rate in rates)


def test_contenders_need_nothing_of_dragoman():
    program = (
        "import sys; sys.path.append(sys.argv[1]); sys.modules['dragoman'] = None; "
        "import contenders.child, contenders.rates, contenders.vino, contenders.padded, contenders.translators, "
        "contenders.pipelines, contenders.sentences; "
        "print(sorted({'torch', 'transformers', 'onnxruntime', 'onnx'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program, FOLDER], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


# Their arithmetic


def test_batches_are_sorted_by_length():
    assert list(sorted_batches([[1], [1, 2, 3], [1, 2]], 2)) == [[[1, 2, 3], [1, 2]], [[1]]]


def test_padding_is_masked():
    ids, mask = pad([[5, 6, 7], [8]], 1)
    assert ids.tolist() == [[5, 6, 7], [8, 1, 1]]
    assert mask.tolist() == [[1, 1, 1], [1, 0, 0]]


def test_words_leave_out_the_first_and_the_last_token():
    job = Job(folder=Path(), work=Path(), texts=[[0, 12, 77, 2]], one=[0, 9, 2], threads=1, device="cpu")
    assert (job.words, job.one_words) == (["tok12 tok77"], "tok9")


def test_a_row_that_is_rounded_comes_back_within_half_a_step():
    weights = np.array([[1.0, -2.0, 0.3], [0.0, 0.0, 0.0]], dtype=np.float32)
    rounded, scales = quantise_rows(weights, axis=1)
    assert np.abs(rounded * scales - weights).max() <= 0.5 * scales.max()
    assert rounded.min() == -127


def test_a_product_that_the_library_refuses_has_no_rate():
    def refuse():
        raise RuntimeError("not here")

    assert measure(Product("int8", "none", Shape(1, 1, 1), refuse), seconds=0.01) == 0.0
