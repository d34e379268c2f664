from __future__ import annotations

import zlib
from functools import cache

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.profiles.world import some_measured, some_reference, some_texts

from dragoman.errors import InvalidInput, Untrusted
from dragoman.profiles import OTHER, Coded, Measured, Profile, Reference, encoding
from dragoman.profiles import profile as module

LANGUAGES = ("ar", "en", "sw", "yo", "xx")
SEEDS = st.integers(0, 5)


@cache
def reference() -> Reference:
    return some_reference()


@cache
def encoded(seed: int) -> bytes:
    return filled(seed).encode()


def filled(seed: int, count: int = 40) -> Profile:
    profile = Profile(reference())
    profile.add_columns(*some_texts(seed, count, languages=LANGUAGES))
    return profile


def merged(*profiles: Profile) -> Profile:
    whole = Profile(reference())
    for one in profiles:
        whole.merge(one)
    return whole


def contents(profile: Profile) -> list[list[int]]:
    return [array.ravel().tolist() for array in profile.arrays]


# Adding up ----------------------------------------------------------------------------------------------------------


@settings(max_examples=20, deadline=None)
@given(SEEDS, SEEDS, SEEDS)
def test_merging_is_commutative_and_associative(one: int, two: int, three: int) -> None:
    a, b, c = (Profile.decode(encoded(seed)) for seed in (one, two, three))

    assert contents(merged(a, b)) == contents(merged(b, a))
    assert contents(merged(merged(a, b), c)) == contents(merged(a, merged(b, c)))
    assert contents(merged(a, Profile(reference()))) == contents(a)


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(0, 60), max_size=4))
def test_parts_add_up_to_the_whole(cuts: list[int]) -> None:
    languages, columns = some_texts(1, 60, languages=LANGUAGES)
    whole = Profile(reference())
    whole.add_columns(languages, columns)

    parts = []
    for start, stop in zip([0, *sorted(cuts)], [*sorted(cuts), 60], strict=True):
        parts.append(Profile(reference()))
        parts[-1].add_columns(languages[start:stop], {name: column[start:stop] for name, column in columns.items()})

    assert contents(merged(*parts)) == contents(whole)


def test_one_by_one_is_the_same_as_together() -> None:
    rng = np.random.default_rng(0)
    measured, projections = some_measured(rng, 20), rng.normal(size=(20, 16)).astype(np.float32)
    one_by_one, together = Profile(reference()), Profile(reference())

    for values, row in zip(measured, projections, strict=True):
        one_by_one.add("en", values, projections=row)
    together.add_columns(["en"] * 20, module.columns_of(measured, projections))

    assert contents(one_by_one) == contents(together)
    assert one_by_one.texts["en"] == 20


def test_rows_are_counted_some_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = contents(filled(2))

    monkeypatch.setattr(module, "MOST_ROWS", 7)

    assert contents(filled(2)) == whole


def test_profiles_of_other_references_are_refused_and_nothing_is_added() -> None:
    mine, other = filled(0), Profile(some_reference(seed=9))
    before = contents(mine)

    with pytest.raises(InvalidInput, match="do not add up"):
        mine.merge(other)

    assert contents(mine) == before


# What is counted ----------------------------------------------------------------------------------------------------


def test_languages_without_a_reference_are_in_the_mix_only() -> None:
    profile = Profile(reference())

    profile.add_columns(["yo", "xx", "en", "", "other"], {"tokens": np.full(5, 20.0)})

    assert profile.mix == {"ar": 0, "en": 1, "sw": 0, "yo": 1, OTHER: 3}
    assert profile.texts == {"ar": 0, "en": 1, "sw": 0}
    assert sum(int(signals["tokens"].sum()) for signals in profile.counts.values()) == 1


def test_a_value_that_is_missing_is_not_in_the_signals_n() -> None:
    profile = Profile(reference())

    profile.add("en", Measured(tokens=3.0, script="Latn"))

    assert {signal for signal, bins in profile.counts["en"].items() if bins.sum()} == {"tokens", "script"}
    assert not profile.features["en"].any()


def test_a_text_with_a_projection_that_is_no_number_has_none() -> None:
    profile = Profile(reference())
    rows = np.ones((2, 16), dtype=np.float32)
    rows[0, 3] = np.nan

    profile.add_columns(["en", "en"], module.columns_of([Measured(), Measured()], rows))

    alone = Profile(reference())
    alone.add("en", Measured(), rows[1])
    assert np.array_equal(profile.features["en"], alone.features["en"])
    assert all(profile.counts["en"][f"embedding.{place}"].sum() == 1 for place in range(16))


