from __future__ import annotations

import pytest
from tests.monitoring.alerts.world import alert, at, silence

from dragoman.monitoring.alerts import fits, silence_of


@pytest.mark.parametrize(
    ("filters", "is_silenced"),
    [
        ({}, True),
        ({"model": "support", "version": "7", "language": "hi", "kind": "slo", "severity": "ticket"}, True),
        ({"model": "search"}, False),
        ({"version": "8"}, False),
        ({"language": "th"}, False),
        ({"kind": "drift"}, False),
        ({"severity": "page"}, False),
    ],
)
def test_a_silence_is_about_what_its_fields_say(filters, is_silenced):
    assert fits(silence(**filters), alert()) == is_silenced


def test_an_alert_of_all_languages_is_not_in_a_silence_of_one():
    assert not fits(silence(language="hi"), alert(language=""))


@pytest.mark.parametrize(("seconds", "id"), [(-61, ""), (-60, "s1"), (3599, "s1"), (3600, "")])
def test_a_silence_holds_from_its_start_until_before_its_end(seconds, id):
    assert silence_of(alert(), [silence()], at(seconds)) == id


def test_of_several_silences_the_longest_one_is_named():
    silences = [silence(id="short", ends=at(10)), silence(id="long", ends="2027-01-01T00:00:00Z"), silence(id="old")]
    assert silence_of(alert(), silences, at()) == "long"
