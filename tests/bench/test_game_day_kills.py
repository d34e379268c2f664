from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest
from bench.game_day.kills import Kill, Killer, plan_kills
from bench.game_day.processes import Kept, descendants, kill, left_behind, role_of


def test_a_plan_of_kills_is_the_same_for_a_seed_and_has_every_role():
    plan = plan_kills(10, seed=4, slots=range(8, 90))
    assert plan == plan_kills(10, seed=4, slots=range(8, 90))
    assert {one.role for one in plan} == {"server", "loop", "training", "check", "director"}


def test_somebody_who_is_always_there_is_killed_in_their_slot_and_once():
    killer = Killer([Kill("server", 5, 0.0)])
    assert killer.due({"server": 1}, 4) is None
    assert [killer.due({"server": 1}, 5), killer.due({"server": 1}, 5)] == ["server", None]


def test_somebody_brief_is_killed_whenever_they_are_there():
    killer = Killer([Kill("training", 50, 0.0)])
    assert killer.due({"server": 1}, 90) is None
    assert killer.due({"server": 1, "training": 2}, 3) == "training"


@pytest.mark.parametrize(
    ("command", "role"),
    [
        ("python -m dragoman up /w --port 8080", ""),
        ("python -m dragoman loop -w /w", "loop"),
        ("python -m dragoman loop work retrain:support -w /w", "training"),
        ("python -m dragoman release check 01K -w /w", "check"),
    ],
)
def test_a_process_is_known_by_its_command(command, role):
    assert role_of(command.split()) == role


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="finds processes in /proc")
def test_a_process_that_dies_is_started_again_until_it_ends_for_good(tmp_path):
    file = tmp_path / "runs"
    code = f"import pathlib, sys; p = pathlib.Path({str(file)!r}); n = p.exists(); p.touch(); sys.exit(0 if n else 9)"
    kept = Kept([sys.executable, "-c", code], tmp_path / "log", dict(os.environ), final=(0,))
    while kept.keep() is None:
        time.sleep(0.01)
    assert kept.starts == 2
    assert kept.keep() == 0


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="finds processes in /proc")
def test_children_are_found_and_killed(tmp_path):
    kept = Kept([sys.executable, "-c", "import time; time.sleep(60)"], tmp_path / "log", dict(os.environ))
    kept.keep()
    assert kept.child is not None
    assert kept.child.pid in {one.pid for one in descendants(os.getpid())}
    assert kill(kept.child.pid)
    assert kept.child.wait(10) == -9


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="finds processes in /proc")
def test_what_a_dead_supervisor_left_is_found_by_the_folder_of_its_day(tmp_path):
    folder, log = str(tmp_path), tmp_path / "log"
    code = [sys.executable, "-c", "import time; time.sleep(60)"]
    mine = Kept([*code, "dragoman", "up", f"{folder}/workspace"], log, dict(os.environ))
    other = Kept([*code, "less", f"{folder}/workspace"], log, dict(os.environ))
    for one in (mine, other):
        one.keep()
    time.sleep(0.2)  # until the programs have taken the place of the fork
    found = [one.pid for one in left_behind(f"{folder}/workspace", folder)]
    for one in (mine, other):
        assert one.child is not None
        one.child.kill()
        one.child.wait()
    assert mine.child is not None
    assert found == [mine.child.pid]
