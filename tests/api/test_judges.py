from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from tests.api.test_releases import OnlyFor
from tests.release.test_standing import finding, findings

from dragoman.api import kayenta
from dragoman.api.argo import ArgoAnswer
from dragoman.api.fakes import FakeDesk, fake_release
from dragoman.api.flagger import HOOKS
from dragoman.api.kayenta_messages import JudgeAnswer
from dragoman.errors import InvalidRequest
from dragoman.records import GateResult, Release

pytestmark = pytest.mark.anyio

PAGE = (Path(__file__).parents[2] / "docs" / "release-judges.md").read_text(encoding="utf-8")
HEALTHY = fake_release(findings=findings())
HARMFUL = fake_release(findings=findings(th_agreement="fail"))
UNSURE = fake_release(findings=findings(th_agreement="not enough evidence"))
ARGO, FLAGGER, KAYENTA = "/v1/judges/argo/support", "/v1/judges/flagger/support", "/v1/judges/kayenta/judge"


async def ask(connect: Any, path: str, body: Any = None, *, release: Release | None = HEALTHY, **options: Any) -> Any:
    """One request to a new app over a desk with a release: a GET, or a POST of a body."""
    options.setdefault("desk", FakeDesk([release] if release else []))
    async with connect(**options) as client:
        if body is None:
            return await client.get(path)
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await client.post(path, content=content, headers={"Content-Type": "application/json"})


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


# Argo Rollouts ------------------------------------------------------------------------------------------------------


def measured(metric: dict[str, Any], content: bytes) -> str:
    """The phase that Argo gives a measurement: one condition alone decides both ways, two leave a middle."""
    result = json.loads(content)
    for name in metric["provider"]["web"]["jsonPath"].strip("{}$").split(".")[1:]:
        result = result[name]
    holds = {
        name: eval(re.sub(r"result\.(\w+)", r"result['\1']", metric[name]), {"result": result})
        for name in ("successCondition", "failureCondition")
        if name in metric
    }
    failed = holds.get("failureCondition", not holds.get("successCondition"))
    succeeded = holds.get("successCondition", not failed)
    return "Failed" if failed else "Successful" if succeeded else "Inconclusive"


def filled(text: str) -> str:
    arguments = {"model": "support", "challenger": "8", "api-key": "dgm_1"}
    return re.sub(r"\{\{ args\.([\w-]+) \}\}", lambda match: arguments[match[1]], text)


@pytest.mark.parametrize(
    ("release", "phases"),
    [
        (HEALTHY, ["Successful", "Successful"]),
        (HARMFUL, ["Failed", "Failed"]),
        (UNSURE, ["Inconclusive", "Successful"]),
        (fake_release(), ["Inconclusive", "Successful"]),
    ],
)
async def test_the_template_of_the_page_measures_what_it_says(
    connect: Any, release: Release, phases: list[str]
) -> None:
    findings = [msgspec.structs.replace(one, e_value=1e6 if one.verdict == "fail" else 1.0) for one in release.findings]
    release = msgspec.structs.replace(release, findings=findings)
    template = yaml.safe_load(filled(blocks("yaml")[0]))
    found = []
    for metric in template["spec"]["metrics"]:
        web = metric["provider"]["web"]
        path = web["url"].removeprefix("http://dragoman:8080")
        response = await ask(connect, path, web.get("jsonBody"), release=release)
        assert response.status_code == 200, response.text
        found.append(measured(metric, response.content))
    assert (template["kind"], found) == ("AnalysisTemplate", phases)


async def test_the_answer_of_the_page_is_what_argo_is_told(connect: Any) -> None:
    shown = msgspec.json.decode(blocks("json")[0], type=ArgoAnswer)
    release = fake_release(id=shown.release, findings=findings(th_latency="not enough evidence"), exposed={"th": 1240})
    response = await ask(connect, f"{ARGO}?challenger=8", release=release)
    assert msgspec.json.decode(response.content, type=ArgoAnswer) == shown


async def test_argo_may_ask_about_one_language(connect: Any) -> None:
    for language, verdict in (("de", "pass"), ("th", "fail"), ("", "fail")):
        response = await ask(connect, f"{ARGO}?language={language}", release=HARMFUL)
        assert response.json()["verdict"] == verdict
    assert response.json()["failed"] == ["agreement in th"]


