from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result
from tests.monitor_demo import TEXTS, demo

from dragoman.api.monitor_fakes import FakeMonitor, fake_alert, fake_drift, fake_model, fake_slo, fake_split
from dragoman.cli import cli, main
from dragoman.cli.monitor_output import PIPE_WIDTH, print_parts
from dragoman.cli.monitor_screen import screen
from dragoman.errors import InvalidRequest, NotFound, Unavailable
from dragoman.records import MonitorView

PAGE = "01K6Z3V8W4Q2N7M5R9T1X0C6BD"


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> FakeMonitor:
    return use(monkeypatch, demo())


def use(monkeypatch: pytest.MonkeyPatch, desk: FakeMonitor) -> FakeMonitor:
    for module in ("monitor", "monitor_silence"):
        monkeypatch.setattr(f"dragoman.cli.{module}.open_desk", lambda path: desk)
    return desk


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["monitor", *arguments])


def lines(*arguments: str) -> list[str]:
    done = run(*arguments)
    assert done.exit_code == 0, done.output
    return done.output.splitlines()


def languages(shown: list[str]) -> list[str]:
    """The languages of the table, in its order."""
    return [words[-1] for line in shown if (words := line[:5].split()) and words[-1] in TEXTS]


def line_of(shown: list[str], name: str) -> str:
    return next(line for line in shown if line[:6].split()[-1:] == [name])


# Overview -----------------------------------------------------------------------------------------------------------


def test_the_worst_languages_stand_first(desk: FakeMonitor) -> None:
    shown = languages(lines("support"))
    assert (shown[:4], len(shown)) == (["th", "ar", "fr", "en"], len(TEXTS))


def test_what_fires_stands_above_all_the_pages_first(desk: FakeMonitor) -> None:
    shown = lines("support")
    assert [line.split()[0] for line in shown[3:6]] == ["PAGE", "TICKET", "silenced"]
    assert ["slo latency" in shown[3], "since 10:52" in shown[3]] == [True, True]


def test_a_language_s_line_says_what_is_wrong(desk: FakeMonitor) -> None:
    shown = lines("support")
    assert line_of(shown, "ar").startswith(" ! ar 62.3k")
    assert "script 94% +8" in line_of(shown, "ar")
    assert line_of(shown, "th").startswith("!! th") and line_of(shown, "th").endswith("-42% latency")
    assert "91% 62-98" in line_of(shown, "th")


def test_where_there_is_too_little_it_is_said(desk: FakeMonitor) -> None:
    assert line_of(lines("support"), "bn").endswith("no labels not enough evidence too few events")
    assert "none ········" in line_of(lines("support"), "sw")


def test_the_screen_fits_in_100_columns(desk: FakeMonitor) -> None:
    shown = lines("support")
    table = shown[shown.index(next(line for line in shown if "budget left" in line and "texts" in line)) :]
    assert max(map(len, [*table, *shown[7:10]])) <= 100


def test_many_models_show_only_what_needs_attention(desk: FakeMonitor) -> None:
    shown = lines()
    assert languages(shown) == ["th", "ar", "fr"]
    assert [line.split()[0] for line in shown if line.endswith(("5.0%", "100%"))] == ["support", "intents"]
    assert "   and 4 quiet rows: dragoman monitor intents --all" in shown


def test_all_lists_every_language(desk: FakeMonitor) -> None:
    assert languages(lines("--all")).count("sw") == 1
    assert not any("quiet row" in line for line in lines("--all"))


def test_one_language_shows_its_own_objectives_and_alerts(desk: FakeMonitor) -> None:
    shown = lines("support", "--language", "ar")
    assert [line for line in shown if line.startswith("PAGE")] == []
    assert any(line.startswith("traffic   62.3k texts") for line in shown)
    assert any(line.startswith("quality") and "18%" in line for line in shown)
    assert languages(shown) == ["ar", "ar"]


def test_a_version_is_shown_alone(desk: FakeMonitor) -> None:
    shown = lines("support", "--version", "8")
    assert line_of(shown, "v8").startswith("   v8 58.0k")
    assert not any(line.startswith("   v7") for line in shown)


def test_json_is_the_view(desk: FakeMonitor) -> None:
    done = run("support", "--language", "th", "--hours", "48", "--json")
    view = msgspec.json.decode(done.output.encode(), type=MonitorView)
    assert view == desk.overview(model="support", language="th", hours=48)


@pytest.mark.parametrize(
    ("alert", "code"),
    [
        (fake_alert(severity="page"), 1),
        (fake_alert(severity="page", silence="s-1"), 0),
        (fake_alert(severity="ticket"), 0),
        (None, 0),
    ],
)
def test_check_says_whether_a_page_fires(monkeypatch: Any, alert: Any, code: int) -> None:
    use(monkeypatch, FakeMonitor([fake_model(alerts=[alert] if alert else [])]))
    assert [run("--check").exit_code, run("--check", "--json").exit_code, run().exit_code] == [code, code, 0]


