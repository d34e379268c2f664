"""Builds the native libraries when the package is installed: a C++17 compiler is all that it takes.

Where there is none, or the machine is no x86-64 Linux, the package installs without them: ONNX Runtime runs the models,
and texts are counted in Python. `python hatch_build.py` builds them in place.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parent / "src/dragoman"
LIBRARIES = (PACKAGE / "runtime/native/libdragoman_native.so", PACKAGE / "text/native/libdragoman_text.so")
COMPILERS = ("c++", "g++", "clang++")
# One order of operations everywhere: nothing is contracted or reordered by the compiler.
FLAGS = ["-std=c++17", "-O3", "-ffp-contract=off", "-fPIC", "-fvisibility=hidden", "-pthread"]
VECTORS = ["-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mavx512vnni", "-mfma"]
TILES = ["-mavx512bf16", "-mamx-tile", "-mamx-int8", "-mamx-bf16"]
FLAGS_OF = {"kernels_avx512.cpp": VECTORS, "kernels_amx.cpp": VECTORS + TILES}


class CannotBuild(Exception):
    """Why the kernels are left out."""


def compiler() -> str:
    """The C++ compiler to use: `CXX`, or the first of the usual names."""
    if sys.platform != "linux" or platform.machine() not in ("x86_64", "AMD64"):
        raise CannotBuild(f"they are for Linux on x86-64, not {sys.platform} on {platform.machine()}")
    named = os.environ.get("CXX", "")
    found = shutil.which(named) if named else next(filter(None, map(shutil.which, COMPILERS)), None)
    if not found:
        raise CannotBuild(f"there is no C++ compiler ({named or ', '.join(COMPILERS)})")
    return found


def build(library: Path) -> None:
    """Compile every source beside it for its own instruction set, and link them. Raises `CannotBuild`."""
    chosen, sources = compiler(), sorted(library.parent.glob("*.cpp"))
    with tempfile.TemporaryDirectory(prefix="dragoman-build-") as folder:
        objects = [Path(folder) / f"{source.stem}.o" for source in sources]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(compile_one, [chosen] * len(sources), sources, objects))
        made = Path(folder) / library.name
        run([chosen, "-shared", "-pthread", "-o", str(made), *map(str, objects)])
        beside = library.with_suffix(".new")  # a process that uses the old library keeps it
        shutil.copy(made, beside)
        beside.replace(library)


def compile_one(chosen: str, source: Path, target: Path) -> None:
    run([chosen, *FLAGS, *FLAGS_OF.get(source.name, []), "-c", str(source), "-o", str(target)])


def run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotBuild(f"the compiler failed:\n{done.stderr[-2000:]}")


def built() -> bool:
    """Build, or say in one line why not."""
    try:
        for library in LIBRARIES:
            build(library)
    except CannotBuild as error:
        sys.stderr.write(f"dragoman: without native libraries, because {error}; ONNX Runtime runs the models.\n")
        for library in LIBRARIES:
            library.unlink(missing_ok=True)
        return False
    return True


try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run by hand
    pass
else:

    class NativeLibraries(BuildHookInterface):  # type: ignore[type-arg]
        """Puts the libraries into the wheel, which then is for this platform."""

        PLUGIN_NAME = "custom"

        def initialize(self, version: str, build_data: dict[str, Any]) -> None:
            if self.target_name != "wheel" or not built():
                return
            build_data["pure_python"] = False
            build_data["tag"] = f"py3-none-{sysconfig.get_platform().replace('-', '_').replace('.', '_')}"
            root = Path(self.root).resolve()
            build_data["artifacts"] += [str(library.relative_to(root)) for library in LIBRARIES]


if __name__ == "__main__":
    sys.exit(0 if built() else 1)
