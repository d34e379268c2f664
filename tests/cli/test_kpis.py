from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.cli.running import Verb
from tests.feedback.kpi.world import asked
from tests.feedback.world import NOW, write_answers
from tests.watched import WATCHING, watched

from dragoman.api.fakes import fake_release
from dragoman.app.kpis import Kpis
from dragoman.app.pseudonyms import KEY_FILE, pseudonym_key
from dragoman.app.workspace import Workspace
from dragoman.cli import cli
from dragoman.errors import InvalidData, InvalidInput, NotFound
from dragoman.feedback.kpi.given import GivenEvent
from dragoman.records import By, PredictionRow, Release
from dragoman.text.redaction import Redactor

KPIS = '\n[[kpis]]\nname = "resolved"\n\n[[kpis]]\nname = "spent"\nkind = "sum"\nmost = 50\n'
LABELS, MONITOR, RELEASE = Verb("labels"), Verb("monitor"), Verb("release")
TODAY = datetime.now(UTC)


def spoken(place: Workspace, row: PredictionRow, name: str) -> PredictionRow:
    """A row of somebody with a name, as long ago from today as it was from `NOW`."""
    subject = Redactor(pseudonym_key(place.state / KEY_FILE)).pseudonym(name, kind="SUBJECT")
    time = datetime.fromisoformat(row.time) + (TODAY - NOW)
    return type(row)(**{name: getattr(row, name) for name in row.__struct_fields__} | {
        "subject": subject, "time": time.isoformat()
    })  # fmt: skip


def ago(days: float) -> str:
    return (TODAY - timedelta(days=days)).isoformat()


def lines(*rows: dict[str, Any]) -> str:
    return "".join(f"{json.dumps(row)}\n" for row in rows)


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    """A release of 40 subjects, every other one of which met the challenger 20 days ago."""
    place = watched(tmp_path, watching=WATCHING + KPIS)
    rows = [asked(n, days=20 - n / 100, treated=n % 2 == 1, language="ru" if n % 3 else "en") for n in range(40)]
    write_answers(place.tables, [spoken(place, row, f"user-{n}") for n, row in enumerate(rows)])
    release = fake_release(id="r", champion=1, challenger=2, languages=["en", "ru"], started=ago(21), stepped=ago(21))
    place.catalog.save_release(release, expected=None, action="release.started", by=By(actor="ada"))
    return place


EVENTS = [
    *({"subject": f"user-{n}", "name": "resolved", "time": ago(19)} for n in range(1, 40, 2)),
    {"subject": "user-0", "name": "spent", "value": 30, "time": ago(15), "id": "o-1"},
    {"subject": "nobody", "name": "resolved", "time": ago(0)},
    {"subject": "nobody", "name": "spent", "time": ago(0)},
]


def test_events_are_kept_once_however_often_they_are_told(place):
    first = LABELS.told(place, "events", "support", "-", input=lines(*EVENTS))
    assert (first["given"], first["kept"], first["repeated"]) == (23, 23, 0)
    again = LABELS.told(place, "events", "support", "-", input=lines(*EVENTS))
    assert (again["kept"], again["repeated"]) == (0, 23)
    assert len(place.tables.read("kpi-events")) == 23


def test_no_file_of_the_workspace_says_who_it_was(place):
    LABELS.output(place, "events", "support", "-", input=lines(*EVENTS))
    found = [path for path in place.state.rglob("*") if path.is_file() and b"user-1" in path.read_bytes()]
    assert found == []
    assert not {"user-1", "o-1"} & {
        text for row in place.tables.read("kpi-events").to_pylist() for text in map(str, row.values())
    }


def test_csv_is_known_by_its_shape(place, tmp_path):
    (tmp_path / "events.csv").write_text(f"\ufeffsubject,name,value,time\nuser-0,spent,30,{ago(15)}\n")
    assert "1 of 1 events are new" in LABELS.output(place, "events", "support", tmp_path / "events.csv")


def test_a_file_with_something_wrong_is_refused_as_a_whole_unless_it_is_skipped(place, tmp_path):
    bad = lines(EVENTS[0], {"subject": "a", "name": "resolve"}, {"subject": "a", "name": "spent", "time": ago(-1)}, {})
    refused = LABELS.error(place, "events", "support", "-", input=bad)
    assert isinstance(refused, InvalidData)
    assert all(words in refused.message for words in ("3 of 4", "line 2", "line 3", "yet to come", "line 4"))
    assert place.tables.latest("kpi-events") is None
    kept = LABELS.told(place, "events", "support", "-", "--skip-bad", input=bad)
    assert (kept["kept"], len(kept["left_out"])) == (1, 3)


