"""`dragoman bench`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from dragoman.cli.options import as_json, print_json, print_table
from dragoman.cli.serve import compute

__all__ = ["command"]

SHAPES = ("base", "small")
DEVICES = ("cpu", "cuda")


@click.group("bench")
def command() -> None:
    """Measure Dragoman on this machine, side by side with its peers."""


@command.command("engine")
@click.option("--model", default="", metavar="FOLDER", help="A Hugging Face folder. Default: random weights.")
@click.option(
    "--shape",
    type=click.Choice(SHAPES),
    default="base",
    show_default=True,
    help="Size of random weights: XLM-R-base with its full vocabulary, or a small one to try the command.",
)
@click.option("--device", type=click.Choice(DEVICES), default="cpu", show_default=True, help="Where models run.")
@click.option("--texts", type=click.IntRange(1), default=192, show_default=True, help="Texts in each round.")
@click.option("--rounds", type=click.IntRange(1), default=5, show_default=True, help="Rounds; medians are printed.")
@click.option("--median", type=click.IntRange(3), default=27, show_default=True, help="Median tokens of a text.")
@click.option("--p95", type=click.IntRange(3), default=110, show_default=True, help="95th percentile of the tokens.")
@click.option("--longest", type=click.IntRange(3), default=256, show_default=True, help="Tokens of the longest text.")
@click.option("--threads", type=click.IntRange(0), default=0, show_default=True, help="Threads; 0 takes all cores.")
@click.option("--peers", default="all", show_default=True, metavar="NAMES", help="Names with commas; or all, or none.")
@click.option("--python", default="", metavar="PATH", help="Interpreter of the peers. Default: Dragoman's.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of weights and texts.")
@as_json
def engine(*, peers: str, device: str, median: int, p95: int, longest: int, as_json: bool, **options: Any) -> None:
    """Measure throughput, latency and memory of the engine and of its peers, interleaved in one run.

    Peers are transformers, transformers-batched, sentence-transformers, onnxruntime, ctranslate2 and openvino; on cuda
    the first three. Each gets the best settings of a short sweep. Conversions are not part of the measured time. Texts
    are random ids: contenders that take text get a tokenizer with one word for each id.
    """
    from dragoman.bench.engine import measure_engines  # heavy: the models and numpy
    from dragoman.bench.plan import LengthMix, Plan, parse_peers

    mix = LengthMix(median=median, p95=p95, longest=longest)
    plan = Plan(mix=mix, device=device, peers=parse_peers(peers, device=device), **options)
    report = measure_engines(plan, say=lambda line: click.echo(line, err=True))
    if as_json:
        print_json(report)
    else:
        show(report)


@command.command("serve")
@click.argument("source")
@click.option("--clients", type=click.IntRange(1), default=64, show_default=True, help="Clients at once.")
@click.option("--seconds", type=click.FloatRange(1), default=20.0, show_default=True, help="Of each measurement.")
@click.option("--words", type=click.IntRange(2), default=12, show_default=True, help="Words of each text.")
@click.option("--overload", type=click.FloatRange(1), default=10.0, show_default=True, help="Times the capacity.")
@click.option("--overload-seconds", type=click.FloatRange(1), default=120.0, show_default=True, help="For how long.")
@click.option("--texts-per-request", type=click.IntRange(1), default=32, show_default=True, help="In the overload.")
@click.option("--deadline-ms", type=click.IntRange(1), default=2_000, show_default=True, help="Of those requests.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of texts and arrivals.")
@compute
@as_json
def serve(
    *, source: str, words: int, precision: str, device: str, threads: int, as_json: bool, seed: int, **options: Any
) -> None:
    """Measure what HTTP costs, and what happens when more is asked than the server can do.

    SOURCE is a folder or models:/NAME/3. The same model answers in this process first, then behind `dragoman serve` in
    a process of its own, with the clients beside it on the same machine.
    """
    from dragoman.app import load
    from dragoman.bench.serve import ServePlan, bench_serve, measure_offline  # heavy: the models and numpy
    from dragoman.bench.texts import made_texts

    plan = ServePlan(seed=seed, **options)
    with load(source, precision=precision, device=device, threads=threads) as model:
        texts = made_texts(model.tokenizer, words=words, seed=seed)
        offline = measure_offline(model.predict, texts, plan.seconds)
    chosen = ("--precision", precision, "--device", device, "--threads", str(threads))
    report = bench_serve(source, texts, offline, plan, options=chosen, report=lambda line: click.echo(line, err=True))
    if as_json:
        print_json(report)
    else:
        show_serve(report)


def show_serve(report: Any) -> None:
    """Print what HTTP costs, and how the server did under overload."""
    machine, http, over = report.hardware, report.http, report.overload
    click.echo(f"{report.date}  {machine['processor']}, {machine['cores']} cores, {machine['memory_gb']} GB")
    click.echo(
        f"one client: {http.single_ms:.2f} ms a request, {http.added_ms:.2f} ms of it beside inference; an application "
        f"that answers at once takes {http.floor_ms:.2f} ms"
    )
    click.echo(
        f"many clients: {http.texts_per_second:.1f} texts/s, {http.kept:.1%} of {http.offline_texts_per_second:.1f} "
        "in process"
    )
    click.echo(
        f"overload: {over.offered_rps:.1f} requests/s offered, capacity {over.capacity_rps:.1f}; goodput "
        f"{over.goodput_rps:.1f} ({over.kept:.1%}); statuses {over.statuses}; sent late p99 {over.late_p99_ms:.0f} ms"
    )
    click.echo(
        f"admitted: p50 {over.admitted_p50_ms:.0f} ms, p99 {over.admitted_p99_ms:.0f} ms (deadline "
        f"{over.deadline_ms} ms); "
        f"refused p99 {over.refused_p99_ms:.0f} ms; memory {over.memory_start_mb:.0f} to {over.memory_end_mb:.0f} MB, "
        f"at most {over.memory_peak_mb:.0f}"
    )


def show(report: Any) -> None:
    """Print the report as tables."""
    for line in _header(report):
        click.echo(line)
    columns = (
        "",
        "tokens/s",
        "min to max",
        "texts/s",
        "one text ms",
        "load s",
        "loaded MB",
        "peak MB",
        "share",
        "cosine",
    )
    print_table(columns, [_row(contest) for contest in report.contests if not contest.note])
    click.echo()
    for contest in report.contests:
        click.echo(f"{contest.name}: {contest.note or contest.settings}{_versions(contest)}")
    click.echo()
    ratios = [(one.other, _ratio(one.throughput), _ratio(one.latency)) for one in report.ratios]
    if ratios:
        print_table((f"{report.main} to", "throughput", "latency"), ratios)


def _header(report: Any) -> Iterator[str]:
    machine, work = report.hardware, report.workload
    yield f"{report.date}  {machine['processor']}, {machine['cores']} cores, {machine['memory_gb']} GB"
    yield f"instructions: {machine['instructions'] or 'unknown'}; load before: {machine['load']}"
    yield f"model: {work.model}; {work.operations_per_token / 1e6:.0f} million operations a token, attention left out"
    yield (
        f"texts: {work.texts}, {work.tokens} tokens (median {work.median:.0f}, p95 {work.p95:.0f}, longest "
        f"{work.longest}); single text: {work.single_tokens} tokens; {report.rounds} rounds, {work.threads} threads"
    )
    for peak in report.peaks:
        rate = peak.gops
        yield f"peak {peak.precision}: {rate.median:.0f} GOP/s ({rate.low:.0f} to {rate.high:.0f}), {peak.source}"
    yield (
        f"share: of the {report.precision} peak; loaded: after one text, above the libraries; peak MB: the most, above "
        "the bare interpreter\n"
    )


def _row(contest: Any) -> tuple[str, ...]:
    tokens = contest.tokens_per_second
    return (
        contest.name,
        f"{tokens.median:.0f}",
        f"{tokens.low:.0f} to {tokens.high:.0f}",
        f"{contest.texts_per_second.median:.1f}",
        f"{contest.single_ms.median:.2f}",
        f"{contest.load_seconds:.2f}",
        f"{contest.loaded_mb:.0f}",
        f"{contest.peak_mb:.0f}",
        "" if contest.share_of_peak is None else f"{contest.share_of_peak:.1%}",
        "" if contest.cosine is None else f"{contest.cosine:.4f}",
    )


def _versions(contest: Any) -> str:
    return "".join(f", {name} {version}" for name, version in contest.versions.items())


def _ratio(value: Any) -> str:
    return f"{value.median:.2f} ({value.low:.2f} to {value.high:.2f})"
