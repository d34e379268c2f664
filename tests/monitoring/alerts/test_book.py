from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.monitoring.alerts.world import World, at, hook, silence, symptom

from dragoman.errors import Conflict
from dragoman.monitoring.alerts.life import Look
from dragoman.monitoring.alerts.moments import seconds_between
from dragoman.records import By

PAGE = symptom(severity="page")


def test_a_symptom_becomes_an_alert_with_owner_and_runbook():
    world = World(escalation="+1 555 0100")
    (alert,) = world.look(symptom())
    assert (alert.status, alert.key, alert.revision) == ("firing", symptom().key, 1)
    assert (alert.owner, alert.escalation, alert.runbook) == (
        "team@example.com",
        "+1 555 0100",
        "docs/runbooks/slo.md",
    )
    assert (alert.started, alert.since, alert.evidence) == (at(), at(-600), {"p_value": 1e-9, "n": 812})
    assert world.firing == [alert]


def test_an_alert_is_told_when_its_group_has_waited():
    world = World()
    world.look(symptom())
    world.look(symptom(), after=29)
    assert world.messages == []
    world.look(symptom(), after=1)
    assert world.messages == [[("firing", "ticket", "hi")]]
    assert world.firing[0].told == {"hook": "ticket"}


def test_alerts_that_begin_together_are_told_together():
    world = World()
    world.look(symptom())
    world.look(symptom(), symptom(language="th"), after=20)
    world.look(symptom(), symptom(language="th"), symptom(language="sw", severity="page"), after=10)
    assert world.messages == [[("firing", "page", "sw"), ("firing", "ticket", "hi"), ("firing", "ticket", "th")]]


def test_alerts_of_other_models_and_versions_are_told_apart():
    world = World(group_seconds=0)
    world.look(symptom(), symptom(version="8"), symptom(model="search"))
    groups = [notice.group for notice in world.catalog.notices()]
    assert sorted(groups) == [["search", "7", ""], ["support", "7", ""], ["support", "8", ""]]


def test_new_evidence_is_kept_and_not_told():
    world = World(group_seconds=0)
    world.look(symptom())
    assert world.look(symptom(evidence={"n": 900}), after=30) == []
    (alert,) = world.look(symptom(evidence={"n": 1000}, summary="It goes on."), after=30)
    assert (alert.evidence, alert.summary, alert.updated) == ({"n": 1000}, "It goes on.", at(60))
    assert len(world.messages) == 1


def test_a_symptom_that_stays_the_same_changes_nothing():
    world = World(group_seconds=0)
    world.look(symptom())
    assert [world.look(symptom(), after=60) for _ in range(5)] == [[]] * 5


def test_several_looks_at_one_thing_are_one_alert_as_urgent_as_the_worst():
    world = World(group_seconds=0)
    world.look(symptom(), PAGE, symptom())
    assert world.messages == [[("firing", "page", "hi")]]


def test_a_ticket_that_becomes_a_page_is_told_again():
    world = World(group_seconds=10)
    world.look(symptom())
    world.look(symptom(), after=10)
    world.look(PAGE, after=60)
    world.look(PAGE, after=10)
    assert world.messages == [[("firing", "ticket", "hi")], [("firing", "page", "hi")]]


def test_a_page_stays_one_until_it_is_over():
    world = World(group_seconds=0)
    world.look(PAGE)
    world.look(symptom(), after=60)
    world.look(PAGE, after=60)
    assert world.messages == [[("firing", "page", "hi")]]


def test_an_alert_that_still_fires_is_told_again_after_some_hours():
    world = World(group_seconds=0, repeat_hours=2)
    for _ in range(5):
        world.look(symptom(), after=3600)
    assert world.messages == [[("firing", "ticket", "hi")]] * 3


def test_the_end_is_told_once_when_the_symptom_is_gone_for_a_while():
    world = World(group_seconds=0)
    world.look(symptom())
    world.look(after=10)
    world.look(after=299)
    assert len(world.firing) == 1
    (over,) = world.look(after=1)
    world.look(after=600)
    assert (over.status, over.ended) == ("resolved", at(310))
    assert world.messages == [[("firing", "ticket", "hi")], [("resolved", "ticket", "hi")]]


def test_a_symptom_that_comes_and_goes_is_one_alert():
    world = World(group_seconds=0)
    for _ in range(20):
        world.look(symptom(), after=100)
        world.look(after=100)
    assert len(world.catalog.alerts()) == len(world.messages) == 1


def test_what_ends_together_is_told_together():
    world = World()
    languages = [symptom(language=language) for language in ("hi", "th", "sw")]
    world.look(*languages)
    world.look(*languages, after=30)
    world.look(*languages[:2], after=10)
    world.look(languages[0], after=20)
    world.look(languages[0], after=280)
    assert world.messages[1:] == [[("resolved", "ticket", "sw"), ("resolved", "ticket", "th")]]
    assert [alert.language for alert in world.firing] == ["hi"]


