"""A server over models: which it has, how they come and go, what it tells of itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from dragoman.app.loading import load_path, trust_for
from dragoman.app.workspace import Workspace, open_workspace
from dragoman.errors import Conflict, InvalidInput, NotFound, Unavailable
from dragoman.registry.uri import is_model_name, is_model_uri
from dragoman.settings import Settings

if TYPE_CHECKING:
    from dragoman.app.monitor import Monitor
    from dragoman.app.operations import Operations
    from dragoman.runtime.sessions import Compute
    from dragoman.serving.model import Model

__all__ = ["Host", "Source", "check_address", "serve"]


class Source(NamedTuple):
    """A model to serve that somebody named: a folder, or a version of a workspace."""

    name: str
    where: str  # a folder, or models:/NAME/3
    task: str | None = None  # None: what the head is for


class Host:
    """The models of a server. Implements `api.repository.Repository`: models are loaded and unloaded while it serves.

    A version that is loaded in place of another takes its requests in the moment when it is ready; requests that the
    other has are answered by it. Models are warmed before they answer.
    """

    def __init__(self, workspace: Workspace | None, sources: Sequence[Source], compute: Compute) -> None:
        from dragoman.monitoring.metrics import Metrics
        from dragoman.serving.loader import Loader  # heavy: the serving parts
        from dragoman.serving.table import ModelTable

        self.workspace, self.sources = workspace, {source.name: source for source in sources}
        self.metrics, self.table = Metrics(), ModelTable()
        self.loader = Loader(compute, observer=self.metrics, warm=True)
        self.monitor: Monitor | None = None  # of the workspace

    def be_watched(self, monitor: Monitor) -> None:
        """Let a monitor see what the models are asked that are loaded from now on."""
        from dragoman.serving.observer import Observers

        self.monitor, self.loader.observer = monitor, Observers(self.metrics, monitor.watcher)

    def load_all(self, references: Sequence[str] = (), *, wanted: Callable[[], bool] = lambda: True) -> None:
        """Load the sources, and models of the workspace: those referred to; every champion when nothing is named.

        Stops before the next model when they are not `wanted` any more.
        """
        if self.workspace and not references and not self.sources:
            references = self.workspace.champions()
        for load in chain(
            (partial(self._load_source, source) for source in self.sources.values()),
            (partial(self._load_reference, reference) for reference in references),
        ):
            if wanted():
                load()

    def load(self, name: str, version: str | None) -> None:
        """Load a source anew, or a version of the workspace: by default its champion, in place of what answers now.

        Raises `NotFound`, and `Conflict` while the same is being loaded.
        """
        if name in self.sources:
            if version:
                raise NotFound(f"Model '{name}' has no version '{version}'.", help="leave the version out.")
            self._load_source(self.sources[name])
        elif self.workspace is not None:
            found = self.workspace.registry.resolve(f"models:/{name}/{version}" if version else name)
            self._load_version(name, found.number, replaces=None if version else self.champion(name))
        else:
            raise NotFound(f"There is no model '{name}' to load.", help=f"there are {', '.join(self.sources)}.")

    def unload(self, name: str) -> None:
        """Let every version of a model finish what it has, and forget it. Raises `NotFound`."""
        versions = [row.version for row in self.table.rows() if row.name == name]
        if not versions:
            self.table.get(name)  # says what there is
        for version in versions:
            self.table.remove(name, version)
            self.forget(name, version)

    def forget(self, name: str, version: str) -> None:
        """A version is gone from the table: nothing is counted of it any more."""
        self.metrics.forget(name, version)
        if self.monitor is not None:
            self.monitor.forget(name, version)

    def champion(self, name: str) -> str | None:
        """The version that answers to a model's bare name; None while there is none."""
        try:
            return self.table.info(name).version
        except (NotFound, Unavailable):
            return None

    def close(self) -> None:
        """Close all models."""
        self.table.close()

    def _load_source(self, source: Source) -> None:
        def make() -> Model:
            if not is_model_uri(source.where):
                folder, trust = Path(source.where), trust_for(Path(source.where), self.workspace)
                return self._watched(load_path(folder, self.loader, name=source.name, task=source.task, trust=trust))
            place = self.workspace or open_workspace()
            return self._watched(place.load(source.where, loader=self.loader, name=source.name, task=source.task))

        self.table.load(source.name, "", make)

    def _load_reference(self, reference: str) -> None:
        assert self.workspace is not None  # there are references to one only
        version = self.workspace.registry.resolve(reference)
        self._load_version(version.model, version.number)

    def _load_version(self, name: str, number: int, *, replaces: str | None = None) -> None:
        place = self.workspace
        assert place is not None  # its callers have seen to it
        version = place.catalog.version(name, number)
        self.table.load(
            name,
            str(number),
            lambda: self._watched(place.load(version.uri, loader=self.loader)),
            aliases=version.aliases,
            replaces=replaces,
        )
        if replaces is not None and replaces != str(number):
            self.forget(name, replaces)

    def _watched(self, model: Model) -> Model:
        self.metrics.watch(model.name, model.version, model.languages)
        if self.monitor is not None:
            self.monitor.watch(model)
        return model


