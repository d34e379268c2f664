"""Answers to the webhooks of Flagger: 200 lets it go on, 409 does not.

Flagger counts a refused `pre-rollout` or `rollout` hook as a failed check, and rolls back after some of them: there,
too little evidence is no refusal unless `metadata.unsure` is "stop". A refused `confirm-…` hook only waits.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from dragoman.api.body import BodyReader
from dragoman.api.judge_question import JudgeQuestion, asked_release, words_of
from dragoman.api.messages import Message
from dragoman.api.release_desk import ReleaseDesk
from dragoman.errors import GateFailed, InvalidRequest
from dragoman.records import Release
from dragoman.release.judge import FAIL, OPEN, PASS
from dragoman.release.standing import Standing, standing
from dragoman.serving.suggestion import shown, suggest

__all__ = ["HOOK", "HOOKS", "FlaggerAnswer", "Hook", "answer"]

Rule = Literal["unless it fails", "once it has begun", "when it passes", "always", "when it fails"]

HOOKS: dict[str, Rule] = {
    "confirm-rollout": "once it has begun",
    "pre-rollout": "unless it fails",
    "rollout": "unless it fails",
    "confirm-traffic-increase": "unless it fails",
    "confirm-promotion": "when it passes",
    "post-rollout": "always",
    "event": "always",
    "rollback": "when it fails",
}
UNSURE = ("go", "stop")


class Hook(msgspec.Struct, frozen=True, kw_only=True):
    """The body that Flagger sends. It has more fields, and later releases have others: they are not read."""

    name: str
    namespace: str
    phase: str = ""
    checksum: str = ""
    type: str = ""  # older releases do not send it: `metadata.type` says the same
    metadata: dict[str, str] | None = None


class FlaggerAnswer(Message, frozen=True, kw_only=True):
    """For whoever reads along: Flagger looks at the status only."""

    go: bool
    verdict: str
    release: str
    text: str


HOOK = BodyReader(
    Hook,
    example='{"name": "support", "namespace": "prod", "phase": "Progressing", "metadata": {"type": "rollout"}}',
)


def answer(desk: ReleaseDesk, model: str, hook: Hook) -> FlaggerAnswer:
    """Raises `GateFailed` to say no, `NotFound`, and `InvalidRequest` for a wrong type, language or `unsure`."""
    metadata = hook.metadata or {}
    rule, unsure = _rule(metadata.get("type") or hook.type), _unsure(metadata)
    release = asked_release(desk, model, _question(metadata))
    standing_now = standing(release, language=metadata.get("language") or None)
    text = _text(release, standing_now)
    if not _goes(rule, standing_now, release, unsure):
        raise GateFailed(text, help=f"the hook says yes {_words(rule, unsure)}.")
    return FlaggerAnswer(go=True, verdict=standing_now.verdict, release=release.id, text=text)


def _goes(rule: Rule, found: Standing, release: Release, unsure: str) -> bool:
    if rule in ("always", "when it passes", "when it fails"):
        return rule == "always" or found.verdict == (PASS if rule == "when it passes" else FAIL)
    if rule == "once it has begun" and release.step < 0:  # its gates before traffic have not let it pass yet
        return False
    return found.verdict == PASS or (found.verdict == OPEN and unsure == "go")


def _words(rule: Rule, unsure: str) -> str:
    return "when it passes" if unsure == "stop" and rule in ("unless it fails", "once it has begun") else rule


def _question(metadata: dict[str, str]) -> JudgeQuestion:
    names = ("release", "challenger", "language")
    try:
        return msgspec.convert({name: metadata.get(name, "") for name in names}, JudgeQuestion)
    except msgspec.ValidationError:
        raise InvalidRequest(
            f"'metadata.challenger' is {shown(metadata['challenger'])}.", help="give the number of a version."
        ) from None


def _rule(type_: str) -> Rule:
    if not type_:
        raise InvalidRequest(
            "The hook does not say its type.", help=f"set 'metadata.type' to one of {', '.join(sorted(HOOKS))}."
        )
    if type_ not in HOOKS:
        raise InvalidRequest(f"There is no type of hook {shown(type_)}.", help=suggest(type_, HOOKS))
    return HOOKS[type_]


def _unsure(metadata: dict[str, str]) -> str:
    if (unsure := metadata.get("unsure") or "go") not in UNSURE:
        raise InvalidRequest(f"'metadata.unsure' is {shown(unsure)}.", help=suggest(unsure, UNSURE))
    return unsure


def _text(release: Release, found: Standing) -> str:
    why = found.failed or found.missing
    return f"{words_of(release)}: {found.verdict}" + (f": {', '.join(why[:5])}." if why else ".")
