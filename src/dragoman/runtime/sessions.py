"""Which session a model runs in: by precision, device and what this machine has."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from dragoman.errors import InvalidInput, MissingExtra
from dragoman.models.checkpoint import Checkpoint
from dragoman.records import Form
from dragoman.runtime.base import Session
from dragoman.runtime.native_library import native_available, usable_cores, why_native_is_unavailable

__all__ = ["DEVICES", "PRECISIONS", "Compute", "Stored", "choose_form", "open_session"]

logger = logging.getLogger(__name__)

PRECISIONS = ("auto", "fp32", "int8", "bf16", "fp16")
DEVICES = ("auto", "cpu", "cuda")
ON_CPU, ON_GPU = ("fp32", "int8"), ("bf16", "fp16", "fp32")


class Compute(NamedTuple):
    """What the caller asks for. `threads` = 0 takes all cores that the process may use."""

    precision: str = "auto"
    device: str = "auto"  # the CPU, unless a spec says otherwise
    threads: int = 0


class Stored(NamedTuple):
    """What a bundle has ready beside its checkpoint."""

    graph: Path | None = None
    int8: Path | None = None


def choose_form(compute: Compute, tuned: Sequence[Form] = ()) -> Form:
    """The form that a request for `compute` means; `tuned` are those that tuning chose, one for a kind of device.

    Its threads are a number. Raises `InvalidInput` for a precision that the device does not have, naming those it has,
    and for int8 where its kernels cannot run.
    """
    device, precision = compute.device, compute.precision
    if compute.threads < 0:
        raise InvalidInput(f"There are no {compute.threads} threads.", help="Give a number; 0 takes all cores.")
    if device not in DEVICES:
        raise InvalidInput(f"There is no device {device!r}.", help=f"Use {', '.join(DEVICES)}.")
    if precision not in PRECISIONS:
        raise InvalidInput(f"There is no precision {precision!r}.", help=f"Use one of {', '.join(PRECISIONS)}.")
    threads = compute.threads or usable_cores()
    here = next((one for one in tuned if one.device == ("cuda" if device == "cuda" else "cpu")), None)
    if device == "cuda":
        usual = here.precision if here else "bf16"
        return _form(_checked(usual if precision == "auto" else precision, device, ON_GPU), "torch", threads)
    if precision == "auto":
        found = _tuned_form(here, compute.threads) if here else _form("fp32", "onnxruntime", threads)
        _tell_of_cuda(tuned, found)
        return found
    if _checked(precision, "cpu", ON_CPU) == "fp32":
        return _form("fp32", "onnxruntime", threads)
    if not native_available():
        raise InvalidInput(f"int8 cannot run here: {why_native_is_unavailable()}", help="Use fp32.")
    return _form("int8", "native", threads)


def open_session(checkpoint: Checkpoint, form: Form, stored: Stored = Stored()) -> Session:  # noqa: B008 (frozen)
    """A session of the checkpoint's body in a form. Raises `MissingExtra` for a GPU without torch."""
    if form.backend == "torch":
        return _open_torch(checkpoint, form)
    if form.backend == "native":
        return _open_native(checkpoint, form, stored.int8)
    from dragoman.runtime.onnx_session import OnnxSession, session_of  # heavy: the ONNX runtime

    threads = form.threads or usable_cores()
    return OnnxSession(stored.graph, threads=threads) if stored.graph else session_of(checkpoint, threads=threads)


def _open_native(checkpoint: Checkpoint, form: Form, int8: Path | None) -> Session:
    from dragoman.runtime.native_session import NativeSession, native_session_of  # heavy: the native library

    if int8:
        return NativeSession(int8, checkpoint.config, threads=form.threads)
    return native_session_of(checkpoint, threads=form.threads)


def _open_torch(checkpoint: Checkpoint, form: Form) -> Session:
    try:
        from dragoman.runtime.torch_session import TorchSession  # optional, and heavy: torch
    except ImportError:
        raise MissingExtra.of("train", "Running on a GPU") from None
    return TorchSession(checkpoint.config, checkpoint.arrays, device="cuda", precision=form.precision)


def _tuned_form(tuned: Form, threads: int) -> Form:
    """The form that tuning chose, or fp32 where this machine cannot run it. This one may have fewer cores."""
    threads = threads or min(tuned.threads or usable_cores(), usable_cores())
    if tuned.backend == "native" and not native_available():
        logger.warning("Serving in fp32, not in int8: %s", why_native_is_unavailable())
        return _form("fp32", "onnxruntime", threads)
    return _form(tuned.precision, tuned.backend, threads)


def _tell_of_cuda(tuned: Sequence[Form], found: Form) -> None:
    """Say so where a model that was tuned for a GPU is served without it."""
    if tuned and tuned[0].device == "cuda":
        logger.warning(
            "Tuned for cuda (%s), served on the CPU (%s %s): serving.device or the device that was asked for is cpu.",
            *(tuned[0].precision, found.precision, found.backend),
        )


def _form(precision: str, backend: str, threads: int) -> Form:
    return Form(precision=precision, backend=backend, threads=threads)


def _checked(precision: str, device: str, possible: tuple[str, ...]) -> str:
    if precision not in possible:
        raise InvalidInput(
            f"The precision {precision} is not there on {device}.", help=f"Use {', '.join(possible)} or auto."
        )
    return precision
