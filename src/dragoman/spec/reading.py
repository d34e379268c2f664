"""From TOML to a spec, and back to plain data. What is wrong is refused with its place and the nearest right key."""

from __future__ import annotations

import difflib
import typing
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from dragoman.errors import InvalidSpec, NotFound
from dragoman.spec.kpis import KpiSpec
from dragoman.spec.reference import field_rows, holds_tables, section_of
from dragoman.spec.sections import ModelSpec
from dragoman.spec.toml_file import parse_toml, read_text

__all__ = ["convert_spec", "parse_spec", "read_spec", "spec_to_dict"]


def read_spec(path: Path) -> ModelSpec:
    """Read a model's spec from a TOML file.

    Raises `NotFound` for a missing file and `InvalidSpec` for everything wrong in it.
    """
    if (text := read_text(path)) is None:
        raise NotFound(f"There is no spec at {path}.", help="`dragoman init FOLDER` writes one to start from.")
    return parse_spec(text, source=str(path))


def parse_spec(text: str, *, source: str = "spec") -> ModelSpec:
    """Turn TOML text into a `ModelSpec`; `source` names it in errors."""
    return convert_spec(parse_toml(text, source), source=source)


def convert_spec(raw: Any, *, source: str = "spec") -> ModelSpec:
    """Turn plain data, such as parsed TOML or a bundle's `spec.json`, into a `ModelSpec`."""
    if not isinstance(raw, dict):
        raise InvalidSpec(f"{source} holds no table.", help="docs/spec.md lists every key with its type and default.")
    _refuse_unknown(raw, ModelSpec, source)
    try:
        spec = msgspec.convert(raw, ModelSpec)
    except msgspec.ValidationError as error:
        raise InvalidSpec(f"{source}: {_in_toml_words(str(error))}.", help=_help_for(str(error))) from None
    _refuse_contradictions(spec, source)
    return spec


def spec_to_dict(spec: ModelSpec) -> dict[str, Any]:
    """The spec as plain data, defaults included."""
    return typing.cast(dict[str, Any], msgspec.to_builtins(spec))


def _refuse_unknown(raw: dict[str, Any], kind: type[msgspec.Struct], source: str, prefix: str = "") -> None:
    """Refuse unknown keys before types are looked at: a typing error is the likelier mistake."""
    hints = _hints_of(kind)
    for key, value in raw.items():
        if key not in hints:
            raise InvalidSpec(f"{source}: unknown key '{prefix}{key}'.", help=_nearest(key, kind, prefix))
        if isinstance(value, dict) and (section := section_of(hints[key])) is not None:
            tables = value if holds_tables(hints[key]) else {"": value}
            for name, table in tables.items():
                if isinstance(table, dict):
                    _refuse_unknown(table, section, source, f"{prefix}{key}.{name and name + '.'}")


