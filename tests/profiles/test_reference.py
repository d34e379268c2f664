from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest
from tests.profiles.world import some_probe, some_reference, some_texts

from dragoman.errors import InvalidInput, Untrusted
from dragoman.profiles import Profile, Reference, build_reference


def decoded(reference: Reference) -> Any:
    return msgspec.msgpack.decode(reference.to_bytes())


def test_a_reference_reads_back_as_it_was() -> None:
    reference = some_reference()

    again = Reference.from_bytes(reference.to_bytes())

    assert again.digest == reference.digest
    assert (again.mix, again.probe) == (reference.mix, reference.probe)
    for name, one in reference.languages.items():
        assert again.languages[name].layouts == one.layouts
        assert all(np.array_equal(again.languages[name].counts[signal], one.counts[signal]) for signal in one.counts)
        assert np.array_equal(again.languages[name].features, one.features)


def test_the_same_texts_give_the_same_bytes_in_any_order() -> None:
    languages, columns = some_texts(0, 200)
    turned = {name: column[::-1] for name, column in reversed(columns.items())}

    one = build_reference(languages, columns, probe=some_probe())
    other = build_reference(languages[::-1], turned, probe=some_probe())

    assert one.to_bytes() == other.to_bytes()


def test_a_reference_counts_what_a_profile_counts() -> None:
    languages, columns = some_texts(0, 300)
    reference = build_reference(languages, columns, probe=some_probe())
    profile = Profile(reference)

    profile.add_columns(languages, columns)

    for name, one in reference.languages.items():
        assert profile.texts[name] == one.texts
        assert all(np.array_equal(profile.counts[name][signal], one.counts[signal]) for signal in one.layouts)
        assert np.array_equal(profile.features[name], one.features)


def test_a_language_of_few_texts_is_in_the_mix_only() -> None:
    languages, columns = some_texts(0, 59, languages=("en",))
    languages[:29] = ["sw"] * 29

    reference = build_reference(languages, columns)

    assert reference.mix == {"en": 30, "sw": 29}
    assert list(reference.languages) == ["en"]


def test_a_signal_that_few_texts_have_is_left_out() -> None:
    languages, columns = some_texts(0, 40, languages=("en",))
    columns["entropy"][:11], columns["score"][:10], columns["label"][:11] = np.nan, np.nan, None

    layouts = build_reference(languages, columns).languages["en"].layouts

    assert "score" in layouts
    assert layouts.keys() & {"entropy", "label"} == set()


def test_without_a_probe_there_are_no_projections() -> None:
    one = build_reference(*some_texts(0, 40, languages=("en",))).languages["en"]

    assert one.features is None
    assert not [signal for signal in one.layouts if signal.startswith("embedding")]


def test_another_text_gives_another_digest() -> None:
    assert some_reference().digest != some_reference(count=301).digest


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"colour": np.zeros(2)}, "no signal 'colour'"),
        ({"tokens": np.zeros(3)}, "'tokens' has 3 rows, not 2"),
        ({"embedding.0": np.zeros(2)}, "1 of 16 projections"),
    ],
)
def test_columns_that_are_no_signals_are_refused(columns: dict[str, np.ndarray], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        build_reference(["en", "en"], columns)


def spoilt(change: str) -> bytes:
    stored = decoded(some_reference())
    language = stored["languages"]["en"]
    match change:
        case "format":
            stored["format"] = 2
        case "counts":
            language["signals"][0]["counts"].append(1)
        case "features":
            language["features"].pop()
        case "probe":
            stored["probe"]["weights"] = b"1234"
        case "field":
            stored["more"] = 1
    return msgspec.msgpack.encode(stored)


@pytest.mark.parametrize("content", [b"", b"{}", *map(spoilt, ("format", "counts", "features", "probe", "field"))])
def test_anything_else_is_refused(content: bytes) -> None:
    with pytest.raises(Untrusted):
        Reference.from_bytes(content)
