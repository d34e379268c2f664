"""py3langid's identifier, with its walk over a text's bytes and its scores in native code where there is any."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from dragoman.text.native_text import Automaton, native_text

__all__ = ["WalkedIdentifier"]


class WalkedIdentifier(LanguageIdentifier):  # type: ignore[misc]  # the package has no types
    """Answers as its parent does, up to the rounding of sums: only the raw scores are computed elsewhere."""

    nb_ptc: Any  # `[features, languages]`

    @classmethod
    def load(cls) -> Self:
        """With the package's own model; scores are probabilities."""
        return cls.from_model_file(MODEL_FILE, norm_probs=True)  # type: ignore[no-any-return]

    def set_languages(self, langs: Sequence[str] | None = None) -> None:
        super().set_languages(langs)
        self.nb_ptc = np.ascontiguousarray(self.nb_ptc)  # rows are gathered: they must be whole
        self._full_model = self.nb_ptc, self.nb_pc, self.nb_classes  # of the other languages, tens of MB are let go
        self._automaton = Automaton(self.tk_nextmove, self._rowbase, self.tk_output, self.nb_ptc)

    def _raw_score(self, text: bytes) -> Any:
        native = native_text()
        if native is None:
            return super()._raw_score(text)
        found = native.walk_evidence(text, self._automaton)
        return super()._raw_score(b"") if found is None else found + self.nb_pc
