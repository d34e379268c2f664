from __future__ import annotations

import numpy as np
import pytest
from tests.monitoring.drift.small import profile_of, reference_of

from dragoman.monitoring.drift.mean import Mean, means_of


def test_moments_give_mean_and_variance_of_single_texts():
    values = np.array([1.0, 4.0, 4.0, 7.0])

    mean = Mean.of_moments(4, values.sum(), (values**2).sum())

    assert (mean.n, mean.mean) == (4, 4.0)
    assert mean.variance == pytest.approx(values.var(ddof=1))


def test_a_histogram_gives_the_same_as_its_texts():
    assert Mean.of_counts([2, 0, 3], [1.0, 5.0, 9.0]) == Mean.of_moments(5, 29.0, 245.0)


def test_a_share_of_none_is_not_taken_for_certain():
    assert Mean.of_share(20, 0).mean == 0.0
    assert Mean.of_share(20, 0).variance == pytest.approx(1 / 22 * 21 / 22)


@pytest.mark.parametrize("mean", [Mean.of_share(0, 0), Mean.of_moments(0, 0.0, 0.0), Mean.of_counts([0, 0], [1, 2])])
def test_no_texts_have_the_mean_zero(mean):
    assert (mean.n, mean.mean) == (0, 0.0)


def test_a_profile_gives_the_means_of_its_numbers():
    reference = reference_of()
    profile = profile_of(reference, {"th": 900}, np.random.default_rng(1))

    means = means_of(reference, profile, "tokens")

    assert (means["th"].n, means["de"].n) == (900, 0)
    assert means["th"].mean == pytest.approx(18.0, abs=1.0)  # of bins from 4 and less to 32 and more
    assert means_of(reference, profile, "label") == {}
