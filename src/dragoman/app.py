"""The composition root: the only module that knows everybody.

Heavy parts (torch, the ONNX runtime, the HTTP server) are imported by the verb that needs them.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from dragoman.data.datasets import digest_examples, ingest
from dragoman.data.sources import expand_files, read_examples
from dragoman.errors import Conflict, DragomanError, GateFailed, InvalidCheckpoint, InvalidSpec, NotFound
from dragoman.records import DatasetVersion, Example, Run, Version
from dragoman.registry.manifest import MANIFEST_FILE
from dragoman.registry.uri import CHAMPION, is_model_uri
from dragoman.settings import WORKSPACE_FILE, Settings, read_settings
from dragoman.spec import ModelSpec, ServingSpec, read_spec
from dragoman.store.blobs import LocalBlobs
from dragoman.store.files import FileLock
from dragoman.store.tables import DeltaTables
from dragoman.training.gates import check_gates
from dragoman.training.runs import complete_run, fail_run, now, run_id_of, start_run

if TYPE_CHECKING:
    from dragoman.registry.registry import Registry
    from dragoman.serving.model import Model
    from dragoman.serving.table import ModelTable
    from dragoman.store.catalog import SqlCatalog
    from dragoman.training.loop import Progress

__all__ = ["Workspace", "init_workspace", "load", "open_workspace"]

Report = Callable[["Progress"], None]


def open_workspace(path: str | Path = ".", **overrides: Any) -> Workspace:
    """Open the workspace in `path`; `overrides` replace settings. Raises `NotFound` if it is none."""
    root = Path(path).resolve()
    return Workspace(root, read_settings(root, overrides))


def load(source: str | Path, *, workspace: str | Path = ".", threads: int = 0) -> Model:
    """Load a model to predict with.

    `source` is a registered version (`models:/support/3`, `models:/support@champion`; looked up in `workspace`), a
    bundle's folder, or a Hugging Face folder of a classifier of the XLM-RoBERTa, RoBERTa or BERT family. `threads` = 0
    takes all cores. Raises `NotFound`, `InvalidCheckpoint` or `Untrusted`.
    """
    if isinstance(source, str) and is_model_uri(source):
        return open_workspace(workspace).load(source, threads=threads)
    folder = Path(source)
    if not folder.is_dir():
        raise NotFound(f"There is no folder {folder}.", help="Name a bundle, a Hugging Face folder, or models:/NAME/3.")
    if (folder / MANIFEST_FILE).exists():
        return _load_bundle(folder, version="", threads=threads)
    return _load_hugging_face(folder, threads=threads)


def init_workspace(path: str | Path) -> Path:
    """Write the example workspace to a new or empty folder. Raises `Conflict` if something is there."""
    root = Path(path).resolve()
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise Conflict(f"{root} exists and is not an empty folder.", help="Name a new folder.")
    root.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{root.name}-", dir=root.parent))
    try:
        shutil.copytree(_example_folder(), partial, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".dragoman"))
        partial.chmod(0o755)
        partial.replace(root)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return root


class Outcome(NamedTuple):
    """What `train` did."""

    version: Version
    run: Run
    trained: bool  # False: nothing had changed since this version was trained


class Workspace:
    """A folder with specs and data, and its state."""

    def __init__(self, root: Path, settings: Settings) -> None:
        self.root, self.settings = root, settings

    # Parts

    @property
    def state(self) -> Path:
        return self.root / self.settings.state

    @cached_property
    def catalog(self) -> SqlCatalog:
        from dragoman.store.catalog import SqlCatalog  # heavy: sqlalchemy

        self.state.mkdir(parents=True, exist_ok=True)
        return SqlCatalog(self.settings.catalog or f"sqlite:///{self.state / 'catalog.sqlite'}")

    @cached_property
    def blobs(self) -> LocalBlobs:
        return LocalBlobs(self.state / "blobs")

    @cached_property
    def tables(self) -> DeltaTables:
        return DeltaTables(self.state / "tables")

    @cached_property
    def registry(self) -> Registry:
        from dragoman.registry.registry import Registry  # heavy: the ONNX library

        return Registry(self.catalog, self.blobs, self.state / "bundles")

    # Specs

    def specs(self) -> list[ModelSpec]:
        """Every model's spec, by name. Raises `NotFound` if there is none."""
        specs = self._read_specs()
        if not specs:
            raise NotFound(f"{self.root} declares no model.", help="Write models/NAME.toml; docs/spec.md has the keys.")
        return specs

    def spec(self, name: str | None = None) -> ModelSpec:
        """The spec of a model; the only one there is when no name is given."""
        specs = self.specs()
        names = ", ".join(spec.name for spec in specs)
        if name is None and len(specs) == 1:
            return specs[0]
        if name is None:
            raise NotFound(f"The workspace declares {len(specs)} models.", help=f"Name one of them: {names}.")
        for spec in specs:
            if spec.name == name:
                return spec
        raise NotFound(f"The workspace declares no model '{name}'.", help=f"It has: {names}.")

    def _read_specs(self) -> list[ModelSpec]:
        found: dict[str, Path] = {}
        specs = []
        for path in sorted((self.root / "models").glob("*.toml")):
            spec = read_spec(path)
            if (first := found.setdefault(spec.name, path)) != path:
                raise InvalidSpec(f"{first} and {path} both declare '{spec.name}'.", help="Rename one of the two.")
            specs.append(spec)
        return specs

    # Training

    def find_trained(self, spec: ModelSpec) -> Outcome | None:
        """The version that the spec and the data, as they are now, have already given."""
        digest = digest_examples(self._examples(spec))
        dataset = self.catalog.find_dataset_version(spec.dataset_name, digest)
        return self._completed(run_id_of(spec, digest)) if dataset else None

    def train(self, name: str | None = None, *, again: bool = False, report: Report) -> Outcome:
        """Train a model, register it, and make it the champion if it passes its gates.

        Does nothing when spec and data have not changed since a completed run, unless `again`. Raises `InvalidSpec`,
        `InvalidData`, `Conflict` while another process trains the same, and `GateFailed` after registering a version
        that does not pass.
        """
        spec = self.spec(name)
        examples = self._examples(spec)
        dataset = ingest(
            examples,
            name=spec.dataset_name,
            sources=self._sources(spec),
            tables=self.tables,
            catalog=self.catalog,
        )
        run_id = run_id_of(spec, dataset.digest)
        done = self._completed(run_id)
        if done is None or again:
            with FileLock(self.state / "runs" / f"{run_id}.lock"):
                done = self._train(spec, examples, dataset, report)
        self.crown(spec, done)
        return done

    def _train(self, spec: ModelSpec, examples: Sequence[Example], dataset: DatasetVersion, report: Report) -> Outcome:
        from dragoman.training.environment import environment_state
        from dragoman.training.pipeline import train_bundle  # heavy: torch

        run = start_run(spec, dataset, self.root)
        self.catalog.save_run(run)
        folder = self.state / "runs" / run.id
        started = time.monotonic()
        with self._failure_recorded(run):
            trained = train_bundle(
                spec,
                sorted(examples, key=lambda example: example.id),
                dataset,
                run=run.id,
                environment=environment_state(),
                workspace=self.root,
                folder=folder,
                report=report,
            )
            version = self.registry.register(trained.folder, run=run.id, owner=spec.owner, created=now())
        seconds = time.monotonic() - started
        run = complete_run(run, bundle=version.bundle, evaluation=trained.evaluation, seconds=seconds)
        self.catalog.save_run(run)
        shutil.rmtree(folder, ignore_errors=True)
        return Outcome(version, run, trained=True)

    @contextmanager
    def _failure_recorded(self, run: Run) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self.catalog.save_run(fail_run(run, error))
            raise

    def _completed(self, run_id: str) -> Outcome | None:
        try:
            run = self.catalog.run(run_id)
        except NotFound:
            return None
        if run.status != "completed":
            return None
        version = next((v for v in self.catalog.versions(run.model) if v.bundle == run.bundle), None)
        return Outcome(version, run, trained=False) if version else None

    def crown(self, spec: ModelSpec, outcome: Outcome) -> None:
        """Make a version that passes its gates the champion. Raises `GateFailed` for one that does not."""
        check_gates(spec.gates, outcome.run.metrics, outcome.version)
        current = self.catalog.alias(spec.name, CHAMPION)
        if current != outcome.version.number:
            self.catalog.move_alias(spec.name, CHAMPION, outcome.version.number, expected=current)

    def test_examples(self, name: str) -> list[Example]:
        """The test split of a model's data."""
        return [example for example in self._examples(self.spec(name)) if example.split == "test"]

    def _examples(self, spec: ModelSpec) -> list[Example]:
        return read_examples(self._files(spec), labels=spec.data.labels, languages=spec.languages)

    def _files(self, spec: ModelSpec) -> list[Path]:
        return expand_files(self.root, spec.data.files)

    def _sources(self, spec: ModelSpec) -> dict[str, str]:
        files = self._files(spec)
        return {_name_of(path, self.root): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    # Serving

    def load(self, uri: str, *, threads: int = 0) -> Model:
        """Load a registered version. The spec in the workspace says how it is served; else the bundle's own."""
        version = self.registry.resolve(uri)
        folder = self.registry.fetch(version)
        return _load_bundle(folder, version=str(version.number), threads=threads, serving=self._serving(version.model))

    def table(self, names: Sequence[str] | None = None) -> ModelTable:
        """The champions of the named models, loaded; of all models that have one, if none is named."""
        from dragoman.serving.table import ModelTable  # heavy: the serving parts

        table = ModelTable()
        names = names or [name for name in self.catalog.models() if self.catalog.alias(name, CHAMPION)]
        if not names:
            raise NotFound("There is no model to serve.", help="Run `dragoman train` first, or `dragoman up`.")
        for name in names:
            version = self.registry.resolve(name)
            table.add(self.load(version.uri), aliases=version.aliases)
        return table

    def _serving(self, name: str) -> ServingSpec | None:
        return next((spec.serving for spec in self._read_specs() if spec.name == name), None)


def ensure_trained(workspace: Workspace, *, show: Callable[[str], None]) -> None:
    """Train every model of the workspace whose spec or data has changed. Raises `GateFailed` for one that fails."""
    for spec in workspace.specs():
        done = workspace.find_trained(spec)
        if done is None:
            show(f"Training {spec.name}: {spec.description or spec.task}")
            train_in_child(workspace, spec.name)
        else:
            workspace.crown(spec, done)
            show(f"{done.version.uri} is up to date (accuracy {done.run.metrics['accuracy']:.3f}).")


def check_address(workspace: Workspace) -> None:
    """Raise `Conflict` if the server's port is taken: better before a long training than after it."""
    from dragoman.api.server import bind  # heavy: the HTTP server

    bind(workspace.settings.host, workspace.settings.port).close()


def serve(workspace: Workspace, names: Sequence[str], *, on_ready: Callable[[str], None]) -> None:
    """Serve models until SIGTERM or SIGINT; `on_ready` gets the server's address when it answers.

    Raises `Conflict` if the port is taken and `NotFound` if there is nothing to serve.
    """
    from dragoman.api.native import create_app
    from dragoman.api.server import bind, run_server  # heavy: the HTTP server

    settings = workspace.settings
    listener = bind(settings.host, settings.port)
    table = workspace.table(names)
    url = f"http://{settings.host}:{listener.getsockname()[1]}"
    try:
        run_server(
            create_app(table, max_body_bytes=settings.max_body_bytes),
            host=settings.host,
            port=settings.port,
            on_ready=lambda: on_ready(url),
            drain_seconds=settings.drain_seconds,
            listener=listener,
        )
    finally:
        table.close()


def train_in_child(workspace: Workspace, name: str) -> None:
    """Train in a process of its own, so that a server started afterwards does not carry torch.

    The child shows its own progress and its own errors. Raises `GateFailed` or `DragomanError` by its exit code.
    """
    command = [sys.executable, "-m", "dragoman", "train", name, "--workspace", str(workspace.root)]
    done = subprocess.run(command, check=False)
    if done.returncode == DragomanError.exit_code:
        raise GateFailed(f"Training '{name}' did not succeed.", help="Its message stands above.")
    if done.returncode:
        raise Conflict(f"Training '{name}' ended with exit code {done.returncode}.", help="Its message stands above.")


def _load_bundle(folder: Path, *, version: str, threads: int, serving: ServingSpec | None = None) -> Model:
    from dragoman.registry.bundle import GRAPH_FILE, LANGUAGE_FILE, open_bundle
    from dragoman.runtime.onnx_session import OnnxSession  # heavy: the ONNX runtime
    from dragoman.serving.model import Model
    from dragoman.text.language import NgramDetector

    bundle = open_bundle(folder)
    serving = serving or bundle.spec.serving
    return Model(
        name=bundle.spec.name,
        version=version,
        tokenizer=bundle.tokenizer,
        detector=NgramDetector.read(folder / LANGUAGE_FILE),
        labels=bundle.labels,
        languages=bundle.spec.languages,
        temperature=bundle.temperature,
        session=OnnxSession(folder / GRAPH_FILE, threads=threads or serving.threads),
        serving=serving,
        first_position=bundle.first_position,
        max_tokens=bundle.spec.base.max_tokens,
    )


def _load_hugging_face(folder: Path, *, threads: int) -> Model:
    from dragoman.models.checkpoint import read_checkpoint
    from dragoman.runtime.onnx_session import session_of  # heavy: the ONNX runtime
    from dragoman.serving.model import Model
    from dragoman.text.language import LangidDetector
    from dragoman.text.tokenizer import Tokenizer

    checkpoint = read_checkpoint(folder)
    if not checkpoint.labels:
        raise InvalidCheckpoint(
            f"{folder} has no classification head.",
            help="Fine-tune it first: name the folder as base.checkpoint in a spec.",
        )
    detector = LangidDetector(())
    return Model(
        name=folder.resolve().name,
        version="",
        tokenizer=Tokenizer.read(
            folder, max_tokens=checkpoint.config.max_tokens, vocabulary=checkpoint.config.vocabulary
        ),
        detector=detector,
        labels=checkpoint.labels,
        languages=detector.languages,
        temperature=1.0,
        session=session_of(checkpoint, threads=threads),
        serving=ServingSpec(),
        first_position=checkpoint.config.first_position,
        max_tokens=checkpoint.config.max_tokens,
    )


def _example_folder() -> Path:
    """The example workspace: inside an installed package, or beside the sources of a checkout."""
    package = Path(__file__).parent
    for folder in (package / "_examples" / "support", package.parent.parent / "examples" / "support"):
        if (folder / WORKSPACE_FILE).is_file():
            return folder
    raise NotFound("This installation has no example workspace.", help="Install Dragoman again.")


def _name_of(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
