"""The measured process: commands on standard input, answers on standard output, one JSON object a line.

`{"do": "prepare", "job": PATH}` converts, tries the settings and answers the best; `{"do": "load", "job": PATH,
"settings": …}` loads; `{"do": "throughput"}` and `{"do": "latency", "count": N}` measure; the end of input ends it. An
answer is `{"missing": […]}` where a package is not installed, and `{"error": …}` where something failed.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:  # numpy comes later: memory is counted from before it
    from .base import Contender, Job

__all__ = ["CONTENDERS", "Child", "main", "serve"]

CONTENDERS = {  # name → module and class; those of Dragoman need it installed
    "transformers": (".pipelines", "Pipeline"),
    "transformers-batched": (".pipelines", "BatchedPipeline"),
    "sentence-transformers": (".sentences", "Sentences"),
    "onnxruntime": (".padded", "OnnxRuntime"),
    "ctranslate2": (".translators", "CTranslate2"),
    "openvino": (".vino", "OpenVino"),
    "rates": (".rates", "Rates"),
    "dragoman-int8": ("dragoman.bench.own", "Int8"),
    "dragoman-fp32": ("dragoman.bench.own", "Float32"),
    "dragoman-bf16": ("dragoman.bench.own", "Bfloat16"),
    "dragoman-fp16": ("dragoman.bench.own", "Float16"),
    "dragoman-fp32-cuda": ("dragoman.bench.own", "CudaFloat32"),
    "dragoman-rates": ("dragoman.bench.own", "OwnRates"),
}
SWEEP_TEXTS = 96  # as many are run for each setting that is tried
SWEEP_SINGLES = 7
MEGABYTE = 2**20


class Child:
    """Answers commands about one contender."""

    def __init__(self, name: str, *, started_mb: float) -> None:
        self.started_mb = started_mb
        self.import_seconds = _seconds(lambda: self._find(*CONTENDERS[name]))
        self.loaded: Contender | None = None
        self.single: Contender | None = None
        self.settings: dict[str, Any] = {}

    def answer(self, command: Mapping[str, Any]) -> dict[str, Any]:
        """Do what a command says. What goes wrong is in the answer."""
        commands: dict[str, Callable[..., dict[str, Any]]] = {
            "prepare": self.prepare,
            "load": self.load,
            "throughput": lambda: {"seconds": _seconds(self._measured().run_all)},
            "latency": lambda count: {"milliseconds": self.latencies(count)},
            "rates": lambda: {"rates": self._measured().rates()},  # type: ignore[attr-defined]
        }
        try:
            return {"missing": self.missing} if self.missing else commands[command["do"]](**_arguments(command))
        except ModuleNotFoundError as error:
            return {"missing": [error.name]}
        except Exception as error:
            return {"error": f"{type(error).__name__}: {error}"}

    def prepare(self, job: Job) -> dict[str, Any]:
        """Convert, then try every setting on part of the texts."""
        contender = self.kind(job)
        contender.prepare()
        step = max(1, len(job.texts) // SWEEP_TEXTS)
        job.texts[:] = job.texts[::step]
        tried = [row for options in contender.options() for row in _try(self.kind(job), options)]
        worked = [row for row in tried if "error" not in row]
        if not worked:
            return {"error": tried[0]["error"]}
        fast, quick = min(worked, key=lambda row: row["seconds"]), min(worked, key=lambda row: row["single_ms"])
        settings = {"options": fast["options"], "batch": fast["batch"], "single": quick["options"]}
        return {"settings": settings, "tried": tried}

    def load(self, job: Job, settings: dict[str, Any]) -> dict[str, Any]:
        """Load with the settings, run all texts once, and say what it took."""
        imported_mb = _memory("VmRSS")
        self.settings, self.loaded = settings, self.kind(job)
        _forget_peak()
        load_seconds = _seconds(lambda: self._measured().load(settings["options"]))
        self.loaded.batch = settings["batch"]
        vector = self.loaded.run_one()
        loaded_mb = _memory("VmRSS")  # after one text: what is mapped from files is read only when it is used
        self.loaded.run_all()
        return {
            "versions": self.versions,
            "import_seconds": self.import_seconds,
            "load_seconds": load_seconds,
            "memory_mb": {
                "started": self.started_mb,
                "imported": imported_mb,
                "loaded": loaded_mb,
                "peak": max(_memory("VmHWM"), imported_mb, loaded_mb),
                "device": _device_memory(job.device),
            },
            "vector": None if vector is None else [float(value) for value in vector[0]],
        }

    def latencies(self, count: int) -> list[float]:
        """Milliseconds of the single text, `count` times, with the settings that are best for one text."""
        if self.single is None:
            self.single = self._for_singles()
            self.single.run_one()
        return [1e3 * _seconds(self.single.run_one) for _ in range(count)]

    def _for_singles(self) -> Contender:
        measured, options = self._measured(), self.settings.get("single", self.settings["options"])
        if options == self.settings["options"]:
            return measured
        other = self.kind(measured.job)
        other.load(options)
        return other

    def _measured(self) -> Contender:
        if self.loaded is None:
            raise RuntimeError("nothing is loaded yet")
        return self.loaded

    def _find(self, module: str, attribute: str) -> None:
        """Import the contender and, if it is installed, what it needs."""
        self.kind: type[Contender] = getattr(importlib.import_module(module, __package__), attribute)
        from .base import versions  # heavy: numpy

        self.versions = versions(self.kind.packages)
        self.missing = [name for name, version in self.versions.items() if not version]
        for name in () if self.missing else self.kind.modules:
            importlib.import_module(name)


def _arguments(command: Mapping[str, Any]) -> dict[str, Any]:
    """The command's fields, with the job in place of its path."""
    from .base import Job  # heavy: numpy

    fields = {name: value for name, value in command.items() if name != "do"}
    return fields | ({"job": Job.read(Path(fields["job"]))} if "job" in fields else {})


