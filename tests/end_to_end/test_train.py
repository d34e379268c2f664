import json
import signal
import subprocess
import time

import pytest

from dragoman import open_workspace

from .conftest import command, run, write_workspace


def bundle_of(root):
    return open_workspace(root).registry.resolve("support").bundle


def test_a_second_training_of_the_same_changes_nothing(trained):
    done = run("train", "-w", trained)
    assert done.returncode == 0
    assert "Nothing has changed since models:/support/1" in done.stdout


def test_the_same_spec_and_data_elsewhere_give_the_same_bundle(trained, workspace):
    assert run("train", "-w", workspace).returncode == 0
    assert bundle_of(workspace) == bundle_of(trained)


def test_training_again_gives_the_same_version(trained, workspace):
    run("train", "-w", workspace)
    again = run("train", "--again", "-w", workspace)
    assert "models:/support/1 is the champion" in again.stdout
    assert bundle_of(workspace) == bundle_of(trained)


def test_a_training_that_was_killed_goes_on_to_the_same_bundle(trained, workspace):
    child = subprocess.Popen(command("train", "-w", workspace), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for_checkpoint(workspace)
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert run("models", "list", "--json", "-w", workspace).stdout.strip() == "[]"
    assert run("train", "-w", workspace).returncode == 0
    assert bundle_of(workspace) == bundle_of(trained)


def wait_for_checkpoint(root):
    deadline = time.monotonic() + 60
    while not list(root.glob(".dragoman/runs/*/checkpoint.pt")):
        assert time.monotonic() < deadline, "no checkpoint appeared"
        time.sleep(0.005)


def test_a_version_that_misses_its_gates_is_registered_but_not_the_champion(workspace):
    spec = workspace / "models" / "support.toml"
    spec.write_text(spec.read_text().replace("epochs = 12", "epochs = 1") + "\n[gates]\naccuracy = 0.999\n")
    done = run("train", "-w", workspace)
    assert done.returncode == 1
    assert "does not pass its gates: accuracy" in done.stderr
    listed = json.loads(run("models", "list", "--json", "-w", workspace).stdout)
    assert [version["aliases"] for version in listed] == [[]]


def test_a_second_process_is_told_who_trains(workspace):
    write = workspace / "models" / "support.toml"
    write.write_text(write.read_text().replace("epochs = 12", "epochs = 400"))
    first = subprocess.Popen(command("train", "-w", workspace), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for_checkpoint(workspace)
        second = run("train", "-w", workspace)
    finally:
        first.kill()
        first.wait()
    assert second.returncode == 2
    assert str(first.pid) in second.stderr


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ('owner = "team@example.com"', "owner"),
        ('languages = ["de", "en", "ru"]', "languages"),
    ],
)
def test_a_spec_without_a_required_key_is_refused(workspace, change, message):
    spec = workspace / "models" / "support.toml"
    spec.write_text(spec.read_text().replace(change, ""))
    done = run("train", "-w", workspace)
    assert done.returncode == 2
    assert message in done.stderr
    assert not (workspace / ".dragoman").exists()


def test_a_broken_data_line_is_refused_with_its_number_and_nothing_is_written(workspace):
    with (workspace / "data" / "texts.jsonl").open("a") as file:
        file.write('{"id": "x", "text": \n')
    done = run("train", "-w", workspace)
    assert done.returncode == 2
    assert "texts.jsonl:217" in done.stderr
    assert not list((workspace / ".dragoman").glob("tables/*"))


def test_a_hugging_face_folder_can_be_the_base(tmp_path, trained):
    folder = open_workspace(trained).registry.fetch(open_workspace(trained).registry.resolve("support"))
    root = write_workspace(tmp_path / "next", epochs=1)
    spec = root / "models" / "support.toml"
    spec.write_text(spec.read_text().replace("vocabulary = 600", f'checkpoint = "{folder}"'))
    done = run("train", "-w", root)
    assert done.returncode == 0, done.stderr
    assert "support/1 is the champion" in done.stdout


def test_a_base_that_is_no_checkpoint_is_refused(workspace):
    spec = workspace / "models" / "support.toml"
    spec.write_text(spec.read_text().replace("vocabulary = 600", 'checkpoint = "data"'))
    done = run("train", "-w", workspace)
    assert done.returncode == 2
    assert "is not a checkpoint: it has no config.json" in done.stderr
