from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.data.test_datasets import example
from tests.training.world import small_spec

from dragoman.data.datasets import digest_examples, ingest, load_examples
from dragoman.data.training_examples import training_examples
from dragoman.errors import InvalidData
from dragoman.records import DatasetVersion, Example
from dragoman.spec import FeaturesSpec, ModelSpec
from dragoman.store.memory import MemoryCatalog
from dragoman.store.tables import DeltaTables

ASKED = datetime(2026, 3, 1, tzinfo=UTC)


def spec_of(features: FeaturesSpec | None = None, **data: Any) -> ModelSpec:
    spec = small_spec()
    return msgspec.structs.replace(spec, features=features, data=msgspec.structs.replace(spec.data, **data))


def with_features(id: str, split: str, **features: Any) -> Example:
    return msgspec.structs.replace(example(id, split=split), features=features)


EXAMPLES = [
    with_features("1", "train", age=41, plan="gold", key="c-1"),
    with_features("2", "test", age=None, key="c-2"),
    with_features("3", "dev", age=2.5, plan="free", asked=ASKED.isoformat(), happy=True),
]


def stored(folder: Path) -> tuple[DatasetVersion, DeltaTables]:
    tables = DeltaTables(folder)
    return ingest(EXAMPLES, name="data", sources={}, tables=tables, catalog=MemoryCatalog()), tables


def test_features_of_files_come_back_as_they_were_stored(tmp_path: Path) -> None:
    version, tables = stored(tmp_path)

    assert load_examples(version, tables=tables) == EXAMPLES


def test_features_belong_to_the_digest_and_their_order_does_not() -> None:
    other = msgspec.structs.replace(EXAMPLES[0], features={"key": "c-1", "plan": "gold", "age": 41})
    changed = msgspec.structs.replace(EXAMPLES[0], features={"key": "c-1", "plan": "gold", "age": 42})

    digests = [digest_examples([one, *EXAMPLES[1:]]) for one in (EXAMPLES[0], other, changed)]

    assert digests[0] == digests[1]
    assert digests[0] != digests[2]


def test_rows_without_features_have_the_digest_that_they_always_had() -> None:
    assert (
        digest_examples([example("a"), example("b")])
        == "b28789adc238ff5235b07d78f17f14355b05e7ec66d92f80100cd9daf8b800ea"
    )


def test_a_model_that_reads_columns_gets_all_that_a_row_has(tmp_path: Path) -> None:
    version, tables = stored(tmp_path)

    found = training_examples(version, spec_of(FeaturesSpec(columns=["age"])), tables)

    assert [one.features for one in found] == [one.features for one in EXAMPLES]


def test_a_model_of_texts_gets_no_features(tmp_path: Path) -> None:
    version, tables = stored(tmp_path)

    assert [one.features for one in training_examples(version, spec_of(), tables)] == [{}, {}, {}]


@pytest.mark.parametrize(("columns", "time"), [(["agee"], None), (["age"], "asked_on")])
def test_a_column_that_the_version_lacks_is_refused_by_name(
    columns: list[str], time: str | None, tmp_path: Path
) -> None:
    version, tables = stored(tmp_path)

    with pytest.raises(InvalidData, match="no row has the column"):
        training_examples(version, spec_of(FeaturesSpec(columns=columns), time=time), tables)
