from __future__ import annotations

import pytest
from tests.services.alertmanager import alertmanager_program

pytest.importorskip("aiosmtpd", reason="aiosmtpd is not installed")
from bench.alert_delivery_kill import kill_many

KILLS = 5  # bench/alert_delivery_kill.py does it as often as one likes


@pytest.mark.skipif(alertmanager_program() is None, reason="Alertmanager is not installed")
def test_a_killed_process_loses_no_message_and_sends_none_under_two_ids(tmp_path):
    outcome = kill_many(tmp_path, KILLS, lengths=(3.0, 4.0))
    assert outcome.strange == []
    assert [(one.lost, one.unknown) for one in (*outcome.heard.values(), outcome.manager)] == [([], [])] * 3
    assert outcome.manager.again == 0
    assert outcome.symptoms > 5
    assert outcome.is_good