def test_one_that_fires_again_after_its_end_is_a_new_alert():
    world = World(group_seconds=0)
    world.look(symptom())
    world.look(after=10)
    world.look(after=300)
    world.look(symptom(), after=10)
    assert len({alert.id for alert in world.catalog.alerts()}) == 2
    assert [statuses[0][0] for statuses in world.messages] == ["firing", "resolved", "firing"]


def test_a_blip_that_is_over_before_it_was_told_is_never_told():
    world = World()
    world.look(symptom())
    world.look(after=20)
    world.look(after=20)
    world.look(after=300)
    assert world.messages == []
    assert [alert.status for alert in world.catalog.alerts()] == ["resolved"]


def test_what_could_not_be_evaluated_stays_as_it_is():
    world = World(group_seconds=0)
    world.look(symptom())
    world.look(after=600, blind=[("support", "slo")])
    world.look(after=600, blind=[("support", "slo")])
    assert [alert.gone for alert in world.firing] == [""]
    world.look(after=1, blind=[("support", "drift")])
    assert [alert.gone for alert in world.firing] == [world.now]


def test_an_alert_in_a_silence_is_recorded_and_not_told():
    world = World(group_seconds=0)
    world.catalog.save_silence(silence(language="hi"), action="silence.created")
    world.look(symptom(), symptom(language="th"))
    assert world.messages == [[("firing", "ticket", "th")]]
    assert {alert.language: alert.silence for alert in world.firing} == {"hi": "s1", "th": ""}


def test_what_still_fires_when_the_silence_ends_is_told():
    world = World()
    world.catalog.save_silence(silence(ends=at(100)), action="silence.created")
    world.look(symptom())
    world.look(symptom(), after=99)
    world.look(symptom(), after=1)
    assert world.messages == [[("firing", "ticket", "hi")]]
    assert world.firing[0].silence == ""


def test_what_ended_within_the_silence_is_never_told():
    world = World(group_seconds=0)
    world.catalog.save_silence(silence(), action="silence.created")
    world.look(symptom())
    world.look(after=10)
    world.look(after=300)
    world.look(after=10_000)
    (over,) = world.catalog.alerts()
    assert (over.status, over.silence, world.messages) == ("resolved", "s1", [])


def test_who_was_told_before_the_silence_hears_of_the_end_within_it():
    world = World(group_seconds=0)
    world.look(symptom())
    world.catalog.save_silence(silence(), action="silence.created")
    world.look(symptom(), after=10)
    world.look(after=10)
    world.look(after=300)
    assert world.messages[1:] == [[("resolved", "ticket", "hi")]]


def test_nothing_gets_louder_within_a_silence():
    world = World(group_seconds=0, repeat_hours=1)
    world.look(symptom())
    world.catalog.save_silence(silence(ends=at(9000)), action="silence.created")
    world.look(PAGE, after=60)
    world.look(PAGE, after=4000)
    assert len(world.messages) == 1
    world.look(PAGE, after=5000)
    assert world.messages[1:] == [[("firing", "page", "hi")]]


def test_each_receiver_gets_what_it_wants():
    pages, thai = hook(name="pages", severities=["page"]), hook(name="thai", languages=["th"])
    world = World(pages, thai, group_seconds=0)
    world.look(symptom(), symptom(language="th"), symptom(language="", severity="page"))
    told = {n.receiver: [(a.severity, a.language) for a in n.alerts] for n in world.catalog.notices()}
    assert told == {"pages": [("page", "")], "thai": [("page", ""), ("ticket", "th")]}


def test_what_is_wrong_with_a_server_is_told_to_everybody():
    world = World(hook(name="one", models=["support"]), hook(name="all"), group_seconds=0)
    world.look(symptom(model="", version="", kind="memory", name="growth host-1", language=""))
    world.look(symptom(model="", version="", kind="memory", name="growth host-1", language=""), after=30)
    assert sorted(notice.receiver for notice in world.catalog.notices()) == ["all", "one"]


def test_the_end_is_told_to_whom_the_beginning_was_told():
    world = World(hook(name="tickets", severities=["ticket"]), hook(name="pages", severities=["page"]), group_seconds=0)
    world.look(symptom())
    world.look(PAGE, after=60)
    world.look(after=10)
    world.look(after=300)
    told = [(n.receiver, n.alerts[0].status, n.alerts[0].severity) for n in world.catalog.notices()]
    assert sorted(told) == [
        ("pages", "firing", "page"),
        ("pages", "resolved", "page"),
        ("tickets", "firing", "ticket"),
        ("tickets", "resolved", "page"),
    ]


def test_a_receiver_that_is_added_later_is_told_at_once():
    world = World(hook(models=["search"]), group_seconds=0)
    world.look(symptom())
    assert world.look(symptom(), after=30) == []
    world.book.receivers = [hook()]
    world.look(symptom(), after=30)
    assert world.messages == [[("firing", "ticket", "hi")]]


def test_of_two_looks_at_the_same_time_one_writes():
    world, other = World(group_seconds=0), World(group_seconds=0)
    other.catalog = other.book.catalog = world.catalog
    first = world.look(symptom())
    assert other.look(symptom(), after=0.001) == []
    assert world.firing == first
    assert len(world.messages) == 1