def test_check_ends_the_process_with_1(monkeypatch: Any) -> None:
    use(monkeypatch, FakeMonitor(alerts=[fake_alert(model="", kind="log", severity="page")]))
    with pytest.raises(SystemExit) as ended:
        main(["monitor", "--check"])
    assert ended.value.code == 1


def test_a_workspace_without_traffic_says_so(monkeypatch: Any) -> None:
    quiet = fake_model(languages=["de"], requests=0, texts=0, versions=[])
    use(monkeypatch, FakeMonitor([quiet]))
    assert "No requests in 24h." in lines()
    use(monkeypatch, FakeMonitor())
    assert lines()[-1] == "There is no model yet: `dragoman train` makes the first version."


def test_that_nobody_judges_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    view = MonitorView(start="2026-07-01T12:00:00Z", end="2026-07-02T12:00:00Z", hours=24)
    print_parts(screen(view))
    assert "no server of the workspace has done it" in capsys.readouterr().out


def test_watch_draws_until_ctrl_c(monkeypatch: Any, desk: FakeMonitor) -> None:
    looks = []

    def overview(**asked: Any) -> MonitorView:
        looks.append(asked)
        if len(looks) == 2:
            raise Unavailable("The catalog is busy.")
        return demo().overview(**asked)

    def sleep(seconds: float) -> None:
        if len(looks) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(desk, "overview", overview)
    monkeypatch.setattr("dragoman.cli.monitor_output.time.sleep", sleep)
    done = run("support", "--watch")
    assert (done.exit_code, len(looks), done.output.count("v7 champion 95%")) == (0, 3, 2)
    assert "The catalog is busy." in done.output


# Lists --------------------------------------------------------------------------------------------------------------


def test_drift_lists_what_drifted_with_evidence(desk: FakeMonitor) -> None:
    shown = lines("drift", "support")
    assert [line.split()[:2] for line in shown[1:5]] == [
        ["ar", "script"], ["ar", "fertility"], ["ar", "embedding"], ["fr", "label"],
    ]  # fmt: skip
    assert ["p < 1e-12" in shown[1], "Arab: 99%" in shown[1], "p 4e-07" in shown[4]] == [True] * 3
    assert shown[-1].startswith("45 signals are steady, of 4 there is not enough evidence")


def test_one_signal_is_listed_in_every_language(desk: FakeMonitor) -> None:
    shown = lines("drift", "support", "--signal", "tokens")
    assert len(shown) == 1 + len(TEXTS)
    assert shown[1].startswith("bn") and shown[1].endswith("not enough evidence")


def test_a_change_is_split(desk: FakeMonitor) -> None:
    shown = lines("split", "support", "--metric", "score")
    assert shown[0].startswith("score of support: 0.921 to 0.9033 (-0.018)")
    assert [line.split()[0] for line in shown[1:3]] == ["-0.0004", "-0.017"]
    assert [line.split()[0] for line in shown[5:]] == ["ar", "en"]


def test_a_change_from_nothing_is_not_split(monkeypatch: Any) -> None:
    use(monkeypatch, FakeMonitor([fake_model()], splits=[fake_split(before=None)]))
    assert lines("split", "support", "--metric", "score") == [
        "score of support: not enough evidence; no texts before the last 24h."
    ]


def test_objectives_are_listed_the_emptiest_budget_first(desk: FakeMonitor) -> None:
    shown = lines("slo")
    assert [line.split()[:2] for line in (shown[1], shown[4])] == [["latency", "0.5"], ["quality", "all"]]
    assert shown[1].endswith("page: 5m and 1h at 14.4")
    assert shown[-1].startswith("66 more of single languages")
    assert len(lines("slo", "--all")) == 1 + 3 + 3 * 22 + 2


def test_an_objective_with_too_few_events_says_so(monkeypatch: Any) -> None:
    unsure = fake_slo(good=49, bad=1, total=50, budget=-19.0, verdict="not enough evidence")
    use(monkeypatch, FakeMonitor([fake_model(slos=[unsure])]))
    assert "not enough evidence" in lines("slo")[1]
    assert "-1900%" not in run("slo").output + run().output
    use(monkeypatch, FakeMonitor([fake_model()]))
    assert lines("slo") == ["There is no objective; `[slo]` in a spec sets them."]


def test_alerts_that_fire_are_listed_and_all_on_request(monkeypatch: Any) -> None:
    over = [fake_alert(id=id, status="resolved", ended=ended) for id, ended in (("new", "2999-"), ("old", "2000-"))]
    use(monkeypatch, FakeMonitor([fake_model()], alerts=[fake_alert(), *over]))
    assert [line.split()[0] for line in lines("alerts")] == ["alert", "a-1"]
    assert [one["id"] for one in json.loads(run("alerts", "--all", "--json").output)] == ["a-1", "new"]


