"""What is asked of a judge: which release, and which part of it."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from dragoman.api.messages import Message
from dragoman.api.release_desk import ReleaseDesk
from dragoman.api.releases import release_of
from dragoman.errors import InvalidRequest
from dragoman.records import Release
from dragoman.serving.suggestion import shown, suggest

__all__ = ["JudgeQuestion", "asked_release", "require_language", "words_of"]

Number = int | Annotated[str, Meta(pattern=r"^[0-9]{0,9}$")]  # templates of other systems know only text


class JudgeQuestion(Message, frozen=True, kw_only=True):
    """A question; what is left out or empty is not asked for."""

    release: Annotated[str, Meta(description="Id of the release. Default: the active one, else the newest.")] = ""
    challenger: Annotated[Number, Meta(description="Number of the version that is released.")] = ""
    language: Annotated[str, Meta(description="One language. Default: all of them.")] = ""
    metric: Annotated[str, Meta(description="One metric. Default: all that the plan requires.")] = ""


def asked_release(desk: ReleaseDesk, model: str, question: JudgeQuestion) -> Release:
    """The release that a question is about. Raises `NotFound`, and `InvalidRequest` for an unknown language."""
    challenger = int(question.challenger) if question.challenger != "" else None
    release = release_of(desk, model, id=question.release or None, challenger=challenger)
    if question.language and not question.metric:
        require_language(release, question.language)
    return release


def require_language(release: Release, language: str) -> None:
    """Raises `InvalidRequest` unless the release is judged in this language."""
    if language not in release.languages:
        raise InvalidRequest(
            f"Release {release.id} is not judged in {shown(language)}.", help=suggest(language, release.languages)
        )


def words_of(release: Release) -> str:
    """The release in a few words: `support/8 (canary, 5% of the traffic)`."""
    return f"{release.model}/{release.challenger} ({release.status}, {100 * release.share:.4g}% of the traffic)"
