from __future__ import annotations

import os

import pytest

from dragoman.bench.plan import PEERS, LengthMix, Plan, available_threads, check_plan, parse_peers
from dragoman.errors import InvalidRequest


def test_all_and_none_are_words_for_peers():
    assert parse_peers("all", device="cpu") == PEERS["cpu"]
    assert parse_peers("none", device="cpu") == ()


def test_peers_are_named_with_commas():
    assert parse_peers("openvino, ctranslate2,openvino", device="cpu") == ("openvino", "ctranslate2")


def test_a_mistyped_peer_gets_the_nearest_name():
    with pytest.raises(InvalidRequest, match="'ctranslate' is not a peer") as caught:
        parse_peers("ctranslate", device="cpu")
    assert caught.value.help == "did you mean 'ctranslate2'?"


def test_a_peer_for_processors_only_is_refused_on_a_card():
    with pytest.raises(InvalidRequest, match="'openvino' is not a peer that can be measured on cuda"):
        parse_peers("openvino", device="cuda")


@pytest.mark.parametrize("mix", [(2, 5, 9), (27, 20, 256), (27, 110, 100)])
def test_lengths_out_of_order_are_refused(mix):
    median, p95, longest = mix
    with pytest.raises(InvalidRequest, match=f"median {median}, p95 {p95}, longest {longest}"):
        check_plan(Plan(mix=LengthMix(median=median, p95=p95, longest=longest)))


def test_an_interpreter_that_is_none_is_refused(tmp_path):
    with pytest.raises(InvalidRequest, match="not an interpreter"):
        check_plan(Plan(python=str(tmp_path)))


def test_no_threads_asked_for_means_all_cores_of_the_process():
    assert available_threads(0) == len(os.sched_getaffinity(0))
    assert available_threads(3) == 3


def test_the_main_contender_comes_first_and_depends_on_the_device():
    assert Plan(device="cuda", peers=()).names[0] == "dragoman-bf16"
    assert Plan(device="cpu", peers=()).names[0] == "dragoman-int8"
    assert Plan(peers=("openvino",)).names[-1] == "openvino"
