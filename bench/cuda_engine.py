#!/usr/bin/env python3
"""How fast is the CUDA back end, as a share of the card's products and against sentence-transformers?

usage: bench/cuda_engine.py [--device cuda] [--texts 16384] [--rounds 3] [--profile] [--small]

XLM-R-base shape, random weights, texts of median 27, 95th percentile 110 and at most 256 tokens, vectors by mean
pooling. Prints the matrix-product rates of the library and of the fused kernel, tokens/s by precision, kernels and
tokens per batch, single-text latency, the largest difference that a batch makes, and the peer's rates on the same
texts, in rounds that take turns. "ready" starts from token ids, "texts" tokenises, one batch ahead in a thread, with
the peer's tokenizer. Flops count the products of real tokens and attention; padding counts for nobody. `--small` is a
smoke test in seconds. A part that fails says so, and the others go on.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from dragoman.models.config import EncoderConfig
from dragoman.models.packing import PackedBatch, pack, plan_batches
from dragoman.runtime.torch_rates import measure_matmul_rate
from dragoman.runtime.torch_session import TorchSession
from dragoman.training.environment import hardware_state

BASE = EncoderConfig(
    family="xlm-roberta", vocabulary=250_002, hidden=768, layers=12, heads=12, intermediate=3072, positions=514
)
SMALL = EncoderConfig(
    family="xlm-roberta", vocabulary=900, hidden=64, layers=2, heads=4, intermediate=128, positions=514
)
WORDS = 20_000
FIRST_WORD = 4  # after <s>, <pad>, </s>, <unk>
BUDGETS = (16_384, 32_768, 65_536)
SHOWN_KERNELS = 12
CATEGORIES = {
    "products": ("product_kernel", "gemm", "cutlass", "nvjet", "xmma"),
    "attention": ("attention", "flash", "fmha"),
    "norms, embeddings": ("norm", "embed"),
    "activations": ("activation", "gelu"),
    "copies": ("memcpy", "memset", "copy"),
}


class World(NamedTuple):
    """What every contender runs."""

    config: EncoderConfig
    arrays: dict[str, NDArray[np.float32]]
    texts: list[str]
    ids: list[NDArray[np.int64]]
    device: str
    rounds: int

    @property
    def tokens(self) -> int:
        return sum(map(len, self.ids))

    @property
    def flops(self) -> float:
        """Of one pass over all texts: products, scores and weighted sums."""
        config = self.config
        weights = config.layers * (4 * config.hidden**2 + 2 * config.hidden * config.intermediate)
        pairs = sum(len(ids) ** 2 for ids in self.ids)
        return 2.0 * weights * self.tokens + 4.0 * config.layers * config.hidden * pairs


# The world -----------------------------------------------------------------------------------------------------------


def make_world(arguments: argparse.Namespace) -> World:
    config = SMALL if arguments.small else BASE
    random = np.random.default_rng(0)
    words = min(WORDS, config.vocabulary - FIRST_WORD)
    ids = [token_ids(length, words, random) for length in lengths_of(arguments.texts, random)]
    texts = [" ".join(f"w{number - FIRST_WORD}" for number in each[1:-1]) for each in ids]
    return World(config, random_arrays(config, random), texts, ids, arguments.device, arguments.rounds)


def lengths_of(count: int, random: np.random.Generator) -> NDArray[np.int64]:
    """Tokens of each text, log-normal: median 27, 95th percentile 110, from 3 to 256."""
    spread = np.log(110 / 27) / 1.645
    return np.clip(np.round(27 * np.exp(random.normal(0.0, spread, count))), 3, 256).astype(np.int64)


def token_ids(length: int, words: int, random: np.random.Generator) -> NDArray[np.int64]:
    return np.concatenate([[0], random.integers(FIRST_WORD, FIRST_WORD + words, length - 2), [2]])


def random_arrays(config: EncoderConfig, random: np.random.Generator) -> dict[str, NDArray[np.float32]]:
    """A fresh body: matrices from N(0, 0.02²), biases 0, norms 1, under the checkpoint's names."""
    hidden, wide = config.hidden, config.intermediate
    matrices = {
        "embeddings.word_embeddings": (config.vocabulary, hidden),
        "embeddings.position_embeddings": (config.positions, hidden),
        "embeddings.token_type_embeddings": (config.token_types, hidden),
    }
    norms = ["embeddings.LayerNorm"]
    for number in range(config.layers):
        layer = f"encoder.layer.{number}."
        matrices |= {f"{layer}attention.self.{part}": (hidden, hidden) for part in ("query", "key", "value")}
        matrices[f"{layer}attention.output.dense"] = (hidden, hidden)
        matrices[f"{layer}intermediate.dense"] = (wide, hidden)
        matrices[f"{layer}output.dense"] = (hidden, wide)
        norms += [f"{layer}attention.output.LayerNorm", f"{layer}output.LayerNorm"]
    arrays = {}
    for name, shape in matrices.items():
        arrays[f"roberta.{name}.weight"] = random.standard_normal(shape, dtype=np.float32) * np.float32(0.02)
        arrays[f"roberta.{name}.bias"] = np.zeros(shape[0], dtype=np.float32)
    for name in norms:
        arrays[f"roberta.{name}.weight"] = np.ones(hidden, dtype=np.float32)
        arrays[f"roberta.{name}.bias"] = np.zeros(hidden, dtype=np.float32)
    return arrays