def test_an_alert_is_shown_with_evidence_owner_and_runbook(desk: FakeMonitor) -> None:
    shown = "\n".join(lines("alerts", PAGE))
    assert ["16.2" in shown, "team@example.com" in shown, "runbooks/slo.md" in shown] == [True] * 3
    assert json.loads(run("alerts", PAGE, "--json").output)["evidence"]["bad"] == 71


def test_words_in_brackets_are_shown_as_they_are(monkeypatch: Any) -> None:
    odd = fake_drift(before="[/red] :smile:", after="[bold]")
    use(monkeypatch, FakeMonitor([fake_model()], signals=[odd]))
    assert "[/red] :smile:" in lines("drift", "support")[1]


# Silences -----------------------------------------------------------------------------------------------------------


def test_a_silence_is_kept_with_who_and_why(desk: FakeMonitor) -> None:
    shown = lines(
        "silence", "add", "support", "--language", "ar", "--kind", "drift", "--hours", "2", "--reason", "move"
    )
    (kept, by), *_ = desk.changes
    assert (kept.model, kept.language, kept.kind, kept.reason, by.reason) == ("support", "ar", "drift", "move", "move")
    assert shown[0].endswith("drift alerts of support in ar.")
    assert kept.id in shown[1]


def test_silences_are_listed_and_ended(desk: FakeMonitor) -> None:
    assert lines("silence", "list")[1].startswith("s-1      all alerts of support")
    assert lines("silence", "end", "s-1", "--reason", "done")[0].startswith("Told again since")
    assert lines("silence", "list") == ["Nothing is silenced."]
    assert [one["id"] for one in json.loads(run("silence", "list", "--all", "--json").output)] == ["s-1"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--hours", "2"], "Missing option '--reason'"),
        (["--reason", "x"], "The silence has no end."),
        (["--reason", " ", "--hours", "1"], "A silence needs a reason."),
        (["--reason", "x", "--hours", "1", "--until", "2200-01-01T00:00Z"], "The silence has two ends."),
        (["--reason", "x", "--until", "2020-01-01T00:00Z"], "is in the past."),
        (["--reason", "x", "--until", "2200-01-01T00:00Z"], "longer than 90 days."),
        (["--reason", "x", "--hours", "0"], "0.0 is not in the range"),
        (["--reason", "x", "--from", "2020-01-01T00:00Z", "--hours", "1"], "The silence begins in the past"),
        (["--reason", "x", "--from", "2200-01-01T00:00Z", "--hours", "1"], "The silence begins too late"),
        (["--reason", "x", "--until", "tomorrow"], "'tomorrow' is no time."),
        (["--reason", "x", "--until", "2200-01-01T00:00"], "has no time zone."),
        (["--reason", "x", "--hours", "1", "--version", "7"], "A silence of a version needs its model."),
        (["--reason", "x", "--hours", "1", "--kind", "drfit"], "'drfit' is not one of"),
    ],
)
def test_a_silence_that_cannot_be_is_refused(desk: FakeMonitor, arguments: list[str], message: str) -> None:
    done = run("silence", "add", *arguments)
    assert done.exit_code != 0
    assert message in f"{done.output} {done.exception}"
    assert desk.changes == []


# What is wrong ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["suport"], NotFound),
        (["support", "--version", "9"], NotFound),
        (["support", "--language", "xx"], InvalidRequest),
        (["drift", "support", "--signal", "token"], InvalidRequest),
        (["split", "support", "--metric", "scor"], InvalidRequest),
        (["slo", "suport"], NotFound),
        (["alerts", "a-9"], NotFound),
        (["silence", "end", "s-9"], NotFound),
    ],
)
def test_unknown_names_are_refused_with_help(desk: FakeMonitor, arguments: list[str], error: type) -> None:
    done = run(*arguments)
    assert isinstance(done.exception, error)
    assert done.exception.help


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--version", "7"], "--version needs the model"),
        (["--watch", "--json"], "Give one of them."),
        (["--hours", "0"], "0 is not in the range"),
        (["drfit", "support"], "Did you mean 'drift'?"),
        (["support", "intents"], "No such command 'support'."),
        (["split", "support"], "Missing option '--metric'"),
    ],
)
def test_wrong_usage_is_said(desk: FakeMonitor, arguments: list[str], message: str) -> None:
    done = run(*arguments)
    assert (done.exit_code, message in done.output) == (2, True)


def test_a_pipe_gets_wide_lines_without_colours(desk: FakeMonitor) -> None:
    shown = lines("support")
    assert "\x1b" not in "".join(shown)
    assert max(map(len, shown)) <= PIPE_WIDTH
