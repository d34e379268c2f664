"""What drawn arms say of a difference, and what subjects of one version say of a mean."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.feedback.kpi.sequence import Steps, bounds

__all__ = ["Trial", "draw_is_fair", "mean_bounds", "mean_steps"]

FIRST_GUESS = 0.5  # of a value in [0, 1] of which nothing is known
WORTH = 0.25  # of the first guess: as of one subject of a step that halves the traffic
UNFAIR = 0.001  # how often a fair draw is taken for an unfair one, ever

Doubles = NDArray[np.float64]


class Trial(NamedTuple):
    """Subjects in the order in which they came to a release; arrays `[n]`.

    Each was given the challenger with the probability `share` (between 0 and 1), whatever came before it.
    """

    treated: Doubles  # 1 where the challenger was drawn
    share: Doubles
    values: Doubles  # in [0, 1]

    def of(self, chosen: NDArray[np.bool_]) -> Trial:
        return Trial(*(one[chosen] for one in self))

    def arms(self) -> tuple[float | None, float | None]:
        """The mean value of champion and challenger, None without subjects of the arm.

        Subjects are weighed by the probability of the other arm: so a step counts for both arms alike, however its
        traffic was divided, and most where it was halved (overlap weights; Li, Morgan and Zaslavsky 2018).
        """
        treated = self.treated == 1
        return (
            _mean(self.values[~treated], self.share[~treated]),
            _mean(self.values[treated], 1 - self.share[treated]),
        )

    def lift_bounds(self, *, alpha: float) -> tuple[float, float]:
        """The interval of the challenger's mean less the champion's, in [-1, 1], that holds at every time.

        `(treated - share) * (value - guess)` has the mean `share * (1 - share) * lift` for every guess that was made
        before the draw, because only the draw is random (Ham, Bojinov, Lindon and Tingley 2022, "Design-based
        confidence sequences"): neither steps with other shares nor seasons can look like a lift.
        """
        return bounds(self.steps(), alpha=alpha, least=-1.0, greatest=1.0)

    def steps(self) -> Steps:
        """What the lift is found from."""
        kept, guess = 1 - self.share, _running_guess(self.values, (self.treated - self.share) ** 2)
        return Steps(
            x=(self.treated - self.share) * (self.values - guess),
            guess=np.zeros(len(guess)),
            slope=self.share * kept,
            below=np.maximum(kept * guess, self.share * (1 - guess)),
            above=np.maximum(kept * (1 - guess), self.share * guess),
        )


def draw_is_fair(treated: Doubles, share: Doubles) -> bool:
    """Whether the arms are as large as they were drawn; not so where the rows of one arm are lost on their way."""
    zeros, ones = np.zeros(len(share)), np.ones(len(share))
    steps = Steps(treated - share, zeros, ones, below=share, above=1 - share)
    low, high = bounds(steps, alpha=UNFAIR, least=-1.0, greatest=1.0)
    return low <= 0 <= high


def mean_bounds(values: Doubles, *, alpha: float) -> tuple[float, float]:
    """The interval of the mean of values `[n]` in [0, 1], in the order in which they came."""
    return bounds(mean_steps(values), alpha=alpha, least=0.0, greatest=1.0)


def mean_steps(values: Doubles) -> Steps:
    """What the mean of values `[n]` is found from."""
    guess = _running_guess(values, np.ones(len(values)))
    return Steps(values, guess, np.ones(len(values)), below=guess, above=1 - guess)


def _running_guess(values: Doubles, weights: Doubles) -> Doubles:
    """The weighted mean of the values before each, that of the first a guess."""
    known = np.cumsum(weights) - weights
    total = np.cumsum(weights * values) - weights * values
    return np.clip((FIRST_GUESS * WORTH + total) / (WORTH + known), 0.0, 1.0)


def _mean(values: Doubles, weights: Doubles) -> float | None:
    return float(np.average(values, weights=weights)) if len(values) else None
