from __future__ import annotations

from bench.prediction_log_kill import kill_many

KILLS = 6  # bench/prediction_log_kill.py does it as often as one likes


def test_a_killed_process_loses_nothing_acknowledged_and_writes_nothing_twice(tmp_path):
    outcome = kill_many(tmp_path, KILLS)
    assert (outcome.lost, outcome.twice, outcome.changed) == ([], [], [])
    assert 0 < outcome.acknowledged <= outcome.found
