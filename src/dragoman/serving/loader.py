"""From a folder to a model that answers: bundles and Hugging Face folders."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple
from weakref import WeakValueDictionary

from dragoman.errors import ModelNotReady
from dragoman.models.sentence_transformers import transformer_folder
from dragoman.records import Form, Manifest
from dragoman.registry.bundle import LANGUAGE_FILE, LOCK_FILE, Bundle, open_bundle
from dragoman.registry.manifest import digest_of
from dragoman.runtime.sessions import Compute, choose_form, open_session
from dragoman.serving.backbone import Backbone
from dragoman.serving.cache import ResultCache
from dragoman.serving.engine import Engine
from dragoman.serving.features import Features
from dragoman.serving.lookup import Lookups
from dragoman.serving.model import Model
from dragoman.serving.observer import Observer, Silent
from dragoman.serving.origin import Origin, bundle_origin, folder_origin
from dragoman.serving.scheduler import Scheduler
from dragoman.serving.tables import columns_of, table_backbone, table_task
from dragoman.serving.tasks.choice import TaskParts, checked_task, task_of
from dragoman.serving.warmup import warm_up
from dragoman.spec import ServingSpec
from dragoman.text.langid import LangidDetector
from dragoman.text.language import NgramDetector, NoDetector
from dragoman.text.lock import golden_texts
from dragoman.text.tokenizer import TOKENIZER_FILE, Tokenizer

__all__ = ["Loader"]


class Named(NamedTuple):
    """As what a bundle or a folder is loaded."""

    name: str
    version: str
    serving: ServingSpec


class Loader:
    """Loads models. Those of one checkpoint in one form share their backbone: session, queue, cache and tokenizer.

    Models of one base share its tokenizer, and in int8 its word table: half of what an XLM-R-base takes.
    `compute` comes before what a spec says. With `warm`, a model has answered in every language before it is returned.
    `lookups` finds the features of models that read views.
    Safe to share between threads.
    """

    def __init__(
        self,
        compute: Compute | None = None,
        *,
        observer: Observer | None = None,
        warm: bool = False,
        lookups: Lookups | None = None,
    ) -> None:
        self.compute, self.observer, self.warm = compute or Compute(), observer or Silent(), warm
        self.lookups = lookups
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
        lookups: Lookups | None = None,
    ) -> Model:
        """Load a bundle. `serving` replaces what its spec says; `manifest` is one that the folder was compared with.

        `lookups` comes before the loader's own. Raises `Untrusted`, `InvalidCheckpoint`, and what `lookups` raises.
        """
        bundle = open_bundle(folder, manifest=manifest)
        named = Named(name or bundle.spec.name, version, serving or bundle.spec.serving)
        features = _features_of(bundle, lookups or self.lookups)
        if bundle.text is None:
            return self._load_table(bundle, named, features, task)
        return self._load_texts(bundle, named, features, task)

    def _load_texts(self, bundle: Bundle, named: Named, features: Features | None, task: str | None) -> Model:
        origin = self._sharing(bundle_origin(bundle), bundle.folder)
        detector = NgramDetector.read(bundle.folder / LANGUAGE_FILE)
        task = checked_task(task or bundle.spec.task, origin.checkpoint)
        features = features if task == "text-classification" else None  # others read the text alone
        with self._text_backbone(origin, named) as backbone:
            parts = TaskParts(origin.checkpoint, origin.tokenizer, named.serving, detector, bundle.temperature)
            model = Model(
                name=named.name,
                version=named.version,
                digest=origin.digest,
                task=task_of(task, parts._replace(encoder=bundle.features)),
                backbone=backbone,
                detector=detector,
                languages=bundle.spec.languages,
                serving=named.serving,
                reference=bundle.reference,
                features=features,
            )
        return self._warmed(model, golden_texts((bundle.folder / LOCK_FILE).read_bytes()))

    def _load_table(self, bundle: Bundle, named: Named, features: Features | None, task: str | None) -> Model:
        digest, done = digest_of(bundle.manifest), table_task(bundle, named.serving, task)
        make = partial(table_backbone, bundle, named.serving, name=named.name, digest=digest)
        with self._backbone(digest, make) as backbone:
            model = Model(
                name=named.name,
                version=named.version,
                digest=digest,
                task=done,
                backbone=backbone,
                detector=NoDetector(),
                languages=bundle.spec.languages,
                serving=named.serving,
                reference=bundle.reference,
                features=features,
            )
        return self._warmed(model, {})

    def load_folder(self, folder: Path, *, name: str = "", task: str | None = None) -> Model:
        """Load a Hugging Face or sentence-transformers folder; `task` defaults to what its head is for.

        Raises `InvalidCheckpoint` for a folder that is none, or whose head is not the task's.
        """
        origin = self._sharing(folder_origin(folder), transformer_folder(folder))
        serving, detector = ServingSpec(), LangidDetector(())
        task, named = checked_task(task, origin.checkpoint), Named(name or folder.resolve().name, "", serving)
        with self._text_backbone(origin, named) as backbone:
            model = Model(
                name=named.name,
                version="",
                digest=origin.digest,
                task=task_of(task, TaskParts(origin.checkpoint, origin.tokenizer, serving, detector)),
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
    def _text_backbone(self, origin: Origin, named: Named) -> Iterator[Backbone]:
        form = choose_form(_asked(self.compute, named.serving), origin.tuned)
        digest = f"{origin.digest}:{form.precision}:{form.backend}:{form.threads}"
        with self._backbone(digest, partial(_new_backbone, origin, form, digest, named)) as backbone:
            yield backbone

    @contextmanager
    def _backbone(self, digest: str, make: Callable[[], Backbone]) -> Iterator[Backbone]:
        """The backbone that loaded models of the same origin and form use, or a new one: held until a model has it."""
        with self._lock:
            found = _taken(self._backbones.get(digest))
            if found is None:
                found = make().take()
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


def _new_backbone(origin: Origin, form: Form, digest: str, named: Named) -> Backbone:
    open_one = partial(open_session, origin.checkpoint, form, origin.stored)
    session, serving = open_one(), named.serving
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
        name=named.name,
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


def _features_of(bundle: Bundle, lookups: Lookups | None) -> Features | None:
    """The columns that a model reads, with the look-up of those of views; None for a model of texts alone."""
    if bundle.features is None:
        return None
    columns = columns_of(bundle)
    if lookups is None or not any(column.view for column in columns):
        return Features(columns)
    return Features(columns, lookups(bundle.lineage.views))
