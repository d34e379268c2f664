from __future__ import annotations

import os
import subprocess
import sys

import pytest

from dragoman.runtime.blas import OWN_CHOICE

PROGRAM = """
import numpy
from threadpoolctl import threadpool_info
from dragoman.runtime.blas import calm_blas

def threads():
    return [one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"]

before = threads()
calm_blas()
print(before, threads())
"""


def threads_before_and_after(**chosen: str) -> str:
    environment = {name: value for name, value in os.environ.items() if name not in OWN_CHOICE} | chosen
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one core: there are no other threads")
def test_numpy_multiplies_on_one_thread_once_a_model_is_at_work():
    before, after = threads_before_and_after().split("] [")
    assert before != "[1"
    assert after == "1]"


def test_who_has_chosen_a_number_of_threads_keeps_it():
    assert threads_before_and_after(OPENBLAS_NUM_THREADS="2") == "[2] [2]"