# Our engine ----------------------------------------------------------------------------------------------------------


def batches_of(world: World, ids: list[NDArray[np.int64]], budget: int) -> Iterator[PackedBatch]:
    for rows in plan_batches([len(each) for each in ids], max_tokens=budget):
        yield pack([ids[row] for row in rows], first_position=world.config.first_position)


def run_all(session: TorchSession, batches: Iterator[PackedBatch]) -> int:
    """Mean vectors of all batches, one under way while the next is packed. Gives the number of texts."""
    texts, waiting = 0, None
    for batch in batches:
        pending = session.submit(batch, pooling="mean")
        texts += len(session.result(waiting)) if waiting is not None else 0
        waiting = pending
    return texts + (len(session.result(waiting)) if waiting is not None else 0)


def run_texts(session: TorchSession, world: World, tokenizer: Any, budget: int) -> int:
    """The same from texts, longest first by their words, tokenised ahead in a thread."""
    words = [text.count(" ") + 3 for text in world.texts]
    plan = list(plan_batches(words, max_tokens=budget))

    def tokenised(rows: list[int]) -> PackedBatch:
        found = tokenizer.encode_batch_fast([world.texts[row] for row in rows])
        return pack([each.ids for each in found], first_position=world.config.first_position)

    with ThreadPoolExecutor(2) as threads:
        return run_all(session, threads.map(tokenised, plan))


def show_sessions(world: World, precisions: tuple[str, ...], kernels: tuple[str, ...], peak: dict[str, float]) -> dict:
    """Tokens/s of each session; gives the fastest session of each precision with its budget."""
    print(f"\n{'engine':<14} {'batch':>7} {'tokens/s':>12} {'texts/s':>10} {'TFLOP/s':>8} {'share':>6} {'one text':>9}")
    best: dict[str, tuple[float, TorchSession, int]] = {}
    for precision in precisions:
        for name in kernels:
            found = attempt(
                f"{precision} {name}", lambda p=precision, n=name: show_session(world, p, n, peak.get(p, 0.0))
            )
            if found is not None and found[0] < best.get(precision, (np.inf,))[0]:
                best[precision] = found
    return {precision: (session, budget) for precision, (_, session, budget) in best.items()}


def show_session(world: World, precision: str, kernels: str, peak: float) -> tuple[float, TorchSession, int]:
    session = TorchSession(world.config, world.arrays, device=world.device, precision=precision, kernels=kernels)
    one = f"{single_latency(session, world) * 1_000:6.2f} ms"
    results = []
    for budget in BUDGETS:
        run_all(session, batches_of(world, world.ids, budget))  # memory is taken, kernels are loaded
        seconds = statistics.median(
            timed(lambda b=budget: run_all(session, batches_of(world, world.ids, b))) for _ in range(world.rounds)
        )
        results.append((seconds, session, budget))
        rate = world.flops / seconds
        share = f"{rate / peak:6.1%}" if peak else "      "
        print(
            f"{precision + ' ' + session.kernels:<14} {budget:>7} {world.tokens / seconds:>12,.0f} "
            f"{len(world.ids) / seconds:>10,.0f} {rate / 1e12:>8.1f} {share} {one:>9}"
        )
    return min(results, key=lambda each: each[0])


