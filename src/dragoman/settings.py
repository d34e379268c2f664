"""Settings of a workspace: one row each.

A value comes from the command line, else from the environment (`DRAGOMAN_PORT`), else from `dragoman.toml`, else from
the default in its row.
"""

from __future__ import annotations

import contextlib
import difflib
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from dragoman.errors import InvalidSpec, NotFound

__all__ = ["SETTINGS", "WORKSPACE_FILE", "Setting", "Settings", "read_settings"]

WORKSPACE_FILE = "dragoman.toml"
ENVIRONMENT_PREFIX = "DRAGOMAN_"


class Setting(NamedTuple):
    """One setting: its name, default, help and limits. The default's type is the setting's type."""

    name: str
    default: str | int | float
    help: str
    least: int = 0  # of a number
    most: int = 0
    choices: tuple[str, ...] = ()  # of a text

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return ENVIRONMENT_PREFIX + self.name.upper()

    @property
    def expected(self) -> str:
        """What a value must be, for messages."""
        if self.choices:
            return " or ".join(map(repr, self.choices))
        kind = type(self.default).__name__
        return kind if isinstance(self.default, str) else f"{kind} from {self.least} to {self.most}"

    def accepts(self, value: Any) -> bool:
        """Whether the value has the setting's type, keeps its limits and is one of its choices."""
        if isinstance(self.default, str):
            return isinstance(value, str) and (not self.choices or value in self.choices)
        wanted = (int, float) if isinstance(self.default, float) else int
        return isinstance(value, wanted) and not isinstance(value, bool) and self.least <= value <= self.most


SETTINGS = (
    Setting("host", "127.0.0.1", "Address that the server listens on."),
    Setting("port", 8080, "Port that the server listens on.", most=65_535),
    Setting("grpc_port", 0, "Port of the gRPC server (Open Inference Protocol); 0: none.", most=65_535),
    Setting(
        "access",
        "auto",
        "Whether callers need a key: `keys`, `open`, or `auto`, which is open on a loopback address only.",
        choices=("auto", "keys", "open"),
    ),
    Setting("drain_seconds", 20.0, "How long a stopping server waits for requests in flight.", most=86_400),
    Setting(
        "max_body_bytes",
        8_388_608,
        "Largest request body; a larger one is answered with 413.",
        least=1,
        most=2**40,
    ),
    Setting("state", ".dragoman", "Folder of the workspace's state, relative to the workspace."),
    Setting("catalog", "", "SQLAlchemy URL of the catalog. Empty: SQLite in the state folder."),
    Setting(
        "online",
        "",
        "Where online features live: `redis://HOST:PORT/NUMBER`, with `#NAME` where workspaces share a database. "
        "Empty: SQLite in the state folder.",
    ),
    Setting(
        "signing_key", "", "File of the private key that signs bundles. Empty: keys/signing.pem in the state folder."
    ),
    Setting("trusted_keys", "keys", "Folder of the public keys whose signatures are believed."),
    Setting("region", "", "Where the servers run, such as `eu-west`: alerts say it, and are grouped by it."),
    Setting("runbooks", "", "Address of the folder that alerts link their runbooks from. Empty: Dragoman's own pages."),
    Setting(
        "traces",
        "",
        "Where spans go: an OTLP/HTTP collector such as `http://localhost:4318`, or `console`. Empty: nowhere.",
    ),
    Setting(
        "traces_sample",
        0.1,
        "Share of the requests without a trace of their own whose spans are recorded; a caller's trace says so itself.",
        most=1,
    ),
    Setting(
        "openlineage",
        "",
        "Where lineage events are sent: an OpenLineage server such as `http://localhost:5000`. Empty: nowhere.",
    ),
    Setting(
        "log_format",
        "text",
        "The server's own log: `text`, or `json` with an object a line.",
        choices=("text", "json"),
    ),
    Setting(
        "loop_evaluate_minutes",
        60.0,
        "Between two looks of the loop at a model in use, each of which decides whether it is trained anew.",
        least=1,
        most=10_080,
    ),
    Setting(
        "loop_materialize_minutes",
        15.0,
        "Between two times that the loop brings the rows of feature views up to date.",
        least=1,
        most=10_080,
    ),
    Setting(
        "loop_compact_hours",
        24.0,
        "Between two times that the loop makes few files of many in the tables of predictions and labels.",
        least=1,
        most=744,
    ),
    Setting("price_cpu_hour", 0.0, "What an hour of one core costs; 0: only its time is told.", most=10**6),
    Setting("price_gb_hour", 0.0, "What an hour of a gigabyte of memory costs.", most=10**6),
    Setting("price_gpu_hour", 0.0, "What an hour of one GPU costs.", most=10**6),
    Setting("price_stored_gb_month", 0.0, "What it costs to store a gigabyte for a month of 730 hours.", most=10**6),
    Setting("currency", "USD", "Currency of the prices."),
)


class Settings(NamedTuple):
    """The values in force."""

    host: str
    port: int
    grpc_port: int
    access: str
    drain_seconds: float
    max_body_bytes: int
    state: str
    catalog: str
    online: str
    signing_key: str
    trusted_keys: str
    region: str
    runbooks: str
    traces: str
    traces_sample: float
    openlineage: str
    log_format: str
    loop_evaluate_minutes: float
    loop_materialize_minutes: float
    loop_compact_hours: float
    price_cpu_hour: float
    price_gb_hour: float
    price_gpu_hour: float
    price_stored_gb_month: float
    currency: str


def read_settings(root: Path | None, overrides: Mapping[str, Any] | None = None) -> Settings:
    """The settings of the workspace in `root`; None: without one. `overrides` come from the command line; None values
    do not count.

    Raises `NotFound` if `root` is no workspace and `InvalidSpec` for an unknown setting or a wrong value.
    """
    stored = _read_file(root / WORKSPACE_FILE) if root else {}
    values = {setting.name: setting.default for setting in SETTINGS}
    values |= {name: _checked(name, value, WORKSPACE_FILE) for name, value in stored.items()}
    values |= {s.name: _parsed(s, os.environ[s.variable]) for s in SETTINGS if s.variable in os.environ}
    given = {name: value for name, value in (overrides or {}).items() if value is not None}
    values |= {name: _checked(name, value, "the settings given") for name, value in given.items()}
    return Settings(**values)  # type: ignore[arg-type]


def _read_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise NotFound(
            f"{path.parent} is not a workspace: it has no {WORKSPACE_FILE}.",
            help="`dragoman init FOLDER` makes one; or name one with --workspace.",
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidSpec(f"{path} is not TOML: {error}.", help="https://toml.io shows the syntax.") from None


def _checked(name: str, value: Any, source: str) -> Any:
    setting = next((setting for setting in SETTINGS if setting.name == name), None)
    if setting is None:
        names = [setting.name for setting in SETTINGS]
        near = difflib.get_close_matches(name, names, n=1)
        help = f"did you mean '{near[0]}'?" if near else f"valid settings are {', '.join(names)}."
        raise InvalidSpec(f"{source}: unknown setting '{name}'.", help=help)
    if not setting.accepts(value):
        raise InvalidSpec(f"{source}: '{name}' is {value!r}, expected {setting.expected}.", help=setting.help)
    return value


def _parsed(setting: Setting, text: str) -> str | int | float:
    with contextlib.suppress(ValueError):
        value = type(setting.default)(text)
        if setting.accepts(value):
            return value
    raise InvalidSpec(f"{setting.variable} is {text!r}, expected {setting.expected}.", help=setting.help)