def test_values_that_the_reference_never_saw_have_a_place() -> None:
    profile = Profile(reference())

    profile.add_columns(
        ["en"] * 3, {"tokens": np.array([0.0, 1e9, np.nan]), "label": np.array(["new", None, "refund"])}
    )

    tokens, label = profile.counts["en"]["tokens"], profile.counts["en"]["label"]
    assert (tokens[0], tokens[-1], tokens.sum()) == (1, 1, 2)
    assert (label[-1], label.sum()) == (1, 2)


def test_codes_count_like_strings() -> None:
    languages, columns = some_texts(3, 50, languages=LANGUAGES)
    strings, codes = Profile(reference()), Profile(reference())
    strings.add_columns(languages, columns)

    names = ["refund", "invoice", "other"]
    coded = Coded(names, np.array([names.index(label) for label in columns["label"]], dtype=np.int8))
    codes.add_columns(
        Coded(LANGUAGES, np.array([LANGUAGES.index(one) for one in languages])), columns | {"label": coded}
    )

    assert contents(codes) == contents(strings)


def test_columns_that_are_no_signals_are_refused_and_nothing_is_counted() -> None:
    profile = Profile(reference())

    with pytest.raises(InvalidInput, match="no signal 'colour'"):
        profile.add_columns(["en"], {"tokens": np.ones(1), "colour": np.ones(1)})

    assert not any(array.any() for array in profile.arrays)


def test_every_language_and_signal_of_the_reference_is_there_from_the_start() -> None:
    profile = Profile(reference())

    for name, one in reference().languages.items():
        assert {signal: len(bins) for signal, bins in profile.counts[name].items()} == {
            signal: layout.bins for signal, layout in one.layouts.items()
        }


def test_texts_do_not_make_a_profile_larger() -> None:
    sizes = [array.nbytes for array in Profile(reference()).arrays]

    assert [array.nbytes for array in filled(0, 1_000).arrays] == sizes


# Bytes --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 300, 70_000])
def test_a_profile_reads_back_as_it_was(count: int) -> None:
    profile = filled(0)
    profile.counts["en"]["tokens"][1] = count

    again = Profile.decode(profile.encode(), reference())

    assert contents(again) == contents(profile)
    assert (again.mix, again.texts, again.digest) == (profile.mix, profile.texts, reference().digest)


def test_a_decoded_profile_goes_on_with_its_reference_only() -> None:
    with pytest.raises(InvalidInput, match="no bins to count in"):
        Profile.decode(encoded(0)).add("en", Measured(tokens=1.0))

    again = Profile.decode(encoded(0), reference())
    again.add("en", Measured(tokens=1.0))
    assert again.texts["en"] == filled(0).texts["en"] + 1


def test_a_profile_of_another_reference_is_refused() -> None:
    with pytest.raises(InvalidInput, match="is of the reference"):
        Profile.decode(encoded(0), some_reference(seed=9))


def spoilt(**changes: object) -> bytes:
    return zlib.compress(msgspec.msgpack.encode(msgspec.msgpack.decode(zlib.decompress(encoded(0))) | changes))


GARBAGE = {
    "nothing": b"",
    "text": b"profile",
    "cut": encoded(0)[:-1],
    "longer": encoded(0) + b"x",
    "other contents": zlib.compress(b"\x80"),
    "format": spoilt(format=2),
    "digest": spoilt(digest=1),
    "length": spoilt(mix={"width": "<u1", "data": b"1"}),
    "half a number": spoilt(mix={"width": "<i8", "data": b"1"}),
    "width": spoilt(mix={"width": "<f8", "data": bytes(40)}),
    "below zero": spoilt(mix={"width": "<i8", "data": b"\xff" * 40}),
    "shape": spoilt(shape={"bins": {"en": {"tokens": -3}}, "mix": ["en", "other"], "features": []}),
    "stranger": spoilt(shape={"bins": {"de": {"tokens": 3}}, "mix": ["en", "other"], "features": []}),
    "field": spoilt(more=1),
}


@pytest.mark.parametrize("content", GARBAGE.values(), ids=GARBAGE)
def test_anything_else_is_refused(content: bytes) -> None:
    with pytest.raises(Untrusted, match="no profile"):
        Profile.decode(content)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, len(encoded(0)) - 1), st.integers(1, 255))
def test_a_changed_byte_is_noticed(place: int, change: int) -> None:
    content = bytearray(encoded(0))
    content[place] ^= change

    with pytest.raises(Untrusted):
        Profile.decode(bytes(content))


def test_what_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "MOST_BYTES", 100)

    with pytest.raises(Untrusted, match="too many"):
        Profile.decode(encoded(0))


def test_a_profile_needs_a_reference() -> None:
    with pytest.raises(InvalidInput, match="has no bins"):
        Profile(None)