def test_who_comes_second_looks_again(monkeypatch):
    world = World(group_seconds=0)
    stale = [[], world.catalog.alerts(firing=True)]
    world.look(symptom())
    real = world.catalog.alerts
    monkeypatch.setattr(world.catalog, "alerts", lambda **options: stale.pop() if stale else real(**options))
    assert world.look(symptom(), after=1) == []
    assert stale == []
    assert len(world.messages) == 1


def test_who_always_comes_second_leaves_it_to_the_next_look(monkeypatch):
    world = World()

    def refuse(*arguments):
        raise Conflict("Somebody was first.")

    monkeypatch.setattr(world.catalog, "save_alerts", refuse)
    assert world.look(symptom()) == []


def test_a_deploy_keeps_alerts_of_its_model_back():
    world = World(group_seconds=0, deploy_minutes=10)
    world.deploy()
    deployed = world.catalog.audit_rows()[-1].time
    world.now = deployed
    world.look(symptom(), symptom(model="search"))
    assert world.messages == [[("firing", "ticket", "hi")]]
    (kept,) = world.catalog.silences()
    assert (kept.model, kept.cause, kept.actor) == ("support", "deploy", "ada")
    assert seconds_between(deployed, kept.ends) == 600
    world.look(symptom(), symptom(model="search"), after=600)
    assert [notice.group[0] for notice in world.catalog.notices()] == ["search", "support"]


def test_a_silence_that_a_person_ended_is_not_begun_again():
    world = World(deploy_minutes=10)
    world.deploy()
    world.now = world.catalog.audit_rows()[-1].time
    world.look()
    (kept,) = world.catalog.silences()
    ended = silence(id=kept.id, model="support", starts=kept.starts, ends=kept.starts, cause="deploy")
    world.catalog.save_silence(ended, action="silence.ended")
    again = World(deploy_minutes=10)
    again.catalog = again.book.catalog = world.catalog
    again.book._deploys.catalog = world.catalog
    again.now = world.now
    again.look(after=1)
    assert world.catalog.silences() == [ended]


@pytest.mark.parametrize(
    ("action", "detail", "is_deploy"),
    [
        ("release.started", {"status": "shadow", "step": 0}, False),
        ("release.started", {"status": "canary", "step": 0}, True),
        ("release.stepped", {"status": "canary", "step": 2}, True),
        ("release.promoted", {"status": "promoted", "step": 4}, True),
        ("release.rolled_back", {"status": "rolled_back", "step": 1}, True),
        ("release.rolled_back", {"status": "rolled_back", "step": -1}, False),
        ("release.waiting", {"status": "waiting", "step": 1}, False),
        ("alias.moved", {"to": 3}, False),
    ],
)
def test_what_counts_as_a_deploy(action, detail, is_deploy):
    world = World(deploy_minutes=10)
    subject = "models:/support@challenger" if action == "alias.moved" else "releases:/r1"
    detail = {"model": "support", "challenger": 8, **detail}
    row = world.catalog.audit(action, subject, detail=detail, by=By(actor="controller"))
    world.now = row.time
    world.look()
    assert bool(world.catalog.silences()) == is_deploy


def test_a_deploy_before_a_restart_is_found_behind_many_other_changes():
    world = World(deploy_minutes=10)
    world.deploy()
    for number in range(1200):
        world.catalog.audit("labels.added", f"labels:/{number}", detail={})
    world.now = world.catalog.audit_rows(limit=1)[0].time
    world.look(after=5)
    assert len(world.catalog.silences()) == 1


def test_a_model_whose_alerts_are_never_kept_back_has_no_deploy_silence():
    world = World(deploy_minutes=0)
    world.deploy()
    world.look()
    assert world.catalog.silences() == []


def test_a_look_knows_nothing_of_models_it_was_not_told_of():
    assert Look(at(), []).rules("unknown").group_seconds == 30.0


@given(
    steps=st.lists(
        st.tuples(st.sampled_from([5, 40, 200, 400]), st.sets(st.sampled_from("abc")), st.sets(st.sampled_from("abc"))),
        max_size=12,
    )
)
def test_every_beginning_and_end_is_told_once_and_in_turn(steps):
    world = World(group_seconds=20)
    for seconds, tickets, pages in steps:
        found = [symptom(language=one) for one in tickets] + [symptom(language=one, severity="page") for one in pages]
        world.look(*found, after=seconds)
    stories: dict[str, list[str]] = {}
    for notice in world.catalog.notices():
        for alert in notice.alerts:
            stories.setdefault(alert.id, []).append(f"{alert.severity} {alert.status}")
    allowed = ["ticket firing", "page firing"]
    for told in stories.values():
        beginnings = [one for one in told if one.endswith("firing")]
        assert beginnings in ([allowed[0]], [allowed[1]], allowed)
        assert told in (beginnings, [*beginnings, told[-1]])
    assert len({notice.id for notice in world.catalog.notices()}) == len(world.catalog.notices())
    over = [alert for alert in world.catalog.alerts() if alert.status == "resolved" and alert.told]
    assert all(stories[alert.id][-1].endswith("resolved") for alert in over)
