"""From a folder to a model that answers: bundles and Hugging Face folders."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import chain
from pathlib import Path
from typing import NamedTuple
from weakref import WeakValueDictionary

from dragoman.errors import ModelNotReady
from dragoman.models.checkpoint import CONFIG_FILE, Checkpoint, open_checkpoint
from dragoman.models.sentence_transformers import transformer_folder
from dragoman.records import Form, Manifest
from dragoman.registry.bundle import GRAPH_FILE, INT8_FILE, LANGUAGE_FILE, LOCK_FILE, Bundle, open_bundle
from dragoman.registry.manifest import digest_of
from dragoman.runtime.sessions import Compute, Stored, choose_form, open_session
from dragoman.serving.backbone import Backbone
from dragoman.serving.cache import ResultCache
from dragoman.serving.engine import Engine
from dragoman.serving.model import Model
from dragoman.serving.observer import Observer, Silent
from dragoman.serving.scheduler import Scheduler
from dragoman.serving.tasks.choice import TaskParts, checked_task, task_of
from dragoman.serving.warmup import warm_up
from dragoman.spec import ServingSpec
from dragoman.text.language import LangidDetector, NgramDetector
from dragoman.text.lock import golden_texts
from dragoman.text.tokenizer import TOKENIZER_FILE, Tokenizer

__all__ = ["Loader"]


class Origin(NamedTuple):
    """What a backbone is made of."""

    checkpoint: Checkpoint
    tokenizer: Tokenizer
    digest: str  # of everything that its answers depend on, the form aside
    stored: Stored = Stored()
    tuned: Form | None = None


class Loader:
    """Loads models. Those of one checkpoint in one form share their backbone: session, queue, cache and tokenizer.

    Models of one base share its tokenizer, and in int8 its word table: half of what an XLM-R-base takes.
    `compute` comes before what a spec says. With `warm`, a model has answered in every language before it is returned.
    Safe to share between threads.
    """

    def __init__(self, compute: Compute | None = None, *, observer: Observer | None = None, warm: bool = False) -> None:
        self.compute, self.observer, self.warm = compute or Compute(), observer or Silent(), warm
        self._backbones: WeakValueDictionary[str, Backbone] = WeakValueDictionary()  # nobody's are not kept in memory
        self._tokenizers: WeakValueDictionary[tuple[str, int, int], Tokenizer] = WeakValueDictionary()
        self._lock = threading.Lock()

    def load_bundle(
        self,
        folder: Path,
        *,
        manifest: Manifest | None = None,
        name: str = "",
        version: str = "",
        task: str | None = None,
        serving: ServingSpec | None = None,
    ) -> Model:
        """Load a bundle. `serving` replaces what its spec says; `manifest` is one that the folder was compared with.

        Raises `Untrusted` and `InvalidCheckpoint`.
        """
        bundle = open_bundle(folder, manifest=manifest)
        spec = bundle.spec
        serving, name = serving or spec.serving, name or spec.name
        origin, detector = self._sharing(_bundle_origin(bundle), folder), NgramDetector.read(folder / LANGUAGE_FILE)
        task = checked_task(task or spec.task, origin.checkpoint)
        with self._backbone(origin, serving, name) as backbone:
            parts = TaskParts(origin.checkpoint, backbone.tokenizer, serving, detector, bundle.temperature)
            model = Model(
                name=name,
                version=version,
                digest=origin.digest,
                task=task_of(task, parts),
                backbone=backbone,
                detector=detector,
                languages=spec.languages,
                serving=serving,
                reference=bundle.reference,
            )
        return self._warmed(model, golden_texts((folder / LOCK_FILE).read_bytes()))

    def load_folder(self, folder: Path, *, name: str = "", task: str | None = None) -> Model:
        """Load a Hugging Face or sentence-transformers folder; `task` defaults to what its head is for.

        Raises `InvalidCheckpoint` for a folder that is none, or whose head is not the task's.
        """
        origin = self._sharing(_folder_origin(folder), transformer_folder(folder))
        serving, detector = ServingSpec(), LangidDetector(())
        task, name = checked_task(task, origin.checkpoint), name or folder.resolve().name
        with self._backbone(origin, serving, name) as backbone:
            model = Model(
                name=name,
                version="",
                digest=origin.digest,
                task=task_of(task, TaskParts(origin.checkpoint, backbone.tokenizer, serving, detector)),
                backbone=backbone,
                detector=detector,
                languages=detector.languages,
                serving=serving,
            )
        return self._warmed(model, {})

    def _warmed(self, model: Model, texts: dict[str, list[str]]) -> Model:
        """The model, ready to answer; what it answered to get warm is told to nobody."""
        if self.warm:
            try:
                warm_up(model, texts)
            except BaseException:
                model.close()
                raise
        model.observer = model.backbone.engine.observer = self.observer
        return model

    def _sharing(self, origin: Origin, folder: Path) -> Origin:
        """The origin with a tokenizer that a loaded model has already, if it is the same; a folder's file says so."""
        with (folder / TOKENIZER_FILE).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        own = origin.tokenizer
        with self._lock:
            return origin._replace(
                tokenizer=self._tokenizers.setdefault((digest, own.max_tokens, own.token_types), own)
            )

    @contextmanager
    def _backbone(self, origin: Origin, serving: ServingSpec, name: str) -> Iterator[Backbone]:
        """The backbone that loaded models of the same origin and form use, or a new one: held until a model has it."""
        form = choose_form(_asked(self.compute, serving), origin.tuned)
        digest = f"{origin.digest}:{form.precision}:{form.backend}:{form.threads}"
        with self._lock:
            found = _taken(self._backbones.get(digest))
            if found is None:
                found = _new_backbone(origin, form, digest, serving, name).take()
                self._backbones[digest] = found
        try:
            yield found
        finally:
            found.give_back()


