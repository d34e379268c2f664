from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.errors import InvalidSpec, NotFound
from dragoman.spec import (
    ModelSpec,
    Section,
    SloSpec,
    convert_spec,
    field_rows,
    parse_spec,
    read_spec,
    spec_schema,
    spec_to_dict,
)

PLAIN = """
name = "support"
owner = "support-team@example.com"
languages = ["en", "pt-BR", "zh-Hant-TW", "sw"]

[data]
files = ["data/*.jsonl"]
labels = ["refund", "invoice"]
"""
ROWS = list(field_rows())
TABLES = {
    "alerts",
    "base",
    "budget",
    "data",
    "drift",
    "features",
    "feedback",
    "forecast",
    "gates",
    "kpis",
    "log",
    "release",
    "release.before",
    "release.margins",
    "retraining",
    "review",
    "serving",
    "slo",
    "slo.languages.LANGUAGE",
    "training",
    "trees",
}
EXAMPLE = Path(__file__).parents[1] / "examples/support/models/support.toml"


def refusal_of(text: str) -> InvalidSpec:
    with pytest.raises(InvalidSpec) as refusal:
        parse_spec(text, source="support.toml")
    assert refusal.value.message.startswith("support.toml")
    return refusal.value


def plain(**changes: Any) -> dict[str, Any]:
    """The smallest spec as data, with other values under dotted keys."""
    raw = json.loads(json.dumps(_minimal()))
    for key, value in changes.items():
        table, separator, name = key.partition("__")
        place = raw
        for part in table.split(".") if separator else ():
            place = place.setdefault(part, {})
        name = name if separator else key
        place[name] = value
    return raw


def _minimal() -> dict[str, Any]:
    return {
        "name": "support",
        "owner": "team@example.com",
        "languages": ["en"],
        "data": {"files": ["data/*.jsonl"], "labels": ["refund", "invoice"]},
    }


# Reading


def test_what_is_not_written_has_its_default() -> None:
    spec = parse_spec(PLAIN)

    assert (spec.name, spec.task, spec.base.checkpoint) == ("support", "text-classification", "scratch:mini")
    assert spec == convert_spec(spec_to_dict(spec))


def test_the_dataset_is_named_after_the_model_unless_it_has_a_name() -> None:
    assert parse_spec(PLAIN).dataset_name == "support"
    assert parse_spec(PLAIN + 'dataset = "tickets"').dataset_name == "tickets"


def test_a_spec_may_name_a_version_of_a_dataset_instead_of_files() -> None:
    spec = convert_spec(plain(data__files=[], data__dataset="tickets/3"))
    assert (spec.dataset_name, spec.dataset_number) == ("tickets", 3)
    assert parse_spec(PLAIN).dataset_number is None


def test_a_spec_is_read_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "support.toml").write_text(PLAIN, encoding="utf-8")

    assert read_spec(tmp_path / "support.toml") == parse_spec(PLAIN)


def test_a_missing_file_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as refusal:
        read_spec(tmp_path / "support.toml")

    assert str(tmp_path / "support.toml") in refusal.value.message
    assert "dragoman init" in refusal.value.help


def test_a_file_that_is_not_utf_8_is_refused_with_the_byte(tmp_path: Path) -> None:
    (tmp_path / "support.toml").write_bytes(b'name = "caf\xe9"')

    with pytest.raises(InvalidSpec, match=r"support\.toml is not UTF-8: byte 11"):
        read_spec(tmp_path / "support.toml")


def test_a_folder_is_no_spec(tmp_path: Path) -> None:
    with pytest.raises(InvalidSpec, match="cannot be read: Is a directory"):
        read_spec(tmp_path)


def test_a_list_is_no_spec() -> None:
    with pytest.raises(InvalidSpec, match="spec holds no table"):
        convert_spec([])


@pytest.mark.parametrize("text", ["name = ", "name support", 'name = "a"\nname = "b"', "\ufeff" + PLAIN])
def test_text_that_is_not_toml_is_refused_with_its_place(text: str) -> None:
    assert re.search(r"is not TOML: .* \(at (line \d+, column \d+|end of document)\)", refusal_of(text).message)


# KPIs


