"""Review of predictions by people: which ones, by whom, what their answers come to, and how far they agree.

`make_draw` chooses the tasks of a day from the prediction log, `ReviewDesk` hands them out and takes the answers,
`agreement_of` says how far answers can be relied on, and `backlog_of` what still waits.
"""

from __future__ import annotations

from dragoman.feedback.review.agreement import Agreement, agreement_of, krippendorff_alpha
from dragoman.feedback.review.backlog import Backlog, BacklogRow, ReviewerRow, backlog_of
from dragoman.feedback.review.desk import ReviewDesk
from dragoman.feedback.review.making import Plan, make_draw
from dragoman.feedback.review.standing import Standing, standing_of

__all__ = [
    "Agreement",
    "Backlog",
    "BacklogRow",
    "Plan",
    "ReviewDesk",
    "ReviewerRow",
    "Standing",
    "agreement_of",
    "backlog_of",
    "krippendorff_alpha",
    "make_draw",
    "standing_of",
]