def single_latency(session: TorchSession, world: World) -> float:
    """Seconds for one text of 32 tokens, pooled, with packing."""
    text = np.concatenate([[0], np.arange(FIRST_WORD, FIRST_WORD + 30), [2]])
    seconds = [
        timed(lambda: session.run_pooled(pack([text], first_position=world.config.first_position), "mean"))
        for _ in range(100)
    ]
    return statistics.median(seconds[20:])


def show_independence(world: World, sessions: dict[str, tuple[TorchSession, int]]) -> None:
    """The largest difference of a vector's number between a text alone and in a batch."""
    sample = world.ids[:200]
    for precision, (session, budget) in sessions.items():
        first = world.config.first_position
        together = session.run_pooled(pack(sample, first_position=first), "mean")
        alone = np.concatenate([session.run_pooled(pack([each], first_position=first), "mean") for each in sample])
        difference, kernels = np.abs(together - alone).max(), session.kernels
        print(f"{precision} {kernels}: alone and in a batch differ by {difference:.1e} at most (best batch {budget})")


def show_agreement(world: World, sessions: dict[str, tuple[TorchSession, int]]) -> None:
    """Cosines with fp32 on the CPU."""
    sample = pack(world.ids[:32], first_position=world.config.first_position)
    exact = TorchSession(world.config, world.arrays, device="cpu", precision="fp32").run(sample)
    for precision, (session, _) in sessions.items():
        found = session.run(sample)
        cosine = (found * exact).sum(1) / np.linalg.norm(found, axis=1) / np.linalg.norm(exact, axis=1)
        print(f"{precision} {session.kernels}: smallest cosine with fp32 on the CPU {cosine.min():.6f}")


# The card ------------------------------------------------------------------------------------------------------------


def show_rates(world: World, precisions: tuple[str, ...], *, small: bool) -> dict[str, float]:
    """Rates of the library's products. Gives the peak, that of the square one, by precision."""
    peaks = {}
    print(f"{'library product':<14} {'rows x inputs x outputs':<26} {'TFLOP/s':>8}")
    for precision in precisions:
        rates = measure_matmul_rate(
            precision,
            0.01 if small else 1.0,
            device=world.device,
            config=world.config,
            tokens=256 if small else 32_768,
            side=256 if small else 8192,
        )
        peaks[precision] = next(iter(rates.values()))
        for shape, rate in rates.items():
            print(f"{precision:<14} {shape:<26} {rate / 1e12:>8.1f}")
    return peaks


def show_tiles(world: World) -> None:
    """Rates of the fused product by tile, activation included in the wide one."""
    from dragoman.runtime import torch_kernels as kernels  # optional: needs Triton
    from dragoman.runtime.torch_body import Affine

    hidden, wide, tokens = world.config.hidden, world.config.intermediate, 32_768
    programs = torch.cuda.get_device_properties(0).multi_processor_count
    print(f"\n{'fused product':<42} {'rows x inputs x outputs':<26} {'TFLOP/s':>8}")
    tiles = [
        kernels.WIDE_TILES,
        kernels.Tiles(rows=128, columns=128, depth=64, warps=4, stages=4),
        kernels.Tiles(rows=128, columns=128, depth=64, warps=8, stages=4),
        kernels.Tiles(rows=256, columns=128, depth=64, warps=8, stages=3),
    ]
    for inputs, outputs, name in (
        (hidden, 3 * hidden, "none"),
        (hidden, hidden, "none"),
        (hidden, wide, "gelu"),
        (wide, hidden, "none"),
    ):
        left = torch.randn(tokens, inputs, device=world.device, dtype=torch.bfloat16)
        weight = torch.randn(outputs, inputs, device=world.device, dtype=torch.bfloat16)
        affine = Affine(weight, weight.new_zeros(outputs), name)
        for tile in tiles:
            label = f"{tile.rows}x{tile.columns}x{tile.depth}, {tile.warps} warps, {tile.stages} stages, {name}"
            seconds = attempt(
                label, lambda t=tile, x=left, a=affine: device_seconds(kernels.product, x, a, t, programs)
            )
            if seconds is not None:
                rate = 2.0 * tokens * inputs * outputs / seconds
                print(f"{label:<42} {f'{tokens}x{inputs}x{outputs}':<26} {rate / 1e12:>8.1f}")


