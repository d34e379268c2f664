"""Redaction: personal data of a text is found and replaced by keyed pseudonyms before the text is written anywhere."""

from dragoman.text.redaction.finder import KINDS, find_personal_data
from dragoman.text.redaction.finding import Finding
from dragoman.text.redaction.redactor import Redactor

__all__ = ["KINDS", "Finding", "Redactor", "find_personal_data"]
