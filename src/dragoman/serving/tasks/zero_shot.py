"""Zero-shot classification: labels that the caller invents, judged by a model of natural language inference.

Yin, Hay and Roth 2019, arXiv:1909.00161: a label becomes a hypothesis, the text is the premise, and the label fits as
far as the premise entails the hypothesis.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, NamedTuple

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from dragoman.errors import InvalidCheckpoint, InvalidRequest, TextTooLong
from dragoman.models.readouts import Readout
from dragoman.models.scores import softmax
from dragoman.records import LabelPrediction, TextInput
from dragoman.serving.inputs import refuse_pairs
from dragoman.serving.suggestion import shown
from dragoman.serving.tasks.base import Piece, Prepared, TextParameters
from dragoman.serving.tasks.budget import check_budget, check_pieces
from dragoman.serving.tasks.classification import best_labels
from dragoman.serving.tasks.cutter import Cutter
from dragoman.serving.tasks.logits import check_logits
from dragoman.spec import ServingSpec
from dragoman.text.tokenizer import Tokenizer
from dragoman.text.windows import covers, shares

__all__ = ["ZeroShot", "ZeroShotParameters"]

BLANK = "{}"  # where the label goes

Template = Annotated[str, Meta(max_length=1_000)]
Hypotheses = list[list[int]]  # token ids, one per candidate label


class ZeroShotParameters(TextParameters, frozen=True, kw_only=True):
    """Parameters of zero-shot classification."""

    candidate_labels: Annotated[
        list[Annotated[str, Meta(min_length=1, max_length=1_000)]],
        Meta(min_length=1, max_length=1_000, description="The labels to choose from."),
    ]
    multi_label: Annotated[
        bool, Meta(description="Score each label by itself; otherwise the scores of all labels sum to 1.")
    ] = False
    hypothesis_template: Annotated[
        Template, Meta(description="The sentence that a label makes, with {} where the label goes.")
    ] = "This example is {}."
    hypothesis_templates: Annotated[
        dict[str, Template],
        Meta(description="Templates by language of the text; `hypothesis_template` stands for all others."),
    ] = msgspec.field(default_factory=dict)
    top: Annotated[int, Meta(ge=1, description="How many labels to answer, best first. Default: all.")] | None = None


class Asked(NamedTuple):
    """A text with its hypotheses, as token ids, and the parts of it to read."""

    language: str | None
    premise: list[int]
    hypotheses: Hypotheses
    parts: list[range]

    @property
    def pieces(self) -> int:
        return len(self.parts) * len(self.hypotheses)

    @property
    def tokens(self) -> int:
        """Tokens of all pieces, without special tokens."""
        text = sum(map(len, self.parts)) * len(self.hypotheses)
        return text + len(self.parts) * sum(map(len, self.hypotheses))


class ZeroShot:
    """Entailment of a hypothesis per label, as scores.

    Scores are those of the pipeline of `transformers`: a softmax over the labels' entailment or, with `multi_label` and
    for a single label, of entailment against contradiction. A long text's windows are averaged by the tokens they own.
    `labels` are the model's, of which one begins with "entail"; `detect` gives the language of a text whose caller
    gave none, and is asked only where there are templates by language.
    """

    name = "zero-shot-classification"
    labels: tuple[str, ...] = ()  # the caller brings them
    Input, Parameters, Answer = TextInput, ZeroShotParameters, LabelPrediction

    def __init__(
        self,
        *,
        tokenizer: Tokenizer,
        readout: Readout,
        labels: Sequence[str],
        serving: ServingSpec,
        detect: Callable[[str], str],
    ) -> None:
        self.tokenizer, self.readout, self.serving, self.detect = tokenizer, readout, serving, detect
        self.entailment, self.contradiction = find_verdicts(labels)
        self._width = len(labels)

    def prepare(self, inputs: Sequence[TextInput], parameters: ZeroShotParameters) -> list[Prepared]:
        """A piece per window and label, window by window. The premise and each hypothesis are tokenised once."""
        refuse_pairs(inputs, "zero-shot classification")
        check_labels(parameters)
        check_pieces(len(inputs) * len(parameters.candidate_labels))
        cutter = Cutter.of(parameters, self.serving, max_tokens=self.tokenizer.max_tokens)
        asked = self._ask(inputs, parameters, cutter)
        check_budget(sum(one.tokens for one in asked), sum(one.pieces for one in asked), self.serving)
        return [self._prepare_one(*both, cutter) for both in zip(inputs, asked, strict=True)]

    def finish(
        self, prepared: Prepared, outputs: Sequence[NDArray[np.float32]], parameters: ZeroShotParameters
    ) -> dict[str, Any]:
        count = len(parameters.candidate_labels)
        logits = check_logits(np.stack(outputs), width=self._width).reshape(-1, count, self._width)
        if parameters.multi_label or count == 1:
            by_window = softmax(logits[..., [self.contradiction, self.entailment]])[..., 1]
        else:
            by_window = softmax(logits[..., self.entailment])
        scores = prepared.state @ by_window
        return {
            "labels": best_labels(parameters.candidate_labels, scores, parameters.top),
            "abstained": bool(scores.max() < self.serving.abstain_below),
        }

    def _ask(self, inputs: Sequence[TextInput], parameters: ZeroShotParameters, cutter: Cutter) -> list[Asked]:
        languages = [one.language for one in inputs]
        if parameters.hypothesis_templates:
            languages = [one.language or self.detect(one.text) for one in inputs]
        templates = [template_for(language, parameters) for language in languages]
        made = {template: self._hypotheses(template, parameters) for template in dict.fromkeys(templates)}
        premises = [tokens.ids for tokens in self.tokenizer.tokenize_many([one.text for one in inputs])]
        return [
            Asked(language, premise, made[template], self._cut(index, premise, made[template], cutter))
            for index, (language, premise, template) in enumerate(zip(languages, premises, templates, strict=True))
        ]

    def _hypotheses(self, template: str, parameters: ZeroShotParameters) -> Hypotheses:
        """What each label makes of a template. Raises `TextTooLong` for more than half a piece."""
        labels, most = parameters.candidate_labels, self.tokenizer.room(pair=True) // 2
        made = [one.ids for one in self.tokenizer.tokenize_many([template.replace(BLANK, label) for label in labels])]
        for label, ids in zip(labels, made, strict=True):
            if len(ids) > most:
                raise TextTooLong(
                    f"The hypothesis of the label {shown(label)} has {len(ids)} tokens; at most {most} are read.",
                    help="shorten the label or the template.",
                )
        return made

    def _cut(self, index: int, premise: list[int], hypotheses: Hypotheses, cutter: Cutter) -> list[range]:
        longest = max(map(len, hypotheses))
        return cutter.cut(f"Text {index}", len(premise), room=self.tokenizer.room(pair=True) - longest)

    def _prepare_one(self, one: TextInput, asked: Asked, cutter: Cutter) -> Prepared:
        length, room = len(asked.premise), self.tokenizer.room(pair=True)
        pieces = []
        for part in asked.parts:
            for hypothesis in asked.hypotheses:
                # Truncated as in transformers: a shorter hypothesis leaves more room for the text.
                read = part if len(asked.parts) > 1 else cutter.keep(length, room - len(hypothesis))
                ids, types = self.tokenizer.join_pair(asked.premise[read.start : read.stop], hypothesis)
                pieces.append(Piece(ids, types, self.readout))
        truncated = not covers(asked.parts, length)
        return Prepared(pieces, one.text, asked.language, len(asked.parts), truncated, shares(asked.parts))


def find_verdicts(labels: Sequence[str]) -> tuple[int, int]:
    """The indices of entailment and contradiction: labels that begin so.

    A head without a label of contradiction has it at the other end, as in `transformers`. Raises `InvalidCheckpoint`
    without a label of entailment.
    """
    found = {
        word: [index for index, label in enumerate(labels) if label.lower().startswith(word)]
        for word in ("entail", "contradict")
    }
    if not found["entail"] or len(labels) < 2:
        raise InvalidCheckpoint(
            f"The model's labels are {', '.join(labels)}: none is entailment.",
            help="zero-shot classification needs a model of natural language inference.",
        )
    entailment = found["entail"][0]
    return entailment, (found["contradict"] or [len(labels) - 1 if entailment == 0 else 0])[0]


def check_labels(parameters: ZeroShotParameters) -> None:
    """Raise `InvalidRequest` for a label that is blank or given twice, and for a template without a place for it."""
    labels = parameters.candidate_labels
    if blank := [label for label in labels if label.isspace()]:
        raise InvalidRequest(f"The candidate label {blank[0]!r} is blank.", help="leave it out.")
    if len(set(labels)) < len(labels):
        twice = next(label for label in labels if labels.count(label) > 1)
        raise InvalidRequest(f"The candidate label {shown(twice)} is given twice.", help="remove one of the two.")
    for template in (parameters.hypothesis_template, *parameters.hypothesis_templates.values()):
        if BLANK not in template:
            raise InvalidRequest(
                f"The hypothesis template {shown(template)} has no {BLANK}.", help="write {} where the label goes."
            )


def template_for(language: str | None, parameters: ZeroShotParameters) -> str:
    """The template of a language, or of the language without script and region, or the one for all."""
    templates: Mapping[str, str] = parameters.hypothesis_templates
    found = (templates.get(code) for code in (language or "", (language or "").partition("-")[0]))
    return next((one for one in found if one is not None), parameters.hypothesis_template)