def device_seconds(call: Callable[..., object], *arguments: object, repeats: int = 50) -> float:
    """Seconds of one call on the device, from many that follow each other."""
    for _ in range(3):
        call(*arguments)
    start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    start.record()
    for _ in range(repeats):
        call(*arguments)
    end.record()
    end.synchronize()
    return start.elapsed_time(end) / 1_000 / repeats


def show_profile(world: World, session: TorchSession, budget: int) -> None:
    """The kernels that take the device's time, and their share by kind of work."""
    from torch.profiler import ProfilerActivity, profile

    batches = list(batches_of(world, world.ids[:4096], budget))
    run_all(session, iter(batches))
    with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as recorded:
        run_all(session, iter(batches))
    events = [event for event in recorded.key_averages() if event.self_device_time_total > 0]
    kernels = sorted(
        (event for event in events if "cuda" in str(event.device_type).lower()),
        key=lambda event: -event.self_device_time_total,
    )
    total = sum(event.self_device_time_total for event in kernels)
    shares: dict[str, float] = {}
    for event in kernels:
        kind = kind_of(event.key)
        shares[kind] = shares.get(kind, 0.0) + event.self_device_time_total
    title = f"{session.precision} {session.kernels}, {budget} tokens a batch"
    print(f"\nprofile of {title}: {total / 1e3:.1f} ms on the device")
    for kind, spent in sorted(shares.items(), key=lambda each: -each[1]):
        print(f"  {kind:<20} {spent / 1e3:9.2f} ms {spent / total:7.1%}")
    for event in kernels[:SHOWN_KERNELS]:
        spent = event.self_device_time_total
        print(f"  {spent / 1e3:9.2f} ms {spent / total:7.1%} {event.count:>5} x  {event.key[:90]}")


def kind_of(kernel: str) -> str:
    name = kernel.lower()
    return next((kind for kind, words in CATEGORIES.items() if any(word in name for word in words)), "others")


# The peer ------------------------------------------------------------------------------------------------------------


def make_tokenizer(world: World) -> Any:
    """Words are tokens: `w0`, `w1`, …, between <s> and </s>."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    names = ["<s>", "<pad>", "</s>", "<unk>"]
    names += [f"w{number}" for number in range(min(WORDS, world.config.vocabulary - FIRST_WORD))]
    tokenizer = Tokenizer(models.WordLevel({name: number for number, name in enumerate(names)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return tokenizer


def make_peer(world: World, folder: Path, dtype: torch.dtype) -> Any:
    """sentence-transformers with a random XLM-R of the same shape, mean pooling."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import PreTrainedTokenizerFast, XLMRobertaConfig, XLMRobertaModel

    config, path = world.config, folder / "peer"
    if not path.exists():
        shape = XLMRobertaConfig(
            vocab_size=config.vocabulary,
            hidden_size=config.hidden,
            num_hidden_layers=config.layers,
            num_attention_heads=config.heads,
            intermediate_size=config.intermediate,
            max_position_embeddings=config.positions,
            type_vocab_size=config.token_types,
            layer_norm_eps=config.norm_epsilon,
        )
        XLMRobertaModel(shape, add_pooling_layer=False).save_pretrained(path)
        special = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}
        names = ["input_ids", "attention_mask"]
        PreTrainedTokenizerFast(
            tokenizer_object=make_tokenizer(world), model_input_names=names, model_max_length=256, **special
        ).save_pretrained(path)
    body = Transformer(str(path))
    body.max_seq_length = 256
    peer = SentenceTransformer(modules=[body, Pooling(config.hidden, "mean")], device=world.device)
    return peer.to(dtype).eval()


def show_peers(world: World, sessions: dict[str, tuple[TorchSession, int]], folder: Path, *, small: bool) -> None:
    """Rounds in which everybody takes a turn; ratios of the medians."""
    runs: dict[str, Callable[[], object]] = {}
    settings = [("fp32", torch.float32, 32)]
    settings += (
        [] if small else [("fp16", torch.float16, 128), ("bf16", torch.bfloat16, 128), ("fp16", torch.float16, 512)]
    )
    for name, dtype, size in settings:
        peer = attempt(f"peer {name}", lambda d=dtype: make_peer(world, folder, d))
        if peer is not None:
            runs[f"sentence-transformers {name}, {size} texts"] = lambda p=peer, s=size: p.encode(
                world.texts, batch_size=s, convert_to_numpy=True, show_progress_bar=False
            )
    peers = list(runs)
    tokenizer = make_tokenizer(world)
    for precision, (session, budget) in sessions.items():
        title = f"dragoman {precision} {session.kernels}"
        runs[f"{title}, ready"] = lambda s=session, b=budget: run_all(s, batches_of(world, world.ids, b))
        runs[f"{title}, texts"] = lambda s=session, b=budget: run_texts(s, world, tokenizer, b)
    seconds = interleaved(runs, world.rounds)
    print(f"\n{'on the same texts':<42} {'tokens/s':>12} {'texts/s':>10}  ratio to each sentence-transformers line")
    for name, spent in seconds.items():
        ratios = "  ".join(f"{seconds[peer] / spent:6.2f}" for peer in peers if peer in seconds)
        print(f"{name:<42} {world.tokens / spent:>12,.0f} {len(world.texts) / spent:>10,.0f}  {ratios}")
    if peers:
        attempt("peer, one text", lambda: show_peer_latency(runs, world, folder))


