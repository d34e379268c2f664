from __future__ import annotations

import math
from datetime import timedelta

import pytest
from tests.feedback.world import NOW
from tests.watched import SPEC

from dragoman.feedback.kpi.given import GivenEvent, event_fault
from dragoman.spec import parse_spec

COUNTED = parse_spec(SPEC + '[[kpis]]\nname = "resolved"\n[[kpis]]\nname = "spent"\nkind = "sum"\nmost = 100\n')


def fault(event: GivenEvent, spec=COUNTED):
    found = event_fault(spec, event, now=NOW)
    return found and f"{found.text} {found.help}"


@pytest.mark.parametrize(
    "event",
    [
        GivenEvent("ada", "resolved"),
        GivenEvent("ada", "spent", 0.0),
        GivenEvent("ada", "spent", 1e9, NOW),
        GivenEvent("ada", "spent", time=NOW + timedelta(minutes=4)),
    ],
)
def test_right_events_are_taken(event):
    assert fault(event) is None


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (GivenEvent("ada", "resolve"), "resolved"),
        (GivenEvent("ada", "spent", -1.0), "not below 0"),
        (GivenEvent("ada", "spent", math.nan), "nan"),
        (GivenEvent("ada", "spent", math.inf), "inf"),
        (GivenEvent("ada", "spent", time=NOW + timedelta(minutes=6)), "yet to come"),
    ],
)
def test_wrong_events_are_refused_with_what_to_do(event, words):
    assert words in fault(event)


def test_a_model_that_counts_nothing_takes_no_event():
    assert "[[kpis]]" in fault(GivenEvent("ada", "resolved"), parse_spec(SPEC))