async def test_a_measurement_has_its_evidence_as_numbers(connect: Any) -> None:
    response = await ask(connect, ARGO, {"metric": "agreement", "language": "th"}, release=HARMFUL)
    measurement = response.json()["measurement"]
    assert (response.json()["verdict"], measurement["metric"], measurement["n"]) == ("fail", "agreement", 100)
    assert {type(measurement[name]) for name in ("effect", "low", "high", "limit", "e_value", "e_safe")} == {float}


async def test_a_metric_that_nothing_is_known_of_is_inconclusive(connect: Any) -> None:
    response = await ask(connect, f"{ARGO}?metric=quality", release=HEALTHY)
    measurement = response.json()["measurement"]
    assert (response.json()["verdict"], measurement["language"]) == ("inconclusive", "all")
    assert [measurement[name] for name in ("n", "effect", "low", "high", "e_value")] == [0, 0.0, -1.0, 1.0, 1.0]


async def test_a_release_that_was_rolled_back_fails_every_question(connect: Any) -> None:
    release = msgspec.structs.replace(HEALTHY, status="rolled_back")
    for query in ("", "?language=de", "?metric=errors&language=de"):
        assert (await ask(connect, ARGO + query, release=release)).json()["verdict"] == "fail"


async def test_the_release_of_another_version_does_not_answer(connect: Any) -> None:
    promoted = fake_release(id="r-0", challenger=7, status="promoted")
    response = await ask(connect, f"{ARGO}?challenger=8", release=promoted)
    assert response.status_code == 404
    assert response.json()["error"]["message"] == "Model 'support' has no release of version 8."


async def test_a_named_release_answers_even_if_another_runs(connect: Any) -> None:
    desk = FakeDesk([fake_release(status="promoted"), fake_release(id="r-2")])
    response = await ask(connect, f"{ARGO}?release=r-1", desk=desk)
    assert (response.json()["release"], response.json()["verdict"]) == ("r-1", "pass")


@pytest.mark.parametrize(
    ("query", "status", "message"),
    [
        ("?language=sw", 400, "Release r-1 is not judged in 'sw'."),
        ("?metric=agrement", 400, "There is no metric 'agrement'."),
        ("?metric=errors&language=sw", 400, "Release r-1 is not judged in 'sw'."),
        ("?challenger=eight", 400, "The parameter 'challenger' is wrong"),
        ("?lang=th", 400, "There is no parameter 'lang' here."),
        ("?release=r-9", 404, "There is no release 'r-9'."),
    ],
)
async def test_what_argo_asks_wrongly_is_said(connect: Any, query: str, status: int, message: str) -> None:
    response = await ask(connect, ARGO + query)
    assert response.status_code == status
    assert response.json()["error"]["message"].startswith(message)


@pytest.mark.parametrize("path", ["/v1/judges/argo/suport", "/v1/judges/flagger/suport"])
async def test_an_unknown_model_is_404(connect: Any, path: str) -> None:
    response = await ask(connect, path, hook("rollout") if "flagger" in path else None)
    assert (response.status_code, response.json()["error"]["message"]) == (404, "There is no model 'suport'.")


async def test_a_release_of_another_model_does_not_answer(connect: Any) -> None:
    desk = FakeDesk([fake_release(model="intents")], versions={"support": 9, "intents": 9})
    response = await ask(connect, f"{ARGO}?release=r-1", desk=desk)
    assert response.json()["error"]["message"] == "Model 'support' has no release 'r-1'."


# Flagger ------------------------------------------------------------------------------------------------------------


def hook(type_: str, **metadata: str) -> dict[str, Any]:
    """What Flagger 1.40 and later send: its own metadata beside those of the Canary."""
    return {
        "name": "support",
        "namespace": "prod",
        "phase": "Progressing",
        "checksum": "85d557f47b",
        "buildId": "1782907200",
        "type": type_,
        "failedChecks": 1,
        "canaryWeight": 20,
        "iterations": 0,
        "remainingTime": 540000000000,
        "metadata": {
            "timestamp": "1782907260000",
            "phase": "Progressing",
            "failedChecks": "1",
            "canaryWeight": "20",
            "iterations": "0",
            "lastBuildId": "1782907200",
            "lastAppliedSpec": "5978589476",
            "lastPromotedSpec": "7d9c5f8b6",
            **metadata,
        },
    }