@cache
def _hints_of(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """The types of a table's keys; working them out takes longer than reading a spec."""
    return typing.get_type_hints(kind)


def _nearest(key: str, kind: type[msgspec.Struct], prefix: str) -> str:
    here = {field.name: [prefix + field.name] for field in msgspec.structs.fields(kind)}
    everywhere: dict[str, list[str]] = {}
    for row in field_rows():
        everywhere.setdefault(row.key.rpartition(".")[2], []).append(row.key)
    if key in everywhere:
        return _did_you_mean(everywhere[key])
    for names, cutoff in ((here, 0.6), (everywhere, 0.8)):
        if near := difflib.get_close_matches(key, names, n=1, cutoff=cutoff):
            return _did_you_mean(names[near[0]])
    return f"valid keys are {', '.join(prefix + name for name in here)}."


def _did_you_mean(keys: list[str]) -> str:
    quoted = " or ".join(f"'{key}'" for key in keys)
    return f"did you mean {quoted}?"


def _in_toml_words(message: str) -> str:
    """`Expected `int`, got `str` - at `$.training.seed`` → `'training.seed': expected `int`, got `str``."""
    what, _, where = message.partition(" - at ")
    what = what.replace("Object missing required field", "the table lacks the required key", 1)
    what = what[:1].lower() + what[1:]
    what_of, _, where = where.rpartition("` in `")
    place = where.strip("`").removeprefix("$").removeprefix(".")
    of = "a key of " if what_of else ""
    return f"{of}'{place}': {what}" if place else what


def _help_for(message: str) -> str:
    if "missing required field `owner`" in message:
        return 'add owner = "team@example.com": every model needs somebody who answers for it.'
    if "missing required field" in message:
        return "add the key; `dragoman spec schema` and docs/spec.md list all of them."
    return "docs/spec.md lists every key with its type and default."


def _refuse_contradictions(spec: ModelSpec, source: str) -> None:
    for key, values in (("languages", spec.languages), ("data.labels", spec.data.labels)):
        if twice := sorted({value for value in values if values.count(value) > 1}):
            raise InvalidSpec(f"{source}: '{key}' names {twice[0]!r} twice.", help="Remove one of the two.")
    _refuse_data(spec, source)
    _refuse_of_task(spec, source)
    if spec.release is not None:
        _refuse_steps(spec.release.steps, source)
    _refuse_watching(spec, source)
    _refuse_kpis(spec, source)
    checkpoint = spec.base.checkpoint
    if checkpoint.startswith("scratch:") and checkpoint not in SCRATCH_PRESETS:
        raise InvalidSpec(
            f"{source}: 'base.checkpoint' is {checkpoint!r}.",
            help=f"valid presets are {', '.join(SCRATCH_PRESETS)}; or name a Hugging Face folder.",
        )


def _refuse_data(spec: ModelSpec, source: str) -> None:
    dataset = spec.data.dataset
    if not spec.data.files and dataset is None:
        raise InvalidSpec(
            f"{source}: 'data' names neither files nor a dataset.",
            help='Write files = ["data/*.jsonl"]; or, after `dragoman data ingest NAME`, dataset = "NAME".',
        )
    if spec.data.files and dataset is not None and "/" in dataset:
        raise InvalidSpec(
            f"{source}: 'data.dataset' is {dataset!r}, and 'data.files' makes another version.",
            help="Leave out data.files to train on that version, or the number to train on the files.",
        )


def _refuse_of_task(spec: ModelSpec, source: str) -> None:
    """What the task needs and lacks, or has and cannot use."""
    if spec.has_labels and len(spec.data.labels) < 2:
        raise InvalidSpec(f"{source}: 'data.labels' names fewer than two labels.", help="Name those that are told.")
    if not spec.has_labels and spec.data.labels:
        raise InvalidSpec(f"{source}: 'data.labels' stands in a spec of {spec.task}.", help="Leave it out.")
    if spec.reads_text and not spec.languages:
        raise InvalidSpec(f"{source}: 'languages' is empty.", help='Name those of the texts: languages = ["de", "en"].')
    if not spec.reads_text and spec.features is None:
        raise InvalidSpec(f"{source}: a model for {spec.task} needs [features].", help="Name its columns or views.")
    if (spec.task == "forecasting") != (spec.forecast is not None):
        raise InvalidSpec(
            f"{source}: [forecast] and the task 'forecasting' belong together; the task is '{spec.task}'.",
            help="Add the one, or leave out the other.",
        )
    judged = [] if spec.has_labels or spec.release is None else spec.release.required
    if lacking := [metric for metric in judged if metric in ("confidence", "abstention")]:
        raise InvalidSpec(
            f"{source}: 'release.required' names '{lacking[0]}', which a model of numbers does not have.",
            help="It has errors, latency, agreement and quality.",
        )
    _refuse_features(spec, source)


def _refuse_features(spec: ModelSpec, source: str) -> None:
    features = spec.features
    if features is None:
        return
    if not features.columns and not features.views and spec.task != "forecasting":
        raise InvalidSpec(f"{source}: [features] names nothing.", help="Name columns or views, or leave it out.")
    if features.views and spec.data.time is None:
        raise InvalidSpec(
            f"{source}: 'features.views' needs 'data.time'.",
            help="Name the column of the time at which a row was to be answered: what came later is left out.",
        )
    known = [("features.columns", features.columns), ("features.views", features.views)]
    for key, values in known:
        if twice := sorted({value for value in values if values.count(value) > 1}):
            raise InvalidSpec(f"{source}: '{key}' names {twice[0]!r} twice.", help="Remove one of the two.")
    ahead = spec.forecast.known if spec.forecast else []
    for key, values in (("categories", features.categories), ("required", features.required), ("known", ahead)):
        if strange := sorted(set(values) - set(features.columns)):
            raise InvalidSpec(
                f"{source}: '{key}' names {strange[0]!r}, which 'features.columns' does not.", help="Add it there."
            )


def _refuse_steps(steps: list[float], source: str) -> None:
    if steps != sorted(set(steps)) or steps[-1] != 100:
        raise InvalidSpec(
            f"{source}: 'release.steps' is {steps}.",
            help="Write rising percents that end with 100: [1, 5, 25, 50, 100].",
        )


def _refuse_kpis(spec: ModelSpec, source: str) -> None:
    names = [kpi.name for kpi in spec.kpis]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InvalidSpec(f"{source}: 'kpis' names {twice[0]!r} twice.", help="Remove one of the two.")
    if cut := [kpi.name for kpi in spec.kpis if kpi.kind == "share" and kpi.most != KpiSpec(name=kpi.name).most]:
        raise InvalidSpec(
            f"{source}: 'kpis.most' of {cut[0]!r} is for sums, and its kind is 'share'.",
            help='Write kind = "sum", or leave it out.',
        )


def _refuse_watching(spec: ModelSpec, source: str) -> None:
    drift = spec.drift
    if drift.windows != sorted(set(drift.windows)):
        raise InvalidSpec(f"{source}: 'drift.windows' is {drift.windows}.", help="Write rising lengths: [1, 6, 24].")
    if drift.seasonal and (drift.reference != "traffic" or drift.reference_days < SEASONAL_DAYS):
        raise InvalidSpec(
            f"{source}: 'drift.seasonal' needs the traffic of {SEASONAL_DAYS} days at least as its reference.",
            help=f'Set drift.reference = "traffic" and drift.reference_days = {SEASONAL_DAYS} or more.',
        )
    if strange := sorted(set(spec.slo.languages) - set(spec.languages)):
        raise InvalidSpec(
            f"{source}: 'slo.languages.{strange[0]}' is no language of the model.",
            help=f"'languages' has {', '.join(spec.languages)}.",
        )


SEASONAL_DAYS = 14  # two of each hour of the week
SCRATCH_PRESETS = ("scratch:mini", "scratch:small")
