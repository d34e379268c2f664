"""National ids: one table of rules for each part of the world."""

from dragoman.text.redaction.ids.africa import AFRICA
from dragoman.text.redaction.ids.americas import AMERICAS
from dragoman.text.redaction.ids.central_europe import CENTRAL_EUROPE
from dragoman.text.redaction.ids.east_asia import EAST_ASIA
from dragoman.text.redaction.ids.eastern_europe import EASTERN_EUROPE
from dragoman.text.redaction.ids.middle_east import MIDDLE_EAST
from dragoman.text.redaction.ids.northern_europe import NORTHERN_EUROPE
from dragoman.text.redaction.ids.south_asia import SOUTH_ASIA
from dragoman.text.redaction.ids.western_europe import WESTERN_EUROPE

__all__ = ["RULES"]

RULES = (
    *WESTERN_EUROPE,
    *CENTRAL_EUROPE,
    *NORTHERN_EUROPE,
    *EASTERN_EUROPE,
    *AMERICAS,
    *MIDDLE_EAST,
    *AFRICA,
    *SOUTH_ASIA,
    *EAST_ASIA,
)
