from __future__ import annotations

import base64
import json
from typing import Any

import msgspec
import pytest
from tests.registry.records import bundle, dataset, release, run, value_report, version
from tests.registry.test_gaps import NUMBERS

from dragoman.records import ColumnWeight, Finding, Signature
from dragoman.registry.living_card import History, living_card, read_history
from dragoman.spec import GatesSpec
from dragoman.store.memory import MemoryCatalog


def history(**changes: Any) -> History:
    return History(version(2), run(), dataset(), [], [])._replace(**changes)


def card(**changes: Any) -> str:
    return living_card(bundle(), history(**changes))


def promotion(**predicate: str) -> Signature:
    payload = base64.b64encode(json.dumps({"predicate": predicate}).encode()).decode()
    content = json.dumps({"dsseEnvelope": {"payload": payload}})
    return Signature(bundle="b", kind="promotion", key="k" * 64, created="2026-02-03", content=content)


@pytest.mark.parametrize(
    "fact",
    [
        "# small, version 2\n",
        "- Version: models:/small/2, registered 2026-01-01, bundle 2222222222222222\n",
        "- Aliases: champion, stable\n",
        "## Known gaps\n",
        "| accuracy | 0.000 | 0.900 (0.850 to 0.950) | no floor |",
        "## Evaluation on the test split",
        "## Parity of the served graph with the trained model",
        "small, version 0, made 2026-01-01: 100 rows (40 test, 60 train).",
        "| en | 60 |\n| ru | 40 |",
        "| a.jsonl | eeeeeeeeeeeeeeee |",
        "None are recorded.",
        "It has taken part in none.",
    ],
)
def test_the_card_tells(fact: str) -> None:
    assert fact in card(version=version(2, aliases=["champion", "stable"]))


def test_a_retired_version_says_so() -> None:
    assert "- Retired since 2026-03-01" in card(version=version(2, retired="2026-03-01"))


def test_promotions_say_who_and_why() -> None:
    found = card(signatures=[promotion(actor="ana", reason="better\nin | Thai")])

    assert f"| 2026-02-03 | promotion | {'k' * 16} | ana | better in \\| Thai |" in found


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"dsseEnvelope": {"payload": "%"}}', '{"dsseEnvelope": 3}'])
def test_a_statement_that_cannot_be_read_is_listed_without_a_reason(content: str) -> None:
    one = Signature(bundle="b", kind="bundle", key="k" * 64, created="2026-02-03", content=content)

    assert f"| 2026-02-03 | bundle | {'k' * 16} |  |  |" in card(signatures=[one])


@pytest.mark.parametrize(
    "fact",
    [
        "### rel-1: challenger of version 1, promoted\n",
        "- From 2026-02-01 to 2026-02-03, begun by ana\n",
        "- Reason: better data\n",
        "- Approved by ben\n",
        "- Requests of users that it answered: 100\n",
        "- Gates before traffic: 1 of 2 passed\n",
        "  - not enough evidence: forgetting in ru: 9 texts\n",
        "| language | errors | latency |",
        "| en | pass, 70 |  |",
        "| ru | fail, 30 | pass, 30 |",
    ],
)
def test_a_release_is_told_with_its_evidence(fact: str) -> None:
    findings = [
        Finding(
            metric=metric, language=language, scope="language", n=n, effect=0, low=-1, high=1, limit=0.01, e_value=1,
            e_safe=1, verdict=verdict,
        )
        for metric, language, n, verdict in (
            ("errors", "en", 70, "pass"), ("errors", "ru", 30, "fail"), ("latency", "ru", 30, "pass"),
        )
    ]  # fmt: skip
    assert fact in card(releases=[release(approved="ben", findings=findings)])


def test_of_the_former_champion_only_the_outcome_is_told() -> None:
    found = card(version=version(1), releases=[release(status="rolled_back", finished="")])

    assert "### rel-1: champion before 2, rolled back\n\n- From 2026-02-01 to now" in found
    assert "Gates before traffic" not in found


def test_the_history_is_read_from_the_catalog() -> None:
    catalog = MemoryCatalog()
    catalog.add_dataset_version(dataset())
    catalog.save_run(run())
    for name in ("b1", "b2", "b3"):
        catalog.add_version(model="small", bundle=name, run="run-1", owner="o", created="2026-01-01")
    catalog.save_release(release(), expected=None, action="release.started")
    catalog.add_signature(promotion(actor="ana"))

    found = read_history(catalog, catalog.version("small", 2))

    assert (found.run.id, found.dataset) == ("run-1", dataset())
    assert [one.id for one in found.releases] == ["rel-1"]
    assert read_history(catalog, catalog.version("small", 3)).releases == []


def test_without_the_dataset_its_part_is_left_out() -> None:
    assert "## Data" not in card(dataset=None)


@pytest.mark.parametrize(
    "fact",
    [
        "- Task: tabular-regression, of the column y",
        "- Columns: x",
        "| skill | 0.350 | 0.400 | passed |",
        "| coverage | 0.950 | 0.900 (0.880 to 0.920) | not passed |",
        "Mean absolute error 12.5 (11.5 to 13.5) over 200 rows, in the unit of y; 20 for the naive answer",
        "made to hold 90% of the true values, hold 90.0% (88.0% to 92.0%); their mean width is 60",
        "| pt | 50 | 25 | 20 | 0.900 |",
        "| age | 0.750 |",
    ],
)
def test_the_card_of_a_model_of_numbers_tells(fact: str) -> None:
    spec = msgspec.structs.replace(NUMBERS, gates=GatesSpec(skill=0.35, coverage=0.95))
    weights = [ColumnWeight(name="age", weight=0.75), ColumnWeight(name="plan", weight=0.25)]
    of_numbers = bundle(spec=spec, text=None, evaluation=value_report(columns=weights))

    assert fact in living_card(of_numbers, history())


def test_only_the_columns_that_count_most_are_listed_one_by_one() -> None:
    weights = [ColumnWeight(name=f"c{number}", weight=0.04) for number in range(25)]
    of_numbers = bundle(spec=NUMBERS, text=None, evaluation=value_report(columns=weights))

    text = living_card(of_numbers, history())
    assert "| c19 | 0.040 |" in text
    assert "| c20 |" not in text
    assert "| 5 more | 0.200 |" in text