@pytest.mark.parametrize(
    ("type_", "statuses"),  # for a release that passes, is unsure, fails
    [
        ("confirm-rollout", [200, 200, 409]),
        ("pre-rollout", [200, 200, 409]),
        ("rollout", [200, 200, 409]),
        ("confirm-traffic-increase", [200, 200, 409]),
        ("confirm-promotion", [200, 409, 409]),
        ("post-rollout", [200, 200, 200]),
        ("event", [200, 200, 200]),
        ("rollback", [409, 409, 200]),
    ],
)
async def test_each_type_of_hook_has_its_rule(connect: Any, type_: str, statuses: list[int]) -> None:
    answers = [await ask(connect, FLAGGER, hook(type_), release=one) for one in (HEALTHY, UNSURE, HARMFUL)]
    assert [one.status_code for one in answers] == statuses
    assert all("support/8" in one.text for one in answers)


def test_every_type_of_hook_is_on_the_page() -> None:
    assert [type_ for type_ in HOOKS if f"`{type_}`" not in PAGE] == []


async def test_a_refusal_says_why(connect: Any) -> None:
    response = await ask(connect, FLAGGER, hook("rollout"), release=HARMFUL)
    assert response.json()["error"] == {
        "type": "GateFailed",
        "message": "support/8 (canary, 5% of the traffic): fail: agreement in th.",
        "help": "the hook says yes unless it fails.",
    }


async def test_too_little_evidence_refuses_where_the_metadata_say_so(connect: Any) -> None:
    response = await ask(connect, FLAGGER, hook("rollout", unsure="stop"), release=UNSURE)
    assert response.status_code == 409
    assert (await ask(connect, FLAGGER, hook("rollout", unsure="stop"))).status_code == 200


async def test_a_rollout_is_confirmed_once_its_gates_have_passed(connect: Any) -> None:
    checking = fake_release(status="checking", step=-1, share=0.0)
    for type_, status in (("confirm-rollout", 409), ("pre-rollout", 200), ("confirm-promotion", 409)):
        assert (await ask(connect, FLAGGER, hook(type_), release=checking)).status_code == status


async def test_the_hooks_of_the_page_are_answered(connect: Any) -> None:
    canary = yaml.safe_load(blocks("yaml")[1])
    assert (canary["kind"], canary["apiVersion"]) == ("Canary", "flagger.app/v1beta1")
    for one in canary["spec"]["analysis"]["webhooks"]:
        body = {"name": "support", "namespace": "prod", "phase": "Progressing", "metadata": one["metadata"]}
        response = await ask(connect, one["url"].removeprefix("http://dragoman:8080"), body)
        assert response.status_code == (409 if one["type"] == "rollback" else 200)
        assert one["type"] == one["metadata"]["type"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (hook(""), "The hook does not say its type."),
        (hook("rolout"), "There is no type of hook 'rolout'."),
        (hook("rollout", unsure="perhaps"), "'metadata.unsure' is 'perhaps'."),
        (hook("rollout", challenger="eight"), "'metadata.challenger' is 'eight'."),
        (hook("rollout", language="sw"), "Release r-1 is not judged in 'sw'."),
        ({"name": "support"}, "The body has no 'namespace'."),
        (b"", "The body is empty."),
    ],
)
async def test_a_wrong_hook_is_refused(connect: Any, body: Any, message: str) -> None:
    response = await ask(connect, FLAGGER, body)
    assert (response.status_code, response.json()["error"]["message"]) == (400, message)


# Kayenta ------------------------------------------------------------------------------------------------------------


