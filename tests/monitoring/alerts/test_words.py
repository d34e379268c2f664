from __future__ import annotations

import pytest
from tests.monitoring.alerts.world import alert, at, notice

from dragoman.monitoring.alerts.languages import NAMES, language_name
from dragoman.monitoring.alerts.words import subject_of, text_of, what_of
from dragoman.text.langid import LangidDetector


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "latency in Hindi"),
        ({"language": ""}, "latency"),
        ({"kind": "drift", "name": "tokens", "language": "pt-BR"}, "drift: tokens in Portuguese (pt-BR)"),
        ({"kind": "language-mix", "name": "language-mix", "language": ""}, "language-mix"),
        ({"kind": "absent", "name": "", "language": "xx"}, "absent in xx"),
        ({"kind": "memory", "name": "growth", "language": ""}, "memory: growth"),
    ],
)
def test_what_is_watched_in_words(changes, expected):
    assert what_of(alert(**changes)) == expected


@pytest.mark.parametrize(
    ("group", "place"),
    [
        (["support", "7", ""], "support v7"),
        (["support", "", ""], "support"),
        (["support", "main", "eu"], "support main (eu)"),
        (["", "", "eu"], "server (eu)"),
    ],
)
def test_a_subject_says_where_and_how_many(group, place):
    alerts = [alert(severity="page"), alert(id="a2"), alert(id="a3")]
    assert subject_of(notice(group=group, alerts=alerts)) == f"[page] {place}: latency in Hindi and 2 more"


def test_a_text_shows_the_evidence_and_nothing_empty():
    plain = alert(escalation="", evidence={"windows": list(range(99)), "p": 1.23456789e-7, "n": 12}, ended=at(60))
    lines = text_of(notice(alerts=[plain])).splitlines()
    assert "    p        1.235e-07" in lines
    assert "    n        12" in lines
    assert next(line for line in lines if "windows" in line).endswith("…")
    assert "  ended       2026-11-23 05:01:00 UTC" in lines
    assert not any(line.startswith("  otherwise") for line in lines)


def test_every_language_that_is_told_apart_has_a_name():
    assert [code for code in LangidDetector().languages if language_name(code) == code] == []
    assert all(name == name.strip() for name in NAMES.values())
