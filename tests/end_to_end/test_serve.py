import json
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import contextmanager

import pytest

from .conftest import command, run, write_workspace


@contextmanager
def serving(*arguments):
    """A server process, ready to answer; killed at the end if it still runs."""
    port = free_port()
    child = subprocess.Popen(
        command(*arguments, "--port", port), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until_ready(url, child)
        yield child, url
    finally:
        child.kill()
        child.communicate()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_ready(url, child):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert child.poll() is None, child.stderr.read()
        try:
            return get(f"{url}/health/ready")
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.02)
    raise AssertionError("the server did not become ready")


def get(url):
    with urllib.request.urlopen(url, timeout=10) as response:
        return json.load(response)


def post(url, body):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers={"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


@pytest.fixture(scope="module")
def server(trained):
    with serving("serve", "-w", trained) as (_, url):
        yield url


def test_an_answer_has_labels_language_script_tokens_version_and_id(server):
    status, answer = post(f"{server}/v1/models/support/predict", {"inputs": ["где моя посылка", "where is my parcel"]})
    assert status == 200
    first, second = answer["predictions"]
    assert (answer["model"], answer["version"]) == ("support", "1")
    assert (first["language"], first["script"], second["language"], second["script"]) == ("ru", "Cyrl", "en", "Latn")
    assert first["labels"][0]["label"] == "order_status"
    assert first["tokens"] > 2
    assert first["id"] != second["id"]
    assert sum(label["score"] for label in first["labels"]) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"not json", 400),
        ({}, 400),
        ({"inputs": []}, 400),
        ({"inputs": ["x"], "input": 1}, 400),
        ({"inputs": [{"text": "x", "language": "xx"}]}, 400),
        ({"inputs": ["x"] * 1_000_000}, 413),
        ({"inputs": ["x" * 10_000_000]}, 413),
        (b'{"inputs": ["\\ud800"]}', 400),
        (b'{"inputs": ["\xff\xfe"]}', 400),
        ({"inputs": [""]}, 400),
    ],
)
def test_a_bad_request_gets_its_status_and_help(server, body, status):
    code, answer = post(f"{server}/v1/models/support/predict", body)
    assert code == status
    assert set(answer["error"]) == {"type", "message", "help"}
    assert "Traceback" not in answer["error"]["message"]


@pytest.mark.parametrize("text", ["a\0b", "🎉🎉🎉", "e" + "\u0301" * 99_999, "\u200b", "؟"])
def test_a_strange_text_is_answered(server, text):
    status, answer = post(f"{server}/v1/models/support/predict", {"inputs": [text]})
    assert status == 200
    assert len(answer["predictions"][0]["labels"]) == 3


@pytest.mark.parametrize(
    "path", ["/v1/models/nobody/predict", "/v1/models/support/9/predict", "/v1/models/support@x/predict"]
)
def test_an_unknown_model_or_version_is_404_and_names_what_there_is(server, path):
    status, answer = post(server + path, {"inputs": ["x"]})
    assert status == 404
    assert "support" in answer["error"]["message"] + answer["error"]["help"]


def test_sigterm_ends_the_server_with_exit_code_0(trained):
    with serving("serve", "-w", trained) as (child, _):
        child.send_signal(signal.SIGTERM)
        assert child.wait(timeout=30) == 0


def test_a_killed_server_leaves_a_workspace_that_serves_again(trained):
    with serving("serve", "-w", trained) as (child, _):
        child.send_signal(signal.SIGKILL)
        child.wait()
    with serving("serve", "-w", trained) as (_, url):
        assert post(f"{url}/v1/models/support/predict", {"inputs": ["wo ist mein paket"]})[0] == 200


def test_a_taken_port_is_said_before_anything_is_ready(trained):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("serve", "-w", trained, "--port", port)
    assert done.returncode == 2
    assert f"127.0.0.1:{port} is taken" in done.stderr
    assert "Serving" not in done.stdout


def test_up_says_a_taken_port_before_it_trains(tmp_path):
    root = write_workspace(tmp_path / "shop")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run("up", root, "--port", taken.getsockname()[1])
    assert done.returncode == 2
    assert "is taken" in done.stderr
    assert not list(root.glob(".dragoman/runs/*"))


def test_up_trains_serves_asks_and_stops(tmp_path):
    root = write_workspace(tmp_path / "shop")
    done = run("up", root, "--check", "--port", free_port())
    assert done.returncode == 0, done.stderr
    assert "3 of 3 right, version 1" in done.stdout


def test_a_second_up_does_not_train(trained):
    done = run("up", trained, "--check", "--port", free_port())
    assert "models:/support/1 is up to date" in done.stdout
    assert "Training" not in done.stdout


def test_the_printed_curl_line_works_as_printed(trained):
    with serving("up", trained) as (child, _):
        line = next(line for line in child.stdout if "curl" in line)
        done = subprocess.run(line, check=False, shell=True, capture_output=True, text=True, timeout=30)
    assert json.loads(done.stdout)["model"] == "support"


def test_a_changed_byte_in_the_bundle_is_refused_and_named(tmp_path):
    root = write_workspace(tmp_path / "shop", epochs=1)
    run("train", "-w", root)
    weights = next(root.glob(".dragoman/bundles/*/model.safetensors"), None) or unpack(root)
    damaged = bytearray(weights.read_bytes())
    damaged[-1] ^= 1
    weights.write_bytes(damaged)
    done = run("serve", "-w", root, "--port", free_port())
    assert done.returncode == 1
    assert "'model.safetensors' was changed" in done.stderr


def unpack(root):
    run("predict", "x", "-w", root)
    return next(root.glob(".dragoman/bundles/*/model.safetensors"))