def analysis(
    configurations: dict[str, Any],
    *pairs: dict[str, Any],
    thresholds: tuple[float, float] = (95.0, 75.0),
    **canary: Any,
) -> dict[str, Any]:
    """What Kayenta sends to its remote judge; `canary` is how each metric is to be judged."""
    return {
        "canaryConfig": {
            "createdTimestamp": 1782907200000,
            "updatedTimestamp": 1782907200000,
            "createdTimestampIso": "2026-07-01T12:00:00Z",
            "updatedTimestampIso": "2026-07-01T12:00:00Z",
            "name": "support",
            "description": "",
            "configVersion": "1.0",
            "applications": ["support"],
            "judge": {"name": "RemoteJudge-v1.0", "judgeConfigurations": configurations},
            "metrics": [
                {
                    "name": pair["name"],
                    "query": {"type": "prometheus", "metricName": pair["name"], "serviceType": "prometheus"},
                    "groups": ["gateway"],
                    "analysisConfigurations": {"canary": {"direction": "increase", "nanStrategy": "remove"} | canary},
                    "scopeName": "default",
                }
                for pair in pairs
            ],
            "templates": {},
            "classifier": {"groupWeights": {"gateway": 100.0}, "scoreThresholds": None},
        },
        "scoreThresholds": {"pass": thresholds[0], "marginal": thresholds[1]},
        "metricSetPairList": list(pairs),
    }


def pair(name: str, control: list[Any], experiment: list[Any]) -> dict[str, Any]:
    scope = {"startTimeIso": "2026-07-01T12:00:00Z", "startTimeMillis": 1782907200000, "stepMillis": 60000}
    return {
        "name": name,
        "id": f"0197c1f0-{name}",
        "tags": {},
        "values": {"control": control, "experiment": experiment},
        "scopes": {"control": scope, "experiment": scope},
        "attributes": {"control": {"query": "latency_ms"}, "experiment": {"query": "latency_ms"}},
    }


def series(mean: float, *, seed: int, n: int = 60) -> list[float]:
    return [float(point) for point in np.random.default_rng(seed).normal(mean, 10, n)]


async def judged(connect: Any, body: dict[str, Any], **options: Any) -> JudgeAnswer:
    response = await ask(connect, KAYENTA, body, **options)
    assert response.status_code == 200, response.text
    return msgspec.json.decode(response.content, type=JudgeAnswer)


@pytest.mark.parametrize(
    ("release", "score", "word", "of_thai"),
    [(HEALTHY, 100.0, "Pass", "Pass"), (HARMFUL, 0.0, "Fail", "High"), (UNSURE, 85.0, "Marginal", "Nodata")],
)
async def test_kayenta_is_told_what_the_release_has_shown(
    connect: Any, release: Release, score: float, word: str, of_thai: str
) -> None:
    answer = await judged(connect, analysis({"model": "support", "challenger": 8}), release=release)
    assert (answer.score.score, answer.score.classification) == (score, word)
    thai = next(one for one in answer.results if one.tags == {"metric": "agreement", "language": "th"})
    assert (thai.classification, thai.groups, thai.result_metadata["n"]) == (of_thai, ["agreement"], 100)
    assert thai.control_metadata["stats"]["count"] == 100
    assert "support/8 (canary, 5% of the traffic)" in answer.score.classification_reason


async def test_the_answer_has_every_field_that_kayenta_reads(connect: Any) -> None:
    response = await ask(connect, KAYENTA, analysis({"model": "support"}))
    answer = response.json()
    assert set(answer) == {"judgeName", "results", "groupScores", "score"}
    assert set(answer["score"]) == {"score", "classification", "classificationReason"}
    assert set(answer["groupScores"][0]) == {"name", "score", "classification", "classificationReason"}
    assert set(answer["results"][0]) == {
        *("name", "id", "tags", "classification", "classificationReason", "groups", "critical", "muted"),
        *("experimentMetadata", "controlMetadata", "resultMetadata"),
    }


async def test_thresholds_without_room_between_them_make_too_little_evidence_a_failure(connect: Any) -> None:
    body = analysis({"model": "support"}, thresholds=(75.0, 75.0))
    answer = await judged(connect, body, release=UNSURE)
    assert (answer.score.score, answer.score.classification) == (0.0, "Fail")


async def test_a_group_is_as_good_as_its_worst_metric(connect: Any) -> None:
    answer = await judged(connect, analysis({"model": "support"}), release=HARMFUL)
    scores = {group.name: (group.score, group.classification_reason) for group in answer.group_scores}
    assert scores == {"errors": (100.0, "2 Pass"), "latency": (100.0, "2 Pass"), "agreement": (0.0, "1 Pass, 1 High")}


