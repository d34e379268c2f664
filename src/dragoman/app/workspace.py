"""The workspace: specs, data and state of one folder, and what can be done with them."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from dragoman.app.datasets import Datasets
from dragoman.app.learning import Forecasts, Job, Join, NoJoin, Rows, Texts, learning_of, rests_on
from dragoman.app.lineage import Lineage
from dragoman.app.lineage_log import LineageLog, endpoint_of
from dragoman.data.lineage import Trained
from dragoman.errors import Conflict, InvalidSpec, NotFound
from dragoman.records import By, DatasetVersion, Example, Run, Spent, TuningReport, Version
from dragoman.registry.uri import CHALLENGER, CHAMPION
from dragoman.settings import WORKSPACE_FILE, Settings, read_settings
from dragoman.spec import ModelSpec, ServingSpec, read_spec
from dragoman.store.audit import this_user
from dragoman.store.blobs import LocalBlobs
from dragoman.store.files import FileLock, make_folder
from dragoman.store.tables import DeltaTables
from dragoman.training.gates import check_gates
from dragoman.training.runs import complete_run, fail_run, now, run_id_of, start_run

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

    from dragoman.app.features import Features
    from dragoman.registry.keychain import Keychain
    from dragoman.registry.registry import Registry
    from dragoman.runtime.tuning import Step
    from dragoman.serving.loader import Loader
    from dragoman.serving.model import Model
    from dragoman.store.catalog import SqlCatalog
    from dragoman.text.trimming import Keep
    from dragoman.training.progress import Progress
    from dragoman.training.trained import Trained as TrainedBundle

__all__ = ["EXAMPLES", "Outcome", "Workspace", "init_workspace", "open_workspace"]

Report = Callable[["Progress"], None]
SIGNING_KEY = "keys/signing.pem"  # in the state folder
EXAMPLES = ("support", "churn", "demand")
MADE = {"churn": ("data",)}  # by the example's own script


def open_workspace(path: str | Path = ".", **overrides: Any) -> Workspace:
    """Open the workspace in `path`; `overrides` replace settings. Raises `NotFound` if it is none."""
    root = Path(path).resolve()
    return Workspace(root, read_settings(root, overrides))


def init_workspace(path: str | Path, *, example: str = EXAMPLES[0]) -> Path:
    """Write an example workspace to a new or empty folder: "support", "churn" or "demand".

    Raises `NotFound` for another example, and `Conflict` if something is there.
    """
    root = Path(path).resolve()
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise Conflict(f"{root} exists and is not an empty folder.", help="Name a new folder.")
    root.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{root.name}-", dir=root.parent))
    try:
        of_this_place = shutil.ignore_patterns(".dragoman", "keys", "__pycache__", *MADE.get(example, ()))
        shutil.copytree(_example_folder(example), partial, dirs_exist_ok=True, ignore=of_this_place)
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
    alias: str = CHAMPION  # that it has now; empty: none


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
        url = self.settings.catalog or f"sqlite:///{self.state / 'catalog.sqlite'}"
        return SqlCatalog(url, anchor=self.state / "audit.head")

    @cached_property
    def blobs(self) -> LocalBlobs:
        return LocalBlobs(self.state / "blobs")

    @cached_property
    def tables(self) -> DeltaTables:
        return DeltaTables(self.state / "tables")

    @cached_property
    def registry(self) -> Registry:
        from dragoman.registry.registry import Registry  # heavy: cryptography

        keys = self.keychain
        return Registry(self.catalog, self.blobs, self.state / "bundles", signer=keys.signer, trust=keys.trust)

    @cached_property
    def keychain(self) -> Keychain:
        from dragoman.registry.keychain import Keychain
        from dragoman.registry.signing import Signer
        from dragoman.registry.trust import Trust  # heavy: cryptography

        path = self.settings.signing_key or f"{self.settings.state}/{SIGNING_KEY}"
        return Keychain(Signer(self.root / path), Trust(self.root / self.settings.trusted_keys), self.catalog)

    @cached_property
    def datasets(self) -> Datasets:
        return Datasets(self.root, self.state, self.tables, lambda: self.catalog)

    @cached_property
    def lineage(self) -> Lineage:
        return Lineage(self.root, self.state, self.tables, lambda: self.catalog)

    @cached_property
    def features(self) -> Features:
        from dragoman.app.features import Features  # heavy: cryptography

        return Features(self)

    @cached_property
    def lineage_log(self) -> LineageLog:
        return LineageLog(self.state / "lineage", endpoint_of(self.settings.openlineage))

    # Specs

    def specs(self) -> list[ModelSpec]:
        """Every model's spec, by name. Raises `NotFound` if there is none."""
        specs = self._read_specs()
        if not specs:
            raise NotFound(f"{self.root} declares no model.", help="Write models/NAME.toml; docs/spec.md has the keys.")
        return specs

    def specs_or_none(self) -> list[ModelSpec]:
        """Every model's spec, by name; a workspace may have versions whose specs are gone."""
        return self._read_specs()

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
        """The version that the spec, the data and the views, as they are now, have already given.

        The champion, where it has learned from labels beside them, or is another form of what they gave.
        """
        digest = learning_of(self, spec).digest()
        if self.catalog.find_dataset_version(spec.dataset_name, digest) is None:
            return None
        run_id = run_id_of(spec, digest, features=self.join(spec).digest)
        return self.standing(spec, digest) or self._completed(run_id)

    def standing(self, spec: ModelSpec, digest: str) -> Outcome | None:
        """The champion, if the spec, the views and the data with this digest say nothing that is newer than it.

        It was trained from them, with or without labels beside them, and after whatever else they gave.
        """
        number = self.catalog.alias(spec.name, CHAMPION)
        if number is None:
            return None
        version = self.catalog.version(spec.name, number)
        try:
            run = self.catalog.run(version.run)
            dataset = self.catalog.dataset_version(run.dataset, run.dataset_number)
        except NotFound:
            return None
        if run.id != run_id_of(spec, run.dataset_digest, features=self.join(spec).digest):
            return None
        if run.dataset_digest == digest:
            done = self._completed(run.id)
            return Outcome(version, run, trained=False) if done and done.version.number <= number else None
        return Outcome(version, run, trained=False) if rests_on(dataset, digest) else None

    def train(
        self, name: str | None = None, *, again: bool = False, over_budget: By | None = None, report: Report
    ) -> Outcome:
        """Train a model, register it, and make it the champion if it passes its gates.

        It learns from what the spec says: files, or a version of a dataset. Does nothing when spec, data and views have
        not changed since a completed run, unless `again`; a champion that has learned from labels beside them stays.
        Raises `InvalidSpec`, `InvalidData`, `Conflict` while another process trains the same, `BudgetExceeded` unless
        somebody wants it `over_budget`, and `GateFailed` after registering a version that does not pass.
        """
        spec = self.spec(name)
        learning, join = learning_of(self, spec), self.join(spec)
        rows, dataset = learning.load()
        done = None if again else self.standing(spec, dataset.digest)
        if done is None:
            job = self._job(spec, dataset, join, report)._replace(over_budget=over_budget)
            done = self._trained(spec, partial(learning.train, rows, job), job, again=again)
        return done._replace(alias=self.crown(spec, done))

    def train_on(self, spec: ModelSpec, dataset: DatasetVersion, *, report: Report) -> Outcome:
        """Train a model with the rows of a stored version, and register it; gates and aliases are left to the caller.

        Does nothing when the same was done before. Raises as `train` does.
        """
        learning = learning_of(self, spec)
        job = self._job(spec, dataset, self.join(spec), report)
        return self._trained(spec, lambda: learning.train(learning.read(dataset), job), job)

    def _job(self, spec: ModelSpec, dataset: DatasetVersion, join: Join, report: Report) -> Job:
        run_id = run_id_of(spec, dataset.digest, features=join.digest)
        return Job(run_id, dataset, self.state / "runs" / run_id, join, report)

    def _trained(
        self, spec: ModelSpec, train: Callable[[], TrainedBundle], job: Job, *, again: bool = False
    ) -> Outcome:
        """What a completed run gave, or what the training gives now."""
        done = self._completed(job.run)
        if done is not None and not again:
            return done
        with FileLock(self.state / "runs" / f"{job.run}.lock"):
            return self._train(spec, train, job)

    def _train(self, spec: ModelSpec, train: Callable[[], TrainedBundle], job: Job) -> Outcome:
        from dragoman.app.ledger import begin_run
        from dragoman.app.run_spending import new_bytes, run_spending  # heavy: the parts that count

        self.keychain.ensure()  # better before a long training than after it
        dataset = job.dataset
        run, carried = begin_run(
            self, spec, start_run(spec, dataset, self.root, features=job.join.digest), over=job.over_budget
        )
        self.lineage_log.add([self.lineage.events.training(Trained(run, dataset))])
        started = time.monotonic()
        with run_spending(job.folder, carried) as spent, self._failure_recorded(run, dataset, spent):
            trained = train()
            stored = new_bytes(trained.manifest, self.blobs)
            version = self.registry.register(trained.folder, run=run.id, owner=spec.owner, created=now())
        seconds = time.monotonic() - started
        took = msgspec.structs.replace(spent(), stored_bytes=stored)
        run = complete_run(run, bundle=version.bundle, evaluation=trained.evaluation, seconds=seconds, spent=took)
        self.catalog.save_run(run)
        self.lineage_log.add([self.lineage.events.training(Trained(run, dataset, [version]))])
        shutil.rmtree(job.folder, ignore_errors=True)
        return Outcome(version, run, trained=True)

    def join(self, spec: ModelSpec) -> Join:
        """What adds the features of the spec's views to rows, as the views and their events are now."""
        return self.features.join(spec) if spec.features and spec.features.views else NoJoin()

    @contextmanager
    def _failure_recorded(self, run: Run, dataset: DatasetVersion, spent: Callable[[], Spent]) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            failed = fail_run(run, error, spent=spent())
            self.catalog.save_run(failed)
            self.lineage_log.add([self.lineage.events.training(Trained(failed, dataset))])
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

    def crown(self, spec: ModelSpec, outcome: Outcome) -> str:
        """Give a version that passes its gates its alias, and return it.

        It becomes the champion, unless the spec has a release plan and there is a champion: then it is the challenger
        until a release promotes it. One that has learned less than the champion, from the same spec and data, gets
        none: "". Raises `GateFailed` for a version that does not pass.
        """
        check_gates(spec.gates, outcome.run.metrics, outcome.version)
        number, current = outcome.version.number, self.catalog.alias(spec.name, CHAMPION)
        by = By(actor=this_user().actor, reason="It passed its gates.", evidence=f"runs:/{outcome.run.id}")
        if number == current:
            return CHAMPION
        standing = self.standing(spec, outcome.run.dataset_digest)
        if standing and standing.run.dataset_digest != outcome.run.dataset_digest:
            return ""
        if current is None or spec.release is None:
            self.registry.promote(spec.name, number, expected=current, by=by)
            return CHAMPION
        if (challenger := self.catalog.alias(spec.name, CHALLENGER)) != number:
            self.catalog.move_alias(spec.name, CHALLENGER, number, expected=challenger, by=by)
        return CHALLENGER

    def tune(
        self, uri: str, *, keep: Keep | None = None, report: Callable[[Step], None]
    ) -> tuple[Version, TuningReport]:
        """Measure the forms of a version on the test split of its data, and register the fastest that passes its gates.

        With `keep`, its vocabulary is trimmed to texts like those of the other splits. Aliases are left for people to
        move.
        """
        from dragoman.training.tuning import tune_bundle  # heavy: the runtimes

        self.keychain.ensure()
        version = self.registry.resolve(uri)
        bundle = self.registry.open(version)
        bundle.require_text()
        examples = self._all_examples(version.model)
        make_folder(self.state / "runs")
        with tempfile.TemporaryDirectory(prefix="tuning-", dir=self.state / "runs") as scratch:
            folder = Path(scratch) / "bundle"
            device = (self._serving(version.model) or bundle.spec.serving).device
            tuned = tune_bundle(bundle, examples, folder, keep=keep, report=report, device=device)
            registered = self.registry.register(folder, run=version.run, owner=version.owner, created=now())
        return registered, tuned.report

    def _all_examples(self, name: str) -> list[Example]:
        spec = self.spec(name)
        texts = Texts(self, spec)
        return texts.with_views(texts.examples(), self.join(spec))

    def test_examples(self, name: str) -> list[Example]:
        """The test split of a model that reads texts, with the features of its views."""
        return [example for example in self._all_examples(name) if example.split == "test"]

    def test_table(self, name: str) -> pa.Table:
        """The test split of a model of a table, with the features of its views; of a forecast, all rows."""
        spec = self.spec(name)
        return (Forecasts if spec.forecast else Rows)(self, spec).test(self.join(spec))

    # Serving

    def load(self, uri: str, *, loader: Loader | None = None, name: str = "", task: str | None = None) -> Model:
        """Load a registered version. The spec in the workspace says how it is served; else the bundle's own.

        `task` defaults to the spec's. Raises `NotFound`, `Untrusted`, and `InvalidCheckpoint` for another head's task.
        """
        version = self.registry.resolve(uri)
        number = "" if name else str(version.number)  # under another name the number would say nothing
        found = self.registry.verified(version)
        return (loader or self.loader).load_bundle(
            found.folder,
            manifest=found.manifest,
            name=name,
            version=number,
            task=task,
            serving=self._serving(version.model),
            lookups=self.features.lookup,
        )

    @cached_property
    def loader(self) -> Loader:
        """Loads the workspace's models; those of one base share their tables."""
        from dragoman.serving.loader import Loader  # heavy: the serving parts

        return Loader()

    def champions(self) -> list[str]:
        """The models that have a champion. Raises `NotFound` if there is none."""
        names = [name for name in self.catalog.models() if self.catalog.alias(name, CHAMPION)]
        if not names:
            raise NotFound("There is no model to serve.", help="Run `dragoman train` first, or `dragoman up`.")
        return names

    def _serving(self, name: str) -> ServingSpec | None:
        return next((spec.serving for spec in self._read_specs() if spec.name == name), None)


def _example_folder(name: str) -> Path:
    """An example workspace: inside an installed package, or beside the sources of a checkout."""
    if name not in EXAMPLES:
        raise NotFound(f"There is no example '{name}'.", help=f"There are {', '.join(EXAMPLES)}.")
    package = Path(__file__).parent.parent
    for folder in (package / "_examples" / name, package.parent.parent / "examples" / name):
        if (folder / WORKSPACE_FILE).is_file():
            return folder
    raise NotFound(f"This installation has no example '{name}'.", help="Install Dragoman again.")
