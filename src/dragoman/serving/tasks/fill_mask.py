"""Fill-mask: what may stand at the masks of a text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from dragoman.errors import DragomanError, InvalidCheckpoint, InvalidRequest
from dragoman.models.readouts import Readout
from dragoman.records import Candidate, FillPrediction, TextInput
from dragoman.serving.inputs import refuse_pairs
from dragoman.serving.suggestion import shown
from dragoman.serving.tasks.base import Piece, Prepared, TextParameters
from dragoman.serving.tasks.blanks import blank_tokens
from dragoman.serving.tasks.classification import DECIMALS
from dragoman.serving.tasks.cutter import Cutter
from dragoman.serving.tasks.shortlist import Shortlist
from dragoman.spec import ServingSpec
from dragoman.text.tokenizer import Tokenizer
from dragoman.text.windows import covers, owned

__all__ = ["FillMask", "FillParameters"]

MOST_MASKS = 64  # of one text

Floats = NDArray[np.float32]


class FillParameters(TextParameters, frozen=True, kw_only=True):
    """Parameters of fill-mask."""

    top: Annotated[
        int, Meta(ge=1, le=1_000, description="How many candidates to answer for each mask, best first.")
    ] = 5
    targets: Annotated[
        Annotated[list[Annotated[str, Meta(min_length=1, max_length=1_000)]], Meta(min_length=1, max_length=1_000)]
        | None,
        Meta(description="The words to choose from, each one piece of the model's vocabulary. Default: all pieces."),
    ] = None


class FillMask:
    """Logits at masks to candidates, scored as the pipeline of `transformers` does.

    A score is a piece's share of the whole vocabulary, with `targets` too. Each mask of a text is scored by itself,
    beside the other masks. In a long text a mask is read from the window in which it stands most centrally; windows
    that no mask needs are not run. `readout` gives logits, `[masks, vocabulary]`.
    """

    name = "fill-mask"
    labels: tuple[str, ...] = ()
    Input, Parameters, Answer = TextInput, FillParameters, FillPrediction

    def __init__(self, *, tokenizer: Tokenizer, readout: Readout, serving: ServingSpec) -> None:
        if tokenizer.mask_token is None:
            raise InvalidCheckpoint("The tokenizer has no mask token.", help="fill-mask needs a masked language model.")
        self.tokenizer, self.readout, self.serving = tokenizer, readout, serving
        self.mask: int = tokenizer.mask_token
        self._blank = blank_tokens(tokenizer)

    def prepare(self, inputs: Sequence[TextInput], parameters: FillParameters) -> list[Prepared]:
        """One piece per window that a mask is read from."""
        refuse_pairs(inputs, "fill-mask")
        readout = Shortlist(self.readout, self.mask, parameters.top, self._target_ids(parameters.targets))
        cutter = Cutter.of(parameters, self.serving, max_tokens=self.tokenizer.max_tokens)
        tokens = self.tokenizer.tokenize_many([one.text for one in inputs])
        return [self._prepare_one(index, one, tokens[index].ids, cutter, readout) for index, one in enumerate(inputs)]

    def finish(self, prepared: Prepared, outputs: Sequence[Floats], parameters: FillParameters) -> dict[str, Any]:
        """`candidates`, mask by mask, best first."""
        kept: list[slice] = prepared.state
        picked = np.concatenate([best[mine] for best, mine in zip(outputs, kept, strict=True)])
        if not np.isfinite(picked).all():
            raise DragomanError("The model gave no usable scores.", help="train or import it again.")
        return {
            "candidates": [
                self._candidate(int(token), score, mask)
                for mask, best in enumerate(picked.tolist())
                for token, score in best
            ]
        }

    def _prepare_one(self, index: int, one: TextInput, ids: list[int], cutter: Cutter, readout: Shortlist) -> Prepared:
        masks = [place for place, id in enumerate(ids) if id == self.mask]
        self._check_masks(index, masks)
        parts = cutter.cut(f"Text {index}", len(ids), room=self.tokenizer.room())
        self._check_reach(index, masks, range(parts[0].start, parts[-1].stop))
        kept = [
            (part, masks_between(masks, part, own))
            for part, own in zip(parts, owned(parts), strict=True)
            if any(place in own for place in masks)
        ]
        pieces = [Piece(self.tokenizer.join(ids[part.start : part.stop]), None, readout) for part, _ in kept]
        truncated = not covers(parts, len(ids))
        return Prepared(pieces, one.text, one.language, len(pieces), truncated, [mine for _, mine in kept])

    def _check_masks(self, index: int, masks: list[int]) -> None:
        if not masks:
            raise InvalidRequest(
                f"Text {index} has no mask.", help=f"write {self.tokenizer.token(self.mask)} where a word is missing."
            )
        if len(masks) > MOST_MASKS:
            raise InvalidRequest(
                f"Text {index} has {len(masks)} masks; at most {MOST_MASKS} are filled.", help="send it in parts."
            )

    def _check_reach(self, index: int, masks: list[int], read: range) -> None:
        if lost := [mask for mask in masks if mask not in read]:
            raise InvalidRequest(
                f"Text {index} has a mask at token {lost[-1]}; tokens {read.start} to {read.stop - 1} are read.",
                help='shorten the text, or ask for too_long "windows".',
            )

    def _target_ids(self, targets: Sequence[str] | None) -> tuple[int, ...] | None:
        if targets is None:
            return None
        tokens = self.tokenizer.tokenize_many(targets)
        return tuple(sorted({self._target_id(target, one.ids) for target, one in zip(targets, tokens, strict=True)}))

    def _target_id(self, target: str, ids: list[int]) -> int:
        """The one piece of a word, a space mark before it aside; or the piece that is written so."""
        pieces = [id for id in ids if id not in self._blank]
        if len(pieces) == 1 and pieces[0] != self.tokenizer.unknown_token:
            return pieces[0]
        written: int | None = self.tokenizer.backend.token_to_id(target)
        if written is None:
            what = f"{len(pieces)} pieces" if len(pieces) > 1 else "not in the model's vocabulary"
            raise InvalidRequest(f"The target {shown(target)} is {what}.", help="give words of one piece.")
        return written

    def _candidate(self, token: int, score: float, mask: int) -> Candidate:
        return Candidate(text=self._text(token), token=token, score=round(score, DECIMALS), mask=mask)

    def _text(self, token: int) -> str:
        """What a piece adds to a text, without the space before it; the piece itself where it is no whole character."""
        text = self.tokenizer.decode([token], skip_special_tokens=False).strip()
        return self.tokenizer.token(token) if "\N{REPLACEMENT CHARACTER}" in text else text


def masks_between(masks: Sequence[int], part: range, own: range) -> slice:
    """Which of the masks of a window it owns."""
    first = sum(part.start <= place < own.start for place in masks)
    return slice(first, first + sum(place in own for place in masks))