def check_address(settings: Settings, workspace: Workspace | None = None) -> None:
    """Raise `Conflict` if the server's port is taken, and `NotFound` if nobody could be let in: better before a long
    training than after it.
    """
    from dragoman.api.server import bind  # heavy: the HTTP server
    from dragoman.app.access import access_of

    access_of(settings, workspace)
    bind(settings.host, settings.port).close()


def serve(
    settings: Settings,
    workspace: Workspace | None,
    references: Sequence[str] = (),
    *,
    sources: Sequence[Source] = (),
    compute: Compute | None = None,
    on_ready: Callable[[str], None],
) -> None:
    """Serve models until SIGTERM or SIGINT; `on_ready` gets the server's address when it answers.

    Without `references` and `sources`, every champion of the workspace. Raises `Conflict` if the port is taken,
    `NotFound` if there is nothing to serve, or nobody to let in, and `InvalidInput` or `MissingExtra` for traces that
    cannot be sent.
    """
    from dragoman.api.application import create_app
    from dragoman.api.lifecycle import Lifecycle, Phase
    from dragoman.api.server import bind, run_server  # heavy: the HTTP server
    from dragoman.api.statistics import Statistics
    from dragoman.app.access import access_of
    from dragoman.app.telemetry import telemetry
    from dragoman.runtime.sessions import Compute

    _check_names(sources)
    access = access_of(settings, workspace)
    listener = bind(settings.host, settings.port)
    url = f"http://{settings.host}:{listener.getsockname()[1]}"
    lifecycle, statistics = Lifecycle(), Statistics()
    with ExitStack() as stack:
        host = Host(workspace, sources, compute or Compute())
        tracer = telemetry(settings, host.metrics, stack)
        stack.callback(host.close)
        operations = _operations(workspace, host, url, stack)
        shared: dict[str, Any] = {
            "lifecycle": lifecycle,
            "statistics": statistics,
            "access": access,
            "repository": host,
            "traffic": operations.traffic if operations else None,
            "tracer": tracer,
            "max_body_bytes": settings.max_body_bytes,
        }
        _serve_grpc(host, settings, shared, stack)
        run_server(
            create_app(
                host.table,
                metrics=host.metrics.exposition,
                **(operations.desks if operations else {}),
                **shared,
            ),
            lifecycle,
            host=settings.host,
            port=settings.port,
            prepare=lambda: host.load_all(references, wanted=lambda: lifecycle.phase is Phase.LOADING),
            on_ready=lambda: on_ready(url),
            drain_seconds=settings.drain_seconds,
            listener=listener,
        )


def _serve_grpc(host: Host, settings: Settings, shared: dict[str, Any], stack: ExitStack) -> None:
    """Serve gRPC too, where the settings name a port, with what it shares with HTTP, until the stack closes."""
    if settings.grpc_port:
        from dragoman.api.grpc_oip import serve_grpc  # optional: the extra grpc

        server = serve_grpc(host.table, settings.host, settings.grpc_port, **shared)
        stack.callback(server.close)


def _operations(workspace: Workspace | None, host: Host, url: str, stack: ExitStack) -> Operations | None:
    """The log and the releases of a workspace, at work until the stack closes; None without a workspace."""
    if workspace is None:
        return None
    from dragoman.app.operations import Operations  # heavy: the serving parts

    operations = Operations(workspace, host, url=url)
    stack.callback(operations.close)
    operations.start()
    return operations


def _check_names(sources: Sequence[Source]) -> None:
    """Raise `InvalidInput` for a name that requests could not use, `Conflict` for one that is there twice."""
    names = [source.name for source in sources]
    for name in names:
        if not is_model_name(name):
            raise InvalidInput(f"'{name}' cannot name a model.", help="Use lower case, digits, '-' and '_'.")
        if names.count(name) > 1:
            raise Conflict(f"The model '{name}' is named twice.", help="Give each model a name of its own.")