async def test_gates_before_traffic_are_among_the_results(connect: Any) -> None:
    release = fake_release(gates=[GateResult(gate="parity", verdict="fail", text="labels differ", limit=0.99)])
    answer = await judged(connect, analysis({"model": "support"}), release=release)
    assert [(one.name, one.classification, one.classification_reason) for one in answer.results] == [
        ("gate parity", "High", "labels differ")
    ]
    assert answer.score.classification == "Fail"


async def test_one_language_can_be_judged_alone(connect: Any) -> None:
    extra = [*findings(th_agreement="fail"), finding("errors", "all", scope="all")]
    release = fake_release(findings=extra)
    answer = await judged(connect, analysis({"model": "support", "language": "de"}), release=release)
    assert answer.score.classification == "Pass"
    assert {one.tags["language"] for one in answer.results} == {"de"}


BOUNDS = {"low": 0, "high": 200, "margin": 20}


@pytest.mark.parametrize(
    ("mean", "direction", "classification", "word"),
    [
        (100, "increase", "Pass", "Pass"),
        (150, "increase", "High", "Fail"),
        (50, "increase", "Pass", "Pass"),
        (50, "decrease", "Low", "Fail"),
        (50, "either", "Low", "Fail"),
        (150, "either", "High", "Fail"),
        (118, "increase", "Nodata", "Marginal"),
    ],
)
async def test_points_are_judged_in_the_direction_that_matters(
    connect: Any, mean: float, direction: str, classification: str, word: str
) -> None:
    points = pair("latency", series(100, seed=1), series(mean, seed=2))
    body = analysis({"metrics": {"latency": BOUNDS}}, points, direction=direction)
    answer = await judged(connect, body)
    (result,) = answer.results
    assert (result.name, result.id, result.groups) == ("latency", "0197c1f0-latency", ["gateway"])
    assert (result.classification, answer.score.classification) == (classification, word)
    assert result.experiment_metadata["stats"]["count"] == 60
    assert "60 pairs of points" in result.classification_reason


async def test_without_bounds_points_say_nothing(connect: Any) -> None:
    answer = await judged(connect, analysis({}, pair("latency", series(100, seed=1), series(500, seed=2))))
    (result,) = answer.results
    assert (result.classification, answer.score.classification) == ("Nodata", "Marginal")
    assert result.classification_reason.startswith("No bounds are known for 'latency'")


async def test_points_that_are_missing_are_left_out_or_zero_as_kayenta_is_told(connect: Any) -> None:
    gaps = pair("latency", series(100, seed=1), [150.0, "NaN", None] * 20)
    for strategy, n in (("remove", 20), ("replace", 60)):
        body = analysis({"metrics": {"latency": BOUNDS}}, gaps, nanStrategy=strategy)
        assert (await judged(connect, body)).results[0].result_metadata["n"] == n


async def test_muted_metrics_do_not_count_and_critical_ones_are_marked(connect: Any) -> None:
    bad = pair("latency", series(100, seed=1), series(150, seed=2))
    muted = await judged(connect, analysis({"metrics": {"latency": BOUNDS}}, bad, muted=True))
    assert (muted.results[0].classification, muted.results[0].muted) == ("High", True)
    assert muted.score.classification == "Marginal"
    critical = await judged(connect, analysis({"metrics": {"latency": BOUNDS}}, bad, critical=True))
    assert (critical.results[0].critical, critical.score.score) == (True, 0.0)


async def test_the_worse_of_release_and_points_counts(connect: Any) -> None:
    bad = pair("latency", series(100, seed=1), series(150, seed=2))
    body = analysis({"model": "support", "metrics": {"latency": BOUNDS}}, bad)
    answer = await judged(connect, body)
    assert (answer.score.classification, len(answer.results)) == ("Fail", 7)
    assert answer.score.classification_reason.endswith("Points of latency: fail.")


