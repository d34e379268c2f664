"""Tuning a registered model: measure its forms on its own evaluation texts, and write the bundle of the chosen one."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import NamedTuple

import tokenizers

from dragoman.errors import InvalidData
from dragoman.models.checkpoint import Checkpoint, expected_shapes, open_checkpoint
from dragoman.models.readouts import readout_of
from dragoman.models.tabular.schema import FeatureSchema
from dragoman.models.trimming import trim_checkpoint
from dragoman.profiles import Reference
from dragoman.records import Example, Form, FormReport, Manifest, TuningReport
from dragoman.registry.bundle import GRAPH_FILE, LANGUAGE_FILE, Bundle
from dragoman.registry.tuned import write_tuned_bundle
from dragoman.runtime.answers import Reader
from dragoman.runtime.cuda_device import CudaDevice, find_cuda_device
from dragoman.runtime.cuts import cut_texts
from dragoman.runtime.memory import available_bytes
from dragoman.runtime.native_library import native_available, usable_cores
from dragoman.runtime.sessions import Stored, open_session
from dragoman.runtime.tuning import Contestant, Gates, Step, choose_forms, measure_forms
from dragoman.text.language import NgramDetector
from dragoman.text.tokenizer import Tokenizer
from dragoman.text.trimming import Keep, choose_pieces, trim_tokenizer
from dragoman.training.environment import hardware_state
from dragoman.training.feature_rows import columns_read, encode_examples
from dragoman.training.reference import Reading, read_held_out, reference_of
from dragoman.training.served import Served
from dragoman.training.spread import spread_over_languages

__all__ = ["Tuned", "tune_bundle"]

logger = logging.getLogger(__name__)

MOST_TEXTS = 2_000
MEMORY_SHARE = 0.5  # of what is free: reading weights takes some more than holding them
WEIGHT_BYTES = {"fp32": 4, "int8": 1, "bf16": 2, "fp16": 2}
ON_CUDA = ("fp32", "bf16", "fp16")
TEST_SPLIT = "test"


class Variant(NamedTuple):
    """A model with its whole vocabulary, or with a trimmed one."""

    checkpoint: Checkpoint
    tokenizer: Tokenizer
    stored: Stored
    old_ids: list[int] | None  # of a trimmed vocabulary
    schema: FeatureSchema | None  # of the features that it reads beside the text


class Tuned(NamedTuple):
    """What tuning found, and the manifest of the complete bundle folder that it wrote."""

    manifest: Manifest
    report: TuningReport


def tune_bundle(
    bundle: Bundle,
    examples: Sequence[Example],
    folder: Path,
    *,
    keep: Keep | None,
    report: Callable[[Step], None],
    device: str = "cpu",
) -> Tuned:
    """Measure the forms of a bundle on the test split of `examples`, choose one, and write its bundle to `folder`.

    `device` is where the model is to be served. Forms are measured on the CPU and, where torch sees a CUDA device with
    room for them, on that; the best one of the other kind is in the report too. With `keep`, all forms but fp32 have a
    vocabulary trimmed to texts like those of the other splits: the texts that forms are compared on have no say in it.
    The gates are those of the bundle's spec.

    Raises `InvalidData` without examples of the test split, or with `keep` of another one, and `InvalidCheckpoint` for
    a tokenizer that cannot be trimmed.
    """
    test = spread_over_languages([one for one in examples if one.split == TEST_SPLIT], MOST_TEXTS)
    if not test:
        raise InvalidData("There are no texts to compare forms on.", help="Give the data a test split.")
    variants = _variants(bundle, [one.text for one in examples if one.split != TEST_SPLIT], keep)
    gates = Gates(bundle.spec.gates.agreement, bundle.spec.gates.worst_language_agreement)
    card = _card_for(variants[0].checkpoint, device)
    forms = measure_forms(
        _contestants(variants, test, on_cuda=card is not None),
        [example.language for example in test],
        truth=_truth(variants[0].checkpoint.labels, test),
        gates=gates,
        memory=int(MEMORY_SHARE * available_bytes()),
        report=report,
    )
    found = _tuning_report(forms, gates, variants, keep=keep, device=device, card=card)
    chosen = variants[-1] if found.chosen.trimmed else variants[0]
    manifest = write_tuned_bundle(
        bundle,
        folder,
        found,
        checkpoint=chosen.checkpoint,
        tokenizer=chosen.tokenizer,
        reference=_reference(bundle, chosen, found.chosen, examples),
    )
    return Tuned(manifest, found)


def _card_for(checkpoint: Checkpoint, device: str) -> CudaDevice | None:
    """The CUDA device to measure on: None where there is none, or too little room for the forms."""
    card = find_cuda_device()
    if card is None:
        if device == "cuda":
            logger.warning("The model is to be served on cuda, and torch sees no such device: forms of the CPU only.")
        return None
    needed = sum(_weights(checkpoint, precision) for precision in (*ON_CUDA, "fp32"))  # a trimmed one has fp32 twice
    if needed > MEMORY_SHARE * card.free_bytes:
        logger.warning("%s has too little free memory to measure forms on it: forms of the CPU only.", card.name)
        return None
    return card


def _tuning_report(
    forms: list[FormReport],
    gates: Gates,
    variants: Sequence[Variant],
    *,
    keep: Keep | None,
    device: str,
    card: CudaDevice | None,
) -> TuningReport:
    chosen, *elsewhere = choose_forms(forms, device=device)
    return TuningReport(
        processor=hardware_state().get("processor", "unknown"),
        cores=usable_cores(),
        gate=gates.all,
        language_gate=gates.language,
        pieces=variants[0].tokenizer.vocabulary,
        kept_pieces=variants[-1].tokenizer.vocabulary,
        trimming=keep or "",
        forms=forms,
        chosen=chosen,
        elsewhere=elsewhere,
        cuda_device=card.name if card else "",
    )


def _reference(bundle: Bundle, chosen: Variant, form: Form, examples: Sequence[Example]) -> Reference:
    """What held-out texts look like to the chosen form."""
    checkpoint, tokenizer = chosen.checkpoint, chosen.tokenizer
    with ExitStack() as stack:
        session = open_session(checkpoint, form, chosen.stored)
        if close := getattr(session, "close", None):  # of one that holds more than Python's memory
            stack.callback(close)
        readout, first_position = readout_of(checkpoint), checkpoint.config.first_position
        held_out = read_held_out(Served(session, readout, tokenizer, first_position, chosen.schema), examples)
    detector = NgramDetector.read(bundle.folder / LANGUAGE_FILE)
    in_windows = bundle.spec.serving.too_long == "windows"
    reading = Reading(tokenizer, detector, checkpoint.labels, bundle.temperature, in_windows)
    return reference_of(held_out, reading, **columns_read(chosen.schema, held_out.examples))


# Variants and forms -------------------------------------------------------------------------------------------------


def _variants(bundle: Bundle, texts: Sequence[str], keep: Keep | None) -> list[Variant]:
    """The model as it is, and the trimmed one if there shall be one and it has fewer pieces."""
    own = bundle.tokenizer
    stored = Stored(graph=bundle.folder / GRAPH_FILE)
    plain = Variant(open_checkpoint(bundle.folder), own, stored, None, bundle.features)
    if keep is None:
        return [plain]
    if not texts:
        raise InvalidData("There are no texts to choose pieces by.", help="Give the data a train split.")
    trimmed = trim_tokenizer(own, choose_pieces(own, texts, keep=keep))
    if len(trimmed.old_ids) == own.vocabulary:
        return [plain]
    tokenizer = Tokenizer(tokenizers.Tokenizer.from_str(trimmed.json), max_tokens=own.max_tokens)
    checkpoint = trim_checkpoint(plain.checkpoint, trimmed.old_ids)
    return [plain, Variant(checkpoint, tokenizer, Stored(), trimmed.old_ids, bundle.features)]


def _contestants(variants: Sequence[Variant], examples: Sequence[Example], *, on_cuda: bool) -> list[Contestant]:
    """The forms of the last variant; of the first one, if there are two, fp32 only, once for a kind of device."""
    whole, *trimmed = [_forms_of(variant, examples, on_cuda=on_cuda) for variant in variants]
    if not trimmed:
        return whole
    first = {one.form.device: one for one in reversed(whole)}
    return [*(first[kind] for kind in ("cpu", "cuda") if kind in first), *trimmed[0]]


def _forms_of(variant: Variant, examples: Sequence[Example], *, on_cuda: bool) -> list[Contestant]:
    checkpoint, old_ids = variant.checkpoint, variant.old_ids
    cuts = cut_texts(variant.tokenizer, [example.text for example in examples])
    reader = Reader(
        readout_of(checkpoint, mask_token=variant.tokenizer.mask_token),
        checkpoint.head,
        checkpoint.config.first_position,
        checkpoint.problem,
        old_ids,
        encode_examples(variant.schema, examples) if variant.schema else None,
    )
    return [
        Contestant(
            form, partial(open_session, checkpoint, form, variant.stored), reader, cuts, _host_bytes(checkpoint, form)
        )
        for form in _forms(trimmed=old_ids is not None, on_cuda=on_cuda)
    ]


def _forms(*, trimmed: bool, on_cuda: bool) -> list[Form]:
    """fp32 first, for each kind of device; on all cores of the CPU it is the reference.

    Small models may be faster in one thread, which needs no meeting.
    """
    backends = [("fp32", "onnxruntime"), *([("int8", "native")] if native_available() else [])]
    kinds = [(*one, threads) for one in backends for threads in ((0, 1) if usable_cores() > 1 else (0,))]
    kinds += [(precision, "torch", 0) for precision in ON_CUDA if on_cuda]
    return [
        Form(precision=precision, backend=backend, threads=threads, trimmed=trimmed)
        for precision, backend, threads in kinds
    ]


def _host_bytes(checkpoint: Checkpoint, form: Form) -> int:
    return 0 if form.device == "cuda" else _weights(checkpoint, form.precision)


def _weights(checkpoint: Checkpoint, precision: str) -> int:
    """Bytes of a model's weights."""
    shapes = expected_shapes(checkpoint.config, len(checkpoint.labels), head=checkpoint.head, fusion=checkpoint.fusion)
    return sum(map(math.prod, shapes.values())) * WEIGHT_BYTES[precision]


# Texts --------------------------------------------------------------------------------------------------------------


def _truth(labels: Sequence[str], examples: Sequence[Example]) -> list[int] | None:
    """The number of each example's label; None if the data have a label that the model does not know."""
    number = {label: index for index, label in enumerate(labels)}
    known = all(example.label in number for example in examples)
    return [number[example.label] for example in examples] if known else None