def _try(contender: Contender, options: dict[str, Any]) -> list[dict[str, Any]]:
    """Time one way of loading with every batch size. A way that fails is a row with its error."""
    rows: list[dict[str, Any]] = []
    try:
        contender.load(options)
        contender.run_one()
        single = 1e3 * statistics.median(_seconds(contender.run_one) for _ in range(SWEEP_SINGLES))
        for batch in contender.batches:
            contender.batch = batch
            contender.run_all()
            seconds = _seconds(contender.run_all)
            rows.append({"options": options, "batch": batch, "seconds": seconds, "single_ms": single})
    except Exception as error:
        rows.append({"options": options, "error": f"{type(error).__name__}: {error}"})
    return rows


def _seconds(act: Callable[[], Any]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


# Memory -------------------------------------------------------------------------------------------------------------


def _memory(field: str) -> float:
    """`VmRSS` (now) or `VmHWM` (the highest so far) of this process, in MB."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    found = next(line for line in lines if line.startswith(f"{field}:"))
    return int(found.split()[1]) * 1024 / MEGABYTE


def _forget_peak() -> None:
    """Let `VmHWM` start again from the memory in use (proc(5), clear_refs). Some containers forbid it."""
    gc.collect()
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _device_memory(device: str) -> float:
    """The most that torch has held on the card, in MB."""
    torch = sys.modules.get("torch")
    return torch.cuda.max_memory_allocated() / MEGABYTE if torch and device == "cuda" else 0.0


# Talking ------------------------------------------------------------------------------------------------------------


def serve(child: Child, source: IO[str], target: IO[str]) -> None:
    """Answer every line of `source` on `target`. Waiting for a line costs no processor time."""
    for line in iter(source.readline, ""):
        print(json.dumps(child.answer(json.loads(line))), file=target, flush=True)


def private_output() -> IO[str]:
    """Standard output for answers only: what libraries print goes to standard error."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return answers


def main(name: str) -> None:
    """Be the child of contender `name` until the input ends."""
    answers, started_mb = private_output(), _memory("VmRSS")
    serve(Child(name, started_mb=started_mb), sys.stdin, answers)
