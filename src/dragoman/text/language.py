"""The language of a text: a detector fitted on a model's own training texts.

Answers are BCP 47 codes. A text without letters, or in a script that no training text had, is `und` with probability 0.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from dragoman.errors import InvalidInput, NotFound, Untrusted
from dragoman.text.grams import hash_grams, spaced_letters
from dragoman.text.native_text import Table, native_text
from dragoman.text.script import NO_SCRIPT, script_of

__all__ = ["MAX_CHARACTERS", "UNDETERMINED", "Detector", "NgramDetector", "NoDetector"]

UNDETERMINED = "und"
BUCKETS = 2**15
MAX_CHARACTERS = 1_000  # more of a text does not change the answer
MIN_CLASS_TEXTS = 5  # fewer texts in a second script are counted with the language's main one
HELD_OUT = 5  # every fifth text is left out while the sharpness is chosen
MAX_HELD_OUT = 4_000
MIN_HELD_OUT = 20
DEFAULT_SHARPNESS = 0.1
SHARPNESSES = np.geomspace(0.01, 1.0, 41)

Array = NDArray[np.generic]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Detector(Protocol):
    """Tells the language of a text. Safe to share between threads."""

    def detect(self, text: str, *, script: str = "") -> tuple[str, float]:
        """BCP 47 code, and its probability among the languages that the detector knows.

        `script` is that of the text, as `script_of` gives it, where it is known already.
        """

    def probability_of(self, language: str, text: str) -> float:
        """The probability of a language among those that the detector knows; 0 of one that it does not."""


class NoDetector:
    """For what is no text: says nothing of it."""

    def detect(self, text: str, *, script: str = "") -> tuple[str, float]:
        return UNDETERMINED, 0.0

    def probability_of(self, language: str, text: str) -> float:
        return 0.0


class LanguageClass(NamedTuple):
    """A language in one script: Hindi in Latin letters has other n-grams than Hindi in Devanagari."""

    language: str
    script: str


# A detector of a model's own languages ------------------------------------------------------------------------------


class NgramDetector:
    """Naive Bayes over hashed character 1- to 4-grams of folded text, one class per language and script.

    `weights` is `[buckets, classes]`, the logarithm of how much likelier an n-gram is in the class than anywhere;
    `priors` is `[classes]`. N-grams overlap, so their sum overstates the evidence: `sharpness` scales it down.
    `scripts` are those that the training texts had.
    """

    def __init__(
        self,
        classes: Sequence[LanguageClass],
        scripts: Collection[str],
        weights: NDArray[np.float16],
        priors: Floats,
        sharpness: float,
    ) -> None:
        self.classes, self.scripts = tuple(classes), frozenset(scripts)
        self.weights, self.priors, self.sharpness = np.ascontiguousarray(weights), priors, sharpness
        self._table = Table(self.weights)
        self.languages = sorted({one.language for one in classes})
        self._language_of = np.array([self.languages.index(one.language) for one in classes])

    @classmethod
    def fit(cls, texts: Sequence[str], languages: Sequence[str], *, buckets: int = BUCKETS) -> NgramDetector:
        """Fit on texts with their languages, in any order. `buckets` is a power of 2 of at most 65,536.

        Raises `InvalidInput` without any text, or if `buckets` is something else.
        """
        if not texts or len(texts) != len(languages):
            raise InvalidInput(
                f"A language detector was given {len(texts)} texts and {len(languages)} languages.",
                help="Fit it on at least one text, each with its language.",
            )
        if not 1 < buckets <= 2**16 or buckets & (buckets - 1):
            raise InvalidInput(f"'buckets' is {buckets}.", help="Give a power of 2 from 2 to 65536.")
        rows = _group(texts, languages)
        counts = np.stack([_count(members, buckets) for members in rows.values()])
        priors = np.log([len(members) / len(texts) for members in rows.values()])
        return cls(list(rows), _scripts_of(texts), _weigh(counts), priors, _choose_sharpness(rows, counts, priors))

    def detect(self, text: str, *, script: str = "") -> tuple[str, float]:
        if (script or script_of(text)) not in self.scripts:
            return UNDETERMINED, 0.0
        shares = self.shares_of(self.evidence_of(text) * self.sharpness)
        best = int(shares.argmax())
        return self.languages[best], float(shares[best])

    def probability_of(self, language: str, text: str) -> float:
        if language not in self.languages or script_of(text) not in self.scripts:
            return 0.0
        shares = self.shares_of(self.evidence_of(text) * self.sharpness)
        return float(shares[self.languages.index(language)])

    def to_arrays(self) -> dict[str, Array]:
        """Everything that the detector knows; `from_arrays` takes it back."""
        return {
            "classes": _packed("\n".join(f"{one.language} {one.script}" for one in self.classes)),
            "scripts": _packed("\n".join(sorted(self.scripts))),
            "weights": self.weights,
            "priors": self.priors,
            "sharpness": np.array([self.sharpness]),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> NgramDetector:
        """Raises `KeyError` or `ValueError` for arrays of something else."""
        classes = [LanguageClass(*name.rsplit(" ", 1)) for name in _unpacked(arrays["classes"])]
        weights, priors = arrays["weights"].astype(np.float16), arrays["priors"].astype(np.float64)
        if weights.ndim != 2 or weights.shape[1] != len(classes) or priors.shape != (len(classes),):
            raise ValueError(f"{len(classes)} classes, weights {weights.shape}, priors {priors.shape}")
        scripts = _unpacked(arrays["scripts"])
        return cls(classes, scripts, weights, priors, float(arrays["sharpness"].astype(np.float64)[0]))

    def to_bytes(self) -> bytes:
        """The contents of a safetensors file; the same texts give the same bytes."""
        return bytes(save(self.to_arrays()))

    @classmethod
    def read(cls, path: Path) -> NgramDetector:
        """Read a file of `to_bytes`. Raises `NotFound`, and `Untrusted` for a file that is something else."""
        try:
            return cls.from_arrays(load(path.read_bytes()))
        except FileNotFoundError:
            raise NotFound(f"There is no language detector at {path}.", help="Make the bundle again.") from None
        except (SafetensorError, KeyError, ValueError, TypeError, IndexError):
            raise Untrusted(f"{path} is not a language detector.", help="Make the bundle again.") from None

    def evidence_of(self, text: str) -> Floats:
        """`[classes]`: the sum of the weights of the text's n-grams."""
        if native := native_text():
            return native.gram_evidence(spaced_letters(text[:MAX_CHARACTERS]), self._table).astype(np.float64)
        chosen = self.weights[_grams(text, len(self.weights))]
        return np.asarray(chosen.sum(axis=0, dtype=np.float32), dtype=np.float64)

    def shares_of(self, evidence: Floats) -> Floats:
        """`[languages]`: the probability of each, from evidence that is scaled already."""
        scores = evidence + self.priors
        likelihoods = np.exp(scores - scores.max())
        shares = likelihoods / likelihoods.sum()
        return np.bincount(self._language_of, shares, minlength=len(self.languages)).astype(np.float64)


