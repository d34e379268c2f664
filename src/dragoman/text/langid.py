"""The language of a text by py3langid, for models without texts of their own to fit a detector on."""

from __future__ import annotations

from collections.abc import Sequence

from dragoman.errors import InvalidInput
from dragoman.text.language import MAX_CHARACTERS, UNDETERMINED
from dragoman.text.script import NO_SCRIPT, script_of

__all__ = ["LangidDetector"]

NO_LANGUAGE = "zxx"  # BCP 47: no linguistic content


class LangidDetector:
    """py3langid restricted to the given languages, as far as it knows them; without any, all that it knows.

    `languages` are the codes that it can answer: of `pt-BR` and `pt-PT`, which it cannot tell apart, the first.
    """

    def __init__(self, languages: Sequence[str] = ()) -> None:
        from dragoman.text.langid_walk import WalkedIdentifier  # heavy: most models bring their own detector

        self._identifier = WalkedIdentifier.load()
        known = set(self._identifier.nb_classes) - {NO_LANGUAGE}
        asked = {code.partition("-")[0]: code for code in reversed(languages or sorted(known))}
        self._codes = {label: code for label, code in asked.items() if label in known}
        self.languages = sorted(self._codes.values())
        if not self._codes:
            raise InvalidInput(
                f"py3langid knows none of the languages {', '.join(languages)}.",
                help="Fit a detector on texts of these languages instead.",
            )
        self._identifier.set_languages(list(self._codes))

    def detect(self, text: str, *, script: str = "") -> tuple[str, float]:
        if (script or script_of(text)) == NO_SCRIPT:
            return UNDETERMINED, 0.0
        label, probability = self._identifier.classify(text[:MAX_CHARACTERS])
        return self._codes[label], float(probability)

    def probability_of(self, language: str, text: str) -> float:
        if script_of(text) == NO_SCRIPT:
            return 0.0
        ranked = self._identifier.rank(text[:MAX_CHARACTERS])
        return next((float(share) for label, share in ranked if self._codes[label] == language), 0.0)
