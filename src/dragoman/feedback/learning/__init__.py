"""What a model learns from use: labels, what they are about, and what is kept out of them."""

from __future__ import annotations

from dragoman.feedback.learning.collected import Collected, Echo
from dragoman.feedback.learning.collection import Terms, collected_of
from dragoman.feedback.learning.columns import Columns
from dragoman.feedback.learning.heard import Heard, heard_labels
from dragoman.feedback.learning.known import Known

__all__ = ["Collected", "Columns", "Echo", "Heard", "Known", "Terms", "collected_of", "heard_labels"]