async def test_metrics_share_the_error_that_may_be_made(connect: Any) -> None:
    """One metric in forty whose points alone would speak against the canary just so."""
    just_so = pair("m0", [100.0] * 45, [200.0] * 45)
    known = {"m0": {"low": 0, "high": 200, "margin": 60}}
    alone = await judged(connect, analysis({"metrics": known}, just_so))
    assert alone.results[0].classification == "High"
    others = [pair(f"m{place}", [100.0] * 45, [100.0] * 45) for place in range(1, 40)]
    body = analysis({"metrics": {one["name"]: known["m0"] for one in [just_so, *others]}}, just_so, *others)
    assert (await judged(connect, body)).results[0].classification == "Nodata"


async def test_the_configurations_of_the_page_are_accepted(connect: Any) -> None:
    configs = [json.loads(block) for block in blocks("json")[1:]]
    assert [config["judge"]["name"] for config in configs] == ["RemoteJudge-v1.0"] * 2
    for config in configs:
        pairs = [pair(metric["name"], [0.05] * 30, [0.05] * 30) for metric in config["metrics"]]
        thresholds = {"pass": 95, "marginal": 75}
        body = {"canaryConfig": config, "scoreThresholds": thresholds, "metricSetPairList": pairs}
        assert (await judged(connect, body)).results
    config = yaml.safe_load(blocks("yaml")[2])["kayenta"]["remoteJudge"]
    assert config["endpoint"]["baseUrl"] + "judge" == f"http://dragoman:8080{KAYENTA}"


@pytest.mark.parametrize(
    ("configurations", "points", "status", "message"),
    [
        ({"modle": "support"}, [1.0], 400, "'canaryConfig.judge.judgeConfigurations' has an unknown field 'modle'."),
        ({"model": "suport"}, [1.0], 404, "There is no model 'suport'."),
        ({"metrics": {"latency": {"low": 5, "high": 1, "margin": 1}}}, [1.0], 400, "'judgeConfigurations.metrics' has"),
        (
            {"metrics": {"latency": {"low": 0, "high": 1}}},
            [1.0],
            400,
            "'canaryConfig.judge.judgeConfigurations.metrics",
        ),
        ({"metrics": {"latency": BOUNDS}}, ["many"], 400, "A point of 'latency' is 'many'."),
        ({"metrics": {"latency": BOUNDS}}, [1] * 200_001, 400, "There are more than 200,000 points."),
    ],
)
async def test_what_kayenta_is_told_wrongly_is_said(
    connect: Any, configurations: dict[str, Any], points: list[Any], status: int, message: str
) -> None:
    response = await ask(connect, KAYENTA, analysis(configurations, pair("latency", [1.0], points)))
    assert response.status_code == status
    assert response.json()["error"]["message"].startswith(message)


# All of them --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "body"), [(ARGO, None), (FLAGGER, hook("rollout")), (KAYENTA, analysis({"model": "support"}))]
)
async def test_a_server_without_a_workspace_and_a_key_of_another_model_are_refused(
    connect: Any, path: str, body: Any
) -> None:
    assert (await ask(connect, path, body, desk=None)).status_code == 501
    assert (await ask(connect, path, body, access=OnlyFor("intents"))).status_code == 403


POINTS = st.lists(st.one_of(st.floats(), st.sampled_from(["NaN", "Infinity", "-Infinity", "?"]), st.none()), max_size=8)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
KNOWN = st.one_of(
    st.just({"low": 0.0, "high": 1.0, "margin": 0.1}),
    st.fixed_dictionaries({"low": FLOATS, "high": FLOATS, "margin": FLOATS}),
)


@given(
    control=POINTS, experiment=POINTS, known=KNOWN, direction=st.sampled_from(["increase", "decrease", "either", "up"])
)
def test_whatever_points_there_are_each_metric_is_judged_or_refused(
    control: Any, experiment: Any, known: Any, direction: str
) -> None:
    body = analysis({"metrics": {"m": known}}, pair("m", control, experiment), direction=direction)
    try:
        answer = kayenta.answer(FakeDesk(), kayenta.REQUEST.read(msgspec.json.encode(body)))
    except InvalidRequest as error:
        assert error.help
        return
    assert [one.name for one in answer.results] == ["m"]
    assert b"null" not in msgspec.json.encode(answer)