def show_peer_latency(runs: dict[str, Callable[[], object]], world: World, folder: Path) -> None:
    text = " ".join(f"w{number}" for number in range(30))
    for name, dtype in (("fp32", torch.float32), ("fp16", torch.float16)):
        peer = make_peer(world, folder, dtype)
        seconds = [timed(lambda p=peer: p.encode([text], show_progress_bar=False)) for _ in range(40)]
        print(f"sentence-transformers {name}, one text of 32 tokens: {statistics.median(seconds[10:]) * 1_000:.2f} ms")


def interleaved(runs: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median seconds of each run that works; each round takes all in turn, after one that warms up."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(rounds + 1):
        for name, run in runs.items():
            spent = attempt(name, lambda r=run: timed(r)) if name in seconds else None
            if spent is None:
                seconds.pop(name, None)
            elif number:
                seconds[name].append(spent)
    return {name: statistics.median(each) for name, each in seconds.items()}


# Running -------------------------------------------------------------------------------------------------------------


def timed(run: Callable[[], object]) -> float:
    """Seconds; every run here ends with its answer on the host."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def attempt(name: str, part: Callable[[], Any]) -> Any:
    """A part's answer, or None with the reason printed: device time is scarce, the other parts go on."""
    try:
        return part()
    except Exception as error:
        lines = traceback.format_exc().strip().splitlines()
        print(f"[{name} failed: {type(error).__name__}: {str(error)[:600]}]", "\n  ".join(lines[-6:]), flush=True)
        return None


def show_hardware(world: World) -> None:
    state = hardware_state()
    card = torch.cuda.get_device_name() if world.device != "cpu" else "no card"
    lengths = [len(each) for each in world.ids]
    versions = f"torch {torch.__version__}, Python {sys.version.split()[0]}"
    print(f"{card}; {state['processor']}, {state['cores']} cores; {versions}")
    print(
        f"{len(lengths)} texts, {world.tokens} tokens: median {np.median(lengths):.0f}, 95th percentile "
        f"{np.percentile(lengths, 95):.0f}, at most {max(lengths)}; {world.rounds} rounds, medians\n"
    )


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--texts", type=int, default=16_384)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--profile", action="store_true", help="show where the device's time goes")
    parser.add_argument("--small", action="store_true", help="a small model and few texts")
    arguments = parser.parse_args()
    if arguments.small:
        arguments.texts = min(arguments.texts, 64)
    return arguments


def main() -> int:
    arguments = options()
    on_card = arguments.device != "cpu"
    precisions = ("bf16", "fp16") if on_card else ("fp32", "bf16")
    kernels = ("fused", "mixed", "varlen") if on_card else ("padded",)
    world = make_world(arguments)
    show_hardware(world)
    peaks = attempt("rates", lambda: show_rates(world, precisions, small=arguments.small)) or {}
    sessions = show_sessions(world, precisions, kernels, peaks)
    attempt("independence", lambda: show_independence(world, sessions))
    attempt("agreement", lambda: show_agreement(world, sessions))
    with tempfile.TemporaryDirectory(prefix="dragoman-") as folder:
        attempt("peers", lambda: show_peers(world, sessions, Path(folder), small=arguments.small))
    if on_card:
        attempt("tiles", lambda: show_tiles(world))
    if arguments.profile and on_card:
        for session, budget in sessions.values():
            attempt("profile", lambda s=session, b=budget: show_profile(world, s, b))
    return 0


if __name__ == "__main__":
    sys.exit(main())