def _packed(names: str) -> NDArray[np.uint8]:
    """Text as an array: the header of safetensors has no fixed order for more than one entry."""
    return np.frombuffer(names.encode(), dtype=np.uint8)


def _unpacked(array: Array) -> list[str]:
    return array.tobytes().decode().splitlines()


# Fitting ------------------------------------------------------------------------------------------------------------


def _group(texts: Sequence[str], languages: Sequence[str]) -> dict[LanguageClass, list[str]]:
    """The texts of each class, the classes sorted. A rare second script of a language joins the language's main one."""
    found = [LanguageClass(language, script_of(text)) for text, language in zip(texts, languages, strict=True)]
    sizes = Counter(found)
    main: dict[str, LanguageClass] = {}
    for one in sorted(sizes, key=lambda one: (one.script == NO_SCRIPT, -sizes[one], one)):
        main.setdefault(one.language, one)
    rows: dict[LanguageClass, list[str]] = {}
    for one, text in zip(found, texts, strict=True):
        own = sizes[one] >= MIN_CLASS_TEXTS and one.script != NO_SCRIPT
        rows.setdefault(one if own else main[one.language], []).append(text)
    return dict(sorted(rows.items()))


def _grams(text: str, buckets: int) -> Ints:
    return hash_grams(text[:MAX_CHARACTERS], buckets=buckets)


def _scripts_of(texts: Sequence[str]) -> set[str]:
    found = {script_of(text) for text in texts} - {NO_SCRIPT}
    return found | {"Hani"} if found & {"Jpan", "Kore"} else found  # both have words in Han alone


def _count(texts: Sequence[str], buckets: int) -> Floats:
    """`[buckets]`: how often each n-gram stands in the texts."""
    grams = [np.zeros(0, dtype=np.uint16), *(_grams(text, buckets).astype(np.uint16) for text in texts)]
    return np.bincount(np.concatenate(grams), minlength=buckets).astype(np.float64)


def _weigh(counts: Floats) -> NDArray[np.float16]:
    """`[classes, buckets]` counts → `[buckets, classes]` weights, smoothed towards all classes (Witten-Bell)."""
    anywhere = counts.sum(axis=0) + 0.1
    anywhere /= anywhere.sum()
    distinct = np.maximum((counts > 0).sum(axis=1, keepdims=True), 1)
    smoothed = (counts + distinct * anywhere) / (counts.sum(axis=1, keepdims=True) + distinct)
    return np.ascontiguousarray(np.log(smoothed / anywhere).T.astype(np.float16))


def _choose_sharpness(rows: Mapping[LanguageClass, Sequence[str]], counts: Floats, priors: Floats) -> float:
    """The sharpness whose probabilities fit best (log loss) on texts that were left out."""
    buckets = counts.shape[1]
    held = {one: [text for text in texts if _is_held_out(text)] for one, texts in rows.items()}
    kept = counts - np.stack([_count(texts, buckets) for texts in held.values()])
    judge = NgramDetector(list(rows), (), _weigh(kept), priors, 1.0)
    asked = [(judge.languages.index(one.language), judge.evidence_of(text)) for one, text in _spread(held)]
    if len(asked) < MIN_HELD_OUT:
        return DEFAULT_SHARPNESS
    losses = [
        sum(-np.log(max(judge.shares_of(evidence * sharpness)[truth], 1e-9)) for truth, evidence in asked)
        for sharpness in SHARPNESSES
    ]
    return float(SHARPNESSES[int(np.argmin(losses))])


def _is_held_out(text: str) -> bool:
    return zlib.crc32(text.encode(errors="surrogatepass")) % HELD_OUT == 0


def _spread(held: Mapping[LanguageClass, Sequence[str]]) -> Iterator[tuple[LanguageClass, str]]:
    """At most about `MAX_HELD_OUT` texts: an equal share of every class, the same ones in any order of the rows."""
    total = sum(map(len, held.values()))
    for one, texts in held.items():
        room = max(1, round(MAX_HELD_OUT * len(texts) / max(total, MAX_HELD_OUT)))
        yield from ((one, text) for text in sorted(texts)[:room])