def _taken(backbone: Backbone | None) -> Backbone | None:
    """The backbone with one user more; None if it closed meanwhile."""
    try:
        return backbone and backbone.take()
    except ModelNotReady:
        return None


def _new_backbone(origin: Origin, form: Form, digest: str, serving: ServingSpec, name: str) -> Backbone:
    open_one = partial(open_session, origin.checkpoint, form, origin.stored)
    session = open_one()
    scheduler = Scheduler(
        max_batch_tokens=serving.max_batch_tokens,
        max_queue_tokens=serving.max_queue_tokens,
        pads_attention=form.backend == "onnxruntime",
    )
    engine = Engine(
        session,
        scheduler,
        first_position=origin.checkpoint.config.first_position,
        digest=digest,
        name=name,
        session_factory=open_one,
        cache=ResultCache(serving.cache_bytes),
    )
    return Backbone(tokenizer=origin.tokenizer, engine=engine, digest=digest)


def _asked(compute: Compute, serving: ServingSpec) -> Compute:
    """What the caller asks for, and for the rest what the spec says."""
    return Compute(
        serving.precision if compute.precision == "auto" else compute.precision,
        serving.device if compute.device == "auto" else compute.device,
        compute.threads or serving.threads,
    )


def _bundle_origin(bundle: Bundle) -> Origin:
    int8 = bundle.folder / INT8_FILE
    return Origin(
        checkpoint=open_checkpoint(bundle.folder),
        tokenizer=bundle.tokenizer,
        digest=digest_of(bundle.manifest),
        stored=Stored(graph=bundle.folder / GRAPH_FILE, int8=int8 if int8.exists() else None),
        tuned=bundle.tuning.chosen if bundle.tuning else None,
    )


def _folder_origin(folder: Path) -> Origin:
    digest = _folder_digest(folder)  # first: a folder that changes while it is read must not pass for its later self
    checkpoint = open_checkpoint(folder)
    config, settings = checkpoint.config, checkpoint.embedding
    longest = min(config.max_tokens, (settings and settings.max_tokens) or config.max_tokens)
    tokenizer = Tokenizer.read(
        transformer_folder(folder), max_tokens=longest, vocabulary=config.vocabulary, token_types=config.token_types
    )
    return Origin(checkpoint, tokenizer, digest)


def _folder_digest(folder: Path) -> str:
    """Names what a folder and its modules hold now.

    Weights are told by size and time of change: reading them would take seconds.
    """
    content = hashlib.sha256(str(folder.resolve()).encode())
    for path in sorted(chain(folder.glob("*"), folder.glob("*/*"))):
        if path.is_file():
            stat = path.stat()
            content.update(f"{path.relative_to(folder)} {stat.st_size} {stat.st_mtime_ns}\n".encode())
            if path.name in (CONFIG_FILE, TOKENIZER_FILE):
                content.update(path.read_bytes())
    return content.hexdigest()
