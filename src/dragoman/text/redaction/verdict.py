"""What a number is: a card, a national id, a telephone number, or nothing."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from functools import cache

from dragoman.text.redaction.card import CARD_SHAPES, is_card
from dragoman.text.redaction.context import ANY_KIND, Context, Surroundings
from dragoman.text.redaction.ids import RULES
from dragoman.text.redaction.phone import Grouping, phone_grouping
from dragoman.text.redaction.rule import Rule
from dragoman.text.redaction.window import Window

__all__ = ["kind_of_number"]

# Groups of four in a row belong together, as those of an account or of a parcel: a value is no piece of them.
FOURS = "4 "
ONLY_FOURS = re.compile("4(?: 4)*")


def kind_of_number(window: Window, surroundings: Surroundings, kinds: Collection[str]) -> str | None:
    """The most specific kind that a window of a folded text has, or None."""
    if window.shape.startswith(FOURS) and surroundings.is_in_fours(window.start):
        return None
    value, candidates = window.value, _rules_by_shape().get(window.shape, ())
    rules = [one for one in candidates if one.kind in kinds and one.accepts(value)]
    if "card" in kinds and window.shape in CARD_SHAPES and is_card(value):
        return _named_kind(rules, Context(surroundings, window.start, window.end)) or "card"
    grouping = phone_grouping(window.text, value) if "phone" in kinds and value.isdigit() else None
    context = Context(surroundings, window.start, window.end)
    return (_id_kind(rules, window, context) if rules else None) or (
        "phone" if grouping and _is_phone(grouping, window, context) else None
    )


def _id_kind(rules: Sequence[Rule], window: Window, context: Context) -> str | None:
    """The id that a word nearby names, or one whose shape is its own, unless the number is said to be an order's."""
    if named := _named_kind(rules, context):
        return named
    if context.names_any({ANY_KIND}):
        return rules[0].kind
    strong = next((one.kind for one in rules if window.shape in one.shapes), None)
    return strong if strong and _stands_alone(window, context) else None


def _named_kind(rules: Sequence[Rule], context: Context) -> str | None:
    return next((one.kind for one in rules if context.names_any({one.kind})), None)


def _is_phone(grouping: Grouping, window: Window, context: Context) -> bool:
    if window.text.startswith(("+", "(+")):
        return grouping == "international"
    is_evident = grouping != "any" and _stands_alone(window, context)
    return is_evident or (context.names_any({"phone"}) and not context.is_order)


def _stands_alone(window: Window, context: Context) -> bool:
    """Whether nothing around a number says that it is an order's, or a piece of something longer."""
    return not (
        window.is_cut
        or context.is_order
        or (" " in window.shape and context.is_after_digits)
        or (ONLY_FOURS.fullmatch(window.shape) and context.goes_on_in_fours)
    )


@cache
def _rules_by_shape() -> Mapping[str, Sequence[Rule]]:
    rules: dict[str, list[Rule]] = defaultdict(list)
    for one in RULES:
        for shape in one.shapes + one.weak_shapes:
            rules[shape].append(one)
    return rules
