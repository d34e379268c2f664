"""Releases as their users see them: a server, traffic in four languages, versions that are good and bad, kills."""

import json
import shutil
import signal
import sqlite3
import time
from contextlib import contextmanager

import pytest
from bench.traffic_player import Player

from .conftest import SPEC, WORDS, run, write_workspace
from .test_serve import get, post, serving

THAI = {
    "refund": "ขอ เงิน คืน ด้วย",
    "order_status": "พัสดุ ของ ฉัน อยู่ ไหน",
    "invoice": "ส่ง ใบเสร็จ ให้ หน่อย",
}
TEXTS = {language: list(labels.values()) for language, labels in {**WORDS, "th": THAI}.items()}
PLAN = """
[release]
steps = [10, 50, 100]
step_minutes = 0.01
min_requests = 30
required = ["errors", "agreement"]

[release.margins]
errors = 0.05
agreement = 0.05
"""
SECONDS = 90


def thai_rows(*, shuffled):
    """Thai texts; shuffled, each label stands at the texts of the next one: a mistake that the data cannot show."""
    names = list(THAI)
    for place, (label, words) in enumerate(THAI.items()):
        given = names[(place + 1) % len(names)] if shuffled else label
        for number in range(24):
            split = ("train", "train", "train", "train", "dev", "test")[number % 6]
            row = {"id": f"th-{label}-{number}", "text": f"{words} {number * 11}", "label": given}
            yield row | {"language": "th", "split": split}


def write_data(root, *, shuffled=False):
    lines = (json.dumps(row, ensure_ascii=False) for row in thai_rows(shuffled=shuffled))
    (root / "data" / "thai.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_spec(root, *, seed):
    text = SPEC.format(epochs=14).replace('"ru"]', '"ru", "th"]', 1)
    text = text.replace("[training]", f"[training]\nseed = {seed}", 1) + PLAN
    (root / "models" / "support.toml").write_text(text)


@pytest.fixture(scope="module")
def three_versions(tmp_path_factory):
    """Version 1 is good, 2 has the Thai labels shuffled, 3 is as good as the first."""
    root = write_workspace(tmp_path_factory.mktemp("release") / "shop")
    for seed, shuffled in ((0, False), (1, True), (2, False)):
        write_data(root, shuffled=shuffled)
        write_spec(root, seed=seed)
        done = run("train", "-w", root)
        assert done.returncode == 0, done.stderr
    return root


@pytest.fixture
def shop(three_versions, tmp_path):
    return shutil.copytree(three_versions, tmp_path / "shop")


def start(root, challenger):
    return run("release", "start", "support", "--challenger", challenger, "--reason", "a test", "--json", "-w", root)


def status(root):
    done = run("release", "status", "support", "--json", "-w", root)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def current(url):
    return get(f"{url}/v1/models/support/release")


def wait_for(url, done):
    """The release when `done` says so."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if done(release := current(url)):
            return release
        time.sleep(0.1)
    raise AssertionError(release)


def is_over(release):
    return release["status"] in ("promoted", "rolled_back") and release["finished"]


@contextmanager
def played(root):
    with serving("serve", "-w", root) as (child, url), Player(url, "support", TEXTS) as player:
        yield child, url, player


def test_a_later_version_becomes_the_challenger_and_not_the_champion(three_versions):
    done = run("models", "list", "--json", "-w", three_versions)
    aliases = {version["number"]: version["aliases"] for version in json.loads(done.stdout)}
    assert aliases == {1: ["champion"], 2: [], 3: ["challenger"]}


def test_a_challenger_with_shuffled_thai_is_stopped_by_data_that_knows_better(shop):
    done = start(shop, 2)
    assert done.returncode == 1
    assert "1.000 to 0.000" in done.stderr
    assert status(shop)["status"] == "rolled_back"


def test_a_challenger_with_shuffled_thai_is_rolled_back_naming_thai(shop):
    write_data(shop, shuffled=True)  # the evaluation cannot see what is wrong: only the users' texts can
    with played(shop) as (_, url, player):
        started = start(shop, 2)
        assert started.returncode == 0, started.stderr
        release = wait_for(url, is_over)
        time.sleep(0.2)
        ended = time.monotonic()
    assert release["status"] == "rolled_back"
    failed = {finding["language"] for finding in release["findings"] if finding["verdict"] == "fail"}
    assert "th" in failed
    assert not failed & {"de", "en", "ru"}
    assert "agreement in th" in release["notes"][-1]["text"]
    assert player.last_answer["1"] > ended - 2
    assert get_champion(shop) == 1
    assert set(player.statuses) == {200}


def test_a_challenger_that_is_as_good_is_promoted_with_no_failed_request(shop):
    with played(shop) as (_, url, player):
        assert start(shop, 3).returncode == 0
        release = wait_for(url, is_over)
        answer = post(f"{url}/v1/models/support/predict", {"inputs": "wo ist mein paket"})[1]
        pinned = post(f"{url}/v1/models/support/1/predict", {"inputs": "wo ist mein paket"})[1]
    assert release["status"] == "promoted"
    assert (answer["version"], pinned["version"]) == ("3", "1")
    assert set(player.statuses) == {200}
    assert player.broken == 0
    assert get_champion(shop) == 3
    assert run("models", "verify", "support", "-w", shop).returncode == 0
    assert run("audit", "verify", "-w", shop).returncode == 0


def test_a_release_goes_on_after_its_server_is_killed_at_every_step(shop):
    assert start(shop, 3).returncode == 0
    seen = set()
    while not is_over(release := status(shop)):
        with played(shop) as (child, url, _):
            release = wait_for(url, lambda one: is_over(one) or one["step"] not in seen)
            seen.add(release["step"])
            child.send_signal(signal.SIGKILL)
            child.wait(10)
    assert release["status"] == "promoted"
    assert seen >= {0, 1, 2, 3}
    assert get_champion(shop) == 3


def test_a_release_is_taken_back_by_hand_in_one_command(shop):
    with played(shop) as (_, url, player):
        assert start(shop, 3).returncode == 0
        wait_for(url, lambda release: release["share"] >= 0.1)
        done = run("release", "rollback", "support", "--reason", "complaints", "-w", shop)
        assert done.returncode == 0, done.stderr
        time.sleep(2)
        at_rest = player.versions()["3"]
        time.sleep(1)
        assert player.versions()["3"] == at_rest
    assert status(shop)["notes"][-1]["text"] == "complaints"


def test_an_alias_that_was_changed_behind_the_catalog_is_named(shop):
    with sqlite3.connect(shop / ".dragoman" / "catalog.sqlite") as database:
        database.execute("UPDATE aliases SET number = 2 WHERE alias = 'champion'")
    done = run("audit", "verify", "-w", shop)
    assert done.returncode == 1
    assert "models:/support@champion" in done.stdout + done.stderr or "support@champion" in done.stdout + done.stderr


def test_a_release_of_the_champion_or_of_nothing_is_refused(shop):
    for challenger, message in ((1, "is the champion already"), (9, "has no version 9")):
        done = start(shop, challenger)
        assert done.returncode == 2
        assert message in done.stderr


def get_champion(root):
    done = run("models", "list", "--json", "-w", root)
    return next(version["number"] for version in json.loads(done.stdout) if "champion" in version["aliases"])
