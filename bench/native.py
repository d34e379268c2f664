"""What bounds the int8 kernels: their share of their own matrix-product rate, a profile, and texts alone.

usage: python bench/native.py [--parts] [INSTRUCTION_SETS ...]     default: all that this machine has

XLM-R-base's shape with its full vocabulary and random weights; 512 texts in batches of 4,096 tokens; all cores. Rounds
of the model and of bare products take turns; medians are shown. `--parts` measures bare products alone, with operands
from the second cache and with weights from memory.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from dragoman.models.checkpoint import expected_shapes
from dragoman.models.config import EncoderConfig
from dragoman.models.packing import PackedBatch, pack, plan_batches
from dragoman.runtime.native_library import measure_int8_rate, measure_product_rate, native_isas
from dragoman.runtime.native_session import NativeSession
from dragoman.runtime.quantization import write_quantized
from dragoman.training.environment import hardware_state

CONFIG = EncoderConfig(
    family="xlm-roberta", vocabulary=250_002, hidden=768, layers=12, heads=12, intermediate=3_072, positions=514
)
OPERATIONS = 2 * CONFIG.layers * (4 * CONFIG.hidden**2 + 2 * CONFIG.hidden * CONFIG.intermediate)  # of a token
TEXTS, BATCH_TOKENS, ROUNDS, ALONE = 512, 4_096, 5, (32, 128, 512)
PRODUCTS = ("mixing", "projecting", "widening", "narrowing")
PARTS = {  # rows, inputs, outputs
    "a layer's product, from the second cache": (512, 768, 768),
    "all weights of the model in turn, 512 rows": (512, 768, 110_592),
    "all weights of the model in turn, 256 rows": (256, 768, 110_592),
    "all weights of the model in turn, 32 rows": (32, 768, 110_592),
}


def main(*arguments: str) -> None:
    state, isas = hardware_state(), [isa for isa in arguments if isa != "--parts"] or native_isas()
    print(f"{state['processor']}, {state['cores']} cores, {state['memory_gb']} GB")
    if "--parts" in arguments:
        for isa in isas:
            measure_parts(isa)
    else:
        measure_model(isas)


def measure_parts(isa: str) -> None:
    rates: dict[str, list[float]] = {name: [] for name in PARTS}
    for _ in range(ROUNDS):
        for name, (rows, inputs, outputs) in PARTS.items():
            rates[name].append(measure_product_rate(inputs, outputs, rows=rows, seconds=0.6, isa=isa))
    for name, found in rates.items():
        median, low, high = (value / 1e9 for value in (statistics.median(found), min(found), max(found)))
        print(f"{isa}: {median:,.0f} GOP/s ({low:,.0f} to {high:,.0f}), {name}")


def measure_model(isas: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        weights = Path(folder) / "base.int8.safetensors"
        write_quantized(weights, CONFIG, random_arrays())
        for isa in isas:
            before = resident_mb()
            with NativeSession(weights, CONFIG, isa=isa) as session:
                measure(session, isa, before)


def measure(session: NativeSession, isa: str, before: float) -> None:
    random = np.random.default_rng(1)
    batches = random_batches(random)
    tokens = sum(batch.tokens for batch in batches)
    run_all(session, batches)
    used = resident_mb() - before
    session.take_profile()
    rates, speeds = [], []
    for _ in range(ROUNDS):
        rates.append(measure_int8_rate(seconds=0.6, isa=isa))
        speeds.append(tokens / seconds_of(lambda: run_all(session, batches)))
    speed, rate = statistics.median(speeds), statistics.median(rates)
    ticks = session.take_profile()
    print(f"\n{isa}: {speed:,.0f} tokens/s ({min(speeds):,.0f} to {max(speeds):,.0f}), {tokens} tokens")
    print(f"bare products: {rate / 1e9:,.0f} GOP/s; the model's share of it: {speed * OPERATIONS / rate:.1%}")
    part = sum(ticks[stage] for stage in PRODUCTS) / sum(ticks.values())
    print(f"within the four products of a layer: {speed * OPERATIONS / part / rate:.1%} of the bare rate")
    print("profile:", ", ".join(f"{stage} {count / sum(ticks.values()):.1%}" for stage, count in ticks.items()))
    for length in ALONE:
        text = pack([random.integers(4, CONFIG.vocabulary, length)], first_position=2)
        times = [seconds_of(lambda text=text: session.run(text)) for _ in range(60)]
        print(f"one text of {length} tokens: {statistics.median(times) * 1e3:.2f} ms, at best {min(times) * 1e3:.2f}")
    print(f"memory: {used:.0f} MB after the texts, ", end="")
    _ = int(session.words.values.sum(dtype=np.int64))  # every row of the word table is read
    print(f"{resident_mb() - before:.0f} MB when every row of the word table was used")


def random_arrays() -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    arrays = {
        name: random.standard_normal(shape, dtype=np.float32) * np.float32(0.02)
        for name, shape in expected_shapes(CONFIG, 0).items()
    }
    return {name: array + 1 if name.endswith("LayerNorm.weight") else array for name, array in arrays.items()}


def random_batches(random: np.random.Generator) -> list[PackedBatch]:
    lengths = np.clip(np.exp(random.normal(np.log(27), 0.85, TEXTS)).astype(int), 4, 256)
    texts = [random.integers(4, CONFIG.vocabulary, length) for length in lengths]
    plan = plan_batches(lengths, max_tokens=BATCH_TOKENS, order=random.permutation(TEXTS))
    return [pack([texts[row] for row in rows], first_position=2) for rows in plan]


def run_all(session: NativeSession, batches: list[PackedBatch]) -> None:
    for batch in batches:
        session.run(batch)


def seconds_of(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def resident_mb() -> float:
    text = Path("/proc/self/status").read_text(encoding="ascii")
    return int(text.split("VmRSS:")[1].split()[0]) / 1_024


if __name__ == "__main__":
    main(*sys.argv[1:])