def test_a_file_that_is_not_there_is_refused(place):
    assert isinstance(LABELS.error(place, "events", "support", "none.jsonl"), NotFound)


def test_numbers_are_shown_by_version_and_language(place):
    LABELS.output(place, "events", "support", "-", input=lines(*EVENTS))
    rows = {(row["kpi"], row["version"], row["language"]): row for row in MONITOR.told(place, "kpi", "support")["rows"]}
    assert rows["resolved", "1", "all"]["value"]["value"] == 0.0
    assert rows["resolved", "2", "all"]["value"]["value"] == 1.0
    assert rows["spent", "1", "all"]["value"]["value"] == pytest.approx(30 / 20)
    shown = MONITOR.output(place, "kpi", "support", "--language", "ru")
    assert {line.split()[2] for line in shown.splitlines() if line.startswith(("resolved", "spent"))} == {"ru"}


def test_fewer_days_show_fewer_subjects(place):
    assert "No subject has been answered" in MONITOR.output(place, "kpi", "support", "--days", "2")


def test_days_that_are_none_are_refused(place):
    assert isinstance(MONITOR.error(place, "kpi", "support", "--days", "nan"), InvalidInput)


def test_a_release_is_shown_by_its_id_its_model_or_alone(place):
    LABELS.output(place, "events", "support", "-", input=lines(*EVENTS))
    by_id, by_model = RELEASE.told(place, "lift", "r"), RELEASE.told(place, "lift", "support")
    assert by_id["rows"] == by_model["rows"] == RELEASE.told(place, "lift")[0]["rows"]
    resolved = by_id["rows"][0]
    assert (resolved["lift"]["value"], resolved["lift"]["n"], resolved["lift"]["low"] > 0) == (1.0, 40, True)
    assert resolved["verdict"] == "better"
    assert "better" in RELEASE.output(place, "lift")


def test_a_release_that_is_over_waits_for_nobody_who_came_after_it(place):
    LABELS.output(place, "events", "support", "-", input=lines(*EVENTS))
    release = place.catalog.release("r")
    over = Release(**{name: getattr(release, name) for name in release.__struct_fields__} | {"finished": ago(19)})
    found = Kpis(place).lift(over)
    assert found.until == (datetime.fromisoformat(ago(19)) + timedelta(days=7)).isoformat(timespec="seconds")
    assert found.rows[0].champion.subjects == 20


def test_an_unknown_release_or_model_is_refused(place):
    assert isinstance(RELEASE.error(place, "lift", "nobody"), NotFound)
    assert isinstance(MONITOR.error(place, "kpi", "nobody"), NotFound)


def test_a_model_that_counts_nothing_is_refused(tmp_path):
    place = watched(tmp_path)
    assert isinstance(MONITOR.error(place, "kpi", "support"), InvalidInput)
    assert RELEASE.output(place, "lift") == "No model with KPIs has had a release.\n"


def test_an_event_that_requests_tell_again_counts_once(place):
    kpis, event = Kpis(place), GivenEvent("user-1", "spent", 3.0, datetime.fromisoformat(ago(18)), "o-9")
    newest = GivenEvent("nobody", "spent")
    for _ in range(2):
        kpis.keep("support", [event, event, newest], by=By(actor="ada"))
    spent = next(row for row in kpis.values("support", days=30).rows if (row.kpi, row.version) == ("spent", "2"))
    assert spent.value.value == pytest.approx(3.0 / 20)


def test_an_event_of_a_request_that_is_wrong_is_refused_with_its_place(place):
    with pytest.raises(InvalidInput, match="Event 1 has the name 'spend'"):
        Kpis(place).keep("support", [GivenEvent("a", "spent"), GivenEvent("a", "spend")], by=By(actor="ada"))


def test_help_names_the_verbs():
    for verb, name in (("labels", "events"), ("monitor", "kpi"), ("release", "lift")):
        assert name in CliRunner().invoke(cli, [verb, "--help"]).output