@pytest.mark.parametrize(
    ("kpis", "message"),
    [
        ([{"name": "solved"}, {"name": "solved", "kind": "sum"}], "spec: 'kpis' names 'solved' twice."),
        ([{"name": "solved", "most": 5}], "spec: 'kpis.most' of 'solved' is for sums, and its kind is 'share'."),
    ],
)
def test_kpis_that_say_two_things_are_refused(kpis: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(InvalidSpec) as refusal:
        convert_spec(plain(kpis=kpis))
    assert refusal.value.message == message


# Unknown keys


def misspelled(name: str) -> Iterator[str]:
    """The name with two letters swapped, one left out, one doubled."""
    middle = len(name) // 2
    swapped = name[: middle - 1] + name[middle] + name[middle - 1] + name[middle + 1 :]
    yield from {swapped, name[:middle] + name[middle + 1 :], name[:middle] + name[middle] + name[middle:]} - {name}


@pytest.mark.parametrize("key", [row.key for row in ROWS] + sorted(TABLES - {"slo.languages.LANGUAGE"}))
def test_a_misspelled_key_is_refused_with_the_right_one(key: str) -> None:
    table, _, name = key.rpartition(".")
    for wrong in misspelled(name):
        raw = plain(**{f"{table}__{wrong}" if table else wrong: 1})

        with pytest.raises(InvalidSpec) as refusal:
            convert_spec(raw)

        place = f"{table}.{wrong}" if table else wrong
        assert refusal.value.message == f"spec: unknown key '{place}'."
        assert refusal.value.help == f"did you mean '{key}'?"


@pytest.mark.parametrize(
    ("raw", "right"),
    [
        (plain(seed=1), "training.seed"),
        (plain(labels=["a", "b"]), "data.labels"),
        (plain(serving__pooling="cls"), "base.pooling"),
        (plain(base__threads=2), "training.threads' or 'serving.threads"),
        (plain(training__worst_language_accuracy=0.5), "gates.worst_language_accuracy"),
    ],
)
def test_a_key_in_the_wrong_table_is_refused_with_the_right_place(raw: dict[str, Any], right: str) -> None:
    with pytest.raises(InvalidSpec) as refusal:
        convert_spec(raw)

    assert refusal.value.help == f"did you mean '{right}'?"


def test_a_key_like_no_other_is_refused_with_the_valid_ones() -> None:
    error = refusal_of(PLAIN + "zzz = 1")

    assert error.message == "support.toml: unknown key 'data.zzz'."
    assert error.help == "valid keys are data.files, data.labels, data.target, data.time, data.dataset."


@given(st.text(min_size=1, max_size=12))
def test_any_unknown_key_is_refused_by_name(key: str) -> None:
    if key not in {field.name for field in msgspec.structs.fields(ModelSpec)}:
        with pytest.raises(InvalidSpec) as refusal:
            convert_spec({**_minimal(), key: 1})
        assert f"'{key}'" in refusal.value.message


# Wrong values


@pytest.mark.parametrize(
    ("raw", "key", "expected"),
    [
        (plain(training__seed="1"), "training.seed", "expected `int`, got `str`"),
        (plain(training__seed=True), "training.seed", "expected `int`, got `bool`"),
        (plain(training__epochs=3.5), "training.epochs", "expected `int`, got `float`"),
        (plain(training__epochs=0), "training.epochs", "expected `int` >= 1"),
        (plain(training__learning_rate=0), "training.learning_rate", "expected `float` > 0.0"),
        (plain(training__learning_rate=float("nan")), "training.learning_rate", "expected `float` > 0.0"),
        (plain(training__dropout=1.0), "training.dropout", "expected `float` < 1.0"),
        (plain(training__precision="fp8"), "training.precision", "invalid enum value 'fp8'"),
        (plain(gates__accuracy=float("nan")), "gates.accuracy", "expected `float` >= 0.0"),
        (plain(gates__accuracy=88), "gates.accuracy", "expected `float` <= 1.0"),
        (plain(serving__max_inputs=0), "serving.max_inputs", "expected `int` >= 1"),
        (plain(base__max_tokens=7), "base.max_tokens", "expected `int` >= 8"),
        (plain(base="scratch:mini"), "base", "expected `object`, got `str`"),
        (plain(languages="en"), "languages", "expected `array`, got `str`"),
        (plain(languages=["en", "English"]), "languages[1]", "expected `str` matching regex"),
        (plain(data__labels=["refund", ""]), "data.labels[1]", "expected `str` of length >= 1"),
        (plain(name="Support"), "name", "expected `str` matching regex"),
        (plain(name="support\n"), "name", "expected `str` matching regex"),
        (plain(languages=["en\n"]), "languages[0]", "expected `str` matching regex"),
        (plain(name="../x"), "name", "expected `str` matching regex"),
        (plain(name="a" * 65), "name", "expected `str` matching regex"),
        (plain(owner=""), "owner", "expected `str` of length >= 1"),
        (plain(task="translation"), "task", "invalid enum value 'translation'"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_wrong_value_is_refused_with_its_key(raw: dict[str, Any], key: str, expected: str) -> None:
    with pytest.raises(InvalidSpec) as refusal:
        convert_spec(raw)

    assert refusal.value.message.startswith(f"spec: '{key}': {expected}")
    assert refusal.value.help


def test_a_missing_owner_is_refused_with_the_line_to_add() -> None:
    error = refusal_of(PLAIN.replace("owner", "# owner"))

    assert "`owner`" in error.message
    assert error.help.startswith('add owner = "team@example.com"')


@pytest.mark.parametrize(
    ("raw", "what"),
    [
        (plain(languages=[]), "'languages' is empty."),
        (plain(data__labels=["refund"]), "'data.labels' names fewer than two labels."),
        (plain(task="tabular-regression"), "'data.labels' stands in a spec of tabular-regression."),
        (plain(task="tabular-classification"), "a model for tabular-classification needs [features]."),
        (plain(forecast={"step": "1h", "horizon": 2, "season": 24}), "[forecast] and the task 'forecasting' belong"),
        (plain(features={}), "[features] names nothing."),
        (plain(features={"views": ["a"]}), "'features.views' needs 'data.time'."),
        (plain(features={"columns": ["a", "a"]}), "'features.columns' names 'a' twice."),
        (plain(features={"columns": ["a"], "required": ["b"]}), "'required' names 'b', which 'features.columns'"),
    ],
)
def test_what_does_not_fit_the_task_is_refused(raw: dict[str, Any], what: str) -> None:
    with pytest.raises(InvalidSpec) as refusal:
        convert_spec(raw)

    assert refusal.value.message.startswith(f"spec: {what}")
    assert refusal.value.help


@pytest.mark.parametrize("key", ["name"])
def test_a_missing_key_is_refused_by_name(key: str) -> None:
    error = refusal_of(PLAIN.replace(f"{key} =", f"# {key} ="))

    assert f"lacks the required key `{key}`" in error.message
    assert "add the key" in error.help


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (plain(languages=["en", "de", "en"]), "'languages' names 'en' twice"),
        (plain(data__labels=["a", "b", "a"]), "'data.labels' names 'a' twice"),
        (plain(base__checkpoint="scratch:huge"), "'base.checkpoint' is 'scratch:huge'"),
        (plain(data__files=[]), "'data' names neither files nor a dataset"),
        (plain(data__dataset="support/3"), "'data.dataset' is 'support/3', and 'data.files' makes another version"),
        (plain(drift__windows=[6, 1]), "'drift.windows' is [6, 1]"),
        (
            plain(drift__seasonal=True),
            "'drift.seasonal' needs the traffic of 14 days at least as its reference",
        ),
        (plain(slo__languages={"tlh": {}}), "'slo.languages.tlh' is no language of the model"),
    ],
)
def test_a_contradiction_is_refused(raw: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidSpec) as refusal:
        convert_spec(raw)

    assert refusal.value.message == f"spec: {message}."
    assert refusal.value.help


def test_a_language_that_is_none_is_refused_by_its_table() -> None:
    with pytest.raises(InvalidSpec) as refusal:
        convert_spec(plain(slo__languages={"Hindi": {"latency": 0.9}}))

    assert refusal.value.message.startswith("spec: a key of 'slo.languages': expected `str` matching")


# Reference


def test_every_field_has_a_description_a_type_and_a_default() -> None:
    for row in ROWS:
        assert row.help.endswith("."), row.key
        assert row.type in {"string", "integer", "number", "boolean"} or row.type.startswith(("list of ", '"')), row.key
        assert row.default, row.key


def test_every_field_has_a_row() -> None:
    assert [row.key for row in ROWS] == list(all_keys(ModelSpec))
    assert {row.key for row in ROWS if row.default == "required"} == {
        "name",
        "owner",
        "forecast.step",
        "forecast.horizon",
        "forecast.season",
        "kpis.name",
    }


def all_keys(kind: type[Section], prefix: str = "") -> Iterator[str]:
    tables = _sections(kind)
    yield from (prefix + name for name in kind.__struct_fields__ if name not in tables)
    for name, section in tables.items():
        by_language = "LANGUAGE." if (name, kind) == ("languages", SloSpec) else ""
        yield from all_keys(section, f"{prefix}{name}.{by_language}")


def _sections(kind: type[Section]) -> dict[str, type[Section]]:
    tables = {}
    for field in msgspec.structs.fields(kind):
        for part in _parts(msgspec.inspect.type_info(field.type)):
            if isinstance(part, msgspec.inspect.StructType):
                tables[field.name] = part.cls
    return tables


def _parts(info: Any) -> Iterator[Any]:
    if isinstance(info, msgspec.inspect.Metadata):
        yield from _parts(info.type)
    elif isinstance(info, msgspec.inspect.ListType):
        yield from _parts(info.item_type)
    elif isinstance(info, msgspec.inspect.UnionType):
        for one in info.types:
            yield from _parts(one)
    elif isinstance(info, msgspec.inspect.DictType):
        yield from _parts(info.value_type)
    else:
        yield info


def test_the_schema_is_valid_and_describes_every_field() -> None:
    schema = spec_schema()

    jsonschema.Draft202012Validator.check_schema(schema)

    for name, definition in schema["$defs"].items():
        assert definition["additionalProperties"] is False, name
        assert all(part.get("description") for part in definition["properties"].values()), name


@pytest.mark.parametrize("spec", [parse_spec(PLAIN), convert_spec(plain(training__seed=7))])
def test_the_schema_accepts_what_is_read(spec: ModelSpec) -> None:
    jsonschema.validate(spec_to_dict(spec), spec_schema())


@pytest.mark.parametrize("raw", [plain(ownr="x"), plain(training__seed="1"), plain(name="X"), plain(languages=["EN"])])
def test_the_schema_refuses_what_is_refused(raw: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(raw, spec_schema())


def test_the_schema_accepts_the_example() -> None:
    spec = read_spec(EXAMPLE)

    jsonschema.validate(spec_to_dict(spec), spec_schema())
    assert spec.owner
